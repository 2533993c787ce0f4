// One failure, as the library tells it.
import koffi from "koffi";
import { Status, Verdict } from "./abi.js";
import { lib } from "./library.js";
import { Memory, text, textOrNone } from "./values.js";

export interface Facts {
    readonly detail?: string | null;
    readonly hint?: string | null;
    readonly sqlstate?: string | null;
    readonly step?: string | null;
    readonly verdict?: Verdict;
    readonly cause?: unknown;
}

/**
 * What a function answered that did not succeed; a port throws one to answer so itself.
 *
 * `errors` has a class for each status. One that this package does not know comes as a CutoverError, with its number as `status`.
 */
export class CutoverError extends Error {
    static readonly byStatus = new Map<number, new (message: string, facts?: Facts) => CutoverError>();
    override readonly name: string = "CutoverError";
    readonly status: number = Status.E_CALLBACK;
    readonly detail: string | null;
    readonly hint: string | null;
    readonly sqlstate: string | null;
    readonly step: string | null;
    readonly verdict: Verdict;

    constructor(message: string, facts: Facts = {}) {
        super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
        this.detail = facts.detail ?? null;
        this.hint = facts.hint ?? null;
        this.sqlstate = facts.sqlstate ?? null;
        this.step = facts.step ?? null;
        this.verdict = facts.verdict ?? Verdict.NONE;
    }
}

/** Of what a call left; frees it. */
export function takeError(status: number, error: bigint): CutoverError {
    const of = (name: string) => lib[`cutover_error_${name}`]!(error);
    const made = new (CutoverError.byStatus.get(status) ?? CutoverError)(text(of("message")) || text(lib["cutover_status_name"]!(status)), {
        detail: textOrNone(of("detail")), hint: textOrNone(of("hint")), sqlstate: textOrNone(of("sqlstate")), step: textOrNone(of("step")),
        verdict: of("verdict"),
    });
    lib["cutover_error_free"]!(error);
    return made.status === status ? made : Object.assign(made, { status });
}

/** What an exception of a host says, in the one line that an error has. */
export function lineOf(raised: unknown): string {
    const said = raised instanceof CutoverError ? raised.message : String(raised);
    return said.replace(/[\s\0]+/g, " ").trim().slice(0, 500);
}

/** Hands a host's exception over as a callback's error; its status. */
export function giveError(raised: unknown, target: bigint | null): number {
    const known = raised instanceof CutoverError ? raised : new CutoverError(lineOf(raised));
    if (target) {
        const memory = new Memory();
        const made: bigint = lib["cutover_error_new"]!(
            known.status, memory.text(lineOf(raised)), memory.text(known.detail), memory.text(known.hint));
        koffi.encode(target, "void *", made);
    }
    return known.status;
}
