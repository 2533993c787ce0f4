/*
 * The notifier port's own rules, and the notifiers of an engine: each is an outlet, a vtable under its name.
 */
#ifndef CUTOVER_NOTIFY_PORT_H
#define CUTOVER_NOTIFY_PORT_H

#include "base/port.h"

#include <cutover/notifier.h>
#include <stdatomic.h>

#define OUTLETS_MAX 32     /* so that the states of all of them fit into one event's document */
#define OUTLET_NAME_MAX 64 /* bytes */

extern const struct port notifier_port;
extern const struct port named_notifier_port;

struct outlet {
    char *name;
    cutover_notifier notifier;
    uint32_t attempts; /* failures after which an event is given up */
    int64_t since;     /* older events are none of its */
    atomic_bool taken; /* by a thread that delivers to it */
};

struct outlets {
    struct outlet *items;
    size_t count;
};

/* CUTOVER_E_INVALID naming the field for what is no notifier's name. */
cutover_status outlet_name_check(const char *field, const char *name, cutover_error **error);
/* Copies what the host gave; CUTOVER_E_INVALID and CUTOVER_E_UNSUPPORTED name the member: "FIELD[1].name". *outlets is
   the caller's to free, and untouched on failure. */
cutover_status outlets_take(const char *field, const cutover_named_notifier *const *given, size_t count,
                            struct outlets *outlets, cutover_error **error);
void outlets_free(struct outlets *outlets);
/* NULL when there is none of that name. */
struct outlet *outlets_find(const struct outlets *outlets, const char *name);

#endif
