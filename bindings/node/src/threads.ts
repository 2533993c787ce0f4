// Threads for functions that wait, as many as wait at once: those of libuv are few, and a promotion may be held for a day. Callbacks come
// back to the event loop, and the thread that is in the library waits for them.
import koffi from "koffi";
import { Worker } from "node:worker_threads";
import { named } from "./load.js";

const IDLE_MAX = 4;
const idle: Worker[] = [];
let busy = 0;

// Who ends a process does not wait for a job that may be held for a day: Node would, as it joins threads. The library recovers from it.
process.on("exit", (status) => {
    if (busy > 0) {
        koffi.load(null).func("_exit", "void", ["int"])(status);
    }
});

export type Value = number | bigint | null;

/** Calls a function of the library in a thread; what it gives. */
export function inThread(name: string, values: readonly Value[]): Promise<number> {
    return calledIn(idle.pop() ?? started(named()), name, values).then(([worker, result]) => {
        if (idle.length < IDLE_MAX) {
            idle.push(worker);
        } else {
            void worker.terminate();
        }
        return result;
    });
}

/** Likewise of another library, in a thread of its own. */
export async function inThreadOf(library: string, name: string, values: readonly Value[]): Promise<number> {
    const [worker, result] = await calledIn(started(library), name, values);
    await worker.terminate();
    return result;
}

function started(library: string): Worker {
    return new Worker(new URL("./thread.js", import.meta.url), { workerData: library, name: "cutover", execArgv: [] });
}

function calledIn(worker: Worker, name: string, values: readonly Value[]): Promise<[Worker, number]> {
    return new Promise((resolve, reject) => {
        const fail = (failure: Error) => {
            busy--;
            reject(failure);
        };
        busy++;
        worker.ref();
        worker.once("error", fail);
        worker.once("message", (result: number) => {
            busy--;
            worker.off("error", fail);
            worker.unref();
            resolve([worker, result]);
        });
        worker.postMessage([name, values]);
    });
}
