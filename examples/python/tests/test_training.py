from __future__ import annotations

import gc
import os
import re
import shutil
import signal
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np
import pytest
from conftest import QUICK, Small, write_folder, write_idx, write_pgm

import xdomain
from xdomain import _option_types


def test_gives_the_file_of_the_tool(small: Small, tool: Callable[..., str], tmp_path: Path) -> None:
    write_idx(tmp_path / "images", small[0])
    write_idx(tmp_path / "labels", small[1].astype(np.uint8))
    spec = f"idx:{tmp_path / 'images'},{tmp_path / 'labels'}"
    settings = [f"--set={xdomain._options.option_name(name)}={value}" for name, value in QUICK.items()]
    tool("train", "--domain1", spec, "--domain2", spec, "--pairs", "0:1,1:0", "--out", tmp_path / "tool.xdm", *settings)
    heard: list[xdomain.Progress] = []
    model = xdomain.train(small, small, {0: 1, 1: 0}, callback=heard.append, **QUICK)
    model.save(tmp_path / "python.xdm")
    assert (tmp_path / "python.xdm").read_bytes() == (tmp_path / "tool.xdm").read_bytes()
    assert {told.stage for told in heard} >= {"vae1", "vae2", "mapping1", "mapping2"}
    assert "elbo" in heard[0].losses and 0 < heard[-1].overall <= 1
    assert model.report and model.report["vae1.elbo"] == pytest.approx(float(model.report["vae1.elbo"]))
    assert model.pairing == "0:1,1:0" and model.directions == ("1to2", "2to1") and model.properties
    assert model.domains[0].shape == xdomain.Shape(8, 8, 1) and model.domains[0].latent_dim == 2


def test_takes_sets_of_all_kinds(small: Small, tmp_path: Path) -> None:
    for i, (picture, label) in enumerate(zip(*small)):
        folder = tmp_path / "set" / ("light" if label == 0 else "dark")
        folder.mkdir(parents=True, exist_ok=True)
        write_pgm(folder / f"{i:02}.pgm", picture)
    write_idx(tmp_path / "images", small[0])
    write_idx(tmp_path / "labels", small[1].astype(np.uint8))
    folder_set = xdomain.Dataset.from_folder(tmp_path / "set")
    assert folder_set.classes == {0: "dark", 1: "light"} and len(folder_set) == 16
    arrays = xdomain.Dataset.from_arrays(*small)
    assert np.array_equal(arrays.labels, small[1]) and np.array_equal(arrays[3][:, :, 0], small[0][3])
    assert arrays.has_labels and np.array_equal(arrays.pictures[..., 0], small[0])
    assert not xdomain.Dataset.from_arrays(small[0]).has_labels
    wide = arrays.fitted(width=4, height=2, channels=3, fit="crop")
    assert np.array_equal(wide.labels, small[1]) and wide.pictures.shape == (16, 2, 4, 3)
    idx = xdomain.Dataset.from_idx(tmp_path / "images", tmp_path / "labels")
    assert np.array_equal(idx[-1], arrays[15]) and np.array_equal(idx.labels, arrays.labels)
    with pytest.raises(IndexError):
        idx[16]
    for part in (slice(0, 2), slice(-3, None), slice(None)):
        assert np.array_equal(idx[part].pictures, arrays.pictures[part])
        assert np.array_equal(idx[part].labels, small[1][part])
    with pytest.raises(ValueError, match="has step 1, not -2"):
        idx[::-2]
    with pytest.raises(ValueError, match="nothing is left of 16"):
        idx[3:3]
    with pytest.raises(TypeError):
        idx["3"]  # type: ignore[call-overload]
    rest, part = idx.split(0.25)
    assert (len(rest), len(part)) == (12, 4)
    assert set(idx.select([1]).labels.tolist()) == {1} and len(idx.select(count=5, skip=2)) == 5
    model = xdomain.train(tmp_path / "set", (tmp_path / "images", tmp_path / "labels"), {"light": 0, "dark": 1}, **QUICK)
    assert model.pairing == "1:0,0:1" and model.domains[0].class_names == ("dark", "light")
    by_text = xdomain.train(tmp_path / "set", arrays, "light:0,dark:1", **QUICK)
    assert by_text.pairing == model.pairing
    more = tmp_path / "more"
    shutil.copytree(tmp_path / "set", more)
    (more / "a first one").mkdir()
    write_pgm(more / "a first one" / "0.pgm", small[0][0])
    shifted = xdomain.Dataset.from_folder(more)
    assert shifted.class_names == ("a first one", "dark", "light")
    matched = shifted.matched(model.domains[0].class_names)
    assert len(matched) == 16 and matched.class_names == ("dark", "light")
    judge = xdomain.train_judge(arrays, epochs=1, batch=8, base_channels=2, feature_dim=4)
    assert judge.class_names == ("0", "1")
    assert xdomain.evaluate(model, more, arrays, judge) == xdomain.evaluate(model, tmp_path / "set", arrays, judge)
    mapped = xdomain.map(model, more, arrays, {"light": 1, "dark": 0}, **QUICK)
    assert mapped.pairing == "1:1,0:0"
    with pytest.raises(ValueError, match="no class 'grey'; there are dark, light"):
        xdomain.train(tmp_path / "set", arrays, {"grey": 0}, **QUICK)
    with pytest.raises(ValueError, match="labels"):
        xdomain.Dataset.from_arrays(small[0], small[1][:5])
    with pytest.raises(xdomain.NotFound, match="nowhere"):
        xdomain.Dataset.from_folder(tmp_path / "nowhere")


