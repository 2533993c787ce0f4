"""Values of Python as C has them, and the other way round. Texts are UTF-8; what is not comes back byte for byte."""
from __future__ import annotations

import ctypes as c
import dataclasses
import json
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, ClassVar, Dict, List, Mapping, Optional, Tuple, Type, TypeVar

from ._library import lib

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
T = TypeVar("T")
S = TypeVar("S", bound=c.Structure)


def text(told: Optional[bytes]) -> str:
    return (told or b"").decode("utf-8", "surrogateescape")


def text_or_none(told: Optional[bytes]) -> Optional[str]:
    return None if told is None else told.decode("utf-8", "surrogateescape")


def texts(told: Optional[int]) -> Tuple[str, ...]:
    """Of an array that ends with a NULL."""
    found: List[str] = []
    while told:
        one = c.cast(told + len(found) * c.sizeof(c.c_char_p), c.POINTER(c.c_char_p))[0]
        if one is None:
            break
        found.append(one.decode("utf-8", "surrogateescape"))
    return tuple(found)


def time(told: int) -> datetime:
    return EPOCH + timedelta(microseconds=told)


def time_or_none(told: int) -> Optional[datetime]:
    return None if told == 0 else time(told)


def members_or_none(told: Optional[bytes]) -> Optional[Dict[str, Any]]:
    return None if told is None else members(told)


def members(told: Optional[bytes]) -> Dict[str, Any]:
    found = json.loads(told or b"{}")
    assert isinstance(found, dict)
    return found


def encoded(value: Optional[str]) -> Optional[bytes]:
    if value is None:
        return None
    if "\0" in value:
        raise ValueError("a text with a NUL in it, which would end there")
    return value.encode("utf-8", "surrogateescape")


def micros(value: "datetime | timedelta | None") -> int:
    if value is None:
        return 0
    if isinstance(value, timedelta):
        return value // MICROSECOND
    if value.tzinfo is None:
        raise ValueError("a datetime without a time zone: say which, as in datetime.now(timezone.utc)")
    return (value - EPOCH) // MICROSECOND


@dataclasses.dataclass(frozen=True)
class Record:
    """What is told. Those that a host tells, too, have the struct that C has for it."""

    struct_type: ClassVar[Optional[Type[c.Structure]]] = None

    def as_struct(self, keep: List[Any]) -> c.Structure:
        assert self.struct_type is not None, type(self).__name__
        return filled(self.struct_type, {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}, keep)


def filled(kind: Type[S], values: Mapping[str, Any], keep: List[Any]) -> S:
    """A struct of the version that this package knows; what is None is as its _init function has it. `keep` holds what it points to."""
    struct = kind()
    init: Optional[Callable[[Any, int], int]] = getattr(lib, kind.__name__ + "_init", None)
    if init is not None:
        from ._abi import SIZES
        init(c.byref(struct), len(SIZES[kind]))
    keep.append(struct)
    for name, value in values.items():
        if value is not None:
            put(struct, name, value, keep)
    return struct


def put(struct: c.Structure, name: str, value: Any, keep: List[Any]) -> None:
    if isinstance(value, str):
        value = encoded(value)
    elif isinstance(value, (datetime, timedelta)):
        value = micros(value)
    elif isinstance(value, Record):
        value = c.addressof(value.as_struct(keep))
    elif isinstance(value, c.Structure):
        keep.append(value)
        value = c.addressof(value)
    elif isinstance(value, (list, tuple)):
        array = array_of_texts(value, keep)
        if hasattr(struct, name[:-1] + "_count"):
            setattr(struct, name[:-1] + "_count", len(value))
        value = c.addressof(array)
    setattr(struct, name, value)


def array_of_texts(values: Any, keep: List[Any]) -> "c.Array[c.c_char_p]":
    """Ended by a NULL."""
    array = (c.c_char_p * (len(values) + 1))(*[encoded(each) for each in values], None)
    keep.append(array)
    return array


def told(function: Callable[[Any, Any], int], kind: Type[c.Structure], read: Callable[[Any], T], handle: Any) -> Optional[T]:
    """What a getter fills; None where there is nothing to tell."""
    struct = filled(kind, {}, [])
    return read(struct) if function(handle, c.byref(struct)) == 0 else None
