/*
 * The promote / crash / recover / zombie protocol of lib/pipeline, as a model for spin. What is modelled, and which variable
 * stands for what in the code, is in README.md; check.sh runs it, as it is and broken on purpose.
 *
 * Sizes and budgets: how often things go wrong. A process can be paused anywhere for any time: that is any interleaving.
 */
#ifndef PROMOTERS
#define PROMOTERS 2
#endif
#ifndef RECOVERERS
#define RECOVERERS 1
#endif
#ifndef WRITES
#define WRITES 1 /* that clients get acknowledged */
#endif
#ifndef VISITS
#define VISITS 1 /* client sessions */
#endif
#ifndef ROUNDS
#define ROUNDS 1 /* in which a backup is brought forward before the fence */
#endif
#ifndef CRASHES
#define CRASHES 1 /* kill -9 of a promoter or recoverer; recoverers are started again */
#endif
#ifndef CUTS
#define CUTS 0 /* connections cut with the statement on its way */
#endif
#ifndef EXPIRIES
#define EXPIRIES 1 /* leases that run out while their owner lives */
#endif

/* ---- production's server ---- */

/* Databases, by OID: 1 is production at the beginning, 2 and 3 are what the promoters stage. */
#define PRODUCTION 1
#define STAGING(p) (2 + (p))
#define DATABASES 4

byte at_name = PRODUCTION; /* the OID under production's name; 0: no database of that name */
bit exists[DATABASES] = {0, 1, 0, 0};
bit displaced[DATABASES]; /* bears the name cutover_old_… */
bit whole[DATABASES] = {0, 1, 0, 0};     /* its content is complete and was compared */
bit open[DATABASES] = {0, 1, 0, 0};      /* the door */
bit fenced[DATABASES];
byte content[DATABASES]; /* counts the acknowledged writes in it */

byte guest;  /* the OID that a client's session is inside of; 0: nobody */
byte writes; /* acknowledged so far */
byte visits;
byte uncounted; /* acknowledged writes of the client's session that the server's counters do not have yet */

/* Sessions: one control session for each process; what a dead process or a cut connection leaves on the server goes on
   as the orphan: it holds the lock until it has run what was sent to it, or is ended. */
#define PROCESSES (PROMOTERS + RECOVERERS)
#define FREE 0
#define ORPHAN 9
bit alive[PROCESSES];
byte lock; /* the advisory lock: process + 1, or ORPHAN */
byte orphan_act;
byte orphan_job;

#define NO_ACT 0
#define FENCE_RAISE 1
#define STAGE_CREATE 2
#define DOOR_CLOSE 3
#define DOOR_EMPTY 4
#define SWAP 5
#define DOOR_OPEN 6
#define FENCE_LIFT 7
#define STAGE_DROP 8

/* ---- the store: one promotion record for each promoter ---- */

#define NEVER 0
#define RUNNING 1
#define SWAPPING 2
#define FINISHING 3
#define COMPLETED 4
#define FAILED 5
byte status[PROMOTERS];
byte owner[PROMOTERS]; /* who made the record's last version (process + 1); 0: nobody who lives */
byte production_oid[PROMOTERS];
bit fence_raised[PROMOTERS];
bit door_closed[PROMOTERS];
bit verified[PROMOTERS]; /* the backup's record */
byte backup[PROMOTERS];  /* the content that the backup holds */

#define ENDED(p) (status[p] == COMPLETED || status[p] == FAILED)
#define LIVE(p) (status[p] == RUNNING || status[p] == SWAPPING || status[p] == FINISHING)
#if PROMOTERS == 2
#define NO_JOB (!LIVE(0) && !LIVE(1))
#else
#define NO_JOB (!LIVE(0))
#endif

#ifdef LEASE_BEFORE_CLAIM
bit lease[PROMOTERS]; /* a commit of its own; recovery deletes one that leads to no job */
#define HAS_LEASE(p) lease[p]
#else
#define HAS_LEASE(p) true /* from the claim to the end */
#endif

