/*
 * The record of an integration: how a project is connected to a provider, that its variables are to be written, who is at it, and
 * what became of the last attempts. One document (kind "integration", id = project ":" provider); no secret is in it.
 *
 * Each wish for a sync (a connection, an event, a person's) counts `wish` up. Whoever carries it out claims the document, and what
 * it found out is written only while its claim stands; where the wish is another one by then, the sync is due again.
 */
#ifndef CUTOVER_NOTIFY_INTEGRATION_H
#define CUTOVER_NOTIFY_INTEGRATION_H

#include "base/record.h"
#include "store/document.h"

enum integration_provider { PROVIDER_VERCEL, PROVIDER_NETLIFY, PROVIDER_COUNT };

enum integration_status {
    INTEGRATION_IDLE,    /* nothing was asked for yet */
    INTEGRATION_PENDING, /* due, waiting for its next attempt, or under way */
    INTEGRATION_SYNCED,
    INTEGRATION_FAILED /* given up */
};

extern const char *const integration_provider_names[];
extern const char *const integration_status_names[];

#define INTEGRATION_HISTORY 10 /* attempts that a record remembers */

struct integration_record {
    char *id;
    char *project_id;
    int provider; /* enum integration_provider */
    char *site_id;
    char *account_id;            /* NULL: none */
    char *pooled_name;           /* of the variable; NULL: none is written */
    char *unpooled_name;         /* likewise */
    struct json_object *targets; /* texts */
    bool secret;                 /* only the site's own code can read the variables */
    char *secrets_id;            /* names the files in the folder; NULL: there are none */
    char *connected_by_actor_id; /* who connected it, or changed that last */
    int connected_by_actor_kind; /* enum cutover_actor_kind */
    int64_t connected_at;        /* first */
    int64_t updated_at;          /* by a person, an event, or the end of an attempt */
    int status;                  /* enum integration_status */
    char *cause;                 /* of the last wish: "connected", "requested", or the type of an event */
    char *cause_job_id;          /* whose event it was; NULL: nobody's */
    int64_t wish;                /* counts wishes */
    int64_t event_sequence;      /* of the last event that was one */
    int64_t attempts;            /* at this wish, one that is under way included */
    int64_t next_attempt_at;     /* 0: none is due */
    char *claim_id;              /* of the attempt that is under way; NULL: none is */
    int64_t claim_wish;          /* what it carries out */
    int64_t lease_until;         /* and until when nobody else begins one */
    int64_t synced_at;           /* the last success */
    char *last_error;            /* of the last attempt; NULL: it succeeded */
    struct json_object *results; /* of the last attempt: [{variable, target, outcome, error}] */
    struct json_object *history; /* the last attempts, oldest first */
    struct json_object *rest;
};

extern const struct record_type integration_type;

#define INTEGRATION_DOCUMENT_ID_SIZE 201

/* CUTOVER_E_INVALID for a project's id that is too long. */
cutover_status integration_document_id(const char *project_id, int provider,
                                       char id[INTEGRATION_DOCUMENT_ID_SIZE], cutover_error **error);
/* -1: there is none of that name. */
int integration_provider_of(const char *name);
/* Parses a document; CUTOVER_E_STORE for what is none. Free the record in any case. */
cutover_status integration_parse(const struct document *document, struct integration_record *record,
                                 cutover_error **error);
/* Reads it; where it is not connected *found is false. Free the record in any case. */
cutover_status integration_find(const cutover_store *store, const char *project_id, int provider,
                                struct integration_record *record, uint64_t *version, bool *found,
                                cutover_error **error);
/* The same, and CUTOVER_E_NOT_FOUND where it is not. */
cutover_status integration_read(const cutover_store *store, const char *project_id, int provider,
                                struct integration_record *record, uint64_t *version, cutover_error **error);
/* Saves it alone, without an audit entry: what is about who is at it. CUTOVER_E_CONFLICT: it is another by now. */
cutover_status integration_save(const cutover_store *store, const struct integration_record *record,
                                uint64_t version, cutover_error **error);

/* A wish: it becomes due, with all attempts before it. `job_id` may be NULL. */
cutover_status integration_wish(struct integration_record *record, const char *cause, const char *job_id,
                                int64_t now, cutover_error **error);
/* Whether an attempt may begin now; else *when is when it may (0: nothing is asked for). */
bool integration_is_due(const struct integration_record *record, int64_t now, int64_t *when);

#endif
