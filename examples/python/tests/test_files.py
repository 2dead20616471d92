from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from conftest import QUICK, Small

import xdomain
from xdomain import _abi


def test_inspects_and_verifies(digits: Path, tool: Callable[..., str], tmp_path: Path) -> None:
    info = xdomain.inspect(digits)
    assert info.kind == "model" and info.size == digits.stat().st_size and info.chunks
    assert all(chunk.intact for chunk in info.chunks)
    told = json.loads(tool("info", digits, "--json"))
    assert told
    xdomain.verify(digits)
    data = bytearray(digits.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "damaged.xdm").write_bytes(data)
    with pytest.raises(xdomain.BadData, match="damaged.xdm"):
        xdomain.verify(tmp_path / "damaged.xdm")
    assert not all(chunk.intact for chunk in xdomain.inspect(tmp_path / "damaged.xdm").chunks)
    (tmp_path / "short.xdm").write_bytes(data[:1000])
    with pytest.raises(xdomain.Error):
        xdomain.Model.load(tmp_path / "short.xdm")


def test_packs_as_the_tool_does(digits: Path, tool: Callable[..., str], tmp_path: Path) -> None:
    tool("pack", digits, "--out", tmp_path / "tool.xdm")
    xdomain.pack(digits, tmp_path / "python.xdm")
    assert (tmp_path / "tool.xdm").read_bytes() == (tmp_path / "python.xdm").read_bytes()
    tool("pack", digits, "--int8", "--out", tmp_path / "tool8.xdm")
    xdomain.pack(digits, tmp_path / "python8.xdm", int8=True)
    assert (tmp_path / "tool8.xdm").read_bytes() == (tmp_path / "python8.xdm").read_bytes()
    (tmp_path / "link.xdm").symlink_to(tmp_path / "tool.xdm")
    kept = (tmp_path / "tool.xdm").read_bytes()
    for out in ("tool.xdm", "link.xdm"):
        with pytest.raises(xdomain.InvalidArgument, match=f"{out}' would replace '.*tool.xdm', which is read"):
            xdomain.pack(tmp_path / "tool.xdm", tmp_path / out, int8=True)
    assert (tmp_path / "tool.xdm").read_bytes() == kept
    with pytest.raises(xdomain.Error, match="half"):
        xdomain.Model.load(digits).save(tmp_path / "none.xdm", half=True, int8=True)


def test_reads_bytes(digits: Path, pictures: np.ndarray) -> None:
    model = xdomain.Model.from_bytes(digits.read_bytes(), "digits")
    assert np.array_equal(xdomain.Translator(model)(pictures), xdomain.Translator(digits)(pictures))
    with pytest.raises(xdomain.BadData, match="nonsense"):
        xdomain.Model.from_bytes(b"not a model at all, but long enough to have a header" * 4, "nonsense")


def test_failures_are_exceptions_by_status(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent.xdm") as caught:
        xdomain.Translator(tmp_path / "absent.xdm")
    assert isinstance(caught.value, xdomain.NotFound) and caught.value.name == "XD_ERROR_NOT_FOUND"
    with pytest.raises(xdomain.NotFound, match="abacus"):
        xdomain.Translator(tmp_path / "absent.xdm", backend="abacus")


def test_sheets_are_pil_images(pictures: np.ndarray) -> None:
    pytest.importorskip("PIL")
    sheet = xdomain.sheet(pictures, columns=2, scale=2, gap=3)
    assert sheet.size == (2 * 56 + 9, 2 * 56 + 9) and hasattr(sheet, "_repr_png_")
    assert np.array_equal(np.asarray(sheet)[3:59:2, 3:59:2], pictures[0])
    colour = xdomain.sheet([np.stack([pictures[0]] * 3, 2), pictures[1]])
    assert colour.mode == "RGB"
    with pytest.raises(ValueError, match="one size"):
        xdomain.sheet([pictures[0], pictures[1][:20]])


def test_the_module_runs_the_tool() -> None:
    done = subprocess.run([sys.executable, "-m", "xdomain", "--version"], capture_output=True, text=True, check=True)
    assert xdomain.__version__ in done.stdout


def test_declarations_are_the_headers(tmp_path: Path) -> None:
    """Sizes and offsets of every struct, as the C compiler has them."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    include = os.environ.get("XDOMAIN_INCLUDE")
    if not compiler or not include:
        pytest.skip("no C compiler, or no headers")
    structs = {name: kind for name, kind in vars(_abi).items()
               if isinstance(kind, type) and issubclass(kind, ctypes.Structure) and kind is not ctypes.Structure}
    assert len(structs) > 15
    lines = []
    expected = []
    for name, kind in structs.items():
        lines.append(f'printf("%zu\\n", sizeof({name}));')
        expected.append(ctypes.sizeof(kind))
        for field, *_ in kind._fields_:
            lines.append(f'printf("%zu %zu\\n", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));')
            expected += [getattr(kind, field).offset, getattr(kind, field).size]
    for name, value in vars(_abi).items():
        if name.startswith("XD_") and isinstance(value, int):
            lines.append(f'printf("%lld\\n", (long long){name});')
            expected.append(value)
    parts = ["xdomain.h", *(f"unstable/{path.name}" for path in (Path(include) / "xdomain" / "unstable").glob("*.h"))]
    source = tmp_path / "layout.c"
    source.write_text("#include <stddef.h>\n#include <stdio.h>\n" +
                      "".join(f"#include <xdomain/{part}>\n" for part in parts) + "int main(void) {\n" +
                      "\n".join(lines) + "\nreturn 0;\n}\n")
    subprocess.run([compiler, f"-I{include}", str(source), "-o", str(tmp_path / "layout")], check=True)
    told = subprocess.run([str(tmp_path / "layout")], capture_output=True, text=True, check=True).stdout
    assert [int(word) for word in told.split()] == expected


def test_path_with_a_null_character_is_refused() -> None:
    for call in (xdomain.Translator, xdomain.inspect, xdomain.Dataset.from_spec):
        with pytest.raises(xdomain.InvalidArgument, match="null character"):
            call("three.png\0more")


def test_text_with_a_null_character_is_refused(small: Small, digits: Path) -> None:
    images = xdomain.Dataset.from_arrays(*small)
    for call in (
        lambda: xdomain.train(images, images, "0:1\0,1:0", **QUICK),
        lambda: xdomain.train(images, images, "0:1", **{**QUICK, "vae_likelihood": "gaussian\0?"}),
        lambda: xdomain.train(images, images, "0:1", preset="mnist\0?"),
        lambda: xdomain.train(images, images, "0:1", name1="one\0?", **QUICK),
        lambda: images.matched(["0", "1\0?"]),
        lambda: xdomain.Model.from_bytes(digits.read_bytes(), "digits\0?"),
        lambda: xdomain.Translator(digits, backend="native\0?"),
        lambda: xdomain.options("vae\0?"),
    ):
        with pytest.raises(xdomain.InvalidArgument, match="a text holds no null character"):
            call()
