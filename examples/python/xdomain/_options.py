"""The options of trainings and evaluations: the library's own table."""

from __future__ import annotations

import ctypes
import difflib
from dataclasses import dataclass
from typing import Mapping, Union

from . import _abi
from ._library import Context, Handle, lib

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
        what = "|".join(self.choices) if self.choices else f"{self.least:g} to {self.most:g} {self.unit}".rstrip()
        return f"{self.keyword} = {self.default:g} ({what}): {self.help}"

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
    for index in range(lib.xd_options_count(group.encode())):
        info = _abi.xd_option_info()
        lib.xd_option_info_init(ctypes.byref(info), ctypes.sizeof(info))
        context.check(lib.xd_options_describe(context._pointer, ctypes.byref(info), group.encode(), index))
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
    while (name := lib.xd_options_preset_name(group.encode(), index)) is not None:
        found[name.decode()] = lib.xd_options_preset_text(group.encode(), name).decode()
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
        super().__init__(context.make(lib.xd_options_create, group.encode()), lib.xd_options_destroy)
        if preset is not None:
            context.check(lib.xd_options_apply_preset(self._pointer, context._pointer, preset.encode()))
        for keyword, value in given.items():
            self._set(context, group, keyword, value)

    def _set(self, context: Context, group: str, keyword: str, value: OptionValue) -> None:
        name = option_name(keyword).encode()
        if isinstance(value, str):
            status = lib.xd_options_set_text(self._pointer, context._pointer, name, value.encode())
        else:
            status = lib.xd_options_set_number(self._pointer, context._pointer, name, float(value))
        if status == _abi.XD_ERROR_NOT_FOUND:
            known = {option.keyword for option in options(group)}
            known |= {keyword.partition("_")[2] for keyword in known if keyword.partition("_")[0] in _SCOPES}
            close = difflib.get_close_matches(keyword, sorted(known), 1)
            hint = f"; did you mean {close[0]}?" if close else f"; xdomain.options({group!r}) lists them"
            raise TypeError(f"{keyword!r} is no option of {group!r}{hint}")
        context.check(status)
