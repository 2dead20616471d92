"""Arrays and PIL images as views of the library's, and back."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from . import _abi
from ._library import U32_MOST, Context, Handle, InvalidArgument, lib, names_of, whole

if TYPE_CHECKING:
    from PIL.Image import Image

Array = npt.NDArray[Any]
Picture = Union[Array, "Image"]

_SAMPLES = {
    np.dtype(np.uint8): _abi.XD_SAMPLE_U8,
    np.dtype(np.uint16): _abi.XD_SAMPLE_U16,
    np.dtype(np.float16): _abi.XD_SAMPLE_F16,
    np.dtype(np.float32): _abi.XD_SAMPLE_F32,
}
_LAYOUTS = {
    1: _abi.XD_LAYOUT_GREY,
    2: _abi.XD_LAYOUT_GREY_ALPHA,
    3: _abi.XD_LAYOUT_RGB,
    4: _abi.XD_LAYOUT_RGBA,
}
ALPHA_POLICIES = {"ignore": _abi.XD_ALPHA_IGNORE, "composite": _abi.XD_ALPHA_COMPOSITE, "carry": _abi.XD_ALPHA_CARRY}
_ROUNDING = 1e-6  # beyond their range, of samples that were computed
FITS = names_of("XD_FIT_", lib.xd_fit_name)


def choose(table: dict[str, int], name: str, word: str) -> int:
    """The number behind a word of an argument."""
    if word not in table:
        raise ValueError(f"{name} is {word!r}, not one of {', '.join(map(repr, table))}")
    return table[word]


def is_pil(picture: object) -> bool:
    """Whether it is a PIL image; PIL is not imported for that."""
    kinds = type(picture).__mro__
    return hasattr(picture, "getbands") and any(kind.__module__.startswith("PIL.") for kind in kinds)


def as_samples(pixels: Array) -> Array:
    """An array in a kind of samples that the library reads: itself, or a copy of doubles as floats or in the machine's
    order of bytes."""
    if pixels.dtype == np.float64:
        return pixels.astype(np.float32)
    if not pixels.dtype.isnative:
        pixels = pixels.astype(pixels.dtype.newbyteorder("="))
    if pixels.dtype not in _SAMPLES:
        raise TypeError(f"arrays are of uint8, uint16, float16 or float32, not {pixels.dtype}")
    return pixels


def to_array(picture: Picture) -> Array:
    """The pixels of a picture: an array as it lies, floats of which are in 0..1, or a PIL image in the nearest mode that
    the library reads. Of PIL's wide modes "I" is 16-bit grey, which older PILs open PNGs of 16 bits as, and "F" is floats
    in 0..1."""
    if isinstance(picture, np.ndarray):
        pixels = as_samples(picture)
        if pixels.dtype.kind == "f":
            _check_range(pixels, f"an array of {picture.dtype}", 1)
        return pixels
    if not is_pil(picture):
        raise TypeError(f"a picture is a numpy array or a PIL image, not {type(picture).__name__}")
    if picture.mode == "La":  # of which PIL makes nothing else
        picture = picture.convert("LA")
    if picture.mode in ("1", "L", "RGB") and "transparency" in picture.info:  # one value, as some PNGs have it
        return np.asarray(picture.convert("RGBA" if picture.mode == "RGB" else "LA"))
    if picture.mode in ("L", "LA", "RGB", "RGBA"):
        return np.asarray(picture)
    if picture.mode.startswith("I;16"):
        return np.asarray(picture).astype(np.uint16, copy=False)
    if picture.mode in ("I", "F"):
        return _of_wide(picture)
    if picture.mode == "1":
        return np.asarray(picture.convert("L"))
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    return np.asarray(picture.convert("RGBA" if transparent else "RGB"))


def _of_wide(picture: Image) -> Array:
    """The pixels of a PIL image of 32-bit samples."""
    pixels = np.asarray(picture)
    kind, most = (np.uint16, 65535) if picture.mode == "I" else (np.float32, 1)
    _check_range(pixels, f"a PIL image of mode {picture.mode!r}", most)
    return pixels.astype(kind)


def _check_range(pixels: Array, name: str, most: int) -> None:
    """Samples that say nothing of their range: other values than the library's are refused, not clipped."""
    if not pixels.size:
        return
    low, high = (float(least.reduce(pixels, axis=None)) for least in (np.fmin, np.fmax))  # NaN is the library's to refuse
    rounding = max(_ROUNDING, float(np.finfo(pixels.dtype).eps)) if pixels.dtype.kind == "f" else 0
    if low < -rounding or high > most + rounding:
        raise InvalidArgument(f"{name} is of values in 0..{most}, not in {low:.7g}..{high:.7g}")


def to_pil(pixels: Array) -> Image:
    """A PIL image of an array, which a notebook shows as it is: of 16 bits where PIL has them, in grey, else of 8."""
    from PIL import Image as pil

    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype != np.uint8 and not (pixels.dtype == np.uint16 and pixels.ndim == 2):
        of_bytes = np.empty(pixels.shape, np.uint8)
        context = Context()
        context.check(lib.xd_image_convert(context._pointer, views([of_bytes]), views([pixels])))
        pixels = of_bytes
    return pil.fromarray(np.ascontiguousarray(pixels))


