/*
 * What the fuzz targets share: a requirement that ends the process where it fails, input as a string of its own, and
 * what every refusal must look like.
 */
#ifndef CUTOVER_FUZZ_FUZZ_H
#define CUTOVER_FUZZ_FUZZ_H

#include "base/record.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                                     \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            dprintf(2, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                           \
            abort();                                                                                           \
        }                                                                                                      \
    } while (0)

/* libFuzzer calls these. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes up to the first NUL as a string with nothing behind it; to be freed. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t length = end != NULL ? (size_t)(end - data) : size;
    char *string = malloc(length + 1);

    REQUIRE(string != NULL);
    if (length > 0)
        memcpy(string, data, length);
    string[length] = '\0';
    return string;
}

static inline void fuzz_require_utf8(const char *text)
{
    size_t characters = 0;

    REQUIRE(text == NULL || utf8_count(text, strlen(text), &characters));
}

/* A refusal has an error of its status, in words that can be printed; success has none. Frees it. */
static inline void fuzz_settle(cutover_status status, cutover_error *error)
{
    if (status == CUTOVER_OK) {
        REQUIRE(error == NULL);
        return;
    }
    REQUIRE(error != NULL && cutover_error_code(error) == status);
    REQUIRE(status != CUTOVER_E_INTERNAL && status != CUTOVER_E_NOMEM);
    REQUIRE(cutover_error_message(error) != NULL && cutover_error_message(error)[0] != '\0');
    fuzz_require_utf8(cutover_error_message(error));
    fuzz_require_utf8(cutover_error_detail(error));
    fuzz_require_utf8(cutover_error_hint(error));
    cutover_error_free(error);
}

/* That a text is JSON which the library reads. */
static inline void fuzz_require_json(const char *text)
{
    struct json_object *object;

    REQUIRE(text != NULL);
    object = json_parse(text, strlen(text), NULL);
    REQUIRE(object != NULL);
    json_object_put(object);
}

#endif
