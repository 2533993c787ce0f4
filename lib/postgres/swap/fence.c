#include "postgres/swap/fence.h"

#include "base/record.h"
#include "postgres/quote.h"
#include "postgres/swap/door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How the fence stands.
 *
 * It is a setting, default_transaction_read_only, and not a lock: a client that writes gets its error at once instead of hanging,
 * reads go on, and nothing is lost when we die but the setting, which the journal knows how to take back.
 *
 * PostgreSQL takes the most special of a role's settings: the one of this role in this database, else the role's, else the
 * database's. So "on" is written for the database, and in this database for every role that has a setting of its own anywhere it
 * would win: here, or in all databases. What was there before, of exactly these places, is the plan. It is read once, journaled, and
 * both raising and lifting go by it and read nothing again; else a fence that is raised twice would be found and kept as what was
 * there before. Roles are in it by OID: one that was renamed is found, one that was dropped has taken its settings with it.
 *
 * What is written is "on" in a spelling of our own (postgres/fence_setting.h), so that a fence that another host's job left is
 * known for one, and neither kept as what was there before nor carried over into a new production.
 *
 * A setting counts for sessions that begin after it. So all of it is committed first, in one transaction, and then every client session
 * inside is ended; those that come back come back under it, and one that was just starting is waited for and ended too
 * (postgres/swap/door.h). Autovacuum and background workers stay: they are no clients.
 *
 * Lifting is the same backwards. Sessions that began read-only stay so for good, which clients with a connection pool would find
 * hours later: they are ended as well, as far as our role may. A failure of that is told, but the settings are back by then.
 *
 * The settings are changed by the database's name, which is checked to bear the OID of the plan just before. Nobody but us and an
 * administrator renames it then.
 *
 * The fence keeps nobody out who means to write: SET TRANSACTION READ WRITE is any client's right. It makes a write an
 * exception, and that there was none is proved, not assumed: by the marks of fence_mark.c.
 */

#define LIFT_TIMEOUT_MS 5000

/* A setting of (database, role) wins over (role), that over (database). */
static const char database_sql[] =
    "SELECT (SELECT substr(c, strpos(c, '=') + 1) FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "         WHERE s.setdatabase = d.oid AND s.setrole = 0 AND lower(split_part(c, '=', 1)) = '" FENCE_SETTING
    "')"
    "  FROM pg_database d WHERE d.oid = $1::oid";

static const char roles_sql[] =
    "SELECT r.rolname, r.oid,"
    "       (SELECT substr(c, strpos(c, '=') + 1) FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "         WHERE s.setdatabase = $1::oid AND s.setrole = r.oid"
    "           AND lower(split_part(c, '=', 1)) = '" FENCE_SETTING "')"
    "  FROM pg_roles r"
    " WHERE r.oid IN (SELECT s.setrole FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "                  WHERE s.setdatabase IN (0, $1::oid) AND lower(split_part(c, '=', 1)) = '" FENCE_SETTING
    "')"
    " ORDER BY r.rolname COLLATE \"C\"";

/* Places where one stands. */
static const char standing_sql[] =
    "SELECT string_agg(coalesce('role ' || r.rolname, 'the database'), ', ' ORDER BY r.rolname NULLS FIRST)"
    "  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) c"
    " WHERE s.setdatabase = $1::oid AND lower(split_part(c, '=', 1)) = '" FENCE_SETTING "'"
    "   AND substr(c, strpos(c, '=') + 1) IN (" FENCE_VALUES ")";

/* The same places by their roles' OIDs; 0 is the database. */
static const char standing_places_sql[] =
    "SELECT s.setrole FROM pg_db_role_setting s, unnest(s.setconfig) c"
    " WHERE s.setdatabase = $1::oid AND lower(split_part(c, '=', 1)) = '" FENCE_SETTING "'"
    "   AND substr(c, strpos(c, '=') + 1) IN (" FENCE_VALUES ")";

/* What was there before the fence of whoever raised one. */
static const char *before_any_fence(const char *value)
{
    const char *was = value;

    return value != NULL && fence_wrote(value, &was) ? was : value;
}

static void oid_text(uint32_t oid, char text[16])
{
    snprintf(text, 16, "%u", oid);
}

static cutover_status plan_roles(struct session *control, const char *oid, struct json_object *roles,
                                 cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(control, roles_sql, 1, &oid, &result, error);

    if (status != CUTOVER_OK)
        return status;
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(result); row++) {
        struct json_object *role = json_object_new_object();
        if (role == NULL || json_object_array_add(roles, role) != 0) {
            json_object_put(role);
            status = error_nomem(error);
            break;
        }
        json_put_text(role, "role", result_text(result, row, 0));
        json_put_int(role, "oid", result_oid(result, row, 1));
        json_put_text(role, "was", before_any_fence(result_text(result, row, 2)));
    }
    PQclear(result);
    return status;
}

