#include "faults/starve.h"

#include <dlfcn.h>
#include <errno.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif

/* The allocators beneath: AddressSanitizer's own, or the C library's. */
#ifdef ADDRESS_SANITIZER
#define BENEATH(name) __interceptor_##name
#else
#define BENEATH(name) __libc_##name
#endif

/* They are called before a sanitizer is ready. */
#define BARE __attribute__((no_sanitize("address", "undefined")))

void *BENEATH(malloc)(size_t size);
void *BENEATH(calloc)(size_t count, size_t size);
void *BENEATH(realloc)(void *memory, size_t size);
void BENEATH(free)(void *memory);

static atomic_bool all;
static _Thread_local bool this_thread;
static _Thread_local int spared;
static _Thread_local bool adding;
static atomic_ulong count, target;
static atomic_bool has_failed;
static _Atomic(void *) failed_for; /* the address that the allocation was to return to */

/* ---- what is not freed: a table of addresses ---- */

#define PLACES (1u << 18)

static atomic_flag busy = ATOMIC_FLAG_INIT;
static void *places[PLACES];
static size_t left;

BARE static size_t place_of(const void *memory)
{
    return (size_t)(((uintptr_t)memory >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 40) % PLACES;
}

BARE static void follow(void *memory)
{
    if (memory == NULL || !this_thread)
        return;
    while (atomic_flag_test_and_set(&busy))
        ;
    size_t at = place_of(memory);
    while (places[at] != NULL)
        at = (at + 1) % PLACES;
    places[at] = memory;
    left++;
    atomic_flag_clear(&busy);
}

/* Closes the gap that a removal leaves, so that what was put behind it is found. */
BARE static void close_gap(size_t gap)
{
    for (size_t at = (gap + 1) % PLACES; places[at] != NULL; at = (at + 1) % PLACES) {
        size_t home = place_of(places[at]);
        if ((at + PLACES - home) % PLACES >= (at + PLACES - gap) % PLACES) {
            places[gap] = places[at];
            places[at] = NULL;
            gap = at;
        }
    }
}

BARE static bool unfollow(void *memory)
{
    bool found = false;

    if (memory == NULL || left == 0)
        return false;
    while (atomic_flag_test_and_set(&busy))
        ;
    size_t at = place_of(memory);
    while (places[at] != NULL && places[at] != memory)
        at = (at + 1) % PLACES;
    if (places[at] == memory) {
        places[at] = NULL;
        left--;
        found = true;
        close_gap(at);
    }
    atomic_flag_clear(&busy);
    return found;
}

size_t starve_left(void)
{
    return left;
}

void starve_forget(void)
{
    if (left != 0) /* else it is empty */
        memset(places, 0, sizeof places);
    left = 0;
}

/* ---- failing ---- */

void starve_begin(enum starve_whom whom, unsigned long nth)
{
    count = 0;
    target = nth;
    has_failed = false;
    if (whom == STARVE_ALL)
        all = true;
    else
        this_thread = true;
}

unsigned long starve_end(bool *failed)
{
    all = false;
    this_thread = false;
    if (failed != NULL)
        *failed = has_failed;
    return count;
}

#define CALLER __builtin_return_address(0)

bool starve_failed_in(const char *library)
{
    Dl_info info;

    return has_failed && dladdr(failed_for, &info) != 0 && info.dli_fname != NULL &&
           strstr(info.dli_fname, library) != NULL;
}

BARE static bool fails(void *caller)
{
    if ((!this_thread && !all) || spared > 0 || atomic_fetch_add(&count, 1) + 1 != target)
        return false;
    has_failed = true;
    failed_for = caller;
    errno = ENOMEM;
    return true;
}

BARE void *malloc(size_t size)
{
    void *memory = fails(CALLER) ? NULL : BENEATH(malloc)(size);

    follow(memory);
    return memory;
}

BARE void *calloc(size_t members, size_t size)
{
    void *memory = fails(CALLER) ? NULL : BENEATH(calloc)(members, size);

    follow(memory);
    return memory;
}

BARE void *realloc(void *memory, size_t size)
{
    if (fails(CALLER))
        return NULL;
    bool followed = unfollow(memory);
    void *moved = BENEATH(realloc)(memory, size);
    bool before = this_thread;
    this_thread = before || followed;
    follow(moved);
    this_thread = before;
    return moved;
}

BARE void *reallocarray(void *memory, size_t members, size_t size)
{
    if (size != 0 && members > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, members * size);
}

BARE void free(void *memory)
{
    unfollow(memory);
    BENEATH(free)(memory);
}

BARE static char *copy_of(const char *text, size_t length, void *caller)
{
    char *copy = fails(caller) ? NULL : BENEATH(malloc)(length + 1);

    follow(copy);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

BARE char *strndup(const char *text, size_t limit)
{
    return copy_of(text, strnlen(text, limit), CALLER);
}

BARE char *strdup(const char *text)
{
    /* The key of a member may fail; what json_object_object_add() allocates besides is spared. */
    int before = spared;

    spared = adding ? 0 : before;
    char *copy = copy_of(text, strlen(text), CALLER);
    spared = before;
    return copy;
}

/* ---- json-c ---- */

int json_object_object_add(struct json_object *object, const char *key, struct json_object *value)
{
    int (*real)(struct json_object *, const char *, struct json_object *);
    bool before = adding;

    *(void **)&real = dlsym(RTLD_NEXT, "json_object_object_add");
    adding = spared == 0;
    spared++;
    int result = real(object, key, value);
    spared--;
    adding = before;
    return result;
}

struct json_tokener *json_tokener_new_ex(int depth)
{
    struct json_tokener *(*real)(int);

    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "json_tokener_new_ex");
    struct json_tokener *tokener = real(depth);
    spared--;
    return tokener;
}

struct json_object *json_tokener_parse_ex(struct json_tokener *tokener, const char *text, int length)
{
    struct json_object *(*real)(struct json_tokener *, const char *, int);

    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "json_tokener_parse_ex");
    struct json_object *value = real(tokener, text, length);
    spared--;
    return value;
}

struct json_object *json_tokener_parse(const char *text)
{
    struct json_object *(*real)(const char *);

    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "json_tokener_parse");
    struct json_object *value = real(text);
    spared--;
    return value;
}

/* ---- OpenSSL ---- */

int EVP_Digest(const void *data, size_t size, unsigned char *digest, unsigned *digest_size, const EVP_MD *type,
               ENGINE *engine)
{
    int (*real)(const void *, size_t, unsigned char *, unsigned *, const EVP_MD *, ENGINE *);

    if (fails(CALLER))
        return 0;
    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "EVP_Digest");
    int result = real(data, size, digest, digest_size, type, engine);
    spared--;
    return result;
}

int EVP_DigestInit_ex(EVP_MD_CTX *context, const EVP_MD *type, ENGINE *engine)
{
    int (*real)(EVP_MD_CTX *, const EVP_MD *, ENGINE *);

    if (fails(CALLER))
        return 0;
    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "EVP_DigestInit_ex");
    int result = real(context, type, engine);
    spared--;
    return result;
}

unsigned char *HMAC(const EVP_MD *type, const void *key, int key_size, const unsigned char *data, size_t size,
                    unsigned char *digest, unsigned *digest_size)
{
    unsigned char *(*real)(const EVP_MD *, const void *, int, const unsigned char *, size_t, unsigned char *,
                           unsigned *);

    if (fails(CALLER))
        return NULL;
    spared++;
    *(void **)&real = dlsym(RTLD_NEXT, "HMAC");
    unsigned char *result = real(type, key, key_size, data, size, digest, digest_size);
    spared--;
    return result;
}
