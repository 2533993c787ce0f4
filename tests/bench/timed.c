/*
 * timed FILE COMMAND [ARG ...]: runs the command and writes "seconds peak-KiB" to FILE, where the peak is the command's own
 * process (its children, such as pg_restore, are its own affair and are reaped by it: the figure is the largest process).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments)
{
    struct rusage usage;
    int status;

    if (count < 3) {
        fprintf(stderr, "usage: timed FILE COMMAND [ARG ...]\n");
        return 2;
    }
    double began = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(arguments[2], arguments + 2);
        fprintf(stderr, "timed: %s: %s\n", arguments[2], strerror(errno));
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        perror("timed");
        return 1;
    }
    double seconds = now() - began;
    FILE *file = fopen(arguments[1], "w");
    if (file == NULL || fprintf(file, "%.3f %ld\n", seconds, usage.ru_maxrss) < 0 || fclose(file) != 0) {
        perror(arguments[1]);
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
