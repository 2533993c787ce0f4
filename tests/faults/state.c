#include "faults/state.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- files ---- */

static bool is_entry(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Calls back for each file and folder, folders before what is in them, in the order of their names. What goes away meanwhile (the
   programs that a job has started work on) is passed over. */
static void walk(const char *path, void (*found)(const char *path, const struct stat *about, void *context),
                 void *context)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);

    assert_true(count >= 0 || errno == ENOENT);
    for (int i = 0; i < count; i++) {
        char *inside = shop_format("%s/%s", path, entries[i]->d_name);
        struct stat about;
        if (is_entry(entries[i]->d_name) && lstat(inside, &about) == 0) {
            found(inside, &about, context);
            if (S_ISDIR(about.st_mode))
                walk(inside, found, context);
        }
        free(inside);
        free(entries[i]);
    }
    free(entries);
}

static void add_bytes(XXH3_state_t *hash, const char *path)
{
    char bytes[16384];
    ssize_t count;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0 && errno == ENOENT)
        return;
    assert_true(file >= 0);
    while ((count = read(file, bytes, sizeof bytes)) > 0)
        XXH3_128bits_update(hash, bytes, (size_t)count);
    close(file);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), of_end = strlen(end);

    return length >= of_end && strcmp(text + length - of_end, end) == 0;
}

/* SQLite makes the index of its log anew when it comes to a store that nobody has open. */
static void add_file(const char *path, const struct stat *about, void *context)
{
    if (ends_with(path, "/store.db-shm"))
        return;
    XXH3_128bits_update(context, path, strlen(path) + 1);
    if (S_ISREG(about->st_mode))
        add_bytes(context, path);
}

/* ---- a mark ---- */

/* Whatever a transaction has changed in any database shows here once it has ended. */
static const char transactions_sql[] = "SELECT pg_current_snapshot()";

char *state_mark(struct scene *scene)
{
    XXH3_state_t *hash = XXH3_createState();
    char *transactions = cluster_value(scene->cluster, "postgres", transactions_sql);

    assert_non_null(hash);
    XXH3_128bits_reset(hash);
    walk(scene->home, add_file, hash);
    XXH128_hash_t files = XXH3_128bits_digest(hash);
    XXH3_freeState(hash);
    char *mark = shop_format("%016jx%016jx %s", (uintmax_t)files.high64, (uintmax_t)files.low64, transactions);
    free(transactions);
    return mark;
}

/* ---- what is left ---- */

static void add(char **text, const char *more)
{
    char *longer = shop_format("%s%s\n", *text, more);

    free(*text);
    *text = longer;
}

/* Whether this is what holds a number together: "7-8", "1.5". */
static bool is_joint(const char *at)
{
    return (at[0] == '-' && isxdigit((unsigned char)at[1])) || (at[0] == '.' && isdigit((unsigned char)at[1]));
}

