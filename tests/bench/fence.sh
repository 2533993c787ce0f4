#!/usr/bin/env bash
# For how long production refuses writes: a late fence beside an early one, in turn, on the same server, while a client writes; and beside
# both how long the runbook by hand takes, in which nobody may write: two pg_dump, pg_restore into a new database, ANALYZE, two renames.
#
#   BENCH_RUNS=3 BENCH_SCALE=20 BENCH_ORDERS=600000 BENCH_JOBS=2 tests/bench/fence.sh BUILD-DIR
#
# The client updates 50 rows a second of the first tenth of pgbench_accounts and inserts as many into a table of its own, until it is
# refused. Promotions verified by restore. Prints medians, and the median of the rounds' ratios. Run nothing beside it.
set -euo pipefail

build=$(cd "${1:-${BUILD_DIR:-.}}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
runs=${BENCH_RUNS:-3} scale=${BENCH_SCALE:-20} orders=${BENCH_ORDERS:-600000} jobs=${BENCH_JOBS:-2}
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
writer=
cleanup() {
    [ -z "$writer" ] || kill "$writer" 2> /dev/null || true
    "${run_as[@]}" "$bin/pg_ctl" -D "$work/server" -m immediate stop > /dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

"${run_as[@]}" "$bin/initdb" -D "$work/server" -U postgres -A trust --no-sync > /dev/null
cat >> "$work/server/postgresql.conf" <<CONF
unix_socket_directories = '$work'
listen_addresses = ''
port = 54414
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 30min
CONF
"${run_as[@]}" "$bin/pg_ctl" -D "$work/server" -l "$work/server.log" -w start > /dev/null
export PGHOST=$work PGPORT=54414
for database in production preview; do
    createdb "$database"
    pgbench -q -i -s "$scale" "$database" > /dev/null 2>&1
    psql -q -v ON_ERROR_STOP=1 -v rows="$orders" -f "$here/orders.sql" "$database"
    psql -q -c 'CREATE TABLE notes (at timestamptz DEFAULT now(), aid int)' "$database"
done
size=$(psql -Atc "SELECT pg_size_pretty(pg_database_size('production'))" production)
cat > "$work/write.sql" <<SQL
\\set aid random(1, 10000 * :scale)
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :aid;
INSERT INTO notes (aid) VALUES (:aid);
SQL

tool() { CUTOVER_HOME=$work/home "$build/cutoverctl" --json "$@"; }
tool init > /dev/null
tool project add shop --database "host=$work port=54414 user=postgres dbname=production" > /dev/null
tool preview add preview --project shop --database "host=$work port=54414 user=postgres dbname=preview" \
    --expires-in 7d > /dev/null

promotion() { # FENCE
    local request report=$work/report.json began
    request=$(tool request create --project shop --preview preview --ticket BENCH | jq -r .id)
    tool request ack "$request" > /dev/null
    psql -q -c CHECKPOINT postgres
    pgbench -n -R 50 -c 2 -T 3600 -D scale="$scale" -f "$work/write.sql" production > /dev/null 2>&1 &
    writer=$!
    began=$(date +%s.%N)
    tool promote "$request" --jobs "$jobs" --verify restore --fence "$1" > "$report" 2> "$work/errors" ||
        { cat "$work/errors" "$report" >&2; exit 1; }
    echo "$(jq .writes_refused_ms "$report") $(date +%s.%N) $began" | awk '{print $1 / 1000, $2 - $3}' >> "$work/figures.$1"
    jq -c '.catch_up // empty' "$report" >> "$work/catch_up"
    kill "$writer" 2> /dev/null || true
    wait "$writer" || true
    writer=
    psql -q -c "DROP DATABASE $(jq -r .displaced_database "$report")" postgres
    tool --as operator:bench backup delete --confirm "$(jq -r .pre_cutover_backup_id "$report")" > /dev/null
}
by_hand() {
    local began
    psql -q -c CHECKPOINT postgres
    began=$(date +%s.%N)
    pg_dump -Fd -j "$jobs" -f "$work/hand.production" production
    pg_dump -Fd -Z1 -j "$jobs" -f "$work/hand.preview" preview
    createdb hand
    pg_restore -j "$jobs" -d hand "$work/hand.preview"
    psql -q -c ANALYZE hand
    psql -q -c 'ALTER DATABASE production RENAME TO aside' -c 'ALTER DATABASE hand RENAME TO production' postgres
    echo "$(date +%s.%N) $began" | awk '{print $1 - $2, $1 - $2}' >> "$work/figures.hand"
    psql -q -c 'DROP DATABASE production' -c 'ALTER DATABASE aside RENAME TO production' postgres
    rm -rf "$work/hand.production" "$work/hand.preview"
}
for run in $(seq 1 "$runs"); do
    order="early late"
    [ $((run % 2)) = 0 ] || order="late early"
    for fence in $order; do promotion "$fence"; done
    by_hand
done

median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
column() { awk -v n="$2" '{print $n}' "$work/figures.$1"; }
echo "production of $size, verified by restore, $runs rounds, $jobs jobs, a client that writes"
for n in 1 2; do
    name=$([ "$n" = 1 ] && echo "writes refused" || echo "the whole job")
    printf '%-16s early %7.2f s  late %7.2f s  ratio of a round %.3f\n' "$name" \
        "$(column early "$n" | median)" "$(column late "$n" | median)" \
        "$(paste "$work/figures.early" "$work/figures.late" | awk -v n="$n" '{print $(n + 2) / $n}' | median)"
done
printf '%-16s %.1f s; early / by hand %.2f, late / by hand %.2f (whole jobs)\n' "by hand" "$(column hand 1 | median)" \
    "$(paste "$work/figures.early" "$work/figures.hand" | awk '{print $2 / $3}' | median)" \
    "$(paste "$work/figures.late" "$work/figures.hand" | awk '{print $2 / $3}' | median)"
echo "catch-ups: $(paste -sd' ' "$work/catch_up")"
