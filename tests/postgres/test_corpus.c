/*
 * The corpus: what people have in their databases. Each file of tests/corpus is one kind of thing, in SQL, and says what must
 * come out: `right`, or what preflight names (tests/corpus/README.md). All that come out right are promoted together, in four
 * set-ups: with a superuser and with a plain role, with both databases on one server and on two. What is promoted equals the
 * preview by pg_dump, the backup restored by stock pg_restore equals what was production, a rollback brings that back, and a restore
 * of the backup into a preview equals it, too. Where that fails, each file is tried alone, and the failure names it.
 *
 * Among them is a schema of random objects (random_schema.h), of the seed that is given (support/seed.h), which its name has;
 * RANDOM_SCHEMAS=N makes N, of seeds from there on.
 *
 * CORPUS=NAME tries this one alone, CORPUS=all every file in every set-up. With a seed it takes less.
 */
#include "random_schema.h"
#include "support/seed.h"
#include "support/ways_back.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_RELEASE 15 /* that the library supports */
#define FILES_MAX 400

struct set_up {
    const char *name;
    bool plain, two;
};

static const struct set_up set_ups[] = {
    {"superuser, one server", false, false},
    {"superuser, two servers", false, true},
    {"plain role, one server", true, false},
    {"plain role, two servers", true, true},
};

struct corpus_file {
    char *name, *sql;
    /* "-- out: right", "-- out: blocks CHECK TEXT" for everybody; "-- out plain: …" for the plain role, where that differs;
       "-- out from 18: …" for everybody from that release on. */
    char *out, *out_plain;
    bool alone;    /* "-- alone": what it does to the database would disturb others */
    bool no_stock; /* "-- stock: WHY": pg_restore alone can't restore what pg_dump writes of it, nor ours */
    bool
        no_dump; /* "-- dump: WHY": pg_dump writes the same thing in two ways; what the job compares is equal */
};

static struct cluster *cluster, *elsewhere;
static struct corpus_file files[FILES_MAX];
static size_t file_count;
static unsigned release; /* of both servers */

static void file_free(struct corpus_file *file)
{
    free(file->name);
    free(file->sql);
    free(file->out);
    free(file->out_plain);
}

/* The rest of the line that begins so, malloc'd; NULL: there is none. */
static char *header(const char *sql, const char *key)
{
    const char *at = strstr(sql, key);

    return at == NULL ? NULL : shop_format("%.*s", (int)strcspn(at + strlen(key), "\n"), at + strlen(key));
}

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t length = 0, size = 0;
    char *text = NULL;

    if (file == NULL || getdelim(&text, &size, '\0', file) < 0)
        fail_msg("%s cannot be read", path);
    length = strlen(text);
    assert_true(length > 0);
    fclose(file);
    return text;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct corpus_file *)a)->name, ((const struct corpus_file *)b)->name);
}

/* What is expected of the servers' release. */
static void outs_read(struct corpus_file *file)
{
    file->out = header(file->sql, "-- out: ");
    file->out_plain = header(file->sql, "-- out plain: ");
    for (unsigned from = FIRST_RELEASE; from <= release; from++) {
        char *key = shop_format("-- out from %u: ", from), *out = header(file->sql, key);
        if (out != NULL) {
            free(file->out);
            free(file->out_plain);
            file->out = out;
            file->out_plain = NULL;
        }
        free(key);
    }
}

/* "-- until 16: WHY": what a later release does not take. */
static bool is_taken(const struct corpus_file *file)
{
    char *until = header(file->sql, "-- until ");
    bool taken = until == NULL || strtoul(until, NULL, 10) >= release;

    if (!taken)
        print_message("%s is not tried: only until %s\n", file->name, until);
    free(until);
    return taken;
}