byte project; /* the platform's: 0 is active, else it is restoring for promoter + 1 */

bit begun; /* the promoters are alike: number 0 is the first to begin */
byte crashes = CRASHES;
byte cuts = CUTS;
byte expiries = EXPIRIES;

/* ---- what is watched ---- */

byte swaps[PROMOTERS];   /* by request */
byte outcomes[PROMOTERS]; /* how often the record got its last status */
bit swap_unbacked;       /* a swap without a verified backup of exactly what it displaced */
bit swap_given_up;       /* a swap of a job that had ended */

#ifdef ONE_REQUEST
#define REQUEST(p) 0
#if PROMOTERS == 2
#define MAY_CLAIM(p) (NO_JOB && status[0] == NEVER && status[1] == NEVER)
#endif
#else
#define REQUEST(p) (p)
#define MAY_CLAIM(p) NO_JOB
#endif
#ifdef CLAIM_UNCHECKED
#undef MAY_CLAIM
#define MAY_CLAIM(p) true
#endif

/* The tests of the properties. P1: at every instant the name leads to a whole database. */
#define NAME_IS_WHOLE (at_name != 0 && exists[at_name] && whole[at_name])
/* P3, P5: no unfinished job: production is open, unfenced, and nothing is left over. */
#define LEFTOVER(p) (exists[STAGING(p)] && at_name != STAGING(p) && !displaced[STAGING(p)])
#if PROMOTERS == 2
#define LEFTOVERS (LEFTOVER(0) || LEFTOVER(1))
#define AGREES (((status[0] == COMPLETED) == (exists[STAGING(0)] != 0)) && \
                ((status[1] == COMPLETED) == (exists[STAGING(1)] != 0)))
#define ONCE (swaps[0] <= 1 && swaps[1] <= 1 && outcomes[0] <= 1 && outcomes[1] <= 1)
#else
#define LEFTOVERS LEFTOVER(0)
#define AGREES ((status[0] == COMPLETED) == (exists[STAGING(0)] != 0))
#define ONCE (swaps[0] <= 1 && outcomes[0] <= 1)
#endif
#define AS_IT_SHOULD_BE (open[at_name] && !fenced[at_name] && !LEFTOVERS && AGREES)

ltl p1 { [] NAME_IS_WHOLE }
ltl p2 { [] !swap_unbacked }
ltl p4 { [] (ONCE && !swap_given_up) }
ltl p5 { [] (NO_JOB -> AS_IT_SHOULD_BE) }
ltl safe { [] (NAME_IS_WHOLE && !swap_unbacked && ONCE && !swap_given_up && (NO_JOB -> AS_IT_SHOULD_BE)) }
ltl settles { <> [] (NO_JOB && AS_IT_SHOULD_BE && project == 0) }

/* ---- statements: each is one transaction on the server ---- */

bit good;

/* A session counts what it wrote at the latest when it ends. */
inline guest_leave()
{
    guest = 0;
    uncounted = 0
}

/* What a mark says; a session that is still there may owe it something. */
#define COUNTED(oid) (content[oid] - (guest == oid -> uncounted : 0))

/* lib/postgres/swap/fence.c: checks that the name still carries the OID that the journal means. */
inline fence_set(job, to)
{
    if
    :: at_name == production_oid[job] ->
        fenced[at_name] = to; /* and those inside are ended: */
        if
        :: guest == at_name -> guest_leave()
        :: else
        fi
    :: else -> good = 0
    fi
}

/* lib/postgres/swap/swap.c, from BEGIN to COMMIT; the renames find no session in either database. */
inline swap_commit(job)
{
    if
    :: at_name == production_oid[job] && exists[STAGING(job)] && guest != at_name ->
#ifdef SWAP_NOT_ONE_TRANSACTION
        good = 0; /* the second statement is the promoter's next step */
        at_name = 0;
        displaced[production_oid[job]] = 1;
#else
        swap_unbacked = !(verified[job] && backup[job] == content[at_name]);
        swap_given_up = !LIVE(job);
        swaps[REQUEST(job)]++;
        displaced[at_name] = 1;
        at_name = STAGING(job);
        open[at_name] = 1;
#endif
    :: else -> good = 0
    fi
}