def check_out(target: object) -> None:
    """Refuses what no result can be written to."""
    if not isinstance(target, np.ndarray):
        raise TypeError(f"out is made of numpy arrays, not of {type(target).__name__}")
    if target.dtype not in _SAMPLES:
        raise TypeError(f"out is of uint8, uint16, float16 or float32, not {target.dtype}")
    if not target.flags.writeable:
        raise ValueError("out is read-only")


def channels_of(pixels: Array) -> int:
    """How many channels one picture has."""
    if pixels.ndim == 2:
        return 1
    if pixels.ndim == 3 and pixels.shape[2] in _LAYOUTS:
        return int(pixels.shape[2])
    raise ValueError(f"a picture is [height, width] or [height, width, 1 to 4 channels], not {list(pixels.shape)}")


def is_batch(pixels: Array) -> bool:
    """Whether an array holds several pictures: [count, height, width, channels], or [count, height, width] with a
    width that cannot be channels."""
    return pixels.ndim == 4 or (pixels.ndim == 3 and pixels.shape[2] not in _LAYOUTS)


def fill_view(view: _abi.xd_image, pixels: Array, policy: int = _abi.XD_ALPHA_IGNORE) -> None:
    """Describes an array's own memory, whatever its strides; the array must outlive the view."""
    channels = channels_of(pixels)
    lib.xd_image_init(ctypes.byref(view), ctypes.sizeof(view), None, pixels.shape[1], pixels.shape[0],
                      _SAMPLES[pixels.dtype], _LAYOUTS[channels])
    view.pixels = pixels.ctypes.data
    view.row_stride, view.pixel_stride = pixels.strides[:2]
    view.channel_stride = pixels.strides[2] if pixels.ndim == 3 else 0
    view.policy = policy


def views(pictures: list[Array], policy: int = _abi.XD_ALPHA_IGNORE) -> Any:
    """A C array of views."""
    made = (_abi.xd_image * len(pictures))()
    for view, pixels in zip(made, pictures):
        fill_view(view, pixels, policy)
    return made


def fitted(context: Context, pixels: Array, size: tuple[int, int], fit: int, policy: int) -> Array:
    """The picture in the size (width, height) that is wanted; itself where it has it."""
    width, height = size
    if fit == _abi.XD_FIT_EXACT or pixels.shape[:2] == (height, width):
        return pixels
    result = np.empty((height, width, *pixels.shape[2:]), pixels.dtype)
    to, source = views([result]), views([pixels], policy)
    context.check(lib.xd_image_fit(context._pointer, to, source, fit))
    return result


def sheet(pictures: Any, columns: int | None = None, scale: int = 1, gap: int = 2) -> Image:
    """One PIL image of many pictures of one size, in rows of `columns` (all in one row by default), each magnified
    `scale` times, with a `gap` of grey pixels between. `pictures` is a list of arrays and PIL images, or an array of
    several pictures. What a sheet looks like is outside the library's promise."""
    arrays = [to_array(picture) for picture in pictures]
    if not arrays:
        raise ValueError("a sheet needs a picture")
    columns = whole("columns", columns or len(arrays), 1, U32_MOST)
    scale, gap = whole("scale", scale, 0, U32_MOST), whole("gap", gap, 0, U32_MOST)
    rows = -(-len(arrays) // columns)
    height, width = arrays[0].shape[:2]
    channels = 3 if any(channels_of(pixels) >= 3 for pixels in arrays) else 1
    floats = np.zeros((rows * columns, height, width, channels), np.float32)
    context = Context()
    for cell, pixels in zip(floats, arrays):
        if pixels.shape[:2] != (height, width):
            raise ValueError(f"the pictures of a sheet have one size: {pixels.shape[:2]} beside {(height, width)}")
        source = views([pixels], _abi.XD_ALPHA_COMPOSITE)
        context.check(lib.xd_image_to_floats(context._pointer, cell.ctypes.data, source, channels))
    picture = context.make(_Picture, lib.xd_picture_create_sheet, floats.ctypes.data, width, height, channels, columns, rows,
                           scale, gap)
    return to_pil(_picture_pixels(picture._pointer))


class _Picture(Handle):
    def __init__(self, made: ctypes.c_void_p) -> None:
        super().__init__(made, lib.xd_picture_destroy)


def _picture_pixels(picture: int) -> Array:
    """A copy of the pixels of an xd_picture of u8 samples."""
    view = _abi.xd_image()
    view.struct_size = ctypes.sizeof(view)
    lib.xd_picture_view(picture, ctypes.byref(view))
    channels = lib.xd_layout_channels(view.layout)
    size = view.height * view.width * channels
    data = ctypes.string_at(view.pixels or 0, size)
    return np.frombuffer(data, np.uint8).reshape(view.height, view.width, channels).copy()
