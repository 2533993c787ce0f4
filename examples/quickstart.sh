#!/bin/sh
# One cutover, from request to completed, on two throwaway PostgreSQL servers, while a client keeps reading
# production. Installs what is missing (Debian, Ubuntu), builds, cleans up after itself. Under two minutes.
#
#     examples/quickstart.sh            the cutover, by itself
#     examples/quickstart.sh --serve    cutoverd and its dashboard instead, in which you take the shop through it;
#                                       at $PORT (8420) of this machine, until Ctrl-C
set -eu
serve=
case ${1:-} in
'') ;;
--serve) serve=yes ;;
*)
    echo "usage: examples/quickstart.sh [--serve]" >&2
    exit 2
    ;;
esac
cd "$(dirname "$0")/.."
source_dir=$(pwd)
work=
reader=
service=

title() {
    printf '\n== %s\n' "$1"
}

# Shows a command as a person would type it, then runs it.
run() {
    printf '$ cutoverctl'
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./:=-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$cutoverctl" "$@"
}

# ------------------------------------------------------------------------------------------- servers, and their end

# PostgreSQL does not run as root.
as_server_user() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- env -C / "$@"
    else
        "$@"
    fi
}

clean_up() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$reader" ]; then
        kill "$reader" 2>/dev/null || true
        wait "$reader" 2>/dev/null || true
    fi
    if [ -n "$service" ]; then
        kill "$service" 2>/dev/null || true
        wait "$service" 2>/dev/null || true
    fi
    if [ -n "$work" ]; then
        for server in production preview; do
            [ -e "$work/$server/data/postmaster.pid" ] || continue
            as_server_user "$bin/pg_ctl" -D "$work/$server/data" -m immediate -w stop >/dev/null 2>&1 || true
        done
        if [ "$status" -ne 0 ]; then
            tail -n 20 "$work"/log.* "$work"/*/log 2>/dev/null || true
        fi
        rm -rf "$work"
    fi
    exit "$status"
}

# start_server NAME: listens on a socket in the temporary folder, and nowhere else.
start_server() {
    mkdir "$work/$1"
    [ "$(id -u)" -ne 0 ] || chown postgres "$work/$1"
    as_server_user "$bin/initdb" -D "$work/$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$work/log.initdb" 2>&1
    as_server_user "$bin/pg_ctl" -D "$work/$1/data" -l "$work/$1/log" -w \
        -o "-c listen_addresses='' -k '$work/$1'" start >"$work/log.start" 2>&1
}

sql() {
    connection=$1
    shift
    "$bin/psql" -X -q -v ON_ERROR_STOP=1 -d "$connection" "$@"
}

# Reads production as a client would, a new connection each time: one line for each answer, with its time.
keep_reading() {
    while :; do
        answer=$("$bin/psql" -X -A -t -d "$production" -c 'SELECT release FROM shop_info' 2>/dev/null) ||
            answer=refused
        echo "$(date +%s%N) $answer"
    done
}

# ----------------------------------------------------------------------------------------------------------- build

# A minute of silence is an error to whoever waits: says how many files are done.
count_files() {
    awk -v terminal="$([ -t 1 ] && echo 1)" '
        / (CC|CCLD) / { if (terminal) { printf "\r  %d files", ++files; fflush() } else if (++files % 50 == 0) { print "  " files " files"; fflush() } }
        END { if (files > 0) printf "%s  built: %d files\n", terminal ? "\r" : "", files }'
}

title "Building"
tests/packages.sh build
[ -e configure ] || { echo "  autoconf, automake, libtool (half a minute)" && ./autogen.sh >/dev/null 2>&1; }
build=${BUILD_DIR:-build}
mkdir -p "$build"
[ -e "$build/Makefile" ] || { echo "  configure" && (cd "$build" && ../configure >/dev/null); }
make -C "$build" -j2 V=0 | count_files
make -C "$build" -s >/dev/null # whether it is whole: a pipe ends as its last command does
cutoverctl=$source_dir/$build/cutoverctl
bin=$(pg_config --bindir)
CUTOVER_PG_BIN_DIR=$bin
export CUTOVER_PG_BIN_DIR
"$cutoverctl" --version

title "Two PostgreSQL servers in a temporary folder: a shop's production, and its preview"
trap clean_up EXIT
trap 'exit 130' INT TERM
work=$(mktemp -d /tmp/cutover-quickstart.XXXXXX)
chmod 755 "$work"
start_server production
start_server preview
production="host=$work/production user=postgres dbname=shop"
preview="host=$work/preview user=postgres dbname=shop_next"
CUTOVER_HOME=$work/home
export CUTOVER_HOME

for server in production preview; do
    sql "host=$work/$server user=postgres dbname=postgres" -c "CREATE ROLE shop LOGIN PASSWORD 'throwaway'"
done
sql "host=$work/production user=postgres dbname=postgres" -c 'CREATE DATABASE shop OWNER shop'
sql "host=$work/preview user=postgres dbname=postgres" -c 'CREATE DATABASE shop_next OWNER shop'

# Production, as it grew: everything about an order in one wide table.
sql "$production" <<'SQL'
SET ROLE shop;
CREATE TABLE shop_info (release text NOT NULL);
INSERT INTO shop_info VALUES ('2024: one wide table');
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, placed_at timestamptz NOT NULL,
    customer_name text NOT NULL, customer_mail text NOT NULL, article text NOT NULL,
    quantity int NOT NULL, price numeric(10, 2) NOT NULL, state text NOT NULL);
INSERT INTO orders (placed_at, customer_name, customer_mail, article, quantity, price, state)
SELECT timestamptz '2024-01-01' + n * interval '3 minutes', 'Customer ' || n % 5000, 'c' || n % 5000 || '@example.com',
       'Article ' || n % 300, 1 + n % 4, (n % 300) + 0.95, CASE WHEN n % 20 = 0 THEN 'returned' ELSE 'paid' END
FROM generate_series(1, 150000) AS n;
CREATE INDEX orders_by_mail ON orders (customer_mail);
SQL

# The preview: the same shop, restructured.
sql "$preview" <<'SQL'
SET ROLE shop;
CREATE TABLE shop_info (release text NOT NULL);
INSERT INTO shop_info VALUES ('2025: customers, articles, orders by year');
CREATE TYPE order_state AS ENUM ('paid', 'returned');
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, mail text NOT NULL UNIQUE);
CREATE TABLE articles (id int PRIMARY KEY, title text NOT NULL, price numeric(10, 2) NOT NULL);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY, placed_at timestamptz NOT NULL, customer int NOT NULL REFERENCES customers,
    article int NOT NULL REFERENCES articles, quantity int NOT NULL, state order_state NOT NULL,
    PRIMARY KEY (id, placed_at)) PARTITION BY RANGE (placed_at);
CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO customers SELECT n, 'Customer ' || n, 'c' || n || '@example.com' FROM generate_series(0, 4999) AS n;
INSERT INTO articles SELECT n, 'Article ' || n, n + 0.95 FROM generate_series(0, 299) AS n;
INSERT INTO orders (placed_at, customer, article, quantity, state)
SELECT timestamptz '2024-01-01' + n * interval '3 minutes', n % 5000, n % 300, 1 + n % 4,
       CASE WHEN n % 20 = 0 THEN 'returned' ELSE 'paid' END::order_state
FROM generate_series(1, 150000) AS n;
CREATE INDEX orders_by_customer ON orders (customer);
CREATE MATERIALIZED VIEW revenue AS
SELECT date_trunc('month', o.placed_at) AS month, sum(o.quantity * a.price) AS total
FROM orders AS o JOIN articles AS a ON a.id = o.article WHERE o.state = 'paid' GROUP BY 1;
SQL
echo "production: $production"
echo "preview:    $preview"

# ---------------------------------------------------------------------------------------------------- the cutover

title "A home for requests and backups; the project and its preview"
run init
run project add shop --database "$production"
run preview add next --project shop --database "$preview" --expires-in 24h

# new_key ACTOR ROLES [OPTION...]: makes one, and prints its secret.
new_key() {
    actor=$1
    roles=$2
    shift 2
    "$cutoverctl" --json --as user:setup:org_admin key create --label "$actor of the quickstart" --actor "$actor" \
        --roles "$roles" --expires-in 1d "$@" | sed -n 's/.*"secret":"\([^"]*\)".*/\1/p'
}

