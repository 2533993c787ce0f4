#include "postgres/conninfo.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* libpq's lists are cut at commas and have no quoting. An item's length is returned; NULL after the last. */
static const char *list_at(const char *list, size_t index, size_t *length)
{
    for (; list != NULL && index > 0; index--) {
        list = strchr(list, ',');
        if (list != NULL)
            list++;
    }
    *length = list != NULL ? strcspn(list, ",") : 0;
    return list;
}

static size_t list_count(const char *list)
{
    size_t count = list != NULL;

    for (; list != NULL && (list = strchr(list, ',')) != NULL; list++)
        count++;
    return count;
}

/* What is not named, or whose item is empty, is libpq's business and matches anything. */
static bool item_is(const char *list, size_t index, const char *wanted)
{
    size_t length;
    const char *item = list_at(list, list_count(list) == 1 ? 0 : index, &length);

    return item == NULL || length == 0 || wanted == NULL ||
           (strlen(wanted) == length && strncmp(item, wanted, length) == 0);
}

static cutover_status put_first(struct conninfo *conninfo, const char *keyword, size_t index,
                                cutover_error **error)
{
    const char *list = conninfo_get(conninfo, keyword);
    struct text made = TEXT_INIT;
    size_t count = list_count(list), length;

    if (count < 2)
        return CUTOVER_OK;
    const char *item = list_at(list, index, &length);
    text_add_bytes(&made, item, length);
    for (size_t i = 0; i < count; i++) {
        if (i == index)
            continue;
        item = list_at(list, i, &length);
        text_add(&made, ",");
        text_add_bytes(&made, item, length);
    }
    cutover_status status =
        text_failed(&made) ? error_nomem(error) : conninfo_set(conninfo, keyword, text_string(&made), error);
    text_free(&made);
    return status;
}

cutover_status conninfo_prefer(struct conninfo *conninfo, const char *host, const char *hostaddr,
                               const char *port, cutover_error **error)
{
    const char *hosts = conninfo_get(conninfo, "host"), *addresses = conninfo_get(conninfo, "hostaddr");
    size_t count = list_count(addresses != NULL ? addresses : hosts), index = 0;

    if (count < 2)
        return CUTOVER_OK;
    while (index < count && !(item_is(hosts, index, host) && item_is(addresses, index, hostaddr) &&
                              item_is(conninfo_get(conninfo, "port"), index, port)))
        index++;
    cutover_status status = CUTOVER_OK;
    if (index < count) {
        status = put_first(conninfo, "host", index, error);
        if (status == CUTOVER_OK)
            status = put_first(conninfo, "hostaddr", index, error);
        if (status == CUTOVER_OK)
            status = put_first(conninfo, "port", index, error);
    }
    if (status == CUTOVER_OK && conninfo_get(conninfo, "load_balance_hosts") != NULL)
        status = conninfo_set(conninfo, "load_balance_hosts", "disable", error);
    return status;
}
