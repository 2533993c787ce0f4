/*
 * The record of a job that overwrites a project: a promotion, a rollback, a restore. It is the journal too: each act on production
 * is named here, with how to undo it, before it is done. Recovery needs nothing else (DESIGN.md sections 4 and 6).
 */
#ifndef CUTOVER_MODEL_PROMOTION_H
#define CUTOVER_MODEL_PROMOTION_H

#include "base/record.h"

enum promotion_status {
    PROMOTION_PREFLIGHT,
    PROMOTION_LOCK,
    PROMOTION_STAGE,
    PROMOTION_CHECK,
    PROMOTION_BACKUP,
    PROMOTION_VERIFY,
    PROMOTION_HELD,
    PROMOTION_CATCH_UP,
    PROMOTION_SWAP,
    PROMOTION_FINISH,
    PROMOTION_COMPLETED,
    PROMOTION_FAILED,
    PROMOTION_CANCELLED,
    PROMOTION_STATUS_COUNT
};

/* What overwrites a project. All of them go through the same guarded swap and the same recovery. */
enum job_kind {
    JOB_PROMOTION, /* a preview becomes production */
    JOB_ROLLBACK,  /* the database that a promotion displaced becomes production again */
    JOB_RESTORE    /* a backup becomes production */
};

extern const char *const promotion_status_names[];
extern const char *const job_kind_names[];

struct promotion_record {
    char *id;
    int kind;         /* enum job_kind */
    char *request_id; /* NULL for a restore */
    char *project_id;
    char *preview_id;       /* of a promotion its source, of a restore into a preview its target; else NULL */
    char *undoes_id;        /* of a rollback: the promotion that it takes back */
    char *source_backup_id; /* of a restore */
    int status;             /* enum promotion_status */
    char *started_by_actor_id;
    int started_by_actor_kind;
    int64_t jobs;
    int verify_method;
    bool hold;
    bool owners_trusted; /* by the host's policy: what owners wrote ran with our rights */
    /* The journal. */
    char *system_identifier; /* of production's server */
    char *control_database;  /* where control sessions connect */
    int64_t timeline;        /* that it wrote when the job began; 0: an older version's job */
    int64_t lock_key;        /* of the advisory lock, in the control database */
    char *production_name;
    int64_t production_oid;
    char *staging_name;
    int64_t staging_oid; /* 0 until it is made */
    char *verify_name;   /* the throwaway database, NULL when none was named yet */
    int64_t verify_oid;
    char *displaced_name;
    char *backup_id;
    bool fence_raised;              /* set before the fence is raised, cleared after it was lifted */
    struct json_object *fence;      /* what it replaced: see postgres/swap/fence.h */
    struct json_object *properties; /* production's database properties before the fence, settings by name only:
                                       postgres/properties.h */
    bool door_closed;               /* set before ALLOW_CONNECTIONS false, cleared after it is open again */
    bool swap_intended;             /* set before the swap transaction is sent */
    struct json_object
        *mark;    /* the incoming database's change counters right before the swap: postgres/swap/mark.h */
    bool swapped; /* set once it is known to be committed */
    /* What the report tells. */
    struct json_object *report;
    char *error;
    int64_t held_until;          /* once it was held: when it would end by itself */
    struct json_object *failure; /* of one that ended otherwise than completed: as a request's */
    char *cancelled_by_actor_id; /* of one that was cancelled */
    int cancelled_by_actor_kind; /* cutover_actor_kind; 0: nobody */
    int64_t created_at;
    int64_t updated_at;
    int64_t completed_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type promotion_type; /* kind "promotion" */

/* The preview whose database a job overwrites; NULL when that is production. */
const char *promotion_target_preview(const struct promotion_record *record);

#endif