cutover_status fence_plan(struct session *control, uint32_t database_oid, struct json_object **plan,
                          cutover_error **error)
{
    struct json_object *made, *database, *roles = NULL;
    char oid[16], *was = NULL;
    cutover_status status;

    oid_text(database_oid, oid);
    status = session_value(control, database_sql, 1, (const char *const[]){oid}, &was, error);
    if (status != CUTOVER_OK)
        return status;
    made = json_object_new_object();
    database = json_object_new_object();
    json_put_text(database, "was", before_any_fence(was));
    json_put_object(made, "database", database);
    json_put_object(made, "roles", json_object_new_array());
    roles = json_member(made, "roles");
    status =
        roles == NULL || !json_is_complete(made) ? error_nomem(error) : plan_roles(control, oid, roles, error);
    if (status == CUTOVER_OK && !json_is_complete(made))
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        *plan = json_object_get(made);
    json_object_put(made);
    free(was);
    return status;
}

/* The settings are changed by name: the name must still carry the OID that the plan was made for. */
static cutover_status check_name(struct session *control, const char *database, uint32_t database_oid,
                                 cutover_error **error)
{
    char *found = NULL;
    cutover_status status = session_value(control, "SELECT max(oid::text) FROM pg_database WHERE datname = $1",
                                          1, &database, &found, error);

    if (status != CUTOVER_OK)
        return status;
    if (found == NULL)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "database \"%s\" does not exist", database);
    else if (strtoul(found, NULL, 10) != database_oid)
        status =
            error_set(error, CUTOVER_E_CONFLICT, "database \"%s\" has OID %s instead of %u: it was replaced",
                      database, found, database_oid);
    free(found);
    return status;
}

/* "ALTER … SET … = value" or "… RESET …". */
static void add_setting(struct text *sql, const char *role, const char *database, const char *value)
{
    if (role != NULL) {
        text_add(sql, "ALTER ROLE ");
        quote_identifier(sql, role);
        text_add(sql, " IN DATABASE ");
    } else {
        text_add(sql, "ALTER DATABASE ");
    }
    quote_identifier(sql, database);
    if (value != NULL) {
        text_add(sql, " SET " FENCE_SETTING " = ");
        quote_literal(sql, value);
    } else {
        text_add(sql, " RESET " FENCE_SETTING);
    }
    text_add(sql, "; ");
}

/* The role of a plan's entry as it is called now; *name NULL when it was dropped, and its settings with it. */
static cutover_status role_name(struct session *control, struct json_object *entry, char **name,
                                cutover_error **error)
{
    char oid[16];

    oid_text((uint32_t)json_int_or(entry, "oid", 0), oid);
    return session_value(control, "SELECT max(rolname::text) FROM pg_roles WHERE oid = $1::oid", 1,
                         (const char *const[]){oid}, name, error);
}

static bool is_among(const PGresult *places, uint32_t role)
{
    for (int row = 0; row < PQntuples(places); row++)
        if (result_oid(places, row, 0) == role)
            return true;
    return false;
}

/* All settings of the plan in one transaction: to the fence's, or to what was there. `standing`: the places that are changed; NULL:
   all. */
static cutover_status settings_apply(struct session *control, const char *database, struct json_object *plan,
                                     const PGresult *standing, cutover_error **error)
{
    struct json_object *roles = json_member(plan, "roles");
    struct text sql = TEXT_INIT;
    cutover_status status = CUTOVER_OK;
    bool raise = standing == NULL;

    if (json_member(plan, "database") == NULL || !json_object_is_type(roles, json_type_array))
        return error_set(error, CUTOVER_E_INVALID, "the fence's plan for database \"%s\" is not complete",
                         database);
    const char *was = json_text_or(json_member(plan, "database"), "was", NULL);
    if (raise || is_among(standing, 0))
        add_setting(&sql, NULL, database, raise ? fence_value(was) : was);
    for (size_t i = 0; status == CUTOVER_OK && i < json_object_array_length(roles); i++) {
        struct json_object *entry = json_object_array_get_idx(roles, i);
        char *name = NULL;
        was = json_text_or(entry, "was", NULL);
        if (!raise && !is_among(standing, (uint32_t)json_int_or(entry, "oid", 0)))
            continue;
        status = role_name(control, entry, &name, error);
        if (status == CUTOVER_OK && name != NULL)
            add_setting(&sql, name, database, raise ? fence_value(was) : was);
        free(name);
    }
    if (status == CUTOVER_OK && text_failed(&sql))
        status = error_nomem(error);
    if (status == CUTOVER_OK && sql.length > 0)
        status = session_run(control, text_string(&sql), error);
    text_free(&sql);
    return status;
}

