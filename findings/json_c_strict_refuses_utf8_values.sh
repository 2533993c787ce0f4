#!/bin/sh
# json-c 0.18: with JSON_TOKENER_STRICT a string value with any character beyond ASCII is no JSON; a member's name is.
#
# Software   json-c 0.18, as Debian 13 has it (packages below, pinned), on x86-64.
# Expected   The strict parser takes JSON as RFC 8259 defines it, so UTF-8 in strings, as it does in 0.15 to 0.17 and in 0.19: the flag
#            is there to refuse comments, single quotes and trailing commas. Whoever writes with json-c reads with json-c.
# Observed   {"note":"für"} fails with "invalid string sequence". {"größe":1} is taken. Without the flag both are, and json-c itself
#            writes the first of them just so: what was written with one release cannot be read with another, and with 0.18 not even
#            what it has written itself. On machines whose char is unsigned (arm64) nothing of this happens.
# Why        0.18 began to refuse control characters in strings: `c <= 0x1f`, where c is a char. Where that is signed, every byte of a
#            character beyond ASCII is negative, so smaller. (json_tokener_state_string in json_tokener.c; names are read in another
#            state, which got the check in 0.19 only, with a cast.)
# For us     What is written is ASCII with \u escapes, and what is read is brought into that form before json-c sees it
#            (lib/base/json.c; tests/unit/test_record.c).
#
# Output seen (0.18, x86-64): strict: value refused, name taken, own output refused; not strict: value taken, name taken
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# The mirror that this machine uses, with the lists of another suite in a place of their own.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
mkdir -p state/lists/partial cache/archives/partial
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >sources.list
apt() {
    apt-get -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$folder/state/lists" -o Dir::Cache="$folder/cache" "$@"
}
apt -qq update
apt -qq download libjson-c5=0.18+ds-1 libjson-c-dev=0.18+ds-1 libc6/trixie >/dev/null
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
cat >program.c <<'END'
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const char *taken(const char *text, int flags)
{
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, flags);
    struct json_object *value = json_tokener_parse_ex(tokener, text, (int)strlen(text));
    const char *answer = value != NULL ? "taken" : "refused";
    json_object_put(value);
    json_tokener_free(tokener);
    return answer;
}

int main(void)
{
    static const char value[] = "{\"note\":\"f\xc3\xbcr\"}", name[] = "{\"gr\xc3\xb6\xc3\x9f\x65\":1}";
    struct json_object *own = json_object_new_object();
    json_object_object_add(own, "note", json_object_new_string("f\xc3\xbcr"));
    printf("%s: strict: value %s, name %s, own output %s; not strict: value %s, name %s\n", json_c_version(),
           taken(value, JSON_TOKENER_STRICT), taken(name, JSON_TOKENER_STRICT),
           taken(json_object_to_json_string(own), JSON_TOKENER_STRICT), taken(value, 0), taken(name, 0));
    return 0;
}
END
libraries=$folder/root/usr/lib/x86_64-linux-gnu
gcc -I"$folder/root/usr/include" program.c -o program "$libraries/libjson-c.so.5" -Wl,--allow-shlib-undefined
output=$("$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" ./program)
echo "$output"
[ "$output" = "0.18: strict: value refused, name taken, own output refused; not strict: value taken, name taken" ]
