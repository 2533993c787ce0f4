#include "postgres/conninfo.h"

#include "base/text.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

/* A gssencmode that libpq refuses after it has filled every keyword and before it does anything else. */
#define REFUSED_MODE "not-a-mode"

static void wipe_options(PQconninfoOption *options)
{
    if (options == NULL)
        return;
    for (PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val != NULL)
            explicit_bzero(option->val, strlen(option->val));
    }
    PQconninfoFree(options);
}

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0)
            return options->val != NULL && options->val[0] != '\0' ? options->val : NULL;
    }
    return NULL;
}

/* libpq's own message is not passed on: it quotes pieces of the string, which may be of the password. */
static cutover_status parse_string(const char *field, const char *string, PQconninfoOption **options,
                                   cutover_error **error)
{
    char *message = NULL;

    if (string == NULL)
        return error_set(error, CUTOVER_E_INVALID, "%s: required", field);
    errno = 0;
    *options = PQconninfoParse(string, &message);
    bool starved = *options == NULL && (message == NULL || errno == ENOMEM);
    PQfreemem(message);
    if (starved)
        return error_nomem(error);
    if (*options != NULL)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_INVALID, "%s is not a connection string that libpq understands", field);
    error_hint(error,
               "Use \"host=... port=... user=... dbname=...\" or postgresql://USER@HOST:PORT/DATABASE; quote "
               "or percent-encode special characters.");
    return CUTOVER_E_INVALID;
}

/* Everything that a connection would be made with: the string, then its service, then the environment, then libpq's
   defaults. Only libpq knows how, and shows it on a connection object; this one is refused before it connects. */
static cutover_status fill_defaults(const char *field, const PQconninfoOption *given, PQconninfoOption **filled,
                                    cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    const char **keywords, **values;
    size_t count = 0, used = 0;
    PGconn *probe;

    while (given[count].keyword != NULL)
        count++;
    keywords = calloc(2 * (count + 2), sizeof *keywords);
    if (keywords == NULL)
        return error_nomem(error);
    values = keywords + count + 2;
    for (size_t i = 0; i < count; i++) {
        if (given[i].val == NULL || strcmp(given[i].keyword, "gssencmode") == 0)
            continue;
        keywords[used] = given[i].keyword;
        values[used++] = given[i].val;
    }
    keywords[used] = "gssencmode";
    values[used] = REFUSED_MODE;
    /* Out of memory shows in errno: the message may be a translated one or quote the string, and PQconninfo() leaves
       out what it has no memory for, without a word; the host, say. */
    errno = 0;
    probe = PQconnectStartParams(keywords, values, 0);
    free(keywords);
    *filled = probe != NULL ? PQconninfo(probe) : NULL;
    if (*filled == NULL || errno == ENOMEM) {
        status = error_nomem(error);
        wipe_options(*filled);
        *filled = NULL;
    } else if (option_value(*filled, "gssencmode") == NULL) {
        status = error_set(error, CUTOVER_E_INVALID, "%s: the service that it names cannot be used", field);
        error_detail(error, "%s", PQerrorMessage(probe));
        wipe_options(*filled);
        *filled = NULL;
    }
    PQfinish(probe);
    return status;
}

static void forget(char *value)
{
    if (value == NULL)
        return;
    explicit_bzero(value, strlen(value));
    free(value);
}

/* Room for one more entry and the terminator. */
static bool grow(struct conninfo *conninfo)
{
    char **grown = realloc(conninfo->keywords, (conninfo->count + 2) * sizeof *grown);

    if (grown == NULL)
        return false;
    conninfo->keywords = grown;
    grown = realloc(conninfo->values, (conninfo->count + 2) * sizeof *grown);
    if (grown == NULL)
        return false;
    conninfo->values = grown;
    return true;
}

static cutover_status find(const struct conninfo *conninfo, const char *keyword, size_t *index)
{
    for (size_t i = 0; i < conninfo->count; i++) {
        if (strcmp(conninfo->keywords[i], keyword) == 0) {
            *index = i;
            return CUTOVER_OK;
        }
    }
    return CUTOVER_E_NOT_FOUND;
}