if [ -n "$serve" ]; then
    title "cutoverd: the API and the dashboard"
    if ! [ -x "$source_dir/$build/cutoverd" ]; then
        echo "cutoverd was not built: configure again in $build, now that libmicrohttpd is there" >&2
        exit 1
    fi
    cat >"$work/cutoverd.conf" <<CONF
home = $CUTOVER_HOME
listen = 127.0.0.1:${PORT:-8420}
dashboard_dir = $source_dir/daemon/dashboard
pg_bin_dir = $bin
events_file = $work/events.jsonl
CONF
    "$source_dir/$build/cutoverd" --config "$work/cutoverd.conf" 2>"$work/log.cutoverd" &
    service=$!
    address=
    while [ -z "$address" ]; do
        kill -0 "$service" 2>/dev/null || exit 1
        sleep 0.2
        address=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' "$work/log.cutoverd")
    done
    cat <<TEXT

  $address

Open it in two browsers, or in one and a private window, and log in with one of these keys in each:

  Carla, a customer    $(new_key carla member --project shop)
  Olga, an operator    $(new_key olga operator)
  Anna, an org_admin   $(new_key anna org_admin,operator)

Carla finds the preview "next" of the project "shop", and asks that it becomes production. Olga finds her request in the queue,
looks at preflight, agrees, and promotes. Production is
  $production
