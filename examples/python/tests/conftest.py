"""What the tests stand on. The environment says where things are: XDOMAIN_MODELS, the folder of models;
XDOMAIN_TOOL, the C tool to compare with (that of the wheel otherwise)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

import xdomain

Small = "tuple[np.ndarray, np.ndarray]"
MODELS = Path(os.environ["XDOMAIN_MODELS"])
NATIVE = Path(xdomain.__file__).parent / "_native" / "bin" / "xdomain"


def write_pgm(path: Path, pixels: np.ndarray) -> None:
    height, width = pixels.shape[:2]
    kind = "P6" if pixels.ndim == 3 else "P5"
    path.write_bytes(f"{kind} {width} {height} 255\n".encode() + pixels.tobytes())


def write_folder(path: Path, pictures: np.ndarray, classes: list[str]) -> Path:
    """A folder of pictures in the sub-folders of their classes."""
    for i, (picture, name) in enumerate(zip(pictures, classes)):
        (path / name).mkdir(parents=True, exist_ok=True)
        write_pgm(path / name / f"{i:02}.pgm", picture)
    return path


def write_idx(path: Path, array: np.ndarray) -> None:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


@pytest.fixture
def tool() -> Callable[..., str]:
    """Runs the C tool."""
    program = os.environ.get("XDOMAIN_TOOL", str(NATIVE))

    def run(*words: object) -> str:
        done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def digits() -> Path:
    return MODELS / "digits.xdm"


@pytest.fixture
def pictures() -> np.ndarray:
    """Four pictures of 28x28."""
    row, column = np.mgrid[0:28, 0:28]
    rings = [127.5 + 127.5 * np.cos(np.hypot(row - 13, column - 13) / (1 + k)) for k in range(4)]
    return np.array(rings).astype(np.uint8)


@pytest.fixture
def small() -> tuple[np.ndarray, np.ndarray]:
    """Sixteen pictures of 8x8 of two classes, with labels."""
    pixels = np.arange(16 * 64).reshape(16, 8, 8) * 37 % 251
    labels = np.arange(16) % 2
    pixels[labels == 1] //= 3
    return pixels.astype(np.uint8), labels


#: Options of a training of a second.
QUICK: dict[str, float] = dict(
    vae_epochs=3, vae_min_steps=0, vae_batch=8, vae_latent_dim=2, base_channels=2, hidden1=4, hidden_width=4, hidden_layers=1, steps=6,
    mapping_batch=8, seed=3,
)
