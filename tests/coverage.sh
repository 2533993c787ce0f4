#!/bin/sh
# Unit and server tests under AddressSanitizer and UndefinedBehaviorSanitizer, fault tests without (they put their own malloc and
# their own end of the process in the sanitizers' way), and how much of lib/ all of these run: lines and branches of each
# file and in all, and whether that is less than the floors. Ends with "N passed, N failed": the test cases that ran, and the
# two floors.
#
#     tests/coverage.sh            builds, runs the tests, tells
#     tests/coverage.sh --tell     tells of what was run last; only the floors count
#
# Counted by gcc at -O0 and read by gcovr: a line is one that has code; a branch is one outcome of one condition, so that
# `a && b` has four. What is left out, and why, is in tests/coverage-left-out. Of the test that kills everywhere, whose
# thousands of runs take the ways that others take, nothing runs here, or with SHARE=N (from 1 to 16) one share in 16. A process that
# dies by SIGKILL writes its counts down right before (tests/support/killed.h).
#
# LINE_FLOOR and BRANCH_FLOOR are per cent. BUILD_DIR changes where it builds (build-coverage, in two folders). PAGES=no: no pages of
# each source are written (coverage.html).
set -u
cd "$(dirname "$0")/.." || exit 1
source_dir=$(pwd)
build=${BUILD_DIR:-build-coverage}
line_floor=${LINE_FLOOR:-96}
branch_floor=${BRANCH_FLOOR:-85}
share=${SHARE:-}
fault_kinds="fault${share:+ kill}"
passed=0
failed=0
scenarios="promotion promotion-verified-by-restore rollback restore restore-preview backup held"
# Of gcc's checks of undefined behaviour these three become branches of the program, and would be counted as such.
uncounted="-fno-sanitize=bool,nonnull-attribute,shift"

