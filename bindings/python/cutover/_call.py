"""A call of the library: its error becomes an exception, and an exception that a callback raised during it comes back as itself."""
from __future__ import annotations

import ctypes as c
import threading
import weakref
from collections import deque
from types import TracebackType
from typing import Any, Callable, Deque, List, Mapping, Optional, Tuple, Type, TypeVar

from . import _abi as abi
from ._error import CutoverError, give_error, line_of, take_error
from ._library import lib
from ._records import Progress, read_progress
from ._values import Record, S, T, array_of_texts, filled, text

_calls = threading.local()
# Of threads that are in no call of ours: the library's workers.
_elsewhere: Deque[BaseException] = deque(maxlen=16)
W = TypeVar("W", bound="Owner")


class Lender:
    """Something that others hold in C. They are closed before it is."""

    _users: "Optional[weakref.WeakSet[Owner]]" = None

    def lend(self, user: "Owner") -> None:
        if self._users is None:
            self._users = weakref.WeakSet()
        self._users.add(user)

    def close_users(self) -> None:
        for user in list(self._users or ()):
            user.close()


class Owner(Lender):
    """Holds a handle of the library until it is closed, or forgotten."""

    def __init__(self, handle: Optional[int], free: Callable[[Any], None], *lenders: Lender) -> None:
        self._handle, self._free = handle, free
        for lender in lenders:
            lender.lend(self)

    @property
    def handle(self) -> int:
        if self._handle is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._handle

    def close(self) -> None:
        """Frees it, and before it what was made of it; the second time nothing happens."""
        self.close_users()
        handle, self._handle = self._handle, None
        if handle is not None:
            self._free(handle)

    def __enter__(self: W) -> W:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], raised: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.close()


class Call:
    def __init__(self, owner: Optional[Owner] = None) -> None:
        self.owner, self.raised, self.keep = owner, [], []  # type: Optional[Owner], List[BaseException], List[Any]
        self._error = c.c_void_p()
        self.error = c.byref(self._error)

    def __enter__(self) -> "Call":
        if not hasattr(_calls, "stack"):
            _calls.stack = []
        _calls.stack.append(self)
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], raised: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        _calls.stack.remove(self)
        self.raised.clear()
        self.keep.clear()

    def run(self, function: Callable[..., int], *arguments: Any) -> None:
        status = function(*arguments)
        if status != abi.Status.OK:
            self.fail(take_error(status, self._error))

    def fail(self, error: CutoverError) -> None:
        """Raises it, or what a callback raised for it."""
        for exception in [*reversed(self.raised), *reversed(_elsewhere)]:
            if line_of(exception) in error.message or line_of(exception) in (error.detail or ""):
                if exception in _elsewhere:
                    _elsewhere.remove(exception)
                if exception.__cause__ is None and exception is not error:
                    raise exception from error
                raise exception
        raise error

    def struct(self, kind: Type[S], values: Mapping[str, Any]) -> S:
        return filled(kind, values, self.keep)

    def pointer(self, record: Record) -> Any:
        return c.byref(record.as_struct(self.keep))

    def texts(self, values: Any) -> Any:
        return None if values is None else array_of_texts(values, self.keep)

    def emitted(self, kind: Callable[[Any], Any], struct: Optional[Type[c.Structure]], read: Callable[[Any], T]) -> Tuple[Any, List[T]]:
        """A callback of a listing, and the list that it fills."""
        found: List[T] = []

        def emit(address: int, _context: Any) -> None:
            found.append(read(struct.from_address(address) if struct is not None else address))

        return kind(guarded(emit, None)), found


def remember(exception: BaseException) -> None:
    stack = getattr(_calls, "stack", None)
    (stack[-1].raised if stack else _elsewhere).append(exception)


def guarded(function: Callable[..., Any], error_at: Optional[int]) -> Callable[..., int]:
    """A callback that says what it answered, as CUTOVER_STRICT_ANSWERS asks; the argument at `error_at` receives its exception."""

    def called(*arguments: Any) -> int:
        status = int(abi.Status.OK)
        try:
            function(*arguments)
        except Passed as passed:
            status = passed.status
        except BaseException as exception:  # C has no other way out
            remember(exception)
            status = give_error(exception, None if error_at is None else arguments[error_at])
        return lib.cutover_answer(status)

    return called


class Passed(Exception):
    """What the library answered to a callback, which is what the callback answers; the library knows why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Reporter:
    """A job's progress to whoever listens. An exception of a listener cancels the job, and is raised when that has ended."""

    def __init__(self, listener: Optional[Callable[[Progress], object]]) -> None:
        self.listeners = [listener] if listener is not None else []
        self.raised: Optional[BaseException] = None
        self.callback = abi.cutover_progress_fn(self._report)

    def _report(self, told: int, _userdata: Any) -> int:
        try:
            progress = read_progress(abi.cutover_progress.from_address(told))
            for listener in list(self.listeners):
                listener(progress)
        except BaseException as exception:
            self.raised = exception
            return lib.cutover_answer(1)
        return lib.cutover_answer(0)

    def run(self, call: Call, function: Callable[..., int], *arguments: Any) -> None:
        try:
            call.run(function, *arguments)
        finally:
            raised, self.raised = self.raised, None
            if raised is not None:
                raise raised


def taken(handle: c.c_void_p, free: Callable[[Any], None], read: Callable[[Any], T]) -> T:
    try:
        return read(handle)
    finally:
        free(handle)


def taken_list(handle: c.c_void_p, count: Callable[[Any], int], at: Callable[[Any, int], Any], free: Callable[[Any], None],
               read: Callable[[Any], T]) -> List[T]:
    try:
        return [read(at(handle, index)) for index in range(count(handle))]
    finally:
        free(handle)


def taken_text(pointer: c.c_void_p) -> str:
    try:
        return text(c.string_at(pointer.value)) if pointer.value else ""
    finally:
        lib.cutover_string_free(pointer)
