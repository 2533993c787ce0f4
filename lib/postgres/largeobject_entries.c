#include "postgres/largeobject_entries.h"

#include "postgres/quote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOC_MINOR_GROUPS 16
#define CATALOG_LARGE_OBJECT 2613u /* pg_largeobject */
#define GROUP_MAX 1000
#define METADATA "BLOB METADATA"
#define TAG_BEGINS "LARGE OBJECT"

/* Groups lie together. */
#define ORDER " ORDER BY m.lomowner, m.lomacl::text, m.oid"
static const char objects_sql[] =
    "SELECT m.oid, pg_get_userbyid(m.lomowner), m.lomacl::text FROM pg_largeobject_metadata m" ORDER;

/* In the same order; a comment has no provider. */
static const char remarks_sql[] =
    "SELECT m.oid, x.provider, x.words FROM pg_largeobject_metadata m JOIN ("
    "  SELECT objoid, NULL AS provider, description AS words FROM pg_description"
    "   WHERE classoid = 'pg_largeobject'::regclass"
    "  UNION ALL SELECT objoid, provider, label FROM pg_seclabel WHERE classoid = 'pg_largeobject'::regclass"
    ") x ON x.objoid = m.oid" ORDER ", x.provider NULLS FIRST";

/* The statements that turn the grants that a new object has into those of this one, in the order in which they were made. */
static const char grants_sql[] =
    "WITH o AS (SELECT m.oid, m.lomowner AS owner, m.lomacl AS acl, acldefault('L', m.lomowner) AS given"
    "             FROM pg_largeobject_metadata m WHERE m.oid = $1::oid)"
    "SELECT coalesce(string_agg(line, '' ORDER BY n, grantable), '') FROM ("
    " SELECT 0 AS n, false AS grantable,"
    "   format(E'REVOKE ALL ON LARGE OBJECT %s FROM %I;\\n', o.oid, pg_get_userbyid(o.owner)) AS line"
    "  FROM o WHERE NOT o.given[1] = ANY (o.acl)"
    " UNION ALL"
    " SELECT i.n, g.is_grantable, concat("
    "   CASE WHEN g.grantor <> o.owner"
    "     THEN format(E'SET SESSION AUTHORIZATION %I;\\n', pg_get_userbyid(g.grantor)) END,"
    "   format(E'GRANT %s ON LARGE OBJECT %s TO %s%s;\\n', g.privileges, o.oid,"
    "     CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,"
    "     CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END),"
    "   CASE WHEN g.grantor <> o.owner THEN E'RESET SESSION AUTHORIZATION;\\n' END)"
    "  FROM o, unnest(o.acl) WITH ORDINALITY i (item, n), LATERAL ("
    "    SELECT e.grantor, e.grantee, e.is_grantable,"
    "      CASE count(*) WHEN 2 THEN 'ALL' ELSE min(e.privilege_type) END AS privileges"
    "     FROM aclexplode(ARRAY[i.item]) e GROUP BY 1, 2, 3) g"
    "  WHERE NOT i.item = ANY (o.given)) lines";

struct adding {
    struct session *session;
    struct toc *toc;
    PGresult *objects, *remarks;
    int remark; /* the next one */
};

