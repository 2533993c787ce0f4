#!/bin/sh
# The Node package as a user has it: its tarball in an empty folder, beside an installed library. What is made of interface.json is as
# generate.py makes it now; the examples and the README's lines pass tsc --strict; then the story, on a real server, and the examples.
#
#     tests/node.sh PREFIX                 NODES="node20 node24": with those; node by default. ROUNDS=200: so many promotions
#
# PREFIX is where `make install` put it.
set -u
source_dir=$(cd "$(dirname "$0")/.." && pwd)
package=$source_dir/bindings/node
prefix=$(cd "${1:-build-installed}" && pwd) || exit 1
passed=0
failed=0
work=$(mktemp -d /tmp/cutover-node.XXXXXX) || exit 1
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND...: its output is shown when it fails.
check() {
    name=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        passed=$((passed + 1))
    else
        echo "node: $name"
        tail -n 60 "$work/said"
        failed=$((failed + 1))
    fi
}

# What bindings/node/generate.py makes is what is in the tree.
generated() {
    mkdir "$work/generated" && python3 "$package/generate.py" "$work/generated" &&
        for file in "$work"/generated/*; do
            diff "$package/src/${file##*/}" "$file" || return 1
        done
}

# npm COMMAND...: runs no script of a dependency, and says nothing.
npm_of() {
    npm "$@" --ignore-scripts --no-audit --no-fund --loglevel=error
}

# A copy, as npm and tsc write beside the source.
tarball() {
    mkdir "$work/package" "$work/host" &&
        cp -r "$package/src" "$package/README.md" "$package/package.json" "$package/npm-shrinkwrap.json" "$package/tsconfig.json" "$work/package" &&
        cd "$work/package" && npm_of ci && node_modules/.bin/tsc && npm_of pack --pack-destination "$work"
}

installed() {
    cd "$work/host" && echo '{"type": "module", "private": true}' >package.json && npm_of install "$work"/cutover-*.tgz
}

# The README's lines are those of its first block.
# shellcheck disable=SC2016 # a fence of Markdown
typed() {
    cd "$work/host" && cp "$package"/examples/*.ts "$package"/tests/*.mjs . &&
        sed -n '/^```ts$/,/^```$/{/^```ts$/d;/^```$/q;p}' "$package/README.md" >readme.ts &&
        "$work/package/node_modules/.bin/tsc" --strict --noUncheckedIndexedAccess --target es2022 --lib es2023,esnext.disposable --module nodenext \
            --typeRoots "$work/package/node_modules/@types" --types node ./*.ts
}

# story NODE
story() {
    (cd "$work/host" && timeout -k 30 1200 "$1" --expose-gc story.mjs)
}

check "what is generated is not as generate.py makes it: bindings/node/generate.py" generated
check "the tarball" tarball
check "the tarball in an empty folder" installed
check "tsc --strict over the examples" typed
LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name libcutover.so)")
export LD_LIBRARY_PATH
for node in ${NODES:-node}; do
    check "the story, with $node" story "$node"
done

echo "node: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
