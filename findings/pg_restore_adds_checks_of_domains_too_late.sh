#!/bin/sh
# pg_restore of a domain whose check goes round in a circle: the check cannot be added where a table has an array of the domain.
#
# Software   PostgreSQL 15.20, programs pg_dump and pg_restore, of Debian 12 (packages below, pinned).
# Expected   What pg_dump dumps of a database without an error, pg_restore restores.
# Observed   A domain's check calls a function, an argument of which is of a type over that domain; then a table is made with a column
#            that is an array of the domain. pg_dump writes domain, function, table, and at the end ALTER DOMAIN … ADD CONSTRAINT, which
#            the server refuses: "cannot alter type … because column … uses it", though the table is empty.
# Why        A domain comes with its checks, but for one that depends on what depends on the domain: that one comes by itself, after the
#            rows. The server validates a check that is added against all columns of the domain, and cannot do that for what contains
#            the domain; so it refuses, for empty tables too. (repairDomainConstraintLoop in pg_dump_sort.c;
#            get_rels_with_domain in src/backend/commands/typecmds.c.)
# For us     Checks of domains cannot be left for later in general, so definitions that would call them are made by another login
#            (docs/decisions/0023-definitions-that-evaluate.md). A database like this one can be neither promoted nor backed up with a
#            verification by restore, with the server's words for it.
#
# Output seen (15.20): dumped: yes, restored: no, cannot alter type "positive" because column "t.a" uses it
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
as_server "$programs/postgres" -D "$folder/data" -k "$folder/sockets" -c listen_addresses= -c fsync=off \
    -c dynamic_shared_memory_type=mmap >"$folder/log" 2>&1 &
export PGHOST="$folder/sockets" PGUSER=postgres
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$programs/psql" -d postgres -qAtc 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done

"$programs/psql" -d postgres -qc "
    CREATE DOMAIN positive AS int;
    CREATE FUNCTION is_positive(int, but_not positive[]) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT \$1 > 0';
    ALTER DOMAIN positive ADD CHECK (is_positive(value, NULL));
    CREATE TABLE t (a positive[])" -c "CREATE DATABASE again"
"$programs/pg_dump" -Fc -f archive postgres && dumped=yes || dumped=no
"$programs/pg_restore" -e -d again archive 2>errors && restored=yes || restored=no
"$programs/psql" --version
echo "dumped: $dumped, restored: $restored, $(sed -n 's/.*ERROR:  \(cannot alter type.*\)$/\1/p' errors | tr -d '\n' | sed 's/public\.//g')"
[ "$dumped" = yes ] && [ "$restored" = no ] && grep -q 'cannot alter type' errors
