// What an engine, webhooks and integrations are told of their host: where lines of the log go, and what time it is.
import { debuglog } from "node:util";
import { LogLevel } from "./abi.js";
import { borrowed, lend, pointer, takeBack } from "./callbacks.js";
import { micros } from "./values.js";

export interface Hosting {
    /** Takes lines of the log; NODE_DEBUG=cutover shows them where there is none. */
    readonly log?: (level: LogLevel, line: string) => void;
    /** The system's, where there is none. */
    readonly clock?: () => Date;
}

const debug = debuglog("cutover");

/** Their members of an options struct, until ended. */
export class Host {
    private readonly number = lend(this);
    private readonly log: Hosting["log"];
    private readonly clock: Hosting["clock"];

    constructor({ log, clock }: Hosting) {
        this.log = log ?? (debug.enabled ? (level, line) => debug("%s: %s", LogLevel[level], line) : undefined);
        this.clock = clock;
    }

    members(): object {
        return {
            ...this.log && { logUserdata: this.number, log: pointer("cutover_log_fn", (level: LogLevel, line: string, own: bigint) => {
                try {
                    borrowed<Host>(own).log!(level, line);
                } catch {
                    // nobody is there to be told
                }
            }) },
            ...this.clock && { clockUserdata: this.number, clock: pointer("cutover_clock_fn", (own: bigint) => {
                try {
                    return micros(borrowed<Host>(own).clock!());
                } catch {
                    return 0n;
                }
            }) },
        };
    }

    end(): void {
        takeBack(this.number);
    }
}
