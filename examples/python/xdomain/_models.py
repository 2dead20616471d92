"""Models, judges, what lies in their files, and translators."""

from __future__ import annotations

import ctypes
import os
import threading
from dataclasses import dataclass
from typing import Any, Iterator, Sequence, Union, overload

import numpy as np
import numpy.typing as npt

from . import _abi
from ._library import Context, Handle, lib, path_bytes
from ._pictures import (ALPHA_POLICIES, FITS, Array, Picture, channels_of, choose, fitted, is_batch, is_pil, to_array,
                        to_pil, views)

Path = Union[str, "os.PathLike[str]"]
DIRECTIONS = {"1to2": _abi.XD_DIRECTION_1TO2, "2to1": _abi.XD_DIRECTION_2TO1}


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
    shape: Shape
    latent_dim: int
    class_names: tuple[str, ...]


class Model(Handle):
    """Two VAEs and the mappings between their codes; immutable, shared by any number of threads."""

    def __init__(self, pointer: int, report: dict[str, float] | None = None) -> None:
        super().__init__(pointer, lib.xd_model_release)
        #: What the training told that made it; None of a model from a file.
        self.report = report

    @classmethod
    def load(cls, path: Path) -> Model:
        """Reads a model file (.xdm)."""
        return cls(Context().make(lib.xd_model_load, path_bytes(path)))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "bytes") -> Model:
        """Reads a model file's bytes; messages call them by the name."""
        source = _abi.xd_source()
        lib.xd_source_init(ctypes.byref(source), ctypes.sizeof(source))
        source.name = name.encode()
        source.data = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value
        source.size = len(data)
        return cls(Context().make(lib.xd_model_load_source, ctypes.byref(source)))

    def save(self, path: Path, *, half: bool = False, inference_only: bool = False) -> None:
        """Writes a model file; half: weights as 16-bit floats; inference_only: without the discriminators."""
        context = Context()
        options = _abi.xd_save_options()
        lib.xd_save_options_init(ctypes.byref(options), ctypes.sizeof(options))
        options.half, options.inference_only = int(half), int(inference_only)
        context.check(lib.xd_model_save(self._pointer, context._pointer, path_bytes(path), ctypes.byref(options)))

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


