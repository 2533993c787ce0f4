#include "platform/pgbouncer_instance.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "postgres/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOOK_MS 10
/* How long waiting clients get to be served again before server_login_retry is as it was. */
#define SETTLE_MS 2000
/* What it is meanwhile: this, and behind it, as microseconds, the seconds that it was. So whoever comes after a process that died there
   sets back what nobody would know any more until the instance's next RELOAD. */
#define QUICK_RETRY "0.17"
#define QUICK_RETRY_US 170000
#define KEPT_SECONDS_MAX 9999
#define CARRIED "default_transaction_read_only"

/* What the console's SHOW CONFIG has for a key; *value is the caller's to free. */
static cutover_status config_value(const PGresult *config, const char *key, char **value, cutover_error **error)
{
    for (int row = 0; row < PQntuples(config); row++)
        if (strcmp(console_value(config, row, "key"), key) == 0)
            return string_copy(console_value(config, row, "value"), value, error);
    return string_copy("", value, error);
}

/* Whether the instance sets the parameter for its clients. Before 1.26 where it was told to, since then always. */
static cutover_status carries(struct console *console, const PGresult *config, bool *does,
                              cutover_error **error)
{
    static const char mark[] = "PgBouncer ";
    char *tracked = NULL;
    PGresult *version = NULL;

    cutover_status status = config_value(config, "track_extra_parameters", &tracked, error);
    if (status == CUTOVER_OK)
        status = console_ask(console, "SHOW VERSION", &version, error);
    if (status == CUTOVER_OK) {
        const char *text = PQntuples(version) == 1 ? PQgetvalue(version, 0, 0) : "";
        long major = 0, minor = 0;
        text = strstr(text, mark);
        if (text != NULL) {
            char *end;
            major = strtol(text + sizeof mark - 1, &end, 10);
            minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
        }
        *does = text == NULL || major > 1 || minor >= 26 || strcasestr(tracked, CARRIED) != NULL;
    }
    PQclear(version);
    free(tracked);
    return status;
}

/* Whether the clients of every pool that waited are served again. */
static cutover_status settled(struct pgbouncer *instance, bool *are, cutover_error **error)
{
    PGresult *pools = NULL;
    cutover_status status = console_ask(&instance->console, "SHOW POOLS", &pools, error);

    *are = true;
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(pools); row++) {
        if (pgbouncer_has(instance, console_value(pools, row, "database")) &&
            strcmp(console_value(pools, row, "cl_waiting"), "0") != 0 &&
            strcmp(console_value(pools, row, "sv_active"), "0") == 0)
            *are = false;
    }
    PQclear(pools);
    return status;
}

static cutover_status set_retry(struct console *console, const char *seconds, cutover_error **error)
{
    struct text command = TEXT_INIT;

    text_add(&command, "SET server_login_retry = ");
    quote_literal(&command, seconds);
    cutover_status status =
        text_failed(&command) ? error_nomem(error) : console_ask(console, text_string(&command), NULL, error);
    text_free(&command);
    return status;
}

static cutover_status resume_all(struct pgbouncer *instance, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < instance->count; i++) {
        cutover_error *local = NULL;
        status = console_command(&instance->console, "RESUME", instance->names[i], "is not paused", &local);
        if (status != CUTOVER_OK && strstr(cutover_error_message(local), PGBOUNCER_NO_SUCH) != NULL) {
            cutover_error_free(local);
            local = NULL;
            status = CUTOVER_OK;
        }
        error_move(error, local);
    }
    return status;
}

/* What it was before somebody set it to a moment; *retry is that then. */
static cutover_status retry_before(char **retry, cutover_error **error)
{
    char text[16];
    double shown_us = strtod(*retry, NULL) * 1e6 + 0.5;

    if (shown_us < QUICK_RETRY_US + 1 || shown_us >= QUICK_RETRY_US + KEPT_SECONDS_MAX + 1)
        return CUTOVER_OK;
    snprintf(text, sizeof text, "%d", (int)shown_us - QUICK_RETRY_US);
    free(*retry);
    *retry = NULL;
    return string_copy(text, retry, error);
}

static cutover_status set_quick_retry(struct console *console, const char *retry)
{
    char text[16] = QUICK_RETRY, *end;
    long seconds = strtol(retry, &end, 10);

    if (*end == '\0' && seconds > 0 && seconds <= KEPT_SECONDS_MAX)
        snprintf(text, sizeof text, QUICK_RETRY "%04ld", seconds);
    return set_retry(console, text, NULL);
}

/* RESUME, and for a moment no waiting after a failed login. What fails of the latter costs time, nothing else. */
static cutover_status resume_quickly(struct pgbouncer *instance, const char *retry, cutover_error **error)
{
    int64_t until = monotonic_us() + SETTLE_MS * 1000;
    /* Where it is that already, and does not say what it was, another job has set it, and sets it back. */
    bool wanted = retry[0] != '\0' && strcmp(retry, QUICK_RETRY) != 0;
    bool set = wanted && set_quick_retry(&instance->console, retry) == CUTOVER_OK, are = !set;

    cutover_status status = resume_all(instance, error);
    while (status == CUTOVER_OK && !are && monotonic_us() < until) {
        if (settled(instance, &are, NULL) != CUTOVER_OK)
            break;
        if (!are)
            cancel_sleep(NULL, LOOK_MS, NULL);
    }
    if (set)
        set_retry(&instance->console, retry, NULL);
    return status;
}

static bool is_paused(const PGresult *databases, const char *name)
{
    for (int row = 0; row < PQntuples(databases); row++)
        if (strcmp(console_value(databases, row, "name"), name) == 0)
            return strcmp(console_value(databases, row, "paused"), "0") != 0;
    return false;
}

/* Outside of a pause RECONNECT would break off a login. */
static cutover_status forget(struct pgbouncer *instance, bool kill, cutover_error **error)
{
    PGresult *databases = NULL;
    cutover_status status = console_ask(&instance->console, "SHOW DATABASES", &databases, error);

    for (size_t i = 0; status == CUTOVER_OK && i < instance->count; i++) {
        const char *name = instance->names[i];
        if (kill || is_paused(databases, name))
            status = console_command(&instance->console, kill ? "KILL" : "RECONNECT", name, PGBOUNCER_NO_SUCH,
                                     error);
    }
    PQclear(databases);
    return status;
}

cutover_status pgbouncer_let_go(const struct conninfo *conninfo, const struct letting_go *letting_go,
                                int64_t deadline_us, cutover_error **error)
{
    struct pgbouncer instance = {0};
    PGresult *config = NULL;
    char *retry = NULL;
    bool carried = false;

    cutover_status status =
        pgbouncer_open(conninfo, letting_go->production, deadline_us, NULL, &instance, error);
    if (status == CUTOVER_OK)
        status = console_ask(&instance.console, "SHOW CONFIG", &config, error);
    if (status == CUTOVER_OK)
        status = config_value(config, "server_login_retry", &retry, error);
    if (status == CUTOVER_OK)
        status = retry_before(&retry, error);
    if (status == CUTOVER_OK && letting_go->fence)
        status = carries(&instance.console, config, &carried, error);
    if (status == CUTOVER_OK) {
        /* Whatever became of forgetting, it is let go. */
        status = forget(&instance, carried, error);
        cutover_status resumed = resume_quickly(&instance, retry, status == CUTOVER_OK ? error : NULL);
        if (status == CUTOVER_OK)
            status = resumed;
    }
    PQclear(config);
    free(retry);
    pgbouncer_close(&instance);
    return status;
}
