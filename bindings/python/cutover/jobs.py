"""Jobs that this process runs: promotions, rollbacks, restores and backups."""
from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Dict, Generator, Generic, Optional, TypeVar

import ctypes as c

from . import _abi as abi
from ._call import Call, Owner, Reporter
from ._library import lib
from ._preflight import Preflight, read_preflight
from ._records import Job, Progress, read_progress
from ._values import filled, members, text

if TYPE_CHECKING:
    from .engine import Engine

R = TypeVar("R")


class Running(Generic[R]):
    """A job that runs in a thread of its own: await it for what it gives, iterate over its progress, or both.

    The iteration ends with the job and leaves out what came while nobody looked. When the task that waits is cancelled, so is the job;
    the task goes on when that has ended, with production open.
    """

    def __init__(self, job: "Runnable[R]") -> None:
        self._job, self._loop = job, asyncio.get_running_loop()
        self._done: "asyncio.Future[R]" = self._loop.create_future()
        self._latest: Optional[Progress] = None
        self._news = asyncio.Event()
        self._iterated = False
        job._reporter.listeners.append(self._listen)
        threading.Thread(target=self._work, name=f"cutover {job.id}").start()

    def _work(self) -> None:
        result: Optional[R] = None
        failure: Optional[BaseException] = None
        try:
            result = self._job.run_sync()
        except BaseException as raised:  # it is raised where the job is awaited
            failure = raised
        self._post(self._end, result, failure)

    def _post(self, function: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            pass  # the loop was closed meanwhile: nobody waits

    def _end(self, result: Any, failure: Optional[BaseException]) -> None:
        self._job._reporter.listeners.remove(self._listen)
        if failure is None:
            self._done.set_result(result)
        else:
            self._done.set_exception(failure)
            if self._iterated:
                self._done.exception()  # who iterates and then awaits is told; who does not is not warned
        self._news.set()

    def _listen(self, progress: Progress) -> None:
        """On the job's thread."""
        self._post(self._tell, progress)

    def _tell(self, progress: Progress) -> None:
        self._latest = progress
        self._news.set()

    async def _cancelled(self) -> None:
        """Asks the job to stop, and waits for its end, however often it is told not to."""
        self._job.cancel()
        while not self._done.done():
            try:
                await asyncio.wait([self._done])
            except asyncio.CancelledError:
                continue
        self._done.exception()

    async def _wait(self) -> R:
        try:
            return await asyncio.shield(self._done)
        except asyncio.CancelledError:
            await self._cancelled()
            raise

    def __await__(self) -> Generator[Any, None, R]:
        return self._wait().__await__()

    async def _iterate(self) -> AsyncIterator[Progress]:
        self._iterated = True
        while True:
            try:
                await self._news.wait()
            except asyncio.CancelledError:
                await self._cancelled()
                raise
            self._news.clear()
            latest, self._latest = self._latest, None
            if latest is not None:
                yield latest
            if self._done.done():
                return

    def __aiter__(self) -> AsyncIterator[Progress]:
        return self._iterate()


class Runnable(Owner, Generic[R]):
    """A job of an engine, which was checked and has not begun. Run it once, and close it."""

    _name = ""

    def __init__(self, engine: "Engine", handle: c.c_void_p, reporter: Reporter) -> None:
        super().__init__(handle.value, self._function("free"))
        self._engine, self._reporter = engine, reporter
        self._runs = threading.Lock()
        engine.lend(self)

    def _function(self, name: str) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(lib, f"cutover_{self._name}_{name}")
        return function

    @property
    def id(self) -> str:
        """The job's id, for job_get() and job_cancel() of any process."""
        return text(self._function("id")(self.handle))

    def run_sync(self) -> R:
        """Does it, in this thread; returns when it has ended. Raises what made it fail."""
        with self._runs, Call(self) as call:
            self._reporter.run(call, self._function("run"), self.handle, call.error)
        return self._result()

    def run(self) -> "Running[R]":
        """Begins it, in a thread of its own: `await promotion.run()`, or iterate over what it returns. In a running event loop."""
        return Running(self)

    def close(self) -> None:
        """Frees it. One that runs is cancelled, and waited for."""
        if self._handle is not None and self._runs.locked():
            self.cancel()
        with self._runs:
            super().close()

    def cancel(self) -> None:
        """Asks it to stop; it does so within a second, unless the swap has begun. Any thread."""
        self._function("cancel")(self.handle)

    def progress(self) -> Progress:
        """Where it stands. Any thread."""
        with Call(self) as call:
            told = filled(abi.cutover_progress, {}, call.keep)
            call.run(self._function("progress"), self.handle, c.byref(told))
            return read_progress(told)

    def _result(self) -> R:
        raise NotImplementedError


class Reporting(Runnable[Dict[str, Any]]):
    """One that has a report."""

    @property
    def report(self) -> Optional[Dict[str, Any]]:
        """What it did, however it ended (report.json of docs/json.md); None before."""
        told: Optional[bytes] = self._function("report")(self.handle)
        return None if told is None else members(told)

    def _result(self) -> Dict[str, Any]:
        return self.report or {}


class Promotion(Reporting):
    """Carries an acknowledged request out. Gives its report."""

    _name = "promotion"

    @property
    def preflight(self) -> Optional[Preflight]:
        """What its preflight found; None where it did not get so far."""
        found = lib.cutover_promotion_preflight(self.handle)
        return read_preflight(found) if found else None


class Rollback(Reporting):
    """The database that a cutover displaced becomes production again. Gives its report."""

    _name = "rollback"

    @property
    def writes(self) -> abi.Writes:
        """Whether production was written to since the cutover."""
        return abi.Writes(lib.cutover_rollback_writes(self.handle))


class Restore(Reporting):
    """A backup becomes the content of a preview, or of production. Gives its report."""

    _name = "restore"


class BackupJob(Runnable[Job]):
    """A backup that is taken, or verified again. Gives the job's record, whose id is the backup's where it was taken."""

    _name = "backup_job"

    def _result(self) -> Job:
        return self._engine.job_get(self.id)
