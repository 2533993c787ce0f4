#include "postgres/swap/door.h"

#include "base/clock.h"
#include "postgres/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STARTING "starting session"
#define AUTOVACUUM "autovacuum worker"
#define NAMED_MAX 10

/* Asked before pg_stat_activity: a session leaves the one only after it has entered the other. */
static const char starting_sql[] =
    "SELECT array_agg(DISTINCT pid) FROM pg_locks"
    " WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND objid = $1::oid"
    "   AND pid <> pg_backend_pid()";

/* Without pg_read_all_stats backend_type is NULL for others; only autovacuum workers have no user then. The rules of
   can_end are those of pg_signal_backend(). A row of a starting session has no datid (18) or does not exist (15 to 17). */
static const char inside_sql[] =
    "SELECT a.pid, coalesce(a.backend_type,"
    "         CASE WHEN a.usesysid IS NULL THEN 'autovacuum worker' ELSE 'client backend' END),"
    "       coalesce(a.application_name, ''), coalesce(a.usename, ''), coalesce(a.state, ''),"
    "       me.rolsuper"
    "         OR coalesce(NOT r.rolsuper AND (pg_has_role(r.oid, 'USAGE')"
    "                                         OR pg_has_role('pg_signal_backend', 'USAGE')), false)"
    "         OR (a.usesysid IS NULL AND EXISTS (SELECT 1 FROM pg_roles v"
    "               WHERE v.rolname = 'pg_signal_autovacuum_worker' AND pg_has_role(v.oid, 'USAGE'))),"
    "       a.datid = $1::oid, a.datid IS NULL"
    "  FROM pg_stat_activity a"
    "  LEFT JOIN pg_roles r ON r.oid = a.usesysid"
    "  JOIN pg_roles me ON me.rolname = current_user"
    " WHERE (a.datid = $1::oid OR a.pid = ANY ($2::int[])) AND a.pid <> pg_backend_pid()"
    " ORDER BY a.pid";

static const char end_sql[] = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                              " WHERE datid = $1::oid AND pid = ANY ($2::int[])";

struct pids {
    int *list;
    size_t count;
};

static bool pids_have(const int *list, size_t count, int pid)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == pid)
            return true;
    return false;
}

static cutover_status pids_add(struct pids *pids, int pid, cutover_error **error)
{
    int *list = realloc(pids->list, (pids->count + 1) * sizeof *list);
    if (list == NULL)
        return error_nomem(error);
    pids->list = list;
    pids->list[pids->count++] = pid;
    return CUTOVER_OK;
}

static void visitor_free(struct visitor *visitor)
{
    free(visitor->backend_type);
    free(visitor->application);
    free(visitor->user);
    free(visitor->state);
}

void visitors_free(struct visitors *visitors)
{
    for (size_t i = 0; i < visitors->count; i++)
        visitor_free(&visitors->list[i]);
    free(visitors->list);
    visitors->list = NULL;
    visitors->count = 0;
}

static cutover_status visitor_add(struct visitors *visitors, int pid, const char *type, const char *application,
                                  const char *user, const char *state, bool can_end, cutover_error **error)
{
    struct visitor visitor = {.pid = pid, .can_end = can_end};
    struct visitor *list;

    visitor.ours = strcmp(application, APPLICATION_NAME) == 0;
    visitor.backend_type = strdup(type);
    visitor.application = strdup(application);
    visitor.user = strdup(user);
    visitor.state = strdup(state);
    list = realloc(visitors->list, (visitors->count + 1) * sizeof *list);
    if (list != NULL)
        visitors->list = list;
    if (list == NULL || visitor.backend_type == NULL || visitor.application == NULL || visitor.user == NULL ||
        visitor.state == NULL) {
        visitor_free(&visitor);
        return error_nomem(error);
    }
    visitors->list[visitors->count++] = visitor;
    return CUTOVER_OK;
}

