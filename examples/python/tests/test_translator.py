from __future__ import annotations

import copy
import multiprocessing
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from conftest import write_pgm

import xdomain


def differences(one: np.ndarray, other: np.ndarray) -> int:
    """The largest difference of two arrays of bytes."""
    return int(np.abs(one.astype(int) - other).max())


def test_gives_the_bytes_of_the_tool(
    digits: Path, pictures: np.ndarray, tool: Callable[..., str], tmp_path: Path
) -> None:
    for i, picture in enumerate(pictures):
        write_pgm(tmp_path / f"{i}.pgm", picture)
    tool("translate", "--model", digits, "--seed", 7, "--temperature", 0.5, "--out", tmp_path / "out",
         *(tmp_path / f"{i}.pgm" for i in range(4)))
    pil = pytest.importorskip("PIL.Image")
    expected = np.array([np.asarray(pil.open(tmp_path / "out" / f"{i}.png")) for i in range(4)])
    result = xdomain.Translator(digits)(pictures, seed=7, temperature=0.5)
    assert result.dtype == np.uint8 and result.shape == (4, 28, 28)
    assert np.array_equal(result, expected)


def test_a_picture_has_the_noise_of_its_number(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits, max_batch=3)
    together = translate(pictures, seed=2)
    assert np.array_equal(translate(pictures[2], seed=2, first=2), together[2])
    assert np.array_equal(np.array(translate(list(pictures), seed=2)), together)
    assert not np.array_equal(translate(pictures[2], seed=3, first=2), together[2])
    back = xdomain.Translator(digits, "2to1")
    assert not np.array_equal(back(pictures, seed=2), together)


def test_reads_any_strides(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits)
    picture = pictures[1]
    expected = translate(picture, seed=1)
    wide = np.zeros((28, 56), np.uint8)
    wide[:, ::2] = picture
    planes = np.zeros((3, 28, 28), np.uint8)
    planes[:] = picture
    for view in (wide[:, ::2], picture[::-1][::-1], np.asfortranarray(picture), picture[:, ::-1].copy()[:, ::-1]):
        assert np.array_equal(translate(view, seed=1), expected)
    colour = translate(planes.transpose(1, 2, 0), seed=1)
    assert colour.shape == (28, 28, 1) and differences(colour[:, :, 0], expected) <= 1
    repeated = np.broadcast_to(picture[:, :, None], (28, 28, 3))
    assert np.array_equal(translate(repeated, seed=1), colour)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float16, np.float32])
def test_keeps_the_kind_of_samples(digits: Path, pictures: np.ndarray, kind: type) -> None:
    whole = {np.uint8: 255, np.uint16: 65535}.get(kind, 1)
    given = (pictures[0].astype(np.float64) / 255 * whole).astype(kind)
    result = xdomain.Translator(digits)(given, seed=1)
    assert result.dtype == kind
    expected = xdomain.Translator(digits)(pictures[0], seed=1) / 255
    assert np.abs(result.astype(np.float64) / whole - expected).max() < 0.02


def test_doubles_are_taken_as_floats(digits: Path, pictures: np.ndarray) -> None:
    result = xdomain.Translator(digits)(pictures[0] / 255.0, seed=1)
    assert result.dtype == np.float32


def test_writes_into_out(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits)
    expected = translate(pictures[:2], seed=1)
    canvas = np.zeros((40, 60, 3), np.uint8)
    place = canvas[5:33, 50:22:-1]
    assert translate(pictures[0], seed=1, out=place) is place
    assert np.array_equal(canvas[5:33, 50:22:-1, 2], expected[0])
    assert canvas[:5].sum() == 0 and canvas[:, :23].sum() == 0
    batch = np.zeros((2, 28, 28), np.uint8)
    assert translate(pictures[:2], seed=1, out=batch) is batch and np.array_equal(batch, expected)
    rooms = [np.zeros((28, 28), np.uint8), np.zeros((28, 28), np.uint8)]
    assert translate(list(pictures[:2]), seed=1, out=rooms) is rooms and np.array_equal(rooms[1], expected[1])
    same = pictures[0].copy()
    assert np.array_equal(translate(same, seed=1, out=same), expected[0])
    assert translate(list(pictures[:2]), seed=1, out=batch[::-1]) is not batch
    assert np.array_equal(batch[::-1], expected)


