#include "postgres/catalog/versions.h"

#include "postgres/catalog/facts.h"
#include "postgres/version.h"

#include <stdlib.h>
#include <string.h>

/* ---- what only one of two can say ---- */

/* A fact's three fields, in place; the definition ends at the line's end. */
struct fields {
    const char *class, *identity, *definition, *end;
};

static size_t length_of(const char *from, const char *to)
{
    return (size_t)(to - from);
}

static const char *field_end(const char *field, const char *end)
{
    const char *tab = memchr(field, '\t', length_of(field, end));

    return tab != NULL ? tab : end;
}

static const char *field_after(const char *end_of_field, const char *end)
{
    return end_of_field < end ? end_of_field + 1 : end;
}

static struct fields fields_of(const char *line)
{
    struct fields fields = {.class = line, .end = line + strcspn(line, "\n")};

    fields.identity = field_after(field_end(line, fields.end), fields.end);
    fields.definition = field_after(field_end(fields.identity, fields.end), fields.end);
    return fields;
}

static bool is_class(const struct fields *fields, const char *class)
{
    size_t length = strlen(class);

    return length_of(fields->class, fields->end) > length && fields->class[length] == '\t' &&
           memcmp(fields->class, class, length) == 0;
}

/* Whether a privilege is what a grant's identity says, outside of quoted names: "table public.t: MAINTAIN to public". */
static bool grants(const struct fields *fields, const char *privilege)
{
    size_t length = strlen(privilege);
    bool quoted = false;

    for (const char *at = fields->identity; at < fields->definition; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (!quoted && *at == ':' && length_of(at, fields->definition) > length + 2 && at[1] == ' ' &&
                 memcmp(at + 2, privilege, length) == 0 && at[2 + length] == ' ')
            return true;
    }
    return false;
}

static bool is_maintain(const struct fields *fields)
{
    return (is_class(fields, "acl") || is_class(fields, "default acl")) && grants(fields, "MAINTAIN");
}

/* A constraint of its own since then; what it says is said of the column or domain too ("not null"). */
static bool is_not_null(const struct fields *fields)
{
    static const char not_null[] = "NOT NULL";

    return is_class(fields, "constraint") && length_of(fields->definition, fields->end) >= strlen(not_null) &&
           memcmp(fields->definition, not_null, strlen(not_null)) == 0;
}

/* Each release of an extension comes with a server of its own: an archive names none, and gets the server's. */
static bool is_extension(const struct fields *fields)
{
    return is_class(fields, "extension");
}

static bool is_publication(const struct fields *fields)
{
    return is_class(fields, "publication");
}

/* What a release began to say. A part is left out where it has the value that stands for what was before. */
static const struct novelty {
    int since; /* major version */
    bool (*is)(const struct fields *fields);
    const char *part; /* of the definition; NULL: the whole fact */
} novelties[] = {
    {17, is_maintain, NULL},
    {18, is_not_null, NULL}, /* of domains since 17 */
    {18, is_publication, "\"pubgencols\": \"n\""},
    {19, is_publication, "\"puballsequences\": false"},
};

static bool is_new(const struct novelty *novelty, int older)
{
    return postgres_major(older) < novelty->since;
}

static bool is_left_out(const struct fields *fields, int older)
{
    for (size_t i = 0; i < sizeof novelties / sizeof *novelties; i++)
        if (novelties[i].part == NULL && is_new(&novelties[i], older) && novelties[i].is(fields))
            return true;
    return false;
}

/* Takes a member of a JSON object away, with one of the commas beside it. */
static void part_remove(struct text *line, const char *part)
{
    char *bytes = line->bytes, *found = bytes != NULL ? strstr(bytes, part) : NULL;
    size_t length = strlen(part);

    if (found == NULL)
        return;
    if (found[length] == ',')
        length += found[length + 1] == ' ' ? 2 : 1;
    else if (found - bytes >= 2 && found[-1] == ' ' && found[-2] == ',') {
        found -= 2;
        length += 2;
    }
    memmove(found, found + length, strlen(found + length) + 1);
    line->length -= length;
}

static void add_reduced(const struct fields *fields, int older, struct text *line, struct text *out)
{
    text_clear(line);
    if (is_extension(fields)) {
        /* "version 1.6; schema ext" */
        const char *schema =
            memmem(fields->definition, length_of(fields->definition, fields->end), "schema ", 7);
        text_add_bytes(line, fields->class, length_of(fields->class, fields->definition));
        if (schema != NULL)
            text_add_bytes(line, schema, length_of(schema, fields->end));
    } else {
        text_add_bytes(line, fields->class, length_of(fields->class, fields->end));
    }
    for (size_t i = 0; i < sizeof novelties / sizeof *novelties; i++)
        if (novelties[i].part != NULL && is_new(&novelties[i], older) && novelties[i].is(fields))
            part_remove(line, novelties[i].part);
    text_add(out, text_string(line));
    text_add(out, "\n");
}

