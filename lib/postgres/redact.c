#include "postgres/redact.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* The end of the program's message that begins here: the next line that begins with its name, or the end of all. */
static size_t message_length(const char *message, const char *name)
{
    const char *line = message;

    do {
        line += strcspn(line, "\n");
        line += *line == '\n';
    } while (*line != '\0' && (strncmp(line, name, strlen(name)) != 0 || line[strlen(name)] != ':'));
    return (size_t)(line - message);
}

static bool begins_with(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

/* What the server noted, which libpq writes as it comes: of a setting of the database that it does not take it repeats the value. */
static void add_without_notices(struct text *out, const char *errors)
{
    bool noted = false;

    for (size_t length; *errors != '\0'; errors += length) {
        length = strcspn(errors, "\n");
        length += errors[length] == '\n';
        noted = begins_with(errors, "WARNING:") || begins_with(errors, "NOTICE:") ||
                (noted && (begins_with(errors, "DETAIL:") || begins_with(errors, "HINT:")));
        if (!noted)
            text_add_bytes(out, errors, length);
    }
}

/* Where the statement in a message begins to tell options of a server or of a user mapping, or how a subscription connects;
   NULL: nowhere. */
static const char *secrets_of(const char *message, size_t length)
{
    const char *options = memmem(message, length, "OPTIONS", 7);
    const char *connection = memmem(message, length, "CONNECTION '", 12);

    return options == NULL || (connection != NULL && connection < options) ? connection : options;
}

static bool is_of_a_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_';
}

/* Whether `part` is said, and not only within another word. */
static bool is_said(const char *part, size_t length, const char *said, size_t said_length)
{
    const char *end = said + said_length;

    for (const char *at = said; (at = memmem(at, (size_t)(end - at), part, length)) != NULL; at++) {
        bool begins = at == said || !is_of_a_word(at[-1]) || !is_of_a_word(*part);
        bool ends = at + length == end || !is_of_a_word(at[length]) || !is_of_a_word(part[length - 1]);
        if (begins && ends)
            return true;
    }
    return false;
}

/* Whether a part of a literal in the statement is repeated in what was said before it. */
static bool is_repeated(const char *secrets, const char *end, const char *said, size_t said_length)
{
    bool inside = false;

    while (secrets < end) {
        size_t length = strcspn(secrets, "' =,;\t\n");
        if (secrets + length > end)
            length = (size_t)(end - secrets);
        if (inside && length > 0 && is_said(secrets, length, said, said_length))
            return true;
        secrets += length;
        if (secrets < end)
            inside = inside != (*secrets++ == '\'');
    }
    return false;
}

void redact(struct text *out, const char *said, const char *name)
{
    static const char command[] = "Command was: ";
    struct text kept = TEXT_INIT;

    add_without_notices(&kept, said);
    const char *errors = text_string(&kept);
    for (size_t length; *errors != '\0'; errors += length) {
        length = message_length(errors, name);
        const char *secrets = secrets_of(errors, length);
        if (secrets == NULL) {
            text_add_bytes(out, errors, length);
            continue;
        }
        const char *statement = memmem(errors, length, command, sizeof command - 1);
        if (statement == NULL || statement > secrets)
            statement = secrets;
        if (is_repeated(secrets, errors + length, errors, (size_t)(statement - errors)))
            text_add_format(out, "%s: error: a value of an option is refused\n", name);
        else
            text_add_bytes(out, errors, (size_t)(statement - errors));
        text_add_bytes(out, statement, (size_t)(secrets - statement));
        text_add(out, *secrets == 'O' ? "OPTIONS (left out)\n" : "CONNECTION (left out)\n");
    }
    text_free(&kept);
}