static void remove_at(struct conninfo *conninfo, size_t index)
{
    free(conninfo->keywords[index]);
    forget(conninfo->values[index]);
    conninfo->count--;
    /* The terminators move down with the rest. */
    for (size_t i = index; i <= conninfo->count; i++) {
        conninfo->keywords[i] = conninfo->keywords[i + 1];
        conninfo->values[i] = conninfo->values[i + 1];
    }
}

static cutover_status append(struct conninfo *conninfo, const char *keyword, const char *value,
                             cutover_error **error)
{
    char *name = strdup(keyword), *copy = strdup(value);

    if (name == NULL || copy == NULL || !grow(conninfo)) {
        free(name);
        forget(copy);
        return error_nomem(error);
    }
    conninfo->keywords[conninfo->count] = name;
    conninfo->values[conninfo->count] = copy;
    conninfo->count++;
    conninfo->keywords[conninfo->count] = NULL;
    conninfo->values[conninfo->count] = NULL;
    return CUTOVER_OK;
}

cutover_status conninfo_set(struct conninfo *conninfo, const char *keyword, const char *value,
                            cutover_error **error)
{
    char *copy;
    size_t index;

    if (strcmp(keyword, "user") == 0)
        conninfo->event_triggers_off = false;
    if (find(conninfo, keyword, &index) != CUTOVER_OK)
        return value != NULL ? append(conninfo, keyword, value, error) : CUTOVER_OK;
    if (value == NULL) {
        remove_at(conninfo, index);
        return CUTOVER_OK;
    }
    copy = strdup(value);
    if (copy == NULL)
        return error_nomem(error);
    forget(conninfo->values[index]);
    conninfo->values[index] = copy;
    return CUTOVER_OK;
}

/* Whether both say the same for each keyword up to a NULL. */
static bool agree(const struct conninfo *one, const struct conninfo *other, const char *const *keywords)
{
    for (size_t i = 0; keywords[i] != NULL; i++) {
        const char *here = conninfo_get(one, keywords[i]), *there = conninfo_get(other, keywords[i]);
        if ((here == NULL) != (there == NULL) || (here != NULL && strcmp(here, there) != 0))
            return false;
    }
    return true;
}

bool conninfo_same_login(const struct conninfo *one, const struct conninfo *other)
{
    return agree(one, other, (const char *const[]){"host", "hostaddr", "port", "user", NULL});
}

bool conninfo_same_database(const struct conninfo *one, const struct conninfo *other)
{
    return agree(one, other, (const char *const[]){"host", "hostaddr", "port", "dbname", NULL});
}

const char *conninfo_get(const struct conninfo *conninfo, const char *keyword)
{
    size_t index;

    return find(conninfo, keyword, &index) == CUTOVER_OK ? conninfo->values[index] : NULL;
}

const char *conninfo_own_value(const char *keyword, const char *value)
{
    if (strcmp(keyword, "target_session_attrs") != 0)
        return value;
    if (strcmp(value, "read-write") == 0)
        return "primary";
    return strcmp(value, "read-only") == 0 ? "prefer-standby" : value;
}

/* gssencmode counts as given only when somebody gave it: libpq's default is not what we want (EDGE_CASES G8). */
static cutover_status take_gssencmode(const PQconninfoOption *given, struct conninfo *conninfo,
                                      cutover_error **error)
{
    const char *value = option_value(given, "gssencmode");

    if (value == NULL)
        value = getenv("PGGSSENCMODE");
    return conninfo_set(conninfo, "gssencmode", value != NULL && value[0] != '\0' ? value : NULL, error);
}

static bool is_one_of(const char *keyword, const char *const list[])
{
    while (*list != NULL && strcmp(*list, keyword) != 0)
        list++;
    return *list != NULL;
}

/* Where a connection leads to is what the string says, and nothing around us. NULL: nothing. */
static const char *value_to_take(const PQconninfoOption *given, const PQconninfoOption *filled)
{
    static const char *const leading[] = {"host", "hostaddr", "dbname", "port", NULL};
    static const char *const used_up[] = {"service", "servicefile", NULL};

    if (is_one_of(filled->keyword, used_up))
        return NULL;
    if (!is_one_of(filled->keyword, leading))
        return filled->val;
    const char *value = option_value(given, filled->keyword);
    return value == NULL && strcmp(filled->keyword, "port") == 0 ? filled->compiled : value;
}

