#!/bin/sh
# What examples/quickstart.sh --serve prints is true: the address answers, a key opens it, and Ctrl-C takes all of it away.
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
key=$(sed -n 's/.*Carla, a customer *//p' "$work/said")
folder=$(grep -oE '/[^ ]*/cutover-quickstart\.[A-Za-z0-9]+' "$work/said" | head -n 1)
curl -fsS "$address/" | grep -qi '<!doctype html' || exit 1
curl -fsS -H "Authorization: Bearer $key" "$address/v1/projects/shop/previews" | grep -q '"next"' || exit 1
[ -d "$folder" ] || exit 1
kill -TERM "$quickstart"
wait "$quickstart"
[ ! -e "$folder" ]
