#!/bin/sh
# The tables of what PgBouncer's clients see (docs/decisions/0021, docs/operations.md) have a row for each way in which
# tests/postgres/test_pgbouncer.c promotes under them, with each release that it runs with, and no other rows. What is in the rows the
# test says: CUTOVER_POOLERS_TABLE=FILE has it append its own, as they stand there.
set -u
cd "$(dirname "$0")/.." || exit 1
test_file=tests/postgres/test_pgbouncer.c
passed=0
failed=0

# "pooling | hook" of each promotion in the test
ways=$(sed -nE 's/^    promote_under_clients\(\*state, "([a-z]+)", (true|false)\);/\1 | \2/p' "$test_file" |
    sed 's/false$/yes/; s/true$/held/')
# Debian 12's, and those of the folders of tests/versions.sh
releases=$(sed -nE 's/.*PgBouncer ([0-9]+\.[0-9]+),.*/\1/p; s/^\|.*\| ([0-9]+\.[0-9]+)\.[0-9]+ \| [0-9.]+ \|$/\1/p' docs/versions.md |
    sort -u)
expected=$(for release in $releases; do
    echo "$ways" | sed "s/^/$release | /"
done | sort)
[ -n "$ways" ] && [ -n "$releases" ] || failed=$((failed + 1))

# rows FILE: "release | pooling | hook" of each, where several releases may share one
rows() {
    awk -F ' *[|] *' '$3 == "transaction" || $3 == "session" {
        if ($4 != "yes" && $4 != "held") next
        count = split($2, releases, /, */)
        for (i = 1; i <= count; i++) print releases[i] " | " $3 " | " $4
    }' "$1" | sort
}

for file in docs/decisions/0021-poolers-and-the-fence.md docs/operations.md; do
    if [ "$(rows "$file")" = "$expected" ]; then
        passed=$((passed + 1))
        continue
    fi
    echo "$file: its rows are"
    rows "$file"
    echo "and the test's"
    echo "$expected"
    failed=$((failed + 1))
done

echo "tables: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
