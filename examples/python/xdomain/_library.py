"""The shared library: how it is found, its failures as exceptions, its handles as Python objects.

ctypes was chosen over cffi: a wheel then holds no code that was compiled for one Python, numpy stays its only
requirement, and calls let the GIL go by themselves. What ctypes lacks, a check of the declarations, is not missed:
they are written from the headers when the wheel is built (_abi.py).
"""

from __future__ import annotations

import ctypes
import logging
import operator
import os
import signal
import threading
import weakref
from pathlib import Path
from typing import Any, Callable, Sequence, TypeVar

import numpy as np

from . import _abi

NATIVE = Path(__file__).resolve().parent / "_native"


def _load() -> ctypes.CDLL:
    bundled = sorted(NATIVE.rglob("libxdomain.so.*"))
    name = str(bundled[0]) if bundled else f"libxdomain.so.{_abi.XD_VERSION_MAJOR}"
    library = ctypes.CDLL(name)
    _abi.declare(library)
    version = library.xd_version_string().decode()
    if version != _abi.XD_VERSION_STRING:
        raise ImportError(f"the library is {version}, this package was made for {_abi.XD_VERSION_STRING}")
    return library


lib = _load()

_Struct = TypeVar("_Struct", bound=ctypes.Structure)
_Made = TypeVar("_Made")


def initialised(kind: type[_Struct]) -> _Struct:
    """One of the library's structs that have a size, with its defaults."""
    struct = kind()
    getattr(lib, f"{kind.__name__}_init")(ctypes.byref(struct), ctypes.sizeof(struct))
    return struct


# ---- Failures ------------------------------------------------------------------------------------------


class Error(Exception):
    """What the library answers when something fails; its text names the file, field and value at fault."""

    status: int = 0

    @property
    def name(self) -> str:
        """The status's name, such as "XD_ERROR_IO"."""
        return str(lib.xd_status_name(self.status).decode())


class InvalidArgument(Error, ValueError):
    """A value out of range, or calls in the wrong order."""

    status = _abi.XD_ERROR_INVALID_ARGUMENT


class ShapeMismatch(Error, ValueError):
    """Sizes that do not fit together: picture and model, set and model."""

    status = _abi.XD_ERROR_SHAPE_MISMATCH


class NotFound(Error, FileNotFoundError):
    """No such file, class, option or backend."""

    status = _abi.XD_ERROR_NOT_FOUND


class InputOutputError(Error, OSError):
    """The system refused to read or write."""

    status = _abi.XD_ERROR_IO


class BadData(Error, ValueError):
    """A file or picture is damaged or not what it claims to be; pixels that are not finite."""

    status = _abi.XD_ERROR_BAD_DATA


class Truncated(BadData):
    """A file ends before what its header promises."""

    status = _abi.XD_ERROR_TRUNCATED


class TooLarge(Error, ValueError):
    """A size beyond the library's limits."""

    status = _abi.XD_ERROR_TOO_LARGE


class VersionTooNew(Error):
    """Written by a newer major version."""

    status = _abi.XD_ERROR_VERSION_TOO_NEW


class Unsupported(Error):
    """Known, but not in this build or not for this object."""

    status = _abi.XD_ERROR_UNSUPPORTED


class OutOfMemory(Error, MemoryError):
    """No memory."""

    status = _abi.XD_ERROR_OUT_OF_MEMORY


class NumericError(Error, ArithmeticError):
    """NaN or infinity where a finite number must be; a training diverged."""

    status = _abi.XD_ERROR_NUMERIC


class Cancelled(Error):
    """A callback asked to stop."""

    status = _abi.XD_ERROR_CANCELLED


class Collapsed(Error):
    """A training produced nearly one picture a class and was stopped."""

    status = _abi.XD_ERROR_COLLAPSED


class InternalError(Error, RuntimeError):
    """A bug in the library; please report it."""

    status = _abi.XD_ERROR_INTERNAL


_errors: dict[int, type[Error]] = {
    kind.status: kind
    for kind in (InvalidArgument, ShapeMismatch, NotFound, InputOutputError, BadData, Truncated, TooLarge, VersionTooNew,
                 Unsupported, OutOfMemory, NumericError, Cancelled, Collapsed, InternalError)
}


def failure(status: int, message: str) -> Error:
    """The exception of a status; an unknown one of a newer library is an Error."""
    error = _errors.get(status, Error)(message or lib.xd_status_text(status).decode())
    error.status = status
    return error


