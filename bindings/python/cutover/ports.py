"""The ports that a host writes in Python, its inventory, where events go, where records live, and those that the library has built in.

Methods are called on whatever thread is in the library, several at once. An exception is the callback's failure: the call that it
failed raises that very exception. A CutoverError (errors.NotFoundError, errors.ConflictError) answers with its own status, which may
mean something to the library.
"""
from __future__ import annotations

import abc
import ctypes as c
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Callable, Iterable, List, Optional, Sequence, Type, TypeVar

from . import _abi as abi
from ._call import Call, Lender, Owner, Passed, guarded
from ._library import lib
from ._records import Document, Event, Preview, Project, Write, read_event, read_write
from ._values import Record, encoded, filled, micros, text, text_or_none, time

P = TypeVar("P", bound="Port")


class Port(Lender):
    """Something that an engine is given. Close it when no engine has it any more."""

    _struct: Type[c.Structure]
    _vtable: Optional[Any] = None

    @property
    def vtable(self) -> Any:
        if self._vtable is None:
            self._vtable = filled(self._struct, {}, [])
            self._fill(self._vtable)
        return self._vtable

    def _fill(self, vtable: Any) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing, but for what has something to close."""

    def __enter__(self: P) -> P:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], raised: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()


class PythonPort(Port, abc.ABC):
    """Its members are methods; an optional one that its class does not define is not there for the library either."""

    def _fill(self, vtable: Any) -> None:
        vtable.capabilities = abi.StrictBits.ANSWERS | self.capabilities
        for name, _ in vtable._fields_:
            called: Optional[Callable[..., None]] = getattr(self, "_call_" + name, None)
            if called is not None and self._defines(name):
                setattr(vtable, name, getattr(abi, f"{self._struct.__name__}_{name}")(guarded(called, -2)))
        if hasattr(vtable, "close"):
            vtable.close = getattr(abi, f"{self._struct.__name__}_close")(lambda _userdata: self.close())

    @property
    def capabilities(self) -> int:
        """What it can, in bits."""
        return 0

    def _defines(self, name: str) -> bool:
        method = getattr(type(self), name)
        return not getattr(method, "optional", False)


F = TypeVar("F", bound=Callable[..., Any])


def optional(method: F) -> F:
    setattr(method, "optional", True)
    return method


def send(record: Record, emit: Any, context: Any) -> None:
    """Hands a record to what the library collects it with; what that refuses is what the callback answers."""
    keep: List[Any] = []
    status = emit(c.addressof(record.as_struct(keep)), context)
    if status != abi.Status.OK:
        raise Passed(status)


class Platform(PythonPort):
    """The host's inventory of projects and previews, and hooks around the swap. cutover/platform.h says what each has to do."""

    _struct = abi.cutover_platform

    @abc.abstractmethod
    def project_get(self, project_id: str) -> Project:
        """The project; raises errors.NotFoundError."""

    @abc.abstractmethod
    def project_set_state(self, project_id: str, expected: str, next: str, job_id: str) -> None:
        """Moves it from one state to another, in one act; raises errors.ConflictError, with nothing changed, when it is in another, or
        when what it is `restoring` for is another job."""

    @abc.abstractmethod
    def preview_get(self, preview_id: str) -> Preview:
        """The preview; raises errors.NotFoundError."""

    @optional
    def traffic_pause(self, project_id: str) -> None:
        """Right before production's door is closed."""

    @optional
    def traffic_resume(self, project_id: str) -> None:
        """After it is open again, however the swap ended."""

    @optional
    def integrations_sync(self, project_id: str) -> None:
        """Production has another content. At least once."""

    @optional
    def preview_create(self, project_id: str, preview_id: str) -> Preview:
        """Makes a preview of that id with an empty database."""
        raise NotImplementedError

    @optional
    def fence_pause(self, project_id: str) -> None:
        """Before production begins to refuse writes, or ceases to."""

    @optional
    def fence_resume(self, project_id: str, refuses_writes: int) -> None:
        """After it: 1 where it refuses writes now, 0 where it takes them, -1 where nothing was changed."""

    @optional
    def preview_extend(self, preview_id: str, expires_at: datetime) -> None:
        """Lets a preview live until then, or longer."""

    def _call_project_get(self, project_id: bytes, emit: Any, context: Any, _error: Any, _userdata: Any) -> None:
        send(self.project_get(text(project_id)), emit, context)

    def _call_project_set_state(self, project_id: bytes, expected: bytes, following: bytes, job_id: bytes, _error: Any, _userdata: Any) -> None:
        self.project_set_state(text(project_id), text(expected), text(following), text(job_id))

    def _call_preview_get(self, preview_id: bytes, emit: Any, context: Any, _error: Any, _userdata: Any) -> None:
        send(self.preview_get(text(preview_id)), emit, context)

    def _call_traffic_pause(self, project_id: bytes, _error: Any, _userdata: Any) -> None:
        self.traffic_pause(text(project_id))

    def _call_traffic_resume(self, project_id: bytes, _error: Any, _userdata: Any) -> None:
        self.traffic_resume(text(project_id))

    def _call_integrations_sync(self, project_id: bytes, _error: Any, _userdata: Any) -> None:
        self.integrations_sync(text(project_id))

    def _call_preview_create(self, project_id: bytes, preview_id: bytes, emit: Any, context: Any, _error: Any, _userdata: Any) -> None:
        send(self.preview_create(text(project_id), text(preview_id)), emit, context)

    def _call_fence_pause(self, project_id: bytes, _error: Any, _userdata: Any) -> None:
        self.fence_pause(text(project_id))

    def _call_fence_resume(self, project_id: bytes, refuses_writes: int, _error: Any, _userdata: Any) -> None:
        self.fence_resume(text(project_id), refuses_writes)

    def _call_preview_extend(self, preview_id: bytes, expires_at: int, _error: Any, _userdata: Any) -> None:
        self.preview_extend(text(preview_id), time(expires_at))


