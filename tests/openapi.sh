#!/bin/sh
# Whether lib/api/openapi.json is OpenAPI 3.1, as a validator of others sees it; its package is pinned in tests/openapi. Ends with
# "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

cp tests/openapi/package.json tests/openapi/package-lock.json "$work"
if (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund) >"$work/log" 2>&1 &&
    "$work/node_modules/.bin/validate-api" lib/api/openapi.json >"$work/log" 2>&1 && grep -q '"valid": true' "$work/log"; then
    echo "openapi: 1 passed, 0 failed"
else
    cat "$work/log"
    echo "openapi: 0 passed, 1 failed"
    exit 1
fi