static bool same(const PGresult *result, int row, int other, int column)
{
    const char *a = result_text(result, row, column), *b = result_text(result, other, column);

    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The row after the last of the group that begins there. */
static int group_end(const PGresult *objects, int first)
{
    int end = first + 1, rows = PQntuples(objects);

    while (end < rows && end - first < GROUP_MAX && same(objects, first, end, 1) &&
           same(objects, first, end, 2))
        end++;
    return end;
}

static cutover_status remark_add(const struct adding *adding, const char *owner, int32_t group,
                                 cutover_error **error)
{
    const PGresult *remarks = adding->remarks;
    const char *provider = result_text(remarks, adding->remark, 1);
    uint32_t oid = result_oid(remarks, adding->remark, 0);
    struct text defn = TEXT_INIT;
    char tag[32];

    snprintf(tag, sizeof tag, TAG_BEGINS " %" PRIu32, oid);
    if (provider != NULL) {
        text_add(&defn, "SECURITY LABEL FOR ");
        quote_identifier(&defn, provider);
        text_add_format(&defn, " ON %s IS ", tag);
    } else {
        text_add_format(&defn, "COMMENT ON %s IS ", tag);
    }
    quote_literal(&defn, result_text(remarks, adding->remark, 2));
    text_add(&defn, ";\n");
    const struct toc_addition addition = {
        .desc = provider != NULL ? "SECURITY LABEL" : "COMMENT",
        .tag = tag,
        .owner = owner,
        .defn = text_string(&defn),
        .depends_on = group,
    };
    cutover_status status =
        text_failed(&defn) ? error_nomem(error) : toc_add(adding->toc, &addition, NULL, error);
    text_free(&defn);
    return status;
}

static cutover_status acl_add(const struct adding *adding, int row, const char *tag, const char *defn,
                              int32_t group, cutover_error **error)
{
    const struct toc_addition addition = {
        .desc = "ACL",
        .tag = tag,
        .owner = result_text(adding->objects, row, 1),
        .defn = defn,
        .depends_on = group,
    };

    return defn[0] == '\0' ? CUTOVER_OK : toc_add(adding->toc, &addition, NULL, error);
}

static cutover_status grants_of(const struct adding *adding, int row, char **defn, cutover_error **error)
{
    const char *oid = PQgetvalue(adding->objects, row, 0);

    return session_value(adding->session, grants_sql, 1, &oid, defn, error);
}

/* One entry for the group; but pg_restore spoils what is done in another's name when it makes the statements for each
   (findings/pg_restore_spoils_grants_of_large_objects.sh): then each object has its own. */
static cutover_status grants_add(const struct adding *adding, int first, int end, const char *name,
                                 int32_t group, cutover_error **error)
{
    char tag[64], *defn = NULL;

    cutover_status status = grants_of(adding, first, &defn, error);
    if (status != CUTOVER_OK)
        return status;
    bool each = strstr(defn, "SET SESSION AUTHORIZATION ") != NULL;
    snprintf(tag, sizeof tag, TAG_BEGINS "%s %s", end - first > 1 ? "S" : "", name);
    if (!each || end - first == 1)
        status = acl_add(adding, first, tag, defn, group, error);
    for (int row = first; status == CUTOVER_OK && each && end - first > 1 && row < end; row++) {
        free(defn);
        defn = NULL;
        status = grants_of(adding, row, &defn, error);
        snprintf(tag, sizeof tag, TAG_BEGINS " %s", PQgetvalue(adding->objects, row, 0));
        if (status == CUTOVER_OK)
            status = acl_add(adding, row, tag, defn, group, error);
    }
    free(defn);
    return status;
}

static cutover_status group_add(struct adding *adding, int first, int end, cutover_error **error)
{
    const PGresult *objects = adding->objects;
    const char *owner = result_text(objects, first, 1);
    struct text oids = TEXT_INIT;
    char name[32];
    int32_t group = 0;

    if (end - first > 1)
        snprintf(name, sizeof name, "%" PRIu32 "..%" PRIu32, result_oid(objects, first, 0),
                 result_oid(objects, end - 1, 0));
    else
        snprintf(name, sizeof name, "%" PRIu32, result_oid(objects, first, 0));
    for (int row = first; row < end; row++)
        text_add_format(&oids, "%" PRIu32 "\n", result_oid(objects, row, 0));
    const struct toc_addition addition = {
        .desc = METADATA,
        .tag = name,
        .owner = owner,
        .catalog_oid = CATALOG_LARGE_OBJECT,
        .oid = result_oid(objects, first, 0),
        .defn = text_string(&oids),
        .drop = "-- dummy",
    };
    cutover_status status =
        text_failed(&oids) ? error_nomem(error) : toc_add(adding->toc, &addition, &group, error);
    text_free(&oids);
    for (int row = first; status == CUTOVER_OK && row < end; row++)
        while (status == CUTOVER_OK && adding->remark < PQntuples(adding->remarks) &&
               result_oid(adding->remarks, adding->remark, 0) == result_oid(objects, row, 0)) {
            status = remark_add(adding, owner, group, error);
            adding->remark++;
        }
    if (status == CUTOVER_OK && result_text(objects, first, 2) != NULL)
        status = grants_add(adding, first, end, name, group, error);
    return status;
}

cutover_status largeobject_entries_add(struct session *session, struct toc *toc, cutover_error **error)
{
    struct adding adding = {.session = session, .toc = toc};
    int rows, end;

    if (toc->minor < TOC_MINOR_GROUPS)
        return CUTOVER_OK;
    cutover_status status = session_query(session, objects_sql, 0, NULL, &adding.objects, error);
    if (status == CUTOVER_OK)
        status = session_query(session, remarks_sql, 0, NULL, &adding.remarks, error);
    rows = status == CUTOVER_OK ? PQntuples(adding.objects) : 0;
    for (int first = 0; status == CUTOVER_OK && first < rows; first = end) {
        end = group_end(adding.objects, first);
        status = group_add(&adding, first, end, error);
    }
    PQclear(adding.objects);
    PQclear(adding.remarks);
    return status;
}

static bool is_named(const struct toc_entry *entry, const char *desc)
{
    return entry->desc.bytes != NULL && strcmp(entry->desc.bytes, desc) == 0;
}

static cutover_status contents_add(struct toc *toc, const struct toc_entry *group, cutover_error **error)
{
    char file[32];
    /* What it points to stays where it is when the entries move. */
    const struct toc_addition addition = {
        .desc = "BLOBS",
        .tag = group->tag.bytes,
        .owner = group->owner.bytes,
        .file = file,
        .depends_on = group->dump_id,
    };

    snprintf(file, sizeof file, "blobs_%" PRId32 ".toc", toc_next_id(toc));
    return toc_add(toc, &addition, NULL, error);
}

cutover_status largeobject_contents_add(struct toc *toc, bool any, cutover_error **error)
{
    static const struct toc_addition all = {.desc = "BLOBS", .tag = "BLOBS", .file = "blobs.toc"};
    cutover_status status = CUTOVER_OK;
    size_t count = toc->count;

    if (toc->minor < TOC_MINOR_GROUPS)
        return any ? toc_add(toc, &all, NULL, error) : CUTOVER_OK;
    for (size_t i = toc->parsed; status == CUTOVER_OK && i < count; i++)
        if (largeobject_is_group(&toc->entries[i]))
            status = contents_add(toc, &toc->entries[i], error);
    return status;
}

bool largeobject_is_contents(const struct toc_entry *entry)
{
    return is_named(entry, "BLOBS");
}

const struct toc_entry *largeobject_group(const struct toc *toc, const struct toc_entry *contents)
{
    for (size_t i = 0; contents->dependency_count > 0 && i < toc->count; i++)
        if (toc->entries[i].dump_id == contents->dependencies[0])
            return &toc->entries[i];
    return NULL;
}

bool largeobject_is_group(const struct toc_entry *entry)
{
    return is_named(entry, METADATA);
}

bool largeobject_is_made_by(const struct toc_entry *entry)
{
    if (largeobject_is_group(entry))
        return true;
    return (is_named(entry, "ACL") || is_named(entry, "COMMENT") || is_named(entry, "SECURITY LABEL")) &&
           entry->tag.bytes != NULL && strncmp(entry->tag.bytes, TAG_BEGINS, strlen(TAG_BEGINS)) == 0;
}
