#include "transfer/range_catch_up.h"

#include "archive/blank.h"
#include "archive/patch.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that may be blank in any file. */
#define BLANK_ALLOWED (UINT64_C(1) << 20)

/* One table while it catches up. Nothing of the caller's is changed before all is done. */
struct catching {
    struct range_catch_up *asked;
    struct row_place *begins; /* of ranges */
    uint64_t *rows;           /* that each had */
    bool *changed;
    size_t count, changed_count;
    struct patch *patch;
    struct range_list list;    /* becomes the caller's */
    struct range_list written; /* likewise */
    struct range end;          /* that of the COPY */
    uint64_t bytes;            /* raw */
};

/* ---- what changed ---- */

/* Ranges, from members. */
static cutover_status begins_make(struct catching *catching, cutover_error **error)
{
    const struct range_list *list = catching->asked->list;

    catching->begins = calloc(list->count + 1, sizeof *catching->begins);
    catching->rows = calloc(list->count + 1, sizeof *catching->rows);
    catching->changed = calloc(list->count + 1, sizeof *catching->changed);
    if (catching->begins == NULL || catching->rows == NULL || catching->changed == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < list->count; i++) {
        if (i == 0 || row_place_compare(list->ranges[i].first, list->ranges[i - 1].first) != 0)
            catching->begins[catching->count++] = list->ranges[i].first;
        catching->rows[catching->count - 1] += list->ranges[i].member.rows;
    }
    if (catching->count == 0 || catching->begins[0].page != 0 || catching->begins[0].line != 0)
        return error_set(error, CUTOVER_E_INTERNAL, "the ranges of %s do not begin where it does",
                         catching->asked->table->label);
    return CUTOVER_OK;
}

static cutover_status range_seen(void *context, size_t range, uint64_t rows, bool newer, cutover_error **error)
{
    struct catching *catching = context;

    (void)error;
    catching->changed[range] = newer || rows != catching->rows[range];
    catching->changed_count += catching->changed[range];
    return CUTOVER_OK;
}

/* ---- the file ---- */

static cutover_status append(struct catching *catching, const void *bytes, struct member *member,
                             cutover_error **error)
{
    return patch_append(catching->patch, bytes, member->size, &member->offset, error);
}

static cutover_status range_append(void *context, const void *bytes, struct range *range, cutover_error **error)
{
    struct catching *catching = context;
    cutover_status status = bytes == NULL ? CUTOVER_OK : append(catching, bytes, &range->member, error);

    catching->bytes += range->member.raw;
    if (status == CUTOVER_OK && bytes != NULL)
        status = range_list_add(&catching->written, range, error);
    return status != CUTOVER_OK ? status : range_list_add(&catching->list, range, error);
}

static cutover_status end_append(struct catching *catching, cutover_error **error)
{
    const void *bytes;
    size_t count;
    cutover_status status =
        member_writer_copy_end(catching->asked->members, &bytes, &count, &catching->end.member, error);

    if (status == CUTOVER_OK)
        status = sha256_bytes_of(bytes, count, catching->end.sha256, error);
    if (status == CUTOVER_OK)
        status = append(catching, bytes, &catching->end.member, error);
    return status != CUTOVER_OK ? status : range_list_add(&catching->written, &catching->end, error);
}

/* Keeps the members of ranges that did not change, and blanks the others. */
static cutover_status old_ranges(struct catching *catching, cutover_error **error)
{
    const struct range_list *list = catching->asked->list;
    cutover_status status = CUTOVER_OK;
    size_t range = 0;

    for (size_t i = 0; status == CUTOVER_OK && i < list->count; i++) {
        const struct range *one = &list->ranges[i];
        while (range + 1 < catching->count && row_place_compare(catching->begins[range + 1], one->first) <= 0)
            range++;
        if (!catching->changed[range])
            status = range_list_add(&catching->list, one, error);
        else if (one->member.size > 0)
            status = patch_blank(catching->patch, one->member.offset, one->member.size, error);
    }
    return status;
}

