#include "postgres/quote.h"

#include <string.h>

/* Adds value between quotes, each byte of `doubled` twice. Every encoding that a server can have keeps ASCII bytes
   out of its longer characters, so bytes may be looked at one by one. */
static void add_quoted(struct text *sql, const char *value, char quote, const char *doubled)
{
    text_add_bytes(sql, &quote, 1);
    while (*value != '\0') {
        size_t plain = strcspn(value, doubled);

        text_add_bytes(sql, value, plain);
        value += plain;
        if (*value != '\0') {
            text_add_bytes(sql, value, 1);
            text_add_bytes(sql, value, 1);
            value++;
        }
    }
    text_add_bytes(sql, &quote, 1);
}

void quote_identifier(struct text *sql, const char *name)
{
    add_quoted(sql, name, '"', "\"");
}

void quote_qualified(struct text *sql, const char *schema, const char *name)
{
    quote_identifier(sql, schema);
    text_add(sql, ".");
    quote_identifier(sql, name);
}

void quote_literal(struct text *sql, const char *value)
{
    if (value == NULL) {
        text_add(sql, "NULL");
        return;
    }
    if (strchr(value, '\\') != NULL)
        text_add(sql, "E");
    add_quoted(sql, value, '\'', "'\\");
}

void quote_array(struct text *text, char *const *elements, size_t count)
{
    text_add(text, "{");
    for (size_t i = 0; i < count; i++) {
        text_add(text, i > 0 ? ",\"" : "\"");
        for (const char *at = elements[i]; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\')
                text_add(text, "\\");
            text_add_bytes(text, at, 1);
        }
        text_add(text, "\"");
    }
    text_add(text, "}");
}
