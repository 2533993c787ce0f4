#include "notify/port.h"

static const cutover_notifier initial = CUTOVER_NOTIFIER_INIT;
static const struct port_member required[] = {
    {"deliver", offsetof(cutover_notifier, deliver), 1},
    {"close", offsetof(cutover_notifier, close), 1},
    {NULL, 0, 0},
};

const struct port notifier_port = {&initial, sizeof(cutover_notifier), CUTOVER_NOTIFIER_VERSION, NULL,
                                   required};

cutover_status cutover_notifier_init(cutover_notifier *notifier, unsigned version)
{
    return port_init(&notifier_port, notifier, version);
}

void cutover_notifier_close(cutover_notifier *notifier)
{
    if (notifier == NULL)
        return;
    if (notifier->close != NULL)
        notifier->close(notifier->userdata);
    notifier->close = NULL;
    port_reset(&notifier_port, notifier);
}
