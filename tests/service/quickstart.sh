#!/bin/sh
# What examples/quickstart.sh --serve prints is true: the address answers, a key opens it, curl takes the shop through a cutover by what the
# OpenAPI document says (examples/curl.sh), and Ctrl-C takes all of it away.
#
#     tests/service/quickstart.sh        with the build in $BUILD_DIR
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
PORT=0 examples/quickstart.sh --serve >"$work/said" 2>&1 &
quickstart=$!
trap 'kill "$quickstart" 2>/dev/null; rm -rf "$work"' EXIT
until grep -q 'Ctrl-C ends it' "$work/said"; do
    kill -0 "$quickstart" 2>/dev/null || {
        cat "$work/said"
        exit 1
    }
    sleep 0.2
done
address=$(grep -oE 'http://[0-9.:]+' "$work/said" | head -n 1)
MEMBER=$(sed -n 's/.*Carla, a customer *//p' "$work/said")
OPERATOR=$(sed -n 's/.*Olga, an operator *//p' "$work/said")
ADMIN=$(sed -n 's/.*Anna, an org_admin *//p' "$work/said")
export MEMBER OPERATOR ADMIN
key=$MEMBER
folder=$(grep -oE '/[^ ]*/cutover-quickstart\.[A-Za-z0-9]+' "$work/said" | head -n 1)
curl -fsS "$address/" | grep -qi '<!doctype html' || exit 1
curl -fsS -H "Authorization: Bearer $key" "$address/v1/projects/shop/previews" | grep -q '"next"' || exit 1
[ -d "$folder" ] || exit 1
examples/curl.sh "$address" shop next >"$work/story" || {
    cat "$work/story"
    exit 1
}
for line in 'the request is completed' 'the request is rolled_back' 'the backup is verified' 'carla cutover.requested' 'olga cutover.acked' \
    'production_overwrite_restore' 'olga cutover.rolled_back' 'anna production_overwrite_restore'; do
    grep -q "$line" "$work/story" || {
        cat "$work/story"
        echo "curl.sh did not say: $line"
        exit 1
    }
done
kill -TERM "$quickstart"
wait "$quickstart"
[ ! -e "$folder" ]
