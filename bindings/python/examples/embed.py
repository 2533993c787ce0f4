#!/usr/bin/env python3
"""The smallest honest host: its own inventory (a class here, a table of yours there) and notifier, and one cutover.

    embed.py HOME "host=/run/postgresql dbname=shop" "host=/run/postgresql dbname=shop_next"

HOME is a folder; production's role may create databases.
"""
import asyncio
import json
import sys
import threading

import cutover
from cutover import Actor, ActorKind, Event, Preview, Project, Role
from cutover.errors import ConflictError, NotFoundError


class Host(cutover.Platform):
    """What this host knows of its one project and its one preview."""

    def __init__(self, production: str, preview: str) -> None:
        self.production, self.preview, self.job = production, preview, ""
        self.lock = threading.Lock()

    def project_get(self, project_id: str) -> Project:
        if project_id != "shop":
            raise NotFoundError("there is no such project")
        return Project(id="shop", state="restoring" if self.job else "active", job_id=self.job, database=self.production)

    def project_set_state(self, project_id: str, expected: str, next: str, job_id: str) -> None:
        """While a job runs the project is "restoring" for it: keep your own lifecycle operations out, and every other job."""
        with self.lock:
            if expected != ("restoring" if self.job else "active") or self.job not in ("", job_id):
                raise ConflictError("the project is in another state, or another job's")
            self.job = job_id if next == "restoring" else ""

    def preview_get(self, preview_id: str) -> Preview:
        if preview_id != "shop-next":
            raise NotFoundError("there is no such preview")
        return Preview(id="shop-next", project_id="shop", database=self.preview)


class Bus(cutover.Notifier):
    """Here a real host posts to its bus. What raises makes the event come again later."""

    def deliver(self, event: Event) -> None:
        print(f"event {event.id}: {event.type}")


async def cut_over(engine: cutover.Engine) -> None:
    """A customer wishes, an operator agrees, the promotion runs, the events go out."""
    carla = Actor("carla", ActorKind.USER, Role.MEMBER)
    olga = Actor("olga", ActorKind.OPERATOR, Role.OPERATOR)
    request = engine.request_create(actor=carla, project_id="shop", preview_id="shop-next", external_ticket_ref="OPS-1")
    engine.request_ack(olga, request.id)
    with engine.promotion_start(olga, request.id) as promotion:
        run = promotion.run()
        async for progress in run:
            print(f"{progress.step}: {progress.fraction:.0%}")
        print(json.dumps(await run, indent=1))
    engine.events_deliver()


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    home, production, preview = sys.argv[1:]
    with cutover.SqliteStore(f"{home}/cutover.db") as store, cutover.DirectoryRepository(f"{home}/backups") as repository, \
            cutover.Engine(store=store, repository=repository, platform=Host(production, preview), notifiers={"bus": Bus()}) as engine:
        try:
            asyncio.run(cut_over(engine))
        except cutover.CutoverError as error:
            print(f"{error.message}\n{error.hint or ''}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
