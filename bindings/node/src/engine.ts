// The engine: what everything else is called with.
import koffi from "koffi";
import type { PolicyBits } from "./abi.js";
import { calling, type Call, type Owner } from "./call.js";
import { EngineCalls } from "./calls.js";
import { Host, type Hosting } from "./host.js";
import { Port, type NamedNotifier } from "./ports.js";
import type { AuditEntry, Backup, Job, Key, Request } from "./records.js";

const PAGE = 100;
const PATH_SIZE = 4096;

export interface EngineOptions extends Hosting {
    readonly store: Port;
    readonly repository: Port;
    readonly platform: Port;
    /** By name. */
    readonly notifiers?: Readonly<Record<string, Port | NamedNotifier>>;
    readonly policy?: PolicyBits;
    readonly pgBinDir?: string;
    readonly workDir?: string;
    readonly connectTimeoutS?: number;
    readonly doorTimeoutMs?: number;
    readonly maintenanceMemMb?: number;
    readonly previewNoticeS?: number;
}

function namedNotifiers(call: Call, notifiers: EngineOptions["notifiers"] = {}): object {
    const structs = Object.entries(notifiers).map(([name, given]) => {
        const { notifier, attempts, since } = given instanceof Port ? { notifier: given } as NamedNotifier : given;
        return call.struct("cutover_named_notifier", { name, notifier: notifier.vtable, attempts, since });
    });
    return { notifiers: call.pointers(structs), notifierCount: structs.length };
}

/** A page with fewer than the limit is the last. */
async function* pages<R>(limit: number, find: (after: string | undefined) => Promise<R[]>, cursor: (last: R) => string): AsyncGenerator<R> {
    for (let after: string | undefined; ;) {
        const page = await find(after);
        yield* page;
        if (page.length < limit) {
            return;
        }
        after = cursor(page.at(-1)!);
    }
}

const idOf = (record: { readonly id: string }) => record.id;

/**
 * An engine. The ports stay the caller's, and live longer than it.
 *
 * What its methods do is said by the header: requestAck() is cutover_request_ack(). What is not given is as the library has it.
 */
export class Engine extends EngineCalls {
    /** Jobs that were not closed yet. */
    readonly lent = new Set<Owner>();

    private constructor(handle: bigint, private readonly host: Host, readonly options: EngineOptions) {
        super(handle, "cutover_engine_free");
    }

    static async open(options: EngineOptions): Promise<Engine> {
        const host = new Host(options);
        try {
            return await calling(async (call) => {
                const engine = call.out();
                await call.run("cutover_engine_new", [call.struct("cutover_engine_options", {
                    ...options, ...host.members(), ...namedNotifiers(call, options.notifiers), store: options.store.vtable,
                    repository: options.repository.vtable, platform: options.platform.vtable,
                }), engine.address, call.error]);
                return new Engine(engine.handle, host, options);
            });
        } catch (failure) {
            host.end();
            throw failure;
        }
    }

    /** Frees it, and before it the jobs that are left: those that run are cancelled, and waited for. */
    protected override async closed(): Promise<void> {
        await Promise.all([...this.lent].map((each) => each.close()));
        await super.closed();
        this.host.end();
    }

    /** The local folder that pg_restore reads. */
    backupPath(backupId: string): Promise<string> {
        return this.calling(async (call) => {
            const path = call.room(PATH_SIZE);
            await call.run("cutover_backup_path", [this.handle, call.text(backupId), koffi.address(path), PATH_SIZE, call.error]);
            return path.toString("utf8", 0, path.indexOf(0));
        });
    }

    /** Every request that requestsFind() finds, page by page. */
    requests(which: Parameters<Engine["requestsFind"]>[0] = {}): AsyncGenerator<Request> {
        const limit = which.limit ?? PAGE;
        return pages(limit, (after) => this.requestsFind({ ...which, limit, after: after ?? which.after! }), idOf);
    }

    /** Every backup that backupsFind() finds, page by page. */
    backups(which: Parameters<Engine["backupsFind"]>[0] = {}): AsyncGenerator<Backup> {
        const limit = which.limit ?? PAGE;
        return pages(limit, (after) => this.backupsFind({ ...which, limit, after: after ?? which.after! }), idOf);
    }

    /** Every job that jobsFind() finds, page by page. */
    jobs(which: Parameters<Engine["jobsFind"]>[0] = {}): AsyncGenerator<Job> {
        const limit = which.limit ?? PAGE;
        return pages(limit, (after) => this.jobsFind({ ...which, limit, after: after ?? which.after! }), idOf);
    }

    /** A project's audit trail, page by page. */
    audit(projectId: string, { after: first, limit = PAGE }: { after?: string; limit?: number } = {}): AsyncGenerator<AuditEntry> {
        return pages(limit, (after) => this.auditList(projectId, limit, { after: after ?? first! }), (last) => last.cursor);
    }

    /** API keys, page by page. */
    keys({ projectId, after: first, limit = PAGE }: { projectId?: string; after?: string; limit?: number } = {}): AsyncGenerator<Key> {
        return pages(limit, (after) => this.keysList(limit, { projectId: projectId!, after: after ?? first! }), idOf);
    }
}
