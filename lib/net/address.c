#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range4 {
    uint32_t first;
    unsigned bits;
};

/* IANA's registry of special-purpose IPv4 addresses (RFC 6890 and later), and groups. */
static const struct range4 not_public4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared by carriers */
    {0x7f000000, 8},  /* this host */
    {0xa9fe0000, 16}, /* link */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* relays of 6to4 */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 4},  /* groups */
    {0xf0000000, 4},  /* reserved, broadcast */
};

static bool is_public4(uint32_t address)
{
    for (size_t i = 0; i < sizeof not_public4 / sizeof *not_public4; i++) {
        const struct range4 *range = &not_public4[i];
        if (address >> (32 - range->bits) == range->first >> (32 - range->bits))
            return false;
    }
    return true;
}

static uint32_t inner4(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool begins(const uint8_t *bytes, const uint8_t *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(bytes, prefix, whole) == 0 &&
           (rest == 0 || bytes[whole] >> (8 - rest) == prefix[whole] >> (8 - rest));
}

/* Global unicast is 2000::/3 and nothing else, but for translated IPv4; within it some blocks are not. */
static bool is_public6(const uint8_t bytes[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t translated[12] = {0x00, 0x64, 0xff, 0x9b};
    static const uint8_t six_to_four[2] = {0x20, 0x02};
    static const uint8_t global[1] = {0x20};
    static const struct {
        uint8_t prefix[4];
        unsigned bits;
    } not_public[] = {
        {{0x20, 0x01, 0x00, 0x00}, 23}, /* protocol assignments: Teredo, ORCHID, benchmarks */
        {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
        {{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation */
    };

    if (begins(bytes, mapped, 96) || begins(bytes, translated, 96))
        return is_public4(inner4(bytes + 12));
    if (begins(bytes, six_to_four, 16))
        return is_public4(inner4(bytes + 2));
    for (size_t i = 0; i < sizeof not_public / sizeof *not_public; i++)
        if (begins(bytes, not_public[i].prefix, not_public[i].bits))
            return false;
    return begins(bytes, global, 3);
}

bool address_is_public(const struct sockaddr *address, socklen_t size)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (address->sa_family == AF_INET && size >= (socklen_t)sizeof four) {
        memcpy(&four, address, sizeof four);
        return is_public4(ntohl(four.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6 && size >= (socklen_t)sizeof six) {
        memcpy(&six, address, sizeof six);
        return is_public6(six.sin6_addr.s6_addr);
    }
    return false;
}

bool address_text_is_public(const char *text, bool *is_address)
{
    char plain[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "%"); /* without the zone */
    struct in_addr four;
    struct in6_addr six;
    bool found = true, is_public = true;

    if (length >= sizeof plain) {
        found = false;
    } else {
        memcpy(plain, text, length);
        plain[length] = '\0';
        if (inet_pton(AF_INET, plain, &four) == 1)
            is_public = is_public4(ntohl(four.s_addr));
        else if (inet_pton(AF_INET6, plain, &six) == 1)
            is_public = is_public6(six.s6_addr);
        else
            found = false;
    }
    if (is_address != NULL)
        *is_address = found;
    return is_public;
}
