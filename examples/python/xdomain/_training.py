"""Trainings and evaluations."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Mapping, cast

import numpy as np
import numpy.typing as npt

from . import _abi
from ._data import Dataset, Pairing, Pairs, Pictures, dataset, find_pairs, named_as, without_unlabelled
from ._library import Context, Values, initialised, lib, path_bytes, text_bytes
from ._models import DIRECTIONS, Judge, Model, Path, Vae, loaded
from ._options import OptionSet, OptionValue
from ._pictures import choose
from ._progress import Callback, watched

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._option_types import EvaluationOptions, JudgeOptions, MappingOptions, TrainOptions, VaeOptions


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
    judge1: Judge | Path | None = None,
    judge2: Judge | Path | None = None,
    unlabelled1: Pictures | None = None,
    unlabelled2: Pictures | None = None,
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
    says which classes belong together: "0:5,1:6", {0: 5}, {"cat": "dog"} by the names of folders, "*:*" for all with
    all, or None for classes of the same name. Of folders without sub-folders, None pairs the pictures whose files have
    one name, each a class of its own; sets that have neither labels nor file names in common are paired all with all.
    `options` are those of the library: xdomain.options() lists them; vae1_latent_dim is domain 1's alone. `preset` begins
    with the numbers of a known experiment (xdomain.presets()), or with a third or three times the steps: "quick", "best".
    `judge1` and `judge2`, of which validations take one, are Judges or the paths of their files.

    `unlabelled1` and `unlabelled2` are further pictures of each domain, whose labels are not read: with them, ten
    labelled ones of a class can be enough. Without them, those of a sub-folder "unlabelled" are taken.

    `callback` hears a Progress after each step, and stops the training by returning False (xdomain.Cancelled) or by
    an exception, which comes out of train; so does Ctrl-C. `progress` shows a bar where tqdm is installed.

    With `checkpoint`, a path, the whole state of the training is kept there: once a minute, after each stage, and when
    it is stopped; it stays when all is trained. The same call with `resume` goes on from it to the same model, byte for
    byte; without it a path where a file is is refused. xdomain.recover gives the model that a checkpoint already holds.
    """
    return _train(None, domain1, domain2, pairs, callback, progress, preset, (validation1, validation2),
                  (judge1, judge2), (unlabelled1, unlabelled2), (name1, name2), (checkpoint, resume), threads, backend, _given(options))


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
    judge1: Judge | Path | None = None,
    judge2: Judge | Path | None = None,
    unlabelled1: Pictures | None = None,
    unlabelled2: Pictures | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    threads: int | None = None,
    backend: str | None = None,
    **options: Unpack[TrainOptions],
) -> Model:
    """Trains new mappings on the VAEs of a model, which stay as they are: as xdomain.train, in minutes. Classes of
    the sets are those of the same names in the model."""
    start = loaded(Model, model)
    return _train(start, domain1, domain2, pairs, callback, progress, preset, (validation1, validation2),
                  (judge1, judge2), (unlabelled1, unlabelled2), (None, None), (checkpoint, resume), threads, backend, _given(options))


def recover(checkpoint: Path) -> Model:
    """The model that a training's checkpoint already holds: both VAEs and, of each mapping, the finished networks or
    the best of the validated steps. NotFound where not both VAEs are trained yet."""
    return Context().make(Model, lib.xd_train_recover, path_bytes(checkpoint))


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
    judges: tuple[Judge | Path | None, Judge | Path | None],
    unlabelled: tuple[Pictures | None, Pictures | None],
    names: tuple[str | None, str | None],
    kept: tuple[Path | None, bool],
    threads: int | None,
    backend: str | None,
    options_given: Mapping[str, OptionValue],
) -> Model:
    context = Context(threads, backend)
    options = OptionSet(context, "train", options_given, preset)
    report = Values(context)
    sets, apart = zip(*(without_unlabelled(dataset(pictures)) for pictures in (domain1, domain2)))
    if start is not None:
        sets = tuple(named_as(given, domain.class_names, pairs) for given, domain in zip(sets, start.domains))
    if pairs is None and options_given.get("directions") != 0:
        sets, pairs = find_pairs(sets, start is not None)
    if pairs is None:
        pairs = "*:*"
    class_names = [pictures.class_names for pictures in sets]
    pairing = Pairing(pairs, *class_names)
    known = [None if judge is None else loaded(Judge, judge) for judge in judges]
    others = [
        None if pictures is None else named_as(without_unlabelled(dataset(pictures))[0], names, pairs)
        for pictures, names in zip(validations, class_names)
    ]
    more = [found if pictures is None else dataset(pictures) for pictures, found in zip(unlabelled, apart)]
    values = initialised(_abi.xd_train_input)
    values.pairing = pairing._pointer
    for i in range(2):
        values.set[i] = sets[i]._pointer
        values.validation[i] = _pointer(others[i])
        values.judge[i] = _pointer(known[i])
        values.unlabelled[i] = _pointer(more[i])
        name = names[i]
        values.name[i] = None if name is None else text_bytes(name)
    out = ctypes.c_void_p()
    run = _run(*kept)
    with watched(context, function, progress) as (run.callback, check):
        if start is None:
            status = lib.xd_train(ctypes.byref(out), context._pointer, report._pointer, ctypes.byref(values),
                                  ctypes.byref(run), options._pointer)
        else:
            status = lib.xd_map(ctypes.byref(out), context._pointer, report._pointer, start._pointer,
                                ctypes.byref(values), ctypes.byref(run), options._pointer)
        check(status)
        return Model(out, report.read())


