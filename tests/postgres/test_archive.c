/*
 * An archive made of pg_dump's schema and of data files of ours, next to the one that pg_dump makes alone, and
 * restored by stock pg_restore (EDGE_CASES A16, B21, D1).
 */
#include "archive/blank.h"
#include "archive/manifest.h"
#include "archive/member.h"
#include "archive/object.h"
#include "archive/toc.h"
#include "base/folder.h"
#include "support/check.h"
#include "support/cluster.h"
#include "support/rich.h"
#include "support/session.h"

#include "postgres/largeobject_entries.h"
#include "transfer/foreign_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKUP "01930a5e-0000-7000-8000-000000000001"

static struct cluster *cluster;
static cutover_repository repository = CUTOVER_REPOSITORY_INIT;
static char schema_folder[4096], full_folder[4096], archive_folder[4096];

/* ------------------------------------------------------------------------------------------ making the archive */

static void run(const char *const *argv)
{
    char *output = NULL;
    int status = cluster_run(argv, &output);

    if (status != 0)
        print_error("%s: %s\n", argv[0], output);
    assert_int_equal(status, 0);
    assert_string_equal(output, "");
    free(output);
}

static void dump(const char *folder, bool schema_only)
{
    const char *argv[] = {cluster_program("pg_dump"),
                          "-Fd",
                          "-f",
                          folder,
                          "-d",
                          cluster_conninfo(cluster, "rich"),
                          schema_only ? "--section=pre-data" : NULL,
                          "--section=post-data",
                          NULL};

    run(argv);
}

static struct toc read_toc(const char *folder)
{
    struct toc toc;
    char *bytes;
    size_t count;
    cutover_error *error = NULL;

    check_ok(folder_read(folder, "toc.dat", 1 << 24, &bytes, &count, &error), error);
    check_ok(toc_parse(bytes, count, &toc, &error), error);
    free(bytes);
    return toc;
}

/* What a file is made of while it is written. */
struct file_writer {
    struct member_writer *members;
    struct object_writer *object;
    struct manifest_table *table; /* NULL: a large object */
    uint64_t size;                /* of its file so far */
};

static void append_one(struct file_writer *writer, const void *bytes, size_t count, struct member member)
{
    struct manifest_table *table = writer->table;
    cutover_error *error = NULL;

    check_ok(object_append(writer->object, bytes, count, &member.offset, &error), error);
    writer->size += count;
    if (table == NULL)
        return;
    table->members = realloc(table->members, (table->member_count + 1) * sizeof(member));
    assert_non_null(table->members);
    table->members[table->member_count++] = member;
}

/* As if one had been there that was written again elsewhere. */
static void append_blank(struct file_writer *writer)
{
    static const size_t lengths[] = {BLANK_MIN, BLANK_MIN + 1, 26, 300, BLANK_MAX, 300000};
    static size_t turn;
    size_t count = lengths[turn++ % (sizeof(lengths) / sizeof(*lengths))];
    char *bytes = malloc(count);

    assert_non_null(bytes);
    blank_fill(bytes, count);
    for (size_t at = 0, one; at < count; at += one) {
        one = blank_next(count - at);
        append_one(writer, bytes + at, one, (struct member){0, one, 0, 0});
    }
    free(bytes);
}

/* Blanks lie before, between and behind the members of tables. */
static void append_member(struct file_writer *writer, const void *bytes, size_t count, struct member member)
{
    if (writer->table != NULL)
        append_blank(writer);
    append_one(writer, bytes, count, member);
}

static void take_member(struct file_writer *writer)
{
    const void *bytes;
    size_t count;
    struct member member = {0};
    cutover_error *error = NULL;

    check_ok(member_writer_take(writer->members, &bytes, &count, &member, &error), error);
    if (count > 0)
        append_member(writer, bytes, count, member);
}

static void add_bytes(struct file_writer *writer, const void *bytes, size_t count)
{
    bool full;
    cutover_error *error = NULL;

    check_ok(member_writer_add(writer->members, bytes, count, &full, &error), error);
    if (full)
        take_member(writer);
}

static struct file_writer open_file(const char *name, struct manifest_table *table)
{
    struct file_writer writer = {NULL, NULL, table, 0};
    cutover_error *error = NULL;

    check_ok(member_writer_open(6, &writer.members, &error), error);
    check_ok(object_create(&repository, BACKUP, name, &writer.object, &error), error);
    return writer;
}

