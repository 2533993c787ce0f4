#!/bin/sh
# synchronous_standby_names: the value that every session shows is not yet the one that commits go by.
#
# Software   PostgreSQL 15.20, of Debian 12 (packages below, pinned).
# Expected   After a reload, a session that shows the new synchronous_standby_names commits by it: from then on a COMMIT waits for that
#            standby. Who needs the guarantee sets it, reloads, asks SHOW in the session that will write, and goes on.
# Observed   Between the two lies a moment in which SHOW has the new value and a COMMIT in that same session does not wait. It lasts as
#            long as the checkpointer takes to read the file, which may be busy; here it is stopped, to make the moment long.
# Why        Whether anybody has to wait is one flag in shared memory that the checkpointer alone sets when it reads the file
#            (SyncRepUpdateSyncStandbysDefined in src/backend/replication/syncrep.c). SyncRepWaitForLSN returns at once while it is
#            not set, whatever the session's own value is.
# For us     A test that set it and went on when the value was shown had its commits through, now and then. It waits until a commit
#            does wait (tests/faults/test_faults.c). A host that turns synchronous replication on for a cutover does likewise: commit
#            something, and see it wait.
#
# Output seen (15.20): shown: nobody; a commit meanwhile: done; once the checkpointer has read it: waits
set -eu

version=15.20-0+deb12u1
folder=$(mktemp -d)
chmod 755 "$folder"
cleanup() {
    [ -z "${checkpointer:-}" ] || kill -CONT "$checkpointer" 2>/dev/null || true
    [ ! -f "$folder/data/postmaster.pid" ] || kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
    sleep 1
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
apt-get download -qq "postgresql-15=$version" "postgresql-client-15=$version" >/dev/null
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
programs=$folder/root/usr/lib/postgresql/15/bin
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}
mkdir data sockets
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 data sockets
as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust -L "$folder/root/usr/share/postgresql/15" >/dev/null
as_server "$programs/postgres" -D "$folder/data" -k "$folder/sockets" -c listen_addresses= \
    -c dynamic_shared_memory_type=mmap >"$folder/log" 2>&1 &
export PGHOST="$folder/sockets" PGUSER=postgres PGDATABASE=postgres
psql() {
    "$programs/psql" -XqAt "$@"
}
for _ in 1 2 3 4 5 6 7 8 9 10; do
    psql -c 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done
psql -c 'CREATE TABLE t (a int)'

checkpointer=$(psql -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
kill -STOP "$checkpointer"
psql -c "ALTER SYSTEM SET synchronous_standby_names = 'nobody'" -c 'SELECT pg_reload_conf()' >/dev/null
shown=
for _ in 1 2 3 4 5 6 7 8 9 10; do
    shown=$(psql -c 'SHOW synchronous_standby_names')
    [ "$shown" = nobody ] && break
    sleep 1
done
# One session: it shows the new value, then commits.
if timeout 10 "$programs/psql" -XqAt -c 'SHOW synchronous_standby_names' -c 'INSERT INTO t VALUES (1)' >session; then
    meanwhile=done
else
    meanwhile=waits
fi
[ "$(cat session)" = nobody ]
kill -CONT "$checkpointer"
after=done
for _ in 1 2 3 4 5 6 7 8 9 10; do
    if ! timeout 3 "$programs/psql" -XqAt -c 'INSERT INTO t VALUES (2)' >/dev/null 2>&1; then
        after=waits
        break
    fi
done
"$programs/psql" --version
echo "shown: $shown; a commit meanwhile: $meanwhile; once the checkpointer has read it: $after"
[ "$shown" = nobody ] && [ "$meanwhile" = "done" ] && [ "$after" = waits ]
