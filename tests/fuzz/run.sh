#!/bin/sh
# Fuzzes every parser that reads what others wrote: builds the targets with clang, lets each read its corpus, and then
# search for SECONDS (5). One line for each target, then "N passed, N failed"; of one that failed, the input is named.
#
#     tests/fuzz/run.sh [SECONDS [TARGET...]]        as in: tests/fuzz/run.sh 60 toc manifest
#
# BUILD_DIR changes where it builds (build): in BUILD_DIR/fuzz, where what the search found is kept for the next one.
# SEED (0: another one each time) makes the search take the same way again, as far as the seconds reach: without it, CI
# would pass or fail by chance.
set -u
cd "$(dirname "$0")/../.." || exit 1
source_dir=$(pwd)
seconds=${1:-5}
[ $# -eq 0 ] || shift
build=${BUILD_DIR:-build}/fuzz
seed=${SEED:-0}
passed=0
failed=0

give_up() {
    echo "tests/fuzz/run.sh: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

case $seconds in
'' | *[!0-9]*) give_up "how many seconds for each target? not \"$seconds\"" ;;
esac
command -v clang >/dev/null || give_up "clang is needed, which has libFuzzer: tests/packages.sh ci"
mkdir -p "$build" && cd "$build" || give_up "cannot make $build"
build=$(pwd)
make -f "$source_dir/tests/fuzz/fuzz.mk" -j2 SOURCE="$source_dir" >make.log 2>&1 || {
    tail -n 40 make.log >&2
    give_up "the build failed: $build/make.log"
}

# fail NAME LOG: the input is the one that libFuzzer kept, or else the one of the corpus that it was at.
fail() {
    failed=$((failed + 1))
    input=$(sed -n 's/.*Test unit written to //p' "$2" | tail -n 1)
    [ -n "$input" ] || input=$(sed -n 's/^Running: //p' "$2" | tail -n 1)
    grep -E 'does not hold|runtime error|ERROR: |SUMMARY: ' "$2" | head -n 5
    echo "$1: FAILED by $input"
    echo "    again: $build/fuzz_$1 $input      log: $2"
}

# fuzz NAME
fuzz() {
    seeds=$source_dir/tests/fuzz/corpus/$1
    mkdir -p "found/$1" crashes
    [ -x "fuzz_$1" ] || give_up "there is no target $1"
    [ -n "$(ls "$seeds" 2>/dev/null)" ] || give_up "$1 has no corpus: $seeds"
    "./fuzz_$1" -timeout=20 "$seeds"/* >"$1.log" 2>&1 || {
        fail "$1" "$build/$1.log"
        return
    }
    "./fuzz_$1" -seed="$seed" -timeout=20 -rss_limit_mb=2048 -max_len=16384 -max_total_time="$seconds" -print_final_stats=1 \
        -artifact_prefix="$build/crashes/$1-" "found/$1" "$seeds" >"$1.log" 2>&1 || {
        fail "$1" "$build/$1.log"
        return
    }
    passed=$((passed + 1))
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$1.log")
    echo "$1: ok, $(ls "$seeds" | wc -l) inputs of the corpus, $runs runs in $seconds s"
}

if [ $# -eq 0 ]; then
    for source in "$source_dir"/tests/fuzz/fuzz_*.c; do
        name=$(basename "$source" .c)
        fuzz "${name#fuzz_}"
    done
else
    for name; do
        fuzz "$name"
    done
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
