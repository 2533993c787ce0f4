#include "base/process_identity.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static bool line_of(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return false;
    bool read = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

/* Field 22 of /proc/PID/stat, the process's start in clock ticks since boot. */
static bool process_start(long pid, char start[32])
{
    char path[64], line[1024];

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!line_of(path, line, sizeof line))
        return false;
    /* The program's name, in parentheses, may hold anything. */
    const char *at = strrchr(line, ')');
    for (int field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at != NULL && sscanf(at + 1, "%31s", start) == 1;
}

static bool machine_of(char *machine, size_t size)
{
    char boot[64], space[64];
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);

    if (length < 0 || !line_of("/proc/sys/kernel/random/boot_id", boot, sizeof boot))
        return false;
    space[length] = '\0';
    snprintf(machine, size, "%s %s", boot, space);
    return true;
}

void process_identity(char identity[PROCESS_IDENTITY_SIZE])
{
    char machine[160], start[32];

    if (!machine_of(machine, sizeof machine) || !process_start(getpid(), start))
        snprintf(identity, PROCESS_IDENTITY_SIZE, "unknown");
    else
        snprintf(identity, PROCESS_IDENTITY_SIZE, "%s %ld %s", machine, (long)getpid(), start);
}

bool process_is_gone(const char *identity)
{
    char machine[160], here[160], start[32], now[32];
    char boot[80], space[80];
    long pid;

    if (identity == NULL || sscanf(identity, "%79s %79s %ld %31s", boot, space, &pid, start) != 4)
        return false;
    snprintf(machine, sizeof machine, "%.79s %.79s", boot, space);
    if (!machine_of(here, sizeof here) || strcmp(machine, here) != 0)
        return false;
    if (!process_start(pid, now))
        return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
    return strcmp(start, now) != 0;
}