and asks at any time what it is:
  psql '$production' -c 'SELECT release FROM shop_info'
The same for programs: $address/v1/openapi.json says how. The log is $work/log.cutoverd.

Ctrl-C ends it, and takes all of it away.
TEXT
    wait "$service"
    exit
fi

title "A customer wishes, an operator agrees"
run --as user:carla request create --project shop --preview next --note "the new order tables" --ticket SHOP-42
request=$("$cutoverctl" --json request list --project shop | grep -oE '"id":"[0-9a-f-]+"' | cut -d'"' -f4)
run --as operator:olga request ack "$request" --note "fine tonight"
run --as operator:olga preflight "$request"

title "The promotion, while a client keeps reading production"
keep_reading >"$work/reads" &
reader=$!
sleep 1
run --as operator:olga promote "$request"
sleep 1
kill "$reader"
wait "$reader" 2>/dev/null || true
reader=

title "What the client saw, at the same connection string all the time"
awk '
    { value = $0; sub(/^[0-9]+ /, "", value) }
    value == "refused" { refused++; next }
    { reads++; at = $1 / 1e6 }
    reads > 1 && at - last > gap { gap = at - last }
    value != shown { printf "  \"%s\"\n", value; shown = value }
    { last = at }
    END { printf "%d reads, %d refused; longest time from one answer to the next: %.0f ms\n", reads, refused, gap }
' "$work/reads"

title "The connection string now serves the preview's data"
sql "$production" -c 'SELECT release FROM shop_info' -c 'SELECT count(*) AS orders FROM orders' \
    -c "SELECT to_char(month, 'YYYY-MM') AS month, total FROM revenue ORDER BY month LIMIT 3"

title "The old production: a verified backup, which one line restores without this library"
backup=$("$cutoverctl" --json request show "$request" | grep -oE '"pre_cutover_backup_id":"[0-9a-f-]+"' |
    cut -d'"' -f4)
run backup show "$backup"
path=$("$cutoverctl" backup path "$backup")
scratch="host=$work/production user=postgres dbname=scratch"
sql "host=$work/production user=postgres dbname=postgres" -c 'CREATE DATABASE scratch'
echo "\$ pg_restore -j2 -d '$scratch' $path"
"$bin/pg_restore" -j2 -d "$scratch" "$path"
sql "$scratch" -c 'SELECT release, (SELECT count(*) FROM orders) AS orders FROM shop_info'

title "And it is still there, closed: the displaced database"
sql "host=$work/production user=postgres dbname=postgres" \
    -c "SELECT datname, datallowconn AS open, pg_size_pretty(pg_database_size(oid)) AS size
        FROM pg_database WHERE datname ~ '^(shop|cutover)' ORDER BY 1"

title "The audit trail"
run audit --project shop
run event deliver --to "$work/events.jsonl"
echo
echo "That was one cutover. Servers and folder are removed now. Next: docs/operations.md, examples/embed.c."
