#include "postgres/swap/stale.h"

#include "postgres/swap/fence_lines.h"

#include <stdlib.h>
#include <string.h>

#define PG_LARGEOBJECT 2613u
#define PG_LARGEOBJECT_METADATA 2995u

static int oid_order(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

    return (one > other) - (one < other);
}

static cutover_status take(struct stale *stale, const struct fence_changes *counters,
                           const struct fence_changes *layouts, cutover_error **error)
{
    size_t kept = 0;

    stale->tables = calloc(counters->count + layouts->count + 1, sizeof *stale->tables);
    if (stale->tables == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < counters->count; i++)
        stale->tables[stale->count++] = fence_change_oid(&counters->list[i]);
    for (size_t i = 0; i < layouts->count; i++)
        stale->tables[stale->count++] = fence_change_oid(&layouts->list[i]);
    qsort(stale->tables, stale->count, sizeof *stale->tables, oid_order);
    for (size_t i = 0; i < stale->count; i++)
        if (kept == 0 || stale->tables[i] != stale->tables[kept - 1])
            stale->tables[kept++] = stale->tables[i];
    stale->count = kept;
    stale->large_objects = stale_has(stale, PG_LARGEOBJECT) || stale_has(stale, PG_LARGEOBJECT_METADATA);
    return CUTOVER_OK;
}

static uint32_t altered_of(const struct fence_changes *layouts)
{
    for (size_t i = 0; i < layouts->count; i++) {
        const struct fence_change *change = &layouts->list[i];
        if (change->kind == CHANGE_LAYOUT &&
            change->before.values[LAYOUT_DIGEST] != change->after.values[LAYOUT_DIGEST])
            return change->before.oid;
    }
    return 0;
}

cutover_status stale_find(const struct fence_mark *before, const struct fence_mark *now, struct stale *stale,
                          cutover_error **error)
{
    struct fence_changes counters = {.count = 0}, layouts = {.count = 0};

    *stale = (struct stale){.all = strcmp(before->server_started, now->server_started) != 0 ||
                                   strcmp(before->stats_reset, now->stats_reset) != 0};
    cutover_status status =
        fence_find_changes(&before->counters, &now->counters, CHANGE_ROWS, &counters, error);
    if (status == CUTOVER_OK)
        status = fence_find_changes(&before->layout, &now->layout, CHANGE_LAYOUT, &layouts, error);
    stale->altered = altered_of(&layouts);
    if (status == CUTOVER_OK)
        status = take(stale, &counters, &layouts, error);
    if (status == CUTOVER_OK && (counters.backwards || stale->all))
        stale->all = stale->large_objects = true;
    free(counters.list);
    free(layouts.list);
    return status;
}

bool stale_has(const struct stale *stale, uint32_t table)
{
    return stale->all || bsearch(&table, stale->tables, stale->count, sizeof *stale->tables, oid_order) != NULL;
}

bool stale_is_empty(const struct stale *stale)
{
    return !stale->all && stale->count == 0;
}

void stale_free(struct stale *stale)
{
    free(stale->tables);
    *stale = (struct stale){0};
}
