// The package as a host has it, against a real server: from request to rollback, a cancelled job, callbacks that fail, a crash and recovery,
// and what is held at load. Run by tests/node.sh, from a tarball in an empty folder beside an installed library.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as cutover from "cutover";
import { OwnStore } from "./own-store.js";
import { Server } from "./server.mjs";

const { ActorKind, Policy, Role, errors } = cutover;
const CARLA = { id: "carla", kind: ActorKind.USER, roles: Role.MEMBER };
const OLGA = { id: "olga", kind: ActorKind.OPERATOR, roles: Role.OPERATOR };
const HERE = fileURLToPath(new URL(".", import.meta.url));
const LIBRARY = fileURLToPath(new URL("node_modules/cutover/lib/", import.meta.url));
const run = promisify(execFile);

/** Keeps what it took; throws what it is told to. */
class Bus extends cutover.Notifier {
    taken = [];
    throws = null;

    deliver(event) {
        if (this.throws) {
            throw this.throws;
        }
        this.taken.push(event);
    }
}

/** A host in which a callback can be made to throw. */
class Host extends cutover.Platform {
    throws = {};
    job = "";

    constructor(production, preview) {
        super();
        Object.assign(this, { production, preview });
    }

    projectGet(id) {
        if (this.throws.projectGet) {
            throw this.throws.projectGet;
        }
        if (id !== "shop") {
            throw new errors.NotFoundError("there is no such project");
        }
        return { id, state: this.job ? "restoring" : "active", jobId: this.job, database: this.production };
    }

    projectSetState(_id, expected, next, job) {
        if (expected !== (this.job ? "restoring" : "active")) {
            throw new errors.ConflictError("the project is in another state");
        }
        this.job = next === "restoring" ? job : "";
    }

    previewGet(id) {
        return { id, projectId: "shop", database: this.preview };
    }

    trafficPause() {
        if (this.throws.trafficPause) {
            throw this.throws.trafficPause;
        }
    }

    trafficResume() {}
}

let folder, lines, host, bus, store, engine, opened;

async function closedAfter(port) {
    opened.push(await port);
    return opened.at(-1);
}

async function open(options = {}) {
    const repository = await closedAfter(cutover.DirectoryRepository.open(`${folder}/backups`));
    return closedAfter(cutover.Engine.open({
        store, repository, platform: host, notifiers: { bus }, policy: Policy.VOLATILE_STORE, log: (_, line) => lines.push(line), ...options,
    }));
}

const request = (options = {}) => engine.requestCreate(CARLA, "shop", "shop-next", { externalTicketRef: "OPS-1", ...options });

async function all(iterated) {
    const found = [];
    for await (const each of iterated) {
        found.push(each);
    }
    return found;
}

async function thrown(promise) {
    return promise.then(() => assert.fail("nothing was thrown"), (failure) => failure);
}

async function acked() {
    const { id } = await request();
    await engine.requestAck(OLGA, id);
    return id;
}

beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cutover-story."));
    [lines, opened, bus] = [[], [], new Bus()];
    host = new Host("host=/nowhere dbname=shop", "host=/nowhere dbname=next");
    store = await closedAfter(cutover.MemoryStore.open());
    engine = await open();
});

afterEach(async () => {
    for (const each of opened.reverse()) {
        await each.close();
    }
    rmSync(folder, { recursive: true });
});

