#include "postgres/preflight/preflight.h"

#include "postgres/preflight/checks.h"
#include "postgres/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_MAX 20

bool preflight_same_server(const struct preflight_servers *servers)
{
    return strcmp(servers->production->system_identifier, servers->preview->system_identifier) == 0;
}

/* The first column's values, comma-separated. */
static void add_names(struct text *names, const PGresult *result)
{
    int count = PQntuples(result), named = count < NAMED_MAX ? count : NAMED_MAX;

    for (int row = 0; row < named; row++)
        text_add_format(names, "%s%s", row > 0 ? ", " : "", PQgetvalue(result, row, 0));
    if (count > named)
        text_add_format(names, " and %d more", count - named);
}

cutover_status preflight_list(struct session *session, const struct preflight_listing *listing, int count,
                              const char *const *parameters, struct findings *findings, cutover_error **error)
{
    struct text names = TEXT_INIT;
    PGresult *result = NULL;
    cutover_status status = session_query(session, listing->sql, count, parameters, &result, error);

    if (status != CUTOVER_OK)
        return status;
    add_names(&names, result);
    if (text_failed(&names))
        status = error_nomem(error);
    else if (PQntuples(result) > 0)
        findings_add(findings, listing->severity, listing->name, listing->hint, "%s: %s", listing->found,
                     text_string(&names));
    else if (listing->ok != NULL)
        findings_add(findings, CUTOVER_SEVERITY_OK, listing->name, NULL, "%s", listing->ok);
    text_free(&names);
    PQclear(result);
    return status;
}

static cutover_status run_listing(const struct preflight_servers *servers,
                                  const struct preflight_listing *listing, struct findings *findings,
                                  cutover_error **error)
{
    struct session *const sessions[] = {servers->production, servers->control, servers->preview};
    char oid[16];

    snprintf(oid, sizeof oid, "%u", servers->production->database_oid);
    return preflight_list(sessions[listing->side], listing, strstr(listing->sql, "$1") != NULL ? 1 : 0,
                          (const char *const[]){oid}, findings, error);
}

static cutover_status run_need(const struct preflight_servers *servers, const struct preflight_need *need,
                               struct findings *findings, cutover_error **error)
{
    const struct preflight_listing listing = {.name = need->name,
                                              .severity = need->severity,
                                              .sql = need->production_sql,
                                              .ok = need->ok,
                                              .found = need->found,
                                              .hint = need->hint};
    char *names = NULL;
    cutover_status status = session_value(servers->preview, need->preview_sql, 0, NULL, &names, error);

    if (status == CUTOVER_OK)
        status = preflight_list(servers->production, &listing, 1,
                                (const char *const[]){names != NULL ? names : "{}"}, findings, error);
    free(names);
    return status;
}

/* Which entries of the tables are asked: those that have all flags of `with`, and none of `without`. */
struct choice {
    unsigned with, without;
    bool strict; /* the first that cannot be asked is an error, not a finding */
};

/* A check that could not be made blocks: it was not passed. What concerns this process ends the preflight. */
static cutover_status settle(cutover_status status, const char *name, cutover_error *failure, bool strict,
                             struct findings *findings, cutover_error **error)
{
    if (status == CUTOVER_OK)
        return CUTOVER_OK;
    if (strict || status == CUTOVER_E_CANCELLED || status == CUTOVER_E_NOMEM || status == CUTOVER_E_INTERNAL) {
        error_move(error, failure);
        return status;
    }
    const char *hint = cutover_error_hint(failure);
    findings_add(findings, CUTOVER_SEVERITY_BLOCK, name,
                 hint != NULL ? hint : "Look at the server's log, and at what our role may do there.",
                 "could not be checked: %s", cutover_error_message(failure));
    cutover_error_free(failure);
    return CUTOVER_OK;
}

static bool chosen(struct choice choice, unsigned flags)
{
    return (flags & choice.with) == choice.with && (flags & choice.without) == 0;
}

static cutover_status run_checks(const struct preflight_servers *servers, const struct preflight_check *check,
                                 struct choice choice, struct findings *findings, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (; status == CUTOVER_OK && check->name != NULL; check++) {
        cutover_error *failure = NULL;
        if (!chosen(choice, check->flags))
            continue;
        status = check->run(servers, check->name, findings, &failure);
        status = settle(status, check->name, failure, choice.strict, findings, error);
    }
    return status;
}