inline run_FENCE_RAISE(job) { fence_set(job, 1) }
inline run_FENCE_LIFT(job) { fence_set(job, 0) }
inline run_STAGE_CREATE(job) { exists[STAGING(job)] = 1 }
inline run_DOOR_CLOSE(job) { open[at_name] = 0 } /* by name */
inline run_DOOR_OPEN(job) { open[at_name] = 1 }  /* by name */
inline run_SWAP(job) { swap_commit(job) }

inline run_DOOR_EMPTY(job)
{
    if
    :: guest == production_oid[job] -> guest_leave()
    :: else
    fi
}

/* By OID under its own name. */
inline run_STAGE_DROP(job)
{
    if
    :: exists[STAGING(job)] && at_name != STAGING(job) && !displaced[STAGING(job)] ->
        exists[STAGING(job)] = 0;
        whole[STAGING(job)] = 0;
        open[STAGING(job)] = 0
    :: else
    fi
}

/* The client is gone; what it had sent may run or not. */
inline abandon(act, job)
{
    if
    :: lock == me + 1 ->
        lock = ORPHAN;
        orphan_job = job;
        if
        :: orphan_act = act
        :: orphan_act = NO_ACT
        fi
    :: else
    fi;
    alive[me] = 0
}

/* One statement on the control session. */
#define SQL(act, failed, lost)                                             \
    if                                                                     \
    :: atomic { alive[me] ->                                               \
        good = 1;                                                          \
        run_##act(p);                                                      \
        if                                                                 \
        :: !good -> goto failed                                            \
        :: else -> good = 0                                                \
        fi }                                                               \
    :: atomic { !alive[me] -> goto lost }                                  \
    :: atomic { alive[me] && cuts > 0 -> cuts--; abandon(act, p); goto lost } \
    :: atomic { crashes > 0 -> crashes--; abandon(act, p); goto died }     \
    fi

/* A commit in the store on condition that we made the record's last version; `change` is part of it. */
#define SAVE(change)                                                \
    if                                                              \
    :: atomic { owner[p] == me + 1 -> change }                      \
    :: atomic { owner[p] != me + 1 -> goto leave }                  \
    :: atomic { crashes > 0 -> crashes--; abandon(NO_ACT, p); goto died } \
    fi

inline session_close()
{
    alive[me] = 0;
    if
    :: lock == me + 1 -> lock = FREE
    :: else
    fi
}

/* Whoever dies or gives up stops renewing his lease. */
inline lease_leave()
{
    if
    :: owner[p] == me + 1 -> owner[p] = 0
    :: else
    fi
}

/* lib/platform/port.c: platform_project_occupy and platform_project_return, on a platform that keeps the job with the state. Without
   the token a project that is restoring already counts as moved, and anybody may return it. */
#ifdef PROJECT_WITHOUT_TOKEN
#define PROJECT_MINE true
#define PROJECT_OTHERS false
#else
#define PROJECT_MINE (project == p + 1)
#define PROJECT_OTHERS (project != 0 && !PROJECT_MINE)
#endif
#define PROJECT_OCCUPY(failed)                                              \
    if                                                                      \
    :: atomic { !PROJECT_OTHERS -> project = (project == 0 -> p + 1 : project) } \
    :: atomic { PROJECT_OTHERS -> goto failed }                             \
    fi
#define PROJECT_RETURN atomic { project = (PROJECT_MINE -> 0 : project) }

#define RECORD_END(to)                                                                             \
    SAVE(status[p] = to; owner[p] = 0; outcomes[p]++; fence_raised[p] = 0; door_closed[p] = 0;      \
         verified[p] = 0; backup[p] = 0;                                                            \
         assert(at_name == (to == COMPLETED -> STAGING(p) : production_oid[p])))