describe("without a server", () => {
    test("a request is told whole", async () => {
        const began = Date.now();
        const made = await request({ customerNote: "größer\n" });
        assert.deepEqual([made.status, made.projectId, made.previewId, made.customerNote, made.ticket], ["open", "shop", "shop-next", "größer\n", "OPS-1"]);
        assert.deepEqual([made.scheduledFor, made.completedAt, made.rejectedReason], [null, null, null]);
        assert.ok(made.createdAt instanceof Date && Math.abs(made.createdAt - began) < 60_000);
        assert.equal(made.data.id, made.id);
        assert.deepEqual(await engine.requestGet(made.id), made);
    });

    test("times are Dates", async () => {
        const { id } = await request();
        const agreed = new Date("2035-03-04T05:06:07.089+02:00");
        assert.deepEqual((await engine.requestAck(OLGA, id, { scheduledFor: agreed })).scheduledFor, agreed);
        await assert.rejects(engine.requestReschedule(OLGA, id, { scheduledFor: new Date("none") }), RangeError);
        assert.equal((await engine.requestReschedule(OLGA, id)).scheduledFor, null);
    });

    test("a refusal is an error of its status", async () => {
        const made = await request();
        const refused = await thrown(engine.requestAck(CARLA, made.id));
        assert.ok(refused instanceof errors.ForbiddenError && refused instanceof cutover.CutoverError && refused instanceof Error);
        assert.deepEqual([refused.name, refused.status, refused.message !== "", refused.hint !== ""],
            ["ForbiddenError", cutover.Status.E_FORBIDDEN, true, true]);
        await assert.rejects(engine.promotionStart(OLGA, made.id), errors.StateError);
        await assert.rejects(request(), errors.ConflictError);
        await assert.rejects(engine.requestAck(OLGA, made.id, { ifVersion: made.version + 1 }), errors.ConflictError);
        await assert.rejects(engine.requestGet("a\0b"), /NUL/);
    });

    test("every page is iterated over", async () => {
        const ids = [];
        for (let made = 0; made < 5; made++) {
            ids.push((await request()).id);
            await engine.requestCancel(CARLA, ids.at(-1));
        }
        const found = async (which) => (await all(engine.requests(which))).map(({ id }) => id);
        assert.deepEqual(await found({ limit: 2 }), ids);
        assert.deepEqual(await found({ limit: 5, newestFirst: true }), ids.toReversed());
        assert.deepEqual(await found({ status: "open" }), []);
        const actions = (await all(engine.audit("shop", { limit: 3 }))).map(({ action }) => action);
        assert.deepEqual(actions, Array(5).fill(["cutover.requested", "cutover.cancelled"]).flat());
    });

    test("an exception of the platform comes back as itself", async () => {
        host.throws.projectGet = new RangeError("the inventory is away");
        const raised = await thrown(request());
        assert.equal(raised, host.throws.projectGet);
        assert.ok(raised.cause instanceof errors.CallbackError && raised.cause.message.includes("platform.project_get"));
        host.throws = {};
        await request();
        await assert.rejects(engine.requestCreate(CARLA, "another", "shop-next"), errors.NotFoundError);
    });

    test("a callback that does not answer at once fails", async () => {
        host.projectGet = async () => ({ id: "shop", state: "active", database: host.production });
        await assert.rejects(request(), /projectGet\(\) returned a promise/);
    });

    test("a notifier says when and whether, and what nobody took comes again", async () => {
        await request();
        bus.throws = new Error("the bus is away");
        assert.equal((await engine.eventsDeliver()).failed, 1);
        const told = async () => (await engine.eventsList())[0].data.deliveries.bus;
        assert.match((await told()).last_error, /the bus is away/);
        await engine.close();
        engine = await open({ clock: () => new Date(Date.now() + 3_600_000) });
        const againAt = new Date(Date.now() + 200_000_000);
        bus.throws = new cutover.Refusal("full", { againAt });
        await engine.eventsDeliver();
        assert.deepEqual(new Date((await told()).next_attempt_at), againAt);
        engine = await open({ clock: () => new Date(againAt.getTime() + 1000) });
        bus.throws = new cutover.Refusal("never", { neverAgain: true });
        assert.equal((await engine.eventsDeliver()).givenUp, 1);
        assert.equal(await engine.eventsRetry(OLGA, "bus"), 1);
        bus.throws = null;
        assert.equal((await engine.eventsDeliver({ notifier: "bus" })).delivered, 1);
        assert.deepEqual([bus.taken[0].type, bus.taken[0].data.type], ["cutover.requested", "cutover.requested"]);
    });

    test("a store in JavaScript serves, and its exception comes back", async () => {
        store = await closedAfter(new OwnStore(`${folder}/own`));
        engine = await open({ policy: 0 });
        const id = await acked();
        assert.equal((await engine.requestGet(id)).status, "acked");
        const broken = new TypeError("the store broke down");
        store.get = () => { throw broken; };
        assert.equal(await thrown(engine.requestGet(id)), broken);
    });

    test("a store in JavaScript is what a store has to be", async () => {
        let count = 0;
        class Fast extends OwnStore {
            sync() {}
        }
        const cases = await cutover.checkStore((fresh) => new Fast(`${folder}/suite.${count += Number(fresh)}`));
        assert.deepEqual(cases.filter(({ failure }) => failure !== null), []);
        assert.ok(cases.length > 25);
        class Forgetful extends Fast {
            commit(writes) {
                super.commit(writes.slice(0, 1));
            }
        }
        const failed = (await cutover.checkStore(() => new Forgetful(`${folder}/forgetful.${++count}`))).filter(({ failure }) => failure !== null);
        assert.ok(failed.some(({ name }) => name === "commit_applies_all_its_writes"));
    });

    test("what is closed is told so, and is closed when its calls have ended", async () => {
        const asked = Array.from({ length: 8 }, () => request().catch((failure) => failure.name));
        await engine.close();
        await engine.close();
        assert.equal((await Promise.all(asked)).filter((each) => each === "ConflictError").length, 7);
        await assert.rejects(request(), /Engine is closed/);
    });

    test("a registry, keys and webhooks are there too", async () => {
        const registry = await closedAfter(cutover.Registry.open(store, OLGA));
        await registry.projectAdd("garden", "host=/nowhere dbname=garden", { pgbouncers: ["host=/a", "host=/b"] });
        await registry.previewAdd("garden-next", "garden", "host=/nowhere dbname=next", { expiresAt: new Date("2040-01-01") });
        const [project] = await registry.projectsList();
        assert.deepEqual([project.pgbouncers, project.loaderDatabase], [["host=/a", "host=/b"], null]);
        assert.deepEqual((await registry.previewsList())[0].expiresAt, new Date("2040-01-01"));
        const webhooks = await closedAfter(cutover.Webhooks.open(store));
        const [secret, hook] = await webhooks.create(OLGA, "garden", "https://example.org/hook", { eventTypes: ["cutover.requested"] });
        assert.match(secret, /^whsec_/);
        engine = await open({ platform: registry.platform, notifiers: { webhook: webhooks.notifier } });
        await engine.requestCreate(CARLA, "garden", "garden-next");
        await engine.eventsDeliver();
        assert.deepEqual((await webhooks.deliveriesFind(hook.id, { status: "pending" })).map(({ type }) => type), ["cutover.requested"]);
        const root = { id: "root", kind: ActorKind.OPERATOR, roles: Role.ORG_ADMIN };
        const [text, key] = await engine.keyCreate(root, "ci", Role.MEMBER | Role.OPERATOR, { projectId: "garden" });
        const known = await engine.keyAuthenticate(text);
        assert.deepEqual([known.id, known.actor.kind, known.roles], [key.id, ActorKind.API_KEY, Role.MEMBER | Role.OPERATOR]);
        await engine.keyRevoke(root, key.id);
        await assert.rejects(engine.keyAuthenticate(text), errors.ForbiddenError);
    });

    test("nothing is kept", async () => {
        const id = await acked();
        const { lentCount } = await import(`${LIBRARY}callbacks.js`);
        const handles = () => lentCount() + readdirSync("/proc/self/fd").length + readdirSync("/proc/self/task").length;
        async function rounds() {
            for (let done = 0; done < 60; done++) {
                await engine.requestGet(id);
                await (await engine.promotionStart(OLGA, id, { progress: () => {} })).close();
                host.throws.projectGet = new RangeError("away");
                assert.equal(await thrown(engine.promotionStart(OLGA, id)), host.throws.projectGet);
                host.throws = {};
            }
            globalThis.gc();
            return [process.memoryUsage().rss, handles()];
        }
        await rounds();
        const [memory, open] = await rounds();
        await rounds();
        const [later, openLater] = await rounds();
        assert.ok(later < memory + 4 * 2 ** 20, `${memory} ${later}`);
        assert.equal(openLater, open);
    });
});