class Judge(Handle):
    """A classifier of real pictures that says how good translated ones are; immutable, shared by threads."""

    def __init__(self, pointer: int, report: dict[str, float] | None = None) -> None:
        super().__init__(pointer, lib.xd_judge_release)
        #: What the training told that made it; None of a judge from a file.
        self.report = report

    @classmethod
    def load(cls, path: Path) -> Judge:
        """Reads a judge file (.xdc)."""
        return cls(Context().make(lib.xd_judge_load, path_bytes(path)))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of its classes, by their numbers."""
        count = lib.xd_judge_class_count(self._pointer)
        return tuple(lib.xd_judge_class_name(self._pointer, label).decode() for label in range(count))

    def save(self, path: Path) -> None:
        """Writes a judge file."""
        context = Context()
        context.check(lib.xd_judge_save(self._pointer, context._pointer, path_bytes(path)))


class Translator(Handle):
    """Turns pictures of one domain into pictures of the other.

        translate = xdomain.Translator("digits.xdm")
        result = translate(picture, seed=1)

    `model` is a path or a Model; of a path only the parts that the direction needs are read. `threads` None takes as
    many as this process can keep busy. One translator serves one thread at a time: calls from others wait. It may be
    pickled where it came from a path, and goes through a fork.
    """

    def __init__(
        self,
        model: Path | Model,
        direction: str = "1to2",
        *,
        threads: int | None = 1,
        backend: str | None = None,
        max_batch: int = 256,
    ) -> None:
        self._arguments = (model, direction, threads, backend, max_batch)
        self._context = Context(threads, backend)
        self._lock = threading.Lock()
        options = _abi.xd_translator_options()
        lib.xd_translator_options_init(ctypes.byref(options), ctypes.sizeof(options))
        options.direction = choose(DIRECTIONS, "direction", direction)
        options.max_batch = self._batch = max_batch
        create, source = (
            (lib.xd_translator_create, model._pointer)
            if isinstance(model, Model)
            else (lib.xd_translator_load, path_bytes(model))
        )
        super().__init__(self._context.make(create, source, ctypes.byref(options)), lib.xd_translator_destroy)

    def __reduce__(self) -> tuple[Any, ...]:
        model, direction, threads, backend, max_batch = self._arguments
        if isinstance(model, Model):
            raise TypeError("only a translator from a model file can be pickled")
        return _restore, (model, direction, threads, backend, max_batch)

    def _shape(self, ask: Any) -> Shape:
        shape = _abi.xd_shape()
        ask(self._pointer, ctypes.byref(shape))
        return Shape(shape.width, shape.height, shape.channels)

    @property
    def input_shape(self) -> Shape:
        """The size of what goes in."""
        return self._shape(lib.xd_translator_input_shape)

    @property
    def output_shape(self) -> Shape:
        """The size of what comes out."""
        return self._shape(lib.xd_translator_output_shape)

    @property
    def source_dim(self) -> int:
        """The size of the codes that it encodes."""
        return int(lib.xd_translator_source_dim(self._pointer))

    @property
    def target_dim(self) -> int:
        """The size of its noise, and of the codes that it generates and decodes."""
        return int(lib.xd_translator_target_dim(self._pointer))

    @overload
    def __call__(
        self, pictures: Array, *, seed: int = ..., temperature: float = ..., first: int = ..., fit: str = ...,
        alpha: str = ..., out: Array | None = ...
    ) -> Array: ...

    @overload
    def __call__(
        self, pictures: Sequence[Picture], *, seed: int = ..., temperature: float = ..., first: int = ...,
        fit: str = ..., alpha: str = ..., out: Sequence[Array] | None = ...
    ) -> list[Any]: ...

    @overload
    def __call__(
        self, pictures: Any, *, seed: int = ..., temperature: float = ..., first: int = ..., fit: str = ...,
        alpha: str = ..., out: Any = ...
    ) -> Any: ...

    def __call__(
        self, pictures: Any, *, seed: int = 0, temperature: float = 1.0, first: int = 0, fit: str = "exact",
        alpha: str = "composite", out: Any = None
    ) -> Any:
        """Translates one picture, a list of them, or an array of several.

        A picture is a PIL image, whose translation is one too, or an array [height, width] or [height, width,
        channels] of uint8, uint16, float16 or float32 (0..1) with any strides, which is read where it lies; its
        translation has the same type. Several pictures are a list, or an array with one axis more.

        Picture i has the noise of (seed, first + i), however many there are; temperature scales the noise: less
        gives more typical pictures. `fit` says what becomes of pictures of another size: "exact" refuses them,
        "stretch", "pad" and "crop" fit them. `alpha` says what becomes of an alpha channel: "composite" lays the
        picture over black, as in training, "ignore" drops it, "carry" gives it to the result. `out` receives the
        result: an array of any strides, or a list of arrays.
        """
        arrays, one = _arrays(pictures)
        batched = isinstance(pictures, np.ndarray) and not one
        carry = choose(ALPHA_POLICIES, "alpha", alpha) == _abi.XD_ALPHA_CARRY
        if out is not None:
            targets = [out] if isinstance(out, np.ndarray) and not batched else list(out)
            results: Any = out
        elif batched:
            results = self._room(arrays[0] if arrays else np.empty(pictures.shape[1:], pictures.dtype), carry, len(arrays))
            targets = list(results)
        else:
            targets = results = [self._room(pixels, carry) for pixels in arrays]
        if len(targets) != len(arrays):
            raise ValueError(f"out has room for {len(targets)} pictures, not for {len(arrays)}")
        self._run(targets, arrays, seed, temperature, first, choose(FITS, "fit", fit), ALPHA_POLICIES[alpha])
        if batched or out is not None:
            return results
        originals = [pictures] if one else pictures
        results = [to_pil(_bytes(r)) if is_pil(p) else r for p, r in zip(originals, results)]
        return results[0] if one else results

    def encode(self, pictures: Any, *, fit: str = "exact", alpha: str = "composite") -> Array:
        """The posterior means of pictures, which are as of a call: [source_dim] of one, else [count, source_dim]."""
        arrays, one = _arrays(pictures)
        codes = np.empty((len(arrays), self.source_dim), np.float32)
        kind, policy = choose(FITS, "fit", fit), choose(ALPHA_POLICIES, "alpha", alpha)
        with self._lock:
            for begin, pieces in self._pieces(arrays, kind, policy):
                self._context.check(lib.xd_translator_encode(self._pointer, codes[begin:].ctypes.data,
                                                             views(pieces, policy), len(pieces)))
        return codes[0] if one else codes

    def generate(self, codes: npt.ArrayLike, *, noise: npt.ArrayLike | None = None, seed: int = 0,
                 temperature: float = 1.0, first: int = 0) -> Array:
        """Codes of the target domain of one code of the source domain or of rows of them. Row i has the noise of
        (seed, first + i), or row i of `noise`, [target_dim] for one code, else [count, target_dim]."""
        rows, one = _rows("codes", codes, self.source_dim)
        given = None if noise is None else _rows("noise", noise, self.target_dim)[0]
        if given is not None and len(given) != len(rows):
            raise ValueError(f"noise for {len(given)} codes, not for {len(rows)}")
        results = np.empty((len(rows), self.target_dim), np.float32)
        with self._lock:
            self._context.check(lib.xd_translator_set_noise(self._pointer, seed, first, temperature))
            self._context.check(lib.xd_translator_generate(
                self._pointer, results.ctypes.data, None if given is None else given.ctypes.data, rows.ctypes.data,
                len(rows)))
        return results[0] if one else results

    def decode(self, codes: npt.ArrayLike, *, dtype: npt.DTypeLike = np.uint8) -> Array:
        """The pictures of codes of the target domain, arrays [height, width] or [height, width, 3] of `dtype`: that
        of one code, else an array of all."""
        rows, one = _rows("codes", codes, self.target_dim)
        results = to_array(self._room(np.empty((1, 1), dtype), False, len(rows)))
        with self._lock:
            for begin in range(0, len(rows), self._batch):
                pieces = list(results[begin : begin + self._batch])
                self._context.check(lib.xd_translator_decode(self._pointer, views(pieces), rows[begin:].ctypes.data,
                                                             len(pieces)))
        return results[0] if one else results

    def _room(self, pixels: Array, carry: bool, count: int | None = None) -> Array:
        """Room for the translation of one picture, or of several of its kind."""
        shape = self.output_shape
        channels = channels_of(pixels)
        with_alpha = carry and channels in (2, 4)
        sizes: tuple[int, ...] = (shape.height, shape.width)
        if pixels.ndim == 3 or shape.channels == 3 or with_alpha:
            sizes += (shape.channels + int(with_alpha),)
        if count is not None:
            sizes = (count, *sizes)
        return np.empty(sizes, pixels.dtype)

    def _run(
        self, targets: list[Array], sources: list[Array], seed: int, temperature: float, first: int, fit: int,
        policy: int
    ) -> None:
        """A picture's noise is that of its number."""
        for target in targets:
            if not target.flags.writeable:
                raise ValueError("out is read-only")
        with self._lock:
            for begin, pieces in self._pieces(sources, fit, policy):
                outputs, inputs = views(targets[begin : begin + self._batch]), views(pieces, policy)
                self._context.check(lib.xd_translator_set_noise(self._pointer, seed, first + begin, temperature))
                self._context.check(lib.xd_translator_run(self._pointer, outputs, None, inputs, len(pieces)))


    def _pieces(self, sources: list[Array], fit: int, policy: int) -> Iterator[tuple[int, list[Array]]]:
        """Pictures in the size that is wanted, by batches, so that Python hears of signals between them."""
        shape = self.input_shape
        for begin in range(0, len(sources), self._batch):
            yield begin, [
                fitted(self._context, pixels, (shape.width, shape.height), fit, policy)
                for pixels in sources[begin : begin + self._batch]
            ]