#ifdef UNDO_WITHOUT_LOCK
#define UNDO_BEGIN skip
#else
#define UNDO_BEGIN SAVE(skip)
#endif

/* lib/job/undo.c */
#define UNDO                                                                                \
    UNDO_BEGIN;                                                                             \
    if                                                                                      \
    :: door -> SQL(DOOR_OPEN, leave, leave); SAVE(door = 0; door_closed[p] = 0)             \
    :: else                                                                                 \
    fi;                                                                                     \
    if                                                                                      \
    :: fence -> SQL(FENCE_LIFT, leave, leave); SAVE(fence = 0; fence_raised[p] = 0)         \
    :: else                                                                                 \
    fi;                                                                                     \
    SQL(STAGE_DROP, leave, leave);                                                          \
    PROJECT_RETURN;                                                                         \
    RECORD_END(FAILED)

/* ---- lib/pipeline/runner.c and the steps ---- */

#ifdef DOOR_LEFT_OPEN
#define SHUT true
#else
#define SHUT (!open[at_name])
#endif
#ifdef SWAP_ON_ANOTHER_SESSION /* than the one that holds the lock, and that recovery ends */
#define ON_SESSION true
#else
#define ON_SESSION alive[me]
#endif
#define MAY_FAIL(next) if :: skip :: goto next fi

#ifdef FENCELESS
#define FENCE_UP skip
#elif defined(FENCE_NOT_JOURNALED)
#define FENCE_UP SQL(FENCE_RAISE, failed, lost)
#else
#define FENCE_UP                                \
    SAVE(fence = 1; fence_raised[p] = 1);       \
    SQL(FENCE_RAISE, failed, lost)
#endif

/* A mark, a snapshot, and what it reads: all, or, where the mark says that something was written, that again (stale.c). */
#ifdef MARK_AFTER_SNAPSHOT
#define FIRST_ROUND                                                 \
    atomic { backup[p] = content[production_oid[p]] };              \
    atomic { mark = COUNTED(production_oid[p]) }
#define ROUND                                                       \
    atomic { seen = content[production_oid[p]] };                   \
    atomic {                                                        \
        backup[p] = (COUNTED(production_oid[p]) != mark -> seen : backup[p]); \
        mark = COUNTED(production_oid[p]);                          \
        seen = 0 }
#else
#define FIRST_ROUND                                                 \
    atomic { mark = COUNTED(production_oid[p]) };                   \
    atomic { backup[p] = content[production_oid[p]] }
#define ROUND                                                       \
    atomic { seen = COUNTED(production_oid[p]) };                   \
    atomic {                                                        \
        backup[p] = (seen != mark -> content[production_oid[p]] : backup[p]); \
        mark = seen;                                                \
        seen = 0 }
#endif

