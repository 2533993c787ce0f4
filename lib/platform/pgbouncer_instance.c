#include "platform/pgbouncer_instance.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "postgres/quote.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 10

void pgbouncer_close(struct pgbouncer *instance)
{
    for (size_t i = 0; i < instance->count; i++) {
        if (instance->pausing != NULL)
            console_close(&instance->pausing[i]);
        free(instance->names[i]);
    }
    free(instance->names);
    free(instance->pausing);
    console_close(&instance->console);
    instance->names = NULL;
    instance->pausing = NULL;
    instance->count = 0;
}

static cutover_status add_name(struct pgbouncer *instance, const char *name, cutover_error **error)
{
    char **grown = realloc(instance->names, (instance->count + 1) * sizeof *grown);

    if (grown == NULL)
        return error_nomem(error);
    instance->names = grown;
    cutover_status status = string_copy(name, &grown[instance->count], error);
    if (status == CUTOVER_OK)
        instance->count++;
    return status;
}

/* Its databases are listed when they are configured or were used; of "*" another may come, under production's name. */
cutover_status pgbouncer_open(const struct conninfo *conninfo, const char *production, int64_t deadline_us,
                              const struct cancel *cancel, struct pgbouncer *instance, cutover_error **error)
{
    PGresult *databases = NULL;
    bool own_name = false;

    *instance = (struct pgbouncer){.conninfo = conninfo};
    cutover_status status = console_open(conninfo, deadline_us, cancel, &instance->console, error);
    if (status == CUTOVER_OK)
        status = console_ask(&instance->console, "SHOW DATABASES", &databases, error);
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(databases); row++) {
        const char *name = console_value(databases, row, "name");
        if (strcmp(console_value(databases, row, "database"), production) != 0 ||
            strcmp(name, "pgbouncer") == 0)
            continue;
        own_name |= strcmp(name, production) == 0;
        status = add_name(instance, name, error);
    }
    if (status == CUTOVER_OK && !own_name)
        status = add_name(instance, production, error);
    PQclear(databases);
    if (status != CUTOVER_OK)
        pgbouncer_close(instance);
    return status;
}

bool pgbouncer_has(const struct pgbouncer *instance, const char *name)
{
    for (size_t i = 0; i < instance->count; i++)
        if (strcmp(instance->names[i], name) == 0)
            return true;
    return false;
}

/* ---- pausing ---- */

cutover_status pgbouncer_ask_pause(struct pgbouncer *instance, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    instance->pausing = calloc(instance->count, sizeof *instance->pausing);
    if (instance->pausing == NULL)
        return error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < instance->count; i++) {
        struct text command = TEXT_INIT;
        text_add(&command, "PAUSE ");
        quote_identifier(&command, instance->names[i]);
        status = console_open(instance->conninfo, instance->console.deadline_us, instance->console.cancel,
                              &instance->pausing[i], error);
        if (status == CUTOVER_OK && text_failed(&command))
            status = error_nomem(error);
        if (status == CUTOVER_OK)
            status = console_send(&instance->pausing[i], text_string(&command), error);
        text_free(&command);
    }
    return status;
}

/* A refused PAUSE ends it, but of a database that the instance does not know: nobody comes through that. */
static cutover_status refusals(struct pgbouncer *instance, cutover_error **error)
{
    for (size_t i = 0; i < instance->count; i++) {
        cutover_error *local = NULL;
        bool answered = false;
        if (instance->pausing[i].connection == NULL)
            continue;
        cutover_status status = console_answered(&instance->pausing[i], &answered, &local);
        if (status != CUTOVER_OK && strstr(cutover_error_message(local), PGBOUNCER_NO_SUCH) == NULL) {
            error_move(error, local);
            return status;
        }
        cutover_error_free(local);
        if (status != CUTOVER_OK || answered)
            console_close(&instance->pausing[i]);
    }
    return CUTOVER_OK;
}

static bool all_paused(const struct pgbouncer *instance, const PGresult *databases)
{
    for (int row = 0; row < PQntuples(databases); row++) {
        if (pgbouncer_has(instance, console_value(databases, row, "name")) &&
            strcmp(console_value(databases, row, "paused"), "0") == 0)
            return false;
    }
    return true;
}

/* Server connections in use of a pool that gives them back. */
static long in_use(const struct pgbouncer *instance, const PGresult *pools)
{
    long count = 0;

    for (int row = 0; row < PQntuples(pools); row++) {
        if (pgbouncer_has(instance, console_value(pools, row, "database")) &&
            strcmp(console_value(pools, row, "pool_mode"), "session") != 0)
            count += strtol(console_value(pools, row, "sv_active"), NULL, 10) +
                     strtol(console_value(pools, row, "sv_tested"), NULL, 10);
    }
    return count;
}

static cutover_status look(struct pgbouncer *instance, bool *paused, long *left, cutover_error **error)
{
    PGresult *databases = NULL, *pools = NULL;

    cutover_status status = refusals(instance, error);
    if (status == CUTOVER_OK)
        status = console_ask(&instance->console, "SHOW DATABASES", &databases, error);
    if (status == CUTOVER_OK)
        status = console_ask(&instance->console, "SHOW POOLS", &pools, error);
    if (status == CUTOVER_OK) {
        *paused = all_paused(instance, databases);
        *left = in_use(instance, pools);
    }
    PQclear(databases);
    PQclear(pools);
    return status;
}

static cutover_status busy(const struct pgbouncer *instance, long left, int64_t timeout_ms,
                           cutover_error **error)
{
    error_set(error, CUTOVER_E_CALLBACK,
              "%s: did not pause within %lld ms: %ld of its server connections are in use",
              instance->console.where, (long long)timeout_ms, left);
    error_hint(error,
               "Clients' transactions are open for longer: end them (SHOW CLIENTS, pg_stat_activity), or allow "
               "more time.");
    return CUTOVER_E_CALLBACK;
}

cutover_status pgbouncer_wait_paused(struct pgbouncer *instance, int64_t timeout_ms, cutover_error **error)
{
    int64_t deadline = monotonic_us() + timeout_ms * 1000;

    for (;;) {
        bool paused = false;
        long left = 0;
        cutover_status status = look(instance, &paused, &left, error);
        if (status != CUTOVER_OK || (paused && left == 0))
            return status;
        if (monotonic_us() >= deadline)
            return busy(instance, left, timeout_ms, error);
        status = cancel_sleep(instance->console.cancel, LOOK_MS, error);
        if (status != CUTOVER_OK)
            return status;
    }
}