give_up() {
    echo "tests/coverage.sh: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

# build_tests FOLDER KINDS FLAGS...: builds there with these flags, and what the tests of these kinds are.
build_tests() {
    folder=$1
    kinds=$2
    shift 2
    mkdir -p "$build/$folder" || give_up "cannot make $build/$folder"
    cd "$build/$folder" || give_up "cannot enter $build/$folder"
    if ! [ -e Makefile ]; then
        "$source_dir/configure" ${CC:+CC="$CC"} --disable-shared --enable-coverage "$@" >configure.log ||
            give_up "configure failed: $build/$folder/configure.log"
    fi
    # What it says when it is made anew is no test's name.
    make -s Makefile >make.log 2>&1 || give_up "the makefile cannot be made anew: $build/$folder/make.log"
    tests=
    for kind in $kinds; do
        tests="$tests $(make -s "list-$kind-tests")"
    done
    if ! make -j"$(($(nproc) + 1))" all check TESTS= check_PROGRAMS="$tests" >make.log 2>&1; then
        tail -n 40 make.log
        give_up "the build failed: $build/$folder/make.log"
    fi
    find . -name '*.gcda' -exec rm -f {} +
    cd "$source_dir" || exit 1
}

# run_tests FOLDER KINDS AT_ONCE: runs them, and counts in FOLDER/counts.
run_tests() {
    cd "$build/$1" || give_up "cannot enter $build/$1"
    tests=
    for kind in $2; do
        tests="$tests $(make -s "list-$kind-tests")"
    done
    # None of these takes four minutes when it has the machine to itself; it may have to share it.
    VERBOSE=1 make -j"$3" check TESTS="$tests" check_PROGRAMS= TEST_SECONDS=1800 >check.log 2>&1 || cat test-suite.log
    # shellcheck disable=SC2086 # a list of tests
    "$source_dir/tests/count.sh" . $tests >counts
    cd "$source_dir" || exit 1
}

# Of the test that kills everywhere a share: counts in faults/counts-kill.
kill_share() {
    cd "$build/faults" || give_up "cannot enter $build/faults"
    # shellcheck disable=SC2086 # a list of scenarios
    printf '%s\n' $scenarios | xargs -P "$(nproc)" -I SCENARIO sh -c \
        'timeout -k 30 900 tests/faults/test_kill --share "$1" 1 0 "$2" 16 "$PWD/kill-$1.result" >"kill-$1.log" 2>&1 && echo "$1"' \
        sh SCENARIO "$share" >kill.passed
    survived=0
    lost=0
    for scenario in $scenarios; do
        if grep -qx "$scenario" kill.passed; then
            survived=$((survived + 1))
        else
            lost=$((lost + 1))
            echo "FAILED: tests/faults/test_kill --share $scenario"
            tail -n 40 "kill-$scenario.log"
        fi
    done
    echo "$survived $lost" >counts-kill
    cd "$source_dir" || exit 1
}

# add_counts FILE: one that is not there is a failure.
add_counts() {
    read -r some others <"$1" || give_up "no $1: its tests did not run to their end"
    passed=$((passed + some))
    failed=$((failed + others))
}

# Fault tests wait for what is lost most of their time, so that they run beside the others.
run() {
    [ -e configure ] || ./autogen.sh >/dev/null || give_up "autoreconf failed"
    ASAN_OPTIONS=detect_leaks=1
    export ASAN_OPTIONS
    rm -f "$build"/*/counts "$build/faults/counts-kill"
    build_tests faults "$fault_kinds" CFLAGS=-O0
    (run_tests faults fault "$(nproc)" && { [ -z "$share" ] || kill_share; }) >"$build/faults/run.log" 2>&1 &
    build_tests sanitized "server unit" --enable-sanitizers=address,undefined CFLAGS="-g1 -O0 $uncounted"
    # One more than there are processors: many tests wait most of the time.
    run_tests sanitized "server unit" "$(($(nproc) + 1))"
    wait
    cat "$build/faults/run.log"
    for counts in sanitized/counts faults/counts ${share:+faults/counts-kill}; do
        add_counts "$build/$counts"
    done
}

# The patterns of one kind that are left out, as one; where there is none, one that fits nothing.
left_out() {
    patterns=$(sed -n "s/^$1: //p" "$source_dir/tests/coverage-left-out" | paste -sd '|')
    echo "${patterns:-(?!)}"
}

# gcovr ARGUMENTS...: what is common to reading and telling.
covered() {
    gcovr --root "$source_dir" --filter "$source_dir/lib/" --exclude-unreachable-branches \
        --exclude-lines-by-pattern "$(left_out lines)" --exclude-branches-by-pattern "$(left_out branches)" \
        "$@" >>gcovr.log 2>&1 || give_up "gcovr failed: $build/gcovr.log"
}

[ "${1:-}" = --tell ] || run
cd "$build" || give_up "$build is not there"
build=$(pwd)
: >gcovr.log
for folder in sanitized faults; do
    covered --object-directory "$folder" --json "$folder.json" "$folder"
done
[ "${PAGES:-yes}" = no ] || pages="--html-details coverage.html"
# shellcheck disable=SC2086 # none, or an option with its value
covered --add-tracefile sanitized.json --add-tracefile faults.json --csv coverage.csv ${pages:-}

awk -F, -v line_floor="$line_floor" -v branch_floor="$branch_floor" -v passed="$passed" -v failed="$failed" '
    function percent(some, all) { return all == 0 ? 100 : int(1000 * some / all) / 10 }
    function floor_check(what, found, least) {
        if (found >= least)
            passed++
        else {
            failed++
            printf "%s: %.1f %% is below the floor of %d %%\n", what, found, least
        }
    }
    FNR > 1 {
        printf "%-42s lines %5.1f %% of %4d   branches %5.1f %% of %4d\n", $1, percent($3, $2), $2, percent($6, $5), $5
        lines += $2; lines_run += $3; branches += $5; branches_run += $6
    }
    END {
        printf "%-42s lines %5.1f %% of %4d   branches %5.1f %% of %4d\n", "all of lib/", percent(lines_run, lines), lines,
            percent(branches_run, branches), branches
        floor_check("lines", percent(lines_run, lines), line_floor)
        floor_check("branches", percent(branches_run, branches), branch_floor)
        printf "%d passed, %d failed\n", passed, failed
        exit failed > 0
    }' coverage.csv