static void close_file(struct file_writer *writer, struct manifest *manifest)
{
    const void *bytes;
    size_t count;
    struct member member = {0};
    cutover_error *error = NULL;

    take_member(writer);
    if (writer->table != NULL) {
        check_ok(member_writer_copy_end(writer->members, &bytes, &count, &member, &error), error);
        append_member(writer, bytes, count, member);
        append_blank(writer);
    } else if (writer->size == 0) {
        check_ok(member_writer_empty(writer->members, &bytes, &count, &member, &error), error);
        append_member(writer, bytes, count, member);
    }
    member_writer_free(writer->members);
    check_ok(object_commit(writer->object, &manifest->files[manifest->file_count++], &error), error);
}

static PGresult *query(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        print_error("%s: %s", sql, PQerrorMessage(connection));
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    return result;
}

static void copy_rows(PGconn *connection, const char *copy, struct file_writer *writer)
{
    PGresult *result = PQexec(connection, copy);
    char *row;
    int length;

    assert_int_equal(PQresultStatus(result), PGRES_COPY_OUT);
    PQclear(result);
    while ((length = PQgetCopyData(connection, &row, 0)) > 0) {
        add_bytes(writer, row, (size_t)length);
        writer->table->rows++;
        PQfreemem(row);
    }
    assert_int_equal(length, -1);
    result = PQgetResult(connection);
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    assert_null(PQgetResult(connection));
}

static int32_t add_entry(struct toc *toc, const struct toc_addition *addition)
{
    int32_t dump_id = 0;
    cutover_error *error = NULL;

    check_ok(toc_add(toc, addition, &dump_id, &error), error);
    return dump_id;
}

static int32_t owner_id(const struct toc *toc, uint32_t oid, const char *desc)
{
    const struct toc_entry *entry = toc_find(toc, 1259, oid, desc);

    assert_non_null(entry);
    return entry->dump_id;
}

static const char *value(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}

/* pg_dump's own text of the COPY: names quoted where needed, two spaces where there is no column to list. */
static const char TABLES_SQL[] =
    "SELECT c.oid, n.nspname, c.relname, r.rolname,"
    " format('COPY %I.%I %s ', n.nspname, c.relname, '(' || (SELECT string_agg(quote_ident(attname), ', ' "
    "ORDER BY"
    " attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = "
    "'')"
    " || ')')"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner"
    " WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype "
    "= 'e')"
    " ORDER BY c.oid";

static void back_up_table(PGconn *connection, const PGresult *row, int i, struct toc *toc,
                          struct manifest *manifest)
{
    struct manifest_table *table = &manifest->tables[manifest->table_count++];
    struct file_writer writer;
    char copy[4096], file[32], name[40], digest[80];
    struct toc_addition addition = {.desc = "TABLE DATA",
                                    .schema = value(row, i, 1),
                                    .tag = value(row, i, 2),
                                    .owner = value(row, i, 3),
                                    .oid = (uint32_t)strtoul(value(row, i, 0), NULL, 10),
                                    .copy = copy};

    snprintf(copy, sizeof(copy), "%sFROM stdin;\n", value(row, i, 4));
    snprintf(file, sizeof(file), "%" PRId32 ".dat", toc_next_id(toc));
    snprintf(name, sizeof(name), "%s.gz", file);
    addition.depends_on = owner_id(toc, addition.oid, "TABLE");
    add_entry(toc, &addition);
    assert_string_equal(toc->entries[toc->count - 1].file.bytes, file);
    writer = open_file(name, table);
    snprintf(copy, sizeof(copy), "%sTO STDOUT", value(row, i, 4));
    copy_rows(connection, copy, &writer);
    close_file(&writer, manifest);
    snprintf(digest, sizeof(digest), "%" PRIu64 ":00000000000000000000000000000000", table->rows);
    table->oid = addition.oid;
    table->schema = strdup(addition.schema);
    table->name = strdup(addition.tag);
    table->kind = strdup("table");
    table->copy = strdup(value(row, i, 4));
    table->digest = strdup(digest);
    table->file = strdup(name);
}

static void back_up_tables(PGconn *connection, struct toc *toc, struct manifest *manifest)
{
    PGresult *tables = query(connection, TABLES_SQL);
    int count = PQntuples(tables);

    manifest->tables = calloc((size_t)count, sizeof(*manifest->tables));
    assert_non_null(manifest->tables);
    for (int i = 0; i < count; i++)
        back_up_table(connection, tables, i, toc, manifest);
    PQclear(tables);
}