def _pointer(handle: Dataset | Judge | None) -> int | None:
    return None if handle is None else handle._pointer


def _run(checkpoint: Path | None, resume: bool) -> Any:
    run = initialised(_abi.xd_run)
    run.checkpoint = None if checkpoint is None else path_bytes(checkpoint)
    run.resume = int(resume)
    return run


def train_vae(
    pictures: Pictures,
    *,
    callback: Callback | None = None,
    progress: bool = False,
    checkpoint: Path | None = None,
    resume: bool = False,
    threads: int | None = None,
    backend: str | None = None,
    **options: Unpack[VaeOptions],
) -> Vae:
    """Trains one VAE on all of the pictures, without their labels. Callback, progress, checkpoint and resume are as in train."""
    context = Context(threads, backend)
    values = OptionSet(context, "vae", _given(options))
    report = Values(context)
    images = dataset(pictures)
    encoder, decoder = ctypes.c_void_p(), ctypes.c_void_p()
    run = _run(checkpoint, resume)
    with watched(context, callback, progress) as (run.callback, check):
        check(lib.xd_train_vae(ctypes.byref(encoder), ctypes.byref(decoder), context._pointer, report._pointer,
                               images._pointer, ctypes.byref(run), values._pointer))
        return Vae(encoder, decoder, report.read())


def train_generator(
    vae: Vae,
    pictures: Pictures,
    vectors: npt.ArrayLike | None = None,
    *,
    name: str | None = None,
    callback: Callback | None = None,
    progress: bool = False,
    threads: int | None = None,
    backend: str | None = None,
    **options: Unpack[MappingOptions],
) -> Model:
    """Trains a generator of pictures from conditions, on a VAE of theirs (xdomain.train_vae, Model.vae): from the
    pictures' classes, or from `vectors`, a row of numbers of the order of 1 for each picture. It takes little time.

    A Translator of the model draws: `draw("cat", seed=1)` by class, `decode(generate(rows))` by vectors.
    """
    context = Context(threads, backend)
    values = OptionSet(context, "mapping", _given(options))
    report = Values(context)
    if not isinstance(vae, Vae):
        raise TypeError(f"a Vae is wanted, as Model.vae gives it, not {type(vae).__name__}")
    images = dataset(pictures)
    if vectors is None:
        images = without_unlabelled(images)[0]
    given = initialised(_abi.xd_generator_input)
    given.encoder, given.decoder, given.set = vae._pointer, vae._decoder._pointer, images._pointer
    given.name = None if name is None else text_bytes(name)
    rows = None if vectors is None else np.ascontiguousarray(vectors, np.float32)
    if rows is not None:
        if rows.ndim != 2 or len(rows) != len(images):
            raise ValueError(f"{len(images)} pictures need as many rows, not vectors of shape {list(rows.shape)}")
        given.vectors, given.vector_dim = rows.ctypes.data, rows.shape[1]
    out = ctypes.c_void_p()
    run = _run(None, False)
    with watched(context, callback, progress) as (run.callback, check):
        check(lib.xd_train_generator(ctypes.byref(out), context._pointer, report._pointer, ctypes.byref(given),
                                     ctypes.byref(run), values._pointer))
        return Model(out, report.read())


def train_judge(
    pictures: Pictures,
    *,
    callback: Callback | None = None,
    progress: bool = False,
    checkpoint: Path | None = None,
    resume: bool = False,
    threads: int | None = None,
    backend: str | None = None,
    **options: Unpack[JudgeOptions],
) -> Judge:
    """Trains a judge of a set of real pictures, without those of a sub-folder "unlabelled". Callback, progress,
    checkpoint and resume are as in train."""
    context = Context(threads, backend)
    values = OptionSet(context, "judge", _given(options))
    report = Values(context)
    images = without_unlabelled(dataset(pictures))[0]
    out = ctypes.c_void_p()
    run = _run(checkpoint, resume)
    with watched(context, callback, progress) as (run.callback, check):
        check(lib.xd_judge_train(ctypes.byref(out), context._pointer, report._pointer, images._pointer,
                                 ctypes.byref(run), values._pointer))
        return Judge(out, report.read())


def evaluate(
    model: Model | Path,
    source: Pictures,
    target: Pictures,
    judge: Judge | Path,
    *,
    direction: str = "1to2",
    pairs: Pairs | None = None,
    callback: Callback | None = None,
    progress: bool = False,
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
    whole, judging = loaded(Model, model), loaded(Judge, judge)
    number = choose(DIRECTIONS, "direction", direction)
    domains = whole.domains if number == _abi.XD_DIRECTION_1TO2 else whole.domains[::-1]
    labelled = (without_unlabelled(dataset(pictures))[0] for pictures in (source, target))
    wanted = whole.pairing if pairs is None else pairs
    sets = [named_as(pictures, domain.class_names, wanted) for pictures, domain in zip(labelled, domains)]
    names = [domain.class_names for domain in whole.domains]
    pairing = Pairing(whole.pairing) if pairs is None else Pairing(pairs, *names)  # the model's are numbers

    given = initialised(_abi.xd_evaluation_input)
    given.judge, given.pairing = judging._pointer, pairing._pointer
    given.source, given.target = sets[0]._pointer, sets[1]._pointer
    with watched(context, callback, progress) as (given.callback, check):
        check(lib.xd_evaluate(context._pointer, measures._pointer, whole._pointer, number, ctypes.byref(given),
                              values._pointer))
    return measures.read()
