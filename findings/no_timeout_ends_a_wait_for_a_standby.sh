#!/bin/sh
# Synchronous replication: no timeout of the server's ends a statement that waits for its standby, and who cancels it has committed.
#
# Software   PostgreSQL 15.20, of Debian 12 (packages below, pinned).
# Expected   With statement_timeout = 1s, a statement that takes longer ends with an error (57014) and has done nothing; with
#            client_connection_check_interval = 1s, and its client gone, it ends soon, too.
# Observed   An ALTER DATABASE … ALLOW_CONNECTIONS false that waits for a standby outlives both, by as long as anybody cares to wait.
#            pg_cancel_backend() ends it, with success: it is committed, here alone, and a warning says so. Meanwhile nobody sees what
#            it did (the door is still open), though it cannot be taken back any more.
# Why        statement_timeout is disarmed before the statement's transaction is committed (finish_xact_command in
#            src/backend/tcop/postgres.c), and the wait comes after the commit record is written (SyncRepWaitForLSN in
#            src/backend/replication/syncrep.c), with interrupts held back: of these it looks at cancel and terminate alone.
# For us     A limit on such a statement can only be one of the client's, who then cancels and must take it for done. Our sessions commit
#            with synchronous_commit = local instead, and wait for a standby where nothing is closed
#            (docs/decisions/0022-durable-and-alone.md).
#
# Output seen (15.20): after 5 s: 1 waits, door seen open; its client killed: 1 waits; cancelled: door seen closed
set -eu

version=15.20-0+deb12u1
folder=$(mktemp -d)
chmod 755 "$folder"
cleanup() {
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
psql -c 'CREATE DATABASE shop'
psql -c "ALTER SYSTEM SET synchronous_standby_names = 'gone'" -c 'SELECT pg_reload_conf()' >/dev/null
sleep 2

door() {
    psql -c "SELECT CASE WHEN datallowconn THEN 'open' ELSE 'closed' END FROM pg_database WHERE datname = 'shop'"
}
waiting="SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
PGOPTIONS='-c statement_timeout=1s -c client_connection_check_interval=1s' "$programs/psql" -XqAt \
    -c 'ALTER DATABASE shop ALLOW_CONNECTIONS false' >client 2>&1 &
client=$!
sleep 5
first=$(psql -c "$waiting")
seen=$(door)
kill -KILL "$client"
wait "$client" 2>/dev/null || true
sleep 5
second=$(psql -c "$waiting")
psql -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'" >/dev/null
sleep 1
after=$(door)
"$programs/psql" --version
echo "after 5 s: $first waits, door seen $seen; its client killed: $second waits; cancelled: door seen $after"
[ "$first $seen $second $after" = "1 open 1 closed" ]
