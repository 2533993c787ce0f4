/*
 * The integrations of a store, behind the public handle: what a sync and a change of one work with.
 */
#ifndef CUTOVER_NOTIFY_INTEGRATIONS_H
#define CUTOVER_NOTIFY_INTEGRATIONS_H

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/http.h"
#include "notify/integration.h"

#include <cutover/integration.h>

#define INTEGRATIONS_MAGIC 0x73697465u

struct cutover_integrations {
    uint32_t magic; /* misuse is an error, not a crash */
    uint32_t flags;
    cutover_store store;
    struct clock clock;
    struct log own_log;
    struct log *log; /* own_log */
    cutover_log_fn log_fn;
    void *log_userdata;
    struct cancel stop; /* everything that delivers, for good */
    char *folder;       /* NULL: there is none */
    cutover_integration_secrets_fn secrets;
    void *secrets_userdata;
    char *base_urls[PROVIDER_COUNT];
    char *ca_file;
    char *user_agent;
    uint32_t timeout_ms;
    uint32_t parallel;
};

#endif
