#!/bin/sh
# The manual pages and the completions, into FOLDER: cutoverctl(1) and the completions are printed by the tool from its own tables,
# the pages of section 3 are made of the public headers. Without a tool (a build without SQLite, or for another machine) there are
# only the latter.
#
#     docs/manuals.sh SOURCE_DIR VERSION CUTOVERCTL|none FOLDER
set -eu
source_dir=$1
version=$2
tool=$3
folder=$4

rm -rf "$folder"
mkdir -p "$folder"

# page NAME HEADER: of one header.
page() {
    LC_ALL=C awk -v page="$1" -v header="$2" -v version="$version" -v others="$others" -f "$source_dir/docs/headers.awk" \
        "$source_dir/include/$2" >"$folder/$1.3"
    # Whoever asks for a function finds the page of its header.
    LC_ALL=C tr '\n' ' ' <"$source_dir/include/$2" | grep -oE 'CUTOVER_API[^(;]*\(' | grep -oE 'cutover_[a-z0-9_]+ *\($' |
        tr -d ' (' | while read -r name; do
        [ -e "$folder/$name.3" ] || [ -e "$source_dir/include/cutover/${name#cutover_}.h" ] || echo ".so man3/$1.3" >"$folder/$name.3"
    done
}

others=$(cd "$source_dir/include/cutover" && for header in *.h; do printf 'cutover_%s ' "${header%.h}"; done)
for header in "$source_dir"/include/cutover/*.h; do
    name=$(basename "$header" .h)
    page "cutover_$name" "cutover/$name.h"
done
page libcutover cutover.h
[ "$tool" != none ] || exit 0
if "$tool" print man >"$folder/cutoverctl.1"; then
    for shell in bash zsh fish; do
        "$tool" print "$shell" >"$folder/cutoverctl.$shell"
    done
else
    echo "$tool cannot be run here: no manual page and no completions of it are made" >&2
    rm -f "$folder/cutoverctl.1"
fi
