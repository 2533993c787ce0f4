# Prints a source with one mutant of the table in it: awk -v name=NAME -f apply.awk mutants FILE. Ends with 1 where the original
# text is not there exactly once.
FNR == 1 { file++ }
file == 1 && /^= / { ours = $2 == name; next }
file == 1 && ours && /^- / { original = original separator substr($0, 3); separator = "\n"; next }
file == 1 && ours && /^\+ / { replacement = replacement (replaced++ ? "\n" : "") substr($0, 3); next }
file == 2 { text = text $0 "\n" }
END {
    at = original == "" ? 0 : index(text, original)
    rest = substr(text, at + length(original))
    if (at == 0 || index(rest, original) != 0) {
        print name ": the original text is " (at == 0 ? "not there" : "there more than once") >"/dev/stderr"
        exit 1
    }
    printf "%s%s%s", substr(text, 1, at - 1), replacement, rest
}
