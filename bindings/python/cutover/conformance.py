"""The conformance suite of stores, for those who write one in Python. It is in a library of its own, libcutover-conformance."""
from __future__ import annotations

import ctypes as c
from typing import Any, Callable, List, Optional, Tuple

from . import _abi as abi
from ._call import Call, guarded
from ._values import text, text_or_none
from .errors import VerifyError
from .ports import Store


def load() -> c.CDLL:
    """Beside the library that was loaded, or where the loader finds it."""
    return c.CDLL(abi.SONAME.replace("libcutover", "libcutover-conformance"))


def check_store(open_store: Callable[[bool], Store]) -> List[Tuple[str, Optional[str]]]:
    """Each case that ran, with what was found instead, or None where it passed.

    `open_store` is given True for an empty store, unlike any opened before, and False for the one that the last such call made, again. The
    cases of several processes are left out: the suite forks for them, which an interpreter with threads does not survive.
    """
    stores: List[Store] = []
    cases: List[Tuple[str, Optional[str]]] = []

    def opening(fresh: int, target: int, _error: Any, _userdata: Any) -> None:
        stores.append(open_store(fresh != 0))
        vtable = stores[-1].vtable
        vtable.capabilities &= ~abi.StoreBits.SHARED
        c.memmove(target, c.addressof(vtable), c.sizeof(vtable))

    def report(name: bytes, failure: Optional[bytes], _userdata: Any) -> None:
        cases.append((text(name), text_or_none(failure)))

    function = load().cutover_conformance_store
    function.argtypes = [abi.cutover_conformance_store_open, abi.cutover_conformance_report, c.c_void_p, c.c_void_p]
    with Call() as call:
        try:
            call.run(function, abi.cutover_conformance_store_open(guarded(opening, -2)), abi.cutover_conformance_report(report), None, call.error)
        except VerifyError:
            pass  # the cases say which
    return cases
