#include "check.h"

#include <stdbool.h>
#include <string.h>

static void print_failure(const cutover_error *error)
{
    const char *detail = cutover_error_detail(error);
    const char *hint = cutover_error_hint(error);
    const char *sqlstate = cutover_error_sqlstate(error);
    const char *step = cutover_error_step(error);
    if (error == NULL)
        return;
    print_error("  %s: %s\n", cutover_status_name(cutover_error_code(error)), cutover_error_message(error));
    if (detail != NULL)
        print_error("  detail: %s\n", detail);
    if (hint != NULL)
        print_error("  hint: %s\n", hint);
    if (sqlstate != NULL)
        print_error("  SQLSTATE: %s\n", sqlstate);
    if (step != NULL)
        print_error("  step: %s\n", step);
    print_error("  verdict: %s\n", cutover_verdict_name(cutover_error_verdict(error)));
}

/* PostgreSQL's programs put two blanks behind these words, and are quoted as they are. */
static bool is_server_error(const char *message, const char *found)
{
    static const char *const words[] = {"ERROR", "FATAL", "DETAIL"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(found - message) >= length && strncmp(found - length, words[i], length) == 0)
            return true;
    }
    return false;
}

/* What a sentence that something is missing from looks like. */
static const char *flaw_of(const char *message)
{
    static const char *const flaws[] = {"(null)", " ,", ": :",   ":  ",          " : ",
                                        " ()",    "``", "is , ", ": required: ", "%s"};
    size_t length = strlen(message);

    /* What libpq says of a connection that was refused ends in the server's detail, which is a sentence. */
    if (length == 0 || message[0] == ' ' || message[0] == ':' || message[length - 1] == ':' ||
        (message[length - 1] == '.' && strstr(message, " DETAIL:  ") == NULL))
        return "its beginning or its end";
    for (size_t i = 0; i < sizeof flaws / sizeof flaws[0]; i++) {
        const char *found = strstr(message, flaws[i]);
        if (found != NULL && !is_server_error(message, found))
            return flaws[i];
    }
    return NULL;
}

/* Each error that a test meets: its message is one line that a person can read. */
static void check_form(const cutover_error *error, const char *file, int line)
{
    const char *flaw = error != NULL ? flaw_of(cutover_error_message(error)) : NULL;

    if (flaw == NULL)
        return;
    print_error("no sentence (%s): \"%s\"\n", flaw, cutover_error_message(error));
    _fail(file, line);
}

void check_status_keep_at(cutover_status found, cutover_status expected, const cutover_error *const *filled,
                          const char *file, int line)
{
    const cutover_error *error = *filled;

    if (found != expected) {
        print_error("expected %s, found %s (%d)\n", cutover_status_name(expected), cutover_status_name(found),
                    (int)found);
        print_failure(error);
        _fail(file, line);
    }
    check_form(error, file, line);
    if (expected == CUTOVER_OK && error != NULL) {
        print_error("CUTOVER_OK, and yet there is an error\n");
        print_failure(error);
        _fail(file, line);
    }
}

void check_status_at(cutover_status found, cutover_status expected, cutover_error **error, const char *file,
                     int line)
{
    check_status_keep_at(found, expected, (const cutover_error *const *)error, file, line);
    cutover_error_free(*error);
    *error = NULL;
}

void check_contains_at(const char *text, const char *part, const char *file, int line)
{
    if (text != NULL && strstr(text, part) != NULL)
        return;
    print_error("\"%s\" does not contain \"%s\"\n", text != NULL ? text : "(NULL)", part);
    _fail(file, line);
}
