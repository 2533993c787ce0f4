#!/usr/bin/env python3
"""The package as a host has it, against a real server: from request to rollback, a cancelled job, callbacks that fail, a crash and
recovery, and what is held at import. Run by tests/python.sh, from a wheel beside an installed library.
"""
import asyncio
import faulthandler
import gc
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import typing
import unittest
from datetime import datetime, timedelta, timezone

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "bindings" / "python"
sys.path[:0] = [str(ROOT / "tests" / "service"), str(PACKAGE / "examples")]
from embed import Host  # noqa: E402
from own_store import OwnStore  # noqa: E402
from service import Server, wait_until  # noqa: E402

import cutover  # noqa: E402
from cutover import Actor, ActorKind, Policy, Recovered, Role, Writes, errors  # noqa: E402

CARLA = Actor("carla", ActorKind.USER, Role.MEMBER)
OLGA = Actor("olga", ActorKind.OPERATOR, Role.OPERATOR)


class Bus(cutover.Notifier):
    """Keeps what it took; raises what it is told to."""

    def __init__(self):
        self.taken, self.raises = [], None

    def deliver(self, event):
        if self.raises is not None:
            raise self.raises
        self.taken.append(event)


class Breaking(Host):
    """A host in which a callback can be made to raise."""

    raises: typing.Dict[str, BaseException] = {}

    def project_get(self, project_id):
        if "project_get" in self.raises:
            raise self.raises["project_get"]
        return super().project_get(project_id)

    def traffic_pause(self, project_id):
        if "traffic_pause" in self.raises:
            raise self.raises["traffic_pause"]

    def traffic_resume(self, project_id):
        pass


