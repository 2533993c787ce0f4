"""One failure, as the library tells it."""
from __future__ import annotations

import ctypes as c
from typing import Any, ClassVar, Dict, Optional, Type

from ._abi import Status, Verdict
from ._library import lib
from ._values import encoded, text, text_or_none


class CutoverError(Exception):
    """What a function answered that did not succeed; a port raises one to answer so itself.

    `errors` has a class for each status. One that this package does not know comes as a CutoverError, with its number as `status`.
    """

    status: int = Status.E_CALLBACK
    by_status: ClassVar[Dict[int, Type["CutoverError"]]] = {}

    def __init__(self, message: str, *, detail: Optional[str] = None, hint: Optional[str] = None, sqlstate: Optional[str] = None,
                 step: Optional[str] = None, verdict: Verdict = Verdict.NONE) -> None:
        super().__init__(message)
        self.message, self.detail, self.hint = message, detail, hint
        self.sqlstate, self.step, self.verdict = sqlstate, step, verdict

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} ({self.hint})"


def take_error(status: int, error: c.c_void_p) -> CutoverError:
    """Of what a call left; frees it."""
    made = CutoverError.by_status.get(status, CutoverError)(
        text(lib.cutover_error_message(error)) or text(lib.cutover_status_name(status)),
        detail=text_or_none(lib.cutover_error_detail(error)), hint=text_or_none(lib.cutover_error_hint(error)),
        sqlstate=text_or_none(lib.cutover_error_sqlstate(error)), step=text_or_none(lib.cutover_error_step(error)),
        verdict=Verdict(lib.cutover_error_verdict(error)))
    made.status = status
    lib.cutover_error_free(error)
    return made


def line_of(exception: BaseException) -> str:
    """What an exception of a host says, in the one line that an error has."""
    said = exception.message if isinstance(exception, CutoverError) else f"{type(exception).__name__}: {exception}"
    return " ".join(said.replace("\0", " ").split())[:500]


def give_error(exception: BaseException, target: Optional[int]) -> int:
    """Hands a host's exception over as a callback's error; its status."""
    known = exception if isinstance(exception, CutoverError) else CutoverError(line_of(exception))
    if target:
        made: Any = lib.cutover_error_new(known.status, encoded(line_of(exception)), encoded(known.detail), encoded(known.hint))
        c.c_void_p.from_address(target).value = made
    return int(known.status)
