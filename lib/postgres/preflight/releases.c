#include "postgres/preflight/releases.h"

#include "postgres/preflight/checks.h"
#include "postgres/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is in the table: holes through which what the owner of a database wrote, or who hands us an archive, gets the rights of
 * whoever dumps, restores, indexes or refreshes it, or reaches the machine that does. What he can do without us (CVE-2023-2454,
 * or running code as the server's user with a query of his own) is left out, as is what we never run: psql but for a plain dump,
 * REFRESH … CONCURRENTLY (CVE-2024-0985), REINDEX, subscriptions, lo_read().
 *
 * How it is kept up: PostgreSQL publishes its minor releases together, in February, May, August and November, and when it must.
 * The release notes of each name the identifiers, and www.postgresql.org/support/security/CVE-… has for each the first minor
 * release without it by major version, and whether server or client has it. A line for each that fits the rule, the oldest first.
 * A major version that becomes POSTGRES_NEWEST needs a column, and the older holes a 0 in it.
 */
#define OLDEST POSTGRES_OLDEST
#define MAJORS (POSTGRES_NEWEST - OLDEST + 1)

static const struct hole {
    const char *identifier;
    unsigned programs;           /* of enum release_program */
    unsigned char right[MAJORS]; /* the first minor release without it: of 14, 15, …; 0: it never had it */
} holes[] = {
    /* CREATE INDEX, REFRESH and the like ran what an object's owner wrote as the session's user. */
    {"CVE-2022-1552", RELEASE_SERVER, {3}},
    /* The name of a schema as code in an extension's script. */
    {"CVE-2023-39417", RELEASE_SERVER, {9, 4}},
    /* A relation that is replaced while pg_dump runs; both sides are needed to shut it. */
    {"CVE-2024-7348", RELEASE_SERVER | RELEASE_PG_DUMP, {13, 8, 4}},
    /* psql's commands in a plain dump. */
    {"CVE-2025-8714", RELEASE_PG_DUMP | RELEASE_PG_RESTORE, {19, 14, 10, 6}},
    /* A line break in an object's name: SQL at the restore. */
    {"CVE-2025-8715", RELEASE_PG_DUMP | RELEASE_PG_RESTORE, {19, 14, 10, 6}},
    /* A view's or function's text as the server gives it to pg_dump: SQL at the restore. */
    {"CVE-2026-15741", RELEASE_SERVER, {24, 19, 15, 11, 6}},
    /* What was done about CVE-2025-8714 was not enough. */
    {"CVE-2026-18408", RELEASE_PG_DUMP | RELEASE_PG_RESTORE, {24, 19, 15, 11, 6}},
    /* A function's list of transforms overruns pg_dump's memory. */
    {"CVE-2026-19385", RELEASE_PG_DUMP, {24, 19, 15, 11, 6}},
    /* A crafted archive runs code in pg_restore. */
    {"CVE-2026-116314", RELEASE_PG_RESTORE, {25, 20, 16, 12, 7}},
    /* What CREATE INDEX or REFRESH runs as the owner leaves types in the session's temporary schema. */
    {"CVE-2026-116316", RELEASE_SERVER, {25, 20, 16, 12, 7}},
};

int release_holes(enum release_program program, int version, struct text *identifiers)
{
    int major = postgres_major(version), minor = version % 10000, right = 0;

    if (major < OLDEST || major > POSTGRES_NEWEST)
        return 0;
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
        int first = holes[i].right[major - OLDEST];
        if ((holes[i].programs & program) == 0 || minor >= first)
            continue;
        text_add_format(identifiers, "%s%s", right != 0 ? ", " : "", holes[i].identifier);
        if (first > right)
            right = first;
    }
    return right;
}

static void look_at(const char *whose, enum release_program program, int version, const char *name,
                    struct findings *findings)
{
    struct text identifiers = TEXT_INIT;
    char hint[64];
    int right = release_holes(program, version, &identifiers);

    snprintf(hint, sizeof hint, "Upgrade it to %d.%d or later.", postgres_major(version), right);
    if (text_failed(&identifiers))
        findings->failed = true;
    else if (right != 0)
        findings_add(findings, CUTOVER_SEVERITY_WARN, name, hint,
                     "%s is PostgreSQL %d.%d, with published holes that matter here: %s", whose,
                     postgres_major(version), version % 10000, text_string(&identifiers));
    text_free(&identifiers);
}

/* Since their minor releases of November 2026 servers keep a number of their own among an attribute's options, and refuse it from
   others: a pg_dump that does not know of it writes it out. The first that does, of 14, 15, …; 19's first ones do not. */
static const int knows_attribute_numbers[] = {25, 20, 16, 12, 7, 1};
#define KNOWN_MAJORS (int)(sizeof knows_attribute_numbers / sizeof *knows_attribute_numbers)

static const char attribute_numbers_sql[] =
    "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n"
    "    ON n.oid = c.relnamespace, unnest(a.attoptions) o"
    " WHERE starts_with(o, 'pg_attver=') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'";

static cutover_status look_for_attribute_numbers(struct session *inside, const char *side,
                                                 const struct tools *tools, const char *name,
                                                 struct findings *findings, cutover_error **error)
{
    int major = postgres_major(tools->dump_version), minor = tools->dump_version % 10000;
    char hint[64], *count = NULL;

    if (major < OLDEST || major - OLDEST >= KNOWN_MAJORS || minor >= knows_attribute_numbers[major - OLDEST])
        return CUTOVER_OK;
    cutover_status status = session_value(inside, attribute_numbers_sql, 0, NULL, &count, error);
    snprintf(hint, sizeof hint, "Upgrade it to %d.%d or later.", major,
             knows_attribute_numbers[major - OLDEST]);
    if (status == CUTOVER_OK && strcmp(count, "0") != 0)
        findings_add(
            findings, CUTOVER_SEVERITY_BLOCK, name, hint,
            "%s is PostgreSQL %d.%d and writes out what %s's server (%d.%d) keeps for itself in %s options of"
            " attributes (pg_attver), which no server takes",
            tools->pg_dump, major, minor, side, postgres_major(inside->server_version),
            inside->server_version % 10000, count);
    free(count);
    return status;
}

cutover_status preflight_releases(const struct preflight_servers *servers, const char *name,
                                  struct findings *findings, cutover_error **error)
{
    const struct tools *tools = servers->tools;

    look_at("production's server", RELEASE_SERVER, servers->production->server_version, name, findings);
    if (!preflight_same_server(servers))
        look_at("the preview's server", RELEASE_SERVER, servers->preview->server_version, name, findings);
    look_at(tools->pg_dump, RELEASE_PG_DUMP, tools->dump_version, name, findings);
    look_at(tools->pg_restore, RELEASE_PG_RESTORE, tools->restore_version, name, findings);
    cutover_status status =
        look_for_attribute_numbers(servers->production, "production", tools, name, findings, error);
    if (status == CUTOVER_OK && servers->preview != servers->production)
        status = look_for_attribute_numbers(servers->preview, "the preview", tools, name, findings, error);
    return status;
}
