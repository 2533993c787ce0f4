#!/bin/sh
# Mutation tests of the checks: builds with one mutant of tests/mutation/mutants at a time, and demands that a test fails. A
# mutant whose tests all pass has survived: a check could vanish, and nobody would see it.
#
#     tests/mutation/run.sh all                  every mutant
#     tests/mutation/run.sh sample SEED COUNT    COUNT of them; which ones, SEED says
#     tests/mutation/run.sh NAME...              these
#
# Before that, the tests have to pass without a mutant. A test that hangs has killed nothing: it says neither what is wrong
# nor where. One line for each test and mutant, then "N passed, N failed": a mutant that was killed has passed.
#
# BUILD_DIR (build) is a configured folder, in which the tests are made; what is mutated lies in BUILD_DIR/mutation. JOBS
# mutants are tried at a time (as many as there are processors).
set -uf # no pattern is one of files
unset SEED # all of what a test samples (tests/support/seed.h)
self=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
cd "$(dirname "$0")/../.." || exit 1
source_dir=$(pwd)
table=$source_dir/tests/mutation/mutants
build=${BUILD_DIR:-build}
jobs=${JOBS:-$(nproc)}
limit=${LIMIT:-600} # seconds for one test, which it never comes near

give_up() {
    echo "tests/mutation/run.sh: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

cd "$build" 2>/dev/null || give_up "$build is not there: configure it first"
build=$(pwd)
work=$build/mutation

# column NAME N: of a mutant's line in the table
column() {
    awk -v name="$1" -v column="$2" '/^= / && $2 == name {
        if (column < 4) print $column; else for (i = 4; i <= NF; i++) print $i (index($i, ":") ? "" : ":*") }' "$table"
}

# compile STEM [SOURCE]
compile() {
    eval "$(cat "$work/compile") -w -c -o $1.o ${2:-$1.c}"
}

# link OUTPUT PROGRAM OBJECT...: the test program, with these objects in place of the library's own
link() {
    output=$1
    program=$2
    shift 2
    eval "$(cat "$work/link" "$work/$(basename "$program").flags" | tr '\n' ' ') -o $output $(cat "$work/$(basename "$program").objects") $work/filter.o $* \
        .libs/libtest-support.a .libs/libconformance.a .libs/libcutover-internal.a $(cat "$work/libraries")"
}

# passes EXECUTABLE PATTERN LOG: 0 when the cases passed, 124 when they did not end
passes() {
    (
        if [ "$2" != '*' ]; then
            MUTATION_CASES=$2
            export MUTATION_CASES
        fi
        timeout -k 10 "$limit" "$1" >"$3" 2>&1
    )
}

# One test without a mutant: it passes, and is not empty.
try_test() {
    program=${1%:*}
    pattern=${1##*:}
    log=$work/$(basename "$program")-$(echo "$pattern" | tr -c 'a-z0-9_\n' -).log
    passes "$work/$(basename "$program")" "$pattern" "$log"
    status=$?
    if [ "$status" -eq 0 ] && grep -q '\[       OK \]' "$log"; then
        echo "passes: $1"
    else
        echo "FAILED without a mutant: $1 ($status; $log)"
    fi
}

# One mutant: killed by the first of its tests that fails.
try_mutant() {
    file=$(column "$1" 3)
    folder=$work/$1
    began=$(date +%s)
    rm -rf "$folder"
    mkdir -p "$folder"
    if ! awk -v name="$1" -f "$source_dir/tests/mutation/apply.awk" "$table" "$source_dir/$file" >"$folder/mutant.c"; then
        echo "FAILED to apply: $1"
        return
    fi
    if ! compile "$folder/mutant" >"$folder/compile.log" 2>&1; then
        echo "FAILED to compile: $1 ($folder/compile.log)"
        return
    fi
    for test in $(column "$1" 4); do
        program=${test%:*}
        name=$(basename "$program")
        # A program looks for what lies beside it by its own name.
        if ! link "$folder/$name" "$program" "$folder/mutant.o" >"$folder/link.log" 2>&1; then
            echo "FAILED to link: $1 ($folder/link.log)"
            return
        fi
        passes "$folder/$name" "${test##*:}" "$folder/$name.log"
        status=$?
        rm -f "$folder/$name"
        if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
            echo "HANGS: $1 ($test; $folder/$name.log)"
            return
        elif [ "$status" -ne 0 ]; then
            echo "killed: $1, by $test in $(($(date +%s) - began)) s"
            return
        fi
    done
    echo "SURVIVED: $1 ($(column "$1" 4 | tr '\n' ' '))"
}

case ${1:-} in
--test)
    try_test "$2"
    exit
    ;;
--mutant)
    try_mutant "$2"
    exit
    ;;
all)
    names=$(awk '/^= / { print $2 }' "$table")
    ;;
sample)
    # What each seed picks is the same everywhere: the order is that of a digest.
    names=$(awk '/^= / { print $2 }' "$table" | while read -r name; do
        echo "$(printf '%s' "$2 $name" | cksum | cut -d ' ' -f 1) $name"
    done | sort -n | head -n "$3" | cut -d ' ' -f 2)
    ;;
'') give_up "which mutants? all, sample SEED COUNT, or by name" ;;
*)
    names=$*
    for name; do
        [ -n "$(column "$name" 3)" ] || give_up "there is no mutant $name"
    done
    ;;
esac

twice=$(awk '/^= / { print $2 }' "$table" | sort | uniq -d)
[ -z "$twice" ] || give_up "two mutants of one name: $twice"
tests=$(for name in $names; do column "$name" 4; done | sort -u)
[ -n "$tests" ] || give_up "no mutants"
programs=$(printf '%s\n' "$tests" | sed 's/:.*//' | sort -u)

mkdir -p "$work" || give_up "cannot make $work"
# words NAME [PROGRAM]: what the Makefile has for it
words() {
    make -s -f Makefile -f "$source_dir/tests/mutation/words.mk" "mutation-$1" PROGRAM="$(echo "${2:-}" | tr / _)"
}
words compile >"$work/compile"
words link >"$work/link"
words libraries >"$work/libraries"
objects=
for program in $programs; do
    words objects "$program" >"$work/$(basename "$program").objects"
    words flags "$program" >"$work/$(basename "$program").flags"
    objects="$objects $(cat "$work/$(basename "$program").objects")"
done
# shellcheck disable=SC2086 # a list of objects
make -j"$jobs" libcutover-internal.la libconformance.la libtest-support.la $objects >"$work/make.log" 2>&1 ||
    give_up "the build failed: $build/mutation/make.log"
compile "$work/filter" "$source_dir/tests/mutation/filter.c" || give_up "filter.c does not compile"
for program in $programs; do
    link "$work/$(basename "$program")" "$program" || give_up "$program cannot be linked"
done

export BUILD_DIR="$build"
printf '%s\n' "$tests" | xargs -P "$jobs" -I TEST "$self" --test TEST | tee "$work/tests.log"
# shellcheck disable=SC2086 # a list of names
printf '%s\n' $names | xargs -P "$jobs" -I NAME "$self" --mutant NAME | tee "$work/mutants.log"
passed=$(grep -c '^killed: ' "$work/mutants.log")
failed=$(($(echo "$names" | wc -w) - passed + $(grep -c -v '^passes: ' "$work/tests.log")))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
