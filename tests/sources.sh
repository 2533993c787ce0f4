#!/bin/sh
# Every source in the tree, and what tests read, is named in Makefile.am, and so is built, tested and shipped; and the
# other way round. The fuzz targets have a makefile of their own. Each mutant can be made.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0

# shellcheck disable=SC2013 # no name of a source has a space in it
for file in $(find include lib schemas tests examples daemon bindings \( -name '*.[ch]' -o -path 'tests/unit/data/*' -o -path 'schemas/*.json' -o \
    -path 'daemon/dashboard/*' -o -path 'tests/browser/*' -o \
    -type f -path 'bindings/*' ! -path '*/__pycache__/*' ! -path 'bindings/node/lib/*' \) ! -path 'tests/fuzz/*' ! -path '*/node_modules/*' |
    sort); do
    if grep -Eq "(^|[[:space:]])(${file}|${file%.c})([[:space:]]|\$)" Makefile.am; then
        passed=$((passed + 1))
    else
        echo "not in Makefile.am: $file"
        failed=$((failed + 1))
    fi
done
# shellcheck disable=SC2013
for file in $(grep -oE '(include|lib|tests|examples|daemon)/[a-z0-9_/-]+\.(c|h|sh|dat)\b' Makefile.am | sort -u); do
    [ -e "$file" ] && continue
    echo "in Makefile.am, but not there: $file"
    failed=$((failed + 1))
done
# Each mutant is of a text that is there once: one that does not apply would be missed only when it is its turn.
mutants=tests/mutation/mutants
while read -r name file; do
    if awk -v name="$name" -f tests/mutation/apply.awk "$mutants" "$file" >/dev/null; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done <<EOF
$(awk '/^= / { print $2, $3 }' "$mutants")
EOF

# Servers whose OpenSSL keeps to FIPS 140 refuse md5().
if grep -rnE '"[^"]*\bmd5\(' lib --include='*.c'; then
    echo "md5() is not everywhere: hashtextextended() is"
    failed=$((failed + 1))
else
    passed=$((passed + 1))
fi

# What a host's callback answers is asked for by ANSWER_OF (lib/base/answer.h), or by what it stands for where public headers are
# all: each call of a member of a port that answers, as the headers have them, has its own in its statement.
answering=$(sed -nE 's/^ *cutover_status \(\*([a-z_]+)\)\(.*/\1/p' include/cutover/store.h include/cutover/repository.h \
    include/cutover/platform.h include/cutover/notifier.h | sort -u | tr '\n' '|')
# shellcheck disable=SC2046 # no name of a source has a space in it
calls=$(awk -v members="${answering%|}" '
    BEGIN { RS = ";" }
    { gsub(/[[:space:]]+/, " "); gsub(/log->write/, ""); calls = $0; answers = $0 }
    / userdata|[>.]userdata/ {
        count = gsub("(->|[.])(" members ")[(]", "", calls)
        missing = count - gsub("(ANSWER_OF|cutover_answer_of)[(]", "", answers)
        total += count
        if (missing > 0)
            printf "%s: no ANSWER_OF: %.100s\n", FILENAME, $0
    }
    END { print total " calls" }' $(find lib -name '*.c' | sort))
if [ "$(echo "$calls" | wc -l)" -eq 1 ] && [ "${calls% calls}" -ge 25 ]; then
    passed=$((passed + 1))
else
    echo "$calls"
    failed=$((failed + 1))
fi

# What docs/versions.md says that the matrix runs, and what it runs: programs, suites, upgrades.
# shellcheck disable=SC2016 # for sed
{
    sed -nE 's/^named_tests=\$\{TESTS:-(.*)\}$/    \1/p' tests/versions.sh
    sed -nE 's/^\[ \$# -gt 0 \] \|\| set -- (.*) upgrades$/\1/p' tests/versions.sh | tr ' ' '\n' | sed 's/.*/| & |/'
    sed -nE 's/^    upgrade ([0-9]+) [^ ]+ ([a-z]+)$/| \1 to \2 |/p' tests/versions.sh
} | sort >"${TMPDIR:-/tmp}/matrix.$$"
{
    grep -E '^    archive ' docs/versions.md
    sed -n '/^| where /,/^$/p' docs/versions.md | sed -nE '3,$s/^(\|[^|]*\|).*/\1/p'
} | sort >"${TMPDIR:-/tmp}/told.$$"
if diff "${TMPDIR:-/tmp}/told.$$" "${TMPDIR:-/tmp}/matrix.$$"; then
    passed=$((passed + 1))
else
    echo "docs/versions.md tells of another matrix (<) than tests/versions.sh runs (>)"
    failed=$((failed + 1))
fi
rm -f "${TMPDIR:-/tmp}/matrix.$$" "${TMPDIR:-/tmp}/told.$$"

echo "sources: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
