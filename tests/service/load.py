#!/usr/bin/env python3
"""cutoverd under bounded load, on loopback: event streams that are open and reads that keep coming while a cutover runs. No answer is lost,
every stream sees the end, memory is flat, no descriptor leaks, and streams of a job in which nothing happens cost next to no CPU.

    tests/service/load.py [small]       200 streams and 500 reads a second; small: 40 and 100
"""
import http.client
import selectors
import sys
import threading
import time

from service import Home, PATIENCE, Server, wait_until


class Seen:
    """What came on a stream, as far as it matters."""

    def __init__(self, answer):
        self.answer, self.tail, self.end = answer, b"", False

    def take(self, part):
        self.end = self.end or b"event: end" in self.tail + part
        self.tail = part[-20:]
        return part != b""


class Streams:
    """Connections with an event stream each, read by one thread."""

    def __init__(self, daemon, job, key, count):
        self.connections, self.ended, self.lost = [], 0, 0
        self.selector = selectors.DefaultSelector()
        for _ in range(count):
            connection = daemon.connection()
            connection.request("GET", f"/v1/jobs/{job}/events", headers={"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            self.connections.append(connection)
            self.selector.register(answer.fp.raw._sock, selectors.EVENT_READ, Seen(answer))
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        end = time.monotonic() + PATIENCE
        while self.selector.get_map() and time.monotonic() < end:
            for key, _ in self.selector.select(1):
                part = key.fileobj.recv(65536)
                if key.data.take(part):
                    continue
                self.selector.unregister(key.fileobj)
                self.ended += key.data.end
                self.lost += not key.data.end

    def join(self):
        self.thread.join()
        self.lost += len(self.selector.get_map() or ())
        for connection in self.connections:
            connection.close()


class Reads:
    """Reads at a rate, over a few connections that stay open."""

    def __init__(self, daemon, key, rate, paths, threads=10):
        self.answered, self.failed, self.stop, self.began, self.seconds = 0, [], False, time.monotonic(), 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.read, args=(daemon, key, rate / threads, paths)) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def read(self, daemon, key, rate, paths):
        connection = daemon.connection()
        began, count = time.monotonic(), 0
        while not self.stop:
            try:
                connection.request("GET", paths[count % len(paths)], headers={"Authorization": f"Bearer {key}"})
                answer = connection.getresponse()
                answer.read()
                failed = None if answer.status == 200 else answer.status
            except (OSError, http.client.HTTPException) as error:
                failed = repr(error)
            with self.lock:
                self.answered += failed is None
                self.failed += [failed] if failed else []
            if failed:
                break
            count += 1
            time.sleep(max(0, began + count / rate - time.monotonic()))
        connection.close()

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.began


def run(small):
    streams, rate, seconds = (40, 100, 4) if small else (200, 500, 20)
    server = Server()
    home = Home(server, rows=2000 if small else 300000)
    faults = []

    def check(good, what):
        print(f"{'ok' if good else 'FAILED'}: {what}")
        faults.extend([] if good else [what])

    try:
        daemon = home.daemon(max_streams=streams)
        carla, olga = home.key("carla", "member", "shop"), home.key("olga", "operator")
        made = daemon.call("POST", "/v1/projects/shop/cutover-requests", carla,
                           {"preview_id": "next", "external_ticket_ref": "LOAD-1"}).json["id"]
        assert daemon.call("POST", f"/v1/cutover-requests/{made}/ack", olga, {}).status == 200
        answer = daemon.call("POST", f"/v1/cutover-requests/{made}/promote", olga, {"hold": True})
        assert answer.status == 202, answer.bytes
        job = answer.headers["Location"].rsplit("/", 1)[1]
        paths = [f"/v1/jobs/{job}", f"/v1/cutover-requests/{made}", "/v1/projects", "/v1/projects/shop/previews",
                 "/v1/projects/shop/audit-events?limit=20"]
        open_streams = Streams(daemon, job, olga, streams)
        reads = Reads(daemon, olga, rate, paths)
        wait_until("it is held", lambda: daemon.call("GET", f"/v1/jobs/{job}", olga).json["status"] == "held")
        time.sleep(seconds)
        reads.end()
        settled, descriptors = daemon.memory()
        before = daemon.cpu()
        time.sleep(seconds)
        idle = (daemon.cpu() - before) / seconds
        check(idle < 0.2, f"{streams} idle streams took {idle * 100:.1f} % of a core")
        more = Reads(daemon, olga, rate, paths)
        time.sleep(seconds)
        assert daemon.call("POST", f"/v1/cutover-requests/{made}/release", olga, {}).status == 200
        open_streams.join()
        more.end()
        answered, failed = reads.answered + more.answered, reads.failed + more.failed
        check(not failed, f"{answered} reads were answered, {len(failed)} were not {failed[:3]}")
        came = answered / (reads.seconds + more.seconds)
        check(answered > 100, f"reads came at {came:.0f} a second, for {reads.seconds + more.seconds:.0f} s")
        check(open_streams.ended == streams, f"{open_streams.ended} streams saw the end, {open_streams.lost} did not")
        check(home.released() == "new", "the cutover is completed")
        last = wait_until("connections are closed", lambda: daemon.memory()[1] <= descriptors - streams + 6 and daemon.memory())
        check(last[0] < settled + 20000, f"memory: {settled} KiB, then {last[0]} KiB")
        check(last[1] <= descriptors - streams + 6, f"descriptors: {descriptors}, then {last[1]}")
        check(daemon.terminate() == 0, "it ends when it is told to")
    finally:
        home.end()
        server.end()
    print(f"load: {8 - len(faults)} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run("small" in sys.argv[1:]))