/* Adds the lock holders ("{1,2}") that are not yet anybody in pg_stat_activity. */
static cutover_status add_starting(struct visitors *visitors, const char *holders, const struct pids *known,
                                   cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    const char *at = holders;

    while (status == CUTOVER_OK && *at != '\0') {
        char *end;
        long pid = strtol(at, &end, 10);
        if (end == at) {
            at++;
            continue;
        }
        at = end;
        if (!pids_have(known->list, known->count, (int)pid))
            status = visitor_add(visitors, (int)pid, STARTING, "", "", "", true, error);
    }
    return status;
}

static cutover_status add_rows(struct visitors *visitors, struct pids *known, const PGresult *result,
                               cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (int row = 0; status == CUTOVER_OK && row < PQntuples(result); row++) {
        int pid = (int)result_int(result, row, 0);
        if (result_bool(result, row, 7))
            continue;
        status = pids_add(known, pid, error);
        if (status == CUTOVER_OK && result_bool(result, row, 6))
            status = visitor_add(visitors, pid, result_text(result, row, 1), result_text(result, row, 2),
                                 result_text(result, row, 3), result_text(result, row, 4),
                                 result_bool(result, row, 5), error);
    }
    return status;
}

/* Everybody inside, parallel workers and starting sessions too. */
static cutover_status look(struct session *control, uint32_t database_oid, struct visitors *visitors,
                           cutover_error **error)
{
    struct visitors found = {NULL, 0};
    struct pids known = {NULL, 0};
    PGresult *result = NULL;
    char oid[16];
    char *holders = NULL;
    cutover_status status;

    snprintf(oid, sizeof oid, "%u", database_oid);
    status = session_value(control, starting_sql, 1, (const char *const[]){oid}, &holders, error);
    if (status == CUTOVER_OK)
        status = session_query(control, inside_sql, 2,
                               (const char *const[]){oid, holders == NULL ? "{}" : holders}, &result, error);
    if (status == CUTOVER_OK)
        status = add_rows(&found, &known, result, error);
    if (status == CUTOVER_OK && holders != NULL)
        status = add_starting(&found, holders, &known, error);
    PQclear(result);
    if (status == CUTOVER_OK)
        *visitors = found;
    else
        visitors_free(&found);
    free(known.list);
    free(holders);
    return status;
}

/* Keeps those that `stays` says yes to. */
static void visitors_keep(struct visitors *visitors, bool (*stays)(const struct visitor *, const void *),
                          const void *context)
{
    size_t kept = 0;

    for (size_t i = 0; i < visitors->count; i++) {
        if (stays(&visitors->list[i], context))
            visitors->list[kept++] = visitors->list[i];
        else
            visitor_free(&visitors->list[i]);
    }
    visitors->count = kept;
}

static bool is_not_parallel_worker(const struct visitor *visitor, const void *context)
{
    (void)context;
    return strcmp(visitor->backend_type, "parallel worker") != 0;
}

cutover_status door_visitors(struct session *control, uint32_t database_oid, struct visitors *visitors,
                             cutover_error **error)
{
    cutover_status status = look(control, database_oid, visitors, error);

    if (status == CUTOVER_OK)
        visitors_keep(visitors, is_not_parallel_worker, NULL);
    return status;
}

static cutover_status door_set(struct session *control, const char *database, bool open, cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_status status;

    if (strcmp(control->database, database) == 0)
        return error_set(error, CUTOVER_E_INVALID,
                         "the door of database \"%s\" cannot be moved by a session inside of it", database);
    text_add(&sql, "ALTER DATABASE ");
    quote_identifier(&sql, database);
    text_add(&sql, open ? " ALLOW_CONNECTIONS true" : " ALLOW_CONNECTIONS false");
    status = text_failed(&sql) ? error_nomem(error) : session_run(control, text_string(&sql), error);
    text_free(&sql);
    return status;
}

cutover_status door_close(struct session *control, const char *database, cutover_error **error)
{
    return door_set(control, database, false, error);
}

cutover_status door_open(struct session *control, const char *database, cutover_error **error)
{
    return door_set(control, database, true, error);
}

