"""Conditions, few labels, previews and bars: trainings beside that of two labelled domains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import QUICK, Small, write_pgm

import xdomain

VAE: dict[str, float] = dict(epochs=3, min_steps=0, batch=8, latent_dim=2, base_channels=2, hidden1=4, seed=3)
MAPPING: dict[str, float] = dict(steps=4, hidden_width=4, hidden_layers=1, batch=8, seed=3)


@pytest.fixture
def vae(small: Small) -> xdomain.Vae:
    return xdomain.train_vae(small, **VAE)


def test_trains_one_vae(small: Small, vae: xdomain.Vae) -> None:
    assert vae.latent_dim == 2 and vae.report and "elbo" in vae.report
    whole = xdomain.train(small, small, "0:1,1:0", **QUICK)
    assert whole.vae(2).latent_dim == 2 and whole.vae(2).report is None
    with pytest.raises(ValueError, match="domain 3"):
        whole.vae(3)
    with pytest.raises(xdomain.Cancelled):
        xdomain.train_vae(small, callback=lambda told: told.step < 2, **VAE)


def test_draws_by_class(small: Small, vae: xdomain.Vae, tmp_path: Path) -> None:
    for i, (picture, label) in enumerate(zip(*small)):
        folder = tmp_path / "set" / ("light" if label == 0 else "dark")
        folder.mkdir(parents=True, exist_ok=True)
        write_pgm(folder / f"{i:02}.pgm", picture)
    stages: set[str] = set()
    model = xdomain.train_generator(vae, tmp_path / "set", name="shades",
                                    callback=lambda told: stages.add(told.stage), **MAPPING)
    assert stages == {"codes", "mapping1"}
    assert model.domains[0].shape.width == 0 and model.domains[0].class_names == ("dark", "light")
    assert model.domains[1].name == "shades" and model.directions == ("1to2",)
    with pytest.raises(ValueError, match="domain 1"):
        model.vae(1)
    draw = xdomain.Translator(model).draw
    pictures = draw(["light", "dark", 1], seed=2)
    assert pictures.shape == (3, 8, 8) and pictures.dtype == np.uint8
    assert np.array_equal(draw("light", seed=2), pictures[0])
    assert np.array_equal(draw(np.int64(1), seed=2, first=2), pictures[2])
    assert not np.array_equal(draw("dark", seed=2), draw("light", seed=2))
    assert draw(0, dtype=np.float32, temperature=0.5).dtype == np.float32
    model.save(tmp_path / "shades.xdm")
    assert np.array_equal(xdomain.Translator(tmp_path / "shades.xdm").draw("light", seed=2), pictures[0])
    for wrong, word in (("grey", "no class 'grey'; there are dark, light"), ("", "no class ''; there"), (2, "no class 2; there are dark")):
        with pytest.raises(ValueError, match=word):
            draw(wrong)
    with pytest.raises(TypeError, match="a class is a whole number in .*, not 0.9"):
        draw([0.9])
    with pytest.raises(xdomain.Unsupported, match="condition"):
        xdomain.Translator(model)(small[0][0])


def test_draws_no_class_that_was_not_trained(small: Small, vae: xdomain.Vae) -> None:
    draw = xdomain.Translator(xdomain.train_generator(vae, (small[0], small[1] + 2), **MAPPING)).draw
    assert draw([2, 3]).shape == (2, 8, 8)
    with pytest.raises(ValueError, match="no class 1; there are 2, 3"):
        draw(1)


def test_draws_by_vectors(small: Small, vae: xdomain.Vae) -> None:
    vectors = np.linspace(-1, 1, 16 * 3).reshape(16, 3)
    model = xdomain.train_generator(vae, small[0], vectors, **MAPPING)
    translate = xdomain.Translator(model)
    assert translate.source_dim == 3
    with pytest.raises(ValueError, match="conditions are vectors"):
        translate.draw(1)
    codes = translate.generate(vectors[:5], seed=1)
    assert translate.decode(codes).shape == (5, 8, 8)
    assert np.array_equal(translate.generate(vectors[2], seed=1, first=2), codes[2])
    with pytest.raises(ValueError, match="as many rows"):
        xdomain.train_generator(vae, small[0], vectors[:4], **MAPPING)
    with pytest.raises(xdomain.NumericError):
        xdomain.train_generator(vae, small[0], np.full((16, 1), np.nan), **MAPPING)


def test_few_labels_are_enough(small: Small) -> None:
    model = xdomain.train((small[0][:4], small[1][:4]), small, "0:1,1:0", unlabelled1=small[0][4:], **QUICK)
    assert model.report and model.report["unlabelled1"] > 0 and "unlabelled2" not in model.report
    with pytest.raises(xdomain.InvalidArgument, match="labels"):
        xdomain.train(small[0], small, "0:1", unlabelled1=small[0], **QUICK)


def test_callbacks_draw_previews(small: Small) -> None:
    """While sets are encoded there are the VAEs, and with each validation the mapping that was measured."""
    judge = xdomain.train_judge(small, epochs=1, batch=8, base_channels=2, feature_dim=4)
    encoding: list[xdomain.Model] = []
    previews: list[np.ndarray] = []

    def draw(told: xdomain.Progress) -> None:
        assert (told.validation is None) or told.model
        if told.validation:
            assert told.model and told.validation["score"] >= 0
            previews.append(xdomain.Translator(told.model)(small[0][:2], seed=1))
        elif told.model:
            assert told.stage == "codes"
            encoding.append(told.model)

    model = xdomain.train(small, small, "0:1,1:0", directions=1, validation1=small, validation2=small, judge2=judge,
                          callback=draw, allow_collapse=True, **QUICK)
    assert encoding and encoding[0].directions == () and encoding[0].domains[0].latent_dim == 2
    assert previews and np.array_equal(previews[-1], xdomain.Translator(model)(small[0][:2], seed=1))


def test_shows_a_bar(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    heard: list[xdomain.Progress] = []
    xdomain.train(small, small, "0:1,1:0", progress=True, callback=heard.append, **QUICK)
    shown = capsys.readouterr().err
    assert heard and "mapping2: 100%" in shown and "vae1:" in shown
    xdomain.train_judge(small, progress=True, epochs=1, batch=8, base_channels=2, feature_dim=4)
    assert "judge: 100%" in capsys.readouterr().err