def test_takes_whatever_gives_pictures(digits: Path, pictures: np.ndarray) -> None:
    pil = pytest.importorskip("PIL.Image")
    translate = xdomain.Translator(digits)
    expected = translate(pictures, seed=1)
    mixed = translate((pil.fromarray(p) if i % 2 else p for i, p in enumerate(pictures)), seed=1)
    assert [type(result) for result in mixed] == [np.ndarray, pil.Image] * 2
    assert all(np.array_equal(np.asarray(result), one) for result, one in zip(mixed, expected))
    assert np.array_equal(translate.encode(tuple(pictures)), translate.encode(pictures))


def test_a_callback_hears_of_batches(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits, max_batch=3)
    many = np.repeat(pictures, 2, axis=0)
    heard: list[xdomain.Progress] = []
    expected = translate(many, seed=1, callback=heard.append)
    assert [(told.stage, told.step, told.steps) for told in heard] == [("translation", n, 8) for n in (3, 6, 8)]
    assert heard[-1].overall == 1 and heard[-1].model is None and heard[-1].losses == {}
    codes = translate.encode(many, callback=heard.append)
    translate.decode(translate.generate(codes, callback=heard.append), callback=heard.append)
    assert len(heard) == 12
    with pytest.raises(xdomain.Cancelled):
        translate(many, callback=lambda told: told.step < 6)
    with pytest.raises(xdomain.Cancelled):
        translate(many, callback=lambda told: np.less(told.step, 6))
    for answer in (None, 0, np.True_, np.zeros(2, bool)):
        translate(many, callback=lambda told, answer=answer: answer)

    def fail(told: xdomain.Progress) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        translate(many, callback=fail)
    assert np.array_equal(translate(many, seed=1), expected)


def test_a_callback_cannot_call_its_translator(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits)
    wide = np.zeros((30, 30), np.uint8)
    for call in (lambda told: translate.encode(pictures), lambda told: translate(wide, fit="pad"),
                 lambda told: translate.decode(np.zeros(translate.target_dim))):
        with pytest.raises(RuntimeError, match="make it another"):
            translate(pictures, callback=call)
    other = xdomain.Translator(digits)
    codes: list[np.ndarray] = []
    translate(pictures, callback=lambda told: codes.append(other.encode(pictures)))
    assert np.array_equal(codes[0], translate.encode(pictures))


def test_an_interrupt_stops_a_translation(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits, max_batch=1)
    heard: list[int] = []

    def interrupt(told: xdomain.Progress) -> None:
        heard.append(told.step)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        translate(pictures, callback=interrupt)
    assert heard == [1]
    assert translate(pictures).shape == (4, 28, 28)


def test_refuses_what_it_cannot_take(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits)
    with pytest.raises(xdomain.ShapeMismatch, match="27"):
        translate(pictures[0][:27])
    with pytest.raises(TypeError, match="int64"):
        translate(pictures[0].astype(np.int64))
    with pytest.raises(TypeError, match="str"):
        translate(["picture.png"])
    with pytest.raises(ValueError, match="room for 1"):
        translate(list(pictures[:2]), out=[np.zeros((28, 28), np.uint8)])
    with pytest.raises(TypeError, match="out .*float64"):
        translate(pictures[0], out=np.zeros((28, 28)))
    with pytest.raises(TypeError, match="out .*bytearray"):
        translate(pictures[0], out=bytearray(784))
    with pytest.raises(ValueError, match="translates pictures"):
        translate.draw(3)
    frozen = np.zeros((28, 28), np.uint8)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        translate(pictures[0], out=frozen)
    with pytest.raises(xdomain.BadData):
        translate(np.full((28, 28), np.nan, np.float32))
    with pytest.raises(ValueError, match="sideways"):
        xdomain.Translator(digits, "sideways")
    with pytest.raises(ValueError, match="shrink"):
        translate(pictures[0], fit="shrink")
    assert translate(np.zeros((0, 28, 28), np.uint8)).shape == (0, 28, 28)
    assert translate([]) == []


def test_fits_other_sizes(digits: Path) -> None:
    translate = xdomain.Translator(digits)
    given = np.zeros((56, 100), np.uint8)
    given[20:36, 40:60] = 255
    for fit in ("stretch", "pad", "crop"):
        assert translate(given, fit=fit).shape == (28, 28)
    assert not np.array_equal(translate(given, fit="pad"), translate(given, fit="crop"))


def test_alpha(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits)
    rgba = np.zeros((28, 28, 4), np.uint8)
    rgba[:, :, :3] = pictures[0][:, :, None]
    rgba[:, :, 3] = 128
    rgba[:14, :, 3] = 255
    carried = translate(rgba, alpha="carry")
    assert carried.shape == (28, 28, 2) and np.array_equal(carried[:, :, 1], rgba[:, :, 3])
    assert np.array_equal(translate(rgba, alpha="ignore"), translate(pictures[0][:, :, None]))
    assert not np.array_equal(translate(rgba), translate(rgba, alpha="ignore"))


