#include "notify/port.h"

#include "base/error.h"

#include <string.h>

cutover_status notifier_check(const cutover_notifier *notifier, cutover_error **error)
{
    if (notifier == NULL)
        return error_set(error, CUTOVER_E_INVALID, "notifier is required");
    if (notifier->version != CUTOVER_NOTIFIER_VERSION) {
        error_set(error, CUTOVER_E_UNSUPPORTED, "notifier.version is %u, this library knows %u",
                  notifier->version, CUTOVER_NOTIFIER_VERSION);
        error_hint(error, "Fill the vtable with CUTOVER_NOTIFIER_INIT or cutover_notifier_init() first.");
        return CUTOVER_E_UNSUPPORTED;
    }
    if (notifier->deliver == NULL)
        return error_set(error, CUTOVER_E_INVALID, "notifier.deliver is required");
    if (notifier->close == NULL)
        return error_set(error, CUTOVER_E_INVALID, "notifier.close is required");
    return CUTOVER_OK;
}

void cutover_notifier_close(cutover_notifier *notifier)
{
    if (notifier == NULL)
        return;
    if (notifier->close != NULL)
        notifier->close(notifier->userdata);
    memset(notifier, 0, sizeof(*notifier));
}
