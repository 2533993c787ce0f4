/*
 * SHA-256, by OpenSSL, over bytes as they pass or in memory, as 64 hexadecimal digits or as 32 bytes.
 */
#ifndef CUTOVER_BASE_SHA256_H
#define CUTOVER_BASE_SHA256_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE (2 * SHA256_SIZE + 1) /* with its NUL */

struct sha256;

/* CUTOVER_E_UNSUPPORTED from each of these where OpenSSL cannot (a provider that is not configured). */
cutover_status sha256_start(struct sha256 **sha256, cutover_error **error);
cutover_status sha256_add(struct sha256 *sha256, const void *bytes, size_t count, cutover_error **error);
/* What was added so far; nothing may be added after. */
cutover_status sha256_end(struct sha256 *sha256, char hex[SHA256_HEX_SIZE], cutover_error **error);
cutover_status sha256_end_bytes(struct sha256 *sha256, unsigned char digest[SHA256_SIZE],
                                cutover_error **error);
void sha256_free(struct sha256 *sha256);

/* Of bytes in memory. */
cutover_status sha256_of(const void *bytes, size_t count, char hex[SHA256_HEX_SIZE], cutover_error **error);
cutover_status sha256_bytes_of(const void *bytes, size_t count, unsigned char digest[SHA256_SIZE],
                               cutover_error **error);

#endif
