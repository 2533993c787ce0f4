#include "archive/manifest.h"
#include "base/utf8.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST "0123456789abcdef0123456789abcdef"

static struct member members[] = {{0, 400000, 1048600, 9000}, {400000, 1234, 5678, 12}, {401234, 25, 5, 0}};
static char *columns[] = {(char *)"id",
                          (char *)"gr\xc3\xb6\xc3\x9f"
                                  "e",
                          (char *)"a \"b\" \\"};
static struct manifest_table tables[] = {
    {16450, (char *)"public", (char *)"orders", (char *)"table", columns, 3,
     (char *)"COPY public.orders (id, gr\xc3\xb6\xc3\x9f"
             "e, \"a \"\"b\"\" \\\") FROM stdin",
     NULL, 9012, (char *)"9012:" DIGEST, (char *)"3349.dat.gz", members, 3},
    {16451, (char *)"ext", (char *)"config", (char *)"extension config", columns, 1,
     (char *)"COPY ext.config (id) FROM stdin", (char *)"WHERE id > 100", 0, (char *)"0:" DIGEST,
     (char *)"3350.dat.gz", &members[2], 1},
};
static struct manifest_sequence sequences[] = {{(char *)"public", (char *)"orders_id_seq", 9012, true},
                                               {(char *)"public", (char *)"down", INT64_MIN, false}};
static struct manifest_file files[] = {{(char *)"toc.dat", 3436, (char *)SHA_A, false},
                                       {(char *)"3349.dat.gz", 401259, (char *)SHA_A, false},
                                       {(char *)"3350.dat.gz", 25, (char *)SHA_A, false}};
static char *roles[] = {(char *)"app", (char *)"postgres"};

static struct manifest sample(void)
{
    return (struct manifest){
        .format = MANIFEST_FORMAT_OF_FILES,
        .backup_id = (char *)"01930a5e-0000-7000-8000-000000000001",
        .created_at = 1795334175123456,
        .library_version = (char *)"0.1.0",
        .system_identifier = (char *)"7440000000000000001",
        .database_oid = 16448,
        .database_name = (char *)"shop",
        .server_version = 150018,
        .dump_version = (char *)"15.18",
        .snapshot = (char *)"00000003-00000002-1",
        .lsn = (char *)"0/1A2B3C8",
        .encoding = (char *)"UTF8",
        .lc_monetary = (char *)"C",
        .roles = roles,
        .role_count = 2,
        .tables = tables,
        .table_count = 2,
        .sequences = sequences,
        .sequence_count = 2,
        .large_objects = 1,
        .large_object_bytes = 5,
        .large_object_digest = (char *)"1:" DIGEST,
        .files = files,
        .file_count = 3,
    };
}

/* Not inlined: gcc 12 then takes what it returns for a pointer to its own variable. */
__attribute__((noinline)) static char *format(const struct manifest *manifest)
{
    char *json = NULL;
    cutover_error *error = NULL;

    check_ok(manifest_format(manifest, &json, &error), error);
    return json;
}

static void assert_same_members(const struct manifest_table *found, const struct manifest_table *expected)
{
    uint64_t offset = 0;

    assert_int_equal(found->member_count, expected->member_count);
    for (size_t i = 0; i < expected->member_count; i++) {
        assert_int_equal(found->members[i].offset, offset);
        assert_int_equal(found->members[i].size, expected->members[i].size);
        assert_int_equal(found->members[i].raw, expected->members[i].raw);
        assert_int_equal(found->members[i].rows, expected->members[i].rows);
        offset += expected->members[i].size;
    }
}

static void assert_same_table(const struct manifest_table *found, const struct manifest_table *expected)
{
    assert_int_equal(found->oid, expected->oid);
    assert_string_equal(found->schema, expected->schema);
    assert_string_equal(found->name, expected->name);
    assert_string_equal(found->kind, expected->kind);
    assert_int_equal(found->column_count, expected->column_count);
    for (size_t i = 0; i < expected->column_count; i++)
        assert_string_equal(found->columns[i], expected->columns[i]);
    assert_string_equal(found->copy, expected->copy);
    if (expected->condition == NULL)
        assert_null(found->condition);
    else
        assert_string_equal(found->condition, expected->condition);
    assert_int_equal(found->rows, expected->rows);
    assert_string_equal(found->digest, expected->digest);
    assert_string_equal(found->file, expected->file);
    assert_same_members(found, expected);
}

