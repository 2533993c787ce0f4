/*
 * The interface itself: what it was made of, and what all of its parts share. lib/api uses the public headers of the library and json-c, and
 * nothing else of it: what it needs, any host has.
 */
#ifndef CUTOVER_API_API_H
#define CUTOVER_API_API_H

#include <cutover.h>
#include <pthread.h>
#include <stdbool.h>

struct cutover_api {
    cutover_engine *engine;
    cutover_store store;
    cutover_platform platform;
    cutover_registry *registry; /* or NULL */
    cutover_api_projects_fn projects;
    cutover_api_previews_fn previews;
    void *inventory_userdata;
    cutover_webhooks *webhooks;         /* or NULL */
    cutover_integrations *integrations; /* or NULL */
    cutover_api_run_fn run;             /* or NULL */
    void *run_userdata;
    cutover_clock_fn clock; /* or NULL */
    void *clock_userdata;
    uint32_t jobs;
    size_t max_body;
    pthread_mutex_t lock;           /* of works */
    struct cutover_api_work *works; /* those that were made and not freed */
};

/* Microseconds since 1970-01-01 UTC, by the host's clock where it has one. */
int64_t api_now(const cutover_api *api);

/* Sets *error, unless it is there already or NULL; returns the status. */
cutover_status api_fail(cutover_error **error, cutover_status status, const char *message, const char *hint);
cutover_status api_nomem(cutover_error **error);

#endif
