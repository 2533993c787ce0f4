#include "base/port.h"

#include <stdbool.h>
#include <string.h>

static unsigned version_of(const void *given)
{
    unsigned version;

    memcpy(&version, given, sizeof version);
    return version;
}

static bool is_known(const struct port *port, unsigned version)
{
    return version >= 1 && version <= port->newest;
}

static size_t size_of(const struct port *port, unsigned version)
{
    return version == port->newest ? port->size : port->older[version - 1];
}

cutover_status port_init(const struct port *port, void *target, unsigned version)
{
    if (target == NULL)
        return CUTOVER_E_INVALID;
    if (!is_known(port, version))
        return CUTOVER_E_UNSUPPORTED;
    memcpy(target, port->initial, size_of(port, version));
    memcpy(target, &version, sizeof version);
    return CUTOVER_OK;
}

cutover_status port_check(const struct port *port, const char *name, const void *given, cutover_error **error)
{
    if (given == NULL)
        return error_set(error, CUTOVER_E_INVALID, "%s: required", name);
    if (is_known(port, version_of(given)))
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_UNSUPPORTED, "%s.version: %u, this library knows 1 to %u", name,
              version_of(given), port->newest);
    error_hint(error, "Initialise the struct with its _INIT macro or _init function.");
    return CUTOVER_E_UNSUPPORTED;
}

/* Pointers to functions, too: POSIX has them of one size and one NULL. */
static bool is_null(const void *whole, const struct port_member *member)
{
    const void *value;

    memcpy(&value, (const char *)whole + member->offset, sizeof value);
    return value == NULL;
}

cutover_status port_copy(const struct port *port, const char *name, const void *given, void *copy,
                         cutover_error **error)
{
    cutover_status status = port_check(port, name, given, error);

    if (status != CUTOVER_OK)
        return status;
    unsigned version = version_of(given);
    memcpy(copy, port->initial, port->size);
    memcpy(copy, given, size_of(port, version));
    for (const struct port_member *member = port->required; member != NULL && member->name != NULL; member++)
        if (version >= member->since && is_null(copy, member))
            return error_set(error, CUTOVER_E_INVALID, "%s.%s: required", name, member->name);
    return CUTOVER_OK;
}

void port_fill(const struct port *port, const void *whole, void *target)
{
    unsigned version = version_of(target);

    memcpy(target, whole, size_of(port, version));
    memcpy(target, &version, sizeof version);
}

void port_reset(const struct port *port, void *target)
{
    if (is_known(port, version_of(target)))
        port_init(port, target, version_of(target));
}