static void what_was_written_is_read(void **state)
{
    struct manifest manifest = sample(), read;
    char *json;
    cutover_error *error = NULL;

    (void)state;
    manifest.properties = json_tokener_parse("{\"owner\": \"app\"}");
    manifest.extensions = json_tokener_parse("[{\"name\": \"plpgsql\"}]");
    json = format(&manifest);
    check_ok(manifest_parse(json, strlen(json), &read, &error), error);
    assert_int_equal(read.format, MANIFEST_FORMAT_OF_FILES);
    assert_string_equal(read.backup_id, manifest.backup_id);
    assert_int_equal(read.created_at, manifest.created_at);
    assert_string_equal(read.system_identifier, manifest.system_identifier);
    assert_int_equal(read.database_oid, 16448);
    assert_string_equal(read.database_name, "shop");
    assert_int_equal(read.server_version, 150018);
    assert_string_equal(read.snapshot, manifest.snapshot);
    assert_string_equal(read.encoding, "UTF8");
    assert_string_equal(read.roles[1], "postgres");
    assert_string_equal(json_object_get_string(json_object_object_get(read.properties, "owner")), "app");
    assert_int_equal(json_object_array_length(read.extensions), 1);
    assert_int_equal(read.table_count, 2);
    assert_same_table(&read.tables[0], &tables[0]);
    assert_same_table(&read.tables[1], &tables[1]);
    assert_int_equal(read.sequences[0].last_value, 9012);
    assert_true(read.sequences[0].is_called);
    assert_true(read.sequences[1].last_value == INT64_MIN);
    assert_false(read.sequences[1].is_called);
    assert_int_equal(read.large_objects, 1);
    assert_int_equal(read.large_object_bytes, 5);
    assert_string_equal(manifest_file_find(&read, "3349.dat.gz")->sha256, SHA_A);
    assert_int_equal(manifest_file_find(&read, "toc.dat")->size, 3436);
    assert_null(manifest_file_find(&read, "3351.dat.gz"));
    assert_int_equal(manifest_file_find(&manifest, "toc.dat")->size, 3436);
    assert_null(manifest_file_find(&manifest, "nothing"));
    manifest_free(&read);
    json_object_put(manifest.properties);
    json_object_put(manifest.extensions);
    free(json);
}

/* EDGE_CASES A32: names of a LATIN1 database are bytes that JSON cannot hold. */
static void names_that_are_not_utf8_come_back(void **state)
{
    struct manifest manifest = sample(), read;
    struct manifest_table table = tables[0];
    char *odd[] = {(char *)"gr\xf6\xdf"
                           "e"};
    char *json;
    size_t characters;
    cutover_error *error = NULL;

    (void)state;
    table.columns = odd;
    table.column_count = 1;
    table.name = (char *)"\xff";
    manifest.tables = &table;
    manifest.table_count = 1;
    manifest.database_name = (char *)"caf\xe9";
    json = format(&manifest);
    assert_true(utf8_count(json, strlen(json), &characters));
    check_ok(manifest_parse(json, strlen(json), &read, &error), error);
    assert_string_equal(read.tables[0].columns[0], odd[0]);
    assert_string_equal(read.tables[0].name, "\xff");
    assert_string_equal(read.database_name, "caf\xe9");
    manifest_free(&read);
    free(json);
}

static void members_are_compact(void **state)
{
    struct manifest manifest = sample();
    char *json = format(&manifest);

    (void)state;
    check_contains(json, "\"400000/1048600/9000 1234/5678/12 25/5/0\"");
    free(json);
}

