// The shared library and its functions: for the main thread, and for those in which its functions wait.
import koffi from "koffi";
import * as abi from "./abi.js";

export type Functions = Record<string, (...values: unknown[]) => any>;

/** Where it is: CUTOVER_LIBRARY is a file, otherwise the loader knows. */
export function named(): string {
    return process.env["CUTOVER_LIBRARY"] || abi.SONAME;
}

export function open(name: string): ReturnType<typeof koffi.load> {
    try {
        return koffi.load(name);
    } catch (failure) {
        throw new Error(`libcutover is not installed where the loader finds it; CUTOVER_LIBRARY may name its file: ${name}`, { cause: failure });
    }
}

export function functions(name: string): Functions {
    const library = open(name);
    const found: Functions = {};
    for (const [each, [result, ...kinds]] of Object.entries(abi.PROTOTYPES)) {
        try {
            found[each] = library.func(each, result!, kinds);
        } catch (failure) {
            throw new Error(`${name} has no ${each}(): it is older than this package, which is for libcutover ${abi.VERSION}`, { cause: failure });
        }
    }
    return found;
}
