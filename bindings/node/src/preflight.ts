// The findings of one preflight.
import type { Severity } from "./abi.js";
import { lib } from "./library.js";
import { readFinding, type Finding } from "./records.js";
import { members, type Json } from "./values.js";

/** What a preflight found. `severity` is the worst of its findings; `data` the whole, as docs/json.md has it. */
export interface Preflight {
    readonly severity: Severity;
    readonly findings: readonly Finding[];
    readonly data: Json;
}

export function readPreflight(handle: bigint): Preflight {
    const count = Number(lib["cutover_preflight_count"]!(handle));
    return {
        severity: lib["cutover_preflight_severity"]!(handle),
        findings: Array.from({ length: count }, (_, index) => readFinding(lib["cutover_preflight_at"]!(handle, index))),
        data: members(lib["cutover_preflight_json"]!(handle)),
    };
}
