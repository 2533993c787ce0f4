/* What answers and customers say about webhooks: Retry-After is a wait within its bound or nothing; a secret's key is 24 to 64 bytes; a URL that
   is taken has a host, which is not a private address, and no line break for a header. */
#include "fuzz/fuzz.h"
#include "net/address.h"
#include "net/http.h"
#include "net/retry_after.h"
#include "notify/webhook_signature.h"

#define NOW INT64_C(1767225600000000)

static void try_url(const char *string)
{
    cutover_error *error = NULL;
    char *host = NULL;

    if (http_url_check("url", string, false, false, &error) != CUTOVER_OK) {
        REQUIRE(error != NULL && cutover_error_message(error)[0] != '\0');
        cutover_error_free(error);
        return;
    }
    REQUIRE(strlen(string) <= HTTP_URL_MAX && strpbrk(string, "\r\n #") == NULL);
    REQUIRE(http_url_host(string, &host, &error) == CUTOVER_OK);
    REQUIRE(host[0] != '\0');
    host[strcspn(host, ":")] = '\0';
    REQUIRE(host[0] == '[' || address_text_is_public(host, NULL));
    free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *string = fuzz_string(data, size);
    uint8_t key[WEBHOOK_KEY_MOST];
    size_t key_size = 0;
    int64_t wait = -4711;

    if (retry_after_parse(string, NOW, &wait))
        REQUIRE(wait >= 0 && wait <= RETRY_AFTER_MAX_US);
    else
        REQUIRE(wait == -4711);
    if (webhook_secret_key(string, key, &key_size))
        REQUIRE(key_size >= WEBHOOK_KEY_LEAST && key_size <= WEBHOOK_KEY_MOST);
    try_url(string);
    free(string);
    return 0;
}