static void file_add(const char *entry)
{
    const char *only = getenv("CORPUS");
    struct corpus_file file = {.name = shop_format("%.*s", (int)strlen(entry) - 4, entry)};
    char *path = shop_format("%s/%s", CORPUS_DIR, entry);

    if (only == NULL || only[0] == '\0' || strcmp(only, "all") == 0 || strcmp(only, file.name) == 0) {
        file.sql = file_text(path);
        outs_read(&file);
        file.alone = strstr(file.sql, "-- alone\n") != NULL;
        file.no_stock = strstr(file.sql, "-- stock: ") != NULL;
        file.no_dump = strstr(file.sql, "-- dump: ") != NULL;
        if (file.out == NULL || file_count == FILES_MAX)
            fail_msg("%s: no line that begins with \"-- out: \", or too many files", entry);
        if (is_taken(&file))
            files[file_count++] = file;
        else
            file_free(&file);
    } else {
        free(file.name);
    }
    free(path);
}

static void random_add(void)
{
    const char *only = getenv("CORPUS"), *many = getenv("RANDOM_SCHEMAS");
    uint64_t seed = seed_given();
    unsigned long count = many != NULL ? strtoul(many, NULL, 10) : 1;

    for (uint64_t i = seed; i < seed + count && file_count < FILES_MAX; i++) {
        struct corpus_file file = {.name = shop_format("random_%" PRIu64, i), .out = shop_format("right")};
        if (only != NULL && only[0] != '\0' && strcmp(only, "all") != 0 && strcmp(only, "random") != 0) {
            free(file.name);
            free(file.out);
            continue;
        }
        file.sql = random_schema_sql(i);
        files[file_count++] = file;
    }
}

static void files_read(void)
{
    DIR *folder = opendir(CORPUS_DIR);

    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strlen(entry->d_name) > 4 && strcmp(entry->d_name + strlen(entry->d_name) - 4, ".sql") == 0)
            file_add(entry->d_name);
    closedir(folder);
    random_add();
    assert_true(file_count > 0);
    qsort(files, file_count, sizeof *files, by_name);
}

/* On both servers: who owns what is in the files, who reads it, and a plain role that promotes. */
static const char roles_sql[] =
    "CREATE ROLE tenant LOGIN; CREATE ROLE reader LOGIN; CREATE ROLE keeper LOGIN CREATEDB CREATEROLE;"
    "GRANT pg_signal_backend, pg_read_all_stats TO keeper;"
    "GRANT tenant, reader TO keeper WITH ADMIN OPTION";

static int set_up_servers(void **state)
{
    static const char settings[] =
        "wal_level = logical\nmax_connections = 60\nmax_locks_per_transaction = 256\n";

    (void)state;
    cluster = cluster_start(settings);
    elsewhere = cluster_start(settings);
    release = (unsigned)cluster_number(cluster, "postgres",
                                       "SELECT current_setting('server_version_num')::int / 10000");
    files_read();
    cluster_sql(cluster, "postgres", roles_sql);
    cluster_sql(elsewhere, "postgres", roles_sql);
    shop_use(cluster);
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    cluster_stop(elsewhere);
    cluster_stop(cluster);
    for (size_t i = 0; i < file_count; i++)
        file_free(&files[i]);
    return 0;
}

static const char *out_of(const struct corpus_file *file, const struct set_up *set_up)
{
    return set_up->plain && file->out_plain != NULL ? file->out_plain : file->out;
}

static bool is_right(const struct corpus_file *file, const struct set_up *set_up)
{
    return strcmp(out_of(file, set_up), "right") == 0;
}

/* ---- one promotion of some files ---- */

struct run {
    struct shop *shop;
    const struct set_up *set_up;
    const char *name; /* of project, preview and databases */
    bool no_stock, no_dump;
    char *request;
    char *failure; /* what went wrong, or NULL */
};

