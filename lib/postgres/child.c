#include "postgres/child.h"

#include "base/folder.h"
#include "base/process.h"
#include "postgres/redact.h"
#include "postgres/session.h"

#include <stdlib.h>
#include <string.h>

#define PASSFILE "passfile"
#define DETAIL_LIMIT 4096u

static cutover_status add_variable(char *variables[CHILD_ENVIRONMENT_MAX], size_t *count, const char *name,
                                   const char *value, cutover_error **error)
{
    struct text text = TEXT_INIT;

    text_add_format(&text, "%s=%s", name, value);
    char *variable = text_take(&text);
    if (variable == NULL)
        return error_nomem(error);
    variables[(*count)++] = variable;
    return CUTOVER_OK;
}

cutover_status child_environment(char *variables[CHILD_ENVIRONMENT_MAX], size_t *count, cutover_error **error)
{
    const char *path = getenv("PATH"), *home = getenv("HOME");
    cutover_status status;

    *count = 0;
    status = add_variable(variables, count, "PATH", path != NULL ? path : "/usr/bin:/bin", error);
    if (status == CUTOVER_OK)
        status = add_variable(variables, count, "LC_ALL", "C", error);
    /* libpq looks for client certificates there, as it does in this process. */
    if (status == CUTOVER_OK && home != NULL)
        status = add_variable(variables, count, "HOME", home, error);
    if (status != CUTOVER_OK) {
        child_environment_free(variables, *count);
        *count = 0;
    }
    return status;
}

void child_environment_free(char *variables[CHILD_ENVIRONMENT_MAX], size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(variables[i]);
}

static bool is_secret(const char *keyword)
{
    static const char *const secrets[] = {"sslpassword", "oauth_client_secret", "scram_client_key",
                                          "scram_server_key"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (strcmp(keyword, secrets[i]) == 0)
            return true;
    return false;
}

/* Given by us, or only meant for the process that parsed the string. */
static bool is_ours(const char *keyword)
{
    static const char *const ours[] = {
        "password",        "dbname",  "options",     "application_name", "fallback_application_name",
        "client_encoding", "service", "servicefile", "replication"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(keyword, ours[i]) == 0)
            return true;
    return false;
}

/* A network that is gone is noticed in about a minute, as by our own sessions (EDGE_CASES G9). */
static const struct {
    const char *keyword, *value;
} DEFAULTS[] = {{"gssencmode", "disable"},    {"connect_timeout", "30"},     {"keepalives", "1"},
                {"keepalives_idle", "30"},    {"keepalives_interval", "10"}, {"keepalives_count", "3"},
                {"tcp_user_timeout", "30000"}};

static void add_keyword(struct text *text, const char *keyword, const char *value)
{
    text_add_format(text, "%s='", keyword);
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\'' || *p == '\\')
            text_add(text, "\\");
        text_add_bytes(text, p, 1);
    }
    text_add(text, "' ");
}

static void add_options(struct text *text, const struct conninfo *conninfo, struct pins_server server,
                        const char *settings)
{
    const char *given = conninfo_get(conninfo, "options");
    struct text options = TEXT_INIT;

    pins_add_options(&options, server, given);
    /* While it connects the server would quote stored values that are not valid there, in whatever language: postgres/redact.h
       knows one. */
    text_add_format(&options, " -c client_min_messages=error %s", settings);
    if (conninfo->event_triggers_off)
        text_add(&options, " " EVENT_TRIGGERS_OFF);
    add_keyword(text, "options", text_string(&options));
    text->failed = text->failed || text_failed(&options);
    text_free(&options);
}

/* The format is in libpq's documentation, "The Password File"; one line, for any server. */
static cutover_status write_passfile(const char *folder, const char *password, cutover_error **error)
{
    struct text line = TEXT_INIT;

    if (strpbrk(password, "\r\n") != NULL)
        return error_set(error, CUTOVER_E_UNSUPPORTED,
                         "a password with a line break cannot be given to pg_dump and pg_restore");
    text_add(&line, "*:*:*:*:");
    for (const char *p = password; *p != '\0'; p++) {
        if (*p == ':' || *p == '\\')
            text_add(&line, "\\");
        text_add_bytes(&line, p, 1);
    }
    text_add(&line, "\n");
    cutover_status status = text_failed(&line) ? error_nomem(error)
                                               : folder_write(folder, PASSFILE, line.bytes, line.length, error);
    if (line.bytes != NULL)
        explicit_bzero(line.bytes, line.length);
    text_free(&line);
    return status;
}

static cutover_status build_argument(struct child *child, const struct conninfo *conninfo, const char *database,
                                     struct pins_server server, const char *settings, cutover_error **error)
{
    const char *password = conninfo_get(conninfo, "password");
    struct text text = TEXT_INIT;

    text_add(&text, "--dbname=");
    for (size_t i = 0; i < conninfo->count; i++) {
        const char *keyword = conninfo->keywords[i];
        if (is_ours(keyword) || (password != NULL && strcmp(keyword, "passfile") == 0))
            continue;
        add_keyword(&text, keyword, conninfo_own_value(keyword, conninfo->values[i]));
    }
    add_keyword(&text, "dbname", database != NULL ? database : conninfo_get(conninfo, "dbname"));
    add_keyword(&text, "application_name", APPLICATION_NAME);
    for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS; i++)
        if (conninfo_get(conninfo, DEFAULTS[i].keyword) == NULL)
            add_keyword(&text, DEFAULTS[i].keyword, DEFAULTS[i].value);
    add_options(&text, conninfo, server, settings);
    if (password != NULL) {
        struct text path = TEXT_INIT;
        text_add_format(&path, "%s/" PASSFILE, child->folder);
        add_keyword(&text, "passfile", text_string(&path));
        text.failed = text.failed || text_failed(&path);
        text_free(&path);
    }
    child->database = text_take(&text);
    return child->database != NULL ? CUTOVER_OK : error_nomem(error);
}

