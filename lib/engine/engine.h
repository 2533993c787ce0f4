/*
 * The engine behind the public handle, and what its entry points share.
 */
#ifndef CUTOVER_ENGINE_ENGINE_H
#define CUTOVER_ENGINE_ENGINE_H

#include "job/host.h"
#include "notify/port.h"

#define ENGINE_MAGIC 0x63757465u

struct cutover_engine {
    uint32_t magic; /* misuse is an error, not a crash */
    struct host host;
    struct outlets outlets; /* jobs know of none: they write events */
    cutover_log_fn log;
    void *log_userdata;
};

/* CUTOVER_E_INVALID for NULL or for what is no engine (any more). */
cutover_status engine_check(const cutover_engine *engine, cutover_error **error);
/* CUTOVER_E_INVALID naming the argument when it is NULL or empty, or over 200 bytes. */
cutover_status engine_id_check(const char *name, const char *value, cutover_error **error);
/* A caller's actor, whole and well formed; else CUTOVER_E_INVALID, or CUTOVER_E_UNSUPPORTED for a version that is not known.
   `name` is the argument's. */
cutover_status engine_actor(const char *name, const cutover_actor *given, cutover_actor *actor,
                            cutover_error **error);
/* The same for one that must be an operator: else CUTOVER_E_FORBIDDEN with `hint`. */
cutover_status engine_operator(const char *name, const cutover_actor *given, const char *hint,
                               cutover_actor *actor, cutover_error **error);
/* A person's reason: 1 to 1000 characters, not blank. */
cutover_status engine_reason_check(const char *name, const char *reason, cutover_error **error);
/* CUTOVER_E_NOT_FOUND for a project that neither the store has had anything to do with nor the platform knows; NULL is no project. */
cutover_status engine_project_check(cutover_engine *engine, const char *project_id, cutover_error **error);
/* 1 to 1000. */
cutover_status engine_limit_check(uint32_t limit, cutover_error **error);

#endif