static void back_up_sequences(PGconn *connection, struct toc *toc)
{
    PGresult *names =
        query(connection, "SELECT c.oid, n.nspname, c.relname, r.rolname, format('%I.%I', n.nspname, c.relname)"
                          " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                          " JOIN pg_roles r ON r.oid = c.relowner WHERE c.relkind = 'S' ORDER BY c.oid");

    for (int i = 0; i < PQntuples(names); i++) {
        char sql[1024];
        PGresult *set;
        uint32_t oid = (uint32_t)strtoul(value(names, i, 0), NULL, 10);
        struct toc_addition addition = {.desc = "SEQUENCE SET",
                                        .schema = value(names, i, 1),
                                        .tag = value(names, i, 2),
                                        .owner = value(names, i, 3),
                                        .depends_on = owner_id(toc, oid, "SEQUENCE")};
        snprintf(sql, sizeof(sql),
                 "SELECT format(E'SELECT pg_catalog.setval(%%L, %%s, %%s);\\n', $$%s$$, last_value,"
                 " CASE WHEN is_called THEN 'true' ELSE 'false' END) FROM %s",
                 value(names, i, 4), value(names, i, 4));
        set = query(connection, sql);
        addition.defn = value(set, 0, 0);
        add_entry(toc, &addition);
        PQclear(set);
    }
    PQclear(names);
}

static void back_up_listing(const struct toc *toc, const struct toc_entry *contents, const struct text *all,
                            struct manifest *manifest)
{
    const struct toc_entry *group = largeobject_group(toc, contents);
    struct text list = TEXT_INIT;
    cutover_error *error = NULL;

    if (group == NULL)
        text_add(&list, text_string(all));
    for (const char *line = group != NULL ? group->defn.bytes : ""; *line != '\0';
         line = strchr(line, '\n') + 1)
        text_add_format(&list, "%d blob_%d.dat\n", atoi(line), atoi(line));
    check_ok(object_write_all(&repository, BACKUP, contents->file.bytes, list.bytes, list.length,
                              &manifest->files[manifest->file_count++], &error),
             error);
    text_free(&list);
}

static void back_up_large_objects(PGconn *connection, struct toc *toc, struct manifest *manifest)
{
    struct session *session = check_session(cluster_conninfo(cluster, "rich"));
    struct text all = TEXT_INIT;
    PGresult *objects = query(connection, "SELECT oid, lo_get(oid) FROM pg_largeobject_metadata ORDER BY oid");
    cutover_error *error = NULL;

    for (int i = 0; i < PQntuples(objects); i++) {
        struct file_writer writer;
        size_t size = 0;
        unsigned char *content = PQunescapeBytea((unsigned char *)PQgetvalue(objects, i, 1), &size);
        char name[64];
        assert_non_null(content);
        snprintf(name, sizeof(name), "blob_%s.dat.gz", value(objects, i, 0));
        text_add_format(&all, "%s blob_%s.dat\n", value(objects, i, 0), value(objects, i, 0));
        writer = open_file(name, NULL);
        if (size > 0)
            add_bytes(&writer, content, size);
        close_file(&writer, manifest);
        PQfreemem(content);
    }
    PQclear(objects);
    check_ok(largeobject_entries_add(session, toc, &error), error);
    check_ok(largeobject_contents_add(toc, true, &error), error);
    session_close(session);
    for (size_t i = toc->parsed; i < toc->count; i++)
        if (largeobject_is_contents(&toc->entries[i]))
            back_up_listing(toc, &toc->entries[i], &all, manifest);
    text_free(&all);
}

static void write_heads(const struct toc *toc, struct manifest *manifest)
{
    struct text text = TEXT_INIT;
    struct manifest_file file;
    char *json;
    cutover_error *error = NULL;

    check_ok(toc_format(toc, &text, &error), error);
    check_ok(object_write_all(&repository, BACKUP, "toc.dat", text.bytes, text.length,
                              &manifest->files[manifest->file_count++], &error),
             error);
    text_free(&text);
    check_ok(manifest_format(manifest, &json, &error), error);
    check_ok(object_write_all(&repository, BACKUP, MANIFEST_NAME, json, strlen(json), &file, &error), error);
    free(json);
    free(file.name);
    free(file.sha256);
}

static void back_up(void)
{
    PGconn *connection = cluster_connect(cluster, "rich");
    struct toc toc = read_toc(schema_folder);
    struct manifest manifest = {.format = MANIFEST_FORMAT,
                                .backup_id = strdup(BACKUP),
                                .created_at = 1795334175123456,
                                .library_version = strdup("0.1.0"),
                                .system_identifier = strdup("1"),
                                .database_oid = 1,
                                .database_name = strdup("rich"),
                                .server_version = PQserverVersion(connection),
                                .encoding = strdup("UTF8")};
    cutover_error *error = NULL;

    manifest.files = calloc(500, sizeof(*manifest.files));
    assert_non_null(manifest.files);
    PQclear(query(connection, "SELECT set_config('search_path', '', false)"));
    check_ok(repository.begin(BACKUP, &error, repository.userdata), error);
    back_up_tables(connection, &toc, &manifest);
    back_up_sequences(connection, &toc);
    back_up_large_objects(connection, &toc, &manifest);
    toc_set_gzip(&toc);
    write_heads(&toc, &manifest);
    check_ok(repository.publish(BACKUP, &error, repository.userdata), error);
    check_ok(repository.path(BACKUP, archive_folder, sizeof(archive_folder), &error, repository.userdata),
             error);
    manifest_free(&manifest);
    toc_free(&toc);
    PQfinish(connection);
}

static int set_up(void **state)
{
    char path[4096];
    const char *folder;
    cutover_error *error = NULL;

    (void)state;
    cluster = cluster_start("wal_level = logical\n");
    cluster_sql(cluster, "postgres", rich_roles_sql());
    cluster_sql(cluster, "postgres", "CREATE DATABASE rich TEMPLATE template0 ENCODING 'UTF8'");
    cluster_sql(cluster, "rich", rich_schema_sql());
    folder = cluster_temp_dir();
    snprintf(schema_folder, sizeof(schema_folder), "%s/schema", folder);
    snprintf(full_folder, sizeof(full_folder), "%s/full", folder);
    snprintf(path, sizeof(path), "%s/backups", folder);
    dump(schema_folder, true);
    dump(full_folder, false);
    check_ok(cutover_repository_directory_open(path, &repository, &error), error);
    back_up();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cutover_repository_close(&repository);
    cluster_stop(cluster);
    return 0;
}

/* ---------------------------------------------------------------------------------------------------------- tests */

static void archive_of_a_rich_database_formats_to_the_same_bytes(void **state)
{
    const char *const folders[] = {schema_folder, full_folder};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct toc toc = read_toc(folders[i]);
        struct text text = TEXT_INIT;
        char *bytes;
        size_t count;
        cutover_error *error = NULL;
        check_ok(folder_read(folders[i], "toc.dat", 1 << 24, &bytes, &count, &error), error);
        check_ok(toc_format(&toc, &text, &error), error);
        assert_int_equal(text.length, count);
        assert_memory_equal(text.bytes, bytes, count);
        free(bytes);
        text_free(&text);
        toc_free(&toc);
    }
}