describe("with a server", () => {
    let server;
    const sql = (database, text) => server.sql(database, text);

    before(() => { server = new Server(); });
    after(() => { server.end(); });

    beforeEach(async () => {
        for (const database of ["shop", "shop_next"]) {
            sql("postgres", `CREATE DATABASE ${database}`);
            sql(database, `CREATE TABLE release (name text); INSERT INTO release VALUES ('${database}')`);
        }
        store = await closedAfter(cutover.SqliteStore.open(`${folder}/cutover.db`));
        host = new Host(server.conninfo("shop"), server.conninfo("shop_next"));
        engine = await open({ policy: 0, pgBinDir: server.bin });
    });

    afterEach(async () => {
        await engine.close();
        for (const database of sql("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'").split("\n")) {
            sql("postgres", `DROP DATABASE "${database}" WITH (FORCE)`);
        }
    });

    /** What production has, which takes writes. */
    function released() {
        sql("shop", "CREATE TABLE written (); DROP TABLE written");
        return sql("shop", "SELECT name FROM release");
    }

    async function held(promotion) {
        while (promotion.progress().step !== "held") {
            await pause(20);
        }
    }

    test("from request to rollback, and the event loop goes on", async () => {
        const id = await acked();
        const promotion = await engine.promotionStart(OLGA, id);
        let ticks = 0;
        const ticking = setInterval(() => { ticks++; }, 5);
        const running = promotion.run();
        const seen = await all(running.progress);
        const report = await running;
        clearInterval(ticking);
        assert.ok(ticks > 5, String(ticks));
        assert.deepEqual([report.status, report.job_id, released()], ["completed", promotion.id, "shop_next"]);
        assert.deepEqual([promotion.report, promotion.preflight.severity === cutover.Severity.BLOCK], [report, false]);
        assert.equal(seen.at(-1).jobId, promotion.id);
        assert.deepEqual(seen.map(({ fraction }) => fraction), seen.map(({ fraction }) => fraction).sort((left, right) => left - right));
        assert.deepEqual((await engine.jobGet(promotion.id)).report, report);
        assert.equal((await engine.displacedList("shop"))[0].promotionId, promotion.id);
        assert.match(await engine.backupPath(report.pre_cutover_backup_id), /backups/);
        await engine.eventsDeliver();
        assert.ok(bus.taken.some(({ type }) => type === "job.completed"));
        sql("shop", "INSERT INTO release VALUES ('after')");
        const refused = await engine.rollbackStart(OLGA, id);
        assert.equal(refused.writes, cutover.Writes.SOME);
        await assert.rejects(refused.run(), errors.StateError);
        const rollback = await engine.rollbackStart(OLGA, id, { discardWrites: true });
        assert.equal((await rollback.run()).status, "rolled_back");
        assert.deepEqual([released(), (await engine.requestGet(id)).status], ["shop", "rolled_back"]);
    });

    test("an aborted signal cancels the job", async () => {
        const id = await acked();
        const promotion = await engine.promotionStart(OLGA, id, { hold: true });
        const stop = new AbortController();
        const running = promotion.run({ signal: stop.signal });
        await held(promotion);
        const reason = new Error("no longer wanted");
        stop.abort(reason);
        const failure = await thrown(running);
        assert.ok(failure instanceof errors.CancelledError);
        assert.equal(failure.cause, reason);
        assert.deepEqual([promotion.report.status, released(), (await engine.requestGet(id)).status], ["cancelled", "shop", "acked"]);
    });

    test("a signal that was aborted before lets nothing begin", async () => {
        const promotion = await engine.promotionStart(OLGA, await acked());
        await assert.rejects(promotion.run({ signal: AbortSignal.abort() }), errors.CancelledError);
        assert.equal(released(), "shop");
    });

    test("a listener that throws cancels, and its exception comes back", async () => {
        const raised = new RangeError("in progress");
        const promotion = await engine.promotionStart(OLGA, await acked(), { progress: ({ step }) => {
            if (step === "backup") {
                throw raised;
            }
        } });
        const running = promotion.run();
        await all(running.progress);
        assert.equal(await thrown(running), raised);
        assert.deepEqual([promotion.report.status, released()], ["cancelled", "shop"]);
    });

    test("a hook that fails fails the promotion with its own exception", async () => {
        const id = await acked();
        host.throws.trafficPause = new Error("the pooler is away");
        const promotion = await engine.promotionStart(OLGA, id);
        assert.equal(await thrown(promotion.run()), host.throws.trafficPause);
        assert.equal(host.throws.trafficPause.cause.step, "swap");
        assert.match(promotion.report.error.message, /the pooler is away/);
        assert.deepEqual([released(), (await engine.requestGet(id)).status], ["shop", "failed"]);
    });

    test("closing the engine ends what runs", async () => {
        const promotion = await engine.promotionStart(OLGA, await acked(), { hold: true });
        const ended = thrown(promotion.run());
        await held(promotion);
        await engine.close();
        assert.ok(await ended instanceof errors.CancelledError);
        assert.equal(released(), "shop");
    });

    test("more jobs are held at once than libuv has threads", async () => {
        const names = Array.from({ length: 5 }, (_, index) => `held${index}`);
        const registry = await closedAfter(cutover.Registry.open(store));
        engine = await open({ policy: 0, platform: registry.platform, pgBinDir: server.bin });
        const promotions = [];
        for (const name of names) {
            sql("postgres", `CREATE DATABASE ${name}; `);
            sql("postgres", `CREATE DATABASE ${name}_next`);
            await registry.projectAdd(name, server.conninfo(name));
            await registry.previewAdd(`${name}-next`, name, server.conninfo(`${name}_next`));
            const { id } = await engine.requestCreate(CARLA, name, `${name}-next`, { externalTicketRef: "OPS-1" });
            await engine.requestAck(OLGA, id);
            promotions.push(await engine.promotionStart(OLGA, id, { hold: true, jobs: 1 }));
        }
        const running = promotions.map((each) => thrown(each.run()));
        await Promise.all(promotions.map(held));
        assert.ok(await promisify((await import("node:fs")).stat)(folder));
        await engine.close();
        assert.ok((await Promise.all(running)).every((each) => each instanceof errors.CancelledError));
    });

    test("the README's lines run", async () => {
        const source = readFileSync(`${HERE}readme.js`, "utf8").replace("host=/run/postgresql dbname=shop\"", `${server.conninfo("shop")}"`)
            .replace("host=/run/postgresql dbname=shop_next", server.conninfo("shop_next"));
        writeFileSync(`${HERE}readme-here.mjs`, source);
        const { stdout } = await run(process.execPath, [`${HERE}readme-here.mjs`], { cwd: folder, env: { ...process.env, PATH: `${server.bin}:${process.env.PATH}` } });
        assert.match(stdout, /status: 'completed'/);
        assert.equal(released(), "shop_next");
    });

    for (const [name, said, after] of [
        ["embed", /backup: [^]*"status": "completed"[^]*event .*: job.completed/, "shop_next"],
        ["operator-story", /the new shop[^]*completed: [^]* olga cutover.acked[^]* olga cutover.released[^]* olga cutover.rolled_back/, "shop"],
    ]) {
        test(`the example ${name} runs`, async () => {
            const home = mkdtempSync(`${folder}/home.`);
            const { stdout } = await run(process.execPath, [`${HERE}${name}.js`, home, host.production, host.preview],
                { env: { ...process.env, PATH: `${server.bin}:${process.env.PATH}` } });
            assert.match(stdout, said);
            assert.equal(released(), after);
        });
    }

    test("a process that died is recovered from", async () => {
        const registry = await closedAfter(cutover.Registry.open(store));
        await registry.projectAdd("shop", server.conninfo("shop"));
        await registry.previewAdd("shop-next", "shop", server.conninfo("shop_next"));
        engine = await open({ policy: 0, platform: registry.platform, pgBinDir: server.bin });
        const id = await acked();
        const died = await thrown(run(process.execPath, [`${HERE}die.mjs`, folder, id, server.bin], { timeout: 120_000, killSignal: "SIGKILL" }));
        assert.equal(died.code, 9);
        const told = await engine.recover();
        assert.deepEqual(told.map(({ outcome, requestId, job }) => [outcome, requestId, job]), [[cutover.Recovered.UNDONE, id, "promotion"]]);
        assert.deepEqual([(await engine.requestGet(id)).status, (await registry.projectsList())[0].state, released()], ["failed", "active", "shop"]);
    });

    test("records may live in PostgreSQL", async () => {
        store = await closedAfter(cutover.PostgresStore.open(server.conninfo("shop_next"), { schema: "records" }));
        engine = await open({ policy: 0 });
        assert.equal((await engine.requestGet(await acked())).status, "acked");
        assert.equal(sql("shop_next", "SELECT count(*) > 0 FROM pg_tables WHERE schemaname = 'records'"), "t");
    });

    test("promotions and rollbacks leave nothing behind", async () => {
        async function round() {
            const id = await acked();
            const promotion = await engine.promotionStart(OLGA, id, { jobs: 1 });
            await promotion.run();
            await promotion.close();
            const rollback = await engine.rollbackStart(OLGA, id);
            await rollback.run();
            await rollback.close();
            globalThis.gc();
            return [process.memoryUsage().rss, readdirSync("/proc/self/fd").length, readdirSync("/proc/self/task").length];
        }
        await round();
        await round();
        const [memory, ...handles] = await round();
        const rounds = Number(process.env.ROUNDS ?? 2);
        let later;
        for (let done = 0; done < rounds; done++) {
            later = await round();
        }
        assert.deepEqual(later.slice(1), handles);
        assert.ok(later[0] < memory + 8 * 2 ** 20, `${memory} ${later[0]}`);
        assert.equal(engine.lent.size, 0);
    });
});

