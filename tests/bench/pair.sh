#!/usr/bin/env bash
# Two builds of the library against each other, in turn, on the same servers: what a change costs.
#
#   BENCH_RUNS=6 BENCH_SCALE=20 BENCH_ORDERS=600000 BENCH_JOBS=2 tests/bench/pair.sh BUILD-DIR-BEFORE BUILD-DIR-AFTER
#
# Promotions by restore, each build from a folder of its own, the one that begins changing from round to round; one round
# first that does not count. Prints both medians and the median of the rounds' ratios, in wall time and in the library's own
# processor time. Run nothing beside it.
set -euo pipefail

# shellcheck disable=SC2034 # by name: ${!which}
before=$(cd "$1" && pwd) after=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
runs=${BENCH_RUNS:-6} scale=${BENCH_SCALE:-20} orders=${BENCH_ORDERS:-600000} jobs=${BENCH_JOBS:-2}
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
cleanup() {
    "${run_as[@]}" "$bin/pg_ctl" -D "$work/server" -m immediate stop > /dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

"${run_as[@]}" "$bin/initdb" -D "$work/server" -U postgres -A trust --no-sync > /dev/null
cat >> "$work/server/postgresql.conf" <<CONF
unix_socket_directories = '$work'
listen_addresses = ''
port = 54413
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 30min
fsync = off
CONF
"${run_as[@]}" "$bin/pg_ctl" -D "$work/server" -l "$work/server.log" -w start > /dev/null
export PGHOST=$work PGPORT=54413
# Owned as a tenant's are.
psql -q -c 'CREATE ROLE bench_owner' postgres
give="DO \$\$ DECLARE t regclass; BEGIN
          FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
              EXECUTE format('ALTER TABLE %s OWNER TO bench_owner', t);
          END LOOP; END \$\$; GRANT CREATE ON SCHEMA public TO bench_owner"
for database in production preview; do
    createdb "$database"
    pgbench -q -i -s "$scale" "$database" > /dev/null 2>&1
    psql -q -v ON_ERROR_STOP=1 -v rows="$orders" -f "$here/orders.sql" "$database"
    psql -q -v ON_ERROR_STOP=1 -c "$give" "$database"
done

tool() { CUTOVER_HOME=$work/$which "$build/cutoverctl" --json "$@"; }
both() { for which in before after; do build=${!which} && "$@"; done; }
prepare() {
    tool init > /dev/null
    tool project add shop --database "host=$work port=54413 user=postgres dbname=production" > /dev/null
    tool preview add preview --project shop --database "host=$work port=54413 user=postgres dbname=preview" \
        --expires-in 7d > /dev/null
}
both prepare

TIMEFORMAT='%R %U %S'
promotion() {
    local request report=$work/report.json
    request=$(tool request create --project shop --preview preview --ticket BENCH | jq -r .id)
    tool request ack "$request" > /dev/null
    psql -q -c CHECKPOINT postgres
    { time tool promote "$request" --jobs "$jobs" --verify restore > "$report" 2> "$work/errors"; } 2> "$work/time" ||
        { cat "$work/errors" "$report" >&2; exit 1; }
    awk '{print $1, $2 + $3}' "$work/time" >> "$work/figures.$which"
    psql -q -c "DROP DATABASE $(jq -r .displaced_database "$report")" postgres
    tool --as operator:bench backup delete --confirm "$(jq -r .pre_cutover_backup_id "$report")" > "$work/deleted" 2>&1 ||
        tool backup delete "$(jq -r .pre_cutover_backup_id "$report")" > "$work/deleted" 2>&1 || # as older builds have it
        { cat "$work/deleted" >&2; exit 1; }
}
for run in $(seq 0 "$runs"); do
    order="before after"
    [ $((run % 2)) = 0 ] || order="after before"
    for which in $order; do build=${!which} && promotion; done
    [ "$run" != 0 ] || rm -f "$work"/figures.*
done

median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
column() { awk -v n="$2" '{print $n}' "$work/figures.$1"; }
echo "promotion verified by restore, $runs rounds, $jobs jobs"
for n in 1 2; do
    name=$([ "$n" = 1 ] && echo "wall time" || echo "the library's processor time")
    printf '%-30s before %7.2f s  after %7.2f s  ratio of a round %.3f\n' "$name" \
        "$(column before "$n" | median)" "$(column after "$n" | median)" \
        "$(paste "$work/figures.before" "$work/figures.after" | awk -v n="$n" '{print $(n + 2) / $n}' | median)"
done
