#!/bin/sh
# pg_restore with a list and a section: a comment, label or grant at the head of the list gets lost.
#
# Software   PostgreSQL 15.20, programs pg_dump and pg_restore, of Debian 12 (packages below, pinned).
# Expected   An archive's entries can be restored in two runs, split anywhere: --use-list with the first part, then with the rest,
#            both with --section=pre-data. Each entry belongs to one section, and both lists name entries of that section.
# Observed   Where the second list begins with the COMMENT of something that the first one made, that comment is not restored. No
#            error, no warning, exit status 0. With an entry of the section before it in the list, it is.
# Why        A comment has no section of its own: it is counted as one of the section that the entry before it is of. A list moves
#            what it names to the end of the table of contents, behind what it does not name. Before the first named entry stands the
#            last unnamed one, here an index: the comment counts as post-data. (SortTocFromFile and the walk over the table of
#            contents in ProcessArchiveRestoreOptions, src/bin/pg_dump/pg_backup_archiver.c.)
# For us     The library runs some statements itself, and so splits a section in runs: it runs what has no section itself, too
#            (lib/transfer/fill_schema.c, section_fill; tests/postgres/test_rights.c, door "initial value").
#
# Output seen (15.20): both lists name the comment; restored behind a function: 1, at the head of the list: 0
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
    CREATE FUNCTION first() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION second() RETURNS int LANGUAGE sql AS 'SELECT 2';
    COMMENT ON FUNCTION second() IS 'remembered';
    CREATE TABLE t (a int); CREATE INDEX ON t (a)"
"$programs/pg_dump" -Fc -s -f archive postgres
"$programs/pg_restore" -l archive | grep -v '^;' >all
grep 'FUNCTION public second()' all | grep -v COMMENT >second
grep 'FUNCTION public first()' all >first
grep 'COMMENT public FUNCTION second()' all >comment

# In how many of these lists does the restored script have the comment?
restored() {
    cat "$@" >list
    "$programs/pg_restore" --section=pre-data -L list -f - archive | grep -c 'COMMENT ON FUNCTION' || true
}
behind=$(restored first comment)
at_the_head=$(restored comment first)
"$programs/psql" --version
echo "both lists name the comment; restored behind a function: $behind, at the head of the list: $at_the_head"
[ "$behind" = 1 ] && [ "$at_the_head" = 0 ]
