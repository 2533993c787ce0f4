/*
 * Providers of sites: how the variables of one integration are written there and read back. And what they share: one attempt, its
 * calls, and what became of each variable and target.
 */
#ifndef CUTOVER_NOTIFY_PROVIDER_H
#define CUTOVER_NOTIFY_PROVIDER_H

#include "base/text.h"
#include "notify/integration_secrets.h"

/* One attempt. */
struct provider_sync {
    const cutover_integrations *integrations;
    const struct integration_record *record;
    const struct integration_secrets *secrets;
    struct http_client *client;
    int64_t deadline;            /* monotonic_us(): no call begins after that */
    struct json_object *results; /* [{variable, target, outcome, error}], all of them from the beginning */
    int http_status;             /* of the last answer; 0: there was none */
    int64_t not_before; /* when the provider wants to be asked again, by the clock; 0: it did not say */
    bool stop;          /* nothing more is to be asked now */
    char *failure;      /* the first that failed, for a person; NULL: none did */
};

/* What became of a variable at a target. */
enum provider_outcome {
    OUTCOME_NOT_TRIED,
    OUTCOME_CONFIRMED,  /* written, and read back as it was written */
    OUTCOME_UNREADABLE, /* written, but the provider does not show it */
    OUTCOME_DIFFERENT,  /* what was read back is something else */
    OUTCOME_FAILED
};

/* A variable that is written. */
struct provider_variable {
    const char *name;
    const char *value;
};

#define PROVIDER_VARIABLES 2

struct provider {
    const char *base_url;
    /* Writes everything and notes what became of it; CUTOVER_OK also where some of it failed. Other codes are about us: memory,
       or that the sync was stopped. */
    cutover_status (*write)(struct provider_sync *sync, cutover_error **error);
};

extern const struct provider provider_vercel;
extern const struct provider provider_netlify;
const struct provider *provider_of(int provider);

/* Those of the record with their values; how many. */
size_t provider_variables(const struct provider_sync *sync,
                          struct provider_variable variables[PROVIDER_VARIABLES]);
size_t provider_target_count(const struct provider_sync *sync);
const char *provider_target(const struct provider_sync *sync, size_t index);

/* One call. */
struct provider_call {
    const char *method;
    struct text path;           /* and query, behind the base URL; freed by provider_call_free() */
    struct json_object *body;   /* NULL: none; likewise */
    int status;                 /* of the answer; 0: there was none */
    struct json_object *answer; /* NULL: it is no JSON; likewise */
    char *failure; /* why there is no answer, or what is wrong with it, without secrets; likewise */
};

/* Adds a segment of a path or a value of a query, percent-encoded. */
void provider_path_add(struct text *path, const char *segment);
/* Makes the call. CUTOVER_OK also without an answer, and for one that refuses: see status and failure, which is set for all but 2xx. After 401,
   429, 5xx and none the sync stops. */
cutover_status provider_ask(struct provider_sync *sync, struct provider_call *call, cutover_error **error);
bool provider_succeeded(const struct provider_call *call); /* 2xx */
void provider_call_free(struct provider_call *call);

/* Notes what became of a variable (NULL: of each) at a target; `why` may be NULL. The first failure becomes the sync's. */
cutover_status provider_note(struct provider_sync *sync, const char *variable, const char *target,
                             enum provider_outcome outcome, const char *why, cutover_error **error);
/* What the provider said, as it may be shown: one line, not too long, and no secret in it. "" for NULL; NULL: memory ran out. */
char *provider_said(const struct provider_sync *sync, const char *text);

/* The results, all OUTCOME_NOT_TRIED. */
cutover_status provider_sync_begin(struct provider_sync *sync, cutover_error **error);
void provider_sync_end(struct provider_sync *sync);

#endif
