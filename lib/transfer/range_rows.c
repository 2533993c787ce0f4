#include "transfer/range_rows.h"

#include <stdlib.h>

/* A range that got so far without a row that tells its place has another member. */
#define MEMBER_RAW_ENOUGH (UINT64_C(8) * MEMBER_RAW_TARGET)

cutover_status range_list_add(struct range_list *list, const struct range *range, cutover_error **error)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        struct range *grown = reallocarray(list->ranges, capacity, sizeof *grown);

        if (grown == NULL)
            return error_nomem(error);
        list->ranges = grown;
        list->capacity = capacity;
    }
    list->ranges[list->count++] = *range;
    return CUTOVER_OK;
}

static int compare_ranges(const void *left, const void *right)
{
    const struct range *one = left, *other = right;
    int order = row_place_compare(one->first, other->first);

    return order != 0
               ? order
               : (one->member.offset > other->member.offset) - (one->member.offset < other->member.offset);
}

void range_list_sort(struct range_list *list)
{
    if (list->count > 1)
        qsort(list->ranges, list->count, sizeof *list->ranges, compare_ranges);
}

void range_list_free(struct range_list *list)
{
    free(list->ranges);
    *list = (struct range_list){NULL, 0, 0};
}

struct reading {
    struct member_writer *members;
    range_put put;
    void *context;
    struct digest *digest;
    struct range range;    /* being read */
    struct row_place last; /* that a row told */
    uint64_t raw;          /* bytes of it that are not put yet */
    bool begun;            /* something of it was put */
};

/* Puts what was read of the range, and goes on with it, or with the next one. */
static cutover_status put_range(struct reading *reading, const struct row_place *next, cutover_error **error)
{
    const void *bytes = NULL;
    size_t count = 0;
    cutover_status status = member_writer_take(reading->members, &bytes, &count, &reading->range.member, error);

    if (status != CUTOVER_OK)
        return status;
    if (count == 0)
        reading->range.member = (struct member){0, 0, 0, 0};
    else
        status = sha256_bytes_of(bytes, count, reading->range.sha256, error);
    if (status != CUTOVER_OK)
        return status;
    digest_add(reading->digest, &reading->range.digest);
    if (count > 0 || !reading->begun)
        status = reading->put(reading->context, count > 0 ? bytes : NULL, &reading->range, error);
    reading->begun = next == NULL;
    reading->range = (struct range){.first = next != NULL ? *next : reading->range.first};
    reading->raw = 0;
    return status;
}

static cutover_status add_row(struct reading *reading, const char *row, size_t length,
                              const struct row_place *told, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    bool full;

    if (reading->raw >= MEMBER_RAW_TARGET && told != NULL)
        status = put_range(reading, told, error);
    else if (reading->raw >= MEMBER_RAW_ENOUGH)
        status = put_range(reading, NULL, error);
    if (status != CUTOVER_OK)
        return status;
    digest_row(&reading->range.digest, row, length - 1);
    reading->raw += length;
    return member_writer_add(reading->members, row, length, &full, error);
}

cutover_status range_rows_read(struct session *session, const struct table *table, struct row_range whole,
                               struct member_writer *members, range_put put, void *context,
                               struct digest *digest, cutover_error **error)
{
    struct reading reading = {
        .members = members, .put = put, .context = context, .digest = digest, .range = {.first = whole.first}};
    struct copy_out copy;

    cutover_status status = ranges_copy_open(&copy, session, table, whole, error);
    if (status != CUTOVER_OK)
        return status;
    for (;;) {
        const char *row;
        size_t length;
        bool told = false;
        struct row_place place;
        status = ranges_copy_row(&copy, &row, &length, &told, &place, error);
        if (status != CUTOVER_OK || length == 0)
            break;
        if (told && row_place_compare(place, reading.last) < 0) {
            status = error_set(error, CUTOVER_E_INTERNAL,
                               "copying %s: rows do not come in the order of their places", table->label);
            break;
        }
        if (told)
            reading.last = place;
        status = add_row(&reading, row, length, told ? &place : NULL, error);
        if (status != CUTOVER_OK)
            break;
    }
    if (status != CUTOVER_OK) {
        copy_out_abort(&copy);
        return status;
    }
    return put_range(&reading, NULL, error);
}