def test_numbers_of_sets_do_not_wrap(small: Small, tmp_path: Path) -> None:
    arrays = xdomain.Dataset.from_arrays(*small)
    assert len(arrays.select([np.int64(1)], count=3, seed=0)) == 3 and len(arrays.split(0.25, 2**64 - 1)[1]) == 4
    for name, beyond in (("count", 2**32), ("skip", -1), ("seed", 2**64), ("seed", -1)):
        with pytest.raises(xdomain.InvalidArgument, match=f"{name} {beyond} is not in"):
            arrays.select(**{name: beyond})
        with pytest.raises(TypeError, match=f"{name} is a whole number in .*, not 1.5"):
            arrays.select(**{name: 1.5})
    with pytest.raises(xdomain.InvalidArgument, match="a class 4294967297 is not in"):
        arrays.select([2**32 + 1])
    with pytest.raises(xdomain.InvalidArgument, match="seed -1"):
        arrays.split(0.25, -1)
    with pytest.raises(TypeError, match="fraction is a number, not None"):
        arrays.split(None)  # type: ignore[arg-type]
    for name in ("width", "height", "channels"):
        with pytest.raises(xdomain.InvalidArgument, match=f"{name} 4294967304"):
            arrays.fitted(**{name: 2**32 + 8})
        with pytest.raises(TypeError, match=f"{name} is a whole number"):
            xdomain.Dataset.from_folder(tmp_path, **{name: 8.5})


def test_labels_are_whole_numbers(small: Small) -> None:
    pixels, labels = small
    for same in (labels.tolist(), labels.astype(np.uint8), labels == 1, labels.astype(np.int64)[::-1][::-1]):
        assert np.array_equal(xdomain.Dataset.from_arrays(pixels, same).labels, labels)
    for wrong in (labels * 1.7, [2**70] * 16, [None] * 16, ["1"] * 16):
        with pytest.raises(TypeError, match="labels are whole numbers"):
            xdomain.Dataset.from_arrays(pixels, wrong)
    for beyond in (2**32 + 1, -1):
        with pytest.raises(xdomain.InvalidArgument, match=f"a label {beyond} is not in"):
            xdomain.Dataset.from_arrays(pixels, [0] * 15 + [beyond])
    with pytest.raises(xdomain.InvalidArgument, match="256"):
        xdomain.Dataset.from_arrays(pixels, [0] * 15 + [256])
    assert xdomain._data._pairs_text({np.int64(0): 1}, (), ()) == "0:1"
    with pytest.raises(TypeError, match="a class is a whole number in .*, not 0.9"):
        xdomain.train(small, small, {0.9: 1}, **QUICK)
    with pytest.raises(xdomain.InvalidArgument, match="a class -1"):
        xdomain.train(small, small, [(-1, 1)], **QUICK)


