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

/** The same in one: "MAJOR.MINOR.PATCH", and as a number that can be compared: 100 is 0.1.0, 10203 is 1.2.3. */
#define CUTOVER_VERSION_STRING                                                                                 \
    CUTOVER_VERSION_QUOTE(CUTOVER_VERSION_MAJOR, CUTOVER_VERSION_MINOR, CUTOVER_VERSION_PATCH)
#define CUTOVER_VERSION_NUMBER                                                                                 \
    (CUTOVER_VERSION_MAJOR * 10000 + CUTOVER_VERSION_MINOR * 100 + CUTOVER_VERSION_PATCH)

/* For CUTOVER_VERSION_STRING only. */
#define CUTOVER_VERSION_QUOTE(major, minor, patch)                                                             \
    CUTOVER_VERSION_TEXT(major) "." CUTOVER_VERSION_TEXT(minor) "." CUTOVER_VERSION_TEXT(patch)
#define CUTOVER_VERSION_TEXT(number) #number

/**
 * Version of the library that the program runs with, as "MAJOR.MINOR.PATCH".
 * The string is static. Any thread. Since 0.1.
 */
CUTOVER_API const char *cutover_version(void);

/** The same as a number, as CUTOVER_VERSION_NUMBER. Any thread. Since 0.1. */
CUTOVER_API int32_t cutover_version_number(void);

#ifdef __cplusplus
}
#endif
#endif
