"""What long calls tell of themselves."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Optional

from . import _abi
from ._library import Context, Work, c_callback, lib, read_values
from ._models import Model


@dataclass(frozen=True)
class Progress:
    """What a callback hears, of a training after each step."""

    #: "vae1", "vae2", "codes", "mapping1" (1 to 2), "mapping2", "judge", "evaluation", "set" or "translation".
    stage: str
    #: Within the stage, from 1 to steps.
    step: int
    steps: int
    #: Share of all the work that is done, 0..1.
    overall: float
    #: The losses of this step.
    losses: dict[str, float] = field(default_factory=dict)
    #: What was measured after this step, or None.
    validation: Optional[dict[str, float]] = None
    #: With a validation, the VAEs and the mapping that was measured, for previews by a Translator; while sets are
    #: encoded, the VAEs; else None.
    model: Optional[Model] = None


#: Hears a Progress, and stops the call by returning False (xdomain.Cancelled) or by an exception, which comes out of it.
Callback = Callable[[Progress], object]


def hook(listener: Callable[[], Optional[Callback]]) -> tuple[Any, list[BaseException]]:
    """The C callback that tells `listener()`, and the list of what that raised. Without a listener it is there all the
    same: it lets Python hear signals."""

    def call(pointer: Any) -> object:
        function = listener()
        return None if function is None else function(_progress(pointer.contents))

    return c_callback(_abi.xd_progress_callback, call)


def _progress(told: _abi.xd_progress) -> Progress:
    return Progress(
        lib.xd_stage_name(told.stage).decode(),
        told.step,
        told.steps,
        told.overall,
        read_values(told.losses),
        read_values(told.validation) if told.validation else None,
        Model(ctypes.c_void_p(lib.xd_model_retain(told.model))) if told.model else None,
    )


@contextmanager
def watched(
    context: Context, callback: Callback | None, progress: bool = False
) -> Iterator[tuple[Any, Callable[[int], None]]]:
    """A long call: gives the C callback, which tells `callback` and tqdm's bar, and what takes the call's status."""
    bar = _bar() if progress else None
    listener = callback if bar is None else _shown(bar, callback)
    hooked, raised = hook(lambda: listener)
    try:
        with Work(context) as work:
            yield hooked, lambda status: work.check(status, raised)
    finally:
        if bar is not None:
            bar.close()


def _bar() -> Any:
    """tqdm's bar, where it is installed."""
    try:
        from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return None
    return tqdm(total=1000, bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}")


def _shown(bar: Any, callback: Callback | None) -> Callback:
    def call(told: Progress) -> object:
        done = int(told.overall * 1000)
        if done > bar.n or told.step == told.steps:
            bar.set_description(told.stage)
            bar.update(max(0, done - bar.n))
        return callback(told) if callback else None

    return call