describe("at load", () => {
    const loaded = (environment, code = 'import "cutover"') => thrown(run(process.execPath, ["--input-type=module", "-e", code],
        { cwd: HERE, env: { ...process.env, ...environment } }));

    test("there is none", async () => {
        assert.match((await loaded({ CUTOVER_LIBRARY: "/nowhere/libcutover.so" })).stderr, /libcutover is not installed where the loader finds it/);
    });

    test("it is another one", async () => {
        assert.match((await loaded({ CUTOVER_LIBRARY: "libsqlite3.so.0" })).stderr, /libsqlite3.so.0 has no cutover_/);
    });

    test("versions, sizes and layouts are held against it", async () => {
        const abi = readFileSync(`${LIBRARY}abi.js`, "utf8");
        for (const [from, to, said] of [
            [/VERSION = "[^"]*"/, 'VERSION = "0.0.9"', "this package is for libcutover 0.0.9"],
            [/VERSION = "[^"]*"/, 'VERSION = "0.1.99"', "this package is for libcutover 0.1.99"],
            ["versions: [72, 88, 96]", "versions: [72, 88, 104]", "cutover_platform, version 3, has 96 bytes in this library, and 104"],
            ["cutover_actor: { size: 24, versions: [24]", "cutover_actor: { size: 24, versions: [24, 32]", "cutover_actor, version 2, has 0 bytes"],
            ['["type", "str", 16]', '["type", "str", 20]', "cutover_event has another layout here"],
        ]) {
            const changed = abi.replace(from, to);
            assert.notEqual(changed, abi);
            writeFileSync(`${LIBRARY}abi.js`, changed);
            try {
                assert.ok((await loaded({})).stderr.includes(said), said);
            } finally {
                writeFileSync(`${LIBRARY}abi.js`, abi);
            }
        }
    });
});