def interpolate(start: npt.ArrayLike, end: npt.ArrayLike, positions: npt.ArrayLike) -> Array:
    """The codes at `positions`, 0..1, of the way from one code to another on the great circle: [dim] of one position,
    else [count, dim]."""
    begin, end_code = (np.ascontiguousarray(code, np.float32) for code in (start, end))
    if begin.ndim != 1 or begin.shape != end_code.shape:
        raise ValueError(f"two codes of one size are wanted, not {list(begin.shape)} and {list(end_code.shape)}")
    places = np.asarray(positions, np.float64)
    results = np.empty((*places.shape, begin.size), np.float32)
    context = Context()
    for row, position in zip(results.reshape(-1, begin.size), places.reshape(-1)):
        context.check(lib.xd_latent_interpolate(context._pointer, row.ctypes.data, begin.ctypes.data,
                                                end_code.ctypes.data, begin.size, position))
    return results


def _arrays(pictures: Any) -> tuple[list[Array], bool]:
    """The arrays of what a call takes, and whether it is one picture by itself."""
    if isinstance(pictures, np.ndarray) and is_batch(pictures):
        return list(to_array(pictures)), False
    one = isinstance(pictures, np.ndarray) or is_pil(pictures)
    return [to_array(picture) for picture in ([pictures] if one else pictures)], one


def _rows(name: str, values: npt.ArrayLike, width: int) -> tuple[Array, bool]:
    """Codes or noise as the library takes them, and whether it is one row by itself."""
    rows = np.ascontiguousarray(values, np.float32)
    if rows.ndim not in (1, 2) or rows.shape[-1] != width:
        raise ValueError(f"{name} of shape {list(rows.shape)}, not [{width}] or [count, {width}]")
    return rows.reshape(-1, width), rows.ndim == 1


def _restore(model: Path, direction: str, threads: int | None, backend: str | None, max_batch: int) -> Translator:
    return Translator(model, direction, threads=threads, backend=backend, max_batch=max_batch)


def _bytes(pixels: Array) -> Array:
    """As PIL holds pictures: 8 bits a sample."""
    if pixels.dtype == np.uint8:
        return pixels
    result = np.empty(pixels.shape, np.uint8)
    context = Context()
    context.check(lib.xd_image_convert(context._pointer, views([result]), views([pixels])))
    return result