static void database_fill(struct cluster *server, const char *database, const struct corpus_file *const *some,
                          size_t count, const char *generation)
{
    char *begin = shop_format("ALTER DATABASE %s OWNER TO tenant; GRANT CONNECT ON DATABASE %s TO keeper",
                              database, database);

    cluster_create_database(server, database);
    cluster_sql(server, "postgres", begin);
    free(begin);
    char *own = shop_format("CREATE TABLE generation (name text); ALTER TABLE generation OWNER TO tenant;"
                            "INSERT INTO generation VALUES ('%s')",
                            generation);
    cluster_sql(server, database, own);
    free(own);
    for (size_t i = 0; i < count; i++) {
        char *sql = shop_format("CREATE SCHEMA %s AUTHORIZATION tenant; SET search_path = %s, public;"
                                "SET SESSION AUTHORIZATION tenant;\n%s",
                                some[i]->name, some[i]->name, some[i]->sql);
        cluster_sql(server, database, sql);
        free(sql);
    }
}

static struct cluster *preview_server(const struct set_up *set_up)
{
    return set_up->two ? elsewhere : cluster;
}

static const char *conninfo_of(const struct run *run, struct cluster *server, const char *database)
{
    return run->set_up->plain ? cluster_conninfo_as(server, database, "keeper")
                              : cluster_conninfo(server, database);
}

static void run_open(struct run *run, const struct corpus_file *const *some, size_t count)
{
    char *production = shop_format("%s_production", run->name), *preview = shop_format("%s_preview", run->name);

    database_fill(cluster, production, some, count, "old");
    database_fill(preview_server(run->set_up), preview, some, count, "new");
    shop_project(run->shop, run->name, conninfo_of(run, cluster, production));
    shop_preview(run->shop, run->name, run->name, conninfo_of(run, preview_server(run->set_up), preview), 0);
    run->request = shop_acked(run->shop, run->name, run->name);
    free(production);
    free(preview);
}

static void run_close(struct run *run)
{
    char *production = shop_format("DROP DATABASE IF EXISTS %s_production WITH (FORCE)", run->name);
    char *preview = shop_format("DROP DATABASE IF EXISTS %s_preview WITH (FORCE)", run->name);

    shop_check_server(cluster);
    cluster_sql(cluster, "postgres", production);
    cluster_sql(preview_server(run->set_up), "postgres", preview);
    free(production);
    free(preview);
    free(run->request);
    free(run->failure);
}

static void run_fail(struct run *run, const char *what, const char *detail)
{
    if (run->failure == NULL)
        run->failure = shop_format("%s: %.3000s", what, detail);
}

static void expect_done(struct run *run, const char *what, struct outcome *outcome)
{
    if (outcome->status != CUTOVER_OK) {
        char *said = shop_format(
            "%s%s%s", cutover_error_message(outcome->error),
            cutover_error_detail(outcome->error) != NULL ? "; " : "",
            cutover_error_detail(outcome->error) != NULL ? cutover_error_detail(outcome->error) : "");
        run_fail(run, what, said);
        free(said);
    }
    outcome_free(outcome);
}

/* The first line in which two dumps differ. */
static void expect_same(struct run *run, const char *what, const char *found, const char *expected)
{
    size_t line = 0;

    if (run->no_dump || strcmp(found, expected) == 0)
        return;
    for (size_t i = 0; found[i] == expected[i]; i++)
        if (found[i] == '\n')
            line = i + 1;
    char *said = shop_format("\"%.*s\" instead of \"%.*s\"", (int)strcspn(found + line, "\n"), found + line,
                             (int)strcspn(expected + line, "\n"), expected + line);
    run_fail(run, what, said);
    free(said);
}

/* A backup has no values of settings: whoever makes a database for it gives it those that its content needs. */
static void settings_give(const char *target)
{
    char *settings = shop_format(
        "DO $$ DECLARE s record; BEGIN FOR s IN SELECT d.datname, r.rolname, split_part(c, '=', 1) AS name,"
        " substr(c, strpos(c, '=') + 1) AS value FROM pg_db_role_setting p JOIN pg_database d ON d.oid = "
        "p.setdatabase"
        " LEFT JOIN pg_roles r ON r.oid = p.setrole, unnest(p.setconfig) c WHERE d.datname ~ '_production$' "
        "LOOP"
        " EXECUTE format(CASE WHEN s.rolname IS NULL THEN 'ALTER DATABASE %%1$I SET %%2$I = %%4$s' ELSE"
        " 'ALTER ROLE %%3$I IN DATABASE %%1$I SET %%2$I = %%4$s' END, '%s', s.name, s.rolname,"
        " CASE s.name WHEN 'search_path' THEN s.value ELSE quote_literal(s.value) END);"
        " END LOOP; END $$",
        target);

    cluster_sql(cluster, "postgres", settings);
    free(settings);
}

