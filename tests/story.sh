#!/bin/sh
# The operator's story, with all mistakes that one makes: cutoverctl as a shell and a terminal run it, against a real server.
#
#     tests/story.sh BUILD_DIR
set -u
case ${1:-build} in
/*) build=$1 ;;
*) build=$(pwd)/${1:-build} ;;
esac
source_dir=$(cd "$(dirname "$0")/.." && pwd)
PATH=$build:$PATH
passed=0
failed=0
work=$(mktemp -d /tmp/cutover-story.XXXXXX) || exit 1
chmod 755 "$work"
bin=$(pg_config --bindir)
CUTOVER_PG_BIN_DIR=$bin
HOME=$work
export CUTOVER_PG_BIN_DIR HOME
unset CUTOVER_HOME CUTOVER_STORE XDG_STATE_HOME
cd "$work" || exit 1

as_server_user() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

clean_up() {
    [ ! -e "$work/server/data/postmaster.pid" ] || as_server_user "$bin/pg_ctl" -D "$work/server/data" -m immediate stop >/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

# says STATUS PART COMMAND...: the command ends so, and PART is in what it says.
says() {
    expected=$1
    part=$2
    shift 2
    "$@" >"$work/said" 2>&1 </dev/null
    status=$?
    if [ "$status" -eq "$expected" ] && { [ -z "$part" ] || grep -qF -- "$part" "$work/said"; }; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "story: \`$*\` ended with $status, expected $expected and \"$part\":"
    sed 's/^/    /' "$work/said"
}

# typed STATUS PART WAIT KEYS COMMAND...: likewise, in a terminal of so many columns.
columns=60
typed() {
    expected=$1
    part=$2
    shift 2
    says "$expected" "$part" "$source_dir/tests/terminal.py" "$columns" "$@"
}

# json STATUS COMMAND ARGUMENT...: it ends so, and the one object that it prints is kept for the schemas. COMMAND is one word here.
json() {
    expected=$1
    command=$2
    shift 2
    # shellcheck disable=SC2086 # of two words
    cutoverctl --json --as "$as" $command "$@" >"$work/said" 2>"$work/complained" </dev/null
    status=$?
    if [ "$status" -eq "$expected" ] && [ "$(wc -l <"$work/said")" -eq 1 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "story: \`--json $command $*\` ended with $status, expected $expected and one object:"
        sed 's/^/    /' "$work/said" "$work/complained"
    fi
    printf '{"schema":"cutoverctl:%s","object":%s}\n' "$command" "$(head -n 1 "$work/said")" >>"$work/told/story.jsonl"
}

# has PART...: what was said last has each of them, too.
has() {
    for part; do
        if grep -qF -- "$part" "$work/said"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "story: \"$part\" is not in what was said:"
            sed 's/^/    /' "$work/said"
        fi
    done
}

# counts NUMBER PART: so many lines of what was said last have it.
counts() {
    if [ "$(grep -cF -- "$2" "$work/said")" -eq "$1" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "story: not $1 lines have \"$2\":"
        sed 's/^/    /' "$work/said"
    fi
}

sql() {
    "$bin/psql" -X -A -t -q -v ON_ERROR_STOP=1 -d "host=$work/server user=postgres dbname=$1" -c "$2"
}

# The id in what was said last.
last_id() {
    grep -oE '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' "$work/said" | head -n 1
}

mkdir "$work/server" "$work/told"
[ "$(id -u)" -ne 0 ] || chown postgres "$work/server"
as_server_user "$bin/initdb" -D "$work/server/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/log.initdb" 2>&1
as_server_user "$bin/pg_ctl" -D "$work/server/data" -l "$work/server/log" -w \
    -o "-c listen_addresses='' -c fsync=off -k '$work/server'" start >"$work/log.start" 2>&1 || {
    cat "$work/log.initdb" "$work/log.start"
    echo "story: 0 passed, 1 failed"
    exit 1
}
sql postgres 'CREATE DATABASE shop' && sql postgres 'CREATE DATABASE next' &&
    sql shop "CREATE TABLE release (name text); INSERT INTO release VALUES ('old')" &&
    sql next "CREATE TABLE release (name text); INSERT INTO release VALUES ('new')" || failed=1
production="host=$work/server user=postgres dbname=shop"
preview="host=$work/server user=postgres dbname=next"
olga=operator:olga
as=$olga

# ---- before there is anything

says 2 'cutoverctl help' cutoverctl
says 2 'there is no command' cutoverctl promot
says 2 'needs another word' cutoverctl request
says 0 'Exit status:' cutoverctl help promote
says 0 'cutoverctl ' cutoverctl version
says 1 'cutoverctl init' cutoverctl request list --project shop
says 0 "home: $work/.local/state/cutover" cutoverctl init
says 0 "home: $work/.local/state/cutover" cutoverctl init
mkdir "$work/elsewhere"
says 0 "home: $work/elsewhere/.cutover" sh -c 'cd elsewhere && mkdir .cutover && cutoverctl init'
says 0 "home: $work/state/cutover" env XDG_STATE_HOME="$work/state" cutoverctl init
json 0 init
json 0 version
json 2 request

# ---- projects and previews, not well named

says 2 '--database is missing' cutoverctl project add shop
says 2 'names no dbname' cutoverctl project add shop --database "host=$work/server user=postgres"
says 0 'project shop: active' cutoverctl project add shop --database "$production"
json 0 'project add' spare --database "host=$work/server user=postgres dbname=spare"
json 0 'project set' spare --control-database postgres
json 0 'project show' spare
json 0 'project list'
json 0 'preview add' spare --project spare --database "$preview" --expires-in 1s
json 0 'preview show' spare
json 0 'preview list' --project spare
until cutoverctl preview show spare | grep -q 'spare: expired'; do :; done
says 0 'preview spare: expired' cutoverctl preview list
json 0 'preview reap' --project spare
json 0 'preview add' spare --project spare --database "$preview" --expires-in 1d
json 0 'preview remove' spare
says 2 '--confirm is missing' cutoverctl --as "$olga" project remove spare --reason 'not needed'
json 0 'project remove' spare --reason 'not needed' --confirm
for list in 'project show' 'request list --project' 'backup list --project' 'job list --project' 'preview list --project' \
    'displaced list --project' 'displaced expire --older-than 1d --confirm --project' 'event list --project' 'event retry --project' \
    'event discard --confirm --project' 'audit --project' 'status --project' 'recover --project' 'key list --project' \
    'webhook list --project' 'integration list --project' 'preview reap --project'; do
    # shellcheck disable=SC2086 # words
    says 1 'no project shpo' cutoverctl --as "$olga" $list shpo
done
says 1 'no project shpo' cutoverctl preview add next --project shpo --database "$preview" --expires-in 7d
says 2 'is no duration' cutoverctl preview add next --project shop --database "$preview" --expires-in soon
says 2 'is no duration' cutoverctl preview add next --project shop --database "$preview" --expires-in 12h1d
says 0 'expires never' cutoverctl preview add next --project shop --database "$preview" --expires-in never
says 2 '--as is missing' cutoverctl preview extend next --expires-in 1d12h
says 2 '--confirm is missing' cutoverctl --as "$olga" preview extend next --expires-in 1d12h
says 0 'preview next: ready' cutoverctl --as "$olga" preview extend next --expires-in 1d12h --confirm
json 0 'preview extend' next --expires-in 2d
says 0 'preview gone: ready' cutoverctl preview add gone --project shop --database "$preview" --expires-in 1s

# ---- records elsewhere

says 2 'needs sqlite:PATH or postgres:CONNINFO' cutoverctl status --store
says 2 'neither sqlite:PATH nor' cutoverctl --store records.db status
says 2 'holds a password' cutoverctl --store 'postgres://olga:a-secret@db/cutover' status
says 1 'cannot connect to database nowhere' cutoverctl --store "postgres:host=$work/server user=postgres dbname=nowhere" status
says 1 'no project shop' cutoverctl --store "postgres:host=$work/server user=postgres dbname=postgres" project show shop
says 0 'project shop: active' cutoverctl --store "sqlite:$work/.local/state/cutover/cutover.db" project show shop

# ---- the request

says 2 '--as begins with' cutoverctl --as anna request create --project shop --preview next
says 2 'roles that do not exist' cutoverctl --as user:anna:boss request create --project shop --preview next
says 1 'no project' cutoverctl --as user:anna request create --project shpo --preview next
says 1 'no preview' cutoverctl --as user:anna request create --project shop --preview nxet
until cutoverctl --as user:anna request create --project shop --preview gone 2>&1 | grep -q expired; do
    id=$(cutoverctl --json request list --project shop | grep -oE '"id":"[^"]*' | tail -n 1 | cut -d'"' -f4)
    [ -z "$id" ] || cutoverctl --as user:anna request cancel "$id" >/dev/null 2>&1
done
says 3 'expired' cutoverctl --as user:anna request create --project shop --preview gone
says 0 ': open' cutoverctl --as user:anna request create --project shop --preview next --ticket '   ' # none, as promote says
request=$(last_id)
says 3 'ack it first' cutoverctl --as "$olga" promote "$request"
says 3 'may not ack it too' cutoverctl --as user:anna:operator request ack "$request"
says 2 'is no time' cutoverctl --as "$olga" request ack "$request" --at tonight
says 2 'is no time' cutoverctl --as "$olga" request ack "$request" --at '2030-02-30 22:00'
says 3 'Extend the preview' cutoverctl --as "$olga" request ack "$request" --at '2030-01-31T22:00'
says 0 'review and ack it first' cutoverctl --as "$olga" request review "$request"
says 0 'preview next: ready' cutoverctl --as "$olga" request review "$request"
says 0 'that is ' cutoverctl --as "$olga" request ack "$request" --at +2h30m
says 3 'ticket' cutoverctl --as "$olga" promote "$request"
says 2 'REF: nothing but white space' cutoverctl --as user:anna request ticket "$request" ' '
says 0 'OPS-42' cutoverctl --as user:anna request ticket "$request" OPS-42
says 3 'agreed' cutoverctl --as "$olga" promote "$request"
says 0 ': acked' cutoverctl --as user:anna request reschedule "$request" --at +3h
json 0 'request reschedule' "$request" --at any
says 0 ': cancelled' cutoverctl --as user:anna request cancel "$request"
as=user:anna
json 0 'request create' --project shop --preview next
request=$(last_id)
json 0 'request ticket' "$request" OPS-9
json 0 'request cancel' "$request"
json 0 'request create' --project shop --preview next
request=$(last_id)
as=$olga
says 2 '--reason is missing' cutoverctl --as "$olga" request reject "$request"
says 2 '--reason: ' cutoverctl --as "$olga" request reject "$request" --reason '  '
json 0 'request reject' "$request" --reason 'not today'
says 0 'not today' cutoverctl request show "$request"
says 0 ': open' cutoverctl --as user:anna request create --project shop --preview next --ticket OPS-43
request=$(last_id)
json 0 'request review' "$request"
json 0 'request ack' "$request"
json 0 'request show' "$request"
json 0 'request list' --project shop
says 0 ': acked' cutoverctl request show "$request"

# ---- keys

anna=user:anna:org_admin
says 2 '--roles has roles that do not exist: `root`' cutoverctl --as $anna key create --label x --roles root --expires-in 1d
says 2 '--expires-in is missing' cutoverctl --as $anna key create --label x --roles member
says 2 '--label: ' cutoverctl --as $anna key create --label ' ' --roles member --expires-in 1d
says 3 'org_admin' cutoverctl --as "$olga" key create --label x --roles member --expires-in 1d
says 1 'no project' cutoverctl --as $anna key create --label x --roles member --project nowhere --expires-in 1d
says 0 'there is no key' cutoverctl key list
says 0 'ck_' cutoverctl --as $anna key create --label 'of Olga' --actor olga --roles operator,member --project shop --expires-in 1d
key=$(last_id)
says 0 'of Olga' cutoverctl key list --project shop
if grep -q ck_ "$work/said"; then
    failed=$((failed + 1))
    echo "story: a list shows the secret of a key"
fi
says 0 '' cutoverctl key list --project '*'
says 3 'org_admin' cutoverctl --as "$olga" key revoke "$key"
says 0 'revoked' cutoverctl --as $anna key revoke "$key"
as=$anna
json 0 'key create' --label 'of Otto' --roles member --expires-in 1d
key=$(grep -oE '"id":"[^"]*' "$work/said" | cut -d'"' -f4)
json 0 'key list'
json 0 'key revoke' "$key"
as=$olga
says 1 'no api_key' cutoverctl --as $anna key revoke 0191d3a0-0000-7000-8000-000000000001
says 0 'key.revoked' cutoverctl audit --project shop

# ---- integrations, with providers that are played

tail -f /dev/null --pid=$$ | "$source_dir/tests/providers/server.py" >"$work/port" &
while ! [ -s "$work/port" ]; do sleep 0.1; done
CUTOVER_VERCEL_URL=http://127.0.0.1:$(cat "$work/port")/vercel
CUTOVER_NETLIFY_URL=http://127.0.0.1:$(cat "$work/port")/netlify
export CUTOVER_VERCEL_URL CUTOVER_NETLIFY_URL
echo vercel-token-0123456789 >token
printf 'postgres://app:pw-of-shop@pool.example.com/shop\npostgres://app:pw-of-shop@db.example.com/shop\n' >urls
connects() {
    actor=$1
    shift
    cutoverctl --as "$actor" integration connect vercel --project shop --site prj_shop "$@"
}
says 2 '--site is missing' cutoverctl integration connect vercel --project shop
says 2 'vercel|netlify: must be' cutoverctl --as "$olga" integration connect heroku --project shop --site x
says 2 'others may read it' connects "$olga" --token-file token --url-file urls
chmod 600 token urls
says 3 'nobody has the token' connects "$olga" --url-file urls
says 3 'neither an operator' connects user:anna --token-file token --url-file urls
says 1 'nowhere' cutoverctl --as "$olga" integration connect vercel --project nowhere --site x --token-file token --url-file urls
says 2 '--targets must be' connects "$olga" --token-file token --url-file urls --targets staging
says 2 '--account: required' cutoverctl --as "$olga" integration connect netlify --project shop --site x
says 0 'nothing is connected' cutoverctl integration list
says 0 'shop with vercel: connected' connects "$olga" --token-file token --url-file urls --later
says 0 'idle' cutoverctl integration list --project shop
says 0 'synced 0, failed 0' cutoverctl integration sync
says 2 '--project is missing' cutoverctl integration sync vercel
says 1 'not connected' cutoverctl --as "$olga" integration sync netlify --project shop
says 0 'synced 1' cutoverctl --as "$olga" integration sync --project shop
says 0 'synced' cutoverctl integration show vercel --project shop
says 0 'integration.synced' cutoverctl audit --project shop
echo a-token-that-was-revoked >token
says 0 'connected' connects "$olga" --token-file token
says 1 'failed 1' cutoverctl integration sync
says 0 'forbidden' cutoverctl integration show vercel --project shop
if ! [ -e .local/state/cutover/cutover.db ] || grep -aqE 'pw-of-shop|a-token-that' .local/state/cutover/cutover.db*; then
    failed=$((failed + 1))
    echo "story: a secret of an integration is in the store"
fi
echo vercel-token-0123456789 >token
json 0 'integration connect' vercel --project shop --site prj_shop --token-file token --later
json 0 'integration list'
json 0 'integration show' vercel --project shop
json 0 'integration sync'

# ---- webhooks

says 2 '--project is missing' cutoverctl --as "$olga" webhook add https://example.com/hook
says 2 'must begin with https://' cutoverctl --as "$olga" webhook add http://example.com/hook --project shop
says 2 'not public' cutoverctl --as "$olga" webhook add https://169.254.169.254/ --project shop
says 2 '--types: "job.invented" is no type' cutoverctl --as "$olga" webhook add https://example.com/ --project shop --types job.invented
says 2 '--allow is private or all' cutoverctl --as "$olga" webhook add https://example.com/ --project shop --allow some
says 1 'no project' cutoverctl --as "$olga" webhook add https://example.com/hook --project nowhere
says 3 'neither an operator nor' cutoverctl --as user:mia webhook add https://example.com/hook --project shop
says 0 'there is no webhook' cutoverctl webhook list
json 0 'webhook deliver'
says 0 'whsec_' cutoverctl --as "$olga" webhook add http://127.0.0.1:9/hook --project shop --allow all --label pager
hook=$(last_id)
says 0 '127.0.0.1:9/hook' cutoverctl webhook list --project shop
says 0 'pager' cutoverctl webhook show "$hook"
if grep -q whsec_ "$work/said"; then
    failed=$((failed + 1))
    echo "story: the secret of a webhook is shown again"
fi
says 0 ': enabled' cutoverctl --as "$olga" webhook set "$hook" --types job.completed,job.failed
says 0 'there is no delivery' cutoverctl webhook deliveries "$hook"
says 1 'no answer' cutoverctl --as "$olga" webhook test "$hook" --allow all
says 0 'again at' cutoverctl webhook deliveries "$hook" --status pending
says 0 '1 waiting' cutoverctl webhook deliver --allow all
says 0 'whsec_' cutoverctl --as "$olga" webhook rotate-secret "$hook" --overlap 2h
says 0 'by hand' cutoverctl --as "$olga" webhook set "$hook" --enabled no
says 3 'is off' cutoverctl --as "$olga" webhook redeliver "$hook"
says 0 'enabled' cutoverctl --as "$olga" webhook set "$hook" --enabled yes
says 0 ': 0 messages' cutoverctl --as "$olga" webhook redeliver "$hook"
json 0 'webhook list' --project shop
json 0 'webhook show' "$hook"
json 0 'webhook set' "$hook" --label pager
json 0 'webhook deliveries' "$hook"
json 0 'webhook redeliver' "$hook"
json 0 'webhook rotate-secret' "$hook"
json 1 'webhook test' "$hook" --allow all
says 2 '--confirm' cutoverctl --as "$olga" webhook remove "$hook"
says 0 ': removed' cutoverctl --as "$olga" webhook remove "$hook" --confirm
says 1 'no webhook' cutoverctl webhook show "$hook"
json 0 'webhook add' http://127.0.0.1:9/hook --project shop --allow all
json 0 'webhook remove' "$(grep -oE '"id":"[^"]*' "$work/said" | cut -d'"' -f4)" --confirm
says 0 'webhook.deleted' cutoverctl audit --project shop

# ---- the promotion, at a terminal

says 2 'a number from 1 to 64' cutoverctl --as "$olga" promote "$request" --jobs 0
says 3 'CUTOVER_PG_BIN_DIR' env CUTOVER_PG_BIN_DIR="$work/nowhere" cutoverctl --as "$olga" preflight "$request"
says 3 'CUTOVER_PG_BIN_DIR' env CUTOVER_PG_BIN_DIR="$work/nowhere" cutoverctl --as "$olga" backup create --project shop
says 0 'repository.space' cutoverctl --as "$olga" preflight "$request"
says 0 'work_dir.space' env TMPDIR="$work" cutoverctl --as "$olga" preflight "$request"
says 0 'a promotion can begin' cutoverctl --as "$olga" preflight "$request"
json 0 preflight "$request"
: >"$work/promote"
cutoverctl --as "$olga" --verbose promote "$request" --hold --verify readback >"$work/promote" 2>&1 &
promoter=$!
until grep -q 'held: everything is ready' "$work/promote" || ! kill -0 "$promoter"; do :; done
until cutoverctl status | grep -q 'step               held'; do :; done # told with a sign of life
says 0 'project shop: promotion ' cutoverctl status
job=$(last_id)
has ', at held' '  since ' '  step               held, ' '  done in this step ' '  last sign of life ' '  held               until ' \
    "cutoverctl release $request" "cutoverctl job cancel $job"
counts 0 '  left '
json 0 status
json 0 'job list' --status running
json 0 'job show' "$job"
says 0 "job watch $job" cutoverctl --as operator:otto job cancel "$job"
wait "$promoter"
cp "$work/promote" "$work/said"
has 'info     ' ': backup' 'promotion cancelled' 'Production is as it was, and open for reads and writes.'
says 1 ': cancelled' cutoverctl job watch "$job"
has 'cancelled by       otto'
json 1 'job watch' "$job"
says 3 'has ended' cutoverctl --as "$olga" job cancel "$job"
# Once is a slip, and so is another one later than five seconds after it.
typed 1 'cancelled' 'held: everything is ready' '\x03______\x03\x03' cutoverctl --as "$olga" promote "$request" --hold
counts 2 'Ctrl-C once more within 5 seconds cancels: what was built is dropped'
has 'Production is as it was, and open for reads and writes.'
says 0 'promotion ' cutoverctl job list --project shop --kind promotion
says 0 ': cancelled' cutoverctl job show "$(last_id)"
if grep -qE 'displaced|staging|_actor_id' "$work/said"; then
    failed=$((failed + 1))
    echo "story: a job that was cancelled shows a database that is not there, or a column that is too wide"
fi
says 0 old sql shop 'SELECT name FROM release'
says 0 '' sql shop "UPDATE release SET name = 'old'"
says 0 'project shop: active' cutoverctl project show shop
says 0 ': acked' cutoverctl request show "$request"
says 1 'it was held for 1 second' cutoverctl --as "$olga" promote "$request" --hold --hold-max 1s --verify readback
has 'Production is as it was, and open for reads and writes.'
says 0 ': acked' cutoverctl request show "$request"
says 0 'it was held for 1 second' cutoverctl audit --project shop

# ---- one that fails, and says why

sql next "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (parent int REFERENCES parent);
    SET session_replication_role = replica; INSERT INTO child VALUES (7)"
says 1 'promotion failed' cutoverctl --as "$olga" promote "$request" --verify readback
has 'Production is as it was, and open for reads and writes.'
says 0 ': failed' cutoverctl request show "$request"
has '  why ' '  at ' 'stage (CUTOVER_E_POSTGRES)'
why=$(sed -n 's/^  why *//p' "$work/said")
says 0 "error $why" cutoverctl audit --project shop
says 0 "why                $why" cutoverctl job show "$(cutoverctl job list --project shop --limit 1 | cut -c 1-36)"
says 3 'failed' cutoverctl --as "$olga" promote "$request"
sql next 'DROP TABLE child, parent'