static cutover_status run_listings(const struct preflight_servers *servers, struct choice choice,
                                   struct findings *findings, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (const struct preflight_listing *listing = preflight_listings;
         status == CUTOVER_OK && listing->name != NULL; listing++) {
        unsigned flags = listing->flags | (listing->side == SIDE_PREVIEW ? ASK_WITH_PREVIEW : ASK_ONCE);
        cutover_error *failure = NULL;
        if (!chosen(choice, flags))
            continue;
        status = run_listing(servers, listing, findings, &failure);
        status = settle(status, listing->name, failure, choice.strict, findings, error);
    }
    return status;
}

/* Everything but what two databases need of each other. */
static cutover_status run_all(const struct preflight_servers *servers, struct choice choice,
                              struct findings *findings, cutover_error **error)
{
    cutover_status status = run_checks(servers, preflight_server_checks, choice, findings, error);

    if (status == CUTOVER_OK)
        status = run_checks(servers, preflight_access_checks, choice, findings, error);
    if (status == CUTOVER_OK)
        status = run_checks(servers, preflight_rights_checks, choice, findings, error);
    if (status == CUTOVER_OK)
        status = run_checks(servers, preflight_event_trigger_checks, choice, findings, error);
    if (status == CUTOVER_OK)
        status = run_listings(servers, choice, findings, error);
    if (status == CUTOVER_OK)
        status = run_checks(servers, preflight_kept_rows_checks, choice, findings, error);
    return status;
}

static bool applies(const struct preflight_servers *servers, const struct preflight_need *need)
{
    bool within =
        postgres_major(servers->production->server_version) == postgres_major(servers->preview->server_version);

    return need->when == NEED_ALWAYS || (need->when == NEED_WITHIN_MAJOR) == within;
}

static cutover_status run_needs(const struct preflight_servers *servers, struct findings *findings,
                                cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (const struct preflight_need *need = preflight_needs; status == CUTOVER_OK && need->name != NULL;
         need++) {
        cutover_error *failure = NULL;
        if (!applies(servers, need))
            continue;
        status = run_need(servers, need, findings, &failure);
        status = settle(status, need->name, failure, false, findings, error);
    }
    return status;
}

cutover_status preflight_again(struct session *production, bool fenced, struct findings *findings,
                               cutover_error **error)
{
    const struct preflight_servers servers = {.production = production};
    const struct choice choice = {.with = ASK_AGAIN, .without = fenced ? 0 : COMES_AND_GOES, .strict = true};

    return run_all(&servers, choice, findings, error);
}

cutover_status preflight_last(struct session *production, struct findings *findings, cutover_error **error)
{
    const struct preflight_servers servers = {.production = production};

    return run_listings(&servers, (struct choice){.with = ASK_LAST, .strict = true}, findings, error);
}

/* Which database this is, for whoever decides whether it is the right one. */
static struct json_object *identity(const struct session *session)
{
    struct json_object *object = json_object_new_object();

    if (object != NULL) {
        json_put_text(object, "address", preflight_address(session));
        json_put_text(object, "port", PQport(session->connection));
        json_put_text(object, "system_identifier", session->system_identifier);
        json_put_text(object, "database", session->database);
        json_put_int(object, "oid", session->database_oid);
    }
    return object;
}

static cutover_status identify(const struct preflight_servers *servers, struct findings *findings,
                               cutover_error **error)
{
    findings->production = identity(servers->production);
    findings->preview = servers->preview != NULL ? identity(servers->preview) : NULL;
    if (findings->production == NULL || (findings->preview == NULL && servers->preview != NULL))
        return error_nomem(error);
    return CUTOVER_OK;
}

const char *preflight_address(const struct session *session)
{
    const char *address = PQhostaddr(session->connection);

    return address != NULL && address[0] != '\0' ? address : PQhost(session->connection);
}

cutover_status preflight_servers(const struct preflight_servers *asked, struct findings *findings,
                                 cutover_error **error)
{
    struct preflight_servers servers = *asked;
    struct choice choice = {0};
    bool alone = asked->preview == NULL;

    /* What asks both sides about themselves asks production twice. */
    if (alone) {
        servers.preview = servers.production;
        servers.preview_at = servers.production_at;
        choice.without = ASK_WITH_PREVIEW;
    }
    cutover_status status = identify(asked, findings, error);
    if (status == CUTOVER_OK)
        status = run_all(&servers, choice, findings, error);
    if (status == CUTOVER_OK && !alone)
        status = run_needs(&servers, findings, error);
    if (status == CUTOVER_OK && findings->failed)
        status = error_nomem(error);
    return status;
}
