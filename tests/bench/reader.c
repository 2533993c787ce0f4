/*
 * reader CONNINFO FILE: connects and reads, over and over, until SIGTERM; then writes to FILE the longest time between two
 * reads that succeeded, in milliseconds, and how many reads succeeded and failed. What a client of production notices.
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int count, char **arguments)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct timespec pause = {0, 1000000};
    double last = 0, longest = 0;
    long good = 0, bad = 0;

    if (count != 3) {
        fprintf(stderr, "usage: reader CONNINFO FILE\n");
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    PGconn *connection = NULL;
    while (!stop) {
        if (connection == NULL)
            connection = PQconnectdb(arguments[1]);
        PGresult *result = PQexec(connection, "SELECT count(*) FROM pgbench_branches");
        if (PQresultStatus(result) == PGRES_TUPLES_OK) {
            double at = now();
            if (last != 0 && at - last > longest)
                longest = at - last;
            last = at;
            good++;
        } else {
            bad++;
            PQfinish(connection);
            connection = NULL;
        }
        PQclear(result);
        nanosleep(&pause, NULL);
    }
    PQfinish(connection);
    FILE *file = fopen(arguments[2], "w");
    if (file == NULL || fprintf(file, "%.1f %ld %ld\n", longest, good, bad) < 0 || fclose(file) != 0) {
        perror(arguments[2]);
        return 1;
    }
    return 0;
}
