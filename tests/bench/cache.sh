#!/usr/bin/env bash
# What is left of production's working set in its server's shared_buffers while a promotion goes its way, up to its hold; beside it the
# same after the runbook by hand (pg_dump of both, pg_restore into a new database, ANALYZE).
#
#   BENCH_SCALE=40 BENCH_JOBS=2 tests/bench/cache.sh BUILD-DIR
#
# The working set is a table of some 118 MB that was read a few times, in 512 MB of shared_buffers; pg_buffercache counts it, once a second.
# The preview is on a server of its own. It is no matter of time: other work beside it does no harm.
set -euo pipefail

build=$(cd "${1:-${BUILD_DIR:-.}}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
scale=${BENCH_SCALE:-40} jobs=${BENCH_JOBS:-2} verify=${BENCH_VERIFY:-restore}
"$here/../packages.sh" bench > /dev/null
bin=$(pg_config --bindir)
export PATH="$bin:$PATH" LC_ALL=C PGUSER=postgres
unset PGHOST PGPORT PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS

work=$(mktemp -d "${TMPDIR:-/tmp}/cutover-bench.XXXXXX")
run_as=()
if [ "$(id -u)" = 0 ]; then
    chown postgres "$work"
    run_as=(runuser -u postgres --)
fi
promoting=
cleanup() {
    [ -z "$promoting" ] || kill "$promoting" 2> /dev/null || true
    for server in production preview; do
        "${run_as[@]}" "$bin/pg_ctl" -D "$work/$server/data" -m immediate stop > /dev/null 2>&1 || true
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

for server in production preview; do
    "${run_as[@]}" mkdir "$work/$server"
    "${run_as[@]}" "$bin/initdb" -D "$work/$server/data" -U postgres -A trust --no-sync > /dev/null
    cat >> "$work/$server/data/postgresql.conf" <<CONF
unix_socket_directories = '$work/$server'
listen_addresses = ''
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 30min
fsync = off
CONF
    "${run_as[@]}" "$bin/pg_ctl" -D "$work/$server/data" -l "$work/$server/log" -w start > /dev/null
    psql -q -h "$work/$server" -c "CREATE DATABASE shop" postgres
    pgbench -q -i -s "$scale" -h "$work/$server" shop > /dev/null 2>&1
    psql -q -h "$work/$server" -v ON_ERROR_STOP=1 shop <<SQL
CREATE TABLE hot (id int PRIMARY KEY, filler text);
INSERT INTO hot SELECT n, repeat('x', 70) FROM generate_series(1, 1100000) AS n;
VACUUM (ANALYZE) hot;
SQL
done
export PGHOST=$work/production
psql -q -c 'CREATE EXTENSION pg_buffercache' postgres
oid=$(psql -Atc "SELECT oid FROM pg_database WHERE datname = 'shop'" postgres)
files=$(psql -Atc "SELECT pg_relation_filenode('hot') || ', ' || pg_relation_filenode('hot_pkey')" shop)

warm() {
    for _ in 1 2 3 4 5; do
        psql -q -c "SET enable_indexonlyscan = off; SET enable_seqscan = off; SELECT count(filler) FROM hot WHERE id > 0" -o /dev/null shop
    done
}
left() {
    psql -Atc "SELECT count(*) FROM pg_buffercache WHERE reldatabase = $oid AND relfilenode IN ($files)" postgres
}
tool() { CUTOVER_HOME=$work/home "$build/cutoverctl" --json "$@"; }
tool init > /dev/null
tool project add shop --database "host=$work/production user=postgres dbname=shop" > /dev/null
tool preview add preview --project shop --database "host=$work/preview user=postgres dbname=shop" --expires-in 7d > /dev/null

warm
began=$(left)
[ "$began" -gt 0 ] || { echo "nothing of the working set is there" >&2; exit 1; }
echo "working set: $began pages of $(psql -Atc "SELECT pg_size_pretty(pg_database_size('shop'))" shop)"

request=$(tool request create --project shop --preview preview --ticket BENCH | jq -r .id)
tool request ack "$request" > /dev/null
tool promote "$request" --jobs "$jobs" --verify "$verify" --hold > "$work/report.json" 2> "$work/errors" &
promoting=$!
while kill -0 "$promoting" 2> /dev/null; do
    step=$(tool job list --project shop | jq -r '(.items // .)[0].step // "begun"' 2> /dev/null || echo "?")
    now=$(left)
    echo "$step $now" >> "$work/steps"
    [ "$step" != held ] || break
    sleep 1
done
echo "at the end of each step, of the working set:"
awk -v all="$began" '{if (!($1 in last)) order[++n] = $1; last[$1] = $2} END {for (i = 1; i <= n; i++) printf "  %-10s %.2f\n", order[i], last[order[i]] / all}' "$work/steps"
tool release "$request" > /dev/null
wait "$promoting" || { cat "$work/errors" >&2; exit 1; }
promoting=
