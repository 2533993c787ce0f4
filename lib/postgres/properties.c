#include "postgres/properties.h"

#include "base/record.h"
#include "postgres/fence_setting.h"
#include "postgres/properties_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Columns that came or were renamed later are read through to_jsonb: datlocprovider (15),
   daticulocale (15, 16), daticurules (16), datlocale (17). */
static const char properties_sql[] =
    "SELECT json_build_object("
    "  'name', d.datname, 'oid', d.oid::bigint, 'owner', pg_get_userbyid(d.datdba),"
    "  'encoding', pg_encoding_to_char(d.encoding),"
    "  'locale_provider', CASE coalesce(j.row->>'datlocprovider', 'c')"
    "     WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin'"
    "     ELSE j.row->>'datlocprovider' END,"
    "  'collate', d.datcollate, 'ctype', d.datctype,"
    "  'icu_locale', coalesce(j.row->>'datlocale', j.row->>'daticulocale'),"
    "  'icu_rules', j.row->>'daticurules', 'tablespace', t.spcname,"
    "  'connection_limit', d.datconnlimit, 'is_template', d.datistemplate,"
    "  'comment', shobj_description(d.oid, 'pg_database'), 'acl_is_default', d.datacl IS NULL,"
    "  'acl', coalesce((SELECT json_agg(json_build_object('grantee', a.grantee, 'privilege', a.privilege,"
    "       'grantable', a.grantable, 'grantor', a.grantor)"
    "       ORDER BY a.grantee COLLATE \"C\", a.privilege COLLATE \"C\", a.grantor COLLATE \"C\")"
    "     FROM (SELECT CASE x.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(x.grantee)::text END AS grantee,"
    "             x.privilege_type AS privilege, x.is_grantable AS grantable,"
    "             pg_get_userbyid(x.grantor)::text AS grantor"
    "           FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x) a), '[]'::json),"
    "  'settings', coalesce((SELECT json_agg(json_build_object('role', s.role,"
    "       'name', split_part(s.setting, '=', 1),"
    "       'value', substr(s.setting, strpos(s.setting, '=') + 1))"
    "       ORDER BY s.role COLLATE \"C\", s.place)"
    "     FROM (SELECT CASE r.setrole WHEN 0 THEN '' ELSE pg_get_userbyid(r.setrole)::text END AS role,"
    "             c.setting, c.place"
    "           FROM pg_db_role_setting r, unnest(r.setconfig) WITH ORDINALITY AS c(setting, place)"
    "           WHERE r.setdatabase = d.oid) s), '[]'::json),"
    "  'labels', coalesce((SELECT json_agg(json_build_object('provider', l.provider, 'label', l.label)"
    "       ORDER BY l.provider COLLATE \"C\")"
    "     FROM pg_shseclabel l WHERE l.classoid = 'pg_database'::regclass AND l.objoid = d.oid), '[]'::json))"
    " FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace, LATERAL (SELECT to_jsonb(d) AS row) j"
    " WHERE d.oid = $1::oid";

/* A fence that stands is no setting of the database's: what it replaced is. */
static void leave_fence_out(struct json_object *properties)
{
    struct json_object *settings = json_member(properties, "settings");

    for (size_t i = json_object_is_type(settings, json_type_array) ? json_object_array_length(settings) : 0;
         i-- > 0;) {
        struct json_object *setting = json_object_array_get_idx(settings, i);
        const char *was = NULL;
        if (strcasecmp(json_text_or(setting, "name", ""), FENCE_SETTING) != 0 ||
            !fence_wrote(json_text_or(setting, "value", ""), &was))
            continue;
        if (was != NULL)
            json_put_text(setting, "value", was);
        else
            json_object_array_del_idx(settings, i, 1);
    }
}

cutover_status properties_read(struct session *control, uint32_t database_oid, struct json_object **properties,
                               cutover_error **error)
{
    char oid[16];
    const char *parameters[] = {oid};
    char *text = NULL;
    cutover_status status;

    snprintf(oid, sizeof oid, "%" PRIu32, database_oid);
    status = session_value(control, properties_sql, 1, parameters, &text, error);
    if (status == CUTOVER_E_NOT_FOUND)
        return error_set(error, CUTOVER_E_NOT_FOUND, "no database has the OID %" PRIu32, database_oid);
    if (status != CUTOVER_OK)
        return status;
    struct json_object *read = json_parse(text, strlen(text), error);
    free(text);
    if (read == NULL)
        return error_set(error, CUTOVER_E_POSTGRES, "cannot understand the properties of the database");
    leave_fence_out(read);
    if (!json_is_complete(read)) {
        json_object_put(read);
        return error_nomem(error);
    }
    *properties = read;
    return CUTOVER_OK;
}

static const char digest_sql[] =
    "SELECT hashtextextended(concat_ws(' | ', d.datdba, d.datconnlimit, d.datistemplate, d.dattablespace,"
    "   d.datacl::text,"
    "   shobj_description(d.oid, 'pg_database'),"
    "   (SELECT string_agg(concat_ws(' ', r.setrole, r.setconfig), ' | ' ORDER BY r.setrole)"
    "      FROM pg_db_role_setting r WHERE r.setdatabase = d.oid),"
    "   (SELECT string_agg(concat_ws(' ', l.provider, l.label), ' | ' ORDER BY l.provider)"
    "      FROM pg_shseclabel l WHERE l.classoid = 'pg_database'::regclass AND l.objoid = d.oid)) COLLATE "
    "\"C\", 0)"
    " FROM pg_database d WHERE d.oid = $1::oid";

