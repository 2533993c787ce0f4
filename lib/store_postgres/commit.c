#include "store_postgres/commit.h"

#include "base/clock.h"
#include "base/sha256.h"
#include "store/port.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A transaction's lock for each name, whether a document is there or not, in the order of the numbers: commits that name the same
   documents wait for each other and never in a circle. The next statement sees what those before it committed. */
static const char locks_sql[] = "SELECT pg_advisory_xact_lock(n) FROM unnest($1::bigint[]) n";

/* Parameters of the second statement, before those of the writes. */
enum { TOKEN, AGAIN, SETTLED, COUNT, WRITES };
enum { KIND, ID, PROJECT, EXPECTED, BODY, WRITE_PARAMETERS };

/*
 * What was sent and never answered may still come, long after it was sent again: it finds its token, and does nothing. That is noted for
 * a refused one, too, once it had to be sent again: the documents may have those versions some day. An answered commit's token goes
 * with the next commit on its link. Writing the token anew has the server wait for its standby anew.
 * Only somebody who writes into these tables by himself makes the counts differ: the division fails, nothing is applied.
 */
static const char apply_sql[] =
    "), seen AS (SELECT applied FROM commit_token WHERE token = $1::uuid),"
    " bad AS (SELECT w.kind, w.id FROM w LEFT JOIN document d ON d.kind = w.kind AND d.id = w.id"
    "   WHERE coalesce(d.version, 0) <> w.expected ORDER BY 1, 2 LIMIT 1),"
    " go AS (SELECT NOT EXISTS (SELECT FROM seen) AND NOT EXISTS (SELECT FROM bad) AS yes),"
    " deleted AS (DELETE FROM document d USING w, go WHERE go.yes AND w.body IS NULL"
    "   AND d.kind = w.kind AND d.id = w.id AND d.version = w.expected RETURNING 1),"
    " changed AS (UPDATE document d SET project_id = w.project_id, version = d.version + 1, body = w.body"
    "   FROM w, go WHERE go.yes AND w.body IS NOT NULL"
    "   AND d.kind = w.kind AND d.id = w.id AND d.version = w.expected RETURNING 1),"
    " made AS (INSERT INTO document (kind, id, project_id, version, body)"
    "   SELECT w.kind, w.id, w.project_id, 1, w.body FROM w, go WHERE go.yes AND w.expected = 0 RETURNING 1),"
    " settled AS (DELETE FROM commit_token WHERE token = $3::uuid),"
    " noted AS (INSERT INTO commit_token (token, applied) SELECT $1::uuid, go.yes FROM go"
    "   WHERE go.yes OR $2::boolean ON CONFLICT (token) DO UPDATE SET at = now())"
    " SELECT coalesce((SELECT applied FROM seen), go.yes), (SELECT kind FROM bad), (SELECT id FROM bad),"
    "  1 / CASE WHEN NOT go.yes OR (SELECT count(*) FROM deleted) + (SELECT count(*) FROM changed)"
    "     + (SELECT count(*) FROM made) = $4::bigint THEN 1 ELSE 0 END FROM go";

static int compare_numbers(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

    return (a > b) - (a < b);
}

/* Bytes of the schema's and the document's name, hashed: what other programs lock in this database has other numbers. */
static cutover_status lock_number(const char *schema, const cutover_write *write, int64_t *number,
                                  cutover_error **error)
{
    unsigned char digest[SHA256_SIZE];
    struct text name = TEXT_INIT;

    text_add_format(&name, "libcutover %s %s %s", schema, write->kind, write->id);
    cutover_status status = text_failed(&name)
                                ? error_nomem(error)
                                : sha256_bytes_of(text_string(&name), name.length, digest, error);
    text_free(&name);
    *number = 0;
    for (size_t i = 0; i < sizeof *number && status == CUTOVER_OK; i++)
        *number = (int64_t)((uint64_t)*number << 8 | digest[i]);
    return status;
}

