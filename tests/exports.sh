#!/bin/sh
# The names that the shared libraries export are exactly those that the headers declare with CUTOVER_API; the programs
# have no name that the library has inside; and the library takes nothing from the C library that a guest keeps its hands
# off (P10; EDGE_CASES G4, G6, G17). sigaction() is not among that: it is how a process sees what the host does with
# SIGCHLD.
#
#     tests/exports.sh BUILD_DIR
set -u
build=${1:-build}
source_dir=$(dirname "$0")/..
passed=0
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Names after CUTOVER_API in the given headers.
declared() {
    cat "$@" | tr '\n' ' ' | grep -oE 'CUTOVER_API[^(;]*\(' | grep -oE 'cutover_[a-z0-9_]+[[:space:]]*\($' |
        tr -d ' (' | sort
}

# Names that a shared library defines for others, without those of its version nodes.
exported() {
    nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

# compare LIBRARY HEADER...
compare() {
    library=$build/.libs/$1
    shift
    if ! [ -e "$library" ]; then
        echo "exports: there is no $library"
        failed=$((failed + 1))
        return
    fi
    declared "$@" >"$work/declared"
    exported "$library" >"$work/exported"
    if ! [ -s "$work/declared" ]; then
        echo "exports: found no declarations in $*"
        failed=$((failed + 1))
    fi
    comm -23 "$work/declared" "$work/exported" | sed "s:^:exports\: declared, but not in $(basename "$library")\: :"
    comm -13 "$work/declared" "$work/exported" | sed "s:^:exports\: undeclared, but in $(basename "$library")\: :"
    passed=$((passed + $(comm -12 "$work/declared" "$work/exported" | wc -l)))
    failed=$((failed + $(comm -3 "$work/declared" "$work/exported" | wc -l)))
}

# check_guest LIBRARY: no process without exec, no handlers, no state of the whole process, nothing printed, no end of it.
check_guest() {
    nm -D --undefined-only "$build/.libs/$1" | awk '{ sub(/@.*/, "", $2); print $2 }' |
        grep -xE '_?fork|vfork|clone|daemon|system|popen|signal|sigprocmask|setlocale|uselocale|chdir|fchdir|umask|setenv|putenv|unsetenv|clearenv|v?f?printf|puts|putchar|fputs|perror|(__)?v?syslog|_?exit|_Exit|quick_exit|abort|__assert_fail|stdout|stderr' \
            >"$work/taken"
    sed "s:^:exports\: $1 must not use :" "$work/taken"
    passed=$((passed + $([ -s "$work/taken" ] && echo 0 || echo 1)))
    failed=$((failed + $(wc -l <"$work/taken")))
}

# check_programs LIBRARY: in a build without shared libraries the programs are linked with the archive as it is, and a name that
# both define would be the program's for the library, too, without a word from the linker.
check_programs() {
    find "$build/daemon" "$build/examples" -name '*.o' -exec nm -g --defined-only {} + | awk 'NF == 3 { print $3 }' |
        sort -u >"$work/programs"
    nm -g --defined-only "$build/.libs/$1" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$work/archive"
    if ! [ -s "$work/programs" ] || ! [ -s "$work/archive" ]; then
        echo "exports: found no names in the programs, or none in $1"
        failed=$((failed + 1))
        return
    fi
    comm -12 "$work/programs" "$work/archive" | grep -vx main >"$work/both"
    sed "s:^:exports\: both a program and $1 define :" "$work/both"
    passed=$((passed + $([ -s "$work/both" ] && echo 0 || echo 1)))
    failed=$((failed + $(wc -l <"$work/both")))
}

headers=$(find "$source_dir/include" -name '*.h' ! -name conformance.h)
# shellcheck disable=SC2086 # a list of files without spaces in their names, unless the folder has some
(
    IFS='
'
    set -f
    compare libcutover.so $headers
    compare libcutover-conformance.so "$source_dir/include/cutover/conformance.h"
    check_guest libcutover.so
    check_programs libcutover.a
    echo "exports: $passed passed, $failed failed"
    [ "$failed" -eq 0 ]
)
