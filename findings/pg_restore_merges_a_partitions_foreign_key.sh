#!/bin/sh
# pg_restore of 18, one job: a partition's own foreign key becomes part of the partitioned table's, and is validated.
#
# Software   PostgreSQL 18.6, server, pg_dump and pg_restore, of Debian unstable (packages below, pinned; to be run there).
# Expected   What pg_dump dumps, pg_restore makes as it was: a partition's own foreign key, NOT VALID, beside the one that it has from
#            the partitioned table.
# Observed   Restored, there is one key at the partition in place of two: its own, now a part of the partitioned table's, and valid.
#            pg_restore says nothing of it. 17 leaves both as they were.
# Why        pg_dump puts foreign keys in the order of their tables' and their own names, and "events_a" comes before "events_z" also
#            where the second is partitioned. When a partitioned table's key is made, the server takes a partition's that is alike for a
#            part of it; since 18 it does so with one that is NOT VALID, too, and validates that. (tryAttachPartitionForeignKey() and
#            QueueFKConstraintValidation() in src/backend/commands/tablecmds.c; pg_dump_sort.c.)
# For us     The library's archives have a partitioned table's key come before, and be waited for by, those of its partitions
#            (lib/transfer/foreign_keys.c; tests/postgres/test_backup.c).
#
# Output seen (18.6): dumped: own its own not valid, whole a part valid; restored: own a part valid
#        (17.12): restored as dumped
set -eu

version=18.6-3
folder=$(mktemp -d)
chmod 755 "$folder"
cleanup() {
    [ ! -f "$folder/data/postmaster.pid" ] || kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
    sleep 1
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
apt-get download -qq "postgresql-18=$version" "postgresql-client-18=$version" >/dev/null
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
programs=$folder/root/usr/lib/postgresql/18/bin
export LD_LIBRARY_PATH="$folder/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)"
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}
mkdir data sockets
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 data sockets
as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust -L "$folder/root/usr/share/postgresql/18" >/dev/null
as_server "$programs/postgres" -D "$folder/data" -k "$folder/sockets" -c listen_addresses= -c fsync=off \
    -c dynamic_shared_memory_type=mmap >"$folder/log" 2>&1 &
export PGHOST="$folder/sockets" PGUSER=postgres
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$programs/psql" -d postgres -qAtc 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done

# keys DATABASE: of the partition: name, part of another or its own, validated or not.
keys() {
    "$programs/psql" -d "$1" -qAt -R ', ' -F ' ' -c "
        SELECT conname, CASE conparentid WHEN 0 THEN 'its own' ELSE 'a part' END,
               CASE WHEN convalidated THEN 'valid' ELSE 'not valid' END
          FROM pg_constraint WHERE contype = 'f' AND conrelid = 'events_a'::regclass ORDER BY conname"
}
"$programs/psql" -d postgres -qc 'CREATE DATABASE first' -c 'CREATE DATABASE again'
"$programs/psql" -d first -qc '
    CREATE TABLE customers (id int PRIMARY KEY);
    CREATE TABLE events_z (customer int, day int) PARTITION BY RANGE (day);
    CREATE TABLE events_a PARTITION OF events_z DEFAULT;
    ALTER TABLE events_z ADD CONSTRAINT whole FOREIGN KEY (customer) REFERENCES customers;
    ALTER TABLE events_a ADD CONSTRAINT own FOREIGN KEY (customer) REFERENCES customers NOT VALID'
"$programs/pg_dump" -Fc -f archive first
"$programs/pg_restore" -e -d again archive
before=$(keys first)
after=$(keys again)
"$programs/pg_restore" --version
echo "dumped: $before; restored: $after"
[ "$before; $after" = 'own its own not valid, whole a part valid; own a part valid' ]
