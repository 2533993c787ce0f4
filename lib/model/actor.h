/*
 * The actor as a caller gives it: which versions of the struct there are. Whether it is well formed is the state machine's to say
 * (machine_actor_check()).
 */
#ifndef CUTOVER_MODEL_ACTOR_H
#define CUTOVER_MODEL_ACTOR_H

#include "base/port.h"

#include <cutover/actor.h>

extern const struct port actor_port;

/* The actor that the library itself is in audit entries. */
extern const cutover_actor actor_system;

#endif
