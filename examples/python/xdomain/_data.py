"""Sets of labelled pictures, and which classes are paired."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Iterable, Mapping, Sequence, Union, overload

import numpy as np
import numpy.typing as npt

from . import _abi
from ._library import U32_MOST, Context, Handle, NotFound, Work, initialised, lib, path_bytes, real, text_bytes, whole
from ._models import Path, Shape
from ._pictures import FITS, Array, channels_of, choose, is_batch, to_array, views
from ._progress import Callback, watched


class Dataset(Handle):
    """Pictures of one size as bytes, each with a label 0..255; immutable, shared by any number of threads."""

    _makers = "Dataset.from_folder, from_arrays, from_idx and from_spec"

    def __init__(self, made: ctypes.c_void_p) -> None:
        super().__init__(made, lib.xd_dataset_release)

    @classmethod
    def from_folder(
        cls,
        path: Path,
        *,
        width: int = 0,
        height: int = 0,
        channels: int = 0,
        fit: str = "stretch",
        skip_bad: bool = False,
        callback: Callback | None = None,
        progress: bool = False,
    ) -> Dataset:
        """A folder of PNG, JPEG, BMP and PNM files, with a sub-folder a class. Where width and height are given,
        pictures of another size are brought to it as `fit` says; with skip_bad, those that cannot be read are left out
        (left_out lists them), else the first one is an error. Callback and progress are as in xdomain.train."""
        context = Context()
        options = _options(width, height, channels, fit)
        options.skip_bad = int(skip_bad)
        out = ctypes.c_void_p()
        with watched(context, callback, progress) as (options.callback, check):
            check(lib.xd_dataset_load_folder(ctypes.byref(out), context._pointer, path_bytes(path),
                                             ctypes.byref(options)))
            return cls(out)

    @classmethod
    def from_idx(cls, images: Path, labels: Path | None = None) -> Dataset:
        """IDX files, plain or gzip, as MNIST is published."""
        second = None if labels is None else path_bytes(labels)
        return Context().make(cls, lib.xd_dataset_load_idx, path_bytes(images), second)

    @classmethod
    def from_spec(cls, spec: str) -> Dataset:
        """One line of text as the tool takes it: "dir:PATH;size=32x32", "idx:A,B;classes=0-4|idx:C,D".
        Its language is outside the library's promise: another minor version may change it."""
        return Context().make(cls, lib.xd_dataset_load, path_bytes(spec), None)

    @classmethod
    def from_arrays(cls, pictures: Array | Sequence[Any], labels: npt.ArrayLike | None = None) -> Dataset:
        """From an array [count, height, width] or [count, height, width, 1 or 3 channels], or a list of pictures of
        one size, with a label 0..255 for each. Other samples than uint8 are converted, floats from 0..1 (others are
        refused); alpha is laid over black."""
        if isinstance(pictures, np.ndarray):
            if not is_batch(pictures):
                raise ValueError(f"several pictures are [count, height, width, channels], not {list(pictures.shape)}")
            arrays = list(to_array(pictures))
        else:
            arrays = [to_array(picture) for picture in pictures]
        if not arrays:
            raise ValueError("a set needs a picture")
        height, width = arrays[0].shape[:2]
        channels = 3 if any(channels_of(pixels) >= 3 for pixels in arrays) else 1
        pixels = np.empty((len(arrays), height, width, channels), np.uint8)
        context = Context()
        for to, source in zip(pixels, arrays):
            context.check(
                lib.xd_image_convert(context._pointer, views([to]), views([source], _abi.XD_ALPHA_COMPOSITE))
            )
        numbers = None if labels is None else _labels(labels, len(arrays))
        return context.make(cls, lib.xd_dataset_create, pixels.ctypes.data,
                            None if numbers is None else numbers.ctypes.data, len(arrays), width, height, channels)

    def select(
        self, classes: Iterable[int] | None = None, *, count: int = 0, skip: int = 0, seed: int | None = None
    ) -> Dataset:
        """The pictures of some classes (None: all), then `count` of them (0: all) after the first `skip`, of a random
        order where a seed is given."""
        context = Context()
        selection = initialised(_abi.xd_dataset_selection)
        if classes is not None:
            labels = np.array([whole("a class", label, 0, U32_MOST) for label in classes], np.uint32)
            selection.classes, selection.class_count = labels.ctypes.data, len(labels)
        selection.count, selection.skip = whole("count", count, 0, U32_MOST), whole("skip", skip, 0, U32_MOST)
        if seed is not None:
            selection.shuffled, selection.seed = 1, whole("seed", seed)
        return context.make(Dataset, lib.xd_dataset_select, self._pointer, ctypes.byref(selection))

    def split(self, fraction: float, seed: int = 0) -> tuple[Dataset, Dataset]:
        """The rest and a part: `fraction` of each class, drawn by the seed."""
        context = Context()
        rest, part = ctypes.c_void_p(), ctypes.c_void_p()
        share, number = real("fraction", fraction), whole("seed", seed)
        with Work(context) as work:
            work.check(lib.xd_dataset_split(ctypes.byref(rest), ctypes.byref(part), context._pointer, self._pointer, share,
                                            number))
            return Dataset(rest), Dataset(part)

    def __len__(self) -> int:
        return int(lib.xd_dataset_count(self._pointer))

    @property
    def shape(self) -> Shape:
        """The size of every picture."""
        pointer = self._pointer
        return Shape(
            lib.xd_dataset_width(pointer), lib.xd_dataset_height(pointer), lib.xd_dataset_channels(pointer)
        )

    @property
    def labels(self) -> npt.NDArray[np.uint32]:
        """The label of each picture; all 0 where they have none."""
        labels = np.empty(len(self), np.uint32)
        self._read(lib.xd_dataset_read_labels, labels)
        return labels

    @property
    def has_labels(self) -> bool:
        """Whether the pictures were given labels."""
        return bool(lib.xd_dataset_has_labels(self._pointer))

    @property
    def pictures(self) -> npt.NDArray[np.uint8]:
        """A copy of all pictures, [count, height, width, channels]."""
        shape = self.shape
        pixels = np.empty((len(self), shape.height, shape.width, shape.channels), np.uint8)
        self._read(lib.xd_dataset_read_bytes, pixels)
        return pixels

    def _read(self, function: Any, to: npt.NDArray[Any]) -> None:
        context = Context()
        context.check(function(self._pointer, context._pointer, to.ctypes.data, None, len(self)))

    def fitted(self, *, width: int = 0, height: int = 0, channels: int = 0, fit: str = "stretch") -> Dataset:
        """The same pictures in another size or with another number of channels; 0 keeps what the set has."""
        options = _options(width, height, channels, fit)
        return Context().make(Dataset, lib.xd_dataset_fit, self._pointer, ctypes.byref(options))

    @property
    def left_out(self) -> tuple[str, ...]:
        """What was left out when a folder was read: files that are no pictures by their names, pictures beside the
        folders of classes, and, with skip_bad, a sentence on each picture that could not be read."""
        reasons = (_abi.XD_LEFT_OUT_OTHER_TYPE, _abi.XD_LEFT_OUT_BESIDE_CLASSES, _abi.XD_LEFT_OUT_BAD)
        return tuple(
            os.fsdecode(lib.xd_dataset_left_out(self._pointer, why, index))
            for why in reasons
            for index in range(lib.xd_dataset_left_out_count(self._pointer, why))
        )

    @property
    def picture_names(self) -> tuple[str, ...]:
        """The file of each picture, below its folder; "" of those from elsewhere."""
        return tuple(
            os.fsdecode(lib.xd_dataset_picture_name(self._pointer, index)) for index in range(len(self))
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each class by its number, "" of those without pictures."""
        found = self.classes
        return tuple(found.get(label, "") for label in range(max(found, default=-1) + 1))

    def matched(self, names: Sequence[str]) -> Dataset:
        """The same pictures with the labels of the classes of the same names in `names`, as of a Domain or another
        set: so a folder more or fewer shifts no label. Pictures of other classes are left out."""
        return Context().make(Dataset, lib.xd_dataset_match_classes, self._pointer, *c_texts(names))

    @property
    def classes(self) -> dict[int, str]:
        """Number and name of each class that has pictures."""
        return {
            label: lib.xd_dataset_class_name(self._pointer, label).decode()
            for label in range(_abi.XD_CLASS_LIMIT)
            if lib.xd_dataset_class_size(self._pointer, label)
        }

    @overload
    def __getitem__(self, index: int) -> npt.NDArray[np.uint8]: ...

    @overload
    def __getitem__(self, index: slice) -> Dataset: ...

    def __getitem__(self, index: int | slice) -> npt.NDArray[np.uint8] | Dataset:
        """A copy of one picture, [height, width, channels]; of a slice, whose step is 1, the Dataset of its pictures."""
        if isinstance(index, slice):
            return self._part(range(len(self))[index])
        index = range(len(self))[index]
        shape = self.shape
        pixels = lib.xd_dataset_pixels(self._pointer, index)
        data = ctypes.string_at(pixels, shape.height * shape.width * shape.channels)
        return np.frombuffer(data, np.uint8).reshape(shape.height, shape.width, shape.channels).copy()

    def _part(self, places: range) -> Dataset:
        if places.step != 1:
            raise ValueError(f"a slice of a Dataset has step 1, not {places.step}")
        if not places:
            raise ValueError(f"a set needs a picture: nothing is left of {len(self)}")
        return self.select(count=len(places), skip=places.start)

    def __repr__(self) -> str:
        shape = self.shape
        return f"<xdomain.Dataset {len(self)} of {shape.width}x{shape.height}x{shape.channels}>"


def _labels(given: npt.ArrayLike, count: int) -> npt.NDArray[np.uint32]:
    """Labels as C takes them: numpy would cut fractions off, and wrap what is beyond."""
    labels = np.asarray(given)
    if labels.shape != (count,):
        raise ValueError(f"{count} pictures need as many labels, not {list(labels.shape)}")
    if labels.dtype.kind not in "biu":
        raise TypeError(f"labels are whole numbers, not {labels.dtype}")
    for label in (labels.min(), labels.max()):
        whole("a label", int(label), 0, U32_MOST)
    return np.ascontiguousarray(labels, np.uint32)


def _options(width: int, height: int, channels: int, fit: str) -> _abi.xd_dataset_options:
    options = initialised(_abi.xd_dataset_options)
    options.width, options.height = whole("width", width, 0, U32_MOST), whole("height", height, 0, U32_MOST)
    options.channels = whole("channels", channels, 0, U32_MOST)
    options.fit = choose(FITS, "fit", fit)
    return options


#: What a set of pictures may be given as: a Dataset; a folder's path; the tool's text for it ("idx:A,B;classes=0-4");
#: an array or list of pictures; (pictures, labels), or the paths of two IDX files.
Pictures = Union[Dataset, Path, Array, Sequence[Any], "tuple[Any, Any]"]
Pairs = Union[str, Mapping[Any, Any], Iterable["tuple[Any, Any]"], None]


def dataset(pictures: Pictures) -> Dataset:
    """The Dataset of whatever a set of pictures may be given as."""
    if isinstance(pictures, Dataset):
        return pictures
    if isinstance(pictures, (str, os.PathLike)):
        text = os.fspath(pictures)
        if text.startswith(("idx:", "dir:", "mat:")) or (any(mark in text for mark in ";|") and not os.path.exists(text)):
            return Dataset.from_spec(text)
        return Dataset.from_folder(text)
    if isinstance(pictures, tuple) and len(pictures) == 2:
        first, second = pictures
        if isinstance(first, (str, os.PathLike)):
            return Dataset.from_idx(first, second)
        return Dataset.from_arrays(first, second)
    return Dataset.from_arrays(pictures)


def without_unlabelled(images: Dataset) -> tuple[Dataset, Dataset | None]:
    """A set, and the pictures of its sub-folder "unlabelled", which is no class if there are others."""
    names = images.classes
    classes = [label for label, name in names.items() if name != "unlabelled"]
    if not classes or len(classes) == len(names):
        return images, None
    return images.select(classes), images.select(set(names) - set(classes))


def find_pairs(sets: tuple[Dataset, ...], of_model: bool) -> tuple[tuple[Dataset, ...], list[tuple[int, int]] | None]:
    """The pairs of two sets for which none were given, and the sets that they are of: pictures of one file name, or
    classes of one name; None where a set has neither."""
    by_file = _paired_by_file(sets)
    if by_file is None and not all(images.has_labels for images in sets):
        return sets, None
    sets = by_file or sets
    return sets, _same_names(sets[0].class_names, sets[1].class_names, of_model or by_file is not None)


def _paired_by_file(sets: tuple[Dataset, ...]) -> tuple[Dataset, ...] | None:
    """Two folders without sub-folders that have file names in common, each of which is a class of both."""
    context = Context()
    out = ctypes.c_void_p(), ctypes.c_void_p()
    pointers = [images._pointer for images in sets]
    try:
        with Work(context) as work:
            work.check(lib.xd_dataset_pair_files(*map(ctypes.byref, out), context._pointer, *pointers))
            return tuple(map(Dataset, out))
    except NotFound:
        return None


def named_as(images: Dataset, names: Sequence[str], pairs: Pairs = None) -> Dataset:
    """A set with the labels of a model's classes, where the model has names and the pairs ask for classes. A folder
    without sub-folders has the classes that its files are called by, unless names are but numbers."""
    if pairs == "*:*":
        return images
    images = Context().make(Dataset, lib.xd_dataset_classify_files, images._pointer, *c_texts(names))
    return images.matched(names) if any(names) else images


def _same_names(names1: Sequence[str], names2: Sequence[str], of_model: bool) -> list[tuple[int, int]]:
    """The pairs of the classes that both call by one name; a model's class of files in no pair stays in none."""
    found = [(label, names2.index(name)) for label, name in enumerate(names1)
             if name and name in names2 and not (of_model and name == _abi.XD_UNPAIRED_CLASS)]
    if not found:
        raise ValueError("no class of domain 1 is called as one of domain 2: pairs says which belong together, "
                         "'*:*' all of domain 1 with all of domain 2")
    return found


class Pairing(Handle):
    """Which class of domain 1 is translated into which of domain 2, and back; names1 and names2 are those of the
    domains' classes, by which they may be given. None: all with all."""

    def __init__(self, pairs: Pairs, names1: Sequence[str] = (), names2: Sequence[str] = ()) -> None:
        if not isinstance(pairs, str):  # numbers, also where classes are called by others
            pairs, names1, names2 = _pairs_text(pairs, names1, names2), (), ()
        self._hold(Context(), lib.xd_pairing_release, lib.xd_pairing_create_named, text_bytes(pairs), *c_texts(names1),
                   *c_texts(names2))


def c_texts(texts: Sequence[str]) -> tuple[Any, int]:
    """Texts as C takes them: an array and a count."""
    return (ctypes.c_char_p * len(texts))(*(text_bytes(text) for text in texts)), len(texts)


def _pairs_text(
    pairs: Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None, names1: Sequence[str], names2: Sequence[str]
) -> str:
    if pairs is None:
        return "*:*"
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return ",".join(f"{_label(one, names1)}:{_label(other, names2)}" for one, other in items)


def _label(word: Any, names: Sequence[str]) -> int:
    """A class by its number or by its name."""
    if not isinstance(word, str):
        return whole("a class", word, 0, U32_MOST)
    if word not in names or not word:
        raise ValueError(f"no class {word!r}; there are {', '.join(filter(None, names)) or 'no names'}")
    return names.index(word)