/* Replaces the first `from` by `to`; the manifest must be refused with a message that holds `why`. */
static void refuse(const char *from, const char *to, const char *why)
{
    struct manifest manifest = sample(), read = {.format = 77};
    char *json = format(&manifest);
    const char *found = strstr(json, from);
    size_t at = found != NULL ? (size_t)(found - json) : SIZE_MAX;
    struct text changed = TEXT_INIT;
    cutover_error *error = NULL;

    assert_true(at < SIZE_MAX);
    text_add_bytes(&changed, json, at);
    text_add(&changed, to);
    text_add(&changed, json + at + strlen(from));
    check_status_keep(manifest_parse(text_string(&changed), changed.length, &read, &error), CUTOVER_E_VERIFY,
                      error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    check_contains(cutover_error_message(error), why);
    assert_int_equal(read.format, 77);
    cutover_error_free(error);
    text_free(&changed);
    free(json);
}

static void what_does_not_add_up_is_refused(void **state)
{
    (void)state;
    refuse("\"rows\":9012", "\"rows\":9013", "digest");
    refuse("\"rows\":9012,\"digest\":\"9012", "\"rows\":9013,\"digest\":\"9013", "add up");
    refuse("1234/5678/12", "1235/5678/12", "add up");
    refuse("1234/5678/12", "1234/5678/5679", "members");
    refuse("1234/5678/12", "1234/5678", "members");
    refuse("1234/5678/12", "1234/5678/12/1", "members");
    refuse("1234/5678/12", "1234/99999999999999999999999/12", "members");
    refuse("1234/5678/12", "-1/5678/12", "members");
    refuse("25/5/0\"", "25/5/\"", "members");
    refuse("\"size\":401259", "\"size\":401260", "add up");
    refuse("\"size\":401259", "\"size\":-1", "out of range");
    refuse("\"size\":401259", "\"size\":18446744073709551615", "out of range");
    refuse("\"size\":401259", "\"size\":99999999999999999999999", "64 bits");
    refuse("\"size\":401259", "\"size\":1e5", "wrong type");
}

/* EDGE_CASES D20 */
static void file_names_are_checked(void **state)
{
    (void)state;
    refuse("\"file\":\"3349.dat.gz\"", "\"file\":\"3350.dat.gz\"", "add up");
    refuse("\"file\":\"3350.dat.gz\"", "\"file\":\"3349.dat.gz\"", "another table's");
    refuse("\"file\":\"3350.dat.gz\"", "\"file\":\"3351.dat.gz\"", "not there");
    refuse("\"name\":\"3349.dat.gz\"", "\"name\":\"../passwd\"", "no backup gives it");
    refuse("\"name\":\"3349.dat.gz\"", "\"name\":\".hidden\"", "no backup gives it");
    refuse("\"name\":\"3349.dat.gz\"", "\"name\":\"manifest.json\"", "no backup gives it");
    refuse("\"name\":\"3349.dat.gz\"", "\"name\":\"3350.dat.gz\"", "two files");
    refuse("\"name\":\"toc.dat\"", "\"name\":\"tok.dat\"", "toc.dat");
    refuse(SHA_A, "aaaa", "SHA-256");
}

static void missing_and_mistyped_members_are_named(void **state)
{
    (void)state;
    refuse("\"tables\":", "\"tablez\":", "\"tables\"");
    refuse("\"schema\":\"public\"", "\"schema\":7", "\"schema\"");
    refuse("\"schema\":\"public\"", "\"schema\":\"a\\u0000b\"", "\"schema\"");
    refuse("\"schema\":\"public\"", "\"schema\":{\"base16\":\"c\"}", "\"schema\"");
    refuse("\"schema\":\"public\"", "\"schema\":{\"base16\":\"00\"}", "\"schema\"");
    refuse("\"is_called\":true", "\"is_called\":1", "\"is_called\"");
    refuse("\"backup_id\":\"01930a5e", "\"backup_id\":\"..", "UUID");
    refuse("\"created_at\":\"2026", "\"created_at\":\"x026", "time");
    refuse("\"kind\":\"table\"", "\"kind\":\"chair\"", "kind");
    refuse("{\"format\":1", "[{\"format\":1", "damaged");
    refuse("{\"format\":1", "{\"format\":\"1\"", "\"format\"");
}

/* Who knows no such SHA-256 must not take the file for damaged: it is another format then, and not before. */
static void files_that_are_known_by_their_members_are_of_format_2(void **state)
{
    struct manifest_file with[3] = {files[0], files[1], files[2]};
    struct manifest manifest = sample(), read;
    cutover_error *error = NULL;

    (void)state;
    assert_int_equal(manifest_format_needed(&manifest), 1);
    with[1].by_members = true;
    manifest.files = with;
    manifest.format = manifest_format_needed(&manifest);
    assert_int_equal(manifest.format, 2);
    char *json = format(&manifest);
    check_contains(json, "\"size\":401259,\"members_sha256\":\"" SHA_A "\"}");
    check_ok(manifest_parse(json, strlen(json), &read, &error), error);
    const struct manifest_file *file = manifest_file_find(&read, "3349.dat.gz");
    assert_true(file->by_members);
    assert_string_equal(file->sha256, SHA_A);
    assert_ptr_equal(manifest_table_of_file(&read, file), &read.tables[0]);
    assert_false(manifest_file_find(&read, "toc.dat")->by_members);
    assert_null(manifest_table_of_file(&read, manifest_file_find(&read, "toc.dat")));
    manifest_free(&read);
    free(json);
    refuse("\"size\":3436,\"sha256\"", "\"size\":3436,\"members_sha256\"", "no table's");
    refuse("\"size\":3436,\"sha256\"", "\"size\":3436,\"md5\"", "members_sha256");
}

static void newer_format_is_unsupported(void **state)
{
    static const char json[] = "{\"format\":3,\"everything\":\"else\"}";
    struct manifest read;
    cutover_error *error = NULL;

    (void)state;
    check_status_keep(manifest_parse(json, strlen(json), &read, &error), CUTOVER_E_UNSUPPORTED, error);
    check_contains(cutover_error_hint(error), "pg_restore");
    cutover_error_free(error);
}

static cutover_status parse_exactly(const char *json, size_t count, struct manifest *manifest)
{
    char *exact = malloc(count > 0 ? count : 1);
    cutover_status status;

    assert_non_null(exact);
    memcpy(exact, json, count);
    status = manifest_parse(exact, count, manifest, NULL);
    free(exact);
    return status;
}

/* EDGE_CASES D3, G14 */
static void truncated_manifest_is_refused_at_every_byte(void **state)
{
    struct manifest manifest = sample(), read;
    char *json = format(&manifest);

    (void)state;
    for (size_t count = 0; count < strlen(json); count++)
        assert_int_equal(parse_exactly(json, count, &read), CUTOVER_E_VERIFY);
    free(json);
}

/* What is still accepted can be written again. */
static void damage_at_every_byte_is_survived(void **state)
{
    static const unsigned char masks[] = {0x01, 0x10, 0x80};
    struct manifest manifest = sample(), read;
    char *json = format(&manifest);
    size_t length = strlen(json), refused = 0;

    (void)state;
    for (size_t i = 0; i < length * 3; i++) {
        char original = json[i / 3];
        cutover_status status;
        json[i / 3] = (char)(original ^ masks[i % 3]);
        status = parse_exactly(json, length, &read);
        if (status == CUTOVER_OK) {
            free(format(&read));
            manifest_free(&read);
        } else {
            assert_true(status == CUTOVER_E_VERIFY || status == CUTOVER_E_UNSUPPORTED);
            refused++;
        }
        json[i / 3] = original;
    }
    assert_true(refused > length);
    free(json);
}

static void terabyte_table_fits(void **state)
{
    struct manifest manifest = sample(), read;
    struct manifest_table table = tables[0];
    size_t count = 1000000;
    struct manifest_file big[2] = {files[0], files[1]};
    char *json, digest[64];
    cutover_error *error = NULL;

    (void)state;
    table.members = calloc(count, sizeof(*table.members));
    assert_non_null(table.members);
    table.member_count = count;
    table.rows = 0;
    big[1].size = 0;
    for (size_t i = 0; i < count; i++) {
        table.members[i] = (struct member){0, 300000 + i % 1000, 1048576 + i % 700, 8000 + i % 99};
        table.rows += table.members[i].rows;
        big[1].size += table.members[i].size;
    }
    snprintf(digest, sizeof(digest), "%llu:" DIGEST, (unsigned long long)table.rows);
    table.digest = digest;
    manifest.tables = &table;
    manifest.table_count = 1;
    manifest.files = big;
    manifest.file_count = 2;
    json = format(&manifest);
    assert_true(strlen(json) < 24u * 1024u * 1024u);
    check_ok(manifest_parse(json, strlen(json), &read, &error), error);
    assert_int_equal(read.tables[0].member_count, count);
    assert_int_equal(read.tables[0].members[count - 1].offset,
                     big[1].size - read.tables[0].members[count - 1].size);
    manifest_free(&read);
    manifest_free(NULL);
    free(table.members);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(names_that_are_not_utf8_come_back),
        cmocka_unit_test(members_are_compact),
        cmocka_unit_test(what_does_not_add_up_is_refused),
        cmocka_unit_test(file_names_are_checked),
        cmocka_unit_test(missing_and_mistyped_members_are_named),
        cmocka_unit_test(files_that_are_known_by_their_members_are_of_format_2),
        cmocka_unit_test(newer_format_is_unsupported),
        cmocka_unit_test(truncated_manifest_is_refused_at_every_byte),
        cmocka_unit_test(damage_at_every_byte_is_survived),
        cmocka_unit_test(terabyte_table_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
