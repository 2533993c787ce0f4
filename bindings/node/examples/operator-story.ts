// An operator's story with what the library has built in: the queue, preflight, a promotion that is held, a look, a rollback.
//
//     operator-story.js HOME "host=/run/postgresql dbname=shop" "host=/run/postgresql dbname=shop_next"
import { ActorKind, DirectoryRepository, Engine, Registry, Role, Severity, SqliteStore, Writes, type Actor, type Request } from "cutover";

const CARLA: Actor = { id: "carla", kind: ActorKind.USER, roles: Role.MEMBER };
const OLGA: Actor = { id: "olga", kind: ActorKind.OPERATOR, roles: Role.OPERATOR };

/** Looks at the queue, and agrees to what was seen, and nothing else. */
async function review(engine: Engine): Promise<Request> {
    for await (const request of engine.requests({ status: "live" })) {
        console.log(`${request.createdAt.toISOString()} ${request.id} ${request.projectId}: ${request.customerNote}`);
        const found = await engine.preflightPreview(OLGA, request.projectId, request.previewId);
        for (const { severity, check, message, hint } of found.findings) {
            if (severity !== Severity.OK) {
                console.log(`  ${check}: ${message} ${hint ?? ""}`);
            }
        }
        if (found.severity !== Severity.BLOCK) {
            return engine.requestAck(OLGA, request.id, { ifVersion: request.version });
        }
    }
    throw new Error("nothing can be promoted");
}

/** Held before the swap until somebody says so: here that is at once. */
async function promote(engine: Engine, request: Request): Promise<void> {
    await using promotion = await engine.promotionStart(OLGA, request.id, { hold: true });
    const run = promotion.run();
    let released = false;
    for await (const { step } of run.progress) {
        if (step === "held" && !released && (await engine.jobGet(promotion.id)).status === "held") {
            released = true;
            await engine.promotionRelease(OLGA, request.id);
        }
    }
    const report = await run;
    console.log(`${report.status}: ${report.production}`);
}

async function rollBack(engine: Engine, request: Request): Promise<void> {
    await using rollback = await engine.rollbackStart(OLGA, request.id);
    if (rollback.writes === Writes.NONE) {
        console.log((await rollback.run()).production);
    }
}

async function main(home: string, production: string, preview: string): Promise<void> {
    await using store = await SqliteStore.open(`${home}/cutover.db`);
    await using repository = await DirectoryRepository.open(`${home}/backups`);
    await using registry = await Registry.open(store, OLGA);
    await using engine = await Engine.open({ store, repository, platform: registry.platform });
    await registry.projectAdd("shop", production);
    await registry.previewAdd("shop-next", "shop", preview);
    await engine.requestCreate(CARLA, "shop", "shop-next", { customerNote: "the new shop", externalTicketRef: "OPS-1" });
    const request = await review(engine);
    await promote(engine, request);
    await rollBack(engine, request);
    for await (const entry of engine.audit("shop")) {
        console.log(`${entry.at.toISOString()} ${entry.actorId} ${entry.action}`);
    }
}

if (process.argv.length === 5) {
    await main(process.argv[2]!, process.argv[3]!, process.argv[4]!);
} else {
    console.error("usage: operator-story.js HOME PRODUCTION PREVIEW");
    process.exitCode = 2;
}
