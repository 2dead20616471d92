"""The options of trainings and evaluations: the library's own table."""

from __future__ import annotations

import ctypes
import difflib
import re
from dataclasses import dataclass
from typing import Mapping, Union

import numpy as np

from . import _abi
from ._library import Context, Handle, InvalidArgument, initialised, lib, shown, text_bytes

OptionValue = Union[bool, int, float, str]
_SCOPES = ("vae", "vae1", "vae2", "mapping", "mapping1", "mapping2")


@dataclass(frozen=True)
class Option:
    """One option, as the library describes it."""

    name: str
    help: str
    unit: str
    kind: str
    least: float
    most: float
    default: float
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.keyword} = {self.default:g} ({self._range}): {self.help}"

    @property
    def _range(self) -> str:
        if self.choices:
            return "|".join(self.choices)
        form = ".0f" if self.kind == "integer" else "g"
        return f"{self.least:{form}} to {self.most:{form}} {self.unit}".rstrip()

    @property
    def keyword(self) -> str:
        """Its name as a keyword argument: "vae.latent_dim" is vae_latent_dim."""
        return self.name.replace(".", "_")


_KINDS = {
    _abi.XD_OPTION_INTEGER: "integer",
    _abi.XD_OPTION_REAL: "real",
    _abi.XD_OPTION_SWITCH: "switch",
    _abi.XD_OPTION_CHOICE: "choice",
}


def options(group: str = "train") -> list[Option]:
    """The options of a group: "train", "vae", "mapping", "judge" or "evaluation".

    Those of "train" are the keyword arguments of xdomain.train. A name in it that begins with vae. or mapping. means
    both VAEs or both mappings; vae1_latent_dim and the like mean one, and a bare name such as steps means whatever
    part of a training has it.
    """
    context = Context()
    found = []
    for index in range(lib.xd_options_count(text_bytes(group))):
        info = initialised(_abi.xd_option_info)
        context.check(lib.xd_options_describe(context._pointer, ctypes.byref(info), text_bytes(group), index))
        unit = (info.unit or b"").decode()
        choice = info.kind == _abi.XD_OPTION_CHOICE
        found.append(
            Option(
                name=(info.name or b"").decode(),
                help=(info.help or b"").decode(),
                unit="" if choice else unit,
                kind=_KINDS.get(info.kind, "number"),
                least=info.least,
                most=info.most,
                default=info.initial,
                choices=tuple(unit.split("|")) if choice else (),
            )
        )
    return found


def presets(group: str = "train") -> dict[str, str]:
    """The presets of a group: names, and the texts of what each sets, which are outside the library's promise."""
    found = {}
    index = 0
    while (name := lib.xd_options_preset_name(text_bytes(group), index)) is not None:
        found[name.decode()] = lib.xd_options_preset_text(text_bytes(group), name).decode()
        index += 1
    return found


def option_name(keyword: str) -> str:
    """The library's name of a keyword argument: vae1_latent_dim is "vae1.latent_dim"."""
    scope, _, rest = keyword.partition("_")
    return f"{scope}.{rest}" if scope in _SCOPES and rest else keyword


class OptionSet(Handle):
    """An xd_options of a group, with a preset and keyword arguments applied."""

    def __init__(
        self, context: Context, group: str, given: Mapping[str, OptionValue], preset: str | None = None
    ) -> None:
        self._hold(context, lib.xd_options_destroy, lib.xd_options_create, text_bytes(group))
        if preset is not None:
            context.check(lib.xd_options_apply_preset(self._pointer, context._pointer, text_bytes(preset)))
        for keyword, value in given.items():
            self._set(context, group, keyword, value)

    def _set(self, context: Context, group: str, keyword: str, value: OptionValue) -> None:
        name = text_bytes(option_name(keyword))
        if isinstance(value, str):
            status = lib.xd_options_set_text(self._pointer, context._pointer, name, text_bytes(value))
        else:
            status = lib.xd_options_set_number(self._pointer, context._pointer, name, _number(group, keyword, value))
        if status == _abi.XD_ERROR_NOT_FOUND:
            raise _unknown(group, keyword)
        context.check(status)


def _number(group: str, keyword: str, value: OptionValue) -> float:
    """An option's value as C takes it: a double, which holds not every whole number beyond 2^53."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{keyword} cannot be {value!r}: it is {_range_of(group, keyword)}") from None
    except OverflowError:
        number = float("inf")
    if isinstance(value, (int, np.integer)) and number != int(value):
        raise InvalidArgument(f"{keyword} cannot be {shown(int(value))}: it is {_range_of(group, keyword)}")
    return number


def _range_of(group: str, keyword: str) -> str:
    """What an option takes, for a message; raises where there is none of the name."""
    name = re.sub(r"^(vae|mapping)[12]\.", r"\1.", option_name(keyword))
    for option in options(group):
        if name in (option.name, option.name.partition(".")[2]):
            return option._range
    raise _unknown(group, keyword)


def _unknown(group: str, keyword: str) -> TypeError:
    known = {option.keyword for option in options(group)}
    known |= {keyword.partition("_")[2] for keyword in known if keyword.partition("_")[0] in _SCOPES}
    close = difflib.get_close_matches(keyword, sorted(known), 1)
    hint = f"; did you mean {close[0]}?" if close else f"; xdomain.options({group!r}) lists them"
    return TypeError(f"{keyword!r} is no option of {group!r}{hint}")
