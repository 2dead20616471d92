"""The library, by its C interface: what a model makes of pictures, codes and noise."""

import ctypes

import numpy

POINTER = ctypes.c_void_p


class TranslatorOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("direction", ctypes.c_uint32), ("max_batch", ctypes.c_uint32),
                ("fit", ctypes.c_uint32), ("reserved", ctypes.c_uint32), ("callback", POINTER), ("user", POINTER)]


class Shape(ctypes.Structure):
    _fields_ = [("width", ctypes.c_uint32), ("height", ctypes.c_uint32), ("channels", ctypes.c_uint32)]

    def sides(self):
        return self.height, self.width, self.channels


class Translator:
    def __init__(self, library, path, direction):
        self.library = ctypes.CDLL(str(library))
        self.context, self.translator = POINTER(), POINTER()
        self.call("xd_context_create", ctypes.byref(self.context), None)
        options = TranslatorOptions()
        self.library.xd_translator_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options)))
        options.direction = direction
        self.call("xd_translator_load", ctypes.byref(self.translator), self.context, str(path).encode(),
                  ctypes.byref(options))
        self.input, self.output = self.shape("input"), self.shape("output")
        self.source_dim = self.library.xd_translator_source_dim(self.translator)
        self.target_dim = self.library.xd_translator_target_dim(self.translator)

    def close(self):
        self.library.xd_translator_destroy(self.translator)
        self.library.xd_context_destroy(self.context)

    def call(self, name, *arguments):
        status = getattr(self.library, name)(*arguments)
        if status:
            raise RuntimeError(f"{name}: {status}")

    def shape(self, which):
        shape = Shape()
        getattr(self.library, f"xd_translator_{which}_shape")(self.translator, ctypes.byref(shape))
        return shape.sides()

    def translate(self, source, noise):
        """The pictures of sources, which are pictures or conditions, and noise."""
        count = len(source)
        floats = lambda array: array.ctypes.data_as(POINTER)
        codes = numpy.ascontiguousarray(source, numpy.float32)
        if self.input[0]:
            pictures, codes = codes, numpy.zeros((count, self.source_dim), numpy.float32)
            self.call("xd_translator_encode_floats", self.translator, floats(codes), floats(pictures), count)
        made = numpy.zeros((count, self.target_dim), numpy.float32)
        self.call("xd_translator_generate", self.translator, floats(made),
                  floats(numpy.ascontiguousarray(noise, numpy.float32)), floats(codes), count)
        result = numpy.zeros((count, *self.output), numpy.float32)
        self.call("xd_translator_decode_floats", self.translator, floats(result), floats(made), count)
        return result
