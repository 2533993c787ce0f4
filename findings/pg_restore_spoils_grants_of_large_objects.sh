#!/bin/sh
# pg_dump 17 and later: large objects of which somebody else than the owner granted a right cannot be restored.
#
# Software   pg_dump and pg_restore 17.12, as Debian 13 has them, with a server 15.20 of Debian 12 (packages below, pinned).
# Expected   Two large objects have the same grants, one of them by a role that holds the right WITH GRANT OPTION. A dump restores.
# Observed   pg_restore sends "SET SESSION AUTHORIZATION keeper4711(null);" and "RESET SESSION AUTHORIZATION4711(null);", one for each
#            object. Each is a syntax error: with --exit-on-error nothing of the archive is restored after it, else the grants are
#            those of another grantor, and the exit status is 1. A single object with the same grants is restored well.
# Why        Since 17 objects of one owner and with the same grants are one entry, whose GRANTs pg_restore makes for each of them: it cuts
#            a statement behind "LARGE OBJECT " and puts the number in between. Statements that name no large object have no such
#            place; their second half is a NULL pointer. (IssueACLPerBlob in src/bin/pg_dump/pg_backup_db.c.)
# For us     Where a grant is in another's name, each object gets an entry of its own (lib/postgres/largeobject_entries.c;
#            tests/postgres/test_largeobject.c, owners_grants_and_comments_come_through).
#
# Output seen (17.12): one object: 0 broken statements; two objects: 4 broken statements
set -eu

server=15.20-0+deb12u1
client=17.12-0+deb13u1
folder=$(mktemp -d)
chmod 755 "$folder"
cleanup() {
    [ ! -f "$folder/data/postmaster.pid" ] || kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
    sleep 1
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
apt-get download -qq "postgresql-15=$server" "postgresql-client-15=$server" >/dev/null
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
rm ./*.deb
# The mirror that this machine uses, with the lists of another suite in a place of their own.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
mkdir -p state/lists/partial cache/archives/partial
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >sources.list
apt() {
    apt-get -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$folder/state/lists" -o Dir::Cache="$folder/cache" "$@"
}
apt -qq update
apt -qq download "postgresql-client-17=$client" libpq5/trixie libc6/trixie libssl3t64/trixie zlib1g/trixie liblz4-1/trixie \
    libzstd1/trixie libxxhash0/trixie libgssapi-krb5-2/trixie libkrb5-3/trixie libk5crypto3/trixie libkrb5support0/trixie \
    libcom-err2/trixie libkeyutils1/trixie libldap2/trixie libsasl2-2/trixie >/dev/null
for package in ./*.deb; do
    dpkg-deb -x "$package" newer
done
libraries=$(dirname "$(find newer -name 'libc.so.6' | head -n 1)")
loader=$(find newer -name 'ld-linux*.so.*' | head -n 1)
newer() {
    program=$1
    shift
    "$loader" --library-path "$libraries" "newer/usr/lib/postgresql/17/bin/$program" "$@"
}
programs=$folder/root/usr/lib/postgresql/15/bin
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}
mkdir data sockets
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 data sockets
as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust -L "$folder/root/usr/share/postgresql/15" >/dev/null
as_server "$programs/postgres" -D "$folder/data" -k "$folder/sockets" -c listen_addresses= -c fsync=off \
    -c dynamic_shared_memory_type=mmap >"$folder/log" 2>&1 &
export PGHOST="$folder/sockets" PGUSER=postgres
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$programs/psql" -d postgres -qAtc 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done

# broken OBJECTS: how many statements of the restored script are broken, with so many objects.
broken() {
    "$programs/createdb" "with$1"
    "$programs/psql" -d "with$1" -qAt >/dev/null <<END
SELECT lo_create(4710 + g) FROM generate_series(1, $1) g;
DO \$\$ BEGIN FOR g IN 4711..4710 + $1 LOOP
    EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO keeper WITH GRANT OPTION', g);
    SET ROLE keeper;
    EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO reader', g);
    RESET ROLE;
END LOOP; END \$\$;
END
    newer pg_dump -Fc -f "archive$1" "with$1"
    newer pg_restore -f - "archive$1" | grep -c '^\(RE\)*SET SESSION AUTHORIZATION[^;]*[0-9](null);' || true
}
"$programs/psql" -d postgres -qc 'CREATE ROLE keeper; CREATE ROLE reader'
one=$(broken 1)
two=$(broken 2)
newer pg_restore --version
echo "one object: $one broken statements; two objects: $two broken statements"
[ "$one" = 0 ] && [ "$two" = 4 ]
