/**
 * The library's version, at compile time and at run time.
 */
#ifndef CUTOVER_VERSION_H
#define CUTOVER_VERSION_H

#include <cutover/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the headers that a program was compiled with. */
#define CUTOVER_VERSION_MAJOR 0
#define CUTOVER_VERSION_MINOR 1
#define CUTOVER_VERSION_PATCH 0

/**
 * Version of the library that the program runs with, as "MAJOR.MINOR.PATCH".
 * The string is static. Any thread. Since 0.1.
 */
CUTOVER_API const char *cutover_version(void);

#ifdef __cplusplus
}
#endif
#endif
