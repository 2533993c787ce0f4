// The conformance suite of stores, for those who write one in JavaScript. It is in a library of its own, libcutover-conformance.
import koffi from "koffi";
import { SONAME, Status, StoreBits, STRUCTS } from "./abi.js";
import { guarded, pointer } from "./callbacks.js";
import { calling } from "./call.js";
import { CutoverError } from "./error.js";
import type { Store } from "./ports.js";
import { inThreadOf } from "./threads.js";

export interface Case {
    readonly name: string;
    /** What was found instead; null where it passed. */
    readonly failure: string | null;
}

let openNow: (fresh: boolean) => Store;
let casesNow: Case[];

/**
 * Each case that ran; one suite at a time.
 *
 * `open` is given true for an empty store, unlike any opened before, and false for the one that the last such call made, again. The cases of
 * several processes are left out: the suite forks for them, which a process with threads does not survive.
 */
export async function checkStore(open: (fresh: boolean) => Store): Promise<Case[]> {
    const cases: Case[] = [];
    const stores: Store[] = [];
    openNow = open;
    casesNow = cases;
    const opening = pointer("cutover_conformance_store_open", guarded((fresh: number, target: bigint) => {
        const store = openNow(fresh !== 0);
        stores.push(store);
        const { size, members } = STRUCTS["cutover_store"]!;
        const bytes = Buffer.from(koffi.decode(store.vtable, koffi.array("uint8", size, "Typed")));
        const at = members.find(([name]) => name === "capabilities")![2];
        bytes.writeUInt32LE(bytes.readUInt32LE(at) & ~StoreBits.SHARED, at);
        koffi.encode(target, koffi.array("uint8", size), bytes);
    }));
    const report = pointer("cutover_conformance_report", (name: string, failure: string | null) => { casesNow.push({ name, failure }); });
    try {
        await calling(async (call) => {
            call.check(await inThreadOf(
                SONAME.replace("libcutover", "libcutover-conformance"), "cutover_conformance_store", [opening, report, null, call.error]));
        });
    } catch (failure) {
        if (!(failure instanceof CutoverError && failure.status === Status.E_VERIFY)) {
            throw failure; // otherwise the cases say which
        }
    }
    return cases;
}
