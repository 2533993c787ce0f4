#!/bin/sh
# The house as its includes draw it (docs/architecture.md): each room of lib/ includes only what its line here allows, which is
# never a room above it, and no two modules (a .c with its .h) include each other, over however many others.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0

# A room, then the rooms that it may use; from the ground up.
rooms='base
net base
model base
archive base
store model base
repository base
postgres archive model base
store_postgres store postgres base
notify store net model base
platform postgres store model base
job platform postgres store model base
transfer job postgres archive model base
request job store model base
pipeline transfer job postgres archive model base
engine pipeline request job platform notify store repository model base
api'

# Prints "FILE INCLUDED" for each include of ours.
includes() {
    grep -rnoE --include='*.[ch]' '#include "[a-z_/]+\.h"' lib | sed -E 's/^lib\/([^:]+):[0-9]+:#include "([^"]+)"$/\1 \2/'
}

bad=$(includes | awk -v rooms="$rooms" '
    BEGIN {
        count = split(rooms, lines, "\n")
        for (i = 1; i <= count; i++) {
            n = split(lines[i], words, " ")
            known[words[1]] = 1
            for (k = 1; k <= n; k++) allowed[words[1], words[k]] = 1
        }
    }
    {
        split($1, from, "/"); split($2, to, "/")
        if (!(from[1] in known)) print "layers: no room of that name: lib/" from[1]
        else if (from[1] == to[1] && from[1] == "api") next
        else if (!((from[1], to[1]) in allowed)) print "layers: lib/" $1 " must not include " $2
    }')
if [ -n "$bad" ]; then
    echo "$bad"
    failed=$((failed + $(echo "$bad" | wc -l)))
else
    passed=$((passed + 1))
fi

# A header without a .c of its own belongs to whoever includes it: what it includes, they include.
circles=$(includes | awk '
    { n++; from[n] = $1; to[n] = $2; if ($1 ~ /\.c$/) own[substr($1, 1, length($1) - 2) ".h"] = 1 }
    function module(file) { sub(/\.[ch]$/, "", file); return file }
    function through(first, file, depth,    i) {
        for (i = 1; i <= n; i++) {
            if (from[i] != file) continue
            if (to[i] in own) { if (module(first) != module(to[i])) print module(first), module(to[i]) }
            else if (depth < 4) through(first, to[i], depth + 1)
        }
    }
    END { for (i = 1; i <= n; i++) if (from[i] ~ /\.c$/ || from[i] in own) through(from[i], from[i], 0) }' |
    sort -u | tsort 2>&1 >/dev/null)
if [ -n "$circles" ]; then
    echo "layers: a circle of modules:"
    echo "$circles"
    failed=$((failed + 1))
else
    passed=$((passed + 1))
fi

# What an embedder sees is all that the engine's neighbours outside of lib/ see.
outside=$(grep -rnE --include='*.[ch]' '#include "(base|model|archive|store|repository|postgres|notify|platform|job|transfer|request|pipeline|engine)/' \
    examples include)
if [ -n "$outside" ]; then
    echo "layers: examples and public headers use the public headers only:"
    echo "$outside"
    failed=$((failed + 1))
else
    passed=$((passed + 1))
fi

# The HTTP interface is a host like any other: public headers, json-c, and what the system has.
foreign=$(grep -rnE --include='*.[ch]' '^#include <' lib/api |
    grep -vE '<(cutover\.h|cutover/[a-z]+\.h|json-c/[a-z_]+\.h|(assert|ctype|errno|inttypes|limits|pthread|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|time)\.h)>')
if [ -n "$foreign" ]; then
    echo "layers: lib/api uses the public headers and json-c only:"
    echo "$foreign"
    failed=$((failed + 1))
else
    passed=$((passed + 1))
fi

echo "layers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
