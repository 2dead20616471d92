"""The build backend (PEP 517) of the package xdomain: one wheel with the shared library and the tool inside.

It runs CMake on the source tree that it is part of, installs library and tool into the wheel, and writes the
package's declarations from that tree's headers and its types of options from what the tool lists. With XDOMAIN_BUILD=FOLDER in the environment it takes them from a
finished build instead of building anew.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sysconfig
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from declarations import write_declarations
from option_types import write_option_types

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent.parent
SUMMARY = "Turns pictures of one domain into pictures of another: libxdomain for Python"


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    version = _version()
    platform = re.sub(r"[^0-9A-Za-z]+", "_", sysconfig.get_platform())
    tag = f"py3-none-{platform}"
    name = f"xdomain-{version}-{tag}.whl"
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary) / "wheel"
        shutil.copytree(PACKAGE / "xdomain", tree / "xdomain", ignore=shutil.ignore_patterns("_*.pyc", "__pycache__"))
        write_declarations(ROOT / "include", tree / "xdomain" / "_abi.py")
        native = tree / "xdomain" / "_native"
        _install_library(Path(temporary), native)
        write_option_types(native / "bin" / "xdomain", tree / "xdomain" / "_option_types.py")
        information = tree / f"xdomain-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(_metadata(version), encoding="utf-8")
        (information / "WHEEL").write_text(
            f"Wheel-Version: 1.0\nGenerator: xdomain_build\nRoot-Is-Purelib: false\nTag: {tag}\n", encoding="utf-8"
        )
        shutil.copy(ROOT / "LICENSE", information / "LICENSE")
        _pack(tree, information, Path(wheel_directory) / name)
    return name


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    raise RuntimeError("xdomain is built from its source tree alone: python3 -m pip wheel --no-deps examples/python")


def _version() -> str:
    header = (ROOT / "include/xdomain/version.h").read_text(encoding="utf-8")
    match = re.search(r'XD_VERSION_STRING "([0-9.]+)(?:-([a-z]+[0-9]+))?"', header)
    if not match:
        raise RuntimeError("no version in version.h")
    return match[1] + (match[2] or "")  # PEP 440 writes 1.0.0rc1


def _metadata(version: str) -> str:
    description = (PACKAGE / "README.md").read_text(encoding="utf-8")
    return (
        f"Metadata-Version: 2.1\nName: xdomain\nVersion: {version}\nSummary: {SUMMARY}\nLicense: MIT\n"
        "Requires-Python: >=3.9\nRequires-Dist: numpy>=1.22\n"
        'Provides-Extra: pictures\nRequires-Dist: pillow; extra == "pictures"\n'
        f"Description-Content-Type: text/markdown\n\n{description}"
    )


def _install_library(temporary: Path, native: Path) -> None:
    """The shared library by its SONAME and, beside it as in any prefix, the tool."""
    build = os.environ.get("XDOMAIN_BUILD")
    if not build:
        build = str(temporary / "build")
        _run("cmake", "-S", str(ROOT), "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DXDOMAIN_BUILD_TESTS=OFF",
             "-DXDOMAIN_WITH_PLUGINS=OFF", "-DCMAKE_INSTALL_LIBDIR=lib")
        _run("cmake", "--build", build, "--parallel", str(os.cpu_count() or 1), "--target", "xdomain",
             "xdomain_tool", "xdomain_manual")
    prefix = temporary / "prefix"
    for component in ("runtime", "tool"):
        _run("cmake", "--install", build, "--prefix", str(prefix), "--component", component, "--strip")
    library = next(path for path in sorted(prefix.rglob("libxdomain.so.*")) if path.is_symlink())
    (native / "bin").mkdir(parents=True)
    shutil.copy(prefix / "bin" / "xdomain", native / "bin" / "xdomain")
    folder = native / library.parent.relative_to(prefix)
    folder.mkdir(parents=True)
    shutil.copy(library.resolve(), folder / library.name)


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}")


def _pack(tree: Path, information: Path, wheel: Path) -> None:
    """Every file, its time fixed so that one tree gives one wheel, and RECORD at the end."""
    record = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in tree.rglob("*") if path.is_file()):
            name = path.relative_to(tree).as_posix()
            data = path.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}\n")
            mode = 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644
            _add(archive, name, data, mode)
        name = f"{information.name}/RECORD"
        _add(archive, name, ("".join(record) + f"{name},,\n").encode(), 0o644)


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | mode) << 16
    archive.writestr(entry, data)