static cutover_status build_locks(struct commit *commit, cutover_error **error)
{
    int64_t numbers[STORE_COMMIT_MAX];
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < commit->count && status == CUTOVER_OK; i++)
        status = lock_number(commit->schema, commit->writes[i], &numbers[i], error);
    if (status != CUTOVER_OK)
        return status;
    qsort(numbers, commit->count, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i < commit->count; i++)
        text_add_format(&commit->locks, "%c%" PRId64, i == 0 ? '{' : ',', numbers[i]);
    text_add(&commit->locks, "}");
    return text_failed(&commit->locks) ? error_nomem(error) : CUTOVER_OK;
}

static void add_write(struct commit *commit, size_t index)
{
    const cutover_write *write = commit->writes[index];
    const char **values = commit->values + WRITES + WRITE_PARAMETERS * index;
    size_t first = WRITES + WRITE_PARAMETERS * index + 1; /* $1 is TOKEN */

    snprintf(commit->numbers[index], sizeof commit->numbers[index], "%" PRIu64, write->expected_version);
    values[KIND] = write->kind;
    values[ID] = write->id;
    values[PROJECT] = write->project_id;
    values[EXPECTED] = commit->numbers[index];
    values[BODY] = write->body;
    text_add_format(&commit->apply, "%s ($%zu::text, $%zu::text, $%zu::text, $%zu::bigint, $%zu::text)",
                    index == 0 ? "" : ",", first + KIND, first + ID, first + PROJECT, first + EXPECTED,
                    first + BODY);
}

cutover_status commit_build(struct commit *commit, const char *schema, const cutover_write *const *writes,
                            size_t count, cutover_error **error)
{
    *commit = (struct commit){.writes = writes, .count = count, .schema = schema};
    commit->values = calloc(WRITES + WRITE_PARAMETERS * count, sizeof *commit->values);
    commit->numbers = calloc(count + 1, sizeof *commit->numbers);
    if (commit->values == NULL || commit->numbers == NULL)
        return error_nomem(error);
    id_new(clock_now(&(struct clock){0}), commit->token);
    snprintf(commit->numbers[count], sizeof commit->numbers[count], "%zu", count);
    commit->values[TOKEN] = commit->token;
    commit->values[COUNT] = commit->numbers[count];
    text_add(&commit->apply, "WITH w (kind, id, project_id, expected, body) AS (VALUES");
    for (size_t i = 0; i < count; i++)
        add_write(commit, i);
    text_add(&commit->apply, apply_sql);
    return text_failed(&commit->apply) ? error_nomem(error) : build_locks(commit, error);
}

static cutover_status conflict(const struct commit *commit, const PGresult *result, cutover_error **error)
{
    const char *kind = result_text(result, 0, 1), *id = result_text(result, 0, 2);

    for (size_t i = 0; i < commit->count; i++)
        if (kind != NULL && id != NULL && strcmp(commit->writes[i]->kind, kind) == 0 &&
            strcmp(commit->writes[i]->id, id) == 0)
            return store_conflict(commit->writes[i], error);
    return store_conflict(commit->writes[0], error);
}

cutover_status commit_run(struct commit *commit, struct link *link, bool again, int64_t deadline_us,
                          cutover_error **error)
{
    const char *const locks[] = {text_string(&commit->locks)};
    const struct link_statement statements[] = {
        {locks_sql, 1, locks},
        {text_string(&commit->apply), (int)(WRITES + WRITE_PARAMETERS * commit->count), commit->values},
    };
    PGresult *result = NULL;

    commit->values[AGAIN] = again ? "t" : "f";
    commit->values[SETTLED] = link->settled[0] != '\0' ? link->settled : NULL;
    cutover_status status = link_run(link, deadline_us, statements, 2, &result, error);
    if (status != CUTOVER_OK)
        return status;
    link->settled[0] = '\0';
    if (!result_bool(result, 0, 0))
        status = conflict(commit, result, error);
    else if (!again) /* an earlier try may still come */
        memcpy(link->settled, commit->token, sizeof link->settled);
    PQclear(result);
    return status;
}

void commit_free(struct commit *commit)
{
    text_free(&commit->locks);
    text_free(&commit->apply);
    free(commit->values);
    free(commit->numbers);
}