/* Each run of hexadecimal digits, joints inside, with at least one decimal digit becomes one '#'. */
void without_numbers(char *text)
{
    static const char hexadecimal[] = "0123456789abcdefABCDEF";
    char *to = text;

    for (const char *from = text; *from != '\0';) {
        size_t length = strspn(from, hexadecimal), digits = strcspn(from, "0123456789");
        while (length > 0 && is_joint(from + length))
            length += 1 + strspn(from + length + 1, hexadecimal);
        if (digits < length) {
            *to++ = '#';
            from += length;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

/* A job's folders are called by mkdtemp(). */
static void add_name(const char *path, const struct stat *about, void *context)
{
    const char *name = strrchr(path, '/') + 1;

    (void)about;
    if (strncmp(name, "cutover-", 8) == 0)
        add(context, strncmp(name, "cutover-job-", 12) == 0 ? "a job's folder" : "a temporary folder");
    else if (strncmp(name, "store.db", 8) != 0)
        add(context, name);
}

/* How far the job was at its last sign of life is a matter of time, not of state. */
static const char documents_sql[] =
    "SELECT kind || ' ' || iif(kind = 'lease', json_remove(body, '$.progress'), body)"
    "  FROM document ORDER BY kind, id";

/* Read from a copy: recovery finds the store as the job has left it. */
static void add_records(struct scene *scene, char **text)
{
    char *folder = shop_format("%s/copy", scene->folder), *path = shop_format("%s/store.db", folder);
    sqlite3_stmt *statement = NULL;
    sqlite3 *store = NULL;

    shop_run((const char *[]){"rm", "-rf", folder, NULL});
    shop_run((const char *[]){"mkdir", folder, NULL});
    for (size_t i = 0; i < 2; i++) {
        char *from = shop_format("%s/store.db%s", scene->home, i == 0 ? "" : "-wal");
        if (access(from, F_OK) == 0)
            shop_run((const char *[]){"cp", from, folder, NULL});
        free(from);
    }
    assert_int_equal(sqlite3_open(path, &store), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(store, documents_sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        add(text, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(store), SQLITE_OK);
    free(folder);
    free(path);
}

static const char databases_sql[] =
    "SELECT string_agg(concat_ws(' ', datname, datallowconn, datconnlimit, datdba::regrole,"
    "                            (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(datacl) a),"
    "                            shobj_description(oid, 'pg_database'),"
    "                            (SELECT string_agg(concat_ws(' ', setrole, setconfig), ',' ORDER BY setrole)"
    "                               FROM pg_db_role_setting WHERE setdatabase = d.oid)),"
    "                  E'\\n' ORDER BY datname) FROM pg_database d";

static const char logins_sql[] = "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles";

static const char open_databases_sql[] = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database"
                                         " WHERE datallowconn AND datname NOT IN ('postgres', 'template1')";

/* Rows, sequences, large objects, constraints, indexes, functions, owners and grants; not the visits, which checks leave there. A
   loader is called by its database, which is called by its job. */
static const char content_sql[] =
    "SELECT md5(regexp_replace(concat_ws(E'\\n',"
    "    (SELECT string_agg(concat_ws(' ', relname, relkind, relowner::regrole,"
    "                                 (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(relacl) a),"
    "           CASE relkind"
    "           WHEN 'r' THEN query_to_xml(format('SELECT x::text FROM %s x ORDER BY 1', oid::regclass),"
    "                                      false, false, '')::text"
    "           WHEN 'S' THEN query_to_xml(format('SELECT last_value, is_called FROM %s', oid::regclass),"
    "                                      false, false, '')::text END),"
    "                       E'\\n' ORDER BY relname)"
    "       FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'visits%'),"
    "    (SELECT string_agg(concat_ws(' ', loid, pageno, encode(data, 'hex')), E'\\n' ORDER BY loid, pageno)"
    "       FROM pg_largeobject),"
    "    (SELECT string_agg(concat_ws(' ', conname, convalidated, pg_get_constraintdef(oid),"
    "                                 obj_description(oid, 'pg_constraint')), E'\\n' ORDER BY conname)"
    "       FROM pg_constraint WHERE connamespace = 'public'::regnamespace),"
    "    (SELECT string_agg(indexdef, E'\\n' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'public'),"
    "    (SELECT string_agg(pg_get_functiondef(oid), E'\\n' ORDER BY proname)"
    "       FROM pg_proc WHERE pronamespace = 'public'::regnamespace)),"
    "  '(cutover_(stage|verify)_)[0-9a-f]+', '\\1', 'g'))";

/* A digest of hexadecimal digits would be taken for a number. */
static void add_content(struct scene *scene, const char *database, char **text)
{
    char *digest = cluster_value(scene->cluster, database, content_sql);

    for (char *at = digest; *at != '\0'; at++)
        *at = (char)('G' + (*at <= '9' ? *at - '0' : *at - 'a' + 10));
    char *line = shop_format("%s holds %s", database, digest);
    add(text, line);
    free(line);
    free(digest);
}

char *state_left(struct scene *scene)
{
    char *text = shop_format("%s", ""), *rest;
    char *databases = cluster_value(scene->cluster, "postgres", databases_sql);
    char *logins = cluster_value(scene->cluster, "postgres", logins_sql);
    char *open_databases = cluster_value(scene->cluster, "postgres", open_databases_sql);

    walk(scene->home, add_name, &text);
    add_records(scene, &text);
    add(&text, databases);
    add(&text, logins);
    free(logins);
    rest = open_databases;
    for (char *name = strsep(&rest, " "); name != NULL; name = strsep(&rest, " "))
        add_content(scene, name, &text);
    free(databases);
    free(open_databases);
    without_numbers(text);
    return text;
}
