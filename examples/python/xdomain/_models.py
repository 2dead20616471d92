"""Models and judges."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import TypeVar, Union

from . import _abi
from ._library import Context, Handle, Work, initialised, lib, names_of, path_bytes, text_bytes, whole

Path = Union[str, "os.PathLike[str]"]
DIRECTIONS = names_of("XD_DIRECTION_", lib.xd_direction_name)


@dataclass(frozen=True)
class Shape:
    """The size of a domain's pictures."""

    width: int
    height: int
    channels: int


@dataclass(frozen=True)
class Domain:
    """One side of a model."""

    name: str
    #: Zeros where the domain holds conditions, classes or vectors of the caller's, instead of pictures.
    shape: Shape
    #: The size of its codes, or of a condition.
    latent_dim: int
    class_names: tuple[str, ...]


class Model(Handle):
    """Two VAEs and the mappings between their codes; immutable, shared by any number of threads."""

    _makers = "Model.load, xdomain.train and xdomain.map"

    def __init__(self, made: ctypes.c_void_p, report: dict[str, float] | None = None) -> None:
        super().__init__(made, lib.xd_model_release)
        #: What the training told that made it; None of a model from a file.
        self.report = report

    @classmethod
    def load(cls, path: Path) -> Model:
        """Reads a model file (.xdm)."""
        return Context().make(cls, lib.xd_model_load, path_bytes(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "bytes") -> Model:
        """Reads a model file's bytes; messages call them by the name."""
        source = initialised(_abi.xd_source)
        source.name = text_bytes(name)
        source.data = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value
        source.size = len(data)
        return Context().make(cls, lib.xd_model_load_source, ctypes.byref(source))

    def save(self, path: Path, *, half: bool = False, int8: bool = False, inference_only: bool = False) -> None:
        """Writes a model file; half: weights as 16-bit floats, int8: as bytes; inference_only: no discriminators."""
        context = Context()
        options = initialised(_abi.xd_save_options)
        options.half, options.int8, options.inference_only = int(half), int(int8), int(inference_only)
        with Work(context) as work:
            work.check(lib.xd_model_save(self._pointer, context._pointer, path_bytes(path), ctypes.byref(options)))

    @property
    def domains(self) -> tuple[Domain, Domain]:
        """Domain 1 and domain 2."""
        return self._domain(1), self._domain(2)

    def _domain(self, number: int) -> Domain:
        shape = _abi.xd_shape()
        lib.xd_model_picture_shape(self._pointer, number, ctypes.byref(shape))
        names = (
            lib.xd_model_class_name(self._pointer, number, label).decode()
            for label in range(lib.xd_model_class_count(self._pointer, number))
        )
        return Domain(
            name=lib.xd_model_name(self._pointer, number).decode(),
            shape=Shape(shape.width, shape.height, shape.channels),
            latent_dim=lib.xd_model_latent_dim(self._pointer, number),
            class_names=tuple(names),
        )

    def vae(self, domain: int) -> Vae:
        """The VAE of domain 1 or 2; ValueError where the domain holds conditions."""
        domain = whole("domain", domain, 1, 2)
        encoder, decoder = lib.xd_model_encoder(self._pointer, domain), lib.xd_model_decoder(self._pointer, domain)
        if not encoder:
            raise ValueError(f"the model has no VAE of a domain {domain}")
        return Vae(ctypes.c_void_p(lib.xd_encoder_retain(encoder)), ctypes.c_void_p(lib.xd_decoder_retain(decoder)))

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions that it translates in: "1to2", "2to1"."""
        return tuple(name for name, number in DIRECTIONS.items() if lib.xd_model_generator(self._pointer, number))

    @property
    def pairing(self) -> str:
        """Which classes belong together, such as "0:5,1:6"; "" where it has no mapping."""
        return str(lib.xd_model_pairing(self._pointer).decode())

    @property
    def properties(self) -> dict[str, str]:
        """How the model came about."""
        found = {}
        for index in range(lib.xd_model_property_count(self._pointer)):
            key = lib.xd_model_property_key(self._pointer, index)
            found[key.decode()] = lib.xd_model_property(self._pointer, key).decode()
        return found

    def __repr__(self) -> str:
        first, second = self.domains
        return f"<xdomain.Model {first.name or 'domain 1'} - {second.name or 'domain 2'}: {', '.join(self.directions)}>"


class Vae(Handle):
    """The encoder and the decoder of a domain's pictures; immutable, shared by any number of threads."""

    _makers = "xdomain.train_vae and Model.vae"

    def __init__(self, encoder: ctypes.c_void_p, decoder: ctypes.c_void_p, report: dict[str, float] | None = None) -> None:
        super().__init__(encoder, lib.xd_encoder_release)
        self._decoder = Handle(decoder, lib.xd_decoder_release)
        #: What the training told that made it; None of a model's.
        self.report = report

    @property
    def latent_dim(self) -> int:
        """The size of its codes."""
        return int(lib.xd_encoder_latent_dim(self._pointer))


class Judge(Handle):
    """A classifier of real pictures that says how good translated ones are; immutable, shared by threads."""

    _makers = "Judge.load and xdomain.train_judge"

    def __init__(self, made: ctypes.c_void_p, report: dict[str, float] | None = None) -> None:
        super().__init__(made, lib.xd_judge_release)
        #: What the training told that made it; None of a judge from a file.
        self.report = report

    @classmethod
    def load(cls, path: Path) -> Judge:
        """Reads a judge file (.xdc)."""
        return Context().make(cls, lib.xd_judge_load, path_bytes(path))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of its classes, by their numbers."""
        count = lib.xd_judge_class_count(self._pointer)
        return tuple(lib.xd_judge_class_name(self._pointer, label).decode() for label in range(count))

    def save(self, path: Path) -> None:
        """Writes a judge file."""
        context = Context()
        context.check(lib.xd_judge_save(self._pointer, context._pointer, path_bytes(path)))


Loadable = TypeVar("Loadable", Model, Judge)


def loaded(kind: type[Loadable], given: Loadable | Path) -> Loadable:
    """The Model or Judge that is given, or that lies in the file of a path."""
    if isinstance(given, kind):
        return given
    if isinstance(given, (str, os.PathLike)):
        return kind.load(given)
    raise TypeError(f"a {kind.__name__} or the path of its file is wanted, not {type(given).__name__}")
