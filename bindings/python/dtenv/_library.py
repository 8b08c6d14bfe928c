"""Finds and loads the C library, and calls it."""
import ctypes
import os
import pathlib
from ctypes import byref, c_int32, c_void_p
from typing import Any, Optional

from . import _ffi
from .errors import make_error

SONAME = "libdtenv.so.1"


def _load() -> ctypes.CDLL:
    bundled = pathlib.Path(__file__).with_name(SONAME)
    name = os.environ.get("DTENV_LIBRARY") or (str(bundled) if bundled.exists() else SONAME)
    # CDLL, not PyDLL: it lets other threads run while a call waits.
    library = ctypes.CDLL(name)
    library.dtenv_api_version.restype = c_int32
    has = library.dtenv_api_version()
    if has < _ffi.API_VERSION:
        raise ImportError(
            f"{name} has API version {has}, this package needs {_ffi.API_VERSION}: install a newer libdtenv"
        )
    _ffi.declare(library)
    return library


library = _load()


def to_text(value: Optional[str]) -> Optional[bytes]:
    """A string as the library takes it. A NUL would cut it short there."""
    if value is None:
        return None
    if "\0" in value:
        raise ValueError("a NUL character in the text")
    return value.encode("utf-8")


def take(memory: c_void_p) -> str:
    """A text that the library gave: copied, and freed."""
    try:
        return ctypes.string_at(memory).decode("utf-8") if memory.value else ""
    finally:
        library.dtenv_free(memory)


def call(name: str, *arguments: Any) -> int:
    """`dtenv_NAME(arguments…, &error)`: its status, or the exception of its error."""
    error = c_void_p()
    status: int = getattr(library, "dtenv_" + name)(*arguments, byref(error))
    if status >= 0:
        return status
    try:
        text: bytes = library.dtenv_error_json(error)
        raise make_error(status, text.decode("utf-8"))
    finally:
        library.dtenv_error_free(error)


def call_text(name: str, *arguments: Any) -> str:
    """The same for a call that gives a text."""
    text = c_void_p()
    call(name, *arguments, byref(text))
    return take(text)


def call_handle(name: str, *arguments: Any) -> int:
    """The same for a call that gives a handle."""
    handle = c_void_p()
    call(name, *arguments, byref(handle))
    assert handle.value is not None
    return handle.value


def call_number(name: str, *arguments: Any) -> int:
    """The same for a call that gives a number."""
    number = c_int32()
    call(name, *arguments, byref(number))
    return number.value