proctype Promoter(byte p)
{
    byte me = p;
    byte mark;
    byte seen; /* a round's mark, while its snapshot is taken */
    byte rounds; /* before the fence */
    byte production;
    bit fence, door; /* of the record as this process has it */

    /* lock.c: the advisory lock, production's OID, then the claim. */
    atomic { p == 0 || begun -> begun = 1 };
    if
#ifdef NO_ADVISORY_LOCK
    :: atomic { true -> alive[me] = 1; production = at_name }
#else
    :: atomic { lock == FREE -> lock = me + 1; alive[me] = 1; production = at_name }
    :: atomic { lock != FREE -> goto over }
#endif
    fi;
#ifdef LEASE_BEFORE_CLAIM
    atomic { lease[p] = 1 };
#endif
    if
    :: atomic { MAY_CLAIM(p) ->
        status[p] = RUNNING;
        owner[p] = me + 1;
        production_oid[p] = production;
        production = 0 }
    :: atomic { !MAY_CLAIM(p) -> production = 0; session_close(); goto over }
    :: atomic { crashes > 0 -> production = 0; crashes--; abandon(NO_ACT, p); goto died }
    fi;

    /* journal_occupy: the record is saved after it; who finds that the job was taken over takes the project back. */
    PROJECT_OCCUPY(failed);
    if
    :: atomic { owner[p] == me + 1 }
    :: atomic { owner[p] != me + 1 -> goto late }
    :: atomic { crashes > 0 -> crashes--; abandon(NO_ACT, p); goto died }
    fi;

    /* promote_stage.c */
#ifdef CREATE_WITHOUT_LOCK
    if
    :: atomic { exists[STAGING(p)] = 1 }
    :: atomic { crashes > 0 -> crashes--; abandon(NO_ACT, p); lease_leave() };
        atomic { exists[STAGING(p)] = 1; goto died }
    fi;
#else
    SQL(STAGE_CREATE, failed, lost);
#endif
    if
    :: atomic { true -> whole[STAGING(p)] = exists[STAGING(p)] }
#ifdef SWAP_UNCHECKED
    :: skip
#endif
    :: goto failed
    fi;

    /* backup.c, verify.c: behind the fence (EARLY), or of what production holds while it takes writes. */
#ifdef EARLY
    FENCE_UP;
#endif
    FIRST_ROUND;

    /* catch_up.c: as many rounds as are worth it, and one more, behind the fence; then it is published. */
#ifndef EARLY
    do
    :: atomic { rounds < ROUNDS -> rounds++ }; ROUND
    :: break
    od;
#ifdef FENCE_AFTER_LAST_ROUND
    ROUND;
    FENCE_UP;
#else
    FENCE_UP;
    ROUND;
#endif
    atomic { rounds = 0 };
#endif
    atomic {
#ifdef SWAP_UNVERIFIED
             MAY_FAIL(unverified);
#endif
             verified[p] = 1 };
#ifdef SWAP_UNVERIFIED
unverified:
    skip;
#endif

    /* promote_swap.c, guard.c */
#ifdef DOOR_NOT_JOURNALED
    SAVE(status[p] = SWAPPING);
#else
    SAVE(assert(project != 0 && PROJECT_MINE); status[p] = SWAPPING; door = 1; door_closed[p] = 1);
#endif
#ifndef DOOR_LEFT_OPEN
    SQL(DOOR_CLOSE, failed, lost);
#endif
    SQL(DOOR_EMPTY, failed, lost);
#ifndef SWAP_WITHOUT_PROOF
    if
    :: atomic { COUNTED(production_oid[p]) == mark -> mark = 0 }
    :: atomic { COUNTED(production_oid[p]) != mark ->
#ifdef RESPECT /* who keeps to the fence is in nobody's way, as long as nobody else lifted it */
        assert(owner[p] != me + 1);
#endif
        mark = 0;
        goto failed }
    fi;
#endif
    /* swap.c reads the names and the door first; the renames lock after. */
    if
    :: atomic { ON_SESSION && at_name == production_oid[p] && SHUT }
    :: atomic { ON_SESSION && !(at_name == production_oid[p] && SHUT) -> goto failed }
    :: atomic { !ON_SESSION -> goto lost }
    fi;
#ifdef SWAP_NOT_ONE_TRANSACTION
    SQL(SWAP, halved, lost);
halved:
    atomic { at_name == 0 -> at_name = STAGING(p); open[at_name] = 1; swaps[REQUEST(p)]++ };
#elif defined(SWAP_ON_ANOTHER_SESSION)
    atomic { run_SWAP(p) };
#else
    SQL(SWAP, failed, answer_lost);
#endif
    goto finish;

answer_lost: /* guard.c: outcome_ask */
#ifdef ASK_WITHOUT_LOCK
    if
    :: atomic { at_name == STAGING(p) -> goto finish }
    :: atomic { at_name != STAGING(p) -> goto lost }
    fi;
#endif

lost: /* the control session is gone: nothing on the server but under the lock, and nothing before the server was asked */
#ifdef UNDO_WITHOUT_LOCK
    alive[me] = 1;
    goto failed;
#else
    /* swap_lock_regain: its own old session may be ended, nobody else's. */
    if
    :: atomic { lock == FREE || (lock == ORPHAN && orphan_job == p) ->
        orphan_act = NO_ACT;
        orphan_job = 0;
        lock = me + 1;
        alive[me] = 1 }
    :: atomic { lock != FREE && !(lock == ORPHAN && orphan_job == p) -> goto leave }
    fi;
#endif
#ifndef ASK_WITHOUT_LOCK
    SAVE(skip);
    if
    :: atomic { alive[me] && at_name == STAGING(p) -> goto finish }
    :: atomic { alive[me] && at_name != STAGING(p) -> goto failed }
    :: atomic { !alive[me] -> goto leave }
    fi;
#endif

failed: /* runner.c: undo */
#ifdef TAKEN_OVER_BY_STATUS
    MAY_FAIL(leave);
#endif
    UNDO;
    goto leave;

finish: /* finish.c */
    SAVE(status[p] = FINISHING);
    PROJECT_RETURN;
    RECORD_END(COMPLETED);
    goto leave;

late: /* journal_occupy: without the token the project is left to a job that runs now */
#ifdef PROJECT_WITHOUT_TOKEN
    if
    :: atomic { NO_JOB }
    :: atomic { !NO_JOB -> goto leave }
    fi;
#endif
    PROJECT_RETURN;

leave:
died:
    atomic {
        /* A job that has its session and its record undoes or finishes: it leaves nothing to recovery. */
        assert(!(owner[p] == me + 1 && alive[me]));
        session_close();
        lease_leave();
        mark = 0;
        rounds = 0;
        fence = 0;
        door = 0
    };
over:
    skip
}

