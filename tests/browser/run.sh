#!/bin/sh
# The dashboard in a real browser, over a real cutoverd and two PostgreSQL servers, all in a temporary folder. Ends with "N passed, N failed".
#
#     tests/browser/run.sh [BUILD_DIR]              build by default
#     PICTURES=docs/pictures tests/browser/run.sh   writes the pictures of the main pages there, too; small ones with pngquant
#
# BROWSER: the browser's program, chromium by default. The packages are pinned in tests/browser/package-lock.json.
set -eu
cd "$(dirname "$0")/../.." || exit 1
source_dir=$(pwd)
build=$(cd "${1:-build}" && pwd)
bin=$(pg_config --bindir)
browser=$(command -v "${BROWSER:-chromium}")
port=
daemon=
providers=
work=$(mktemp -d /tmp/cutover-browser.XXXXXX)
chmod 755 "$work"

as_server_user() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid postgres --regid postgres --init-groups -- "$@"
    else
        "$@"
    fi
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null
    fi
    [ -z "$providers" ] || kill "$providers" 2>/dev/null || true
    for server in production preview; do
        [ ! -e "$work/$server/data/postmaster.pid" ] ||
            as_server_user "$bin/pg_ctl" -D "$work/$server/data" -m immediate stop >/dev/null 2>&1 || true
    done
    rm -rf "$work"
    exit "$status"
}

fail() {
    echo "tests/browser/run.sh: $*" >&2
    [ ! -e "$work/cutoverd.log" ] || tail -n 40 "$work/cutoverd.log" >&2
    echo "browser: 0 passed, 1 failed"
    exit 1
}

start_server() {
    mkdir "$work/$1"
    [ "$(id -u)" -ne 0 ] || chown postgres "$work/$1"
    as_server_user "$bin/initdb" -D "$work/$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/log" 2>&1 ||
        fail "initdb: $(cat "$work/log")"
    as_server_user "$bin/pg_ctl" -D "$work/$1/data" -l "$work/$1/log" -w -o "-c listen_addresses='' -c fsync=off -k '$work/$1'" \
        start >"$work/log" 2>&1 || fail "pg_ctl: $(cat "$work/log")"
    "$bin/psql" -X -q -d "host=$work/$1 user=postgres dbname=postgres" -c "CREATE ROLE shop LOGIN PASSWORD 'throwaway'"
}

# database SERVER NAME RELEASE ORDERS
database() {
    "$bin/psql" -X -q -d "host=$work/$1 user=postgres dbname=postgres" -c "CREATE DATABASE $2 OWNER shop"
    "$bin/psql" -X -q -d "host=$work/$1 user=postgres dbname=$2" -c 'SET ROLE shop' \
        -c "CREATE TABLE shop_info (release text NOT NULL)" -c "INSERT INTO shop_info VALUES ('$3')" \
        -c "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, article text NOT NULL)" \
        -c "INSERT INTO orders (article) SELECT 'Article ' || n % 300 FROM generate_series(1, $4) AS n"
}

cutoverctl() {
    "$build/cutoverctl" "$@" || fail "cutoverctl $*"
}

# key NAME ROLES [OPTION...]: a key's secret.
key() {
    name=$1
    roles=$2
    shift 2
    cutoverctl --json --as user:root:org_admin key create --expires-in 24h --label "$name" --actor "$name" --roles "$roles" "$@" |
        sed -nE 's/.*"secret":"([^"]*)".*/\1/p'
}

# A port that nobody listens on: the daemon says if somebody was faster.
free_port() {
    node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

trap clean_up EXIT
trap 'exit 130' INT TERM

# The packages come while the servers start.
mkdir "$work/node"
cp tests/browser/package.json tests/browser/package-lock.json tests/browser/*.mjs "$work/node/"
(cd "$work/node" && npm ci --ignore-scripts --no-audit --no-fund >"$work/npm.log" 2>&1) &
npm=$!
start_server production
start_server preview
database production shop 'the first' 20000
database preview shop_next 'the second' 25000
"$bin/psql" -X -q -d "host=$work/preview user=postgres dbname=postgres" -c 'CREATE DATABASE shop_spare OWNER shop'
CUTOVER_HOME=$work/home
CUTOVER_PG_BIN_DIR=$bin
export CUTOVER_HOME CUTOVER_PG_BIN_DIR
cutoverctl init >/dev/null
cutoverctl project add shop --organization acme --database "host=$work/production user=postgres dbname=shop" >/dev/null
cutoverctl preview add next --project shop --database "host=$work/preview user=postgres dbname=shop_next" --expires-in 24h >/dev/null

# Providers of sites, played; they end with their standard input.
mkfifo "$work/open"
python3 tests/providers/server.py <"$work/open" >"$work/provider" &
providers=$!
exec 9>"$work/open"
while ! [ -s "$work/provider" ]; do sleep 0.1; done
port=$(free_port)
cat >"$work/cutoverd.conf" <<CONFIGURATION
home = $work/home
listen = 127.0.0.1:$port
dashboard_dir = $source_dir/daemon/dashboard
pg_bin_dir = $bin
allow_private_webhooks = yes
vercel_url = http://127.0.0.1:$(cat "$work/provider")/vercel
CONFIGURATION
"$build/cutoverd" --config "$work/cutoverd.conf" >"$work/cutoverd.log" 2>&1 &
daemon=$!
CUTOVER_URL=http://127.0.0.1:$port
export CUTOVER_URL
KEY_CARLA=$(key carla member --project shop)
KEY_OLGA=$(key olga member,operator)
KEY_OTTO=$(key otto member,operator,org_admin)
export KEY_CARLA KEY_OLGA KEY_OTTO
[ -n "$KEY_CARLA" ] && [ -n "$KEY_OLGA" ] && [ -n "$KEY_OTTO" ] || fail "a key could not be made"
wait "$npm" || fail "npm: $(cat "$work/npm.log")"
BROWSER=$browser PRODUCTION="host=$work/production user=postgres dbname=shop" SPARE="host=$work/preview user=postgres dbname=shop_spare" PSQL=$bin/psql CUTOVERCTL=$build/cutoverctl PICTURES=${PICTURES:+$(cd "$PICTURES" && pwd)}
export BROWSER PRODUCTION SPARE PSQL CUTOVERCTL PICTURES
status=0
node "$work/node/dashboard.mjs" >"$work/output" 2>&1 || status=$?
if [ "$status" -ne 0 ]; then
    echo "---- cutoverd"
    tail -n 60 "$work/cutoverd.log"
    echo "---- the test"
fi
cat "$work/output"
[ -z "$PICTURES" ] || ! command -v pngquant >/dev/null || pngquant --force --ext .png "$PICTURES"/*.png
exit "$status"