static void check_stock_restore(struct run *run, const char *archive, const char *expected)
{
    char *restored = shop_format("%s_stock", run->name), *output = NULL;
    char *drop = shop_format("DROP DATABASE %s", restored);

    cluster_create_database(cluster, restored);
    settings_give(restored);
    int status = cluster_run((const char *[]){cluster_program("pg_restore"), "-e", "-j2", "-d",
                                              cluster_conninfo(cluster, restored), archive, NULL},
                             &output);
    if (status != 0) {
        run_fail(run, "stock pg_restore of the backup", output);
    } else {
        char *dump = shop_dump(cluster, restored);
        expect_same(run, "the backup, by stock pg_restore", dump, expected);
        free(dump);
    }
    cluster_sql(cluster, "postgres", drop);
    free(output);
    free(drop);
    free(restored);
}

static void check_restore(struct run *run, const char *backup, const char *expected)
{
    char *target = shop_format("%s_back", run->name);
    char *owned = shop_format("ALTER DATABASE %s OWNER TO tenant", target);
    char *drop = shop_format("DROP DATABASE %s WITH (FORCE)", target);

    cluster_create_database(cluster, target);
    cluster_sql(cluster, "postgres", owned);
    settings_give(target);
    shop_preview(run->shop, target, run->name, conninfo_of(run, cluster, target), 0);
    struct outcome outcome =
        shop_restore(run->shop, &(struct shop_restore){.backup_id = backup, .preview_id = target});
    bool done = outcome.status == CUTOVER_OK;
    expect_done(run, "restore into a preview", &outcome);
    if (done) {
        char *dump = shop_dump(cluster, target);
        expect_same(run, "the backup, restored into a preview", dump, expected);
        free(dump);
    }
    cluster_sql(cluster, "postgres", drop);
    free(drop);
    free(owned);
    free(target);
}

static void check_rollback(struct run *run, const char *production, const char *expected)
{
    cutover_rollback *job = rollback_started(run->shop, run->request, false, CUTOVER_WRITES_NONE);
    struct outcome outcome = rollback_run_out(job);
    bool done = outcome.status == CUTOVER_OK;

    expect_done(run, "rollback", &outcome);
    if (done) {
        char *dump = shop_dump(cluster, production);
        expect_same(run, "production after the rollback", dump, expected);
        free(dump);
    }
}

/* What must come out right does; else run->failure says what did not. */
static void run_right(struct run *run)
{
    char *production = shop_format("%s_production", run->name), *preview = shop_format("%s_preview", run->name);
    char *old = shop_dump(cluster, production), *new = shop_dump(preview_server(run->set_up), preview);
    struct outcome outcome = shop_promote(
        run->shop,
        &(struct shop_promotion){.request_id = run->request, .jobs = 3, .verify = CUTOVER_VERIFY_RESTORE});
    bool done = outcome.status == CUTOVER_OK;

    if (done) {
        char *archive = shop_format("%s", outcome_text(&outcome, "backup_path"));
        char *backup = shop_format("%s", outcome_text(&outcome, "pre_cutover_backup_id"));
        char *dump = shop_dump(cluster, production);
        expect_same(run, "production after the promotion", dump, new);
        free(dump);
        if (!run->no_stock)
            check_stock_restore(run, archive, old);
        check_restore(run, backup, old);
        check_rollback(run, production, old);
        free(archive);
        free(backup);
    }
    expect_done(run, "promotion", &outcome);
    free(production);
    free(preview);
    free(old);
    free(new);
}

/* What went wrong, of all files of a set-up. */
static char *wrong;

