/* manifest.json: what is read and written is read again as the same; its invariants hold. */
#include "archive/manifest.h"
#include "fuzz/fuzz.h"

static void require_sound(const struct manifest *manifest)
{
    REQUIRE((manifest->format == MANIFEST_FORMAT || manifest->format == MANIFEST_FORMAT_OF_FILES) &&
            manifest->backup_id != NULL && manifest->created_at > 0);
    REQUIRE(manifest_file_find(manifest, "toc.dat") != NULL);
    for (size_t i = 0; i < manifest->file_count; i++) {
        REQUIRE(strchr(manifest->files[i].name, '/') == NULL && manifest->files[i].name[0] != '.');
        REQUIRE(manifest_file_find(manifest, manifest->files[i].name) == &manifest->files[i]);
        REQUIRE(!manifest->files[i].by_members ||
                manifest_table_of_file(manifest, &manifest->files[i]) != NULL);
    }
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *table = &manifest->tables[i];
        const struct manifest_file *file = manifest_file_find(manifest, table->file);
        uint64_t end = 0, rows = 0;
        for (size_t m = 0; m < table->member_count; m++) {
            REQUIRE(table->members[m].offset == end && table->members[m].raw <= MEMBER_RAW_LIMIT);
            end += table->members[m].size;
            rows += table->members[m].rows;
        }
        REQUIRE(file != NULL && file->size == end && rows == table->rows);
        for (size_t c = 0; c < table->column_count; c++)
            REQUIRE(table->columns[c] != NULL);
    }
}

/* Numbers are those that the text has, not what fits. */
static void require_numbers(const char *json, size_t length, const struct manifest *manifest)
{
    struct json_object *root = json_parse(json, length, NULL);
    struct json_object *sequences = json_member(root, "sequences");
    char digits[24];

    for (size_t i = 0; i < manifest->sequence_count; i++) {
        struct json_object *value = json_member(json_object_array_get_idx(sequences, i), "last_value");
        snprintf(digits, sizeof digits, "%lld", (long long)manifest->sequences[i].last_value);
        REQUIRE(strcmp(json_object_to_json_string(value), digits) == 0);
    }
    json_object_put(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest manifest, untouched, again;
    char *first = NULL, *second = NULL;
    cutover_error *error = NULL;

    memset(&manifest, 0xA5, sizeof manifest);
    memcpy(&untouched, &manifest, sizeof manifest);
    cutover_status status = manifest_parse((const char *)data, size, &manifest, &error);
    REQUIRE(status == CUTOVER_OK || status == CUTOVER_E_VERIFY || status == CUTOVER_E_UNSUPPORTED);
    fuzz_settle(status, error);
    if (status != CUTOVER_OK) {
        REQUIRE(memcmp(&untouched, &manifest, sizeof manifest) == 0);
        return 0;
    }
    require_sound(&manifest);
    require_numbers((const char *)data, size, &manifest);
    fuzz_settle(manifest_format(&manifest, &first, &error), error);
    REQUIRE(manifest_parse(first, strlen(first), &again, &error) == CUTOVER_OK);
    require_sound(&again);
    fuzz_settle(manifest_format(&again, &second, &error), error);
    REQUIRE(strcmp(first, second) == 0);
    REQUIRE(again.table_count == manifest.table_count && again.sequence_count == manifest.sequence_count);
    for (size_t i = 0; i < again.sequence_count; i++)
        REQUIRE(again.sequences[i].last_value == manifest.sequences[i].last_value);
    free(first);
    free(second);
    manifest_free(&again);
    manifest_free(&manifest);
    return 0;
}
