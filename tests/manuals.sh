#!/bin/sh
# The manual pages are without a warning, each public function and each command has its page, and the completions are what their
# shells can read and know every command.
#
#     tests/manuals.sh BUILD_DIR
set -u
build=${1:-build}
source_dir=$(dirname "$0")/..
passed=0
failed=0

ok() {
    passed=$((passed + 1))
}

bad() {
    echo "manuals: $*"
    failed=$((failed + 1))
}

command -v mandoc >/dev/null || bad "mandoc is needed: tests/packages.sh ci"
for page in "$build"/man/*.[13]; do
    grep -q '^\.so ' "$page" && continue
    if mandoc -Tlint -Wwarning "$page"; then ok; else bad "$page has warnings"; fi
done
for function in $(cat "$source_dir"/include/cutover/*.h | tr '\n' ' ' | grep -oE 'CUTOVER_API[^(;]*\(' |
    grep -oE 'cutover_[a-z0-9_]+ *\($' | tr -d ' ('); do
    page=$build/man/$function.3
    [ ! -e "$page" ] || ! grep -q '^\.so ' "$page" || page=$build/man/$(sed 's:^\.so man3/::' "$page")
    if grep -q "$function(" "$page" 2>/dev/null; then ok; else bad "$function has no page that tells of it"; fi
done

# Each command, with its example, is in help, page and completions.
for columns in 40 80; do
    widest=$(COLUMNS=$columns "$build/cutoverctl" help | awk '{ if (length($0) > widest) widest = length($0) } END { print widest }')
    if [ "$widest" -le "$columns" ]; then ok; else bad "the list of commands is $widest columns wide at $columns"; fi
done
sed -n 's/^    {\.noun = "\([a-z]*\)",$/\1/p' "$source_dir/examples/cutoverctl/commands.c" | sort -u >"$build/man/nouns"
[ "$(wc -l <"$build/man/nouns")" -gt 10 ] || bad "found no commands"
while read -r noun; do
    if "$build/cutoverctl" help "$noun" >/dev/null && "$build/cutoverctl" "$noun" --help >/dev/null; then ok; else bad "no help for $noun"; fi
    for file in cutoverctl.1 cutoverctl.bash cutoverctl.zsh cutoverctl.fish; do
        if grep -qw "$noun" "$build/man/$file"; then ok; else bad "$file does not have $noun"; fi
    done
done <"$build/man/nouns"
for shell in bash zsh fish; do
    command -v "$shell" >/dev/null || continue
    if "$shell" -n "$build/man/cutoverctl.$shell"; then ok; else bad "$shell cannot read its completion"; fi
done
# What a user of bash gets.
offered() {
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cutoverctl; echo "${COMPREPLY[*]}"' "$build/man/cutoverctl.bash" "$@"
}
if [ "$(offered cutoverctl prev)" = preview ] && [ "$(offered cutoverctl --as x:y request ac)" = ack ] &&
    [ "$(offered cutoverctl request reject ID --rea)" = --reason ]; then
    ok
else
    bad "bash completes another word"
fi

echo "manuals: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
