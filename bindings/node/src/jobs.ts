// Jobs that this process runs: promotions, rollbacks, restores and backups.
import { Status, type Writes } from "./abi.js";
import { Owner, type Reporter } from "./call.js";
import type { Engine } from "./engine.js";
import { CutoverError } from "./error.js";
import { lib } from "./library.js";
import { readPreflight, type Preflight } from "./preflight.js";
import { readProgress, type Job, type Progress } from "./records.js";
import { members, Memory, text, type Json } from "./values.js";

/** A job that runs: await it for what it gives, iterate over its progress, or both. */
export interface Running<R> extends Promise<R> {
    /** Where it stands; ends with the job. What came while nobody looked is left out. */
    readonly progress: AsyncIterable<Progress>;
}

/** The latest progress of a job, for those who iterate. */
class News implements AsyncIterable<Progress> {
    private latest: Progress | null = null;
    private ended = false;
    private wake: () => void = () => {};
    iterated = () => {};

    tell(progress: Progress | null): void {
        this.latest = progress ?? this.latest;
        this.ended ||= progress === null;
        this.wake();
    }

    async *[Symbol.asyncIterator](): AsyncGenerator<Progress> {
        this.iterated();
        for (;;) {
            const latest = this.latest;
            this.latest = null;
            if (latest) {
                yield latest;
            } else if (this.ended) {
                return;
            } else {
                await new Promise<void>((resolve) => { this.wake = resolve; });
            }
        }
    }
}

/** A job of an engine, which was checked and has not begun. Run it once, and close it. */
export abstract class Runnable<R> extends Owner {
    private running = false;

    constructor(protected readonly engine: Engine, private readonly job: bigint, private readonly reporter: Reporter, private readonly noun: string) {
        super(job, `cutover_${noun}_free`);
        engine.lent.add(this);
    }

    protected tell(name: string, ...values: unknown[]): never {
        return lib[`cutover_${this.noun}_${name}`]!(this.handle, ...values) as never;
    }

    /** The job's id, for jobGet() and jobCancel() of any process. */
    get id(): string {
        return text(this.tell("id"));
    }

    /**
     * Runs it, in a thread of its own. When the signal is aborted the job is cancelled; the promise rejects once it has ended, with
     * production open, by a CancelledError whose `cause` is the signal's reason; or it resolves, where the job was past that.
     */
    run(options: { signal?: AbortSignal } = {}): Running<R> {
        const news = new News();
        const running = this.runs(news, options.signal);
        running.then(() => news.tell(null), () => news.tell(null));
        news.iterated = () => running.catch(() => {}); // who iterates and then awaits is told; who does not has seen it end
        return Object.assign(running, { progress: news });
    }

    private async runs(news: News, signal: AbortSignal | undefined): Promise<R> {
        const listen = (progress: Progress) => news.tell(progress);
        const abort = () => this.cancel();
        this.reporter.listeners.push(listen);
        signal?.addEventListener("abort", abort);
        try {
            if (signal?.aborted) {
                this.cancel();
            }
            await this.calling((call) => {
                this.running = true;
                return this.reporter.during(() => call.run(`cutover_${this.noun}_run`, [this.handle, call.error]));
            });
            return await this.result();
        } catch (failure) {
            if (signal?.aborted && failure instanceof CutoverError && failure.status === Status.E_CANCELLED) {
                failure.cause = signal.reason;
            }
            throw failure;
        } finally {
            this.running = false;
            signal?.removeEventListener("abort", abort);
            this.reporter.listeners.splice(this.reporter.listeners.indexOf(listen), 1);
        }
    }

    /** Asks it to stop; it does so within a second, unless the swap has begun. */
    cancel(): void {
        this.tell("cancel");
    }

    /** Where it stands. */
    progress(): Progress {
        const memory = new Memory();
        const told = memory.struct("cutover_progress", {});
        this.tell("progress", told);
        return readProgress(told);
    }

    /** Frees it. One that runs is cancelled, and waited for. */
    override close(): Promise<void> {
        if (this.running) {
            lib[`cutover_${this.noun}_cancel`]!(this.job);
        }
        return super.close();
    }

    protected override async closed(): Promise<void> {
        await super.closed();
        this.reporter.end();
        this.engine.lent.delete(this);
    }

    protected abstract result(): R | Promise<R>;
}

/** One that has a report. */
abstract class Reporting extends Runnable<Json> {
    /** What it did, however it ended (report.json of docs/json.md); null before. */
    get report(): Json | null {
        const told: string | null = this.tell("report");
        return told === null ? null : members(told);
    }

    protected override result(): Json {
        return this.report ?? {};
    }
}

/** Carries an acknowledged request out. Gives its report. */
export class Promotion extends Reporting {
    constructor(engine: Engine, handle: bigint, reporter: Reporter) {
        super(engine, handle, reporter, "promotion");
    }

    /** What its preflight found; null where it did not get so far. */
    get preflight(): Preflight | null {
        const found: bigint | null = this.tell("preflight");
        return found ? readPreflight(found) : null;
    }
}

/** The database that a cutover displaced becomes production again. Gives its report. */
export class Rollback extends Reporting {
    constructor(engine: Engine, handle: bigint, reporter: Reporter) {
        super(engine, handle, reporter, "rollback");
    }

    /** Whether production was written to since the cutover. */
    get writes(): Writes {
        return this.tell("writes");
    }
}

/** A backup becomes the content of a preview, or of production. Gives its report. */
export class Restore extends Reporting {
    constructor(engine: Engine, handle: bigint, reporter: Reporter) {
        super(engine, handle, reporter, "restore");
    }
}

/** A backup that is taken, or verified again. Gives the job's record, whose id is the backup's where it was taken. */
export class BackupJob extends Runnable<Job> {
    constructor(engine: Engine, handle: bigint, reporter: Reporter) {
        super(engine, handle, reporter, "backup_job");
    }

    protected override result(): Promise<Job> {
        return this.engine.jobGet(this.id);
    }
}
