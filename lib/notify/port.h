/*
 * The notifier port's own rules.
 */
#ifndef CUTOVER_NOTIFY_PORT_H
#define CUTOVER_NOTIFY_PORT_H

#include "base/port.h"

#include <cutover/notifier.h>

extern const struct port notifier_port;

#endif