static cutover_status collect(const PQconninfoOption *given, const PQconninfoOption *filled,
                              struct conninfo *conninfo, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (!grow(conninfo))
        return error_nomem(error);
    conninfo->keywords[0] = NULL;
    conninfo->values[0] = NULL;
    for (; filled->keyword != NULL && status == CUTOVER_OK; filled++) {
        const char *value = value_to_take(given, filled);
        if (value != NULL && value[0] != '\0')
            status = append(conninfo, filled->keyword, value, error);
    }
    if (status == CUTOVER_OK)
        status = take_gssencmode(given, conninfo, error);
    return status;
}

cutover_status conninfo_check(const char *field, const char *string, enum conninfo_part part,
                              cutover_error **error)
{
    PQconninfoOption *given = NULL;
    cutover_status status = parse_string(field, string, &given, error);

    if (status != CUTOVER_OK)
        return status;
    const char *missing = NULL;
    if (option_value(given, "host") == NULL && option_value(given, "hostaddr") == NULL)
        missing = "host";
    else if (part == CONNINFO_DATABASE && option_value(given, "dbname") == NULL)
        missing = "dbname";
    wipe_options(given);
    if (missing == NULL)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_INVALID, "%s names no %s", field, missing);
    error_hint(error,
               "Write %s into the connection string itself, as in \"host=... port=... dbname=... user=...\" (a "
               "host may be the "
               "folder of the server's socket): no variable, service file or default of libpq chooses what is "
               "overwritten.",
               missing);
    return CUTOVER_E_INVALID;
}

/* libpq takes an address from the environment or a service file at every connection, and has no value that says "none". */
static cutover_status check_address(const char *field, const PQconninfoOption *given,
                                    const PQconninfoOption *filled, cutover_error **error)
{
    if (option_value(filled, "hostaddr") == NULL || option_value(given, "hostaddr") != NULL)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_INVALID, "%s would lead to the address in PGHOSTADDR or a service file", field);
    error_hint(error, "Unset PGHOSTADDR and take hostaddr out of the service, or write hostaddr into %s.",
               field);
    return CUTOVER_E_INVALID;
}

cutover_status conninfo_parse(const char *field, const char *string, struct conninfo *conninfo,
                              cutover_error **error)
{
    PQconninfoOption *given = NULL, *filled = NULL;
    struct conninfo built = {0};
    cutover_status status = parse_string(field, string, &given, error);

    if (status == CUTOVER_OK)
        status = fill_defaults(field, given, &filled, error);
    if (status == CUTOVER_OK)
        status = check_address(field, given, filled, error);
    if (status == CUTOVER_OK)
        status = collect(given, filled, &built, error);
    if (status == CUTOVER_OK)
        *conninfo = built;
    else
        conninfo_free(&built);
    wipe_options(filled);
    wipe_options(given);
    return status;
}

cutover_status conninfo_copy(const struct conninfo *from, struct conninfo *to, cutover_error **error)
{
    struct conninfo built = {0};

    if (!grow(&built)) {
        conninfo_free(&built);
        return error_nomem(error);
    }
    built.keywords[0] = NULL;
    built.values[0] = NULL;
    for (size_t i = 0; i < from->count; i++) {
        if (append(&built, from->keywords[i], from->values[i], error) != CUTOVER_OK) {
            conninfo_free(&built);
            return CUTOVER_E_NOMEM;
        }
    }
    built.event_triggers_off = from->event_triggers_off;
    *to = built;
    return CUTOVER_OK;
}

void conninfo_free(struct conninfo *conninfo)
{
    if (conninfo == NULL)
        return;
    for (size_t i = 0; i < conninfo->count; i++) {
        free(conninfo->keywords[i]);
        forget(conninfo->values[i]);
    }
    free(conninfo->keywords);
    free(conninfo->values);
    *conninfo = (struct conninfo){0};
}
