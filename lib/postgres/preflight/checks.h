/*
 * What the preflight's files share: a check is a function in a table; most are a listing, a query whose rows are the
 * findings.
 */
#ifndef CUTOVER_POSTGRES_PREFLIGHT_CHECKS_H
#define CUTOVER_POSTGRES_PREFLIGHT_CHECKS_H

#include "model/findings.h"
#include "postgres/preflight/preflight.h"

typedef cutover_status preflight_run(const struct preflight_servers *servers, const char *name,
                                     struct findings *findings, cutover_error **error);

/* When a check is asked, beside the first time. */
enum preflight_flags {
    ASK_ONCE = 0,
    ASK_AGAIN =
        1
        << 0, /* by preflight_again() too: somebody may change this in production at any time, and later steps would
                                 notice late or never. Of the servers it is given `production` alone */
    ASK_WITH_PREVIEW =
        1 << 1, /* it is about the preview, or about both: left out where the source is no database */
    COMES_AND_GOES = 1 << 2, /* while production takes writes: asked again only behind the fence */
    ASK_LAST = 1 << 3        /* with the door closed, too: no counter and no fact tells that it came */
};

struct preflight_check {
    const char *name;
    unsigned flags;
    preflight_run *run;
};

enum preflight_side { SIDE_PRODUCTION, SIDE_CONTROL, SIDE_PREVIEW };

/* A query whose rows (one text column; $1, where used, is production's OID) name what is wrong. */
struct preflight_listing {
    const char *name;
    enum preflight_side side; /* SIDE_PREVIEW implies ASK_WITH_PREVIEW */
    unsigned flags;
    cutover_severity severity; /* when there are rows */
    const char *sql;
    const char *ok;    /* message without rows; NULL: no finding then */
    const char *found; /* message before the names */
    const char *hint;
};

/* What the preview has and production's server must know: the first query gives a text array on the preview, the second
   takes it as $1 on production and gives what is missing. */
struct preflight_need {
    const char *name;
    cutover_severity severity;
    const char *preview_sql, *production_sql;
    const char *ok, *found, *hint;
    enum {
        NEED_ALWAYS,
        NEED_WITHIN_MAJOR,
        NEED_ACROSS_MAJORS
    } when; /* as to the two servers' major versions */
};

/* Where a session is connected to: an address, or the folder of a socket. */
const char *preflight_address(const struct session *session);

/* The privilege on a role, for pg_has_role(), without which nothing can be given to it: to be a member is not enough since 16. */
#define PREFLIGHT_BECOME                                                                                       \
    "CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END"

/* Tables ended by a NULL name. */
extern const struct preflight_listing preflight_listings[];
extern const struct preflight_need preflight_needs[];
extern const struct preflight_check preflight_server_checks[];
extern const struct preflight_check preflight_access_checks[];
extern const struct preflight_check preflight_rights_checks[];
extern const struct preflight_check preflight_event_trigger_checks[];
extern const struct preflight_check preflight_kept_rows_checks[];

/* The check of releases.c. */
preflight_run preflight_releases;

/* Appends the finding of a query whose rows name what is wrong. */
cutover_status preflight_list(struct session *session, const struct preflight_listing *listing, int count,
                              const char *const *parameters, struct findings *findings, cutover_error **error);
bool preflight_same_server(const struct preflight_servers *servers);

#endif
