#!/bin/sh
# Counts test cases by the logs that `make check` left: prints "PASSED FAILED". A case that began and did not end well
# has failed; so has a program that failed outside of its cases (a leak, a fixture), or that left no log at all.
#
#     tests/count.sh BUILD_DIR [TEST...]
set -u
cd "$1" || exit 1
shift
# shellcheck disable=SC2046 # a list of tests
[ $# -gt 0 ] || set -- $(make -s list-tests)
passed=0
failed=0

for test in "$@"; do
    began=$(grep -c '\[ RUN      \]' "$test.log" 2>/dev/null)
    ended_well=$(grep -c '\[       OK \]' "$test.log" 2>/dev/null)
    began=${began:-0}
    ended_well=${ended_well:-0}
    bad=$((began - ended_well))
    if [ "$bad" -eq 0 ] && ! grep -qx ':test-result: PASS' "$test.trs" 2>/dev/null; then
        bad=1
    fi
    [ "$bad" -eq 0 ] || echo "failed: $test ($bad)" >&2
    passed=$((passed + ended_well))
    failed=$((failed + bad))
done
echo "$passed $failed"
