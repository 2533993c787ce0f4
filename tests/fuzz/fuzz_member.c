/* gzip members: two bytes that say how many raw bytes a manifest promises, then a data file. What inflates one way
   inflates the other, a wrong promise is refused, and any bytes come back from a member of their own. */
#include "archive/member.h"
#include "fuzz/fuzz.h"

#define LIMIT 65536u

static struct member_reader *reader;
static struct member_writer *writer;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    REQUIRE(member_reader_open(&reader, NULL) == CUTOVER_OK);
    REQUIRE(member_writer_open(1, &writer, NULL) == CUTOVER_OK);
    return 0;
}

static void fill(const uint8_t *bytes, size_t count)
{
    void *buffer = member_reader_buffer(reader, count, NULL);

    REQUIRE(buffer != NULL);
    if (count > 0)
        memcpy(buffer, bytes, count);
}

/* Whether the buffer's first `size` bytes are taken for one member of `raw` bytes. */
static bool inflates(uint64_t size, uint64_t raw, const char **bytes)
{
    const struct member member = {0, size, raw, 0};
    const char *const before = *bytes;
    cutover_error *error = NULL;
    cutover_status status = member_reader_inflate(reader, &member, bytes, &error);

    REQUIRE(status == CUTOVER_OK || (status == CUTOVER_E_VERIFY && *bytes == before));
    fuzz_settle(status, error);
    return status == CUTOVER_OK;
}

static void require_one_truth(const uint8_t *data, size_t size)
{
    static char copy[LIMIT];
    const char *raw = "untouched", *again = NULL;
    size_t used = 4711, count = 4712;
    cutover_error *error = NULL;
    cutover_status status;

    fill(data, size);
    status = member_reader_next(reader, size, LIMIT, &used, &raw, &count, &error);
    REQUIRE(status == CUTOVER_OK || status == CUTOVER_E_VERIFY);
    fuzz_settle(status, error);
    if (status != CUTOVER_OK) {
        REQUIRE(used == 4711 && count == 4712 && strcmp(raw, "untouched") == 0);
        return;
    }
    REQUIRE(used > 0 && used <= size && count <= LIMIT);
    memcpy(copy, raw, count);
    REQUIRE(inflates(used, count, &again) && memcmp(again, copy, count) == 0);
    again = NULL;
    REQUIRE(!inflates(used - 1, count, &again) && !inflates(used, count + 1, &again));
    REQUIRE(count == 0 || !inflates(used, count - 1, &again));
    REQUIRE(used == size || !inflates(size, count, &again));
}

static void require_round_trip(const uint8_t *data, size_t size)
{
    struct member member;
    const void *packed = NULL;
    const char *raw = NULL;
    size_t count = 0;
    bool full = false;

    if (size == 0)
        return;
    REQUIRE(member_writer_add(writer, data, size, &full, NULL) == CUTOVER_OK);
    REQUIRE(member_writer_take(writer, &packed, &count, &member, NULL) == CUTOVER_OK);
    REQUIRE(member.size == count && member.raw == size && member.rows == 1);
    fill(packed, count);
    REQUIRE(inflates(count, size, &raw) && memcmp(raw, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *raw = NULL;

    if (size < 2)
        return 0;
    uint64_t promised = (uint64_t)data[0] << 8 | data[1];
    data += 2;
    size -= 2;
    fill(data, size);
    inflates(size, promised, &raw);
    require_one_truth(data, size);
    require_round_trip(data, size);
    return 0;
}
