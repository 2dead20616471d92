"""Trainings and evaluations."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Mapping, cast

from . import _abi
from ._data import Dataset, Pairing, Pairs, Pictures, dataset
from ._library import Context, Values, Work, lib, path_bytes
from ._models import DIRECTIONS, Judge, Model, Path
from ._options import OptionSet, OptionValue
from ._pictures import choose
from ._progress import Callback, Progress, hook

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._option_types import EvaluationOptions, JudgeOptions, TrainOptions


def train(
    domain1: Pictures,
    domain2: Pictures,
    pairs: Pairs = None,
    *,
    callback: Callback | None = None,
    progress: bool = False,
    preset: str | None = None,
    validation1: Pictures | None = None,
    validation2: Pictures | None = None,
    judge1: Judge | None = None,
    judge2: Judge | None = None,
    name1: str | None = None,
    name2: str | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    threads: int | None = None,
    backend: str | None = None,
    **options: Unpack[TrainOptions],
) -> Model:
    """Trains a model between two sets of pictures.

    `domain1` and `domain2` are folders, the tool's texts for sets, arrays, (pictures, labels) or Datasets. `pairs`
    says which classes belong together: "0:5,1:6", {0: 5}, {"cat": "dog"} by the names of folders, or None for all
    with all. `options` are those of the library: xdomain.options() lists them; vae1_latent_dim is domain 1's alone.
    `preset` begins with the numbers of a known experiment (xdomain.presets()).

    `callback` hears a Progress after each step, and stops the training by returning False (xdomain.Cancelled) or by
    an exception, which comes out of train; so does Ctrl-C. `progress` shows a bar where tqdm is installed.

    With `checkpoint`, a path, the whole state of the training is kept there: once a minute, after each stage, and when
    it is stopped. The same call with `resume` goes on from it to the same model, byte for byte; without it a path
    where a file is is refused. xdomain.recover gives the model that a checkpoint already holds.
    """
    return _train(None, domain1, domain2, pairs, callback, progress, preset, (validation1, validation2),
                  (judge1, judge2), (name1, name2), (checkpoint, resume), threads, backend, _given(options))


def map(  # noqa: A001 - the library's word for it
    model: Model | Path,
    domain1: Pictures,
    domain2: Pictures,
    pairs: Pairs = None,
    *,
    callback: Callback | None = None,
    progress: bool = False,
    preset: str | None = None,
    validation1: Pictures | None = None,
    validation2: Pictures | None = None,
    judge1: Judge | None = None,
    judge2: Judge | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    threads: int | None = None,
    backend: str | None = None,
    **options: Unpack[TrainOptions],
) -> Model:
    """Trains new mappings on the VAEs of a model, which stay as they are: as xdomain.train, in seconds. Classes of
    the sets are those of the same names in the model."""
    start = model if isinstance(model, Model) else Model.load(model)
    return _train(start, domain1, domain2, pairs, callback, progress, preset, (validation1, validation2),
                  (judge1, judge2), (None, None), (checkpoint, resume), threads, backend, _given(options))


def recover(checkpoint: Path) -> Model:
    """The model that a training's checkpoint already holds: both VAEs and, of each mapping, the finished networks or
    the best of the validated steps. NotFound where not both VAEs are trained yet."""
    return Model(Context().make(lib.xd_train_recover, path_bytes(checkpoint)))


def _given(options: object) -> Mapping[str, OptionValue]:
    """Keyword arguments as they are: their types are for editors and type checkers."""
    return cast(Mapping[str, OptionValue], options)


def _train(
    start: Model | None,
    domain1: Pictures,
    domain2: Pictures,
    pairs: Pairs,
    function: Callback | None,
    progress: bool,
    preset: str | None,
    validations: tuple[Pictures | None, Pictures | None],
    judges: tuple[Judge | None, Judge | None],
    names: tuple[str | None, str | None],
    kept: tuple[Path | None, bool],
    threads: int | None,
    backend: str | None,
    options_given: Mapping[str, OptionValue],
) -> Model:
    context = Context(threads, backend)
    options = OptionSet(context, "train", options_given, preset)
    report = Values(context)
    sets = [dataset(domain1), dataset(domain2)]
    if start is not None:
        sets = [_matched(given, domain.class_names) for given, domain in zip(sets, start.domains)]
    class_names = [pictures.class_names for pictures in sets]
    pairing = Pairing(pairs, *class_names)
    others = [
        None if pictures is None else dataset(pictures).matched(names)
        for pictures, names in zip(validations, class_names)
    ]
    values = _abi.xd_train_input()
    lib.xd_train_input_init(ctypes.byref(values), ctypes.sizeof(values))
    values.pairing = pairing._pointer
    for i in range(2):
        values.set[i] = sets[i]._pointer
        values.validation[i] = _pointer(others[i])
        values.judge[i] = _pointer(judges[i])
        name = names[i]
        values.name[i] = None if name is None else name.encode()
    run = _run(kept)
    out = ctypes.c_void_p()
    with _Bar(progress) as bar, Work(context) as work:
        hooked, raised = _hook(_both(function, bar))
        run.callback = hooked
        if start is None:
            status = lib.xd_train(ctypes.byref(out), context._pointer, report._pointer, ctypes.byref(values),
                                  ctypes.byref(run), options._pointer)
        else:
            status = lib.xd_map(ctypes.byref(out), context._pointer, report._pointer, start._pointer,
                                ctypes.byref(values), ctypes.byref(run), options._pointer)
        work.check(status, raised)
    return Model(out.value or 0, report.read())


def _matched(pictures: Dataset, names: tuple[str, ...]) -> Dataset:
    """The set with the labels of a model's classes, where the model has names."""
    return pictures.matched(names) if any(names) else pictures