cutover_status child_prepare(const char *work_dir, const struct conninfo *conninfo, const char *database,
                             struct pins_server server, const char *settings, struct child *child,
                             cutover_error **error)
{
    const char *password = conninfo_get(conninfo, "password");
    struct child built = {.folder = NULL};

    if (database == NULL && conninfo_get(conninfo, "dbname") == NULL)
        return error_set(error, CUTOVER_E_INVALID, "the connection string names no database");
    for (size_t i = 0; i < conninfo->count; i++) {
        if (!is_secret(conninfo->keywords[i]))
            continue;
        error_set(error, CUTOVER_E_UNSUPPORTED,
                  "%s cannot be given to pg_dump and pg_restore without showing it", conninfo->keywords[i]);
        error_hint(error, "Use a client key without a passphrase, or a password.");
        return CUTOVER_E_UNSUPPORTED;
    }
    cutover_status status = folder_make(work_dir, &built.folder, error);
    if (status != CUTOVER_OK)
        return status;
    if (password != NULL)
        status = write_passfile(built.folder, password, error);
    if (status == CUTOVER_OK)
        status = build_argument(&built, conninfo, database, server, settings, error);
    if (status == CUTOVER_OK)
        status = child_environment(built.variables, &built.variable_count, error);
    if (status == CUTOVER_OK)
        *child = built;
    else
        child_free(&built);
    return status;
}

void child_free(struct child *child)
{
    child_environment_free(child->variables, child->variable_count);
    free(child->database);
    folder_remove(child->folder);
    free(child->folder);
}

/* The first line that reports an error, without the program's name. */
static void first_error(const char *errors, const char *name, struct text *line)
{
    const char *start = strstr(errors, "error: ");

    start = start != NULL ? start + 7 : errors;
    if (strncmp(start, name, strlen(name)) == 0 && start[strlen(name)] == ':')
        start += strlen(name) + 1;
    while (*start == ' ')
        start++;
    size_t length = strcspn(start, "\n");
    text_add_bytes(line, start, length < 500 ? length : 500);
}

static void add_hint(const char *errors, cutover_error **error)
{
    if (strstr(errors, "server version mismatch") != NULL)
        error_hint(error, "Use the pg_dump and pg_restore of the server's major version or a later one.");
    else if (strstr(errors, "password authentication failed") != NULL ||
             strstr(errors, "no password supplied") != NULL)
        error_hint(error, "Check user and password of the connection string.");
    else if (strstr(errors, "does not exist") != NULL)
        error_hint(error,
                   "While pg_restore works search_path is empty: functions that indexes, constraints and "
                   "generated columns use must name schemas, or SET search_path themselves.");
    else if (strstr(errors, "permission denied") != NULL || strstr(errors, "must be ") != NULL)
        error_hint(error, "Give the role that the library connects as the privilege that is named, or let a "
                          "superuser run it.");
}

static cutover_status child_failed(const char *name, int exit_status, const struct text *errors,
                                   cutover_error **error)
{
    struct text detail = TEXT_INIT, line = TEXT_INIT;

    redact(&detail, text_string(errors), name);
    first_error(text_string(&detail), name, &line);
    error_set(error, CUTOVER_E_POSTGRES, "%s failed (exit status %d): %s", name, exit_status,
              text_string(&line)[0] != '\0' ? text_string(&line) : "it said nothing");
    if (detail.length > 0)
        error_detail(error, "%.*s", (int)DETAIL_LIMIT, text_string(&detail));
    add_hint(text_string(&detail), error);
    text_free(&line);
    text_free(&detail);
    return CUTOVER_E_POSTGRES;
}

/* What it had said when it was ended. */
static void detail_set(const char *name, const struct text *errors, cutover_error **error)
{
    struct text detail = TEXT_INIT;

    redact(&detail, text_string(errors), name);
    error_detail(error, "%.*s", (int)DETAIL_LIMIT, text_string(&detail));
    text_free(&detail);
}

cutover_status child_run(const struct child *child, const char *name, const char *const *arguments,
                         const struct cancel *cancel, cutover_error **error)
{
    const char *environment[CHILD_ENVIRONMENT_MAX + 1] = {NULL};
    struct text errors = TEXT_INIT;
    int exit_status = -1;

    for (size_t i = 0; i < child->variable_count; i++)
        environment[i] = child->variables[i];
    struct process process = {
        .program = arguments[0], .arguments = arguments, .environment = environment, .cancel = cancel};
    cutover_status status = process_run(&process, &exit_status, NULL, &errors, error);
    if (status != CUTOVER_OK && errors.length > 0)
        detail_set(name, &errors, error);
    else if (status == CUTOVER_OK && exit_status != 0)
        status = child_failed(name, exit_status, &errors, error);
    text_free(&errors);
    return status;
}