# ---- Arguments -----------------------------------------------------------------------------------------


U32_MOST = 2**32 - 1  # of a count in C; where the library takes less, it says so itself


def whole(name: str, value: Any, least: int = 0, most: int = 2**64 - 1) -> int:
    """A whole number of an argument, within its range: ctypes would wrap what is beyond."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is a whole number in {least}..{most}, not {value!r}") from None
    if not least <= number <= most:
        raise InvalidArgument(f"{name} {shown(number)} is not in {least}..{most}")
    return number


def real(name: str, value: Any) -> float:
    """A number of an argument."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is a number, not {value!r}") from None
    except OverflowError:
        raise InvalidArgument(f"{name} is beyond all floats") from None


def shown(number: int) -> str:
    """A whole number for a message; Python refuses to write very long ones."""
    return str(number) if number.bit_length() <= 128 else f"of {number.bit_length()} bits"


# ---- Handles -------------------------------------------------------------------------------------------


class Handle:
    """An object of the library's, which goes when the last Python object that shows it does."""

    _makers = "other calls"  # that give one

    def __init__(self, made: ctypes.c_void_p, destroy: Callable[[int], None]) -> None:
        if not isinstance(made, ctypes.c_void_p):
            raise TypeError(f"{type(self).__name__} is not called to make one: {self._makers} do")
        self._pointer = pointer = made.value or 0
        # At exit the system takes all back: a daemon thread may still be in a call.
        weakref.finalize(self, destroy, pointer).atexit = False

    def _hold(self, context: Context, destroy: Callable[[int], None], create: Any, *arguments: Any) -> None:
        """From now on this is what create(&out, context, arguments...) makes."""
        context.make(lambda made: Handle.__init__(self, made, destroy), create, *arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError(f"a {type(self).__name__} cannot be pickled or copied: threads share it as it is, and another "
                        "process makes its own from the path of its file")


def _tell(user: int | None, level: int, message: bytes) -> None:
    if level != _abi.XD_LOG_ERROR:  # those are raised
        logging.getLogger("xdomain").warning("%s", message.decode(errors="replace"))


_LOG = _abi.xd_log_callback(_tell)  # one for all contexts: it outlives them


class Context(Handle):
    """One thread's runtime. Whatever is made for it may outlive it. Calls that make something or may warn run within a Work."""

    def __init__(self, threads: int | None = 1, backend: str | None = None) -> None:
        message = ctypes.create_string_buffer(512)
        options = initialised(_abi.xd_context_options)
        options.threads = whole("threads", lib.xd_usable_threads() if threads is None else threads, 0, 256)
        options.backend = text_bytes(backend) if backend else None
        options.message = ctypes.addressof(message)
        options.message_size = len(message)
        options.log, options.log_level = _LOG, _abi.XD_LOG_WARNING
        out = ctypes.c_void_p()
        with Work():
            status = lib.xd_context_create(ctypes.byref(out), ctypes.byref(options))
            if status != 0:
                raise failure(status, message.value.decode())
            super().__init__(out, lib.xd_context_destroy)

    def check(self, status: int) -> None:
        """Raises what a status of this context's calls means."""
        if status != 0:
            raise failure(status, lib.xd_context_message(self._pointer).decode())

    def make(self, owner: Callable[[ctypes.c_void_p], _Made], create: Any, *arguments: Any) -> _Made:
        """The owner of what create(&out, context, arguments...) makes."""
        out = ctypes.c_void_p()
        with Work(self) as work:
            work.check(create(ctypes.byref(out), self._pointer, *arguments))
            return owner(out)

    @property
    def backend(self) -> str:
        return str(lib.xd_context_backend_name(self._pointer).decode())


def names_of(prefix: str, name_of: Callable[[int], bytes]) -> dict[str, int]:
    """The constants of a list, by the names that the library gives them."""
    numbers = [number for constant, number in vars(_abi).items() if constant.startswith(prefix)]
    return {name_of(number).decode(): number for number in numbers}


def path_bytes(path: str | os.PathLike[str]) -> bytes:
    """A path as the system takes it."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise InvalidArgument(f"a path holds no null character: {path!r}")
    return encoded


def text_bytes(text: str) -> bytes:
    """A text as C takes it."""
    if "\0" in text:
        raise InvalidArgument(f"a text holds no null character: {text!r}")
    return text.encode()


# ---- Numbers in and out --------------------------------------------------------------------------------


class Values(Handle):
    """Named numbers that the library fills."""

    def __init__(self, context: Context) -> None:
        self._hold(context, lib.xd_values_destroy, lib.xd_values_create)

    def read(self) -> dict[str, float]:
        return read_values(self._pointer)


def read_values(pointer: int | None) -> dict[str, float]:
    """A list of the library's as a dict."""
    return {
        lib.xd_values_name(pointer, index).decode(): lib.xd_values_number(pointer, index)
        for index in range(lib.xd_values_count(pointer))
    }


class _Thread(threading.local):
    """Where a thread is."""

    in_callback = False  #: In a user's function, which may raise.


_thread = _Thread()


def c_callback(kind: Any, function: Callable[..., object]) -> tuple[Any, list[BaseException]]:
    """A C callback that returns nonzero where function gives False or raises; what it raised is kept, since no
    exception passes through C."""
    raised: list[BaseException] = []

    def call(user: int | None, *arguments: Any) -> int:
        try:
            _thread.in_callback = True
            answer = function(*arguments)
            _thread.in_callback = False
            return int(isinstance(answer, (bool, np.bool_)) and not answer)
        except BaseException as error:  # whatever it is, it goes on when the library has returned
            _thread.in_callback = False
            raised.append(error)
            return 1

    return kind(call), raised


#: Signals whose handlers in Python are waited for, and may raise: an interrupt, the ends of processes and of time.
_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP", "SIGALRM", "SIGVTALRM", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
]


