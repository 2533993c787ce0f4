#!/bin/sh
# The tables that tests make: what ran where (docs/versions.md), what PgBouncer's clients see (docs/decisions/0021,
# docs/operations.md), and what preflight refuses (docs/refused.md).
#
#     tests/tables.sh                  they have a row for each thing that is tried, and no other rows
#     tests/tables.sh write FILE...    puts rows in that tests wrote. Of tests/versions.sh: the files `table` and `poolers` among its
#                                      folders, where nothing failed and no tests were named; of tests/postgres/test_pgbouncer:
#                                      what it appends to the file that CUTOVER_POOLERS_TABLE names
#
#     tests/tables.sh write-refused    writes what tests/corpus says is refused
#
# Each release of PgBouncer, Debian 12's and those of the folders, has a row for each way in which tests/postgres/test_pgbouncer.c
# promotes under clients. That the places are those of tests/versions.sh, tests/sources.sh looks.
set -u
cd "$(dirname "$0")/.." || exit 1
test_file=tests/postgres/test_pgbouncer.c
places=docs/versions.md
measured=docs/decisions/0021-poolers-and-the-fence.md
told=docs/operations.md
refusals=docs/refused.md
passed=0
failed=0

# put FILE DOCUMENT COLUMNS: rows of a document become those of a file that begin with the same columns.
put() {
    awk -F ' *[|] *' -v columns="$3" '
        function key(column, text) {
            for (column = 2; column <= columns + 1; column++) text = text " | " $column
            return text
        }
        FILENAME == ARGV[1] { rows[key()] = $0; next }
        /^[|]/ && key() in rows { print rows[key()]; next }
        { print }
    ' "$1" "$2" >"$2.new" && mv "$2.new" "$2"
}

# The rows of the poolers' table as people read it: releases of which the same is true share one.
shared() {
    awk -F ' *[|] *' '
        /^[|] [0-9]+[.][0-9]+ [|]/ {
            rest = $0
            sub(/^[|] [0-9.]+ /, "", rest)
            if (!(rest in releases)) order[++count] = rest
            releases[rest] = releases[rest] (releases[rest] == "" ? "" : ", ") $2
        }
        END { for (i = 1; i <= count; i++) print "| " releases[order[i]] " " order[i] }
    ' "$measured"
}

write() {
    rows=$(mktemp) || exit 1
    # Of the places: name, five columns, which tests, passed, failed.
    cat "$@" | awk -F ' *[|] *' 'NF == 11 && $8 != "named" && $10 == 0 && $9 > 0 {
        print "| " $2 " | " $3 " | " $4 " | " $5 " | " $6 " | " $7 " | " $8 " |"
    }' >"$rows"
    put "$rows" "$places" 1
    cat "$@" | awk -F ' *[|] *' 'NF == 8 && ($4 == "yes" || $4 == "held")' >"$rows"
    put "$rows" "$measured" 3
    shared >"$rows"
    awk -v rows="$rows" '
        /^[|] PgBouncer [|] pooling/ { inside = 1; print; getline; print; while ((getline row < rows) > 0) print row; next }
        inside && /^[|]/ { next }
        { inside = 0; print }
    ' "$told" >"$told.new" && mv "$told.new" "$told"
    rm -f "$rows"
}

# rows FILE: "release | pooling | hook" of each, where several releases may share one
rows() {
    awk -F ' *[|] *' '$3 == "transaction" || $3 == "session" {
        if ($4 != "yes" && $4 != "held") next
        count = split($2, releases, /, */)
        for (i = 1; i <= count; i++) print releases[i] " | " $3 " | " $4
    }' "$1" | sort
}

# The list of what the corpus says is refused: what, by which check, for whom; how many files there are, and how they come out.
refused() {
    echo '| in the database | named by | refused to |'
    echo '|---|---|---|'
    for file in tests/corpus/*.sql; do
        awk '
            function check(line) { sub(/^(preview|production)[.]/, "*.", line); return "`" line "`" }
            NR == 1 { what = substr($0, 4); sub(/[.]$/, "", what) }
            /^-- out: / && $3 == "blocks" { everybody = check($4) }
            /^-- out plain: / && $4 == "blocks" { plain = check($5) }
            END {
                if (everybody != "") print "| " what " | " everybody " | everybody |"
                else if (plain != "") print "| " what " | " plain " | a plain role |"
            }
        ' "$file"
    done | LC_ALL=C sort -t '|' -k3,3 -k4,4 -k2,2
    echo
    awk '
        FNR == 1 { files++ }
        /^-- out: right/ { right++ }
        /^-- out: blocks/ { refused++ }
        /^-- out plain: blocks/ { plain++ }
        /^-- out( plain)?: late/ { late++ }
        END {
            printf "Of %d kinds %d come out right with a superuser and %d are refused; a plain role is refused %d more. ",
                files, right, refused, plain
            print (late + 0) " fail later than they should."
        }
    ' tests/corpus/*.sql
}

# check WHAT TOLD EXPECTED
check() {
    if [ "$2" = "$3" ] && [ -n "$3" ]; then
        passed=$((passed + 1))
        return
    fi
    printf '%s: its rows are\n%s\nand should be\n%s\n' "$1" "$2" "$3"
    failed=$((failed + 1))
}

if [ "${1:-}" = write-refused ]; then
    { sed '/^| in the database/,$d' "$refusals" && refused; } >"$refusals.new" && mv "$refusals.new" "$refusals"
    exit
fi
if [ "${1:-}" = write ]; then
    shift
    write "${@:?which files}"
    exit
fi

# "pooling | hook" of each promotion in the test
ways=$(sed -nE 's/^    promote_under_clients\(\*state, "([a-z]+)", (true|false)\);/\1 | \2/p' "$test_file" |
    sed 's/false$/yes/; s/true$/held/')
releases=$({
    sed -nE 's/.*PgBouncer ([0-9]+\.[0-9]+),.*/\1/p' "$places"
    awk -F ' *[|] *' '/^[|] where / { on = 1 } /^$/ { on = 0 } on && $6 ~ /^[0-9]/ { print $6 }' "$places" |
        sed -E 's/^([0-9]+\.[0-9]+).*/\1/'
} | sort -u)
expected=$(for release in $releases; do
    echo "$ways" | sed "s/^/$release | /"
done | sort)
for file in "$measured" "$told"; do
    check "$file" "$(rows "$file")" "$expected"
done
# Releases that share a row are those of which the same was measured.
check "$told, as $measured has it" "$(sed -nE '/^\| PgBouncer \| pooling/,/^$/p' "$told" | sed 1,2d)" "$(shared)"
# Every place says what ran.
check "$places" "$(awk -F ' *[|] *' '/^[|] where / { on = 1; next } /^$/ { on = 0 }
    on && $2 !~ /^-/ && $8 !~ /^(all|some|its own)$/ { print; bad = 1 }
    END { if (!bad) print "told" }' "$places")" told
# What is refused is what the corpus says, and each check has its remedy among the others.
check "$refusals" "$(sed -n '/^| in the database/,$p' "$refusals")" "$(refused)"
check "$told" "$(refused | sed -nE 's/^\| .* \| (`[^`]+`) \| .*/\1/p' | sort -u | while read -r name; do
    grep -qE "\\| [^|]*\`([*]|production|preview|databases)[.]$(echo "$name" | tr -d '\`' | sed 's/.*[.]//')\`" "$told" || echo "$name has no remedy"
done; echo told)" told

echo "tables: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