static void wrong_add(const char *file, const char *said)
{
    char *more = shop_format("%s%s: %s\n", wrong != NULL ? wrong : "", file, said);

    free(wrong);
    wrong = more;
}

static char *try_right(struct shop *shop, const struct set_up *set_up, const struct corpus_file *const *some,
                       size_t count, const char *name)
{
    struct run run = {.shop = shop, .set_up = set_up, .name = name};

    for (size_t i = 0; i < count; i++) {
        run.no_stock = run.no_stock || some[i]->no_stock;
        run.no_dump = run.no_dump || some[i]->no_dump;
    }
    run_open(&run, some, count);
    run_right(&run);
    char *failure = run.failure;
    run.failure = NULL;
    run_close(&run);
    return failure;
}

static void try_alone(struct shop *shop, const struct set_up *set_up, const struct corpus_file *file)
{
    char *name = shop_format("only_%s", file->name);
    char *failure = try_right(shop, set_up, &file, 1, name);

    if (failure != NULL)
        wrong_add(file->name, failure);
    free(failure);
    free(name);
}

static void try_together(struct shop *shop, const struct set_up *set_up, const struct corpus_file *const *some,
                         size_t count, const char *name)
{
    char *failure = count > 0 ? try_right(shop, set_up, some, count, name) : NULL;

    if (failure == NULL)
        return;
    wrong_add("all together", failure);
    fprintf(stderr, "%s, all together: %s\n", set_up->name, failure);
    for (size_t i = 0; i < count; i++)
        try_alone(shop, set_up, some[i]);
    free(failure);
}

/* "late TEXT": it is not seen before the copy, as it should be; the job fails, says so, and production is what it was. */
static void try_late(struct shop *shop, const struct set_up *set_up, const struct corpus_file *file)
{
    char *name = shop_format("late_%s", file->name), *production = shop_format("%s_production", name);
    struct run run = {.shop = shop, .set_up = set_up, .name = name};

    run_open(&run, &file, 1);
    char *old = shop_dump(cluster, production);
    struct outcome outcome = shop_promote(
        shop, &(struct shop_promotion){.request_id = run.request, .jobs = 3, .verify = CUTOVER_VERIFY_RESTORE});
    char *said =
        shop_format("%s %s", cutover_error_message(outcome.error), cutover_error_detail(outcome.error));
    if (outcome.status == CUTOVER_OK)
        wrong_add(file->name, "comes out right: say so");
    else if (outcome.status == CUTOVER_E_PREFLIGHT ||
             strstr(said, out_of(file, set_up) + strlen("late ")) == NULL)
        wrong_add(file->name, said);
    char *now = shop_dump(cluster, production);
    expect_same(&run, "production after the failed promotion", now, old);
    if (run.failure != NULL)
        wrong_add(file->name, run.failure);
    outcome_free(&outcome);
    run_close(&run);
    free(said);
    free(old);
    free(now);
    free(production);
    free(name);
}

/* "blocks CHECK TEXT": preflight has such a finding, and TEXT is in what it says. */
static void try_found(struct shop *shop, const struct set_up *set_up, const struct corpus_file *file)
{
    const char *out = out_of(file, set_up);
    char *name = shop_format("found_%s", file->name), *blocks = shop_format("%s", "");
    struct run run = {.shop = shop, .set_up = set_up, .name = name};
    cutover_preflight *preflight = NULL;
    cutover_error *error = NULL;
    char check[64], text[200];
    bool found = false;

    if (sscanf(out, "blocks %63s %199[^\n]", check, text) != 2)
        fail_msg("%s: \"-- out: %s\" is neither \"right\" nor \"blocks CHECK TEXT\"", file->name, out);
    run_open(&run, &file, 1);
    check_ok(cutover_preflight_run(shop->engine, &shop_operator, run.request, 2, &preflight, &error), error);
    for (size_t i = 0; i < cutover_preflight_count(preflight); i++) {
        const cutover_finding *finding = cutover_preflight_at(preflight, i);
        if (finding->severity != CUTOVER_SEVERITY_BLOCK)
            continue;
        found = found || (strcmp(finding->check, check) == 0 && strstr(finding->message, text) != NULL &&
                          finding->hint != NULL);
        char *more = shop_format("%s [%s: %s]", blocks, finding->check, finding->message);
        free(blocks);
        blocks = more;
    }
    if (!found) {
        char *said = shop_format("not found: \"%s\"; what blocks:%s", out, blocks);
        wrong_add(file->name, said);
        free(said);
    }
    cutover_preflight_free(preflight);
    run_close(&run);
    free(blocks);
    free(name);
}

