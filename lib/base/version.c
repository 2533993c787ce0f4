#include <cutover/version.h>

#define QUOTE(number) #number
#define JOIN(major, minor, patch) QUOTE(major) "." QUOTE(minor) "." QUOTE(patch)

const char *cutover_version(void)
{
    return JOIN(CUTOVER_VERSION_MAJOR, CUTOVER_VERSION_MINOR, CUTOVER_VERSION_PATCH);
}
