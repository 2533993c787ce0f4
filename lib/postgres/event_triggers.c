#include "postgres/event_triggers.h"

#include <string.h>

#define UNDEFINED_OBJECT "42704"
#define INSUFFICIENT_PRIVILEGE "42501"

/* For 17 and later. A superuser may; others were granted SET on the parameter, or not. */
static const char may_sql[] = "SELECT pg_catalog.has_parameter_privilege('event_triggers', 'SET')";

cutover_status event_triggers_quiet(struct session *session, struct conninfo *conninfo, cutover_error **error)
{
    PGresult *result = NULL;

    if (session->server_version < EVENT_TRIGGERS_OFF_SINCE)
        return CUTOVER_OK;
    cutover_status status = session_query(session, may_sql, 0, NULL, &result, error);
    if (status == CUTOVER_OK)
        conninfo->event_triggers_off = result_bool(result, 0, 0);
    PQclear(result);
    return status;
}

bool event_triggers_refused(const cutover_error *error)
{
    const char *sqlstate = cutover_error_sqlstate(error);

    return sqlstate != NULL &&
           (strcmp(sqlstate, UNDEFINED_OBJECT) == 0 || strcmp(sqlstate, INSUFFICIENT_PRIVILEGE) == 0);
}
