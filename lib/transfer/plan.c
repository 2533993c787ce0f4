#include "transfer/plan.h"

#include "job/operation.h"

#include <stdlib.h>
#include <string.h>

/* What the busiest worker would carry if whole tables, biggest first, always went to the idlest one. */
static uint64_t longest_load(const struct table *tables, size_t count, unsigned jobs)
{
    uint64_t loads[JOBS_MAX] = {0};
    uint64_t longest = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned idlest = 0;
        for (unsigned j = 1; j < jobs; j++)
            if (loads[j] < loads[idlest])
                idlest = j;
        loads[idlest] += tables[i].bytes;
        if (loads[idlest] > longest)
            longest = loads[idlest];
    }
    return longest;
}

static uint64_t part_size(const struct table *tables, size_t count, unsigned jobs, enum plan_split split)
{
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += tables[i].bytes;
    uint64_t fair = total / jobs;
    if (jobs == 1)
        return UINT64_MAX;
    if (split == SPLIT_WHEN_NEEDED && longest_load(tables, count, jobs) <= fair + fair / 5)
        return UINT64_MAX;
    uint64_t size = fair / 4;
    return size > PLAN_PART_MIN ? size : PLAN_PART_MIN;
}

static size_t parts_of(const struct table *table, uint64_t size)
{
    if (!table->heap || table->extension_config || table->evaluates || table->bytes <= size + size / 2)
        return 1;
    uint64_t parts = table->bytes / size + (table->bytes % size != 0);
    /* At least 64 pages a part: a range scan of less is all overhead. */
    if (parts > table->heap_pages / 64)
        parts = table->heap_pages / 64;
    return parts > 1 ? (size_t)parts : 1;
}

static int bigger_part_first(const void *a, const void *b)
{
    const struct part *one = a, *two = b;

    if (one->bytes != two->bytes)
        return one->bytes > two->bytes ? -1 : 1;
    if (one->table != two->table)
        return one->table < two->table ? -1 : 1;
    return (one->range.first > two->range.first) - (one->range.first < two->range.first);
}

cutover_status plan_make(const struct table *tables, size_t count, unsigned jobs, enum plan_split split,
                         struct plan *plan, cutover_error **error)
{
    if (jobs < 1 || jobs > JOBS_MAX)
        return error_set(error, CUTOVER_E_INTERNAL, "plan: %u jobs", jobs);
    uint64_t size = part_size(tables, count, jobs, split);
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += parts_of(&tables[i], size);

    struct plan made = {calloc(total + 1, sizeof *made.parts), 0, calloc(count + 1, sizeof(unsigned))};
    if (made.parts == NULL || made.table_parts == NULL) {
        plan_free(&made);
        return error_nomem(error);
    }
    for (size_t i = 0; i < count; i++) {
        size_t parts = parts_of(&tables[i], size);
        uint64_t step = tables[i].heap_pages / parts;
        made.table_parts[i] = (unsigned)parts;
        for (size_t k = 0; k < parts; k++) {
            struct part *part = &made.parts[made.count++];
            part->table = i;
            part->bytes = tables[i].bytes / parts;
            part->whole = parts == 1;
            part->range.first = k * step;
            /* The last range is open-ended (EDGE_CASES B15). */
            part->range.end = k + 1 < parts ? (k + 1) * step : 0;
        }
    }
    qsort(made.parts, made.count, sizeof *made.parts, bigger_part_first);
    *plan = made;
    return CUTOVER_OK;
}

void plan_free(struct plan *plan)
{
    free(plan->parts);
    free(plan->table_parts);
    memset(plan, 0, sizeof *plan);
}

cutover_status receipts_open(struct receipts *receipts, const struct plan *plan, size_t tables,
                             cutover_error **error)
{
    receipts->tables = calloc(tables + 1, sizeof *receipts->tables);
    if (receipts->tables == NULL)
        return error_nomem(error);
    receipts->count = tables;
    for (size_t i = 0; i < tables; i++)
        receipts->tables[i].parts_left = plan->table_parts[i];
    pthread_mutex_init(&receipts->mutex, NULL);
    return CUTOVER_OK;
}

void receipts_add(struct receipts *receipts, size_t table, const struct digest *digest, uint64_t bytes,
                  bool *last)
{
    pthread_mutex_lock(&receipts->mutex);
    struct receipt *receipt = &receipts->tables[table];
    digest_add(&receipt->digest, digest);
    receipt->bytes += bytes;
    receipt->parts_left--;
    *last = receipt->parts_left == 0;
    pthread_mutex_unlock(&receipts->mutex);
}

cutover_status receipts_check(const struct receipts *receipts, const struct table *tables,
                              cutover_error **error)
{
    for (size_t i = 0; i < receipts->count; i++)
        if (receipts->tables[i].parts_left != 0)
            return error_set(error, CUTOVER_E_INTERNAL, "%s: %u parts were not received", tables[i].label,
                             receipts->tables[i].parts_left);
    return CUTOVER_OK;
}

void receipts_close(struct receipts *receipts)
{
    if (receipts->tables == NULL)
        return;
    pthread_mutex_destroy(&receipts->mutex);
    free(receipts->tables);
    receipts->tables = NULL;
}