/* One file alone is tried in all set-ups, and with CORPUS=all each is. */
static bool all_are_wanted(void)
{
    const char *only = getenv("CORPUS");

    return only != NULL && only[0] != '\0';
}

/* In one of the set-ups, another with each seed. */
static bool is_turn_of(size_t file, const struct set_up *set_up)
{
    size_t count = sizeof set_ups / sizeof *set_ups;

    return all_are_wanted() || (file + seed_given()) % count == (size_t)(set_up - set_ups);
}

static bool is_late(const struct corpus_file *file, const struct set_up *set_up)
{
    return strncmp(out_of(file, set_up), "late ", strlen("late ")) == 0;
}

/* With a seed two of the set-ups, which have nothing in common, have all files together. */
static bool is_turn_of_all(const struct set_up *set_up)
{
    return all_are_wanted() || seed_takes((size_t)set_up->plain + set_up->two, 2);
}

/* What needs a promotion of its own has it in one set-up, with a seed each other one; what preflight finds is looked for in all, with a
   seed in one. */
static bool is_tried(size_t index, const struct set_up *set_up)
{
    const struct corpus_file *file = &files[index];

    if (is_right(file, set_up) && !file->alone)
        return is_turn_of_all(set_up);
    if (is_right(file, set_up) || is_late(file, set_up))
        return is_turn_of(index, set_up) && (all_are_wanted() || seed_takes(index / 4 + seed_given() / 4, 2));
    return is_turn_of(index, set_up) || !seed_samples();
}

static void try_all(struct shop *shop, const struct set_up *set_up)
{
    const struct corpus_file *together[FILES_MAX], *not_by_stock[FILES_MAX];
    size_t count = 0, not_by_stock_count = 0;

    for (size_t i = 0; i < file_count; i++) {
        const struct corpus_file *file = &files[i];
        if (!is_tried(i, set_up))
            continue;
        if (is_late(file, set_up))
            try_late(shop, set_up, file);
        else if (!is_right(file, set_up))
            try_found(shop, set_up, file);
        else if (file->alone)
            try_alone(shop, set_up, file);
        else if (file->no_stock)
            not_by_stock[not_by_stock_count++] = file;
        else
            together[count++] = file;
    }
    try_together(shop, set_up, together, count, "corpus");
    try_together(shop, set_up, not_by_stock, not_by_stock_count, "not_by_stock");
    if (wrong != NULL) {
        fprintf(stderr, "%s:\n%s", set_up->name, wrong);
        free(wrong);
        wrong = NULL;
        fail_msg("not all files come out as they say");
    }
}

static void comes_out_as_said_with_a_superuser_on_one_server(void **state)
{
    try_all(*state, &set_ups[0]);
}

static void comes_out_as_said_with_a_superuser_on_two_servers(void **state)
{
    try_all(*state, &set_ups[1]);
}

static void comes_out_as_said_with_a_plain_role_on_one_server(void **state)
{
    try_all(*state, &set_ups[2]);
}

static void comes_out_as_said_with_a_plain_role_on_two_servers(void **state)
{
    try_all(*state, &set_ups[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_out_as_said_with_a_superuser_on_one_server, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(comes_out_as_said_with_a_superuser_on_two_servers, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(comes_out_as_said_with_a_plain_role_on_one_server, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(comes_out_as_said_with_a_plain_role_on_two_servers, shop_setup,
                                        shop_teardown),
    };

    return cmocka_run_group_tests(tests, set_up_servers, stop_servers);
}
