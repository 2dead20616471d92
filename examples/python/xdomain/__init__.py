"""Turns pictures of one domain into pictures of another, and learns to do so: libxdomain for Python.

    import xdomain

    translate = xdomain.Translator("digits.xdm")
    result = translate(picture, seed=1)                  # a numpy array or a PIL image, or a list of them

    model = xdomain.train("cats", "dogs", {"sitting": "sitting", "lying": "lying"}, steps=4000)
    model.save("cats-dogs.xdm")

Work is done with the GIL let go: threads with a Translator each run at the same time, and share a Model. Failures
are exceptions below xdomain.Error, one for each of the library's statuses. Objects may die in any order; in a forked
child they go on working, on the child's one thread; a Translator of a path is pickled by that path.
"""

from __future__ import annotations

from . import _abi
from ._data import Dataset, Pairing
from ._files import Chunk, FileInfo, inspect, pack, verify
from ._library import (BadData, Cancelled, Collapsed, Error, InputOutputError, InternalError, InvalidArgument, NotFound,
                       NumericError, OutOfMemory, ShapeMismatch, TooLarge, Truncated, Unsupported, VersionTooNew)
from ._models import Domain, Judge, Model, Shape, Vae
from ._options import Option, options, presets
from ._pictures import sheet
from ._progress import Progress
from ._training import evaluate, map, recover, train, train_generator, train_judge, train_vae
from ._translator import Translator, interpolate

__version__ = _abi.XD_VERSION_STRING

__all__ = [
    "BadData", "Cancelled", "Chunk", "Collapsed", "Dataset", "Domain", "Error", "FileInfo", "InputOutputError",
    "InternalError", "InvalidArgument", "Judge", "Model", "NotFound", "NumericError", "Option", "OutOfMemory",
    "Pairing", "Progress", "Shape", "ShapeMismatch", "TooLarge", "Translator", "Truncated", "Unsupported", "Vae",
    "VersionTooNew", "evaluate", "inspect", "interpolate", "map", "options", "pack", "presets", "recover", "sheet",
    "train", "train_generator", "train_judge", "train_vae", "verify",
]
