// The ports that a host writes in JavaScript, its inventory, where events go, where records live, and those that the library has built in.
//
// Methods are called on the event loop, and the thread that is in the library waits for what they return: they do not wait themselves. What
// one throws is the callback's failure: the call that it failed rejects with that very exception. A CutoverError (errors.NotFoundError,
// errors.ConflictError) answers with its own status, which may mean something to the library.
import koffi from "koffi";
import * as abi from "./abi.js";
import { borrowed, callPointer, guarded, lend, Passed, pointer, takeBack } from "./callbacks.js";
import { Call, calling } from "./call.js";
import { readEvent, readWrite, type Document, type Event, type Preview, type Project, type Write } from "./records.js";
import { inThread } from "./threads.js";
import { camelCase, Memory, micros, time } from "./values.js";

/** Something that an engine is given. Close it when no engine has it any more. */
export abstract class Port {
    private readonly memory = new Memory();
    private made: bigint | null = null;

    /** The name of its struct. */
    protected abstract readonly struct: string;

    /** What its struct has that is not as the library has it. */
    protected members(): object {
        return {};
    }

    /** Its struct in C. */
    get vtable(): bigint {
        return this.made ??= this.memory.struct(this.struct, this.members());
    }

    close(): void | Promise<void> {
        // nothing, but for what has something to close
    }

    async [Symbol.asyncDispose](): Promise<void> {
        await this.close();
    }
}

type Answers<P> = Readonly<Record<string, (port: P, ...values: any[]) => unknown>>;

/** Its members are methods; an optional one that its class does not define is not there for the library either. */
abstract class HostPort extends Port {
    /** What the library calls, by member. */
    protected abstract readonly answers: Answers<never>;
    private number: bigint | null = null;

    protected override members(): object {
        this.number = lend(this);
        const found: Record<string, unknown> = { userdata: this.number, capabilities: this.bits() };
        for (const [member, answer] of Object.entries(this.answers)) {
            const method = camelCase(member);
            if (typeof (this as unknown as Record<string, unknown>)[method] !== "function") {
                continue;
            }
            found[method] = pointer(`${this.struct}_${member}`, guarded((...values: unknown[]) => {
                const returned = answer(borrowed<never>(values.at(-1) as bigint), ...values);
                if (returned instanceof Promise) {
                    returned.catch(() => {});
                    throw new TypeError(`${method}() returned a promise: what the library calls answers at once`);
                }
            }));
        }
        if (`${this.struct}_close` in abi.CALLBACKS) {
            found["close"] = pointer(`${this.struct}_close`, (own: bigint) => { void borrowed<HostPort>(own).close(); });
        }
        return found;
    }

    protected bits(): number {
        return 0;
    }

    override close(): void | Promise<void> {
        if (this.number !== null) {
            takeBack(this.number);
        }
    }
}

/** Hands a record to what the library collects it with; what that refuses is what the callback answers. */
function send(struct: string, record: object, name: string, emit: bigint, context: bigint): unknown {
    if (record instanceof Promise) {
        return record;
    }
    const memory = new Memory();
    const status = callPointer(emit, name, memory.struct(struct, record), context);
    if (status !== abi.Status.OK) {
        throw new Passed(status);
    }
    return undefined;
}

const sendProject = (record: Project, emit: bigint, context: bigint) => send("cutover_project", record, "cutover_project_emit", emit, context);
const sendPreview = (record: Preview, emit: bigint, context: bigint) => send("cutover_preview", record, "cutover_preview_emit", emit, context);
const sendDocument = (record: Document, emit: bigint, context: bigint) => send("cutover_document", record, "cutover_document_emit", emit, context);

const PLATFORM: Answers<Platform> = {
    project_get: (port, id: string, emit: bigint, context: bigint) => sendProject(port.projectGet(id), emit, context),
    project_set_state: (port, id: string, expected: string, next: string, job: string) => port.projectSetState(id, expected, next, job),
    preview_get: (port, id: string, emit: bigint, context: bigint) => sendPreview(port.previewGet(id), emit, context),
    traffic_pause: (port, id: string) => port.trafficPause!(id),
    traffic_resume: (port, id: string) => port.trafficResume!(id),
    integrations_sync: (port, id: string) => port.integrationsSync!(id),
    preview_create: (port, project: string, id: string, emit: bigint, context: bigint) => sendPreview(port.previewCreate!(project, id), emit, context),
    fence_pause: (port, id: string) => port.fencePause!(id),
    fence_resume: (port, id: string, refuses: number) => port.fenceResume!(id, refuses),
    preview_extend: (port, id: string, expiresAt: number | bigint) => port.previewExtend!(id, time(expiresAt)),
};

