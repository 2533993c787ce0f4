/*
 * The _init functions of ports and option structs: what the _INIT macros say, for callers that cannot use macros.
 */
#include "base/error.h"

#include <cutover.h>
#include <string.h>

/* Copied byte for byte, padding included, so that the two never differ. */
static cutover_status fill(void *target, const void *initial, size_t size, unsigned version, unsigned known)
{
    if (target == NULL)
        return CUTOVER_E_INVALID;
    if (version != known)
        return CUTOVER_E_UNSUPPORTED;
    memcpy(target, initial, size);
    return CUTOVER_OK;
}

cutover_status cutover_store_init(cutover_store *store, unsigned version)
{
    static const cutover_store initial = CUTOVER_STORE_INIT;

    return fill(store, &initial, sizeof(initial), version, CUTOVER_STORE_VERSION);
}

cutover_status cutover_repository_init(cutover_repository *repository, unsigned version)
{
    static const cutover_repository initial = CUTOVER_REPOSITORY_INIT;

    return fill(repository, &initial, sizeof(initial), version, CUTOVER_REPOSITORY_VERSION);
}

cutover_status cutover_platform_init(cutover_platform *platform, unsigned version)
{
    static const cutover_platform initial = CUTOVER_PLATFORM_INIT;

    return fill(platform, &initial, sizeof(initial), version, CUTOVER_PLATFORM_VERSION);
}

cutover_status cutover_notifier_init(cutover_notifier *notifier, unsigned version)
{
    static const cutover_notifier initial = CUTOVER_NOTIFIER_INIT;

    return fill(notifier, &initial, sizeof(initial), version, CUTOVER_NOTIFIER_VERSION);
}

cutover_status cutover_engine_options_init(cutover_engine_options *options, unsigned version)
{
    static const cutover_engine_options initial = CUTOVER_ENGINE_OPTIONS_INIT;

    return fill(options, &initial, sizeof(initial), version, CUTOVER_ENGINE_OPTIONS_VERSION);
}

cutover_status cutover_request_options_init(cutover_request_options *options, unsigned version)
{
    static const cutover_request_options initial = CUTOVER_REQUEST_OPTIONS_INIT;

    return fill(options, &initial, sizeof(initial), version, CUTOVER_REQUEST_OPTIONS_VERSION);
}

cutover_status cutover_backup_options_init(cutover_backup_options *options, unsigned version)
{
    static const cutover_backup_options initial = CUTOVER_BACKUP_OPTIONS_INIT;

    return fill(options, &initial, sizeof(initial), version, CUTOVER_BACKUP_OPTIONS_VERSION);
}

cutover_status cutover_promotion_options_init(cutover_promotion_options *options, unsigned version)
{
    static const cutover_promotion_options initial = CUTOVER_PROMOTION_OPTIONS_INIT;

    return fill(options, &initial, sizeof(initial), version, CUTOVER_PROMOTION_OPTIONS_VERSION);
}

cutover_status cutover_rollback_options_init(cutover_rollback_options *options, unsigned version)
{
    static const cutover_rollback_options initial = CUTOVER_ROLLBACK_OPTIONS_INIT;

    return fill(options, &initial, sizeof(initial), version, CUTOVER_ROLLBACK_OPTIONS_VERSION);
}

cutover_status cutover_restore_options_init(cutover_restore_options *options, unsigned version)
{
    static const cutover_restore_options initial = CUTOVER_RESTORE_OPTIONS_INIT;

    return fill(options, &initial, sizeof(initial), version, CUTOVER_RESTORE_OPTIONS_VERSION);
}
