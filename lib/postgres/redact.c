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

/* Of other statements, a function's body say, it is no option that the server complains of. */
static bool has_options(const char *statement)
{
    static const char *const kinds[] = {"CREATE SERVER ",       "ALTER SERVER ",      "CREATE USER MAPPING ",
                                        "ALTER USER MAPPING ",  "CREATE FOREIGN ",    "ALTER FOREIGN ",
                                        "CREATE SUBSCRIPTION ", "ALTER SUBSCRIPTION "};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (begins_with(statement, kinds[i]))
            return true;
    return false;
}

static void redact_message(struct text *out, const char *message, size_t length, const char *name)
{
    static const char command[] = "Command was: ";
    const char *secrets = secrets_of(message, length), *end = message + length;

    if (secrets == NULL) {
        text_add_bytes(out, message, length);
        return;
    }
    const char *statement = memmem(message, (size_t)(secrets - message), command, sizeof command - 1);
    size_t said = (size_t)((statement != NULL ? statement : secrets) - message);
    bool of_options = statement == NULL || has_options(statement + sizeof command - 1);
    if (of_options && is_repeated(secrets, end, message, said))
        text_add_format(out, "%s: error: a value of an option is refused\n", name);
    else
        text_add_bytes(out, message, said);
    text_add_bytes(out, message + said, (size_t)(secrets - message) - said);
    text_add(out, *secrets == 'O' ? "OPTIONS (left out)\n" : "CONNECTION (left out)\n");
}

void redact(struct text *out, const char *said, const char *name)
{
    struct text kept = TEXT_INIT;
    size_t length;

    add_without_notices(&kept, said);
    for (const char *message = text_string(&kept); *message != '\0'; message += length) {
        length = message_length(message, name);
        redact_message(out, message, length, name);
    }
    text_free(&kept);
}
