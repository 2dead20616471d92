"""How a program with types uses the package: mypy --strict reads it, nothing runs it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import xdomain


def translated(picture: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    translate = xdomain.Translator("digits.xdm", direction="2to1", threads=None)
    several: list[Any] = translate([picture, picture], seed=1, fit="pad")
    return translate(picture, seed=1, temperature=0.5, out=np.empty((28, 28), np.uint8)) if several else picture


def between(pictures: list[npt.NDArray[np.uint8]]) -> npt.NDArray[Any]:
    translate = xdomain.Translator("digits.xdm")
    codes = translate.generate(translate.encode(pictures, fit="crop"), seed=3, noise=None)
    return translate.decode(xdomain.interpolate(codes[0], codes[1], [0.0, 0.5, 1.0]), dtype=np.float32)


def trained(pixels: npt.NDArray[np.uint8], labels: list[int]) -> dict[str, float]:
    model: xdomain.Model = xdomain.train(
        "folder", (pixels, labels), {"cat": 1}, callback=lambda told: told.step < 5, preset="mnist", steps=4000,
        vae2_likelihood="bernoulli", spectral_norm=False,
    )
    judge = xdomain.train_judge(xdomain.Dataset.from_folder("folder")[:100], epochs=3, dropout=0.1)
    model = xdomain.map("model.xdm", "folder", "folder", judge1="judge.xdc", judge2=judge)
    return xdomain.evaluate(model, "folder", (pixels, labels), judge, temperature=0.8)


def drawn(pictures: xdomain.Dataset, vectors: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    vae: xdomain.Vae = xdomain.train_vae(pictures, epochs=2, likelihood="bernoulli", progress=True)
    by_vectors = xdomain.train_generator(vae, pictures, vectors, steps=100)
    return xdomain.Translator(by_vectors).draw(["cat", 3], seed=1)


def wrong() -> None:
    xdomain.train_vae("one", stepps=3)  # type: ignore[call-arg]
    xdomain.train("one", "two", stepps=3)  # type: ignore[call-arg]
    xdomain.train("one", "two", vae_likelihood="poisson")  # type: ignore[arg-type]
