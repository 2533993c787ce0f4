#include "base/id.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define TIME_BITS_MAX ((UINT64_C(1) << 60) - 1)

/* The 48 bits of milliseconds and 12 bits of their fraction that the last id began with. */
static uint64_t last_time;
static pthread_mutex_t last_time_mutex = PTHREAD_MUTEX_INITIALIZER;

/* Milliseconds and 1/4096ths of one (RFC 9562, 6.2, method 3), pushed past every earlier id. */
static uint64_t next_time(int64_t now_us)
{
    uint64_t now = now_us > 0 ? (uint64_t)now_us : 0;
    uint64_t time = (now / 1000 << 12 | (now % 1000) * 4096 / 1000) & TIME_BITS_MAX;
    pthread_mutex_lock(&last_time_mutex);
    if (time <= last_time)
        time = last_time + 1;
    last_time = time;
    pthread_mutex_unlock(&last_time_mutex);
    return time;
}

/* Where the kernel gives no randomness (a sandbox that refuses the call), ids must still differ between
   processes: mixes time, process and `salt`. */
static uint64_t poor_random(uint64_t salt)
{
    uint64_t mixed = salt ^ (uint64_t)monotonic_us() << 20 ^ (uint64_t)getpid() << 44;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static uint64_t random_bits(uint64_t salt)
{
    uint64_t bits = 0;
    ssize_t count;
    do
        count = getrandom(&bits, sizeof bits, 0);
    while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof bits ? bits : poor_random(salt);
}

void id_new(int64_t now_us, char id[ID_SIZE])
{
    uint64_t time = next_time(now_us);
    uint64_t random = random_bits(time);
    unsigned variant = 0x8000u | (unsigned)(random >> 48 & 0x3fff);
    snprintf(id, ID_SIZE, "%08x-%04x-7%03x-%04x-%012llx", (unsigned)(time >> 28),
             (unsigned)(time >> 12 & 0xffff), (unsigned)(time & 0xfff), variant,
             (unsigned long long)(random & UINT64_C(0xffffffffffff)));
}

bool id_is_valid(const char *id)
{
    if (id == NULL)
        return false;
    for (size_t i = 0; i < ID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = id[i];
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return id[ID_SIZE - 1] == '\0';
}

void id_short(const char *id, char out[13])
{
    memcpy(out, id + (ID_SIZE - 13), 13);
}