/* ---- lib/pipeline/recover.c ---- */

proctype Recoverer(byte me)
{
    byte p;
    byte before; /* the owner that is taken over from */
    byte seen;
    bit fence, door;

end_idle:
    /* A lease that ran out: its owner is gone, or only paused. */
    do
#ifndef PROJECT_LEFT
    :: atomic { project != 0 && ENDED(project - 1) -> project = 0 } /* recover_project */
#endif
#ifdef LEASE_BEFORE_CLAIM
    :: atomic { lease[0] && status[0] == NEVER && expiries > 0 -> expiries--; lease[0] = 0 }
#endif
    :: atomic { LIVE(0) && HAS_LEASE(0) && owner[0] == 0 -> p = 0; break }
    :: atomic { LIVE(0) && HAS_LEASE(0) && owner[0] != 0 && expiries > 0 -> p = 0; before = owner[0]; expiries--; break }
#if PROMOTERS == 2
    :: atomic { LIVE(1) && owner[1] == 0 -> p = 1; break }
    :: atomic { LIVE(1) && owner[1] != 0 && expiries > 0 -> p = 1; before = owner[1]; expiries--; break }
#endif
    od;
#ifdef NO_CAS_ON_TAKEOVER
    atomic { seen = status[p]; fence = fence_raised[p]; door = door_closed[p] };
    atomic { status[p] = seen; fence_raised[p] = fence; door_closed[p] = door; owner[p] = me + 1; seen = 0 };
#else
    /* Read and written back at the same version; who loses begins again. */
    if
    :: atomic { LIVE(p) && owner[p] == before ->
        owner[p] = me + 1;
        fence = fence_raised[p];
        door = door_closed[p] }
    :: atomic { !(LIVE(p) && owner[p] == before) -> goto died }
    fi;
#endif

#ifdef ASK_BEFORE_LOCK
    atomic { seen = (at_name == STAGING(p) -> COMPLETED : FAILED) };
#endif
    /* lock_wrest: a holder is ended, and by then has run what was sent to it, or never will. */
    alive[me] = 1;
#ifndef NO_ADVISORY_LOCK
    do
    :: atomic { alive[me] && lock == FREE -> lock = me + 1; break }
    :: atomic { alive[me] && lock == ORPHAN -> lock = FREE; orphan_act = NO_ACT; orphan_job = 0 }
    :: atomic { alive[me] && lock != FREE && lock != ORPHAN -> alive[lock - 1] = 0; lock = FREE }
    :: atomic { crashes > 0 -> crashes--; abandon(NO_ACT, p); goto died }
    od;
#endif
#ifndef RECOVER_WITHOUT_OWNERSHIP
    SAVE(skip);
#endif

#ifdef UNDO_BY_JOURNAL
    if
    :: atomic { status[p] == FINISHING -> goto finish }
    :: atomic { status[p] != FINISHING -> goto failed }
    fi;
#endif
#ifdef ASK_BEFORE_LOCK
    if
    :: atomic { seen == COMPLETED -> seen = 0; goto finish }
    :: atomic { seen == FAILED -> seen = 0; goto failed }
    fi;
#endif
    if
    :: atomic { alive[me] && at_name == STAGING(p) -> goto finish }
    :: atomic { alive[me] && at_name == production_oid[p] -> goto failed }
    :: atomic { alive[me] && at_name != STAGING(p) && at_name != production_oid[p] ->
        assert(false) } /* a person must look */
    :: atomic { !alive[me] -> goto leave }
    fi;

failed:
    UNDO;
    goto leave;

finish:
    PROJECT_RETURN;
    RECORD_END(COMPLETED);

leave:
died:
    atomic { session_close(); lease_leave(); p = 0; before = 0; seen = 0; fence = 0; door = 0 };
    goto end_idle
}

