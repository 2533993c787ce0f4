#!/bin/sh
# PgBouncer 1.26 takes a client's default_transaction_read_only along: through a setting of the database, and out of it again.
#
# Software   PgBouncer 1.26.1 in front of PostgreSQL 18.6, of Debian unstable (packages below, pinned; to be run there).
# Expected   ALTER DATABASE ... SET default_transaction_read_only = on, with all sessions ended, makes the database read-only for
#            everybody who did not set it otherwise; RESET, with all sessions ended, makes it writable for them again. RECONNECT makes
#            a pooler take what the server says now. So it is with 1.18 and 1.24.
# Observed   Behind the setting, a client that was connected to the pooler before it writes, and so does a new one in that pool; also
#            after RECONNECT. A client that connected after the RECONNECT is read-only, and stays it after RESET and another RECONNECT.
# Why        1.26 keeps for each client all parameters that the server reports, as the server told them to the pool's first login, and
#            sets them on each server connection that it gives the client, where they differ. RECONNECT forgets what the pool keeps,
#            not what its clients do. (varcache_apply(), src/varcache.c; tag_pool_dirty(), src/objects.c.)
# For us     The library's hook ends the clients' connections (KILL) where PgBouncer does that, or holds clients for as long as the
#            setting stands (lib/platform/pgbouncer.c; tests/postgres/test_pgbouncer.c; docs/decisions/0021).
#
# Output seen (1.26.1): read-only: a client of before writes, after RECONNECT writes, a later one is refused; writable again: that one
#            is refused, after RECONNECT is refused
set -eu

version=18.6-3
folder=$(mktemp -d)
chmod 755 "$folder"
cleanup() {
    [ ! -f "$folder/pid" ] || kill "$(cat "$folder/pid")" 2>/dev/null || true
    [ ! -f "$folder/data/postmaster.pid" ] || kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
    sleep 1
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
apt-get download -qq "postgresql-18=$version" "postgresql-client-18=$version" pgbouncer=1.26.1-1 >/dev/null
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
programs=$folder/root/usr/lib/postgresql/18/bin
export LD_LIBRARY_PATH="$folder/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)"
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}
mkdir data sockets pooler
echo '"postgres" ""' >users
cat >ini <<EOF
[databases]
* = host=$folder/sockets
[pgbouncer]
pool_mode = transaction
listen_addr =
unix_socket_dir = $folder/pooler
auth_type = trust
auth_file = $folder/users
admin_users = postgres
EOF
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 data sockets pooler
as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust -L "$folder/root/usr/share/postgresql/18" >/dev/null
as_server "$programs/postgres" -D "$folder/data" -k "$folder/sockets" -c listen_addresses= -c fsync=off \
    -c dynamic_shared_memory_type=mmap >"$folder/log" 2>&1 &
as_server "$folder/root/usr/sbin/pgbouncer" -q "$folder/ini" >"$folder/pooler.log" 2>&1 &
echo $! >pid
export PGUSER=postgres PGHOST="$folder/pooler" PGPORT=6432
psql=$programs/psql
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$psql" -d postgres -qAtc 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done

sql() {
    PGHOST=$folder/sockets PGPORT=5432 "$psql" -d postgres -qAtc "$1" >/dev/null
}
# connect NUMBER: a client of the pooler that stays connected, with its input at that descriptor.
connect() {
    mkfifo "client$1"
    "$psql" -d shop -qAt -v VERBOSITY=terse -f "client$1" >"client$1.out" 2>&1 &
    eval "exec $1>client$1"
}
# write NUMBER COUNT: "writes" or "is refused", for the client that was asked COUNT times before.
write() {
    eval "printf '%s\\n' 'INSERT INTO t VALUES (1);' '\\echo done' >&$1"
    for _ in 1 2 3 4 5; do
        [ "$(grep -c done "client$1.out" || true)" -gt "$2" ] && break
        sleep 1
    done
    if tail -n 2 "client$1.out" | grep -q 'read-only transaction'; then echo 'is refused'; else echo writes; fi
}
sql 'CREATE DATABASE shop'
"$psql" -d shop -qAtc 'CREATE TABLE t (a int)'
connect 3
write 3 0 >/dev/null
sql 'ALTER DATABASE shop SET default_transaction_read_only = on'
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'"
sleep 1
before=$(write 3 1)
"$psql" -d pgbouncer -qAtc 'RECONNECT shop' >/dev/null
reconnected=$(write 3 2)
connect 4
later=$(write 4 0)
sql 'ALTER DATABASE shop RESET default_transaction_read_only'
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'"
sleep 1
again=$(write 4 1)
"$psql" -d pgbouncer -qAtc 'RECONNECT shop' >/dev/null
stays=$(write 4 2)
exec 3>&- 4>&-
"$folder/root/usr/sbin/pgbouncer" --version | head -n 1
echo "read-only: a client of before $before, after RECONNECT $reconnected, a later one $later;" \
    "writable again: that one $again, after RECONNECT $stays"
[ "$before $reconnected $later $again $stays" = 'writes writes is refused is refused is refused' ]