def test_pairs_classes_of_the_same_names(small: Small, tmp_path: Path) -> None:
    one = write_folder(tmp_path / "one", small[0], ["light", "dark"] * 8)
    two = write_folder(tmp_path / "two", small[0], ["dark", "light", "a first one", "dark"] * 4)
    assert xdomain.train(one, two, **QUICK).pairing == "0:1,1:2"
    assert xdomain.train(one, two, "*:*", **QUICK).pairing == "*:*"
    assert xdomain.train(one, small[0], **QUICK).pairing == "*:*"
    with pytest.raises(ValueError, match="no class of domain 1 is called as one of domain 2: pairs says"):
        xdomain.train(one, small, **QUICK)
    assert xdomain.train(one, small, **{**QUICK, "directions": 0}).directions == ()


def test_pairs_pictures_of_one_file_name(small: Small, tool: Callable[..., str], tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    names = (["fox", "owl.b", "bat", "elk"], ["owl.b", "fox", "ant", "elk"])
    for folder, called in zip(folders, names):
        folder.mkdir()
        for name, picture in zip(called, small[0]):
            write_pgm(folder / f"{name}.pgm", picture)
    options = {**QUICK, "allow_collapse": 1, "mapping_batch": 2, "vae_batch": 2}
    settings = [f"--set={xdomain._options.option_name(name)}={value}" for name, value in options.items()]
    tool("train", "--domain1", folders[0], "--domain2", folders[1], "--out", tmp_path / "tool.xdm", "--no-valid", *settings)
    model = xdomain.train(*folders, **options)
    assert file_of(model, tmp_path) == (tmp_path / "tool.xdm").read_bytes()
    assert model.pairing == "0:0,1:1,2:2"
    assert model.domains[1].class_names == ("elk", "fox", "owl.b", "unpaired")
    assert xdomain.map(model, *folders, **options).pairing == "0:0,1:1,2:2"
    nameless = xdomain.train(*folders, "*:*", **options)
    assert nameless.pairing == "*:*"
    assert xdomain.map(nameless, *folders, **options).pairing == "0:0,1:1,2:2"
    with pytest.raises(xdomain.Error):
        xdomain.map(model, small[0][:4], write_folder(tmp_path / "three", small[0][:4], ["a"] * 4), **options)
    judge = xdomain.train_judge(small[0][:4], epochs=1, batch=2, base_channels=2, feature_dim=4, classes=4)
    assert xdomain.evaluate(model, *folders, judge)["pictures"] == 3
    for name in range(256):
        for folder in folders:
            write_pgm(folder / f"{name}.pgm", small[0][0])
    with pytest.raises(ValueError, match="the folders have 259 file names in common"):
        xdomain.train(*folders, **options)


def test_pairs_classes_that_are_called_by_numbers(small: Small, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, small[0], ["1", "2", "cat", "cat"] * 4)
    model = xdomain.train(folder, folder, {"2": "1", "1": "2"}, **QUICK)
    assert model.pairing == "1:0,0:1"
    judge = xdomain.train_judge(folder, epochs=1, batch=8, base_channels=2, feature_dim=4)
    assert xdomain.evaluate(model, folder, folder, judge)["pictures"] == 8


def test_unlabelled_is_no_class(small: Small, tool: Callable[..., str], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "few", small[0], ["light", "dark"] * 4 + ["unlabelled"] * 8)
    other = write_folder(tmp_path / "other", small[0], ["light", "dark"] * 8)
    settings = [f"--set={xdomain._options.option_name(name)}={value}" for name, value in QUICK.items()]
    tool("train", "--domain1", folder, "--domain2", other, "--out", tmp_path / "tool.xdm", "--no-valid", *settings)
    model = xdomain.train(folder, other, **QUICK)
    assert file_of(model, tmp_path) == (tmp_path / "tool.xdm").read_bytes()
    assert model.domains[0].class_names == ("dark", "light")
    mapped = xdomain.map(model, folder, other, **QUICK)
    assert mapped.report and mapped.report["unlabelled1"] > 0
    given = xdomain.train(folder, other, unlabelled1=small[0], **QUICK)
    assert given.properties["vae1.pictures"] == "24"
    judge = xdomain.train_judge(folder, epochs=1, batch=8, base_channels=2, feature_dim=4)
    assert judge.class_names == ("dark", "light")
    assert xdomain.evaluate(model, folder, other, judge)["pictures"] == 8
    drawing = xdomain.train_generator(model.vae(1), folder, steps=4, hidden_width=4, hidden_layers=1, batch=8)
    assert drawing.domains[0].class_names == ("dark", "light")


def test_reads_folders_as_they_are(small: Small, tmp_path: Path) -> None:
    for i, name in enumerate(("a/1.pgm", "a/2.pgm", "b/3.pgm")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_pgm(tmp_path / name, small[0][i])
    write_pgm(tmp_path / "b" / "4.pgm", small[0][3][:5])
    (tmp_path / "b" / "5.pgm").write_bytes(b"P5 nothing")
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(xdomain.Error, match="pgm"):
        xdomain.Dataset.from_folder(tmp_path)
    steps: list[int] = []
    found = xdomain.Dataset.from_folder(tmp_path, width=8, height=8, fit="pad", skip_bad=True,
                                        callback=lambda told: steps.append(told.step))
    assert found.picture_names == ("a/1.pgm", "a/2.pgm", "b/3.pgm", "b/4.pgm") and len(steps) == 5
    assert found.left_out[0] == "notes.txt" and "5.pgm" in found.left_out[1] and len(found.left_out) == 2
    assert np.array_equal(found[0][:, :, 0], small[0][0]) and found[3][0].max() == 0
    with pytest.raises(xdomain.Cancelled):
        xdomain.Dataset.from_folder(tmp_path, skip_bad=True, callback=lambda told: False)
    assert xdomain.Dataset.from_arrays(*small).picture_names[0] == ""


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are any bytes")
def test_tells_of_files_with_any_names(small: Small, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    names = tuple(os.fsdecode(b"a/caf\xe9" + end) for end in (b".pgm", b".txt"))
    write_pgm(tmp_path / names[0], small[0][0])
    (tmp_path / names[1]).write_text("no picture")
    found = xdomain.Dataset.from_folder(tmp_path)
    assert (found.picture_names, found.left_out) == (names[:1], names[1:])
    assert all((tmp_path / name).exists() for name in found.picture_names + found.left_out)


def test_maps_on_the_vaes_of_a_model(small: Small, tmp_path: Path) -> None:
    whole = xdomain.train(small, small, "0:1,1:0", **QUICK)
    vaes = xdomain.train(small, small, "0:1,1:0", **{**QUICK, "directions": 0})
    assert vaes.directions == ()
    again = xdomain.map(vaes, small, small, "0:1,1:0", **QUICK)
    assert file_of(again, tmp_path) == file_of(whole, tmp_path)
    other = xdomain.map(whole, small, small, "0:0", directions=1, **QUICK)
    assert other.directions == ("1to2",)


def file_of(model: xdomain.Model, folder: Path) -> bytes:
    model.save(folder / "model.xdm")
    return (folder / "model.xdm").read_bytes()


def test_a_callback_stops(small: Small) -> None:
    steps = 0

    def stop(told: xdomain.Progress) -> bool:
        nonlocal steps
        steps += 1
        return steps < 5

    with pytest.raises(xdomain.Cancelled):
        xdomain.train(small, small, "0:1,1:0", callback=stop, **QUICK)
    assert steps == 5

    def fail(told: xdomain.Progress) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        xdomain.train(small, small, "0:1,1:0", callback=fail, **QUICK)


@pytest.mark.parametrize("heard", [True, False])
def test_an_interrupt_stops(small: Small, heard: bool, tmp_path: Path) -> None:
    long = {**QUICK, "steps": 10_000_000}
    checkpoint = tmp_path / "checkpoint"

    def has_both_vaes() -> bool:
        try:
            return bool(xdomain.recover(checkpoint))
        except xdomain.NotFound:
            return False

    def interrupt() -> None:
        while not has_both_vaes():
            time.sleep(0.05)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        xdomain.train(small, small, "0:1,1:0", callback=(lambda told: None) if heard else None,
                      checkpoint=checkpoint, **long)
    thread.join()
    assert time.monotonic() - begun < 60
    assert xdomain.recover(checkpoint).domains[0].latent_dim == 2


def refuse(number: int, frame: object) -> None:
    raise TimeoutError("too long")


@contextmanager
def handled(number: int, handler: Callable[[int, Any], object]) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(number, before)


def test_what_a_signals_handler_raises_comes_out(small: Small) -> None:
    def raise_signal(told: xdomain.Progress) -> None:
        steps.append(told.step)
        if len(steps) == 3:
            signal.raise_signal(signal.SIGTERM)

    steps: list[int] = []
    with handled(signal.SIGTERM, refuse):
        with pytest.raises(TimeoutError, match="too long"):
            xdomain.train(small, small, "0:1,1:0", callback=raise_signal, **QUICK)
        assert len(steps) == 3 and signal.getsignal(signal.SIGTERM) is refuse
        signal.signal(signal.SIGTERM, lambda number, frame: steps.clear())  # one that does not raise stops nothing
        steps.clear()
        xdomain.train(small, small, "0:1,1:0", callback=raise_signal, **QUICK)
        assert steps


def test_a_callback_has_its_own_time_limit(small: Small) -> None:
    """What is raised within it, it may catch, also in a call of its own; the training goes on."""

    def limited(told: xdomain.Progress) -> None:
        steps.append(told.step)
        with pytest.raises(TimeoutError):
            signal.raise_signal(signal.SIGTERM)
            steps.append(-1)  # it would have gone on
        if len(steps) == 2:
            with pytest.raises(TimeoutError):
                xdomain.train(small, small, "0:1,1:0", callback=lambda told: signal.raise_signal(signal.SIGTERM), **QUICK)
            with pytest.raises(TimeoutError):
                signal.raise_signal(signal.SIGTERM)

    steps: list[int] = []
    with handled(signal.SIGTERM, refuse):
        assert xdomain.train(small, small, "0:1,1:0", callback=limited, **QUICK)
        assert len(steps) > 3 and -1 not in steps
        assert signal.getsignal(signal.SIGTERM) is refuse


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarms here")
@pytest.mark.parametrize("within", [False, True])
def test_a_time_limit_within_a_call_of_a_callback(small: Small, within: bool) -> None:
    """It stops the inner call where one runs, and comes out of that."""

    def nested(told: xdomain.Progress) -> None:
        told_of.append(told.step)
        if len(told_of) == 1:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(TimeoutError, match="too long"):
                if within:
                    xdomain.train(small, small, "0:1,1:0", **{**QUICK, "steps": 10_000_000})
                else:
                    time.sleep(60)

    told_of: list[int] = []
    with handled(signal.SIGALRM, refuse):
        assert xdomain.train(small, small, "0:1,1:0", callback=nested, **QUICK)
        assert len(told_of) > 1


def test_a_handler_that_replaces_itself_stays_replaced(small: Small) -> None:
    def ask_again(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def raise_signal(told: xdomain.Progress) -> None:
        signal.raise_signal(signal.SIGTERM)

    with handled(signal.SIGTERM, ask_again):
        xdomain.train(small, small, "0:1,1:0", callback=raise_signal, **QUICK)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_handler_raises_while_handlers_change(small: Small, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are not back in their place hand on what they hear."""

    def change_and_raise(number: int, handler: Any) -> Any:
        previous = change(number, handler)
        if number == signal.SIGINT and (moment == "before") == (handler is not refuse):
            signal.raise_signal(number)
        return previous

    change = signal.signal
    images = xdomain.Dataset.from_arrays(*small)
    with handled(signal.SIGTERM, refuse), handled(signal.SIGINT, refuse):
        monkeypatch.setattr(signal, "signal", change_and_raise)
        try:
            with pytest.raises(TimeoutError):
                images.matched(["0", "1"])
        finally:
            monkeypatch.undo()
        for number in (signal.SIGTERM, signal.SIGINT):
            with pytest.raises(TimeoutError):
                signal.raise_signal(number)


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarms here")
def test_a_signal_is_heard_between_callbacks(small: Small) -> None:
    """Python hears it before the first line of the callback, where no exception can be caught."""

    with handled(signal.SIGALRM, refuse):
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(TimeoutError, match="too long"):
            xdomain.train(small, small, "0:1,1:0", **{**QUICK, "steps": 10_000_000})


def test_warnings_are_logged(small: Small, caplog: pytest.LogCaptureFixture) -> None:
    images = xdomain.Dataset.from_arrays(*small)
    assert len(images.matched(["0"])) == 8
    assert [(one.name, one.levelname) for one in caplog.records] == [("xdomain", "WARNING")]
    assert "class '1'" in caplog.text
    caplog.clear()
    xdomain.train(images, images, "0:1,1:0", **QUICK)
    assert "both domains have the same pictures" in caplog.text
    caplog.clear()
    with pytest.raises(xdomain.NotFound):
        xdomain.Model.load("nowhere.xdm")
    assert not caplog.records  # what is raised is not told twice


def test_all_with_all_asks_for_no_class(small: Small, tmp_path: Path) -> None:
    names = ["light" if label else "dark" for label in small[1]]
    model = xdomain.train(write_folder(tmp_path / "set", small[0], names), small, "*:*", **QUICK)
    judge = xdomain.train_judge(small, **TINY)
    other = write_folder(tmp_path / "other", small[0], ["grey", "dark"] * 8)
    told: list[dict[str, float]] = []
    for source in (tmp_path / "set", other):
        told.append(xdomain.evaluate(model, source, small, judge))
    assert told[0]["pictures"] == told[1]["pictures"] == 16
    assert xdomain.map(model, other, small, "*:*", **QUICK).domains
    flat = tmp_path / "flat"
    flat.mkdir()
    for i, picture in enumerate(small[0]):
        write_pgm(flat / f"{i:02}.pgm", picture)
    assert xdomain.train(flat, small[0], validation1=other, validation2=small, **QUICK).report


TINY: dict[str, float] = dict(epochs=1, batch=8, base_channels=2)
CALLS_THAT_MAKE: dict[str, tuple[str, Callable[[xdomain.Dataset, Path], object]]] = {
    "xd_train": ("xd_model_release", lambda images, path: xdomain.train(images, images, "0:1", **QUICK)),
    "xd_train_vae": ("xd_encoder_release", lambda images, path: xdomain.train_vae(images, min_steps=0, **TINY)),
    "xd_judge_train": ("xd_judge_release", lambda images, path: xdomain.train_judge(images, **TINY)),
    "xd_dataset_load_folder": ("xd_dataset_release", lambda images, path: xdomain.Dataset.from_folder(path)),
    "xd_dataset_select": ("xd_dataset_release", lambda images, path: images.select([0])),
    "xd_model_load": ("xd_model_release", lambda images, path: xdomain.Model.load(DIGITS)),
    "xd_translator_load": ("xd_translator_destroy", lambda images, path: xdomain.Translator(DIGITS)),
    "xd_context_create": ("xd_context_destroy", lambda images, path: xdomain.Model.load(DIGITS)),
}
DIGITS = Path(os.environ["XDOMAIN_MODELS"]) / "digits.xdm"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_child_that_is_forked_in_a_training_hears_signals(small: Small) -> None:
    def fork() -> None:
        children.append(os.fork())
        if children[0] == 0:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(1)
            except TimeoutError:
                os._exit(3)
            os._exit(0)

    children: list[int] = []
    heard: list[xdomain.Progress] = []

    def begin(told: xdomain.Progress) -> bool:
        heard.append(told)
        if len(heard) == 1:
            threading.Thread(target=fork).start()
        return not children

    with handled(signal.SIGTERM, refuse):
        with pytest.raises(xdomain.Cancelled):
            xdomain.train(small, small, "0:1,1:0", callback=begin, **{**QUICK, "steps": 10_000_000})
        assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 3


@pytest.mark.parametrize("kind", [xdomain.Model, xdomain.Judge, xdomain.Dataset, xdomain.Vae])
@pytest.mark.parametrize("given", ["m.xdm", b"m.xdm", 5, None])
def test_what_other_calls_make_says_so(kind: Any, given: Any) -> None:
    with pytest.raises(TypeError, match=f"{kind.__name__} is not called to make one: .*(load|from_folder|train_vae)"):
        kind(given, given) if kind is xdomain.Vae else kind(given)


@pytest.mark.parametrize("name", CALLS_THAT_MAKE)
def test_an_interrupt_after_the_last_step(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    release, run = CALLS_THAT_MAKE[name]
    images = xdomain.Dataset.from_arrays(*small)
    write_pgm(tmp_path / "0.pgm", small[0][0])
    call, free = getattr(xdomain._library.lib, name), getattr(xdomain._library.lib, release)
    released: list[int] = []

    def call_and_interrupt(*arguments: object) -> int:
        status: int = call(*arguments)
        signal.raise_signal(signal.SIGINT)
        return status

    def count(pointer: int) -> None:
        released.append(pointer)
        free(pointer)

    monkeypatch.setattr(xdomain._library.lib, name, call_and_interrupt)
    monkeypatch.setattr(xdomain._library.lib, release, count)
    with pytest.raises(KeyboardInterrupt):
        run(images, tmp_path)
    gc.collect()  # frames that the exception has seen
    assert len(released) == 1  # what the call made had an owner


def test_goes_on_from_a_checkpoint(small: Small, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    whole = xdomain.train(small, small, "0:1,1:0", **QUICK)

    def stop(told: xdomain.Progress) -> bool:
        return not (told.stage == "mapping1" and told.step == 3)

    with pytest.raises(xdomain.Cancelled):
        xdomain.train(small, small, "0:1,1:0", callback=stop, checkpoint=checkpoint, **QUICK)
    assert xdomain.recover(checkpoint).domains == whole.domains
    with pytest.raises(xdomain.Error, match="checkpoint"):
        xdomain.train(small, small, "0:1,1:0", checkpoint=checkpoint, **QUICK)
    heard: list[xdomain.Progress] = []
    resumed = xdomain.train(small, small, "0:1,1:0", callback=heard.append, checkpoint=checkpoint, resume=True, **QUICK)
    assert (heard[0].stage, heard[0].step) == ("mapping1", 4)
    assert file_of(resumed, tmp_path) == file_of(whole, tmp_path)


def test_judges_and_measures(small: Small, digits: Path, tmp_path: Path) -> None:
    steps: list[int] = []
    judge = xdomain.train_judge(small, callback=lambda told: steps.append(told.step), epochs=2, batch=8,
                                base_channels=2, feature_dim=4)
    assert steps[0] == 1 and judge.report and "loss" in judge.report
    judge.save(tmp_path / "judge.xdc")
    model = xdomain.train(small, small, "0:1,1:0", **QUICK)
    measures = xdomain.evaluate(model, small, small, tmp_path / "judge.xdc")
    assert 0 <= measures["acc"] <= 1 and measures["pictures"] == 16
    assert measures == xdomain.evaluate(model, small, small, judge, pairs={0: 1, 1: 0})
    scores = {}

    def hear(told: xdomain.Progress) -> None:
        if told.validation:
            scores[told.stage] = told.validation["score"]

    xdomain.train(small, small, "0:1,1:0", validation1=small, validation2=small, allow_collapse=True, callback=hear,
                  judge1=tmp_path / "judge.xdc", judge2=judge, **QUICK)
    assert set(scores) == {"mapping1", "mapping2"}
    for wrong in (
        lambda: xdomain.train(small, small, "0:1", judge1=7, **QUICK),  # type: ignore[arg-type]
        lambda: xdomain.evaluate(model, small, small, model),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match="a Judge or the path of its file is wanted, not (int|Model)"):
            wrong()
    with pytest.raises(TypeError, match="a Model or the path of its file is wanted, not Judge"):
        xdomain.map(judge, small, small, "0:1", **QUICK)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a Vae is wanted, .* not Model"):
        xdomain.train_generator(model, small)  # type: ignore[arg-type]
    with pytest.raises(xdomain.Cancelled):
        xdomain.evaluate(model, small, small, judge, callback=lambda told: told.stage != "evaluation")


def test_options_are_the_library_s(small: Small) -> None:
    names = {option.name: option for option in xdomain.options()}
    assert names["vae.latent_dim"].most == 1024 and names["vae.latent_dim"].keyword == "vae_latent_dim"
    assert names["vae.likelihood"].choices == ("gaussian", "bernoulli")
    assert "mnist" in xdomain.presets()
    assert str(names["vae.likelihood"]).startswith("vae_likelihood = 0 (gaussian|bernoulli): ")
    for group, types in (("train", _option_types.TrainOptions), ("judge", _option_types.JudgeOptions),
                         ("vae", _option_types.VaeOptions), ("mapping", _option_types.MappingOptions)):
        typed = set(types.__annotations__)
        assert typed >= {option.keyword for option in xdomain.options(group)}
        for keyword in typed:
            try:  # each is known and means one thing, whether or not it may be 1
                xdomain._options.OptionSet(xdomain._library.Context(), group, {keyword: 1})
            except xdomain.InvalidArgument as refused:
                assert "cannot be 1" in str(refused)
    with pytest.raises(TypeError, match="did you mean steps"):
        xdomain.train(small, small, "0:1", stepps=5)
    with pytest.raises(xdomain.InvalidArgument, match="steps_per_pair"):
        xdomain.train(small, small, "0:1", steps_per_pair=0)
    for name, wrong in (("steps", None), ("vae1_epochs", [3]), ("mapping2_steps", None), ("seed", None)):
        with pytest.raises(TypeError, match=rf"{name} cannot be {re.escape(repr(wrong))}: it is [01] to \d+"):
            xdomain.train(small, small, "0:1", **{name: wrong})
    with pytest.raises(TypeError, match="did you mean steps"):
        xdomain.train(small, small, "0:1", stepps=None)
    for seed in (-1, 1.5, 2**53 + 1, np.int64(2**53 + 1), 2**64, 10**5000):
        with pytest.raises(xdomain.InvalidArgument, match="seed.* 0 to 9007199254740992"):
            xdomain.train_vae(small, seed=seed)
    model = xdomain.train(small, small, "0:1,1:0", **QUICK, vae2_likelihood="bernoulli", mapping1_linear_skip=True)
    assert "likelihood=bernoulli" in model.properties["vae2.options"].replace(" = ", "=")