/* What is left on the server of a session whose client is gone. */
proctype Orphan()
{
end_idle:
    do
    :: atomic { lock == ORPHAN && orphan_act == NO_ACT -> lock = FREE; orphan_job = 0 }
    :: atomic { lock == ORPHAN && orphan_act != NO_ACT ->
        if
        :: orphan_act == FENCE_RAISE -> run_FENCE_RAISE(orphan_job)
        :: orphan_act == STAGE_CREATE -> run_STAGE_CREATE(orphan_job)
        :: orphan_act == DOOR_CLOSE -> run_DOOR_CLOSE(orphan_job)
        :: orphan_act == DOOR_EMPTY -> run_DOOR_EMPTY(orphan_job)
        :: orphan_act == SWAP -> run_SWAP(orphan_job)
        :: orphan_act == DOOR_OPEN -> run_DOOR_OPEN(orphan_job)
        :: orphan_act == FENCE_LIFT -> run_FENCE_LIFT(orphan_job)
        :: orphan_act == STAGE_DROP -> run_STAGE_DROP(orphan_job)
        fi;
        good = 0;
        lock = FREE;
        orphan_act = NO_ACT;
        orphan_job = 0 }
    od
}

/* Clients that write in spite of the fence (SET TRANSACTION READ WRITE), as long as the door lets them in; or that keep to it. */
#ifdef RESPECT
#define MAY_WRITE (!fenced[guest])
#else
#define MAY_WRITE true
#endif
proctype Client()
{
end_idle:
    do
    :: atomic { guest == 0 && visits < VISITS && at_name != 0 && open[at_name] -> visits++; guest = at_name }
    :: atomic { guest != 0 && writes < WRITES && MAY_WRITE ->
        assert(guest == at_name);
        writes++;
        uncounted++;
        content[guest]++ }
    :: atomic { uncounted != 0 -> uncounted = 0 }
    :: atomic { guest != 0 -> guest_leave() }
    od
}

init {
    byte i;
    atomic {
        run Client();
        run Orphan();
        for (i : 0 .. PROMOTERS - 1) { run Promoter(i) }
#ifndef NO_RECOVERY
        for (i : PROMOTERS .. PROCESSES - 1) { run Recoverer(i) }
#endif
        i = 0
    }
}