# ---- one that is done

says 0 ': open' cutoverctl --as user:anna request create --project shop --preview next --ticket OPS-45
request=$(last_id)
says 0 ': acked' cutoverctl --as "$olga" request ack "$request"
columns=40
typed 0 'promotion completed' '' '' cutoverctl --as "$olga" promote "$request"
has "Production has the preview's content"
if tr '\r' '\n' <"$work/said" | grep -q '^\[' && ! tr '\r' '\n' <"$work/said" | grep -q '^\[.\{39\}'; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo "story: the bar is not drawn, or wider than a terminal of 40 columns"
fi
columns=60
says 0 new sql shop 'SELECT name FROM release'
says 3 'completed' cutoverctl --as "$olga" promote "$request"
says 0 'synced 1' cutoverctl integration sync
says 0 'synced 0' cutoverctl integration sync

# ---- and back

displaced=$(cutoverctl displaced list --project shop | grep -oE 'cutover_old_[0-9a-f]+' | head -n 1)
says 0 'cutover_old_' cutoverctl displaced list --project shop
sql shop "INSERT INTO release VALUES ('a write')"
says 3 'written to since' cutoverctl --as "$olga" rollback "$request"
json 0 'displaced list' --project shop
says 0 'rolled_back' cutoverctl --as "$olga" rollback "$request" --discard-writes
has 'Production '
says 0 old sql shop 'SELECT name FROM release'
# It is production again; what the rollback displaced is dropped by who says so.
says 1 "$displaced" cutoverctl --as "$olga" displaced drop "$displaced" --project shop --confirm
displaced=$(cutoverctl displaced list --project shop | grep -oE 'cutover_old_[0-9a-f]+' | head -n 1)
says 2 '--confirm is missing' cutoverctl --as "$olga" displaced drop "$displaced" --project shop
typed 2 "$displaced" 'good' 'n\r' cutoverctl --as "$olga" displaced drop "$displaced" --project shop
says 0 "dropped: $displaced" cutoverctl --as "$olga" displaced drop "$displaced" --project shop --confirm
says 0 'cutover.rolled_back' cutoverctl audit --project shop
says 0 'synced 1' cutoverctl integration sync
json 0 'integration disconnect' vercel --project shop
says 1 'not connected' cutoverctl integration show vercel --project shop
says 0 'nothing is unfinished' cutoverctl recover