/* "pid 12 (client backend, user app, application psql)", comma-separated, at most NAMED_MAX. */
static void visitors_name(const struct visitors *visitors, struct text *names)
{
    for (size_t i = 0; i < visitors->count && i < NAMED_MAX; i++) {
        const struct visitor *visitor = &visitors->list[i];
        text_add_format(names, "%spid %d (%s", names->length > 0 ? ", " : "", visitor->pid,
                        visitor->backend_type);
        if (visitor->user[0] != '\0')
            text_add_format(names, ", user %s", visitor->user);
        if (visitor->application[0] != '\0')
            text_add_format(names, ", application %s", visitor->application);
        text_add(names, ")");
    }
    if (visitors->count > NAMED_MAX)
        text_add_format(names, " and %zu more", visitors->count - NAMED_MAX);
}

struct target {
    const int *keep;
    size_t keep_count;
    bool clients_only;
    const struct pids *first; /* who was inside at the first look; NULL before it */
};

static bool is_client(const struct visitor *visitor)
{
    return strcmp(visitor->backend_type, "client backend") == 0 ||
           strcmp(visitor->backend_type, "walsender") == 0 || strcmp(visitor->backend_type, STARTING) == 0;
}

static bool is_target(const struct visitor *visitor, const void *context)
{
    const struct target *target = context;

    bool starting = strcmp(visitor->backend_type, STARTING) == 0;
    bool at_first = target->first == NULL || pids_have(target->first->list, target->first->count, visitor->pid);

    if (pids_have(target->keep, target->keep_count, visitor->pid))
        return false;
    if ((starting || target->clients_only) && !at_first)
        return false;
    if (target->clients_only)
        return is_client(visitor);
    return visitor->can_end || strcmp(visitor->backend_type, AUTOVACUUM) != 0;
}

static bool cannot_be_ended(const struct visitor *visitor, const void *context)
{
    (void)context;
    return !visitor->can_end;
}

/* Signals who was not signalled before. */
static cutover_status end_new(struct session *control, uint32_t database_oid, const struct visitors *visitors,
                              struct pids *signalled, uint32_t *ended, cutover_error **error)
{
    struct text list = TEXT_INIT;
    PGresult *result = NULL;
    cutover_status status = CUTOVER_OK;
    char oid[16];

    for (size_t i = 0; status == CUTOVER_OK && i < visitors->count; i++) {
        const struct visitor *visitor = &visitors->list[i];
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what visitors_keep freed is not among them */
        if (strcmp(visitor->backend_type, STARTING) == 0 ||
            pids_have(signalled->list, signalled->count, visitor->pid))
            continue;
        text_add_format(&list, "%s%d", list.length > 0 ? "," : "{", visitor->pid);
        status = pids_add(signalled, visitor->pid, error);
        *ended += !visitor->ours;
    }
    if (status == CUTOVER_OK && list.length > 0) {
        text_add(&list, "}");
        snprintf(oid, sizeof oid, "%u", database_oid);
        status = text_failed(&list)
                     ? error_nomem(error)
                     : session_query(control, end_sql, 2, (const char *const[]){oid, text_string(&list)},
                                     &result, error);
        PQclear(result);
    }
    text_free(&list);
    return status;
}

static cutover_status stayed(const struct visitors *visitors, bool not_allowed, cutover_error **error)
{
    struct text names = TEXT_INIT;

    visitors_name(visitors, &names);
    if (not_allowed) {
        error_set(error, CUTOVER_E_POSTGRES, "our role may not end: %s", text_string(&names));
        error_hint(error, "Disconnect these sessions, or connect as a superuser or as a member of "
                          "pg_signal_backend (a superuser's session can only be ended by a superuser).");
    } else {
        error_set(error, CUTOVER_E_POSTGRES, "did not end in time: %s", text_string(&names));
        error_hint(error, "Stop what starts or holds these sessions, then try again.");
    }
    text_free(&names);
    return CUTOVER_E_POSTGRES;
}

/* Those of the targets that our role may not end, if any, are the answer. */
static cutover_status check_can_end(struct visitors *visitors, cutover_error **error)
{
    for (size_t i = 0; i < visitors->count; i++) {
        if (!visitors->list[i].can_end) {
            visitors_keep(visitors, cannot_be_ended, NULL);
            return stayed(visitors, true, error);
        }
    }
    return CUTOVER_OK;
}