static bool same_string(struct toc_string a, struct toc_string b)
{
    return (a.bytes == NULL) == (b.bytes == NULL) && (a.bytes == NULL || strcmp(a.bytes, b.bytes) == 0);
}

static const struct toc_entry *entry_of(const struct toc *toc, int32_t dump_id)
{
    for (size_t i = 0; i < toc->count; i++)
        if (toc->entries[i].dump_id == dump_id)
            return &toc->entries[i];
    return NULL;
}

/* Whether one depends on everything in its archive that the other, in another archive, depends on. pg_dump's section boundaries
   are no entries. */
static bool depends_likewise(const struct toc *one, const struct toc_entry *a, const struct toc *two,
                             const struct toc_entry *b)
{
    for (size_t i = 0; i < b->dependency_count; i++) {
        const struct toc_entry *on = entry_of(two, b->dependencies[i]);
        bool found = on == NULL;
        for (size_t k = 0; !found && k < a->dependency_count; k++) {
            const struct toc_entry *mine = entry_of(one, a->dependencies[k]);
            found = mine != NULL && same_string(mine->desc, on->desc) && same_string(mine->tag, on->tag);
        }
        if (!found)
            return false;
    }
    return true;
}

static bool same_entry(const struct toc *one, const struct toc_entry *a, const struct toc *two,
                       const struct toc_entry *b)
{
    return a->had_dumper == b->had_dumper && a->catalog_oid == b->catalog_oid && a->oid == b->oid &&
           a->section == b->section && same_string(a->tag, b->tag) && same_string(a->desc, b->desc) &&
           same_string(a->defn, b->defn) && same_string(a->drop, b->drop) && same_string(a->copy, b->copy) &&
           same_string(a->schema, b->schema) && same_string(a->tablespace, b->tablespace) &&
           same_string(a->access_method, b->access_method) && same_string(a->owner, b->owner) &&
           same_string(a->with_oids, b->with_oids) && depends_likewise(one, a, two, b) &&
           depends_likewise(two, b, one, a);
}

