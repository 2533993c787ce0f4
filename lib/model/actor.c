#include "model/actor.h"

static const cutover_actor actor_initial = CUTOVER_ACTOR_INIT;
const struct port actor_port = {&actor_initial, sizeof(cutover_actor), CUTOVER_ACTOR_VERSION, NULL, NULL};

const cutover_actor actor_system = {CUTOVER_ACTOR_VERSION, "cutover", CUTOVER_ACTOR_SYSTEM, 0};

cutover_status cutover_actor_init(cutover_actor *actor, unsigned version)
{
    return port_init(&actor_port, actor, version);
}
