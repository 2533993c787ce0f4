#include "postgres/swap/mark.h"

#include "archive/object.h"

#include <string.h>

cutover_status mark_read(struct session *inside, struct json_object **mark, cutover_error **error)
{
    struct fence_mark read = {0};
    char counters[65], sequences[65];

    cutover_status status = fence_mark_read(inside, &read, error);
    if (status != CUTOVER_OK)
        return status;
    struct json_object *made = json_object_new_object();
    if (made == NULL || !sha256_hex(text_string(&read.counters), read.counters.length, counters) ||
        !sha256_hex(text_string(&read.sequences), read.sequences.length, sequences)) {
        json_object_put(made);
        status = error_nomem(error);
    } else {
        json_put_text(made, "counters", counters);
        json_put_text(made, "sequences", sequences);
        json_put_text(made, "stats_reset", read.stats_reset);
        json_put_text(made, "server_started", read.server_started);
        *mark = made;
    }
    fence_mark_free(&read);
    return status;
}

static bool same(struct json_object *a, struct json_object *b, const char *name)
{
    return strcmp(json_text_or(a, name, ""), json_text_or(b, name, "")) == 0;
}

enum mark_change mark_compare(struct json_object *before, struct json_object *now)
{
    if (before == NULL || now == NULL || !same(before, now, "stats_reset") ||
        !same(before, now, "server_started"))
        return MARK_UNKNOWN;
    return same(before, now, "counters") && same(before, now, "sequences") ? MARK_SAME : MARK_WRITTEN;
}
