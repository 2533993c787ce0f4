/*
 * The option structs of the public interface, and the actor that they point to: which versions there are, and what is
 * required in them.
 */
#ifndef CUTOVER_ENGINE_OPTIONS_H
#define CUTOVER_ENGINE_OPTIONS_H

#include "base/port.h"

extern const struct port abandon_options_port;
extern const struct port engine_options_port;
extern const struct port request_options_port;
extern const struct port backup_options_port;
extern const struct port project_removal_port;
extern const struct port promotion_options_port;
extern const struct port restore_options_port;
extern const struct port rollback_options_port;
extern const struct port ack_options_port;
extern const struct port delivery_options_port;
extern const struct port event_selection_port;
extern const struct port delivery_port; /* that the library fills */

#endif
