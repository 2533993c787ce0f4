// A call of the library: its error becomes an exception, and an exception that a callback threw during it comes back as itself.
import koffi from "koffi";
import { Status } from "./abi.js";
import { lend, pointer, guarded, takeBack, takeRaised, borrowed } from "./callbacks.js";
import { lineOf, takeError, type CutoverError } from "./error.js";
import { lib } from "./library.js";
import { readProgress, type Progress } from "./records.js";
import { inThread, type Value } from "./threads.js";
import { Memory } from "./values.js";

/** What a callback threw for this error, or the error. */
export function cameOf(error: CutoverError): unknown {
    const found = takeRaised((each) => error.message.includes(lineOf(each)) || (error.detail ?? "").includes(lineOf(each)));
    if (found === null) {
        return error;
    }
    const { exception } = found;
    if (exception instanceof Error && exception.cause === undefined && Object.isExtensible(exception)) {
        exception.cause = error;
    }
    return exception;
}

export class Call extends Memory {
    private readonly at = this.out();
    readonly error = this.at.address;
    private readonly lent: bigint[] = [];
    private readonly reporters: Reporter[] = [];

    /** In a thread. */
    async run(name: string, values: readonly Value[]): Promise<void> {
        this.check(await inThread(name, values));
    }

    /** In this thread: for what neither waits nor calls back. */
    runHere(name: string, values: readonly Value[]): void {
        this.check(lib[name]!(...values));
    }

    check(status: number): void {
        if (status !== Status.OK) {
            throw cameOf(takeError(status, this.at.handle));
        }
    }

    /** A callback of a listing, and what it found. */
    emitted<T>(name: string, read: (address: bigint) => T): { callback: bigint; context: bigint; found: T[] } {
        const found: T[] = [];
        return { ...this.called(name, (address) => { found.push(read(address)); }), found };
    }

    /** A callback whose arguments are an address and its context. */
    called(name: string, each: (address: bigint) => void): { callback: bigint; context: bigint } {
        const context = lend(each);
        this.lent.push(context);
        const callback = pointer(name, guarded((address: bigint, own: bigint) => borrowed<typeof each>(own)(address), false));
        return { callback, context };
    }

    reporter(progress: ((progress: Progress) => unknown) | undefined): Reporter {
        const made = new Reporter(progress);
        this.reporters.push(made);
        return made;
    }

    end(failed: boolean): void {
        this.lent.forEach(takeBack);
        if (failed) {
            this.reporters.forEach((each) => each.end());
        }
    }
}

const running = new Set<Call>();

/** What C was given lives until the function has ended. */
export async function calling<T>(does: (call: Call) => Promise<T>): Promise<T> {
    const call = new Call();
    let failed = true;
    running.add(call);
    try {
        const found = await does(call);
        failed = false;
        return found;
    } finally {
        running.delete(call);
        call.end(failed);
    }
}

/** Holds a handle of the library until it is closed. */
export class Owner {
    private readonly pending = new Set<Promise<unknown>>();
    private closing: Promise<void> | null = null;

    protected constructor(private readonly own: bigint, private readonly free: string) {}

    get handle(): bigint {
        if (this.closing) {
            throw new TypeError(`this ${this.constructor.name} is closed`);
        }
        return this.own;
    }

    protected calling<T>(does: (call: Call) => Promise<T>): Promise<T> {
        const called = calling(does);
        const ended = called.then(() => {}, () => {}).then(() => { this.pending.delete(ended); });
        this.pending.add(ended);
        return called;
    }

    /** Frees it, when what was called with it has ended; the second time nothing happens. */
    close(): Promise<void> {
        return this.closing ??= this.closed();
    }

    protected async closed(): Promise<void> {
        await Promise.all(this.pending);
        await inThread(this.free, [this.own]);
    }

    [Symbol.asyncDispose](): Promise<void> {
        return this.close();
    }
}

/** A job's progress to whoever listens. What a listener throws cancels the job, and is thrown when that has ended. */
export class Reporter {
    readonly listeners: ((progress: Progress) => unknown)[] = [];
    readonly context = lend(this);
    readonly callback = pointer("cutover_progress_fn", (address: bigint, own: bigint) => borrowed<Reporter>(own).report(address));
    private raised: { exception: unknown } | null = null;

    constructor(progress: ((progress: Progress) => unknown) | undefined) {
        if (progress) {
            this.listeners.push(progress);
        }
    }

    private report(address: bigint): number {
        try {
            const progress = readProgress(address);
            this.listeners.slice().forEach((each) => each(progress));
            return 0;
        } catch (exception) {
            this.raised = { exception };
            return 1;
        }
    }

    async during<T>(does: () => Promise<T>): Promise<T> {
        try {
            return await does();
        } catch (failure) {
            throw this.raised ? this.raised.exception : failure;
        }
    }

    end(): void {
        takeBack(this.context);
    }
}

export function taken<T>(handle: bigint, free: string, read: (handle: bigint) => T): T {
    try {
        return read(handle);
    } finally {
        lib[free]!(handle);
    }
}

export function takenList<T>(handle: bigint, name: string, read: (handle: bigint) => T): T[] {
    return taken(handle, `${name}_free`, () =>
        Array.from({ length: Number(lib[`${name}_count`]!(handle)) }, (_, index) => read(lib[`${name}_at`]!(handle, index))));
}

export function takenText(handle: bigint): string {
    return taken(handle, "cutover_string_free", (address) => koffi.decode.string(address));
}
