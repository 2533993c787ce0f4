/*
 * The versions of PostgreSQL that the library works with, said here and nowhere else. Whatever reads catalogs is written for
 * all from the oldest to the newest; a query that is not, or that means something else to some of them, says so.
 */
#ifndef CUTOVER_POSTGRES_VERSION_H
#define CUTOVER_POSTGRES_VERSION_H

/* A server that sessions are opened on, and the programs. Between the two: an archive is taken from it and goes back. */
#define POSTGRES_OLDEST 14
/* A server of a production that is to be replaced: the fence's proof needs statistics in shared memory (postgres/swap/fence.h). */
#define POSTGRES_OLDEST_FENCED 15
#define POSTGRES_NEWEST 19

/* Of a version as libpq and server_version_num say it: 150018 is 15. */
static inline int postgres_major(int version)
{
    return version / 10000;
}

#endif