def _pointer(handle: Dataset | Judge | None) -> int | None:
    return None if handle is None else handle._pointer


def _run(kept: tuple[Path | None, bool]) -> Any:
    checkpoint, resume = kept
    run = _abi.xd_run()
    lib.xd_run_init(ctypes.byref(run), ctypes.sizeof(run))
    run.checkpoint = None if checkpoint is None else path_bytes(checkpoint)
    run.resume = int(resume)
    return run


def _hook(function: Callback | None) -> tuple[Any, list[BaseException]]:
    return hook(lambda: function)


def _both(function: Callback | None, bar: _Bar) -> Callback | None:
    if bar.bar is None:
        return function

    def call(told: Progress) -> object:
        bar.show(told)
        return function(told) if function else None

    return call


class _Bar:
    """tqdm's bar, where it is wanted and installed."""

    def __init__(self, wanted: bool) -> None:
        self.bar: Any = None
        if wanted:
            try:
                from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]
            except ImportError:
                return
            self.bar = tqdm(total=1000, bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}")

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, told: Progress) -> None:
        done = int(told.overall * 1000)
        if done > self.bar.n or told.step == told.steps:
            self.bar.set_description(told.stage)
            self.bar.update(max(0, done - self.bar.n))


def train_judge(
    pictures: Pictures,
    *,
    callback: Callback | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    threads: int | None = None,
    backend: str | None = None,
    **options: Unpack[JudgeOptions],
) -> Judge:
    """Trains a judge of a set of real pictures. Callback, checkpoint and resume are as in train."""
    context = Context(threads, backend)
    values = OptionSet(context, "judge", _given(options))
    report = Values(context)
    images = dataset(pictures)
    run = _run((checkpoint, resume))
    run.callback, raised = _hook(callback)
    out = ctypes.c_void_p()
    with Work(context) as work:
        work.check(
            lib.xd_judge_train(ctypes.byref(out), context._pointer, report._pointer, images._pointer,
                               ctypes.byref(run), values._pointer),
            raised,
        )
    return Judge(out.value or 0, report.read())


def evaluate(
    model: Model | Path,
    source: Pictures,
    target: Pictures,
    judge: Judge | Path,
    *,
    direction: str = "1to2",
    pairs: Pairs | None = None,
    callback: Callback | None = None,
    threads: int | None = None,
    backend: str | None = None,
    **options: Unpack[EvaluationOptions],
) -> dict[str, float]:
    """Measures a mapping: "acc", "div", "ediv", "fd" and more, by the names that the library's evaluation.h lists.

    `source` and `target` are pictures of the domains that the direction leaves and enters, their classes those of the
    same names in the model; `judge` knows the latter.
    `pairs` None takes the model's own. The callback hears a Progress after each batch.
    """
    context = Context(threads, backend)
    values = OptionSet(context, "evaluation", _given(options))
    measures = Values(context)
    loaded = model if isinstance(model, Model) else Model.load(model)
    judging = judge if isinstance(judge, Judge) else Judge.load(judge)
    number = choose(DIRECTIONS, "direction", direction)
    domains = loaded.domains if number == _abi.XD_DIRECTION_1TO2 else loaded.domains[::-1]
    sets = [_matched(dataset(pictures), domain.class_names) for pictures, domain in zip((source, target), domains)]
    pairing = Pairing(loaded.pairing if pairs is None else pairs, *(domain.class_names for domain in loaded.domains))

    hooked, raised = _hook(callback)
    given = _abi.xd_evaluation_input()
    lib.xd_evaluation_input_init(ctypes.byref(given), ctypes.sizeof(given))
    given.judge, given.pairing, given.callback = judging._pointer, pairing._pointer, hooked
    given.source, given.target = sets[0]._pointer, sets[1]._pointer
    with Work(context) as work:
        work.check(
            lib.xd_evaluate(context._pointer, measures._pointer, loaded._pointer, number, ctypes.byref(given),
                            values._pointer),
            raised,
        )
    return measures.read()
