"""A PostgreSQL server, a home of cutoverctl, and daemons on it, each a process of its own in a temporary folder: what tests of the service
share. Everything that was started is ended by its own id.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds for what has to happen; no test judges by it


def build():
    return pathlib.Path(os.environ.get("BUILD_DIR", "build")).resolve()


def wait_until(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


class Server:
    """PostgreSQL, as an unprivileged user, on a socket in its folder."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cutover-service."))
        self.folder.chmod(0o755)
        self.bin = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
        data = self.folder / "server"
        data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
        self.data = data / "data"
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.run("pg_ctl", "-D", self.data, "-l", data / "log", "-w", "-o",
                 f"-c listen_addresses='' -c fsync=off -c max_connections=200 -k '{data}'", "start")
        self.socket = data

    def run(self, program, *arguments):
        command = [f"{self.bin}/{program}", *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", "env", "-C", "/", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def conninfo(self, database):
        return f"host={self.socket} user=postgres dbname={database}"

    def sql(self, database, text):
        done = subprocess.run([f"{self.bin}/psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d",
                               self.conninfo(database), "-c", text], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def end(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


class Home:
    """Records and backups, with a project `shop` and its preview `next`."""

    count = 0

    def __init__(self, server, rows=200, shared=False):
        """shared: the records are in a database of their own, else in the home."""
        Home.count += 1
        self.server = server
        self.location = f"postgres:{server.conninfo(f'records{Home.count}')}" if shared else None
        self.folder = server.folder / f"home{Home.count}"
        self.store = self.folder / "cutover.db"
        self.production, self.preview = f"shop{Home.count}", f"next{Home.count}"
        self.daemons = []
        self.secrets = []
        for name, release in ((self.production, "old"), (self.preview, "new")):
            server.sql("postgres", f"CREATE DATABASE {name}")
            server.sql(name, f"CREATE TABLE release (name text); INSERT INTO release VALUES ('{release}');"
                             f"CREATE TABLE goods (id int PRIMARY KEY, what text);"
                             f"INSERT INTO goods SELECT n, md5(n::text) FROM generate_series(1, {rows}) AS n")
        if shared:
            server.sql("postgres", f"CREATE DATABASE records{Home.count}")
        self.ctl("init")
        self.ctl("project", "add", "shop", "--database", server.conninfo(self.production))
        self.ctl("preview", "add", "next", "--project", "shop", "--database", server.conninfo(self.preview),
                 "--expires-in", "24h")

    def ctl(self, *arguments):
        place = ["--store", self.location] if self.location else []
        done = subprocess.run([build() / "cutoverctl", "--home", self.folder, *place, "--json", *arguments], check=True,
                              capture_output=True, text=True, env={**os.environ, "CUTOVER_PG_BIN_DIR": self.server.bin})
        return json.loads(done.stdout)

    def key(self, actor, roles, project=None):
        made = self.ctl("--as", "user:root:org_admin", "key", "create", "--label", f"of {actor}", "--actor", actor,
                        "--roles", roles, "--expires-in", "1d", *(["--project", project] if project else []))
        self.secrets.append(made["secret"])
        return made["secret"]

    def released(self):
        return self.server.sql(self.production, "SELECT name FROM release")

    def daemon(self, **settings):
        return Daemon(self, len(self.daemons), settings)

    def end(self):
        died = [daemon for daemon in self.daemons if daemon.died()]
        for daemon in self.daemons:
            daemon.kill()
        if died:
            raise AssertionError(f"cutoverd died ({died[0].process.returncode}): {died[0].log()[-5000:]}")


class Daemon:
    """cutoverd on a home, at a port that the system chose."""

    def __init__(self, home, number, settings):
        self.home = home
        self.configuration = home.folder / f"cutoverd{number}.conf"
        self.log_path = home.folder / f"cutoverd{number}.log"
        known = {"home": home.folder, "listen": "127.0.0.1:0", "dashboard_dir": ROOT / "daemon/dashboard",
                 "recover_interval": 1, "pg_bin_dir": home.server.bin, "work_dir": home.folder, **settings}
        if home.location:
            known["store"] = f'"{home.location}"'
        self.configuration.write_text("".join(f"{name} = {value}\n" for name, value in known.items()))
        self.process = subprocess.Popen([build() / "cutoverd", "--config", self.configuration],
                                        stderr=open(self.log_path, "wb"), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL)
        self.told_to_end = False
        home.daemons.append(self)
        self.address = wait_until("cutoverd listens", self._address)
        parts = urllib.parse.urlsplit(self.address)
        self.host, self.port, self.tls = parts.hostname, parts.port, parts.scheme == "https"

    def _address(self):
        if self.process.poll() is not None:
            raise AssertionError(f"cutoverd ended with {self.process.returncode}: {self.log()}")
        found = re.search(r'"address":"([^"]+)"', self.log())
        return found and found.group(1)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def entries(self):
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def connection(self):
        if self.tls:
            import ssl
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)

    def call(self, method, path, key=None, body=None, headers=None, **more):
        headers = dict(headers or {}, **more)
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = self.connection()
        try:
            connection.request(method, path, body=body, headers=headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def raw(self, sent, patience=PATIENCE):
        """What comes back for these bytes, until the other side closes."""
        with socket.create_connection((self.host, self.port), timeout=patience) as connection:
            received = b""
            try:
                connection.sendall(sent)
                while True:
                    part = connection.recv(65536)
                    if not part:
                        return received
                    received += part
            except ConnectionError:
                return received

    def events(self, job, key, last=None, until=None):
        """Events of a job's stream as (id, type, data), until the stream ends, or the condition holds of one."""
        connection = self.connection()
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
        if last:
            headers["Last-Event-ID"] = last
        try:
            connection.request("GET", f"/v1/jobs/{job}/events", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            yield from parse_events(answer)
        except (ConnectionError, http.client.IncompleteRead):
            return
        finally:
            connection.close()

    def memory(self):
        """Resident KiB, and how many descriptors are open."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        descriptors = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)), descriptors

    def cpu(self):
        """CPU seconds, user and system."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def terminate(self):
        self.told_to_end = True
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def died(self):
        """It ended, and nobody told it to."""
        return self.process.poll() is not None and not self.told_to_end

    def kill(self):
        self.told_to_end = True
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)


def parse_events(lines):
    event = {"data": ""}
    for line in lines:
        line = line.decode().rstrip("\r\n")
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event["data"]:
            yield event.get("id"), event.get("event"), json.loads(event["data"])
            event = {"data": ""}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.bytes = response.read()

    @property
    def json(self):
        return json.loads(self.bytes)

    def cookie(self):
        found = self.headers.get("Set-Cookie", "")
        return found.partition(";")[0]