/** The host's inventory of projects and previews, and hooks around the swap. cutover/platform.h says what each has to do. */
export abstract class Platform extends HostPort {
    protected override readonly struct = "cutover_platform";
    protected override readonly answers = PLATFORM;

    /** The project; throws errors.NotFoundError. */
    abstract projectGet(projectId: string): Project;
    /**
     * Moves it from one state to another, in one act; throws errors.ConflictError, with nothing changed, when it is in another, or when what
     * it is `restoring` for is another job.
     */
    abstract projectSetState(projectId: string, expected: string, next: string, jobId: string): void;
    /** The preview; throws errors.NotFoundError. */
    abstract previewGet(previewId: string): Preview;
    /** Right before production's door is closed. */
    trafficPause?(projectId: string): void;
    /** After it is open again, however the swap ended. */
    trafficResume?(projectId: string): void;
    /** Production has another content. At least once. */
    integrationsSync?(projectId: string): void;
    /** Makes a preview of that id with an empty database. */
    previewCreate?(projectId: string, previewId: string): Preview;
    /** Before production begins to refuse writes, or ceases to. */
    fencePause?(projectId: string): void;
    /** After it: 1 where it refuses writes now, 0 where it takes them, -1 where nothing was changed. */
    fenceResume?(projectId: string, refusesWrites: number): void;
    /** Lets a preview live until then, or longer. */
    previewExtend?(previewId: string, expiresAt: Date): void;
}

/** What a notifier throws to say when an event shall be offered again, or that it shall not be. */
export class Refusal extends Error {
    override readonly name = "Refusal";
    readonly againAt: Date | null;
    readonly neverAgain: boolean;

    constructor(message: string, { againAt, neverAgain }: { againAt?: Date; neverAgain?: boolean } = {}) {
        super(message);
        this.againAt = againAt ?? null;
        this.neverAgain = neverAgain ?? false;
    }
}

const NOTIFIER: Answers<Notifier> = {
    deliver: (port, event: bigint, refusal: bigint) => {
        try {
            return port.deliver(readEvent(event));
        } catch (exception) {
            if (exception instanceof Refusal) {
                const at = (member: string) => abi.STRUCTS["cutover_refusal"]!.members.find(([name]) => name === member)![2];
                koffi.encode(refusal, at("again_at"), "int64", micros(exception.againAt));
                koffi.encode(refusal, at("never_again"), "int32", Number(exception.neverAgain));
            }
            throw exception;
        }
    },
};

/** Where outgoing events go: at least once, in order within a project. */
export abstract class Notifier extends HostPort {
    protected override readonly struct = "cutover_notifier";
    protected override readonly answers = NOTIFIER;

    /** Takes the event for good; what throws leaves it to be offered again. */
    abstract deliver(event: Event): void;
}

const STORE: Answers<Store> = {
    get: (port, kind: string, id: string, emit: bigint, context: bigint) => sendDocument(port.get(kind, id), emit, context),
    list: (port, kind: string, projectId: string | null, afterId: string, limit: number, emit: bigint, context: bigint) => {
        for (const each of port.list(kind, projectId, afterId, limit)) {
            sendDocument(each, emit, context);
        }
    },
    commit: (port, writes: bigint, count: number | bigint) =>
        port.commit(Array.from({ length: Number(count) }, (_, index) => readWrite(koffi.decode(writes, index * 8, "void *")))),
};

/** A transactional document store. cutover/store.h says what each has to do; checkStore() tells whether it does. */
export abstract class Store extends HostPort {
    protected override readonly struct = "cutover_store";
    protected override readonly answers = STORE;
    /** What it takes at most, where that is less than the library would give it; 0: no less. */
    readonly maxCommitWrites: number = 0;
    readonly maxList: number = 0;
    readonly maxBodyBytes: number = 0;