# ---- backups, and both ways of restoring them

says 1 'no backup' cutoverctl --as "$olga" backup verify nope
json 0 'backup create' --project shop --label nightly --verify readback
backup=$(grep -oE '"id":"[^"]*' "$work/said" | head -n 1 | cut -d'"' -f4)
json 0 'backup verify' "$backup"
json 0 'backup list' --project shop
json 0 'backup show' "$backup"
json 0 'backup path' "$backup"
sql postgres 'CREATE DATABASE empty'
json 0 'preview add' empty --project shop --database "host=$work/server user=postgres dbname=empty" --expires-in 1d
json 0 restore "$backup" --preview empty
says 0 old sql empty 'SELECT name FROM release'
sql shop "UPDATE release SET name = 'spoilt'"
says 2 '--confirm is missing' cutoverctl --as $anna restore "$backup" --project shop
says 3 'org_admin' cutoverctl --as "$olga" restore "$backup" --project shop --confirm
says 0 ': completed' cutoverctl --as $anna restore "$backup" --project shop --verify readback --confirm
has 'Production '
says 0 old sql shop 'SELECT name FROM release'
json 0 'backup delete' "$backup" --confirm
says 3 'deleted' cutoverctl --as "$olga" backup verify "$backup"

# ---- one more, released, rolled back, and all of it as JSON

