/* toc.dat: what is read is written again byte for byte, takes additions, and is read again with them. */
#include "archive/toc.h"
#include "fuzz/fuzz.h"

static void require_found(const struct toc *toc)
{
    for (size_t i = 0; i < toc->count; i++) {
        const struct toc_entry *entry = &toc->entries[i];
        const struct toc_entry *found = toc_find(toc, entry->catalog_oid, entry->oid, entry->desc.bytes);
        REQUIRE(found != NULL && found->catalog_oid == entry->catalog_oid && found->oid == entry->oid);
        REQUIRE(strcmp(found->desc.bytes, entry->desc.bytes) == 0);
    }
}

static void require_same_bytes(const struct toc *toc, const void *bytes, size_t count)
{
    struct text out = TEXT_INIT;
    cutover_error *error = NULL;

    fuzz_settle(toc_format(toc, &out, &error), error);
    REQUIRE(out.length == count && memcmp(out.bytes, bytes, count) == 0);
    text_free(&out);
}

/* False when the archive has no dumpId left. */
static bool add_entries(struct toc *toc)
{
    const struct toc_addition table = {.desc = "TABLE DATA",
                                       .tag = "orders",
                                       .schema = "public",
                                       .owner = "shop",
                                       .oid = 16385,
                                       .copy = "COPY public.orders (id) FROM stdin;\n",
                                       .depends_on = 1};
    const struct toc_addition object = {.desc = "BLOB",
                                        .tag = "16434",
                                        .owner = "shop",
                                        .catalog_oid = 2613,
                                        .oid = 16434,
                                        .defn = "SELECT pg_catalog.lo_create('16434');\n"};
    const struct toc_addition *additions[] = {&table, &object};
    int32_t next = 0;

    for (size_t i = 0; i < 2; i++) {
        cutover_error *error = NULL;
        int32_t id = -1;
        next = toc_next_id(toc);
        cutover_status status = toc_add(toc, additions[i], &id, &error);
        REQUIRE((status == CUTOVER_OK) == (next != 0));
        fuzz_settle(status, error);
        if (status != CUTOVER_OK) {
            REQUIRE(id == -1);
            return false;
        }
        REQUIRE(id == next);
    }
    return true;
}

static void require_takes_additions(struct toc *toc)
{
    struct text out = TEXT_INIT;
    struct toc again = {0};
    cutover_error *error = NULL;
    size_t before = toc->count;

    if (!add_entries(toc))
        return;
    toc_set_gzip(toc);
    fuzz_settle(toc_format(toc, &out, &error), error);
    REQUIRE(toc_parse(out.bytes, out.length, &again, &error) == CUTOVER_OK);
    REQUIRE(again.count == before + 2 && again.highest_id == toc->highest_id);
    REQUIRE(toc_find(&again, 2613, 16434, "BLOB") != NULL);
    require_found(&again);
    require_same_bytes(&again, out.bytes, out.length);
    toc_free(&again);
    text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct toc toc, untouched;
    cutover_error *error = NULL;

    memset(&toc, 0xA5, sizeof toc);
    memcpy(&untouched, &toc, sizeof toc);
    cutover_status status = toc_parse(data, size, &toc, &error);
    REQUIRE(status == CUTOVER_OK || status == CUTOVER_E_VERIFY || status == CUTOVER_E_UNSUPPORTED);
    fuzz_settle(status, error);
    if (status != CUTOVER_OK) {
        REQUIRE(memcmp(&untouched, &toc, sizeof toc) == 0);
        return 0;
    }
    require_same_bytes(&toc, data, size);
    require_found(&toc);
    require_takes_additions(&toc);
    toc_free(&toc);
    return 0;
}