/* dumpIds of data, and files that are named by them, may differ; nothing else does, and nothing is missing. */
static void completed_archive_has_the_entries_of_pg_dump(void **state)
{
    struct toc ours = read_toc(archive_folder), theirs = read_toc(full_folder);

    (void)state;
    assert_int_equal(ours.count, theirs.count);
    for (size_t i = 0; i < theirs.count; i++) {
        size_t at = 0;
        while (at < ours.count && !same_entry(&ours, &ours.entries[at], &theirs, &theirs.entries[i]))
            at++;
        if (at == ours.count)
            print_error("not found: %s %s: %s\n", theirs.entries[i].desc.bytes, theirs.entries[i].tag.bytes,
                        theirs.entries[i].defn.bytes);
        assert_true(at < ours.count);
    }
    toc_free(&theirs);
    toc_free(&ours);
}

/* Content of every table and populated materialized view, of the sequences and of the large objects, and how many
   objects of each kind there are. Rows are compared by column name: their order may differ (EDGE_CASES A17). */
static const char CONTENT_SQL[] =
    "SELECT string_agg(line, E'\\n' ORDER BY line) FROM ("
    "SELECT format('%s.%s %s', n.nspname, c.relname, (xpath('//v/text()', query_to_xml(format("
    "'SELECT count(*) || '' '' || coalesce(md5(string_agg(to_jsonb(t)::text, '','' ORDER BY "
    "to_jsonb(t)::text)),"
    " '''') AS v FROM ONLY %I.%I t', n.nspname, c.relname), false, true, '')))[1])"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND n.nspname IN ('shop', 'Odd.Schema')"
    " UNION ALL SELECT format('%s.%s %s', schemaname, sequencename, last_value) FROM pg_sequences"
    " UNION ALL SELECT format('large object %s %s %s %s %s', oid, md5(lo_get(oid)), lomowner::regrole, lomacl,"
    " obj_description(oid, 'pg_largeobject')) FROM pg_largeobject_metadata"
    " UNION ALL SELECT format('%s %s %s', relkind, relispopulated, count(*)) FROM pg_class GROUP BY relkind,"
    " relispopulated UNION ALL SELECT format('%s %s %s', contype, convalidated, count(*)) FROM pg_constraint"
    " GROUP BY contype, convalidated) AS lines (line)";

static void assert_same_content(const char *database)
{
    char *expected = cluster_value(cluster, "rich", CONTENT_SQL);
    char *found = cluster_value(cluster, database, CONTENT_SQL);

    check_contains(expected, "shop.orders 20000 ");
    check_contains(expected, "large object 400001 ");
    assert_string_equal(found, expected);
    free(expected);
    free(found);
}

/* With what the library says of foreign keys beyond pg_dump: without it pg_restore of 18 and later makes another database of it, now
   and then, when it runs several jobs. */
static void order_keys(const char *folder)
{
    struct session *session = check_session(cluster_conninfo(cluster, "rich"));
    struct toc toc = read_toc(folder);
    struct text text = TEXT_INIT;
    char path[4300];
    bool changed = false;
    cutover_error *error = NULL;

    check_ok(foreign_keys_wait(session, &toc, &changed, &error), error);
    assert_true(changed);
    check_ok(toc_format(&toc, &text, &error), error);
    snprintf(path, sizeof(path), "%s/toc.dat", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.bytes, 1, text.length, file), text.length);
    assert_int_equal(fclose(file), 0);
    text_free(&text);
    toc_free(&toc);
    session_close(session);
}

static void stock_pg_restore_restores_it(void **state)
{
    char folder[4200];
    const char *copy[] = {"cp", "-r", archive_folder, folder, NULL};
    const char *argv[] = {cluster_program("pg_restore"), "-e", "-j2", "-d", NULL, folder, NULL};

    (void)state;
    snprintf(folder, sizeof(folder), "%s-ordered", archive_folder);
    run(copy);
    order_keys(folder);
    cluster_sql(cluster, "postgres", "CREATE DATABASE restored TEMPLATE template0 ENCODING 'UTF8'");
    argv[4] = cluster_conninfo(cluster, "restored");
    run(argv);
    assert_same_content("restored");
}

