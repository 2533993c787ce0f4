/*
 * The registry's own: what it keeps of projects and previews in its store, and what its files share.
 */
#ifndef CUTOVER_PLATFORM_REGISTRY_PRIVATE_H
#define CUTOVER_PLATFORM_REGISTRY_PRIVATE_H

#include "base/record.h"
#include "platform/port.h"
#include "platform/registry_act.h"
#include "store/document.h"
#include "store/ledger.h"

#include <cutover/registry.h>

#define REGISTRY_MAGIC 0x72656769u
#define REGISTRY_ID_MAX 100 /* bytes */
#define REGISTRY_RESTORING "restoring"
/* A preview that is about to leave: nobody asks for it any more, and it is not extended. */
#define REGISTRY_REMOVING "removing"

struct cutover_registry {
    unsigned magic;
    cutover_store store;
    cutover_actor actor; /* who changes something through this one */
    char *actor_id;      /* that actor.id points to */
};

struct project_record {
    char *id;
    char *organization_id;
    char *state;
    char *database;
    char *control_database;
    char *verify_database;
    char *loader_database;
    struct json_object *pgbouncers; /* an array of conninfos; NULL: none */
    bool hold_fence;
    char *job_id; /* that it is restoring for; else NULL, and in documents of before there was one */
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

struct preview_record {
    char *id;
    char *project_id;
    char *state;
    char *database;
    int64_t expires_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type project_type, preview_type;

/* ---- registry_check.c: what is refused ---- */

cutover_status registry_check(const cutover_registry *registry, cutover_error **error);
cutover_status registry_check_bytes(const char *field, const char *value, size_t most, cutover_error **error);
cutover_status registry_check_time(const char *field, int64_t time, cutover_error **error);
cutover_status registry_check_pgbouncers(const char *const *consoles, cutover_error **error);
/* What the caller gave, whole. */
cutover_status registry_take_project(const cutover_project *given, cutover_project *project,
                                     cutover_error **error);
/* The same of what is to be changed: NULL is not. */
cutover_status registry_take_change(const cutover_project *given, cutover_project *change,
                                    cutover_error **error);
cutover_status registry_take_preview(const cutover_preview *given, cutover_preview *preview,
                                     cutover_error **error);
/* What the port's structs promise is there, whatever a document holds. */
cutover_status registry_refuse_incomplete(const char *kind, const char *id, cutover_error **error);

/* ---- registry_records.c: documents ---- */

/* The texts stay the record's. */
cutover_status registry_emit_project(const struct project_record *record, cutover_project_emit emit,
                                     void *context, cutover_error **error);
/* `state` in place of the record's own; NULL: that. */
cutover_status registry_emit_preview(const struct preview_record *record, const char *state,
                                     cutover_preview_emit emit, void *context, cutover_error **error);
cutover_status registry_save(const cutover_registry *registry, const struct record_type *type, const char *id,
                             const char *project_id, uint64_t expected_version, const void *record,
                             cutover_error **error);
/* With the audit entry that says so, as the registry's actor's, in the same commit; tried again where only the project's ledger has
   moved. */
cutover_status registry_save_project(const cutover_registry *registry, const struct project_record *record,
                                     uint64_t expected_version, const char *told, cutover_error **error);
cutover_status registry_save_preview(const cutover_registry *registry, const struct preview_record *record,
                                     uint64_t expected_version, const char *told, cutover_error **error);
/* Replaces what the record has; NULL or an empty list: none. */
cutover_status registry_set_pgbouncers(struct project_record *record, const char *const *consoles,
                                       cutover_error **error);
/* Whether its end has come. */
bool registry_is_expired(const struct preview_record *record);

/* ---- registry_use.c: what uses a project or a preview ---- */

/* CUTOVER_E_LOCKED while a job of the project is under way, or was left unfinished. */
cutover_status registry_check_no_job(const cutover_registry *registry, const char *project_id,
                                     cutover_error **error);
/* Likewise, and CUTOVER_E_STATE where anything lives that belongs to the project. */
cutover_status registry_check_unused(const cutover_registry *registry, const char *project_id,
                                     cutover_error **error);
/* CUTOVER_E_STATE while a live request, CUTOVER_E_LOCKED while a job uses the preview. */
cutover_status registry_check_preview_unused(const cutover_registry *registry, const char *project_id,
                                             const char *preview_id, cutover_error **error);

#endif
