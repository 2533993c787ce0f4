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
# "noun verb" of each, from its rows.
tr '\n' ' ' <"$source_dir/examples/cutoverctl/commands.c" | grep -oE '\{\.noun = "[a-z]+",( +\.verb = "[a-z-]+",)?' |
    sed -E 's/^\{\.noun = "([a-z]+)",/\1/; s/ +\.verb = "([a-z-]+)",/ \1/' >"$build/man/commands"
[ "$(wc -l <"$build/man/commands")" -gt 60 ] || bad "found no commands"
mandoc -Tascii "$build/man/cutoverctl.1" | col -b | sed 's/  */ /g' >"$build/man/page"
while read -r command; do
    # shellcheck disable=SC2086 # of two words
    set -- $command
    for columns in 40 80; do
        COLUMNS=$columns "$build/cutoverctl" help "$@" >"$build/man/help" || bad "no help for $command"
        # An example stays one line, which can be pasted.
        if sed '/^Examples:/,/^$/d' "$build/man/help" | awk -v most=$columns 'length($0) > most { exit 1 }'; then ok; else bad "the help of $command is wider than $columns"; fi
    done
    for part in "usage: cutoverctl $command" '^[A-Z].*\.$' '^Options:' '^Examples:' "^  .*cutoverctl .*$command" '^Exit status:' '^  0 '; do
        if grep -q "$part" "$build/man/help"; then ok; else bad "the help of $command has no \"$part\""; fi
    done
    if "$build/cutoverctl" "$@" --help | cmp -s - "$build/man/help"; then ok; else bad "$command --help is not its help"; fi
    if grep -q "^ $command\( \|$\)" "$build/man/page"; then ok; else bad "cutoverctl(1) does not have $command"; fi
    for word; do
        for file in cutoverctl.bash cutoverctl.zsh cutoverctl.fish; do
            if grep -qw -- "$word" "$build/man/$file"; then ok; else bad "$file does not have $word"; fi
        done
    done
done <"$build/man/commands"
for shell in bash zsh fish; do
    if "$shell" -n "$build/man/cutoverctl.$shell"; then ok; else bad "$shell cannot read its completion"; fi
done
# What a user of bash gets: words as bash has them, in which : and = are words of their own.
offered() {
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cutoverctl; echo "${COMPREPLY[*]}"' "$build/man/cutoverctl.bash" "$@"
}
# What one of zsh gets: the words of compadd, or the command whose options _arguments completes.
zsh_offered() {
    zsh -f -c 'compadd() { echo "$@"; }; _files() { echo files; }; _arguments() { echo "$words[2,3]: $@"; }
        file=$1; shift; words=(); CURRENT=0; . $file >/dev/null; words=("$@"); CURRENT=$#; _cutoverctl' zsh "$build/man/cutoverctl.zsh" "$@"
}
# offers WANTED WORD...: bash does.
offers() {
    wanted=$1
    shift
    got=$(offered "$@")
    if [ "$got" = "$wanted" ]; then ok; else bad "bash offers \`$got\` after \`$*\`, not \`$wanted\`"; fi
}
offers preview cutoverctl prev
offers --reason cutoverctl request reject ID --rea
offers watch cutoverctl --as operator : olga job wa
offers watch cutoverctl --as = operator : olga : org_admin job wa
offers job cutoverctl --home = /tmp jo
offers watch cutoverctl --project = shop job wa
offers job cutoverctl --log-file x jo
offers watch cutoverctl --log-file x --verbose job wa
offers readback cutoverctl promote ID --verify read
offers readback cutoverctl promote ID --verify = read
offers 'restore readback' cutoverctl promote ID --verify =
offers 'yes no' cutoverctl project add ID --hold-fence ''
offers verification cutoverctl job list --kind ver
offers rejected cutoverctl request list --status rej
offers running cutoverctl job list --status run
offers verified cutoverctl backup list --status verifie
offers '' cutoverctl project add ID --database ''
offers /etc cutoverctl --home = /etc
offers "$source_dir/tests/manuals.sh" cutoverctl event deliver --to "$source_dir/tests/manuals"
offers ack cutoverctl help request ac
offers promote cutoverctl help promot
offers bash cutoverctl print ba
for front in '--json' '--as operator:olga' '--home=/tmp --verbose' '--log-file x' help; do
    # shellcheck disable=SC2086 # words
    case $(zsh_offered cutoverctl $front job wa) in
    *' watch '*) ok ;;
    *) bad "zsh offers no verb of job after $front" ;;
    esac
done
case $(zsh_offered cutoverctl --as operator:olga job list --kind '') in
'job list:'*'(promotion '*) ok ;;
*) bad "zsh does not know the options of a command after others" ;;
esac
# What fish offers, at most two words of it.
fish_offers() {
    wanted=$1
    # shellcheck disable=SC2016 # for fish
    got=$(HOME=$build/man fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$build/man/cutoverctl.fish" "$2" |
        cut -f1 | head -n 2 | tr '\n' ' ')
    if [ "${got% }" = "$wanted" ]; then ok; else bad "fish offers \`$got\` after \`$2\`, not \`$wanted\`"; fi
}
fish_offers preview 'cutoverctl prev'
fish_offers watch 'cutoverctl job wa'
fish_offers job 'cutoverctl --as operator:olga jo'
fish_offers watch 'cutoverctl --as operator:olga --verbose job wa'
fish_offers '' 'cutoverctl job show li'
fish_offers --reason 'cutoverctl request reject ID --rea'
fish_offers 'readback restore' 'cutoverctl promote ID --verify '
fish_offers --verify=readback 'cutoverctl promote ID --verify=read'
fish_offers verification 'cutoverctl job list --kind ver'
fish_offers '' 'cutoverctl project add ID --database '
fish_offers ack 'cutoverctl help request ac'
fish_offers bash 'cutoverctl print ba'
fish_offers "$source_dir/tests/manuals.sh" "cutoverctl event deliver --to $source_dir/tests/manuals"

# The service's page is written by hand: it has every setting.
if [ -x "$build/cutoverd" ]; then
    if mandoc -Tlint -Wwarning "$source_dir/daemon/cutoverd.8"; then ok; else bad "cutoverd.8 has warnings"; fi
    for setting in $("$build/cutoverd" --help | sed -n 's/^  \([a-z_]*\)\( = .*\)*$/\1/p'); do
        if grep -Eq "^\.It Cm (.* )?$setting( .*)?\$" "$source_dir/daemon/cutoverd.8"; then ok; else bad "cutoverd.8 does not have $setting"; fi
    done
fi

echo "manuals: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
