"""What lies in model and judge files."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

from . import _abi
from ._library import Context, InvalidArgument, initialised, lib, path_bytes
from ._models import Model, Path, loaded


@dataclass(frozen=True)
class Chunk:
    """One part of a file."""

    tag: str
    version: int
    required: bool
    offset: int
    length: int
    checksum: int
    intact: bool


@dataclass(frozen=True)
class FileInfo:
    """What a file is; kind is "model", "judge", "checkpoint" or "unknown"."""

    kind: str
    version: str
    size: int
    chunks: tuple[Chunk, ...]


def inspect(path: Path) -> FileInfo:
    """What lies in a model, judge or checkpoint file, without loading it."""
    context = Context()
    info = initialised(_abi.xd_file_info)
    name = path_bytes(path)
    context.check(lib.xd_file_inspect(context._pointer, ctypes.byref(info), None, 0, name))
    chunks = (_abi.xd_chunk * info.chunk_count)()
    for chunk in chunks:
        lib.xd_chunk_init(ctypes.byref(chunk), ctypes.sizeof(chunk))
    context.check(lib.xd_file_inspect(context._pointer, ctypes.byref(info), chunks, len(chunks), name))
    found = (
        Chunk(c.tag.decode("ascii", "replace"), c.version, bool(c.required), c.offset, c.length, c.checksum, bool(c.intact))
        for c in chunks[: info.chunk_count]
    )
    return FileInfo(info.kind.decode(), f"{info.major}.{info.minor}", info.size, tuple(found))


def verify(path: Path) -> None:
    """Raises what is wrong with a model, judge or checkpoint file, if anything is."""
    context = Context()
    context.check(lib.xd_file_verify(context._pointer, path_bytes(path)))


def pack(model: Model | Path, out: Path, *, half: bool = True, int8: bool = False) -> None:
    """Writes a model for translating alone, without its discriminators; weights as bytes by int8, else by half as f16.
    The file that is packed is not replaced."""
    whole = loaded(Model, model)
    if not isinstance(model, Model) and os.path.exists(out) and os.path.samefile(model, out):
        raise InvalidArgument(f"{os.fspath(out)!r} would replace {os.fspath(model)!r}, which is read")
    whole.save(out, half=half and not int8, int8=int8, inference_only=True)
