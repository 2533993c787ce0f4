#include "notify/port.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 12
#define FIELD_SIZE 100

static const cutover_notifier initial = CUTOVER_NOTIFIER_INIT;
static const struct port_member required[] = {
    {"deliver", offsetof(cutover_notifier, deliver), 1},
    {"close", offsetof(cutover_notifier, close), 1},
    {NULL, 0, 0},
};

static const size_t older[] = {PORT_SIZE(cutover_notifier, close)};
const struct port notifier_port = {&initial, sizeof(cutover_notifier), CUTOVER_NOTIFIER_VERSION, older,
                                   required};

static const cutover_named_notifier named_initial = CUTOVER_NAMED_NOTIFIER_INIT;
static const struct port_member named_required[] = {
    {"name", offsetof(cutover_named_notifier, name), 1},
    {"notifier", offsetof(cutover_named_notifier, notifier), 1},
    {NULL, 0, 0},
};

const struct port named_notifier_port = {&named_initial, sizeof(cutover_named_notifier),
                                         CUTOVER_NAMED_NOTIFIER_VERSION, NULL, named_required};

cutover_status cutover_notifier_init(cutover_notifier *notifier, unsigned version)
{
    return port_init(&notifier_port, notifier, version);
}

cutover_status cutover_named_notifier_init(cutover_named_notifier *notifier, unsigned version)
{
    return port_init(&named_notifier_port, notifier, version);
}

void cutover_notifier_close(cutover_notifier *notifier)
{
    if (notifier == NULL)
        return;
    if (notifier->close != NULL)
        notifier->close(notifier->userdata);
    notifier->close = NULL;
    port_reset(&notifier_port, notifier);
}

cutover_status outlet_name_check(const char *field, const char *name, cutover_error **error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (name == NULL)
        return error_set(error, CUTOVER_E_INVALID, "%s: required", field);
    size_t length = strlen(name);
    if (length >= 1 && length <= OUTLET_NAME_MAX && strspn(name, allowed) == length)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "%s: must be 1 to %d of a to z, A to Z, 0 to 9, '.', '_', '-'",
                     field, OUTLET_NAME_MAX);
}

struct outlet *outlets_find(const struct outlets *outlets, const char *name)
{
    for (size_t i = 0; i < outlets->count; i++)
        if (strcmp(outlets->items[i].name, name) == 0)
            return &outlets->items[i];
    return NULL;
}

/* `field` is the array's element. Adds the outlet when all of it is right. */
static cutover_status take_one(const char *field, const cutover_named_notifier *given, struct outlets *outlets,
                               cutover_error **error)
{
    char member[FIELD_SIZE + 20];
    cutover_named_notifier named;
    struct outlet *outlet = &outlets->items[outlets->count];
    cutover_status status = port_copy(&named_notifier_port, field, given, &named, error);

    if (status != CUTOVER_OK)
        return status;
    snprintf(member, sizeof member, "%s.name", field);
    status = outlet_name_check(member, named.name, error);
    if (status == CUTOVER_OK && outlets_find(outlets, named.name) != NULL)
        status =
            error_set(error, CUTOVER_E_INVALID, "%s: \"%s\" is an earlier one's already", member, named.name);
    if (status == CUTOVER_OK && named.since < 0)
        status = error_set(error, CUTOVER_E_INVALID, "%s.since: before 1970", field);
    snprintf(member, sizeof member, "%s.notifier", field);
    if (status == CUTOVER_OK)
        status = port_copy(&notifier_port, member, named.notifier, &outlet->notifier, error);
    if (status == CUTOVER_OK)
        status = string_copy(named.name, &outlet->name, error);
    if (status != CUTOVER_OK)
        return status;
    outlet->attempts = named.attempts != 0 ? named.attempts : ATTEMPTS;
    outlet->since = named.since;
    atomic_init(&outlet->taken, false);
    outlets->count++;
    return CUTOVER_OK;
}

cutover_status outlets_take(const char *field, const cutover_named_notifier *const *given, size_t count,
                            struct outlets *outlets, cutover_error **error)
{
    struct outlets taken = {NULL, 0};
    cutover_status status = CUTOVER_OK;

    if (count > OUTLETS_MAX)
        return error_set(error, CUTOVER_E_INVALID, "%s: %zu, must be at most %d", field, count, OUTLETS_MAX);
    if (count > 0 && given == NULL)
        return error_set(error, CUTOVER_E_INVALID, "%s: required", field);
    taken.items = calloc(count > 0 ? count : 1, sizeof *taken.items);
    if (taken.items == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++) {
        char element[FIELD_SIZE];
        snprintf(element, sizeof element, "%s[%zu]", field, i);
        status = take_one(element, given[i], &taken, error);
    }
    if (status == CUTOVER_OK)
        *outlets = taken;
    else
        outlets_free(&taken);
    return status;
}

void outlets_free(struct outlets *outlets)
{
    for (size_t i = 0; i < outlets->count; i++)
        free(outlets->items[i].name);
    free(outlets->items);
    *outlets = (struct outlets){NULL, 0};
}