def pause_is_cancelled() -> bool:
    """For traffic_pause and fence_pause, on their thread: whether the job that waits for them was cancelled; they raise then."""
    return lib.cutover_platform_cancelled() != 0


class Refusal(Exception):
    """What a notifier raises to say when an event shall be offered again, or that it shall not be."""

    def __init__(self, message: str, *, again_at: Optional[datetime] = None, never_again: bool = False) -> None:
        super().__init__(message)
        self.again_at, self.never_again = again_at, never_again


class Notifier(PythonPort):
    """Where outgoing events go: at least once, in order within a project."""

    _struct = abi.cutover_notifier

    @abc.abstractmethod
    def deliver(self, event: Event) -> None:
        """Takes the event for good; what raises leaves it to be offered again."""

    def _call_deliver(self, event: int, refusal: int, _error: Any, _userdata: Any) -> None:
        try:
            self.deliver(read_event(abi.cutover_event.from_address(event)))
        except Refusal as raised:
            wanted = abi.cutover_refusal.from_address(refusal)
            wanted.again_at, wanted.never_again = micros(raised.again_at), raised.never_again
            raise


class Store(PythonPort):
    """A transactional document store. cutover/store.h says what each has to do; cutover-conformance tells whether it does."""

    _struct = abi.cutover_store
    max_commit_writes = 0
    max_list = 0
    max_body_bytes = 0

    def _fill(self, vtable: Any) -> None:
        super()._fill(vtable)
        vtable.max_commit_writes, vtable.max_list, vtable.max_body_bytes = self.max_commit_writes, self.max_list, self.max_body_bytes

    @property
    @abc.abstractmethod
    def capabilities(self) -> abi.StoreBits:
        """StoreCapability.DURABLE, SHARED."""

    @abc.abstractmethod
    def get(self, kind: str, id: str) -> Document:
        """What was committed last; raises errors.NotFoundError."""

    @abc.abstractmethod
    def list(self, kind: str, project_id: Optional[str], after_id: str, limit: int) -> Iterable[Document]:
        """In ascending order of the bytes of their ids, those after `after_id`, at most `limit`, of one committed state."""

    @abc.abstractmethod
    def commit(self, writes: Sequence[Write]) -> None:
        """All or none; raises errors.ConflictError when a document's version is not the expected one."""

    def _call_get(self, kind: bytes, identity: bytes, emit: Any, context: Any, _error: Any, _userdata: Any) -> None:
        send(self.get(text(kind), text(identity)), emit, context)

    def _call_list(self, kind: bytes, project_id: Optional[bytes], after_id: bytes, limit: int, emit: Any, context: Any, _error: Any,
                   _userdata: Any) -> None:
        for document in self.list(text(kind), text_or_none(project_id), text(after_id), limit):
            send(document, emit, context)

    def _call_commit(self, writes: int, count: int, _error: Any, _userdata: Any) -> None:
        addresses = (c.c_void_p * count).from_address(writes)
        self.commit([read_write(abi.cutover_write.from_address(each or 0)) for each in addresses])


