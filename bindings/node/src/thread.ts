// A thread in which functions of the library wait, while the event loop of the host goes on.
import { parentPort, workerData } from "node:worker_threads";
import * as abi from "./abi.js";
import { open, type Functions } from "./load.js";

const library = open(workerData as string);
const known: Functions = {};

parentPort!.on("message", ([name, values]: [string, unknown[]]) => {
    const [result, ...kinds] = abi.PROTOTYPES[name] ?? ["int", "void *", "void *", "void *", "void *"];
    known[name] ??= library.func(name, result!, kinds);
    parentPort!.postMessage(known[name]!(...values));
});