/* Changed ranges that follow each other are read at once. */
static cutover_status new_ranges(struct catching *catching, cutover_error **error)
{
    const struct range_catch_up *asked = catching->asked;
    struct digest digest = DIGEST_INIT;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0, end; status == CUTOVER_OK && i < catching->count; i = end) {
        for (end = i; end < catching->count && catching->changed[end]; end++)
            continue;
        if (end == i) {
            end++;
            continue;
        }
        const struct row_range part = {catching->begins[i], end < catching->count ? catching->begins[end]
                                                                                  : (struct row_place){0, 0}};
        status = range_rows_read(asked->session, asked->table, part, asked->members, range_append, catching,
                                 &digest, error);
    }
    catching->asked->rows = digest.rows;
    return status;
}

/* What ended the file ends it no more, but what is appended does. */
static cutover_status file_change(struct catching *catching, cutover_error **error)
{
    const struct manifest_table *table = catching->asked->to;
    const struct member *end = &table->members[table->member_count - 1];

    cutover_status status = old_ranges(catching, error);
    if (status == CUTOVER_OK)
        status = patch_blank(catching->patch, end->offset, end->size, error);
    if (status == CUTOVER_OK)
        status = new_ranges(catching, error);
    return status != CUTOVER_OK ? status : end_append(catching, error);
}

/* ---- what the manifest says of it ---- */

/* Members as they lie, and what the file is known by. */
struct layout {
    struct member *members;
    size_t count, capacity;
    uint64_t size;
    struct sha256 *sha256;
    unsigned char blank[SHA256_SIZE]; /* one of BLANK_MAX bytes, of which there may be many */
    bool blank_known;
};

static cutover_status layout_add(struct layout *layout, struct member member,
                                 const unsigned char sha256[SHA256_SIZE], cutover_error **error)
{
    if (layout->count == layout->capacity) {
        size_t capacity = layout->capacity == 0 ? 64 : layout->capacity * 2;
        struct member *grown = reallocarray(layout->members, capacity, sizeof *grown);

        if (grown == NULL)
            return error_nomem(error);
        layout->members = grown;
        layout->capacity = capacity;
    }
    layout->members[layout->count++] = member;
    layout->size = member.offset + member.size;
    return sha256_add(layout->sha256, sha256, SHA256_SIZE, error);
}

static cutover_status blank_known(struct layout *layout, struct range *blank, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (blank->member.size != BLANK_MAX)
        return blank_sha256(blank->member.size, blank->sha256, error);
    if (!layout->blank_known)
        status = blank_sha256(BLANK_MAX, layout->blank, error);
    layout->blank_known = status == CUTOVER_OK;
    memcpy(blank->sha256, layout->blank, SHA256_SIZE);
    return status;
}

/* As patch_blank() wrote it; into *written (may be NULL), too. */
static cutover_status layout_blank(struct layout *layout, const struct member *member,
                                   struct range_list *written, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t left = member->size, one; status == CUTOVER_OK && left > 0; left -= one) {
        one = blank_next(left);
        struct range blank = {.member = {layout->size, one, 0, 0}, .digest = DIGEST_INIT};
        status = blank_known(layout, &blank, error);
        if (status == CUTOVER_OK)
            status = layout_add(layout, blank.member, blank.sha256, error);
        if (status == CUTOVER_OK && written != NULL)
            status = range_list_add(written, &blank, error);
    }
    return status;
}

/* Those that have no member first. */
static int by_offset(const void *left, const void *right)
{
    const struct range *one = left, *other = right;

    if ((one->member.size == 0) != (other->member.size == 0))
        return one->member.size == 0 ? -1 : 1;
    return (one->member.offset > other->member.offset) - (one->member.offset < other->member.offset);
}

/* Members as they lie: those that were there are kept, were blank, or are now; then those that were appended. */
static cutover_status layout_make(struct catching *catching, struct layout *layout, cutover_error **error)
{
    const struct manifest_table *old = catching->asked->to;
    struct range_list *list = &catching->list;
    cutover_status status = CUTOVER_OK;
    size_t next = 0;

    qsort(list->ranges, list->count, sizeof *list->ranges, by_offset);
    while (next < list->count && list->ranges[next].member.size == 0)
        next++;
    for (size_t i = 0; status == CUTOVER_OK && i < old->member_count; i++) {
        const struct member *member = &old->members[i];
        bool kept = next < list->count && list->ranges[next].member.offset == member->offset;
        status = kept ? layout_add(layout, *member, list->ranges[next].sha256, error)
                      : layout_blank(layout, member, member->raw > 0 ? &catching->written : NULL, error);
        next += kept;
    }
    for (; status == CUTOVER_OK && next < list->count; next++)
        status = layout_add(layout, list->ranges[next].member, list->ranges[next].sha256, error);
    if (status == CUTOVER_OK)
        status = layout_add(layout, catching->end.member, catching->end.sha256, error);
    range_list_sort(list);
    return status;
}