# ----------------------------------------------------------------------------------------------------- built in


class BuiltIn(Port):
    """A port of the library's own."""

    def __init__(self, function: Callable[..., int], *arguments: Any) -> None:
        vtable = self.vtable
        with Call() as call:
            call.run(function, *arguments, c.byref(vtable), call.error)

    def _fill(self, vtable: Any) -> None:
        pass

    def close(self) -> None:
        """Frees what is behind it. Engines that have it are closed."""
        self.close_users()
        getattr(lib, self._struct.__name__ + "_close")(c.byref(self.vtable))


class MemoryStore(BuiltIn):
    """Gone with the process: for tests and trials."""

    _struct = abi.cutover_store

    def __init__(self) -> None:
        super().__init__(lib.cutover_store_memory_open)


class SqliteStore(BuiltIn):
    """One SQLite file, for threads and processes of one machine."""

    _struct = abi.cutover_store

    def __init__(self, path: str) -> None:
        super().__init__(lib.cutover_store_sqlite_open, encoded(path))


class PostgresStore(BuiltIn):
    """Tables of a PostgreSQL database, for processes of many hosts."""

    _struct = abi.cutover_store

    def __init__(self, conninfo: str, *, schema: Optional[str] = None, timeout_ms: Optional[int] = None) -> None:
        keep: List[Any] = []
        options = filled(abi.cutover_store_postgres_options, {"schema": schema, "timeout_ms": timeout_ms}, keep)
        super().__init__(lib.cutover_store_postgres_open, encoded(conninfo), c.byref(options))


class DirectoryRepository(BuiltIn):
    """Backups in a local folder."""

    _struct = abi.cutover_repository

    def __init__(self, path: str) -> None:
        super().__init__(lib.cutover_repository_directory_open, encoded(path))


class JsonlNotifier(BuiltIn):
    """Appends each event to a file, as a line of JSON."""

    _struct = abi.cutover_notifier

    def __init__(self, path: str) -> None:
        super().__init__(lib.cutover_notifier_jsonl_open, encoded(path))


class FilledPort(Port):
    """A vtable that something of the library's fills, and that lives as long as that."""

    def __init__(self, struct: Type[c.Structure], owner: Lender, function: Callable[..., int], *arguments: Any) -> None:
        self._struct, self._owner = struct, owner
        vtable = self.vtable
        with Call() as call:
            call.run(function, *arguments, c.byref(vtable), call.error)

    def _fill(self, vtable: Any) -> None:
        pass

    def lend(self, user: Owner) -> None:
        super().lend(user)
        self._owner.lend(user)


class PgBouncer(FilledPort):
    """A platform whose hooks hold the clients of PgBouncer instances, around another platform (cutover/pgbouncer.h)."""

    def __init__(self, inner: Port, *, consoles: Optional[Sequence[str]] = None, pause_timeout_ms: Optional[int] = None,
                 hold_fence: Optional[bool] = None) -> None:
        keep: List[Any] = []
        options = filled(abi.cutover_pgbouncer_options, {
            "consoles": None if consoles is None else list(consoles), "pause_timeout_ms": pause_timeout_ms, "hold_fence": hold_fence}, keep)
        super().__init__(abi.cutover_platform, inner, lib.cutover_platform_pgbouncer_wrap, c.byref(inner.vtable), c.byref(options))

    def close(self) -> None:
        """Frees what the wrap holds; the inner platform stays. Engines that have it are closed."""
        self.close_users()
        lib.cutover_platform_pgbouncer_unwrap(c.byref(self.vtable))


@dataclass(frozen=True)
class NamedNotifier:
    """A notifier with more to say than its name: cutover_named_notifier of cutover/notifier.h."""

    notifier: Port
    attempts: Optional[int] = None
    since: Optional[datetime] = None
