"""The engine: what everything else is called with."""
from __future__ import annotations

import ctypes as c
import logging
from datetime import datetime
from typing import Any, Callable, Iterator, List, Mapping, Optional, TypeVar, Union

from . import _abi as abi
from . import _records as records
from ._call import Call
from ._calls import EngineCalls
from ._library import lib
from ._values import encoded, micros, text
from .ports import NamedNotifier, Port

Log = Callable[[abi.LogLevel, str], None]
Clock = Callable[[], datetime]
LEVELS = {abi.LogLevel.DEBUG: logging.DEBUG, abi.LogLevel.INFO: logging.INFO, abi.LogLevel.WARNING: logging.WARNING,
          abi.LogLevel.ERROR: logging.ERROR}
R = TypeVar("R")


def to_logging(level: abi.LogLevel, line: str) -> None:
    """Where lines go that nobody else takes: the logger "cutover"."""
    logging.getLogger("cutover").log(LEVELS[level], "%s", line)


def log_callback(log: Log) -> Any:
    return abi.cutover_log_fn(lambda level, line, _userdata: log(abi.LogLevel(level), text(line)))


def clock_callback(clock: Optional[Clock]) -> Any:
    def tell(_userdata: Any) -> int:
        return micros(clock()) if clock is not None else 0

    return abi.cutover_clock_fn() if clock is None else abi.cutover_clock_fn(tell)


def named_notifiers(notifiers: Mapping[str, Union[Port, NamedNotifier]], call: Call) -> Any:
    """An array of pointers, and what it points to."""
    structs = []
    for name, given in notifiers.items():
        one = given if isinstance(given, NamedNotifier) else NamedNotifier(given)
        structs.append(call.struct(abi.cutover_named_notifier, {
            "name": name, "notifier": one.notifier.vtable, "attempts": one.attempts, "since": one.since}))
    array = (c.c_void_p * len(structs))(*[c.addressof(each) for each in structs])
    call.keep.append(array)
    return array


class Engine(EngineCalls):
    """An engine. Threads may share it. The ports stay the caller's, and live longer than it.

    Lines of its log go to the logger "cutover" of logging, or to `log`. What its methods do is said by the header: request_ack() is
    cutover_request_ack(). What is not given is as the library has it. Jobs that are left when it is closed are closed before it.
    """

    def __init__(self, *, store: Port, repository: Port, platform: Port, notifiers: Optional[Mapping[str, Union[Port, NamedNotifier]]] = None,
                 policy: abi.PolicyBits = abi.PolicyBits(0), pg_bin_dir: Optional[str] = None, work_dir: Optional[str] = None,
                 log: Log = to_logging, clock: Optional[Clock] = None, connect_timeout_s: Optional[int] = None,
                 door_timeout_ms: Optional[int] = None, maintenance_mem_mb: Optional[int] = None,
                 preview_notice_s: Optional[int] = None) -> None:
        self._lent = [store, repository, platform, notifiers, log_callback(log), clock_callback(clock)]
        engine = c.c_void_p()
        with Call() as call:
            named = named_notifiers(notifiers or {}, call)
            options = call.struct(abi.cutover_engine_options, {
                "policy": int(policy) | abi.StrictBits.ANSWERS, "store": store.vtable, "repository": repository.vtable,
                "platform": platform.vtable, "notifiers": c.addressof(named), "notifier_count": len(named), "pg_bin_dir": pg_bin_dir,
                "work_dir": work_dir, "log": self._lent[4], "clock": self._lent[5], "connect_timeout_s": connect_timeout_s,
                "door_timeout_ms": door_timeout_ms, "maintenance_mem_mb": maintenance_mem_mb, "preview_notice_s": preview_notice_s})
            call.run(lib.cutover_engine_new, c.byref(options), c.byref(engine), call.error)
        notified = [one.notifier if isinstance(one, NamedNotifier) else one for one in (notifiers or {}).values()]
        super().__init__(engine.value, lib.cutover_engine_free, store, repository, platform, *notified)

    def backup_path(self, backup_id: str) -> str:
        """The local folder that pg_restore reads."""
        path = c.create_string_buffer(4096)
        with Call(self) as call:
            call.run(lib.cutover_backup_path, self.handle, encoded(backup_id), path, len(path), call.error)
        return path.value.decode("utf-8")

    def requests(self, *, project_id: Optional[str] = None, status: Optional[str] = None, newest_first: bool = False,
                 after: Optional[str] = None, limit: int = 100) -> Iterator[records.Request]:
        """Every request that requests_find() finds, page by page."""
        return pages(self.requests_find, limit, after, project_id=project_id, status=status, newest_first=newest_first)

    def backups(self, *, project_id: Optional[str] = None, status: Optional[str] = None, newest_first: bool = False,
                after: Optional[str] = None, limit: int = 100) -> Iterator[records.Backup]:
        """Every backup that backups_find() finds, page by page."""
        return pages(self.backups_find, limit, after, project_id=project_id, status=status, newest_first=newest_first)

    def jobs(self, *, project_id: Optional[str] = None, status: Optional[str] = None, kind: Optional[str] = None, newest_first: bool = False,
             after: Optional[str] = None, limit: int = 100) -> Iterator[records.Job]:
        """Every job that jobs_find() finds, page by page."""
        return pages(self.jobs_find, limit, after, project_id=project_id, status=status, kind=kind, newest_first=newest_first)

    def audit(self, project_id: str, *, after: Optional[str] = None, limit: int = 100) -> Iterator[records.AuditEntry]:
        """A project's audit trail, page by page."""
        return pages(self.audit_list, limit, after, project_id=project_id)

    def keys(self, *, project_id: Optional[str] = None, after: Optional[str] = None, limit: int = 100) -> Iterator[records.Key]:
        """API keys, page by page."""
        return pages(self.keys_list, limit, after, project_id=project_id)


def pages(find: Callable[..., List[R]], limit: int, after: Optional[str], **which: Any) -> Iterator[R]:
    """A page with fewer than the limit is the last. What goes on after it is its last one's id, or its cursor where it has one."""
    while True:
        page = find(limit=limit, after=after, **which)
        yield from page
        if len(page) < limit:
            return
        after = getattr(page[-1], "cursor", None) or getattr(page[-1], "id")
