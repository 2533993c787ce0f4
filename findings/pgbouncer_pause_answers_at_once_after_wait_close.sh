#!/bin/sh
# PgBouncer's PAUSE, once somebody has said WAIT_CLOSE: answered at once, while transactions run.
#
# Software   PgBouncer 1.18.0 in front of PostgreSQL 15.20, of Debian 12 (packages below, pinned); the same seen with 1.24.1 and 1.26.1.
# Expected   "PAUSE db" is answered when the transactions of that database have ended: who waits for the answer finds nobody inside.
# Observed   After one "WAIT_CLOSE db" that was answered long ago, with nothing to wait for, each PAUSE of any database is answered
#            within a loop of PgBouncer's, for as long as its process lives; the database is paused, and the transactions go on.
# Why        WAIT_CLOSE marks the database, and nothing takes the mark away. In each loop "nobody is waited for by WAIT_CLOSE" then
#            answers every console that waits, whatever it waits for. (db_wait_close in per_loop_maint(), src/janitor.c, and
#            admin_wait_close_done(), src/admin.c.)
# For us     The library asks SHOW POOLS who is left, and believes no answer (lib/platform/pgbouncer.c; tests/postgres/test_pgbouncer.c,
#            a_pause_is_not_believed_after_a_wait_close; docs/decisions/0021).
#
# Output seen (1.18.0): PAUSE with a transaction open: waits; after WAIT_CLOSE: answered
set -eu

version=15.20-0+deb12u1
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
apt-get download -qq "postgresql-15=$version" "postgresql-client-15=$version" pgbouncer=1.18.0-1+deb12u1 \
    libevent-2.1-7=2.1.12-stable-8 libc-ares2=1.18.1-3 >/dev/null
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
programs=$folder/root/usr/lib/postgresql/15/bin
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
as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust -L "$folder/root/usr/share/postgresql/15" >/dev/null
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

# Whether PAUSE is answered within two seconds, while a transaction is open.
pause() {
    "$psql" -d postgres -qAtc 'BEGIN; SELECT 1; SELECT pg_sleep(5); COMMIT' >/dev/null &
    sleep 1
    if timeout 2 "$psql" -d pgbouncer -qAtc 'PAUSE postgres' >/dev/null; then answer=answered; else answer=waits; fi
    running=$("$psql" -d pgbouncer -qAtc 'SHOW POOLS' | awk -F '|' '$1 == "postgres" && $2 == "postgres" { print $6 + $7 }')
    "$psql" -d pgbouncer -qAtc 'RESUME postgres' >/dev/null
    wait $!
}
pause
before=$answer
"$psql" -d pgbouncer -qAtc 'WAIT_CLOSE postgres' >/dev/null
pause
"$folder/root/usr/sbin/pgbouncer" --version | head -n 1
echo "PAUSE with a transaction open: $before; after WAIT_CLOSE: $answer"
[ "$before" = waits ] && [ "$answer" = answered ] && [ "$running" -gt 0 ]
