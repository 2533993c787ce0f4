/*
 * The structs of cutover/webhook.h: which versions of them there are, and what is required.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_OPTIONS_H
#define CUTOVER_NOTIFY_WEBHOOK_OPTIONS_H

#include "base/port.h"

#include <cutover/webhook.h>

extern const struct port webhooks_options_port;
extern const struct port webhook_round_port;
extern const struct port webhook_options_port;
extern const struct port webhook_change_port;
extern const struct port webhook_selection_port;

#endif