class Hosted(unittest.TestCase):
    """A host with one project and one preview."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.lines = folder.name, []
        self.host, self.bus = Breaking("host=/nowhere dbname=shop", "host=/nowhere dbname=next"), Bus()
        self.host.raises = {}
        self.store = self.closed_after(cutover.MemoryStore())
        self.engine = self.open()

    def closed_after(self, port):
        self.addCleanup(port.close)
        return port

    def open(self, **options):
        repository = self.closed_after(cutover.DirectoryRepository(f"{self.folder}/backups"))
        return self.closed_after(cutover.Engine(**{
            "store": self.store, "repository": repository, "platform": self.host, "notifiers": {"bus": self.bus},
            "policy": Policy.VOLATILE_STORE, "log": lambda level, line: self.lines.append(line), **options}))

    def request(self, **options):
        return self.engine.request_create(CARLA, "shop", "shop-next", external_ticket_ref="OPS-1", **options)


class WithoutServer(Hosted):
    """What needs a store and a platform only."""

    def test_a_request_is_told_whole(self):
        before = datetime.now(timezone.utc)
        request = self.request(customer_note="größer\n")
        self.assertEqual((request.status, request.project_id, request.preview_id, request.customer_note, request.ticket),
                         ("open", "shop", "shop-next", "größer\n", "OPS-1"))
        self.assertEqual((request.scheduled_for, request.completed_at, request.rejected_reason), (None, None, None))
        self.assertLess(abs(request.created_at - before), timedelta(minutes=1))
        self.assertEqual(request.created_at.utcoffset(), timedelta(0))
        self.assertEqual(request.data["id"], request.id)
        self.assertEqual(self.engine.request_get(request.id), request)

    def test_times_are_aware_and_exact(self):
        request = self.request()
        agreed = datetime(2035, 3, 4, 5, 6, 7, 89, tzinfo=timezone(timedelta(hours=2)))
        self.assertEqual(self.engine.request_ack(OLGA, request.id, scheduled_for=agreed).scheduled_for, agreed)
        with self.assertRaisesRegex(ValueError, "without a time zone"):
            self.engine.request_reschedule(OLGA, request.id, scheduled_for=datetime(2035, 3, 4))
        self.assertIsNone(self.engine.request_reschedule(OLGA, request.id).scheduled_for)

    def test_a_refusal_is_an_exception_of_its_status(self):
        request = self.request()
        with self.assertRaises(errors.ForbiddenError) as refused:
            self.engine.request_ack(CARLA, request.id)
        self.assertIsInstance(refused.exception, cutover.CutoverError)
        self.assertEqual(refused.exception.status, cutover.Status.E_FORBIDDEN)
        self.assertTrue(refused.exception.message)
        with self.assertRaisesRegex(errors.StateError, "cannot be promoted .*ack it first"):
            self.engine.promotion_start(OLGA, request.id)
        with self.assertRaises(errors.ConflictError):
            self.request()
        with self.assertRaises(errors.ConflictError):
            self.engine.request_ack(OLGA, request.id, if_version=request.version + 1)
        with self.assertRaisesRegex(ValueError, "NUL"):
            self.engine.request_get("a\0b")

    def test_every_page_is_iterated_over(self):
        ids = []
        for _ in range(5):
            ids.append(self.request().id)
            self.engine.request_cancel(CARLA, ids[-1])
        self.assertEqual([each.id for each in self.engine.requests(limit=2)], ids)
        self.assertEqual([each.id for each in self.engine.requests(limit=5, newest_first=True)], ids[::-1])
        self.assertEqual([each.id for each in self.engine.requests(status="open")], [])
        actions = [each.action for each in self.engine.audit("shop", limit=3)]
        self.assertEqual(actions, ["cutover.requested", "cutover.cancelled"] * 5)

    def test_an_exception_of_the_platform_comes_back_as_itself(self):
        self.host.raises = {"project_get": LookupError("the inventory is away")}
        with self.assertRaises(LookupError) as raised:
            self.request()
        self.assertIs(raised.exception, self.host.raises["project_get"])
        self.assertIsInstance(raised.exception.__cause__, errors.CallbackError)
        self.assertIn("platform.project_get", raised.exception.__cause__.message)
        self.host.raises = {}
        self.request()

    def test_what_a_host_answers_by_status_is_understood(self):
        with self.assertRaises(errors.NotFoundError):
            self.engine.request_create(CARLA, "another", "shop-next")

    def test_an_event_that_nobody_took_comes_again(self):
        self.request()
        self.bus.raises = ConnectionError("the bus is away")
        self.assertEqual(self.engine.events_deliver().failed, 1)
        listed = self.engine.events_list()[0]
        self.assertIn("the bus is away", listed.data["deliveries"]["bus"]["last_error"])
        self.assertEqual((self.bus.taken, listed.type), ([], "cutover.requested"))

    def test_a_notifier_says_when_and_whether(self):
        self.request()
        later = datetime.now(timezone.utc) + timedelta(days=2)
        self.bus.raises = cutover.Refusal("full", again_at=later)
        self.engine.events_deliver()
        asked = self.engine.events_list()[0].data["deliveries"]["bus"]["next_attempt_at"]
        self.assertEqual(datetime.fromisoformat(asked.replace("Z", "+00:00")), later)

    def test_a_notifier_gives_up_and_an_operator_tries_again(self):
        self.request()
        self.bus.raises = cutover.Refusal("never", never_again=True)
        self.assertEqual(self.engine.events_deliver().given_up, 1)
        self.assertEqual(self.engine.events_retry(OLGA, "bus"), 1)
        self.bus.raises = None
        self.assertEqual(self.engine.events_deliver(notifier="bus").delivered, 1)
        self.assertEqual((self.bus.taken[0].type, self.bus.taken[0].data["type"]), ("cutover.requested",) * 2)

    def test_a_store_in_python_serves_and_its_exception_comes_back(self):
        self.store = self.closed_after(OwnStore(f"{self.folder}/own.db"))
        self.engine = self.open(policy=Policy(0))
        request = self.request()
        self.assertEqual(self.engine.request_ack(OLGA, request.id).status, "acked")
        broken = RuntimeError("the store broke down")

        def breaks(*_):
            raise broken

        self.store.get = breaks
        with self.assertRaises(RuntimeError) as raised:
            self.engine.request_get(request.id)
        self.assertIs(raised.exception, broken)

    def test_a_store_in_python_is_what_a_store_has_to_be(self):
        from cutover import conformance
        opened = 0

        class Fast(OwnStore):
            def __init__(self, path):
                super().__init__(path)
                self.database.execute("PRAGMA synchronous = OFF")

        def open_store(fresh):
            nonlocal opened
            opened += fresh
            return Fast(f"{self.folder}/suite.{opened}")

        cases = conformance.check_store(open_store)
        self.assertEqual([case for case in cases if case[1] is not None], [])
        self.assertGreater(len(cases), 25)

        class Forgetful(OwnStore):
            def commit(self, writes):
                super().commit(writes[:1])

        failed = [name for name, failure in conformance.check_store(lambda fresh: Forgetful(":memory:")) if failure]
        self.assertIn("commit_applies_all_its_writes", failed)

    def test_the_log_and_the_clock_are_the_hosts(self):
        self.engine = self.open(clock=lambda: datetime(2031, 1, 2, 3, 4, 5, 6, timezone.utc), log=cutover.engine.to_logging)
        request = self.request()
        self.assertEqual(request.created_at, datetime(2031, 1, 2, 3, 4, 5, 6, timezone.utc))
        self.host.raises = {"project_get": LookupError("away")}
        self.host.preview_get = lambda preview_id: self.host.project_get("shop")
        with self.assertLogs("cutover", logging.WARNING) as logged:
            self.engine.request_get(request.id)
        self.assertIn("LookupError: away", logged.output[0])

    def test_what_is_closed_is_told_so(self):
        self.engine.close()
        self.engine.close()
        with self.assertRaisesRegex(ValueError, "Engine is closed"):
            self.request()

    def test_what_is_closed_first_closes_what_holds_it(self):
        registry = self.closed_after(cutover.Registry(self.store))
        for lender in (registry, self.store):
            engine = self.open(platform=registry.platform if lender is registry else self.host)
            lender.close()
            with self.assertRaisesRegex(ValueError, "Engine is closed"):
                engine.request_get("x")
        with self.assertRaisesRegex(ValueError, "Registry is closed"):
            registry.projects_list()

    def test_a_registry_and_keys_are_there_too(self):
        registry = self.closed_after(cutover.Registry(self.store, OLGA))
        registry.project_add("garden", "host=/nowhere dbname=garden", pgbouncers=["host=/a", "host=/b"])
        registry.preview_add("garden-next", "garden", "host=/nowhere dbname=next", expires_at=datetime(2040, 1, 1, tzinfo=timezone.utc))
        self.assertEqual(registry.projects_list()[0].pgbouncers, ("host=/a", "host=/b"))
        self.assertEqual(registry.previews_list()[0].expires_at, datetime(2040, 1, 1, tzinfo=timezone.utc))
        self.assertIsNone(registry.projects_list()[0].loader_database)
        engine = self.open(platform=registry.platform)
        root = Actor("root", ActorKind.OPERATOR, Role.ORG_ADMIN)
        secret, key = engine.key_create(root, "ci", Role.MEMBER | Role.OPERATOR, project_id="garden")
        known = engine.key_authenticate(secret)
        self.assertEqual((known.id, known.actor.kind, known.roles), (key.id, ActorKind.API_KEY, Role.MEMBER | Role.OPERATOR))
        engine.key_revoke(root, key.id)
        with self.assertRaises(errors.ForbiddenError):
            engine.key_authenticate(secret)

    def test_webhooks_take_events_and_tell_them(self):
        webhooks = self.closed_after(cutover.Webhooks(self.store))
        secret, hook = webhooks.create(OLGA, "shop", "https://example.org/hook", event_types=["cutover.requested", "cutover.acked"])
        self.assertTrue(secret.startswith("whsec_"))
        self.assertEqual(hook.data["event_types"], ["cutover.requested", "cutover.acked"])
        self.assertEqual(webhooks.update(OLGA, hook.id, event_types=[]).data["event_types"], [])
        engine = self.open(notifiers={"webhook": webhooks.notifier})
        engine.request_create(CARLA, "shop", "shop-next")
        engine.events_deliver()
        page = webhooks.deliveries_find(hook.id, status="pending")
        self.assertEqual([each.type for each in page], ["cutover.requested"])

    def test_calls_from_threads_do_not_mix_their_failures(self):
        wrong = []

        def ask(number):
            for _ in range(50):
                try:
                    self.engine.request_get(f"00000000-0000-7000-8000-{number:012}")
                except errors.NotFoundError as refused:
                    if f"{number:012}" not in refused.message:
                        wrong.append(refused.message)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_nothing_is_kept(self):
        request = self.request()
        self.engine.request_ack(OLGA, request.id)

        def rounds():
            for _ in range(100):
                self.engine.request_get(request.id)
                self.engine.promotion_start(OLGA, request.id, progress=print).close()
                self.host.raises = {"project_get": LookupError("away")}
                try:
                    self.engine.promotion_start(OLGA, request.id)
                except LookupError:
                    pass
                self.host.raises = {}
            gc.collect()
            return len(gc.get_objects()), int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096

        rounds()
        objects, memory = rounds()
        rounds()
        later = rounds()
        self.assertLess(later[0], objects + 50)
        self.assertLess(later[1], memory + 2 ** 20)


class WithServer(Hosted):
    """What moves production."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.end)

    def setUp(self):
        super().setUp()
        for database in ("shop", "shop_next"):
            self.sql("postgres", f"CREATE DATABASE {database}")
            self.sql(database, f"CREATE TABLE release (name text); INSERT INTO release VALUES ('{database}')")
        self.addCleanup(self.drop)
        self.store = self.closed_after(cutover.SqliteStore(f"{self.folder}/cutover.db"))
        self.host = Breaking(self.server.conninfo("shop"), self.server.conninfo("shop_next"))
        self.host.raises = {}
        self.engine = self.open(policy=Policy(0), pg_bin_dir=str(self.server.bin))
        self.home = pathlib.Path(self.folder, "home")

    def drop(self):
        self.engine.close()
        for database in self.sql("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'").split():
            self.sql("postgres", f'DROP DATABASE "{database}" WITH (FORCE)')

    def sql(self, database, text):
        return self.server.sql(database, text)

    def released(self):
        """What production has, which takes writes."""
        self.sql("shop", "CREATE TABLE written (); DROP TABLE written")
        return self.sql("shop", "SELECT name FROM release")

    def acked(self):
        request = self.request()
        self.engine.request_ack(OLGA, request.id)
        return request.id

    def test_from_request_to_rollback(self):
        request, seen = self.acked(), []

        async def promote():
            with self.engine.promotion_start(OLGA, request) as promotion:
                run = promotion.run()
                async for progress in run:
                    seen.append(progress)
                report = await run
                self.assertEqual((promotion.report, promotion.preflight.severity.name != "BLOCK"), (report, True))
                return promotion.id, report

        identity, report = asyncio.run(promote())
        self.assertEqual((report["status"], report["job_id"], self.released()), ("completed", identity, "shop_next"))
        self.sql("shop", "INSERT INTO release VALUES ('after')")
        self.assertEqual((seen[-1].job_id, [each.fraction for each in seen]), (identity, sorted(each.fraction for each in seen)))
        self.assertEqual(self.engine.job_get(identity).report, report)
        self.assertIsNone(self.engine.job_get(identity).progress)
        self.assertEqual(self.engine.displaced_list("shop")[0].promotion_id, identity)
        self.engine.events_deliver()
        self.assertEqual([each.id for each in self.engine.jobs(kind="promotion", status="over")], [identity])
        self.assertIn("job.completed", [event.type for event in self.bus.taken])
        self.assertIn("backups", self.engine.backup_path(report["pre_cutover_backup_id"]))
        with self.engine.rollback_start(OLGA, request) as rollback:
            self.assertEqual(rollback.writes, Writes.SOME)
            with self.assertRaisesRegex(errors.StateError, "written"):
                rollback.run_sync()
        with self.engine.rollback_start(OLGA, request, discard_writes=True) as rollback:
            self.assertEqual(rollback.run_sync()["status"], "rolled_back")
        self.assertEqual((self.released(), self.engine.request_get(request).status), ("shop", "rolled_back"))

    def test_a_cancelled_task_cancels_its_job(self):
        request = self.acked()

        async def promote():
            with self.engine.promotion_start(OLGA, request, hold=True) as promotion:
                task = asyncio.ensure_future(self.awaited(promotion))
                while promotion.progress().step != "held":
                    await asyncio.sleep(0.02)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                self.assertEqual(promotion.report["status"], "cancelled")

        asyncio.run(promote())
        self.assertEqual((self.released(), self.engine.request_get(request).status), ("shop", "acked"))

    @staticmethod
    async def awaited(promotion):
        return await promotion.run()

    def test_a_cancelled_iteration_cancels_its_job_and_the_loop_was_free(self):
        request, ticks = self.acked(), []

        async def iterate(promotion):
            async for _ in promotion.run():
                pass

        async def promote():
            with self.engine.promotion_start(OLGA, request, hold=True) as promotion:
                task = asyncio.ensure_future(iterate(promotion))
                while promotion.progress().step != "held":
                    ticks.append(1)
                    await asyncio.sleep(0.01)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                self.assertEqual(promotion.report["status"], "cancelled")

        asyncio.run(promote())
        self.assertGreater(len(ticks), 5)

    def test_a_listener_that_raises_cancels_and_comes_back(self):
        request, raised = self.acked(), ZeroDivisionError("in progress")

        def listen(progress):
            if progress.step == "backup":
                raise raised

        with self.engine.promotion_start(OLGA, request, progress=listen) as promotion:
            with self.assertRaises(ZeroDivisionError) as found:
                promotion.run_sync()
            self.assertIs(found.exception, raised)
            self.assertEqual(promotion.report["status"], "cancelled")
        self.assertEqual(self.released(), "shop")

    def test_a_hook_that_fails_fails_the_promotion_with_its_own_exception(self):
        request, self.host.raises = self.acked(), {"traffic_pause": OSError("the pooler is away")}
        with self.engine.promotion_start(OLGA, request) as promotion:
            with self.assertRaises(OSError) as found:
                asyncio.run(self.awaited(promotion))
            self.assertIs(found.exception, self.host.raises["traffic_pause"])
            self.assertEqual(found.exception.__cause__.step, "swap")
            self.assertIn("the pooler is away", promotion.report["error"]["message"])
        self.assertEqual((self.released(), self.engine.request_get(request).status), ("shop", "failed"))

    def test_closing_the_engine_ends_what_runs(self):
        request = self.acked()
        promotion = self.engine.promotion_start(OLGA, request, hold=True)
        ended = []

        def work():
            try:
                promotion.run_sync()
            except errors.CancelledError as raised:
                ended.append(raised)

        worker = threading.Thread(target=work)
        worker.start()
        wait_until("held", lambda: promotion.progress().step == "held")
        self.engine.close()
        worker.join()
        self.assertEqual((len(ended), self.released()), (1, "shop"))

    def test_a_backup_is_taken_verified_and_restored(self):
        backup = self.engine.backup_create(OLGA, project_id="shop", label="before", verify=cutover.VerifyMethod.READBACK)
        self.assertEqual((backup.status, backup.label, [each.id for each in self.engine.backups(project_id="shop")]),
                         ("verified", "before", [backup.id]))
        with self.engine.backup_verify_start(OLGA, backup.id) as job:
            self.assertEqual(job.run_sync().status, "verified")
        admin = Actor("otto", ActorKind.OPERATOR, Role.ORG_ADMIN | Role.OPERATOR)
        self.sql("shop", "UPDATE release SET name = 'broken'")
        with self.engine.restore_start(admin, backup.id, project_id="shop", confirm=True) as restore:
            self.assertEqual(restore.run_sync()["status"], "completed")
        self.assertEqual(self.released(), "shop")

    def test_a_store_on_postgresql_serves_and_another_sees_it(self):
        self.sql("postgres", "CREATE DATABASE records")
        stores = [self.closed_after(cutover.PostgresStore(self.server.conninfo("records"), schema="of_cutover")) for _ in range(2)]
        first, second = (self.open(policy=Policy(0), store=store) for store in stores)
        request = first.request_create(CARLA, "shop", "shop-next")
        self.assertEqual(second.request_get(request.id), request)
        self.assertEqual(self.sql("records", "SELECT count(*) > 0 FROM pg_tables WHERE schemaname = 'of_cutover'"), "t")
        with self.assertRaisesRegex(errors.InvalidError, "conninfo|dbname"):
            cutover.PostgresStore("nonsense")

    def example(self, *command):
        """In a folder of its own."""
        self.home.mkdir()
        done = subprocess.run([sys.executable, *map(str, command)], cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env={**os.environ, "PATH": f"{self.server.bin}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.decode()

    def test_the_lines_of_the_readme_run(self):
        lines = (PACKAGE / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
        self.assertLessEqual(len(lines.splitlines()), 12)
        for name in ("shop_next", "shop"):
            lines = lines.replace(f'"host=/run/postgresql dbname={name}"', repr(self.host.preview if "_" in name else self.host.production))
        self.assertIn("'status': 'completed'", self.example("-c", lines))
        self.assertEqual(self.released(), "shop_next")

    def test_the_smallest_host_cuts_over(self):
        said = self.example(PACKAGE / "examples" / "embed.py", self.home, self.host.production, self.host.preview)
        self.assertRegex(said, '(?s)backup: .*"status": "completed".*event .*: job.completed')
        self.assertEqual(self.released(), "shop_next")

    def test_the_operators_story_ends_with_a_rollback(self):
        said = self.example(PACKAGE / "examples" / "operator_story.py", self.home, self.host.production, self.host.preview)
        self.assertRegex(said, "(?s)the new shop.*completed: .* olga cutover.acked.* olga cutover.released.* olga cutover.rolled_back")
        self.assertEqual(self.released(), "shop")

    def test_a_process_that_died_is_recovered_from(self):
        """It ends in the middle of a promotion that is held, with no way to tidy up."""
        registry = self.closed_after(cutover.Registry(self.store))
        registry.project_add("shop", self.server.conninfo("shop"))
        registry.preview_add("shop-next", "shop", self.server.conninfo("shop_next"))
        self.engine = self.open(policy=Policy(0), platform=registry.platform)
        request = self.acked()
        died = subprocess.run([sys.executable, __file__, "die", self.folder, request], check=False, stderr=subprocess.PIPE)
        self.assertEqual(died.returncode, 9)
        told = self.engine.recover()
        self.assertEqual([(each.outcome, each.request_id, each.job) for each in told], [(Recovered.UNDONE, request, "promotion")])
        self.assertEqual((self.engine.request_get(request).status, registry.projects_list()[0].state, self.released()), ("failed", "active", "shop"))


class AtImport(unittest.TestCase):
    """What the library is held against."""

    def imported(self, code="import cutover", **environment):
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment}, stderr=subprocess.PIPE)
        return done.returncode, done.stderr.decode()

    def test_there_is_none(self):
        status, said = self.imported(CUTOVER_LIBRARY="/nowhere/libcutover.so")
        self.assertEqual(status, 1)
        self.assertIn("ImportError: libcutover is not installed where the loader finds it", said)

    def test_it_is_another_one(self):
        status, said = self.imported(CUTOVER_LIBRARY="libsqlite3.so.0")
        self.assertEqual(status, 1)
        self.assertIn("ImportError: libsqlite3.so.0 has no cutover_", said)

    def test_versions_and_sizes_are_held_against_it(self):
        for change, part in (("abi.VERSION = '0.0.9'", "this package is for libcutover 0.0.9"),
                             ("abi.VERSION = '0.1.99'", "this package is for libcutover 0.1.99"),
                             ("abi.SIZES[abi.cutover_platform][-1] = 104", "cutover_platform, version 3, has 96 bytes in this library, and 104"),
                             ("abi.SIZES[abi.cutover_actor].append(32)", "cutover_actor, version 2, has 0 bytes"),
                             ("abi.LAYOUTS[abi.cutover_event][3] = 20", "cutover_event has another layout here")):
            status, said = self.imported(f"import importlib.util as u, sys; s = u.find_spec('cutover'); "
                                         f"p = type(sys)('cutover'); p.__path__ = s.submodule_search_locations; sys.modules['cutover'] = p; "
                                         f"import cutover._abi as abi; {change}; import cutover._library")
            self.assertEqual(status, 1)
            self.assertIn(f"ImportError: {part}", said)


def die(folder, request):
    """In a process of its own."""
    def at_hold(progress):
        if progress.step == "held":
            os._exit(9)

    store = cutover.SqliteStore(f"{folder}/cutover.db")
    registry = cutover.Registry(store)
    engine = cutover.Engine(store=store, repository=cutover.DirectoryRepository(f"{folder}/backups"), platform=registry.platform)
    engine.promotion_start(OLGA, request, hold=True, progress=at_hold).run_sync()


if __name__ == "__main__":
    if sys.argv[1:2] == ["die"]:
        die(*sys.argv[2:])
    faulthandler.dump_traceback_later(1200, exit=True)  # what hangs is a failure
    unittest.main(verbosity=2)
