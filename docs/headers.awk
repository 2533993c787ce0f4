# A manual page (mdoc) of one public header: its first comment, then each declaration with its comment.
#
#     awk -v page=cutover_request -v header=cutover/request.h -v version=0.1.0 -f docs/headers.awk include/cutover/request.h
#
# The page of <cutover.h>, libcutover(3), also names the others: -v others='cutover_actor cutover_audit ...'.

function roff(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    sub(/^[.']/, "\\\\\\&&", text)
    return text
}

# Prints a comment's text: blank lines part paragraphs, what is indented stays as it is, @param and @return begin a paragraph.
function put_text(text,    lines, n, i, line, literal) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        line = lines[i]
        if (line ~ /^[ \t]*$/) {
            blank = 1
            continue
        }
        if (literal && line !~ /^    /) {
            print ".Ed"
            literal = 0
            blank = 0
        }
        if (line ~ /^    [^ ]/ && !literal && (blank || i == 1)) {
            print ".Bd -literal -offset indent"
            literal = 1
        } else if (!literal && (blank || line ~ /^ *@/ || line ~ /^ *- /) && !fresh) {
            print ".Pp"
        }
        blank = 0
        fresh = 0
        if (!literal)
            sub(/^[ \t]+/, "", line)
        if (line ~ /^@param/) {
            sub(/^@param +/, "", line)
            name = line
            sub(/ .*/, "", name)
            sub(/^[^ ]+ */, "", line)
            print ".Fa " name
            if (line != "") print_lines(line)
            continue
        }
        sub(/^@return */, "Returns ", line)
        if (literal)
            print roff(line)
        else
            print_lines(line)
    }
    if (literal)
        print ".Ed"
    blank = 0
}

# A new line after each sentence, as mdoc wants it.
function print_lines(line,    parts, n, i) {
    n = split(line, parts, /\. +/)
    for (i = 1; i <= n; i++)
        if (parts[i] != "")
            print roff(parts[i] (i < n ? "." : ""))
}

function clean(comment) {
    sub(/^[ \t]*\/\*\*?<?[ \t]?/, "", comment)
    sub(/[ \t]*\*\/[ \t]*$/, "", comment)
    gsub(/\n[ \t]*\* ?/, "\n", comment)
    return comment
}

function put_declaration(text,    lines, n, i) {
    print ".Bd -literal"
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++)
        print roff(lines[i])
    print ".Ed"
}

function first_sentence(text) {
    sub(/^[ \n]+/, "", text)
    gsub(/\n/, " ", text)
    sub(/^libcutover: /, "", text)
    sub(/[.:](  *[A-Z].*)?[ ]*$/, "", text)
    sub(/[.:] .*/, "", text)
    sub(/\.$/, "", text)
    return text
}

function begin_page(text) {
    print ".\\\" Made of <" header "> by docs/headers.awk."
    print ".Dd November 1, 2026"
    print ".Dt " toupper(page) " 3"
    print ".Os libcutover " version
    print ".Sh NAME"
    print ".Nm " page
    print ".Nd " roff(first_sentence(text))
    print ".Sh LIBRARY"
    print "libcutover (\\-lcutover)"
    print ".Sh SYNOPSIS"
    print ".In " header
    print ".Sh DESCRIPTION"
    fresh = 1
    put_text(text)
    started = 1
}

# A declaration ends where its braces and parentheses are closed and a semicolon is there; a macro where no backslash is.
function complete(text,    open, close_) {
    if (text ~ /^#define/)
        return text !~ /\\$/
    open = gsub(/[{(]/, "&", text)
    close_ = gsub(/[})]/, "&", text)
    return open == close_ && text ~ /;[ \t]*(\/\*.*\*\/)?[ \t]*$/
}

in_comment {
    comment = comment "\n" $0
    if (/\*\//) {
        in_comment = 0
        if (!started)
            begin_page(clean(comment))
        else
            pending = clean(comment)
    }
    next
}
declaration == "" && /^[ \t]*\/\*\*/ {
    comment = $0
    if (/\*\//) {
        if (!started) begin_page(clean(comment)); else pending = clean(comment)
    } else
        in_comment = 1
    next
}
declaration == "" && (/^#(if|ifdef|ifndef|endif|else|include)/ || /^extern "C"/ || /^[ \t]*$/ || /^}/ || /^#define CUTOVER_[A-Z_]*_H$/ || /^\/\*/) {
    next
}
declaration != "" || /^(CUTOVER_API|typedef|enum|struct|#define)/ {
    declaration = declaration == "" ? $0 : declaration "\n" $0
    if (!complete(declaration))
        next
    sub(/^CUTOVER_API /, "", declaration)
    if (declaration !~ /^#define CUTOVER_(API|VERSION_QUOTE|VERSION_TEXT)/) {
        if (!listed++)
            print ".Sh INTERFACE"
        put_declaration(declaration)
        if (pending != "")
            put_text(pending)
    }
    pending = declaration = ""
}
END {
    print ".Sh SEE ALSO"
    if (page == "libcutover") {
        n = split(others, names, " ")
        print ".Xr cutoverctl 1 ,"
        for (i = 1; i <= n; i++)
            print ".Xr " names[i] " 3" (i < n ? " ," : "")
    } else {
        print ".Xr cutoverctl 1 ,"
        print ".Xr libcutover 3"
    }
}
