#include "base/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

/* OpenSSL's own context under our name: EVP_MD_CTX * as it is. */
static EVP_MD_CTX *context_of(struct sha256 *sha256)
{
    return (EVP_MD_CTX *)(void *)sha256;
}

/* With errno as it was left since it was 0: OpenSSL answers no more than that it failed. */
static cutover_status failed(cutover_error **error)
{
    if (errno == ENOMEM)
        return error_nomem(error);
    cutover_status status = error_set(error, CUTOVER_E_UNSUPPORTED, "OpenSSL cannot compute SHA-256");

    error_hint(error, "Check the OpenSSL configuration of this host: its default provider must be available.");
    return status;
}

static void hex_format(const unsigned char *digest, char hex[SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SHA256_SIZE; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * SHA256_SIZE] = '\0';
}

cutover_status sha256_start(struct sha256 **sha256, cutover_error **error)
{
    EVP_MD_CTX *started = EVP_MD_CTX_new();

    if (started == NULL)
        return error_nomem(error);
    errno = 0;
    if (EVP_DigestInit_ex(started, EVP_sha256(), NULL) != 1) {
        cutover_status status = failed(error);
        EVP_MD_CTX_free(started);
        return status;
    }
    *sha256 = (struct sha256 *)(void *)started;
    return CUTOVER_OK;
}

cutover_status sha256_add(struct sha256 *sha256, const void *bytes, size_t count, cutover_error **error)
{
    errno = 0;
    return EVP_DigestUpdate(context_of(sha256), bytes, count) == 1 ? CUTOVER_OK : failed(error);
}

cutover_status sha256_end_bytes(struct sha256 *sha256, unsigned char digest[SHA256_SIZE], cutover_error **error)
{
    unsigned char ended[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    errno = 0;
    if (EVP_DigestFinal_ex(context_of(sha256), ended, &size) != 1 || size != SHA256_SIZE)
        return failed(error);
    memcpy(digest, ended, SHA256_SIZE);
    return CUTOVER_OK;
}

cutover_status sha256_end(struct sha256 *sha256, char hex[SHA256_HEX_SIZE], cutover_error **error)
{
    unsigned char digest[SHA256_SIZE];
    cutover_status status = sha256_end_bytes(sha256, digest, error);

    if (status == CUTOVER_OK)
        hex_format(digest, hex);
    return status;
}

void sha256_free(struct sha256 *sha256)
{
    EVP_MD_CTX_free(context_of(sha256));
}

cutover_status sha256_bytes_of(const void *bytes, size_t count, unsigned char digest[SHA256_SIZE],
                               cutover_error **error)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    errno = 0;
    if (EVP_Digest(bytes, count, made, &size, EVP_sha256(), NULL) != 1 || size != SHA256_SIZE)
        return failed(error);
    memcpy(digest, made, SHA256_SIZE);
    return CUTOVER_OK;
}

cutover_status sha256_of(const void *bytes, size_t count, char hex[SHA256_HEX_SIZE], cutover_error **error)
{
    unsigned char digest[SHA256_SIZE];
    cutover_status status = sha256_bytes_of(bytes, count, digest, error);

    if (status == CUTOVER_OK)
        hex_format(digest, hex);
    return status;
}
