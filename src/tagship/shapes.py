"""Data from outside as records, from any thread.

msgspec finds out how a record is made up when it first meets it, and keeps what it knows so far where other threads
see it: one that meets the same record in that moment follows a null pointer, and the process is gone (msgspec 0.22.0,
measured: four threads that begin together last a few records). So records are met here, by one thread at a time.
"""

from threading import Lock
from types import UnionType
from typing import TypeVar, overload

import msgspec

T = TypeVar("T")
_MET: set[object] = set()
_ONE_AT_A_TIME = Lock()


@overload
def read_json(data: bytes | str, kind: type[T]) -> T:
    """One kind of record."""


@overload
def read_json(data: bytes | str, kind: UnionType) -> object:
    """One of several."""


def read_json(data: bytes | str, kind: type[T] | UnionType) -> T | object:
    """A JSON document.

    Args:
        kind: what it should be: a record, `dict[str, int]`, a union of records; `object` for whatever it has.

    Raises:
        msgspec.ValidationError: it is something else.
        msgspec.DecodeError: it is no JSON.
        RecursionError: it is nested deeper than anybody reads.
    """
    _meet(kind)
    return msgspec.json.decode(data, type=kind)


def shaped(data: object, kind: type[T]) -> T:
    """Tables and lists, as TOML gives them, as a record.

    Raises:
        msgspec.ValidationError: they are something else.
    """
    _meet(kind)
    return msgspec.convert(data, kind)


def _meet(kind: object) -> None:
    if kind not in _MET:
        with _ONE_AT_A_TIME:
            msgspec.json.Decoder(kind)
            _MET.add(kind)