    /** StoreCapability.DURABLE, SHARED. */
    abstract readonly capabilities: abi.StoreBits;
    /** What was committed last; throws errors.NotFoundError. */
    abstract get(kind: string, id: string): Document;
    /** In ascending order of the bytes of their ids, those after `afterId`, at most `limit`, of one committed state. */
    abstract list(kind: string, projectId: string | null, afterId: string, limit: number): Iterable<Document>;
    /** All or none; throws errors.ConflictError when a document's version is not the expected one. */
    abstract commit(writes: readonly Write[]): void;

    protected override bits(): number {
        return this.capabilities;
    }

    protected override members(): object {
        const { maxCommitWrites, maxList, maxBodyBytes } = this;
        return { ...super.members(), maxCommitWrites, maxList, maxBodyBytes };
    }
}

// ----------------------------------------------------------------------------------------------------- built in

/** A port of the library's own: its open() fills the struct. */
class BuiltIn extends Port {
    protected override readonly struct: string = "";

    protected async opened(name: string, given: (call: Call) => readonly (bigint | null)[] = () => []): Promise<this> {
        await calling((call) => call.run(name, [...given(call), this.vtable, call.error]));
        return this;
    }

    /** Frees what is behind it, when no engine has it any more. */
    override async close(): Promise<void> {
        await inThread(`${this.struct}_close`, [this.vtable]);
    }
}

/** Gone with the process: for tests and trials. */
export class MemoryStore extends BuiltIn {
    protected override readonly struct = "cutover_store";

    static open(): Promise<MemoryStore> {
        return new MemoryStore().opened("cutover_store_memory_open");
    }
}

/** One SQLite file, for threads and processes of one machine. */
export class SqliteStore extends BuiltIn {
    protected override readonly struct = "cutover_store";

    static open(path: string): Promise<SqliteStore> {
        return new SqliteStore().opened("cutover_store_sqlite_open", (call) => [call.text(path)]);
    }
}

/** Tables of a PostgreSQL database, for processes of many hosts. */
export class PostgresStore extends BuiltIn {
    protected override readonly struct = "cutover_store";

    static open(conninfo: string, options: { schema?: string; timeoutMs?: number } = {}): Promise<PostgresStore> {
        return new PostgresStore().opened("cutover_store_postgres_open",
            (call) => [call.text(conninfo), call.struct("cutover_store_postgres_options", options)]);
    }
}

/** Backups in a local folder. */
export class DirectoryRepository extends BuiltIn {
    protected override readonly struct = "cutover_repository";

    static open(path: string): Promise<DirectoryRepository> {
        return new DirectoryRepository().opened("cutover_repository_directory_open", (call) => [call.text(path)]);
    }
}

/** Appends each event to a file, as a line of JSON. */
export class JsonlNotifier extends BuiltIn {
    protected override readonly struct = "cutover_notifier";

    static open(path: string): Promise<JsonlNotifier> {
        return new JsonlNotifier().opened("cutover_notifier_jsonl_open", (call) => [call.text(path)]);
    }
}

/** A struct that something of the library's fills, and that lives as long as that. */
export class FilledPort extends Port {
    constructor(protected override readonly struct: string, name: string, owner: bigint) {
        super();
        const call = new Call();
        call.runHere(name, [owner, this.vtable, call.error]);
    }
}

/** A platform whose hooks hold the clients of PgBouncer instances, around another platform (cutover/pgbouncer.h). */
export class PgBouncer extends Port {
    protected override readonly struct = "cutover_platform";
    /** The wrap calls it. */
    readonly inner: Port;

    constructor(inner: Port, options: { consoles?: readonly string[]; pauseTimeoutMs?: number; holdFence?: boolean } = {}) {
        super();
        this.inner = inner;
        const call = new Call();
        call.runHere("cutover_platform_pgbouncer_wrap", [inner.vtable, call.struct("cutover_pgbouncer_options", options), this.vtable, call.error]);
    }

    /** Frees what the wrap holds; the inner platform stays. */
    override async close(): Promise<void> {
        await inThread("cutover_platform_pgbouncer_unwrap", [this.vtable]);
    }
}

/** A notifier with more to say than its name: cutover_named_notifier of cutover/notifier.h. */
export interface NamedNotifier {
    readonly notifier: Port;
    readonly attempts?: number;
    readonly since?: Date;
}
