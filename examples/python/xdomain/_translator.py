"""Translators."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Sequence, overload

import numpy as np
import numpy.typing as npt

from . import _abi
from ._library import Context, Handle, Work, initialised, lib, path_bytes, real, shown, whole
from ._models import DIRECTIONS, Model, Path, Shape
from ._pictures import (ALPHA_POLICIES, FITS, Array, Picture, as_samples, channels_of, check_out, choose, fitted,
                        is_batch, is_pil, to_array, to_pil, views)
from ._progress import Callback, hook


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
        self._classes: tuple[str, ...] | None = None  # of conditions, once they are asked for
        self._context = Context(threads, backend)
        self._lock = threading.Lock()
        self._owner: int | None = None  # the thread that has the lock
        options = initialised(_abi.xd_translator_options)
        options.direction = choose(DIRECTIONS, "direction", direction)
        options.max_batch = whole("max_batch", max_batch, 1, 4096)
        listeners: list[Callback | None] = [None]  # of the call that runs
        self._listeners = listeners
        self._hook, self._raised = hook(lambda: listeners[0])
        options.callback = self._hook
        create, source = (
            (lib.xd_translator_create, model._pointer)
            if isinstance(model, Model)
            else (lib.xd_translator_load, path_bytes(model))
        )
        self._hold(self._context, lib.xd_translator_destroy, create, source, ctypes.byref(options))

    def __reduce__(self) -> tuple[Any, ...]:
        model, direction, threads, backend, max_batch = self._arguments
        if isinstance(model, Model):
            raise TypeError("only a translator from a model file can be pickled")
        return _restore, (type(self), model, direction, threads, backend, max_batch)

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
        alpha: str = ..., out: Array | None = ..., callback: Callback | None = ...
    ) -> Array: ...

    @overload
    def __call__(
        self, pictures: Sequence[Picture] | Iterator[Picture], *, seed: int = ..., temperature: float = ..., first: int = ...,
        fit: str = ..., alpha: str = ..., out: Sequence[Array] | None = ..., callback: Callback | None = ...
    ) -> list[Any]: ...

    @overload
    def __call__(
        self, pictures: Any, *, seed: int = ..., temperature: float = ..., first: int = ..., fit: str = ...,
        alpha: str = ..., out: Any = ..., callback: Callback | None = ...
    ) -> Any: ...

    def __call__(
        self, pictures: Any, *, seed: int = 0, temperature: float = 1.0, first: int = 0, fit: str = "exact",
        alpha: str = "composite", out: Any = None, callback: Callback | None = None
    ) -> Any:
        """Translates one picture, several of them (a list, or whatever gives one after the other), or an array of them.

        A picture is a PIL image, whose translation is one too, or an array [height, width] or [height, width,
        channels] of uint8, uint16, float16 or float32 with any strides, which is read where it lies; its translation
        has the same type, that of float64 float32. Floats are in 0..1; others are refused. Several pictures are a list, or an array with one axis more.

        Picture i has the noise of (seed, first + i), however many there are; temperature scales the noise: less
        gives more typical pictures. `fit` says what becomes of pictures of another size: "exact" refuses them,
        "stretch", "pad" and "crop" fit them. `alpha` says what becomes of an alpha channel: "composite" lays the
        picture over black, as in training, "ignore" drops it, "carry" gives it to the result. `out` receives the
        result: an array of any strides, for several pictures one with an axis more or a list of arrays; one of them may
        lie on its own picture, but not on others of `pictures` or `out`, which is not checked. `callback` hears a
        Progress after each batch, and stops the call as it stops a training; so does Ctrl-C. A PIL image is taken as it
        lies: PIL.ImageOps.exif_transpose turns a photograph as those of folders are turned.
        """
        given, one = _given(pictures)
        arrays = [to_array(picture) for picture in given]
        batched = isinstance(pictures, np.ndarray) and not one
        carry = choose(ALPHA_POLICIES, "alpha", alpha) == _abi.XD_ALPHA_CARRY
        if out is not None:
            targets = [out] if one else list(out)
            results: Any = out
        elif batched:
            results = self._room(arrays[0] if arrays else np.empty(pictures.shape[1:], pictures.dtype), carry, len(arrays))
            targets = list(results)
        else:
            targets = results = [self._room(pixels, carry) for pixels in arrays]
        if len(targets) != len(arrays):
            raise ValueError(f"out has room for {len(targets)} pictures, not for {len(arrays)}")
        self._run(targets, arrays, _noise(seed, first, temperature), choose(FITS, "fit", fit), ALPHA_POLICIES[alpha],
                  callback)
        if batched or out is not None:
            return results
        results = [to_pil(r) if is_pil(p) else r for p, r in zip(given, results)]
        return results[0] if one else results

    def encode(self, pictures: Any, *, fit: str = "exact", alpha: str = "composite",
               callback: Callback | None = None) -> Array:
        """The posterior means of pictures, which are as of a call: [source_dim] of one, else [count, source_dim]."""
        given, one = _given(pictures)
        policy = choose(ALPHA_POLICIES, "alpha", alpha)
        arrays = self._fitted([to_array(picture) for picture in given], choose(FITS, "fit", fit), policy)
        codes = np.empty((len(arrays), self.source_dim), np.float32)
        with self._working(callback) as check:
            check(lib.xd_translator_encode(self._pointer, codes.ctypes.data, views(arrays, policy), len(arrays)))
        return codes[0] if one else codes

    def generate(self, codes: npt.ArrayLike, *, noise: npt.ArrayLike | None = None, seed: int = 0,
                 temperature: float = 1.0, first: int = 0, callback: Callback | None = None) -> Array:
        """Codes of the target domain of one code of the source domain or of rows of them. Row i has the noise of
        (seed, first + i), or row i of `noise`, [target_dim] for one code, else [count, target_dim]. Where the source
        domain holds conditions, these are its codes."""
        rows, one = _rows("codes", codes, self.source_dim)
        given = None if noise is None else _rows("noise", noise, self.target_dim)[0]
        own = _noise(seed, first, temperature)
        if given is not None and len(given) != len(rows):
            raise ValueError(f"noise for {len(given)} codes, not for {len(rows)}")
        results = np.empty((len(rows), self.target_dim), np.float32)
        with self._working(callback) as check:
            check(lib.xd_translator_set_noise(self._pointer, *own))
            check(lib.xd_translator_generate(self._pointer, results.ctypes.data,
                                             None if given is None else given.ctypes.data, rows.ctypes.data, len(rows)))
        return results[0] if one else results

    def decode(self, codes: npt.ArrayLike, *, dtype: npt.DTypeLike = np.uint8, callback: Callback | None = None) -> Array:
        """The pictures of codes of the target domain, arrays [height, width] or [height, width, 3] of `dtype`: that
        of one code, else an array of all."""
        rows, one = _rows("codes", codes, self.target_dim)
        results = self._room(as_samples(np.empty((1, 1), dtype)), False, len(rows))
        with self._working(callback) as check:
            check(lib.xd_translator_decode(self._pointer, views(list(results)), rows.ctypes.data, len(rows)))
        return results[0] if one else results

    def draw(self, classes: Any, *, seed: int = 0, temperature: float = 1.0, first: int = 0,
             dtype: npt.DTypeLike = np.uint8) -> Array:
        """New pictures by class, of a model whose domain 1 holds classes (xdomain.train_generator): of one class, by its
        number or name, or of each of a list. Picture i has the noise of (seed, first + i). The first call reads the
        names of the classes from the model file."""
        if self.input_shape.width:
            raise ValueError("this model translates pictures: only one that was trained on classes draws by class")
        one = isinstance(classes, (int, str, np.integer))
        wanted = [classes] if one else list(classes)
        vectors = np.zeros((len(wanted), self.source_dim), np.float32)
        for vector, name in zip(vectors, wanted):
            vector[self._class(name)] = 1
        codes = self.generate(vectors, seed=seed, temperature=temperature, first=first)
        results = self.decode(codes, dtype=dtype)
        return results[0] if one else results

    def _class(self, name: Any) -> int:
        """A class's number by its number or name, of those that the model was trained on."""
        if self._classes is None:
            model = self._arguments[0]
            self._classes = (model if isinstance(model, Model) else Model.load(model)).domains[0].class_names
        names = self._classes
        if not any(names):
            raise ValueError("this model's conditions are vectors: generate and decode take them")
        if isinstance(name, str):
            number = names.index(name) if name in names else len(names)
        else:
            number = whole("a class", name)
        if number >= len(names) or not names[number]:
            asked = repr(name) if isinstance(name, str) else shown(number)
            raise ValueError(f"no class {asked}; there are {', '.join(filter(None, names))}")
        return number

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
        self, targets: list[Array], sources: list[Array], noise: tuple[int, int, float], fit: int, policy: int,
        callback: Callback | None
    ) -> None:
        for target in targets:
            check_out(target)
        pieces = self._fitted(sources, fit, policy)
        with self._working(callback) as check:
            check(lib.xd_translator_set_noise(self._pointer, *noise))
            check(lib.xd_translator_run(self._pointer, views(targets), None, views(pieces, policy), len(pieces)))

    def _fitted(self, sources: list[Array], fit: int, policy: int) -> list[Array]:
        """Pictures in the size that is wanted."""
        shape = self.input_shape
        if not shape.width:  # conditions: the library says so
            return sources
        with self._alone():
            return [fitted(self._context, pixels, (shape.width, shape.height), fit, policy) for pixels in sources]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One call at a time. One within another, as of its callback, would wait for itself."""
        thread = threading.get_ident()
        if self._owner == thread:
            raise RuntimeError("a callback cannot call the translator that it hears of: make it another one")
        with self._lock:
            self._owner = thread
            try:
                yield
            finally:
                self._owner = None

    @contextmanager
    def _working(self, callback: Callback | None) -> Iterator[Callable[[int], None]]:
        """One call at a time, of which the callback hears: gives what takes its calls' statuses."""
        with self._alone(), Work(self._context) as work:
            self._listeners[0] = callback
            try:
                yield lambda status: work.check(status, self._raised)
            finally:
                self._listeners[0] = None
                self._raised.clear()


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


def _given(pictures: Any) -> tuple[list[Any], bool]:
    """The pictures of what a call takes, and whether it is one by itself."""
    if is_pil(pictures) or (isinstance(pictures, np.ndarray) and not is_batch(pictures)):
        return [pictures], True
    return list(pictures), False


def _rows(name: str, values: npt.ArrayLike, width: int) -> tuple[Array, bool]:
    """Codes or noise as the library takes them, and whether it is one row by itself."""
    rows = np.ascontiguousarray(values, np.float32)
    if rows.ndim not in (1, 2) or rows.shape[-1] != width:
        raise ValueError(f"{name} of shape {list(rows.shape)}, not [{width}] or [count, {width}]")
    return rows.reshape(-1, width), rows.ndim == 1


def _noise(seed: int, first: int, temperature: float) -> tuple[int, int, float]:
    """The arguments of a call that say which noise it has, as C takes them."""
    return whole("seed", seed), whole("first", first), real("temperature", temperature)


def _restore(
    kind: type[Translator], model: Path, direction: str, threads: int | None, backend: str | None, max_batch: int
) -> Translator:
    return kind(model, direction, threads=threads, backend=backend, max_batch=max_batch)