/* As an SQL script too: psql must find where the rows of each table end. */
static void script_of_pg_restore_restores_it(void **state)
{
    char script[4200];
    const char *write[] = {cluster_program("pg_restore"), "-f", script, archive_folder, NULL};
    const char *load[] = {cluster_program("psql"),
                          "-X",
                          "-q",
                          "-v",
                          "ON_ERROR_STOP=1",
                          "-o",
                          "/dev/null",
                          "-d",
                          NULL,
                          "-f",
                          script,
                          NULL};

    (void)state;
    snprintf(script, sizeof(script), "%s/script.sql", cluster_temp_dir());
    run(write);
    cluster_sql(cluster, "postgres", "CREATE DATABASE scripted TEMPLATE template0 ENCODING 'UTF8'");
    load[8] = cluster_conninfo(cluster, "scripted");
    run(load);
    assert_same_content("scripted");
}

static void checksums_are_those_of_sha256sum(void **state)
{
    struct manifest manifest;
    char *json;
    size_t length;
    cutover_error *error = NULL;

    (void)state;
    check_ok(object_read_all(&repository, BACKUP, MANIFEST_NAME, MANIFEST_LIMIT, NULL, &json, &length, &error),
             error);
    check_ok(manifest_parse(json, length, &manifest, &error), error);
    free(json);
    for (size_t i = 0; i < manifest.file_count; i++) {
        char path[4200], expected[4400], *output = NULL;
        const char *argv[] = {"sha256sum", path, NULL};
        snprintf(path, sizeof(path), "%s/%s", archive_folder, manifest.files[i].name);
        snprintf(expected, sizeof(expected), "%s  %s\n", manifest.files[i].sha256, path);
        assert_int_equal(cluster_run(argv, &output), 0);
        assert_string_equal(output, expected);
        free(output);
        check_ok(object_check(&repository, BACKUP, &manifest.files[i], NULL, NULL, &error), error);
    }
    manifest_free(&manifest);
}

static void every_data_file_is_gzip(void **state)
{
    char path[4200];
    const char *argv[] = {"/bin/sh", "-c", path, NULL};

    (void)state;
    snprintf(path, sizeof(path), "gzip -t %s/*.gz", archive_folder);
    run(argv);
}

static void members_hold_the_rows_that_the_manifest_says(void **state)
{
    struct manifest manifest;
    struct member_reader *reader;
    char *json;
    size_t length, members = 0;
    cutover_error *error = NULL;

    (void)state;
    check_ok(object_read_all(&repository, BACKUP, MANIFEST_NAME, MANIFEST_LIMIT, NULL, &json, &length, &error),
             error);
    check_ok(manifest_parse(json, length, &manifest, &error), error);
    free(json);
    check_ok(member_reader_open(&reader, &error), error);
    for (size_t i = 0; i < manifest.table_count; i++) {
        const struct manifest_table *table = &manifest.tables[i];
        void *object;
        check_ok(object_open(&repository, BACKUP, table->file, &object, &error), error);
        for (size_t j = 0; j < table->member_count; j++, members++) {
            const struct member *member = &table->members[j];
            void *buffer = member_reader_buffer(reader, member->size, &error);
            const char *raw;
            uint64_t rows = 0;
            assert_non_null(buffer);
            check_ok(
                object_read_at(&repository, object, table->file, member->offset, buffer, member->size, &error),
                error);
            check_ok(member_reader_inflate(reader, member, &raw, &error), error);
            for (size_t k = 0; k < member->raw; k++)
                rows += raw[k] == '\n';
            assert_int_equal(member->raw > 0 ? raw[member->raw - 1] : '\n', '\n');
            if (member->raw != strlen(MEMBER_COPY_END) || memcmp(raw, MEMBER_COPY_END, member->raw) != 0)
                assert_int_equal(rows, member->rows);
            else
                assert_int_equal(member->rows, 0);
        }
        object_close(&repository, object);
    }
    assert_true(members > 2 * manifest.table_count - 2);
    member_reader_free(reader);
    manifest_free(&manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archive_of_a_rich_database_formats_to_the_same_bytes),
        cmocka_unit_test(completed_archive_has_the_entries_of_pg_dump),
        cmocka_unit_test(stock_pg_restore_restores_it),
        cmocka_unit_test(script_of_pg_restore_restores_it),
        cmocka_unit_test(checksums_are_those_of_sha256sum),
        cmocka_unit_test(every_data_file_is_gzip),
        cmocka_unit_test(members_hold_the_rows_that_the_manifest_says),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
