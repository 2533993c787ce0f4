// A port of one's own: a store in a file, to which each commit appends one line, as it would append to any journal.
//
//     own-store.js FILE        holds it to the conformance suite of libcutover
import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkStore, errors, Store, StoreCapability, type Document, type Write } from "cutover";

type Row = { kind: string; id: string; projectId: string; version: string; body: string | null };

const key = (kind: string, id: string) => `${kind}\0${id}`;

/** One process has it: the documents are in memory, and the file is read when it is opened. */
export class OwnStore extends Store {
    override readonly capabilities = StoreCapability.DURABLE;
    private readonly documents = new Map<string, Document>();
    private readonly file: number;

    constructor(path: string) {
        super();
        this.file = openSync(path, "a");
        const lines = readFileSync(path, "utf8").split("\n");
        const torn = lines.pop()!; // a commit that no crash let end: nobody was told that it had
        truncateSync(path, readFileSync(path).length - Buffer.byteLength(torn));
        lines.forEach((line) => this.apply(JSON.parse(line) as Row[]));
    }

    override get(kind: string, id: string): Document {
        const found = this.documents.get(key(kind, id));
        if (!found) {
            throw new errors.NotFoundError(`there is no ${kind} ${id}`);
        }
        return found;
    }

    override list(kind: string, projectId: string | null, afterId: string, limit: number): Iterable<Document> {
        const bytes = (id: string) => Buffer.from(id);
        return [...this.documents.values()]
            .filter((each) => each.kind === kind && (projectId === null || each.projectId === projectId))
            .filter((each) => Buffer.compare(bytes(each.id), bytes(afterId)) > 0)
            .sort((left, right) => Buffer.compare(bytes(left.id), bytes(right.id)))
            .slice(0, limit);
    }

    override commit(writes: readonly Write[]): void {
        for (const { kind, id, expectedVersion } of writes) {
            if ((this.documents.get(key(kind, id))?.version ?? 0n) !== expectedVersion) {
                throw new errors.ConflictError(`${kind} ${id} is not at version ${expectedVersion}`);
            }
        }
        const rows = writes.map(({ kind, id, projectId, expectedVersion, body }) =>
            ({ kind, id, projectId, version: String(expectedVersion + 1n), body }));
        writeSync(this.file, JSON.stringify(rows) + "\n");
        this.sync(this.file);
        this.apply(rows);
    }

    override close(): void {
        super.close();
        closeSync(this.file);
    }

    protected sync(file: number): void {
        fsyncSync(file);
    }

    private apply(rows: Row[]): void {
        for (const { kind, id, projectId, version, body } of rows) {
            if (body === null) {
                this.documents.delete(key(kind, id));
            } else {
                this.documents.set(key(kind, id), { kind, id, projectId, version: BigInt(version), body });
            }
        }
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    let opened = 0;
    for (const { name, failure } of await checkStore((fresh) => new OwnStore(`${process.argv[2]}.${opened += Number(fresh)}`))) {
        console.log(`${name}: ${failure ?? "passed"}`);
        process.exitCode ||= Number(failure !== null);
    }
}
