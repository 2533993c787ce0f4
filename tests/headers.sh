#!/bin/sh
# Each public header alone: as C11 and as C++17, pedantic, warnings are errors, with every compiler that is here. And
# what bindings need: no bit-fields, no variable arguments, no inline functions.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

ok() {
    passed=$((passed + 1))
}

bad() {
    echo "headers: $*"
    failed=$((failed + 1))
}

# compile COMPILER LANGUAGE SUFFIX HEADER
compile() {
    command -v "$1" >/dev/null || return 0
    printf '#include <%s>\nint cutover_headers_alone;\n' "$4" >"$work/alone.$3"
    if "$1" "-std=$2" -Wall -Wextra -Wpedantic -pedantic -Werror -Iinclude -fsyntax-only "$work/alone.$3"; then
        ok
    else
        bad "$4 does not compile alone with $1 -std=$2"
    fi
}

command -v "${CC:-cc}" >/dev/null || bad "no C compiler"
for header in cutover.h $(cd include && ls cutover/*.h); do
    for compiler in gcc clang; do compile $compiler c11 c "$header"; done
    for compiler in g++ clang++; do compile $compiler c++17 cc "$header"; done

    # Comments out of the way, then one declaration a line.
    sed 's://.*$::' "include/$header" | tr '\n' ' ' | sed 's:/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/::g' | sed 's/[;{}]/\n/g' \
        >"$work/declarations"
    if grep -nE '[a-z_0-9]+[[:space:]]*:[[:space:]]*[0-9]+[[:space:]]*$' "$work/declarations"; then
        bad "$header has a bit-field"
    elif grep -nF '...' "$work/declarations"; then
        bad "$header has variable arguments"
    elif grep -nwE 'inline|__inline' "$work/declarations"; then
        bad "$header has an inline function"
    else
        ok
    fi
done

# Every function has a comment right before it, which says since when it is there.
undocumented=$(awk '
    /^\/\*\*/ { comment = ""; open = 1 }
    open { comment = comment $0; if (/\*\//) { open = 0; ready = 1 } next }
    /^CUTOVER_API/ {
        name = $0
        while (name !~ /\(/ && (getline line) > 0) name = name line
        match(name, /cutover_[a-z0-9_]+\(/)
        name = substr(name, RSTART, RLENGTH - 1)
        if (!ready) print FILENAME ": " name " has no comment"
        else if (comment !~ /Since [0-9]/) print FILENAME ": the comment of " name " does not say since when"
    }
    { ready = 0 }' include/cutover/*.h)
if [ -z "$undocumented" ]; then
    ok
else
    echo "$undocumented"
    bad "public functions without all of their comment"
fi

# What hosts compile into their programs is pinned, every struct of it.
for struct in $(sed -n 's/^typedef struct \(cutover_[a-z_]*\) {$/\1/p' include/cutover/*.h); do
    if grep -q "^SIZE($struct, " tests/unit/test_ports.c; then
        ok
    else
        bad "the layout of $struct is not pinned in tests/unit/test_ports.c"
    fi
done

# What a program hands over with a version is made by a macro and by a function, for languages that have no macros.
# (A cutover_recovery is the library's own.)
for name in $(sed -n 's/^#define \(CUTOVER_[A-Z_]*\)_VERSION [0-9].*/\1/p' include/cutover/*.h); do
    [ "$name" != CUTOVER_RECOVERY ] || continue
    if grep -q "^#define ${name}_INIT " include/cutover/*.h &&
        grep -q "^CUTOVER_API cutover_status $(echo "$name" | tr '[:upper:]' '[:lower:]')_init(" include/cutover/*.h; then
        ok
    else
        bad "$name has a version, but not both of ${name}_INIT and an _init function"
    fi
done

# Other numbers are enumerators: bindings cannot see a macro. (The numbers of versions are for #if.)
if grep -nE '^#define CUTOVER_[A-Z_]+ +[0-9]' include/cutover/*.h | grep -vE '_VERSION |_VERSION_(MAJOR|MINOR|PATCH) '; then
    bad "a number that is a macro"
else
    ok
fi

echo "headers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
