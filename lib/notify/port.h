/*
 * The notifier port's own rules.
 */
#ifndef CUTOVER_NOTIFY_PORT_H
#define CUTOVER_NOTIFY_PORT_H

#include <cutover/notifier.h>

/* A host's vtable: CUTOVER_E_UNSUPPORTED for an unknown version, CUTOVER_E_INVALID naming a member that is missing. */
cutover_status notifier_check(const cutover_notifier *notifier, cutover_error **error);

#endif