static cutover_status manifest_change(struct catching *catching, cutover_error **error)
{
    struct range_catch_up *asked = catching->asked;
    struct digest sum = DIGEST_INIT;
    struct layout layout = {0};
    char text[DIGEST_TEXT_SIZE], hex[SHA256_HEX_SIZE], *digest = NULL, *sha256 = NULL;

    for (size_t i = 0; i < catching->list.count; i++)
        digest_add(&sum, &catching->list.ranges[i].digest);
    digest_format(&sum, text);
    cutover_status status = sha256_start(&layout.sha256, error);
    if (status == CUTOVER_OK)
        status = layout_make(catching, &layout, error);
    if (status == CUTOVER_OK)
        status = sha256_end(layout.sha256, hex, error);
    if (status == CUTOVER_OK)
        status = string_copy(hex, &sha256, error);
    if (status == CUTOVER_OK)
        status = string_copy(text, &digest, error);
    sha256_free(layout.sha256);
    if (status != CUTOVER_OK) {
        free(layout.members);
        free(sha256);
        free(digest);
        return status;
    }
    free(asked->to->members);
    free(asked->to->digest);
    free(asked->file->sha256);
    asked->to->members = layout.members;
    asked->to->member_count = layout.count;
    asked->to->digest = digest;
    asked->to->rows = sum.rows;
    asked->file->size = layout.size;
    asked->file->sha256 = sha256;
    asked->file->by_members = true;
    range_list_free(asked->list);
    *asked->list = catching->list;
    catching->list = (struct range_list){NULL, 0, 0};
    *asked->written = catching->written;
    catching->written = (struct range_list){NULL, 0, 0};
    return CUTOVER_OK;
}

/* ---- one table ---- */

/* A file that is changed in place only grows. */
static bool is_mostly_blank(const struct range_catch_up *asked)
{
    uint64_t live = 0;

    for (size_t i = 0; i < asked->list->count; i++)
        live += asked->list->ranges[i].member.size;
    return asked->file->size > 2 * live + BLANK_ALLOWED;
}

static cutover_status change(struct catching *catching, cutover_error **error)
{
    struct range_catch_up *asked = catching->asked;
    cutover_status status = patch_open(asked->repository, asked->backup, asked->to->file, asked->file->size,
                                       &catching->patch, error);

    if (status != CUTOVER_OK)
        return status;
    status = file_change(catching, error);
    if (status != CUTOVER_OK) {
        patch_abort(catching->patch);
        return status;
    }
    status = patch_commit(catching->patch, error);
    return status != CUTOVER_OK ? status : manifest_change(catching, error);
}

cutover_status range_catch_up(struct range_catch_up *asked, cutover_error **error)
{
    struct catching catching = {.asked = asked};

    asked->ranges = asked->rows = asked->bytes = 0;
    asked->whole = false;
    cutover_status status = begins_make(&catching, error);
    if (status == CUTOVER_OK)
        status = ranges_scan(asked->session, asked->table, asked->since, catching.begins, catching.count,
                             range_seen, &catching, error);
    asked->whole = (catching.changed_count > 2 && catching.changed_count > catching.count / 2) ||
                   (catching.changed_count > 0 && is_mostly_blank(asked));
    if (status == CUTOVER_OK && catching.changed_count > 0 && !asked->whole) {
        status = change(&catching, error);
        asked->ranges = catching.changed_count;
        asked->bytes = catching.bytes;
    }
    range_list_free(&catching.list);
    range_list_free(&catching.written);
    free(catching.begins);
    free(catching.rows);
    free(catching.changed);
    return status;
}
