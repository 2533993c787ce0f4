// The smallest honest host: its own inventory (a class here, a table of yours there) and notifier, and one cutover.
//
//     embed.js HOME "host=/run/postgresql dbname=shop" "host=/run/postgresql dbname=shop_next"
//
// HOME is a folder; production's role may create databases.
import { ActorKind, CutoverError, DirectoryRepository, Engine, errors, Notifier, Platform, Role, SqliteStore, type Actor, type Event, type Preview, type Project } from "cutover";

/** What this host knows of its one project and its one preview. */
export class Host extends Platform {
    private job = "";

    constructor(private readonly production: string, private readonly preview: string) {
        super();
    }

    override projectGet(projectId: string): Project {
        if (projectId !== "shop") {
            throw new errors.NotFoundError("there is no such project");
        }
        return { id: "shop", state: this.job ? "restoring" : "active", jobId: this.job, database: this.production };
    }

    /** While a job runs the project is "restoring" for it: keep your own lifecycle operations out, and every other job. */
    override projectSetState(_projectId: string, expected: string, next: string, jobId: string): void {
        if (expected !== (this.job ? "restoring" : "active") || !["", jobId].includes(this.job)) {
            throw new errors.ConflictError("the project is in another state, or another job's");
        }
        this.job = next === "restoring" ? jobId : "";
    }

    override previewGet(previewId: string): Preview {
        if (previewId !== "shop-next") {
            throw new errors.NotFoundError("there is no such preview");
        }
        return { id: "shop-next", projectId: "shop", database: this.preview };
    }
}

/** Here a real host puts it into its bus. What throws makes the event come again later. */
class Bus extends Notifier {
    override deliver(event: Event): void {
        console.log(`event ${event.id}: ${event.type}`);
    }
}

/** A customer wishes, an operator agrees, the promotion runs, the events go out. */
async function cutOver(engine: Engine): Promise<void> {
    const carla: Actor = { id: "carla", kind: ActorKind.USER, roles: Role.MEMBER };
    const olga: Actor = { id: "olga", kind: ActorKind.OPERATOR, roles: Role.OPERATOR };
    const request = await engine.requestCreate(carla, "shop", "shop-next", { externalTicketRef: "OPS-1" });
    await engine.requestAck(olga, request.id);
    await using promotion = await engine.promotionStart(olga, request.id);
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    const run = promotion.run({ signal: stop.signal });
    for await (const progress of run.progress) {
        console.log(`${progress.step}: ${Math.round(progress.fraction * 100)}%`);
    }
    console.log(JSON.stringify(await run, null, 1));
    await engine.eventsDeliver();
}

async function main(home: string, production: string, preview: string): Promise<void> {
    await using store = await SqliteStore.open(`${home}/cutover.db`);
    await using repository = await DirectoryRepository.open(`${home}/backups`);
    await using engine = await Engine.open({ store, repository, platform: new Host(production, preview), notifiers: { bus: new Bus() } });
    await cutOver(engine);
}

if (process.argv.length === 5) {
    await main(process.argv[2]!, process.argv[3]!, process.argv[4]!).catch((failure: unknown) => {
        if (!(failure instanceof CutoverError)) {
            throw failure;
        }
        console.error(`${failure.message}\n${failure.hint ?? ""}`);
        process.exitCode = 1;
    });
} else {
    console.error("usage: embed.js HOME PRODUCTION PREVIEW");
    process.exitCode = 2;
}
