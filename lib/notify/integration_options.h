/*
 * The structs of cutover/integration.h that a caller hands over: which versions of them there are.
 */
#ifndef CUTOVER_NOTIFY_INTEGRATION_OPTIONS_H
#define CUTOVER_NOTIFY_INTEGRATION_OPTIONS_H

#include "base/port.h"

extern const struct port integration_secrets_port;
extern const struct port integrations_options_port;
extern const struct port integration_run_port;
extern const struct port integration_options_port;

#endif
