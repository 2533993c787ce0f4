#!/bin/sh
# What integrations ask of providers, and what the played providers answer (tests/providers/server.py), held against the interface
# descriptions that these publish: the packages below, pinned.
#
#     tests/providers.sh BUILD_DIR
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

give_up() {
    echo "providers: $*"
    echo "providers: 0 passed, 1 failed"
    exit 1
}

npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix "$folder" @vercel/sdk@1.28.35 @netlify/open-api@2.60.0 \
    >"$folder/log" 2>&1 || give_up "npm: $(tail -n 1 "$folder/log")"
make -C "$build" tests/unit/test_integration >"$folder/log" 2>&1 || give_up "tests/unit/test_integration was not built"
CUTOVER_PROVIDERS_TOLD=$folder/exchanges "$build/tests/unit/test_integration" >"$folder/log" 2>&1 ||
    give_up "tests/unit/test_integration failed"
cp tests/providers/vercel.mjs "$folder/vercel.mjs" || give_up "cannot write"
{
    node "$folder/vercel.mjs" "$folder/exchanges" || echo "bad vercel.mjs"
    tests/providers/netlify.py "$folder/exchanges" "$folder/node_modules/@netlify/open-api/dist/swagger.json" || echo "bad netlify.py"
} >"$folder/said" 2>&1
grep -v '^ok ' "$folder/said"
passed=$(grep -c '^ok ' "$folder/said")
failed=$(grep -c '^bad ' "$folder/said")
for operation in 'vercel POST' 'vercel GET' 'netlify PATCH' 'netlify POST' 'netlify GET'; do
    if ! grep -q "^ok $operation" "$folder/said"; then
        echo "providers: no exchange of $operation was right"
        failed=$((failed + 1))
    fi
done
echo "providers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
