// A PostgreSQL server in a temporary folder, as an unprivileged user, on a socket.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = process.geteuid() === 0;
const postgres = (what) => Number(execFileSync("id", [what, "postgres"], { encoding: "utf8" }));

export class Server {
    folder = mkdtempSync(join(tmpdir(), "cutover-node."));
    bin = execFileSync("pg_config", ["--bindir"], { encoding: "utf8" }).trim();
    socket = join(this.folder, "server");

    constructor() {
        chmodSync(this.folder, 0o755);
        mkdirSync(this.socket);
        if (root) {
            chownSync(this.socket, postgres("-u"), postgres("-g"));
        }
        this.data = join(this.socket, "data");
        this.run("initdb", "-D", this.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        this.run("pg_ctl", "-D", this.data, "-l", join(this.socket, "log"), "-w", "-o",
            `-c listen_addresses='' -c fsync=off -c max_connections=200 -k '${this.socket}'`, "start");
    }

    run(program, ...given) {
        const command = [join(this.bin, program), ...given];
        const [first, ...rest] = root ? ["runuser", "-u", "postgres", "--", "env", "-C", "/", ...command] : command;
        execFileSync(first, rest, { stdio: "ignore" });
    }

    conninfo(database) {
        return `host=${this.socket} user=postgres dbname=${database}`;
    }

    sql(database, text) {
        return execFileSync(join(this.bin, "psql"), ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", this.conninfo(database), "-c", text],
            { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
    }

    end() {
        this.run("pg_ctl", "-D", this.data, "-m", "immediate", "-w", "stop");
        rmSync(this.folder, { recursive: true, force: true });
    }
}
