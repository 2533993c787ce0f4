// Functions of JavaScript that the library calls. One pointer for each kind, which are few: whose it is, is in `userdata`.
import koffi from "koffi";
import * as abi from "./abi.js";
import { giveError } from "./error.js";

const pointers = new Map<string, bigint>();
const lent = new Map<bigint, unknown>();
const raised: unknown[] = [];
const RAISED_MAX = 64;
let last = 0n;

/** A number that stands for an object in C, until it is taken back. */
export function lend(object: unknown): bigint {
    lent.set(++last, object);
    return last;
}

export function takeBack(number: bigint): void {
    lent.delete(number);
}

/** How many objects C has numbers of. */
export function lentCount(): number {
    return lent.size;
}

export function borrowed<T>(number: bigint): T {
    return lent.get(number) as T;
}

type Called = (...values: any[]) => unknown;

/** The pointer to what is called for a callback of that name; always the same function for one name. */
export function pointer(name: string, called: Called): bigint {
    let found = pointers.get(name);
    if (found === undefined) {
        found = koffi.register(called, koffi.pointer(prototype(name)));
        pointers.set(name, found);
    }
    return found;
}

const prototypes = new Map<string, ReturnType<typeof koffi.proto>>();

function prototype(name: string): ReturnType<typeof koffi.proto> {
    let found = prototypes.get(name);
    if (found === undefined) {
        const [result, ...kinds] = abi.CALLBACKS[name]!;
        found = koffi.proto(result!, kinds);
        prototypes.set(name, found);
    }
    return found;
}

/** Calls what the library gave to a callback. */
export function callPointer(address: bigint, name: string, ...values: unknown[]): number {
    return koffi.call(address, prototype(name), ...values);
}

/** What the library answered to a callback, which is what the callback answers; the library knows why. */
export class Passed extends Error {
    constructor(readonly status: number) {
        super(`status ${status}`);
    }
}

/** A callback that answers by its status; the argument before the last receives its exception. */
export function guarded(called: Called, hasError = true): Called {
    return (...values: unknown[]) => {
        try {
            called(...values);
            return abi.Status.OK;
        } catch (exception) {
            if (exception instanceof Passed) {
                return exception.status;
            }
            raised.push(exception);
            raised.splice(0, raised.length - RAISED_MAX);
            return giveError(exception, hasError ? values.at(-2) as bigint : null);
        }
    };
}

/** An exception of a callback that was told so; it is told once. */
export function takeRaised(isIt: (exception: unknown) => boolean): { exception: unknown } | null {
    const at = raised.findLastIndex(isIt);
    return at < 0 ? null : { exception: raised.splice(at, 1)[0] };
}
