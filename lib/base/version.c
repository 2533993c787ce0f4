#include <cutover/version.h>

const char *cutover_version(void)
{
    return CUTOVER_VERSION_STRING;
}

int32_t cutover_version_number(void)
{
    return CUTOVER_VERSION_NUMBER;
}