as=user:anna
json 0 'request create' --project shop --preview next --ticket OPS-46
request=$(grep -oE '"id":"[^"]*' "$work/said" | cut -d'"' -f4)
as=$olga
json 0 'request ack' "$request"
json 3 release "$request"
cutoverctl --as "$olga" promote "$request" --hold --verify readback >"$work/promote" 2>&1 &
promoter=$!
until grep -q 'held: everything is ready' "$work/promote" || ! kill -0 "$promoter"; do :; done
json 0 release "$request"
wait "$promoter"
json 0 rollback "$request"
displaced=$(cutoverctl displaced list --project shop | grep -oE 'cutover_old_[0-9a-f]+' | head -n 1)
json 0 'displaced drop' "$displaced" --project shop --confirm
json 0 'displaced expire' --project shop --older-than 1w --confirm
as=user:anna
json 0 'request create' --project shop --preview next --ticket OPS-47
request=$(grep -oE '"id":"[^"]*' "$work/said" | cut -d'"' -f4)
as=$olga
json 0 'request ack' "$request"
cutoverctl --json --as "$olga" promote "$request" --hold --verify readback >"$work/promote" 2>&1 &
promoter=$!
until cutoverctl job list --status held 2>&1 | grep -q "$request" || ! kill -0 "$promoter"; do :; done
json 0 'job cancel' "$(cutoverctl job list --status held | cut -c 1-36)"
wait "$promoter"
json 0 promote "$request" --verify readback
json 0 audit --project shop
json 0 'event list' --project shop
json 0 'event deliver' --to "$work/events"
json 0 'event retry'
json 0 'event discard' --confirm
json 0 recover
says 3 'not 1' cutoverctl --as "$olga" project confirm-server shop 1 --reason 'it moved'
json 0 'project confirm-server' shop "$(sql postgres 'SELECT system_identifier FROM pg_control_system()')" --reason 'it moved'

