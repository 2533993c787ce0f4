#!/usr/bin/env bash
# make bench: what the library does, side by side in one run with the tools that it replaces, medians of BENCH_RUNS.
#
#   BENCH_RUNS=3 BENCH_SCALE=50 BENCH_ORDERS=2200000 BENCH_JOBS=2 tests/bench/run.sh BUILD-DIR
#
# Two servers in a temporary folder, each with pgbench at that scale and an orders table (about 1.5 GB in all). Installs
# pgcopydb and jq where they are missing. A client reads production all the time, whatever is measured. Takes about a
# quarter of an hour; run nothing beside it.
set -euo pipefail

build=$(cd "${1:-${BUILD_DIR:-.}}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
runs=${BENCH_RUNS:-3} scale=${BENCH_SCALE:-50} orders=${BENCH_ORDERS:-2200000} jobs=${BENCH_JOBS:-2}
"$here/../packages.sh" bench
bin=$(pg_config --bindir)
export PATH="$bin:$PATH" LC_ALL=C PGUSER=postgres
unset PGHOST PGPORT PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS
for program in pgcopydb jq pgbench pg_dump; do
    command -v "$program" > /dev/null || { echo "bench: $program is missing" >&2; exit 1; }
done
cutoverctl=$build/cutoverctl
[ -x "$cutoverctl" ] || { echo "bench: build first: $cutoverctl is missing" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/cutover-bench.XXXXXX")
run_as=()
if [ "$(id -u)" = 0 ]; then
    chown postgres "$work"
    run_as=(runuser -u postgres --)
fi
reader_pid=
cleanup() {
    [ -z "$reader_pid" ] || kill "$reader_pid" 2> /dev/null || true
    for server in production preview; do
        "${run_as[@]}" "$bin/pg_ctl" -D "$work/$server" -m immediate stop > /dev/null 2>&1 || true
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

cc -O2 -o "$work/timed" "$here/timed.c"
cc -O2 -I"$(pg_config --includedir)" -o "$work/reader" "$here/reader.c" -lpq

port_production=54411 port_preview=54412
for server in production preview; do
    port=port_$server
    "${run_as[@]}" "$bin/initdb" -D "$work/$server" -U postgres -A trust --no-sync > /dev/null
    cat >> "$work/$server/postgresql.conf" <<CONF
unix_socket_directories = '$work'
listen_addresses = ''
port = ${!port}
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 30min
CONF
    "${run_as[@]}" "$bin/pg_ctl" -D "$work/$server" -l "$work/$server.log" -w start > /dev/null
    export PGHOST=$work PGPORT=${!port}
    createdb shop
    pgbench -q -i -s "$scale" shop > /dev/null 2>&1
    psql -q -v ON_ERROR_STOP=1 -v rows="$orders" -f "$here/orders.sql" shop
    echo "$server: $(psql -Atc "SELECT pg_size_pretty(pg_database_size('shop'))" shop)"
done
unset PGPORT
production="host=$work port=$port_production user=postgres dbname=shop"
preview="host=$work port=$port_preview user=postgres dbname=shop"
export CUTOVER_HOME=$work/home
"$cutoverctl" init > /dev/null
"$cutoverctl" project add shop --database "$production" > /dev/null
"$cutoverctl" preview add preview --project shop --database "$preview" --expires-in 7d > /dev/null

note() { echo "$2" >> "$work/figures.$1"; }
on_production() { psql -q -p "$port_production" -v ON_ERROR_STOP=1 "$@"; }
sql_checkpoint() { on_production -c CHECKPOINT postgres; psql -q -p "$port_preview" -c CHECKPOINT postgres; }

# The client that reads: it takes its share of the machine from everything alike.
reader_start() { "$work/reader" "$production" "$work/gap" & reader_pid=$!; }
reader_stop() { kill -TERM "$reader_pid" && wait "$reader_pid"; reader_pid=; }

time_promotion() { # METHOD
    local method=$1 request report=$work/report.json
    request=$("$cutoverctl" --json request create --project shop --preview preview --ticket BENCH | jq -r .id)
    "$cutoverctl" --json request ack "$request" > /dev/null
    reader_start
    "$work/timed" "$work/time" "$cutoverctl" --json promote "$request" --jobs "$jobs" --verify "$method" > "$report" ||
        { jq . "$report" >&2; exit 1; }
    reader_stop
    note "promote_$method" "$(cut -d' ' -f1 "$work/time")"
    note "memory_$method" "$(cut -d' ' -f2 "$work/time")"
    note gap "$(cut -d' ' -f1 "$work/gap")"
    note door "$(jq .reads_unavailable_ms "$report")"
    note "refused_$method" "$(jq '.writes_refused_ms / 1000' "$report")"
    note backup "$(jq '.steps[] | select(.name == "backup") | .seconds' "$report")"
    note stage "$(jq '.steps[] | select(.name == "stage") | .seconds' "$report")"
    note "verify_$method" "$(jq '.steps[] | select(.name == "verify") | .seconds' "$report")"
    note check "$(jq '.steps[] | select(.name == "check") | .seconds' "$report")"
    on_production -c "DROP DATABASE $(jq -r .displaced_database "$report")" postgres
    "$cutoverctl" --json --as operator:bench backup delete --confirm "$(jq -r .pre_cutover_backup_id "$report")" > /dev/null
}

time_dump() {
    reader_start
    "$work/timed" "$work/time" pg_dump -p "$port_production" -Fd -j"$jobs" -f "$work/dump" shop
    reader_stop
    note pg_dump "$(cut -d' ' -f1 "$work/time")"
    rm -rf "$work/dump"
}

time_clone() {
    on_production -c "CREATE DATABASE clone" postgres
    reader_start
    "$work/timed" "$work/time" pgcopydb clone --source "$preview" \
        --target "host=$work port=$port_production user=postgres dbname=clone" \
        --table-jobs "$jobs" --index-jobs "$jobs" --dir "$work/clone" > "$work/clone.log" 2>&1 || { tail "$work/clone.log" >&2; exit 1; }
    reader_stop
    note pgcopydb "$(cut -d' ' -f1 "$work/time")"
    on_production -c "DROP DATABASE clone" postgres
    rm -rf "$work/clone"
}

# The runbook by hand, as it is usually written, with the same number of jobs wherever a tool takes one.
runbook() {
    pg_dump -p "$port_production" -Fd -j"$jobs" -f "$work/backup" shop
    createdb -p "$port_production" scratch
    pg_restore -p "$port_production" -j"$jobs" -d scratch "$work/backup"
    pg_dump -p "$port_preview" -Fd -j"$jobs" -f "$work/new" shop
    pg_restore -p "$port_production" --clean --if-exists -j"$jobs" -d shop "$work/new"
    on_production -c ANALYZE shop
}
time_runbook() {
    export -f runbook on_production
    export port_production port_preview jobs work
    reader_start
    "$work/timed" "$work/time" bash -euo pipefail -c runbook
    reader_stop
    note runbook "$(cut -d' ' -f1 "$work/time")"
    dropdb -p "$port_production" scratch
    rm -rf "$work/backup" "$work/new"
}

for run in $(seq "$runs"); do
    echo "run $run of $runs"
    for what in "time_dump" "time_promotion readback" "time_clone" "time_promotion restore" "time_runbook"; do
        sql_checkpoint
        $what
    done
done

median() { sort -n "$work/figures.$1" | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
largest() { sort -n "$work/figures.$1" | tail -n 1; }
ratio() { awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN {printf "%.2f", a / b}'; }
row() { printf '%-34s %9.1f s   %-26s %9.1f s   ratio %s\n' "$1" "$(median "$2")" "$3" "$(median "$4")" "$(ratio "$2" "$4")"; }
echo
echo "medians of $runs, $jobs jobs"
row "backup (step)" backup "pg_dump -Fd -j$jobs" pg_dump
row "stage (step)" stage "pgcopydb clone" pgcopydb
row "promotion, verify readback" promote_readback "runbook by hand" runbook
row "promotion, verify restore" promote_restore "runbook by hand" runbook
printf '%-34s %9.1f s\n' "  verify readback (step)" "$(median verify_readback)" "  verify restore (step)" "$(median verify_restore)" \
    "  check (step)" "$(median check)"
printf '%-34s %9.1f s\n' "writes refused, verify readback" "$(median refused_readback)" \
    "writes refused, verify restore" "$(median refused_restore)"
printf '%-34s %9.1f ms  longest %.1f ms\n' "readers' gap, as a client sees it" "$(median gap)" "$(largest gap)"
printf '%-34s %9.1f ms  longest %.1f ms\n' "door closed, as reported" "$(median door)" "$(largest door)"
printf '%-34s %9.1f MiB of %d allowed\n' "peak memory of the process" "$(cat "$work"/figures.memory_* | sort -n | tail -n 1 | awk '{print $1 / 1024}')" $((64 + 8 * jobs))