/* What somebody chose for himself behind the fence is his. */
static cutover_status settings_return(struct session *control, const char *database, uint32_t database_oid,
                                      struct json_object *plan, cutover_error **error)
{
    PGresult *standing = NULL;
    char oid[16];

    oid_text(database_oid, oid);
    cutover_status status =
        session_query(control, standing_places_sql, 1, (const char *const[]){oid}, &standing, error);
    if (status == CUTOVER_OK)
        status = settings_apply(control, database, plan, standing, error);
    PQclear(standing);
    return status;
}

cutover_status fence_raise(struct session *control, const char *database, uint32_t database_oid,
                           struct json_object *plan, int64_t timeout_ms, uint32_t *ended, cutover_error **error)
{
    return fence_raise_beside(control, database, database_oid, plan, NULL, 0, timeout_ms, ended, error);
}

cutover_status fence_raise_beside(struct session *control, const char *database, uint32_t database_oid,
                                  struct json_object *plan, const int *keep, size_t keep_count,
                                  int64_t timeout_ms, uint32_t *ended, cutover_error **error)
{
    cutover_status status = check_name(control, database, database_oid, error);

    if (status == CUTOVER_OK)
        status = settings_apply(control, database, plan, NULL, error);
    if (status == CUTOVER_OK)
        status = door_empty(control, database_oid, keep, keep_count, true, timeout_ms, ended, error);
    return status;
}

static cutover_status end_read_only_sessions(struct session *control, uint32_t database_oid,
                                             cutover_error **error)
{
    struct visitors visitors = {NULL, 0};
    size_t kept = 0;
    cutover_status status = door_visitors(control, database_oid, &visitors, error);

    if (status != CUTOVER_OK || visitors.count == 0)
        return status;
    int *keep = malloc(visitors.count * sizeof *keep);
    if (keep == NULL)
        status = error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < visitors.count; i++)
        if (visitors.list[i].ours || !visitors.list[i].can_end)
            keep[kept++] = visitors.list[i].pid;
    if (status == CUTOVER_OK)
        status = door_empty(control, database_oid, keep, kept, true, LIFT_TIMEOUT_MS, NULL, error);
    free(keep);
    visitors_free(&visitors);
    return status;
}

cutover_status fence_lift(struct session *control, const char *database, uint32_t database_oid,
                          struct json_object *plan, bool end_sessions, cutover_error **error)
{
    cutover_status status = check_name(control, database, database_oid, error);

    if (status == CUTOVER_OK)
        status = settings_return(control, database, database_oid, plan, error);
    if (status == CUTOVER_OK && end_sessions)
        status = end_read_only_sessions(control, database_oid, error);
    return status;
}

cutover_status fence_standing(struct session *control, uint32_t database_oid, char **where,
                              cutover_error **error)
{
    char oid[16];

    oid_text(database_oid, oid);
    return session_value(control, standing_sql, 1, (const char *const[]){oid}, where, error);
}

static void setting_put(struct json_object *settings, const char *role, const char *value)
{
    struct json_object *setting = json_object_new_object();

    json_put_text(setting, "role", role);
    json_put_text(setting, "name", FENCE_SETTING);
    json_put_text(setting, "value", value);
    json_add(settings, setting);
}

cutover_status fence_settings(struct session *control, struct json_object *plan, struct json_object *settings,
                              cutover_error **error)
{
    struct json_object *roles = json_member(plan, "roles");
    const char *was = json_text_or(json_member(plan, "database"), "was", NULL);
    size_t count = json_object_is_type(roles, json_type_array) ? json_object_array_length(roles) : 0;
    cutover_status status = CUTOVER_OK;

    if (was != NULL)
        setting_put(settings, "", was);
    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        struct json_object *entry = json_object_array_get_idx(roles, i);
        char *name = NULL;
        was = json_text_or(entry, "was", NULL);
        if (was == NULL)
            continue;
        status = role_name(control, entry, &name, error);
        if (status == CUTOVER_OK && name != NULL)
            setting_put(settings, name, was);
        free(name);
    }
    return status == CUTOVER_OK && !json_is_complete(settings) ? error_nomem(error) : status;
}
