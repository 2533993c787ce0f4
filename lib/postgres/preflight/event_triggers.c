/*
 * Preflight checks of event triggers: whose they are, what they run, and whether one runs in our sessions.
 */
#include "postgres/preflight/checks.h"

#include <stdio.h>

/* $1 is the grade that is asked for; a login trigger (17 and later) is the only one that a session of ours fires. An extension's
   own is as trusted as the extension, unless its function was given away. */
static const char triggers_sql[] =
    "SELECT t.name FROM ("
    " SELECT quote_ident(e.evtname) || ' of ' || o.rolname || ' (' || e.evtevent"
    "   || CASE e.evtenabled WHEN 'D' THEN ', disabled' WHEN 'R' THEN ', replica' WHEN 'A' THEN ', always'"
    "      ELSE '' END || ', runs ' || e.evtfoid::regproc || ' of ' || f.rolname || ')' AS name,"
    "   CASE WHEN e.evtenabled = 'D' THEN 'quiet'"
    "     WHEN e.evtevent = 'login' AND coalesce(current_setting('event_triggers', true), 'on') = 'on'"
    "       AND (e.evtenabled = 'A'"
    "            OR (e.evtenabled = 'R') = (current_setting('session_replication_role') = 'replica'))"
    "       THEN CASE WHEN f.rolsuper OR f.rolname = session_user THEN 'inside' ELSE 'borrowed' END"
    "     WHEN f.rolsuper THEN 'quiet' ELSE 'others' END AS grade"
    "  FROM pg_event_trigger e JOIN pg_roles o ON o.oid = e.evtowner JOIN pg_proc p ON p.oid = e.evtfoid"
    "  JOIN pg_roles f ON f.oid = p.proowner"
    "  WHERE NOT f.rolsuper"
    "    OR NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass"
    "                     AND d.objid = e.oid AND d.deptype = 'e')) t"
    " WHERE t.grade = $1 ORDER BY 1";

static const struct grade {
    const char *name;
    cutover_severity severity;
    const char *found, *hint;
} grades[] = {
    {"borrowed", CUTOVER_SEVERITY_BLOCK,
     "login triggers that run in each session of ours what a role with other rights owns",
     "GRANT SET ON PARAMETER event_triggers TO our role, which then switches them off for itself; or disable "
     "them."},
    {"inside", CUTOVER_SEVERITY_WARN, "login triggers that run in each session of ours",
     "GRANT SET ON PARAMETER event_triggers TO our role, which then switches them off for itself."},
    {"others", CUTOVER_SEVERITY_WARN,
     "event triggers that run, as whoever fires them, what no superuser owns; no session of ours does",
     "Give their functions to a superuser, or drop them."},
    {"quiet", CUTOVER_SEVERITY_OK, "event triggers, none of which runs in a session of ours", NULL},
};

/* Owners that the host trusts may borrow, and are told. */
static cutover_severity severity_of(const struct grade *grade, bool owners_trusted)
{
    return grade->severity == CUTOVER_SEVERITY_BLOCK && owners_trusted ? CUTOVER_SEVERITY_WARN
                                                                       : grade->severity;
}

static cutover_status check_side(const struct preflight_servers *servers, struct session *session,
                                 const char *name, struct findings *findings, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < sizeof grades / sizeof *grades; i++) {
        const struct preflight_listing listing = {.name = name,
                                                  .severity = severity_of(&grades[i], servers->owners_trusted),
                                                  .sql = triggers_sql,
                                                  .found = grades[i].found,
                                                  .hint = grades[i].hint};
        status = preflight_list(session, &listing, 1, (const char *const[]){grades[i].name}, findings, error);
    }
    return status;
}

static cutover_status check_production(const struct preflight_servers *servers, const char *name,
                                       struct findings *findings, cutover_error **error)
{
    return check_side(servers, servers->production, name, findings, error);
}

/* EDGE_CASES A25 */
static cutover_status check_preview(const struct preflight_servers *servers, const char *name,
                                    struct findings *findings, cutover_error **error)
{
    const struct preflight_listing listing = {
        .name = name,
        .severity = CUTOVER_SEVERITY_BLOCK,
        .sql = "SELECT t.evtname FROM pg_event_trigger t WHERE NOT EXISTS (SELECT 1 FROM pg_depend d"
               "   WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'e') "
               "ORDER BY 1",
        .found = "event triggers that only a superuser can make in production",
        .hint = "Connect to production as a superuser, or drop them in the preview."};
    cutover_status status = check_side(servers, servers->preview, name, findings, error);

    if (status != CUTOVER_OK || servers->production->superuser)
        return status;
    return preflight_list(servers->preview, &listing, 0, NULL, findings, error);
}

const struct preflight_check preflight_event_trigger_checks[] = {
    {"production.event_triggers", ASK_ONCE, check_production},
    {"preview.event_triggers", ASK_WITH_PREVIEW, check_preview},
    {NULL, ASK_ONCE, NULL},
};
