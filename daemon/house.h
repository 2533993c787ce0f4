/*
 * What the library needs of its host: the store, the repository, the registry, the engine with its notifiers, and the API over them.
 */
#ifndef CUTOVERD_HOUSE_H
#define CUTOVERD_HOUSE_H

#include "configuration.h"

#include <cutover.h>
#include <cutover/api.h>
#include <cutover/integration.h>
#include <cutover/webhook.h>

enum { OUTLETS_MAX = 3 };

struct house {
    cutover_store store;
    cutover_repository repository;
    cutover_registry *registry;
    cutover_platform known;    /* the registry's */
    cutover_platform platform; /* with the poolers of its projects */
    cutover_notifier notifiers[OUTLETS_MAX];
    const char *outlets[OUTLETS_MAX]; /* their names; events are delivered to each on a thread of its own */
    size_t outlet_count;
    cutover_webhooks *webhooks;         /* NULL: the library was built without libcurl */
    cutover_integrations *integrations; /* likewise */
    cutover_engine *engine;
    cutover_api *api;
};

/* Opens everything; `run` takes the jobs that the API begins. What is open is closed by house_close(), also on failure. */
cutover_status house_open(const struct configuration *configuration, cutover_api_run_fn run, void *run_userdata,
                          struct house *house, cutover_error **error);
void house_close(struct house *house);

#endif
