#include "notify/webhook_rest.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define REST_US (5 * SECOND)       /* doubles with each failure */
#define REST_MAX_US (300 * SECOND) /* and grows to this */

struct webhook_rest {
    struct webhook_rest *next;
    int64_t until_us; /* of the monotonic clock */
    unsigned failures;
    char webhook_id[];
};

static struct webhook_rest **rest_of(struct webhook_rest **rests, const char *webhook_id)
{
    struct webhook_rest **link = rests;

    while (*link != NULL && strcmp((*link)->webhook_id, webhook_id) != 0)
        link = &(*link)->next;
    return link;
}

void webhook_rest_forget(struct webhook_rest **rests, const char *webhook_id)
{
    struct webhook_rest **link = rest_of(rests, webhook_id), *rest = *link;

    if (rest == NULL)
        return;
    *link = rest->next;
    free(rest);
}

int64_t webhook_rest_left(struct webhook_rest *rests, const char *webhook_id)
{
    const struct webhook_rest *rest = *rest_of(&rests, webhook_id);
    int64_t left = rest != NULL ? rest->until_us - monotonic_us() : 0;

    return left > 0 ? left : 0;
}

void webhook_rest_begin(struct webhook_rest **rests, const char *webhook_id, int64_t asked_us)
{
    struct webhook_rest **link = rest_of(rests, webhook_id);
    int64_t pause = REST_US;

    if (*link == NULL) {
        size_t size = strlen(webhook_id) + 1;
        *link = calloc(1, sizeof **link + size);
        if (*link == NULL)
            return;
        memcpy((*link)->webhook_id, webhook_id, size);
    }
    struct webhook_rest *rest = *link;
    for (unsigned i = 0; i < rest->failures && pause < REST_MAX_US; i++)
        pause *= 2;
    if (pause > REST_MAX_US)
        pause = REST_MAX_US;
    rest->failures++;
    rest->until_us = monotonic_us() + (asked_us > pause ? asked_us : pause);
}

void webhook_rests_free(struct webhook_rest **rests)
{
    while (*rests != NULL) {
        struct webhook_rest *rest = *rests;
        *rests = rest->next;
        free(rest);
    }
}
