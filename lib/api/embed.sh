#!/bin/sh
# Prints C that has the content of a file as `const char NAME[]`, ended by a NUL: a string literal may be too short for it.
#
#     lib/api/embed.sh NAME FILE
set -eu
echo "/* Made of $(basename "$2") by embed.sh. */"
echo "extern const char $1[];"
echo "const char $1[] = {"
od -An -v -tu1 "$2" | sed 's/\([0-9][0-9]*\)/\1,/g'
echo "0};"