def test_steps_make_a_translation(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits, max_batch=3)
    codes = translate.encode(pictures)
    assert codes.shape == (4, translate.source_dim) and codes.dtype == np.float32
    assert np.array_equal(translate.encode(pictures[2]), codes[2])
    made = translate.generate(codes, seed=2, temperature=0.5)
    assert made.shape == (4, translate.target_dim)
    assert np.array_equal(translate.generate(codes[2], seed=2, temperature=0.5, first=2), made[2])
    results = translate.decode(made)
    assert np.array_equal(results, translate(pictures, seed=2, temperature=0.5))
    floats = translate.decode(made[1], dtype=np.float32)
    assert floats.shape == (28, 28) and np.array_equal(np.rint(floats * 255).astype(np.uint8), results[1])


def test_generates_with_the_noise_that_is_given(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits)
    codes = translate.encode(list(pictures))
    noise = np.random.default_rng(1).normal(size=(4, translate.target_dim))
    made = translate.generate(codes, noise=noise, seed=1)
    assert np.array_equal(translate.generate(codes[3], noise=noise[3], seed=9), made[3])
    assert not np.array_equal(translate.generate(codes[3], noise=noise[2]), made[3])
    with pytest.raises(ValueError, match="noise for 2"):
        translate.generate(codes, noise=noise[:2])
    with pytest.raises(ValueError, match="codes of shape"):
        translate.decode(np.zeros((2, translate.target_dim + 1)))
    with pytest.raises(TypeError, match="int32"):
        translate.decode(made, dtype=np.int32)
    with pytest.raises(xdomain.NumericError):
        translate.decode(np.full(translate.target_dim, np.nan))


def test_interpolates_codes() -> None:
    way = xdomain.interpolate([1, 0], [0, 2], [0, 0.5, 1])
    assert way.dtype == np.float32 and np.allclose(way, [[1, 0], [1.5 / 2**0.5] * 2, [0, 2]], atol=1e-6)
    assert np.array_equal(xdomain.interpolate([1, 0], [0, 2], 0.5), way[1])
    with pytest.raises(ValueError, match="one size"):
        xdomain.interpolate([1, 0], [1, 0, 0], 0.5)
    with pytest.raises(xdomain.InvalidArgument, match="position"):
        xdomain.interpolate([1, 0], [0, 1], 2)


def test_pil_images_give_pil_images(digits: Path, pictures: np.ndarray) -> None:
    pil = pytest.importorskip("PIL.Image")
    translate = xdomain.Translator(digits)
    expected = translate(pictures[0], seed=4)
    for mode in ("L", "RGB", "RGBA", "P", "1", "I;16"):
        image = pil.fromarray(pictures[0].astype(np.uint16) * 257) if mode == "I;16" else \
            pil.fromarray(pictures[0]).convert(mode)
        result = translate(image, seed=4)
        assert isinstance(result, pil.Image) and result.size == (28, 28)
        if mode == "I;16":
            assert result.mode == mode and differences(np.rint(np.asarray(result) / 257), expected) == 0
        elif mode not in ("1", "P"):
            # The weights of grey from colour do not add up to 1 exactly.
            assert differences(np.asarray(result), expected) <= (1 if "RGB" in mode else 0)
    results = translate([pil.fromarray(p) for p in pictures], seed=4)
    assert len(results) == 4 and np.array_equal(np.asarray(results[0]), expected)


def test_a_transparent_value_of_a_pil_image_is_alpha(digits: Path, pictures: np.ndarray, tmp_path: Path) -> None:
    pil = pytest.importorskip("PIL.Image")

    class Plugin(pil.Image):  # as of a format that a package registers
        pass

    grey = np.clip(pictures[0], 1, 255)
    grey[:, :9] = 200
    for image, key in ((pil.fromarray(grey), 200), (pil.fromarray(grey).convert("RGB"), (200, 200, 200)),
                       (pil.fromarray(grey > 99), 1)):
        image.save(tmp_path / "one.png", transparency=key)
        with pil.open(tmp_path / "one.png") as read:
            of_file = xdomain.Dataset.from_folder(tmp_path, channels=1)[0]
            assert read.mode == image.mode and not of_file[:, :9].any()
            assert differences(xdomain.Dataset.from_arrays([read]).fitted(channels=1)[0], of_file) <= 1
            assert np.asarray(xdomain.Translator(digits)(read, alpha="carry"))[0, 0, -1] == 0
    registered = Plugin()
    registered.__dict__.update(pil.fromarray(pictures[0]).__dict__)
    assert np.array_equal(np.asarray(xdomain.Translator(digits)(registered)), xdomain.Translator(digits)(pictures[0]))


