/*
 * The engine behind the public handle, and what its entry points share.
 */
#ifndef CUTOVER_ENGINE_ENGINE_H
#define CUTOVER_ENGINE_ENGINE_H

#include "job/host.h"

#define ENGINE_MAGIC 0x63757465u

struct cutover_engine {
    uint32_t magic; /* misuse is an error, not a crash */
    struct host host;
    cutover_log_fn log;
    void *log_userdata;
};

/* CUTOVER_E_INVALID for NULL or for what is no engine (any more). */
cutover_status engine_check(const cutover_engine *engine, cutover_error **error);
/* CUTOVER_E_INVALID naming the argument when it is NULL or empty, or over 200 bytes. */
cutover_status engine_id_check(const char *name, const char *value, cutover_error **error);
/* CUTOVER_E_INVALID, or CUTOVER_E_UNSUPPORTED for a version that is not 1 to `newest`. */
cutover_status engine_options_check(const void *options, unsigned newest, const char *name,
                                    cutover_error **error);
/* CUTOVER_E_INVALID, or CUTOVER_E_FORBIDDEN for one that is no operator, with `hint`. */
cutover_status engine_operator_check(const cutover_actor *actor, const char *hint, cutover_error **error);
/* 1 to 1000. */
cutover_status engine_limit_check(uint32_t limit, cutover_error **error);

#endif
