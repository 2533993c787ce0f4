#!/usr/bin/env python3
"""A port of one's own: a store over SQLite, as it would be over any database with transactions.

    own_store.py FILE        holds it to the conformance suite of libcutover
"""
import sqlite3
import sys
import threading
from typing import Iterable, List, Optional, Sequence

import cutover
from cutover import Document, StoreCapability, Write
from cutover.errors import ConflictError, NotFoundError


class OwnStore(cutover.Store):
    """One connection, one lock: every method may be called from several threads at once."""

    def __init__(self, path: str) -> None:
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute("""CREATE TABLE IF NOT EXISTS document (kind TEXT, id TEXT, project_id TEXT NOT NULL, version INTEGER NOT NULL,
            body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID""")

    @property
    def capabilities(self) -> StoreCapability:
        return StoreCapability.DURABLE

    def get(self, kind: str, id: str) -> Document:
        found = self._read("kind = ? AND id = ?", [kind, id], 1)
        if not found:
            raise NotFoundError(f"there is no {kind} {id}")
        return found[0]

    def list(self, kind: str, project_id: Optional[str], after_id: str, limit: int) -> Iterable[Document]:
        return self._read("kind = ?1 AND id > ?2 AND (?3 IS NULL OR project_id = ?3)", [kind, after_id, project_id], limit)

    def commit(self, writes: Sequence[Write]) -> None:
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            try:
                for write in writes:
                    self._write(write)
                self.database.execute("COMMIT")
            except BaseException:
                self.database.execute("ROLLBACK")
                raise

    def close(self) -> None:
        self.database.close()

    def _read(self, condition: str, values: List[Optional[str]], limit: int) -> List[Document]:
        with self.lock:
            rows = self.database.execute(
                f"SELECT kind, id, project_id, version, body FROM document WHERE {condition} ORDER BY id LIMIT {limit:d}", values).fetchall()
        return [Document(kind=row[0], id=row[1], project_id=row[2], version=row[3], body=row[4]) for row in rows]

    def _write(self, write: Write) -> None:
        if write.expected_version >= 2 ** 63:
            raise ConflictError("no document has that version")
        if write.expected_version == 0:
            done = self.database.execute("INSERT OR IGNORE INTO document VALUES (?, ?, ?, 1, ?)", [write.kind, write.id, write.project_id, write.body])
        elif write.body is None:
            done = self.database.execute("DELETE FROM document WHERE kind = ? AND id = ? AND version = ?",
                                         [write.kind, write.id, write.expected_version])
        else:
            done = self.database.execute(
                "UPDATE document SET project_id = ?, body = ?, version = version + 1 WHERE kind = ? AND id = ? AND version = ?",
                [write.project_id, write.body, write.kind, write.id, write.expected_version])
        if done.rowcount != 1:
            raise ConflictError(f"{write.kind} {write.id} is not at version {write.expected_version}")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    from cutover import conformance
    opened = 0

    def open_store(fresh: bool) -> cutover.Store:
        nonlocal opened
        opened += fresh
        return OwnStore(f"{sys.argv[1]}.{opened}")

    failed = 0
    for name, failure in conformance.check_store(open_store):
        failed += failure is not None
        print(f"{name}: {failure or 'passed'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
