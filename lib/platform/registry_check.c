/* What the registry refuses: ids and times out of bounds, connection strings that hold a secret or name no target. */
#include "base/text.h"
#include "platform/registry_private.h"
#include "postgres/conninfo.h"

#include <libpq-fe.h>
#include <string.h>

#define ORGANIZATION_MAX 200 /* characters */
#define DATABASE_NAME_MAX 63 /* bytes; NAMEDATALEN - 1 */
#define PGBOUNCERS_MAX 100
#define CONNINFO_MAX 4096                     /* characters */
#define LAST_TIME INT64_C(253402300799999999) /* the end of the year 9999: RFC 3339 knows no later one */

cutover_status registry_check(const cutover_registry *registry, cutover_error **error)
{
    error_begin(error);
    if (registry == NULL || registry->magic != REGISTRY_MAGIC)
        return error_set(error, CUTOVER_E_INVALID, "registry: not open");
    return CUTOVER_OK;
}

cutover_status registry_check_bytes(const char *field, const char *value, size_t most, cutover_error **error)
{
    cutover_status status = text_check(field, value, 1, most, error);
    size_t length = value != NULL ? strlen(value) : 0;

    if (status == CUTOVER_OK && length > most)
        status = error_set(error, CUTOVER_E_INVALID, "%s must have at most %zu bytes, it has %zu", field, most,
                           length);
    return status;
}

cutover_status registry_check_time(const char *field, int64_t time, cutover_error **error)
{
    if (time < 0 || time > LAST_TIME)
        return error_set(error, CUTOVER_E_INVALID,
                         "%s must be microseconds from 1970 to the end of 9999, or 0, it is %lld", field,
                         (long long)time);
    return CUTOVER_OK;
}

static void free_options(PQconninfoOption *options)
{
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
        if (option->val != NULL)
            explicit_bzero(option->val, strlen(option->val));
    PQconninfoFree(options);
}

/* A name of an option that holds a secret, or NULL. libpq marks them with "*": shown as a password field. A database
   name may be a connection string itself, which libpq can be asked to expand. */
static const char *secret_option(const PQconninfoOption *options)
{
    const char *secret = NULL;

    for (; options->keyword != NULL && secret == NULL; options++) {
        if (options->val == NULL || options->val[0] == '\0')
            continue;
        if (options->dispchar[0] == '*')
            secret = options->keyword;
        else if (strcmp(options->keyword, "dbname") == 0) {
            PQconninfoOption *nested = PQconninfoParse(options->val, NULL);

            if (nested != NULL)
                secret = secret_option(nested);
            free_options(nested);
        }
    }
    return secret;
}

/* The string never appears in an error, nor does libpq's message, which quotes parts of it (EDGE_CASES G1). */
static cutover_status check_conninfo(const char *field, const char *string, enum conninfo_part part,
                                     cutover_error **error)
{
    cutover_status status = text_check(field, string, 1, CONNINFO_MAX, error);

    if (status == CUTOVER_OK)
        status = conninfo_check(field, string, part, error);
    if (status != CUTOVER_OK)
        return status;
    PQconninfoOption *options = PQconninfoParse(string, NULL);
    if (options == NULL)
        return error_nomem(error);
    const char *secret = secret_option(options);
    if (secret != NULL) {
        status =
            error_set(error, CUTOVER_E_INVALID, "%s must not hold a secret, but it sets %s", field, secret);
        error_hint(error, "Leave it out, and let libpq find it in a password file: passfile=… or ~/.pgpass.");
    }
    free_options(options);
    return status;
}

cutover_status registry_check_pgbouncers(const char *const *consoles, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && consoles != NULL && consoles[i] != NULL; i++) {
        status = i < PGBOUNCERS_MAX ? check_conninfo("project.pgbouncers", consoles[i], CONNINFO_SERVER, error)
                                    : error_set(error, CUTOVER_E_INVALID,
                                                "project.pgbouncers must be at most %d", PGBOUNCERS_MAX);
    }
    return status;
}

/* What the caller gave, whole. */
cutover_status registry_take_project(const cutover_project *given, cutover_project *project,
                                     cutover_error **error)
{
    cutover_status status = port_copy(&project_port, "project", given, project, error);

    if (status != CUTOVER_OK)
        return status;
    status = registry_check_bytes("project.id", project->id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK)
        status = text_check("project.organization_id", project->organization_id, 0, ORGANIZATION_MAX, error);
    if (status == CUTOVER_OK)
        status = check_conninfo("project.database", project->database, CONNINFO_DATABASE, error);
    if (status == CUTOVER_OK && project->control_database != NULL)
        status = registry_check_bytes("project.control_database", project->control_database, DATABASE_NAME_MAX,
                                      error);
    if (status == CUTOVER_OK && project->verify_database != NULL)
        status = check_conninfo("project.verify_database", project->verify_database, CONNINFO_DATABASE, error);
    if (status == CUTOVER_OK && project->loader_database != NULL)
        status = check_conninfo("project.loader_database", project->loader_database, CONNINFO_SERVER, error);
    if (status == CUTOVER_OK)
        status = registry_check_pgbouncers(project->pgbouncers, error);
    return status;
}

cutover_status registry_take_preview(const cutover_preview *given, cutover_preview *preview,
                                     cutover_error **error)
{
    cutover_status status = port_copy(&preview_port, "preview", given, preview, error);

    if (status != CUTOVER_OK)
        return status;
    status = registry_check_bytes("preview.id", preview->id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK)
        status = registry_check_bytes("preview.project_id", preview->project_id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK)
        status = check_conninfo("preview.database", preview->database, CONNINFO_DATABASE, error);
    if (status == CUTOVER_OK)
        status = registry_check_time("preview.expires_at", preview->expires_at, error);
    return status;
}

static bool given_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* A change: what is not given stays, and is checked where it was given. */
cutover_status registry_take_change(const cutover_project *given, cutover_project *change,
                                    cutover_error **error)
{
    cutover_status status = port_copy(&project_port, "project", given, change, error);

    if (status == CUTOVER_OK)
        status = registry_check_bytes("project.id", change->id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK && change->organization_id != NULL)
        status = text_check("project.organization_id", change->organization_id, 0, ORGANIZATION_MAX, error);
    if (status == CUTOVER_OK && change->database != NULL)
        status = check_conninfo("project.database", change->database, CONNINFO_DATABASE, error);
    if (status == CUTOVER_OK && given_text(change->control_database))
        status = registry_check_bytes("project.control_database", change->control_database, DATABASE_NAME_MAX,
                                      error);
    if (status == CUTOVER_OK && given_text(change->verify_database))
        status = check_conninfo("project.verify_database", change->verify_database, CONNINFO_DATABASE, error);
    if (status == CUTOVER_OK && given_text(change->loader_database))
        status = check_conninfo("project.loader_database", change->loader_database, CONNINFO_SERVER, error);
    return status == CUTOVER_OK ? registry_check_pgbouncers(change->pgbouncers, error) : status;
}
