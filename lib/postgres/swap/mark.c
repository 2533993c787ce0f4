#include "postgres/swap/mark.h"

#include "base/json.h"
#include "base/sha256.h"

#include <string.h>

cutover_status mark_make(const struct fence_mark *read, struct json_object **mark, cutover_error **error)
{
    char counters[SHA256_HEX_SIZE], sequences[SHA256_HEX_SIZE];

    cutover_status status = sha256_of(text_string(&read->counters), read->counters.length, counters, error);
    if (status == CUTOVER_OK)
        status = sha256_of(text_string(&read->sequences), read->sequences.length, sequences, error);
    if (status != CUTOVER_OK)
        return status;
    struct json_object *made = json_object_new_object();
    if (made == NULL)
        return error_nomem(error);
    json_put_text(made, "counters", counters);
    json_put_text(made, "sequences", sequences);
    json_put_text(made, "stats_reset", read->stats_reset);
    json_put_text(made, "server_started", read->server_started);
    *mark = made;
    return CUTOVER_OK;
}

cutover_status mark_read(struct session *inside, struct json_object **mark, cutover_error **error)
{
    struct fence_mark read = {0};

    cutover_status status = fence_mark_read(inside, &read, error);
    if (status == CUTOVER_OK)
        status = mark_make(&read, mark, error);
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