cutover_status catalog_facts_reduce(const char *facts, int version, int other, struct text *reduced,
                                    cutover_error **error)
{
    int older = version < other ? version : other;
    struct text out = TEXT_INIT, line = TEXT_INIT;
    bool same = postgres_major(version) == postgres_major(other);

    for (const char *at = facts; *at != '\0' && !same;) {
        struct fields fields = fields_of(at);
        if (!is_left_out(&fields, older))
            add_reduced(&fields, older, &line, &out);
        at = *fields.end == '\n' ? fields.end + 1 : fields.end;
    }
    if (same)
        text_add(&out, facts);
    bool failed = text_failed(&out) || text_failed(&line);
    text_free(&line);
    if (failed) {
        text_free(&out);
        return error_nomem(error);
    }
    text_free(reduced);
    *reduced = out;
    return CUTOVER_OK;
}

/* ---- what each says in its own words ---- */

#define SCRATCH "cutover_view"
static const char begin_sql[] = "BEGIN; SET LOCAL search_path TO ''; SET LOCAL quote_all_identifiers TO off";
static const char create_sql[] = "CREATE TEMPORARY VIEW " SCRATCH " AS ";
static const char ask_sql[] = "SELECT pg_get_viewdef('pg_temp." SCRATCH "'::regclass)";

/* Where the query begins: behind what is said before it, with a blank of its own (" SELECT …", " WITH …"). */
static const char *query_of(const struct fields *fields)
{
    if (!is_class(fields, "view") && !is_class(fields, "matview"))
        return NULL;
    if (*fields->definition == ' ')
        return fields->definition;
    const char *found = memmem(fields->definition, length_of(fields->definition, fields->end), ";  ", 3);
    return found != NULL ? found + 2 : NULL;
}

/* The session's server's words for a view's query; "" where it cannot make the view. */
static cutover_status view_ask(struct session *session, const char *query, struct text *answer,
                               cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_error *local = NULL;
    PGresult *made = NULL;
    char *said = NULL;

    text_add(&sql, create_sql);
    text_add(&sql, query);
    cutover_status status = text_failed(&sql) ? error_nomem(&local) : session_run(session, begin_sql, &local);
    /* One statement, whatever the text holds. */
    if (status == CUTOVER_OK)
        status = session_query(session, text_string(&sql), 0, NULL, &made, &local);
    PQclear(made);
    text_free(&sql);
    if (status == CUTOVER_OK)
        status = session_value(session, ask_sql, 0, NULL, &said, &local);
    if (status == CUTOVER_OK && said != NULL)
        text_add(answer, said);
    free(said);
    if (status == CUTOVER_OK || status == CUTOVER_E_POSTGRES) {
        cutover_error_free(local);
        return session_run(session, "ROLLBACK", error);
    }
    error_move(error, local);
    return status;
}

static cutover_status view_translate(struct session *session, const struct fields *fields, const char *query,
                                     struct text *out, cutover_error **error)
{
    struct text text = TEXT_INIT, answer = TEXT_INIT;

    catalog_facts_unescape(query, length_of(query, fields->end), &text);
    cutover_status status =
        text_failed(&text) ? error_nomem(error) : view_ask(session, text_string(&text), &answer, error);
    if (status == CUTOVER_OK && answer.length > 0) {
        text_add_bytes(out, fields->class, length_of(fields->class, query));
        catalog_facts_escape(text_string(&answer), out);
    } else {
        text_add_bytes(out, fields->class, length_of(fields->class, fields->end));
    }
    text_add(out, "\n");
    text_free(&text);
    text_free(&answer);
    return status;
}

cutover_status catalog_facts_translate(struct session *session, int version, struct text *facts,
                                       cutover_error **error)
{
    struct text out = TEXT_INIT;
    cutover_status status = CUTOVER_OK;

    if (postgres_major(version) == postgres_major(session->server_version))
        return CUTOVER_OK;
    for (const char *at = text_string(facts); status == CUTOVER_OK && *at != '\0';) {
        struct fields fields = fields_of(at);
        const char *query = query_of(&fields);
        const char *next = *fields.end == '\n' ? fields.end + 1 : fields.end;
        if (query != NULL)
            status = view_translate(session, &fields, query, &out, error);
        else
            text_add_bytes(&out, at, length_of(at, next));
        at = next;
    }
    if (status == CUTOVER_OK && text_failed(&out))
        status = error_nomem(error);
    if (status != CUTOVER_OK) {
        text_free(&out);
        return status;
    }
    text_free(facts);
    *facts = out;
    return CUTOVER_OK;
}