struct emptying {
    struct session *control;
    uint32_t database_oid;
    struct target target;
    struct pids first, signalled;
    uint32_t ended; /* of others than us */
};

/* One round: *left false when none of the targets is inside any more. */
static cutover_status empty_once(struct emptying *emptying, bool late, bool *left, cutover_error **error)
{
    struct target *target = &emptying->target;
    struct visitors visitors = {NULL, 0};
    cutover_status status = look(emptying->control, emptying->database_oid, &visitors, error);

    if (status != CUTOVER_OK)
        return status;
    visitors_keep(&visitors, is_target, target);
    *left = visitors.count > 0;
    if (target->first == NULL) {
        for (size_t i = 0; status == CUTOVER_OK && i < visitors.count; i++)
            status = pids_add(&emptying->first, visitors.list[i].pid, error);
        target->first = &emptying->first;
    }
    if (status == CUTOVER_OK)
        status = check_can_end(&visitors, error);
    if (status == CUTOVER_OK && *left && late)
        status = stayed(&visitors, false, error);
    if (status == CUTOVER_OK)
        status = end_new(emptying->control, emptying->database_oid, &visitors, &emptying->signalled,
                         &emptying->ended, error);
    visitors_free(&visitors);
    return status;
}

cutover_status door_empty(struct session *control, uint32_t database_oid, const int *keep, size_t keep_count,
                          bool clients_only, int64_t timeout_ms, uint32_t *ended, cutover_error **error)
{
    struct emptying emptying = {
        .control = control,
        .database_oid = database_oid,
        .target = {.keep = keep, .keep_count = keep_count, .clients_only = clients_only}};
    int64_t deadline = monotonic_us() + timeout_ms * 1000;
    cutover_status status;
    bool left = true;

    for (int round = 0;; round++) {
        status = empty_once(&emptying, monotonic_us() >= deadline, &left, error);
        if (status != CUTOVER_OK || !left)
            break;
        status = cancel_sleep(control->cancel, round < 50 ? 1 : 20, error);
        if (status != CUTOVER_OK)
            break;
    }
    if (status == CUTOVER_OK && ended != NULL)
        *ended = emptying.ended;
    free(emptying.first.list);
    free(emptying.signalled.list);
    return status;
}

static bool is_settled(const struct visitor *visitor, const void *context)
{
    (void)context;
    return strcmp(visitor->backend_type, STARTING) != 0 && strcmp(visitor->backend_type, AUTOVACUUM) != 0;
}

cutover_status door_prepared(struct session *control, uint32_t database_oid, char **gids, cutover_error **error)
{
    char oid[16];

    snprintf(oid, sizeof oid, "%u", database_oid);
    return session_value(control,
                         "SELECT string_agg(format('%s of %I', p.gid, p.owner), ', ' ORDER BY p.gid)"
                         "  FROM pg_prepared_xacts p JOIN pg_database d ON d.datname = p.database"
                         " WHERE d.oid = $1::oid",
                         1, (const char *const[]){oid}, gids, error);
}

cutover_status door_inside(struct session *control, uint32_t database_oid, char **who, cutover_error **error)
{
    struct visitors visitors = {NULL, 0};
    struct text names = TEXT_INIT;
    char *gids = NULL;

    cutover_status status = look(control, database_oid, &visitors, error);
    if (status != CUTOVER_OK)
        return status;
    visitors_keep(&visitors, is_settled, NULL);
    status = door_prepared(control, database_oid, &gids, error);
    visitors_name(&visitors, &names);
    if (gids != NULL)
        text_add_format(&names, "%sprepared transactions %s", names.length > 0 ? ", " : "", gids);
    if (status == CUTOVER_OK && text_failed(&names))
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        *who = names.length > 0 ? text_take(&names) : NULL;
    text_free(&names);
    free(gids);
    visitors_free(&visitors);
    return status;
}