def test_arrays_of_the_other_byte_order_are_read(digits: Path, pictures: np.ndarray) -> None:
    translate, wide = xdomain.Translator(digits), pictures[0].astype(np.uint16) * 257
    assert np.array_equal(translate(wide.astype(wide.dtype.newbyteorder())), translate(wide))


def test_premultiplied_grey_is_read(digits: Path) -> None:
    picture = pytest.importorskip("PIL.Image").new("LA", (28, 28), (200, 128))
    translate = xdomain.Translator(digits)
    assert translate(picture.convert("La")).tobytes() == translate(picture.convert("La").convert("LA")).tobytes()


def test_wide_pil_images_are_not_clipped(digits: Path, pictures: np.ndarray) -> None:
    pil = pytest.importorskip("PIL.Image")
    translate = xdomain.Translator(digits)
    ints = pictures[0].astype(np.int32) * 257
    result = translate(pil.fromarray(ints), seed=4)
    assert pil.fromarray(ints).mode == "I" and result.mode == "I;16"
    assert np.array_equal(np.asarray(result), translate(ints.astype(np.uint16), seed=4))
    floats = pictures[0].astype(np.float32) / 255
    assert pil.fromarray(floats).mode == "F"
    assert np.array_equal(translate.encode(pil.fromarray(floats)), translate.encode(floats))
    assert translate(pil.fromarray(floats), seed=4).mode == "L"
    assert np.array_equal(xdomain.Dataset.from_arrays([pil.fromarray(ints)])[0][:, :, 0], pictures[0])
    ints[0, 0], floats[0, 0] = 65536, 1.5
    for wrong, message in ((ints, r"'I' is of values in 0..65535, not in 0..65536"), (-ints, "not in -65536..0"),
                           (floats, r"'F' is of values in 0..1, not in 0..1\.5"), (-floats, r"not in -1\.5..-?0")):
        with pytest.raises(xdomain.InvalidArgument, match=message):
            translate(pil.fromarray(wrong))
    floats[0, 0] = np.nan
    with pytest.raises(xdomain.BadData):
        translate(pil.fromarray(floats))


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_beyond_their_range_are_not_clipped(digits: Path, pictures: np.ndarray, kind: type) -> None:
    translate = xdomain.Translator(digits)
    floats = (pictures / 255).astype(kind)
    assert differences(xdomain.Dataset.from_arrays(floats).pictures[..., 0], pictures) == 0
    assert translate(floats).shape == floats.shape
    for wrong, words in ((pictures.astype(kind), r"0\.\.255"), (2 * floats - 1, r"-1\.\.1"), (floats / 0.5, r"0\.\.2")):
        message = rf"an array of {np.dtype(kind)} is of values in 0\.\.1, not in {words}$"
        for take in (translate, translate.encode, xdomain.Dataset.from_arrays, xdomain.sheet,
                     lambda given: translate(list(given)), lambda given: xdomain.train_vae(given)):
            with pytest.raises(xdomain.InvalidArgument, match=message):
                take(wrong)
    over = np.nextafter(np.array(1, kind), np.array(2, kind))  # rounding is taken
    assert translate(np.full((28, 28), over, kind)).shape == (28, 28)
    mixed = np.full((28, 28), 200, kind)
    mixed[0, 0] = np.nan
    with pytest.raises(xdomain.InvalidArgument, match="0..1"):
        xdomain.Dataset.from_arrays(mixed[None])


def test_numbers_do_not_wrap(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits)
    codes = translate.encode(pictures)
    most = 2**64 - 1
    for call, given in ((translate, pictures), (translate.generate, codes)):
        for name in ("seed", "first"):
            for beyond in (-1, 2**64, 10**5000):
                with pytest.raises(xdomain.InvalidArgument, match=rf"{name} .* is not in 0\.\.{most}"):
                    call(given, **{name: beyond})
            for wrong in (1.5, None, "1"):
                with pytest.raises(TypeError, match=f"{name} is a whole number"):
                    call(given, **{name: wrong})
        with pytest.raises(TypeError, match="temperature is a number, not 'hot'"):
            call(given, temperature="hot")
        with pytest.raises(xdomain.InvalidArgument, match="temperature"):
            call(given, temperature=10**400)
    assert translate(pictures[0], seed=most).shape == (28, 28)
    assert np.array_equal(translate(pictures, seed=np.uint8(3)), translate(pictures, seed=3))
    for name, beyond in (("threads", 2**32 + 1), ("threads", -1), ("max_batch", 2**32 + 1), ("max_batch", 0)):
        with pytest.raises(xdomain.InvalidArgument, match=f"{name} {beyond} is not in"):
            xdomain.Translator(digits, **{name: beyond})
    with pytest.raises(xdomain.InvalidArgument, match=r"domain -1 is not in 1\.\.2"):
        xdomain.Model.load(digits).vae(-1)
    for name in ("columns", "scale", "gap"):
        with pytest.raises(xdomain.InvalidArgument, match=f"{name} -1"):
            xdomain.sheet(pictures, **{name: -1})