class Work:
    """A long call of a context, or one whose result needs an owner: what a signal's handler raises, as Python's own does at
    Ctrl-C, cancels the call and comes out of it, at the latest at the end of the block.

    A handler would raise wherever Python happens to be, even in a C callback before its first line, where nothing can
    catch it. So while the call runs another one takes its place, which keeps what it raises and asks the library to
    stop; the callback, which runs Python after every step, lets the signal be heard. In a user's function a handler
    raises as ever, which the function may catch; so it does in a process that is forked meanwhile.
    """

    def __init__(self, context: Context | None = None) -> None:
        self._context = context
        self._process = 0  # the one that works; 0: none
        self._heard: BaseException | None = None
        self._handlers: dict[int, Callable[[int, Any], object]] = {}
        self._in_callback = False  # where the call began

    def _handle(self, number: int, frame: Any) -> None:
        handler = self._handlers[number]
        while isinstance(outer := getattr(handler, "__self__", None), Work):  # of the call whose callback this is within
            handler = outer._handlers[number]
        if self._process != os.getpid() or _thread.in_callback:
            handler(number, frame)
            return
        try:
            handler(number, frame)
        except BaseException as error:  # no exception passes through C
            self._heard = self._heard if self._heard is not None else error
            if self._context is not None:
                lib.xd_context_cancel(self._context._pointer)

    def _put_back(self) -> None:
        for number, handler in self._handlers.items():
            if signal.getsignal(number) == self._handle:  # no one has set another since
                signal.signal(number, handler)

    def _restore(self) -> None:
        try:
            self._put_back()
        except BaseException:  # of a handler that was back
            self._put_back()
            raise

    def __enter__(self) -> Work:
        if threading.current_thread() is threading.main_thread():
            try:
                for number in _SIGNALS:
                    handler = signal.getsignal(number)
                    if callable(handler):
                        self._handlers[number] = handler
                        signal.signal(number, self._handle)
            except BaseException:  # of a handler that is still there
                self._restore()
                raise
        self._in_callback, _thread.in_callback = _thread.in_callback, False
        self._process = os.getpid()
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        self._process = 0
        _thread.in_callback = self._in_callback
        try:
            if self._heard is not None:
                if self._context is not None:
                    lib.xd_context_clear_cancel(self._context._pointer)
                if kind is None:  # it came too late
                    raise self._heard
        finally:
            self._restore()

    def check(self, status: int, raised: Sequence[BaseException] = ()) -> None:
        """Raises what stopped the call: what a signal's handler or its callback raised, or what the status means. A signal
        that came too late to stop it waits for the end of the block, where what it made has an owner."""
        if self._heard is not None and status != 0:
            raise self._heard
        if raised:
            raise raised[0]
        if self._context is not None:
            self._context.check(status)