# ---- a job whose process was killed, and whose production somebody dropped

says 0 ': open' cutoverctl --as user:anna request create --project shop --preview next --ticket OPS-48
request=$(last_id)
says 0 ': acked' cutoverctl --as "$olga" request ack "$request"
cutoverctl --as "$olga" promote "$request" --hold --verify readback --fence early >"$work/promote" 2>&1 &
promoter=$!
until cutoverctl job list --status held 2>&1 | grep -q "$request" || ! kill -0 "$promoter"; do :; done
says 0 ' held ' cutoverctl job list --status running
job=$(last_id)
kill -9 "$promoter"
wait "$promoter" 2>/dev/null
sql postgres 'DROP DATABASE shop WITH (FORCE)'
says 1 'recover --abandon' cutoverctl recover
says 2 '--as is missing' cutoverctl recover --abandon "$job" --reason 'they dropped it' --confirm
says 2 '--confirm is missing' cutoverctl --as "$olga" recover --abandon "$job" --reason 'they dropped it'
says 3 'operator' cutoverctl --as user:anna recover --abandon "$job" --reason 'they dropped it' --confirm
says 0 ': abandoned' cutoverctl --as "$olga" recover --abandon "$job" --reason 'they dropped it' --confirm
says 3 'has ended' cutoverctl --as "$olga" recover --abandon "$job" --reason 'they dropped it' --confirm
says 0 'they dropped it' cutoverctl audit --project shop
says 0 'project shop: active' cutoverctl project show shop
says 0 "$job:" cutoverctl project show shop
left=$(grep -oE "$job:[^ ,]*" "$work/said" | head -n 1)
says 0 'forgotten: ' cutoverctl --as "$olga" recover --forget "$left" --reason 'seen' --confirm
says 0 ': failed' cutoverctl request show "$request"
has '  why '
says 0 'nothing is unfinished' cutoverctl recover
says 0 '' sh -c 'cutoverctl audit --project shop | true; cutoverctl help | head -n 1'
if [ -s "$work/said" ] && ! grep -q 'cutoverctl: ' "$work/said"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo "story: a reader that has seen enough is complained about"
fi

# ---- what was printed as JSON

says 0 ' 0 failed' "$source_dir/tests/schemas.py" "$work/told" commands

echo "story: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
