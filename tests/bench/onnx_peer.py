"""ONNX Runtime's and OpenVINO's side of the bench, on the graph that the tool exports, and the translation of a folder.

  onnx_peer.py RUNTIME serve THREADS    answers lines as networks.py says; RUNTIME is onnxruntime or openvino:
      translate_one FILE | translate_many FILE BATCH | small_one FILE (8-bit weights or bfloat16)
      translation FILE    the means of a picture's translation without noise, and of its square
  onnx_peer.py RUNTIME cold FILE        loads it, translates one picture, ends
  onnx_peer.py RUNTIME describe         the version
  onnx_peer.py pictures FOLDER COUNT SIDE      writes PNGs to translate
  onnx_peer.py folder FILE IN OUT THREADS      translates a folder without noise, by Pillow and ONNX Runtime
  onnx_peer.py compare ONE OTHER        the mean difference of two folders' pixels, in 0..255
"""
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy

import networks

CHUNK = 32  # pictures that a thread reads, translates and writes in turn


def feeds_of(shapes, batch, noise):
    """A batch of pictures and their noise, by name."""
    noises = numpy.float32(noise) * networks.normals(1, 0, batch * shapes[1][1])
    return dict(picture=networks.pictures(shapes[0][1:], batch), noise=noises.reshape(batch, -1))


class OnnxRuntime:
    """With its inputs and outputs bound once."""

    def __init__(self, setting, path, batch=1, threads=1, noise=1):
        import onnxruntime as runtime
        if "int8" in setting:
            from onnxruntime.quantization import quantize_dynamic
            smaller = f"{path}.int8"
            quantize_dynamic(path, smaller)
            path = smaller
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
        self.session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        feeds = feeds_of([source.shape for source in self.session.get_inputs()], int(batch), noise)
        self.feeds = {name: runtime.OrtValue.ortvalue_from_numpy(feed) for name, feed in feeds.items()}
        for name, feed in self.feeds.items():
            self.binding.bind_ortvalue_input(name, feed)
        self.binding.bind_output("translation")

    def __call__(self):
        self.session.run_with_iobinding(self.binding)

    def result(self):
        return self.binding.get_outputs()[0].numpy()


class OpenVino:
    """For the shape that is asked for."""

    def __init__(self, setting, path, batch=1, threads=1, noise=1):
        import openvino
        core = openvino.Core()
        model = core.read_model(path)
        shapes = [[int(batch), *list(source.partial_shape)[1:]] for source in model.inputs]
        shapes = [[side if isinstance(side, int) else side.get_length() for side in shape] for shape in shapes]
        model.reshape({source.any_name: shape for source, shape in zip(model.inputs, shapes)})
        made = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
                                                 "INFERENCE_PRECISION_HINT": setting, "PERFORMANCE_HINT": "LATENCY"})
        self.request = made.create_infer_request()
        for name, feed in feeds_of(shapes, int(batch), noise).items():
            self.request.set_tensor(name, openvino.Tensor(feed))

    def __call__(self):
        self.request.infer()

    def result(self):
        return self.request.get_output_tensor().data


RUNTIMES = dict(onnxruntime=(OnnxRuntime, ["int8"]), openvino=(OpenVino, ["bf16"]))


def serve(runtime, threads):
    kind, small = RUNTIMES[runtime]
    make = lambda setting, *arguments: kind(setting, *arguments, threads=int(threads))  # noqa: E731

    def translation(_, path):
        made = kind("f32", path, threads=int(threads), noise=0)
        made()
        return lambda: [float(made.result().mean()), float((made.result() ** 2).mean())]

    networks.serve(dict(translate_one=(["f32"], make, None), small_one=(small, make, None),
                        translate_many=(["f32"], make, lambda path, batch: int(batch)),
                        translation=(None, translation, "value")))


def cold(runtime, path):
    made = RUNTIMES[runtime][0]("f32", path)
    made()
    print(f"{made.result().reshape(-1)[0]:.4f}")


def describe(runtime):
    if runtime == "onnxruntime":
        import onnxruntime
        print(f"ONNX Runtime {onnxruntime.__version__}")
    else:
        import openvino
        print(f"OpenVINO {openvino.__version__.split('-')[0]}")


# ---- Folders -------------------------------------------------------------------------------------


def pictures(folder, count, side):
    """Soft spots of colour, as photographs are soft."""
    from PIL import Image
    random, side = numpy.random.default_rng(1), int(side)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for i in range(int(count)):
        small = random.integers(0, 256, (side // 8, side // 8, 3), numpy.uint8)
        Image.fromarray(small).resize((side, side), Image.BICUBIC).save(Path(folder) / f"{i:04d}.png")


def folder(path, source, target, threads):
    import onnxruntime as runtime
    from PIL import Image
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    dim = session.get_inputs()[1].shape[1]
    files = sorted(Path(source).iterdir())
    Path(target).mkdir(parents=True, exist_ok=True)

    def translate(chunk):
        cells = numpy.stack([numpy.asarray(Image.open(file).convert("RGB"), numpy.float32) for file in chunk]) / 255
        drawn, = session.run(None, {"picture": cells, "noise": numpy.zeros((len(chunk), dim), numpy.float32)})
        for file, picture in zip(chunk, (drawn * 255 + 0.5).astype(numpy.uint8)):
            Image.fromarray(picture).save(Path(target) / file.name)

    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(translate, [files[i:i + CHUNK] for i in range(0, len(files), CHUNK)]))


def compare(one, other):
    from PIL import Image
    names = sorted(file.name for file in Path(one).iterdir())
    cells = [[numpy.asarray(Image.open(Path(where) / name), float) for name in names] for where in (one, other)]
    print(f"{numpy.abs(numpy.stack(cells[0]) - numpy.stack(cells[1])).mean():.4f}")


if __name__ == "__main__":
    first, second = (sys.argv[1:] + ["", ""])[:2]
    if first in RUNTIMES and second in ("serve", "cold", "describe"):
        dict(serve=serve, cold=cold, describe=describe)[second](first, *sys.argv[3:])
    elif first in ("pictures", "folder", "compare"):
        dict(pictures=pictures, folder=folder, compare=compare)[first](*sys.argv[2:])
    else:
        sys.exit(__doc__)