cutover_status properties_digest(struct session *control, uint32_t database_oid, char **digest,
                                 cutover_error **error)
{
    char oid[16], *made = NULL;

    snprintf(oid, sizeof oid, "%" PRIu32, database_oid);
    cutover_status status = session_value(control, digest_sql, 1, (const char *const[]){oid}, &made, error);
    if (status != CUTOVER_OK)
        return status;
    free(*digest);
    *digest = made;
    return CUTOVER_OK;
}

size_t properties_count(struct json_object *properties, const char *name)
{
    struct json_object *list = json_member(properties, name);
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

struct json_object *properties_item(struct json_object *properties, const char *name, size_t index)
{
    return json_object_array_get_idx(json_member(properties, name), index);
}

cutover_status properties_without_values(struct json_object *properties, struct json_object **kept,
                                         cutover_error **error)
{
    struct json_object *copy = NULL;

    if (json_object_deep_copy(properties, &copy, NULL) != 0)
        return error_nomem(error);
    for (size_t i = 0; i < properties_count(copy, "settings"); i++)
        json_object_object_del(properties_item(copy, "settings", i), "value");
    *kept = copy;
    return CUTOVER_OK;
}

/* Items of the lists of properties as a name and a value, to be compared as sets. */
static void acl_item(struct json_object *item, struct text *name, struct text *value)
{
    const char *grantee = json_text_or(item, "grantee", "");
    text_add_format(name, "grant of %s to %s by %s", json_text_or(item, "privilege", ""),
                    grantee[0] != '\0' ? grantee : "PUBLIC", json_text_or(item, "grantor", ""));
    text_add(value, json_bool_or(item, "grantable", false) ? "with grant option" : "granted");
}

static void setting_item(struct json_object *item, struct text *name, struct text *value)
{
    const char *role = json_text_or(item, "role", "");
    text_add_format(name, "setting %s", json_text_or(item, "name", ""));
    if (role[0] != '\0')
        text_add_format(name, " of role %s", role);
    text_add(value, json_text_or(item, "value", ""));
}

static void label_item(struct json_object *item, struct text *name, struct text *value)
{
    text_add_format(name, "security label of %s", json_text_or(item, "provider", ""));
    text_add(value, json_text_or(item, "label", ""));
}

struct list_kind {
    const char *name;
    void (*item)(struct json_object *item, struct text *name, struct text *value);
    bool secret; /* its values are not told */
};

/* Finds the item of that name; its value goes to *value. */
static bool find_item(struct json_object *properties, const struct list_kind *kind, const char *wanted,
                      struct text *value)
{
    struct text name = TEXT_INIT;
    bool found = false;

    for (size_t i = 0; !found && i < properties_count(properties, kind->name); i++) {
        text_clear(&name);
        text_clear(value);
        kind->item(properties_item(properties, kind->name, i), &name, value);
        value->failed = value->failed || text_failed(&name);
        found = strcmp(text_string(&name), wanted) == 0;
    }
    text_free(&name);
    return found;
}

/* Lines for what `from` has and `other` has not, or (when values count) has otherwise. */
static void compare_lists(struct json_object *from, struct json_object *other, const struct list_kind *kind,
                          bool from_is_expected, struct text *lines)
{
    struct text name = TEXT_INIT, value = TEXT_INIT, other_value = TEXT_INIT;

    for (size_t i = 0; i < properties_count(from, kind->name); i++) {
        text_clear(&name);
        text_clear(&value);
        kind->item(properties_item(from, kind->name, i), &name, &value);
        bool found = find_item(other, kind, text_string(&name), &other_value);
        const char *told = kind->secret ? "set" : text_string(&value);
        if (!found && from_is_expected)
            text_add_format(lines, "%s: %s | (none)\n", text_string(&name), told);
        else if (!found)
            text_add_format(lines, "%s: (none) | %s\n", text_string(&name), told);
        else if (from_is_expected && strcmp(text_string(&value), text_string(&other_value)) != 0)
            text_add_format(lines, "%s: %s | %s\n", text_string(&name), told,
                            kind->secret ? "set otherwise" : text_string(&other_value));
        lines->failed = lines->failed || name.failed || value.failed || other_value.failed;
    }
    text_free(&name);
    text_free(&value);
    text_free(&other_value);
}

static const char *value_text(struct json_object *value)
{
    return value != NULL ? json_object_get_string(value) : "(none)";
}

cutover_status properties_compare(struct json_object *expected, struct json_object *found, char **differences,
                                  cutover_error **error)
{
    static const char *const scalars[] = {
        "owner",     "encoding",   "locale_provider",  "collate",     "ctype",  "icu_locale",
        "icu_rules", "tablespace", "connection_limit", "is_template", "comment"};
    static const struct list_kind lists[] = {
        {"acl", acl_item, false}, {"settings", setting_item, true}, {"labels", label_item, false}};
    struct text lines = TEXT_INIT;

    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        struct json_object *a = json_member(expected, scalars[i]), *b = json_member(found, scalars[i]);
        if (!json_object_equal(a, b))
            text_add_format(&lines, "%s: %s | %s\n", scalars[i], value_text(a), value_text(b));
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        compare_lists(expected, found, &lists[i], true, &lines);
        compare_lists(found, expected, &lists[i], false, &lines);
    }
    char *text = text_take(&lines);
    if (text == NULL)
        return error_nomem(error);
    *differences = text;
    return CUTOVER_OK;
}
