#!/usr/bin/env python3
"""An operator's story with what the library has built in: the queue, preflight, a promotion that is held, a look, a rollback.

    operator_story.py HOME "host=/run/postgresql dbname=shop" "host=/run/postgresql dbname=shop_next"
"""
import asyncio
import sys

import cutover
from cutover import Actor, ActorKind, Role, Severity, Writes

CARLA = Actor("carla", ActorKind.USER, Role.MEMBER)
OLGA = Actor("olga", ActorKind.OPERATOR, Role.OPERATOR)


def review(engine: cutover.Engine) -> cutover.Request:
    """Looks at the queue, and agrees to what was seen, and nothing else."""
    for request in engine.requests(status="live"):
        print(f"{request.created_at:%Y-%m-%d %H:%M} {request.id} {request.project_id}: {request.customer_note}")
        found = engine.preflight_preview(OLGA, request.project_id, request.preview_id)
        for finding in found.findings:
            if finding.severity != Severity.OK:
                print(f"  {finding.check}: {finding.message} {finding.hint or ''}")
        if found.severity != Severity.BLOCK:
            return engine.request_ack(OLGA, request.id, if_version=request.version)
    raise SystemExit("nothing can be promoted")


async def promote(engine: cutover.Engine, request: cutover.Request) -> None:
    """Held before the swap until somebody says so: here that is at once."""
    with engine.promotion_start(OLGA, request.id, hold=True) as promotion:
        run = promotion.run()
        async for progress in run:
            print(f"  {progress.step}: {progress.fraction:.0%}")
            if progress.step == "held" and engine.job_get(promotion.id).status == "held":
                engine.promotion_release(OLGA, request.id)
                break
        report = await run
    print(f"{report['status']}: {report['production']}")


def roll_back(engine: cutover.Engine, request: cutover.Request) -> None:
    with engine.rollback_start(OLGA, request.id) as rollback:
        if rollback.writes == Writes.NONE:
            print(rollback.run_sync()["production"])


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    home, production, preview = sys.argv[1:]
    with cutover.SqliteStore(f"{home}/cutover.db") as store, cutover.DirectoryRepository(f"{home}/backups") as repository, \
            cutover.Registry(store, OLGA) as registry, \
            cutover.Engine(store=store, repository=repository, platform=registry.platform) as engine:
        registry.project_add("shop", production)
        registry.preview_add("shop-next", "shop", preview)
        engine.request_create(actor=CARLA, project_id="shop", preview_id="shop-next", customer_note="the new shop", external_ticket_ref="OPS-1")
        request = review(engine)
        asyncio.run(promote(engine, request))
        roll_back(engine, request)
        for entry in engine.audit("shop"):
            print(f"{entry.at:%H:%M:%S} {entry.actor_id} {entry.action}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