def test_threads_share_a_model(digits: Path, pictures: np.ndarray) -> None:
    model = xdomain.Model.load(digits)
    expected = xdomain.Translator(digits)(pictures, seed=9)
    shared = xdomain.Translator(model)
    results: list[np.ndarray] = []

    def work(translate: xdomain.Translator) -> None:
        for _ in range(3):
            results.append(translate(pictures, seed=9))

    translators = [xdomain.Translator(model), xdomain.Translator(model), shared, shared]
    threads = [threading.Thread(target=work, args=(translate,)) for translate in translators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12 and all(np.array_equal(result, expected) for result in results)


def _translated(job: tuple[xdomain.Translator, np.ndarray]) -> np.ndarray:
    translate, pictures = job
    return translate(pictures, seed=5)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_goes_to_other_processes(digits: Path, pictures: np.ndarray, method: str) -> None:
    translate = xdomain.Translator(digits, threads=2)
    expected = translate(pictures, seed=5)
    with multiprocessing.get_context(method).Pool(2) as pool:
        for result in pool.map(_translated, [(translate, pictures)] * 2):
            assert np.array_equal(result, expected)


class Named(xdomain.Translator):
    pass


def test_a_kind_of_translators_stays_one(digits: Path) -> None:
    assert type(pickle.loads(pickle.dumps(Named(digits)))) is Named


def _in_child(translate: xdomain.Translator, pictures: np.ndarray, to: object) -> None:
    to.put(translate(pictures, seed=5))  # type: ignore[attr-defined]


def test_goes_through_a_fork(digits: Path, pictures: np.ndarray) -> None:
    fork = multiprocessing.get_context("fork")
    translate = xdomain.Translator(digits, threads=2)
    expected = translate(pictures, seed=5)
    answers = fork.Queue()
    child = fork.Process(target=_in_child, args=(translate, pictures, answers))
    child.start()
    assert np.array_equal(answers.get(timeout=60), expected)
    child.join()
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(xdomain.Translator(xdomain.Model.load(digits)))


def test_handles_have_one_owner(digits: Path, pictures: np.ndarray) -> None:
    model = xdomain.Model.load(digits)
    for handle in (model, model.vae(1), xdomain.Dataset.from_arrays(pictures), xdomain.Translator(digits)._context):
        for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match=f"a {type(handle).__name__} cannot be pickled or copied: .* its file"):
                duplicate(handle)
    again = copy.copy(xdomain.Translator(digits))
    assert np.array_equal(again(pictures, seed=5), xdomain.Translator(digits)(pictures, seed=5))


def test_an_exit_leaves_calls_alone(digits: Path) -> None:
    program = """
import ctypes, sys, threading
import numpy as np
import xdomain
translate = xdomain.Translator(sys.argv[1], max_batch=1)
many = np.zeros((20000, 28, 28), np.uint8)
begun = threading.Event()
threading.Thread(target=translate, args=(many,), kwargs={"callback": lambda told: begun.set()}, daemon=True).start()
begun.wait()
xdomain._library.Handle(ctypes.c_void_p(1), lambda pointer: print("destroyed"))
kept = xdomain._library.Handle(ctypes.c_void_p(2), lambda pointer: print("destroyed at exit"))
"""
    done = subprocess.run([sys.executable, "-c", program, str(digits)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "destroyed\n", "")


def test_objects_die_in_any_order(digits: Path, pictures: np.ndarray) -> None:
    model = xdomain.Model.load(digits)
    translate = xdomain.Translator(model)
    expected = translate(pictures[0])
    del model
    assert np.array_equal(translate(pictures[0]), expected)
    context = translate._context
    del translate
    assert context.backend


def test_lets_the_gil_go(digits: Path, pictures: np.ndarray) -> None:
    translate = xdomain.Translator(digits)
    many = np.repeat(pictures, 64, axis=0)
    counted = 0
    done = threading.Event()

    def work() -> None:
        for _ in range(4):
            translate(many)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    # With the GIL held in translations, waits would come back only between them.
    while not done.wait(0.0005):
        counted += 1
    thread.join()
    assert counted > 8
