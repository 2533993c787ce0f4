// What the library tells, and what it is told.
//
// Made by generate.py of interface.json: do not edit.

import * as abi from "./abi.js";
import { lib } from "./library.js";
import { decoded, members, membersOrNone, text, textOrNone, texts, time, timeOrNone, told, type Json } from "./values.js";

/** One finding; pointers belong to the preflight. */
export interface Finding {
    readonly severity: abi.Severity;
    /** Stable name of the check, "production.prepared_transactions" for example. */
    readonly check: string;
    /** What was found, with names. */
    readonly message: string;
    /** The remedy, or null. */
    readonly hint: string | null;
}

export function readFinding(address: bigint): Finding {
    const told = decoded("cutover_finding", address);
    return {
        severity: Number(told.severity) as abi.Severity,
        check: text(told.check),
        message: text(told.message),
        hint: textOrNone(told.hint),
    };
}

/** Where a job stands; pointers are static or valid during the call. */
export interface Progress {
    /** "backup", "stage", … */
    readonly step: string;
    /** Bytes moved in this step; never goes back within it. */
    readonly bytesDone: number;
    /**
     * Expected bytes of this step so far, from relation sizes; 0: not known. A step that goes through its tables more than once
     * (verify reads, restores and compares) expects more each time.
     */
    readonly bytesTotal: number;
    /** Rows moved in this step; as bytes_done. */
    readonly rowsDone: number;
    /** Tables finished in this step, once for each time through; of an archive's files, files. */
    readonly tablesDone: number;
    /** Tables of this step so far; grows as bytes_total does. */
    readonly tablesTotal: number;
    /** Of the whole job, 0 to 1; never goes back. */
    readonly fraction: number;
    /** Since run began. */
    readonly secondsElapsed: number;
    /** Estimate for the whole job; negative: cannot be told, as while it is held. */
    readonly secondsLeft: number;
    /** Of the job, for cutover_job_get() and cutover_job_cancel(). Since version 2. */
    readonly jobId: string;
}

export function readProgress(address: bigint): Progress {
    const told = decoded("cutover_progress", address);
    return {
        step: text(told.step),
        bytesDone: Number(told.bytes_done),
        bytesTotal: Number(told.bytes_total),
        rowsDone: Number(told.rows_done),
        tablesDone: Number(told.tables_done),
        tablesTotal: Number(told.tables_total),
        fraction: Number(told.fraction),
        secondsElapsed: Number(told.seconds_elapsed),
        secondsLeft: Number(told.seconds_left),
        jobId: text(told.job_id),
    };
}

/** An event on its way out; the struct is the library's, and pointers are valid during the call only. */
export interface Event {
    /** UUIDv7; the same again on redelivery: deduplicate by it. */
    readonly id: string;
    /** "cutover.requested", "restore.completed", … */
    readonly type: string;
    /** Events of one project come in order. */
    readonly projectId: string;
    /** Counts up within the project, from 1. */
    readonly sequence: number;
    readonly createdAt: Date;
    /** 1 on the first delivery to this notifier; 0 in cutover_events_list(). */
    readonly attempt: number;
    /** The whole event as a JSON object on one line. */
    readonly data: Json;
}

export function readEvent(address: bigint): Event {
    const told = decoded("cutover_event", address);
    return {
        id: text(told.id),
        type: text(told.type),
        projectId: text(told.project_id),
        sequence: Number(told.sequence),
        createdAt: time(told.created_at),
        attempt: Number(told.attempt),
        data: members(told.json),
    };
}

/** One document as a store hands it out, with the members of that store's version; pointers are valid during the emit call only. */
export interface Document {
    readonly kind: string;
    readonly id: string;
    /** "" where it belongs to none. */
    readonly projectId: string;
    /** 1 after the first write, one more with each. */
    readonly version: bigint;
    /** JSON object. */
    readonly body: string;
}

export function readDocument(address: bigint): Document {
    const told = decoded("cutover_document", address);
    return {
        kind: text(told.kind),
        id: text(told.id),
        projectId: text(told.project_id),
        version: BigInt(told.version),
        body: text(told.body),
    };
}

/** One write of a commit. Pointers are the library's and valid during the commit call. */
export interface Write {
    /** [a-z_]+, at most 32 bytes. */
    readonly kind: string;
    /** 1 to 200 bytes. */
    readonly id: string;
    /** "" where it belongs to none. */
    readonly projectId: string;
    /** The version that must be there now; 0: the document must not exist. */
    readonly expectedVersion: bigint;
    /**
     * The new JSON object, or null to delete the document; then expected_version is not 0. A document that is created again begins at
     * version 1.
     */
    readonly body: string | null;
}

export function readWrite(address: bigint): Write {
    const told = decoded("cutover_write", address);
    return {
        kind: text(told.kind),
        id: text(told.id),
        projectId: text(told.project_id),
        expectedVersion: BigInt(told.expected_version),
        body: textOrNone(told.body),
    };
}

/** One entry; the struct is the library's, and pointers are valid during the emit call only. */
export interface AuditEntry {
    /** Pass the last one seen as `after` for the next page. */
    readonly cursor: string;
    /** Counts up within the project, from 1, without gaps. */
    readonly sequence: number;
    /** "cutover.acked", "production_overwrite_restore", … */
    readonly action: string;
    /** The one that was asked for. */
    readonly projectId: string;
    /** Who did it. */
    readonly actorId: string;
    /** "user", "api_key", "operator" or "system". */
    readonly actorKind: string;
    readonly at: Date;
    /** The whole entry as a JSON object. */
    readonly data: Json;
}

export function readAuditEntry(address: bigint): AuditEntry {
    const told = decoded("cutover_audit_entry", address);
    return {
        cursor: text(told.cursor),
        sequence: Number(told.sequence),
        action: text(told.action),
        projectId: text(told.project_id),
        actorId: text(told.actor_id),
        actorKind: text(told.actor_kind),
        at: time(told.at),
        data: members(told.json),
    };
}

/** One displaced database that is still there; pointers are valid during the emit call only. */
export interface Displaced {
    /** Its name on production's server now. */
    readonly name: string;
    /** Its OID there. */
    readonly oid: number;
    readonly projectId: string;
    /** The job that displaced it. */
    readonly promotionId: string;
    /** "" where that job had none. */
    readonly requestId: string;
    readonly displacedAt: Date;
    /** Bytes on disk. */
    readonly size: number;
}

export function readDisplaced(address: bigint): Displaced {
    const told = decoded("cutover_displaced", address);
    return {
        name: text(told.name),
        oid: Number(told.oid),
        projectId: text(told.project_id),
        promotionId: text(told.promotion_id),
        requestId: text(told.request_id),
        displacedAt: time(told.displaced_at),
        size: Number(told.size),
    };
}

/** One unfinished job; pointers are valid during the emit call only. */
export interface Recovery {
    /** "promotion", "rollback", "restore", "backup" or "verification"; "abandoned" for what such a job left. */
    readonly job: string;
    readonly jobId: string;
    readonly projectId: string;
    /** "" where it has none. */
    readonly requestId: string;
    readonly outcome: abi.Recovered;
    /** One line for a person. */
    readonly message: string;
    /**
     * CUTOVER_RECOVERED_RUNNING: seconds from now, 1 to 30, after which a call with the same engine finds its job dead unless it gives
     * a sign of life meanwhile. 0: it gave one since the engine looked last. Since version 2.
     */
    readonly askAgainS: number;
}

export function readRecovery(address: bigint): Recovery {
    const told = decoded("cutover_recovery", address);
    return {
        job: text(told.job),
        jobId: text(told.job_id),
        projectId: text(told.project_id),
        requestId: text(told.request_id),
        outcome: Number(told.outcome) as abi.Recovered,
        message: text(told.message),
        askAgainS: Number(told.ask_again_s),
    };
}

/** What an abandoned job left; pointers are valid during the emit call only. */
export interface Leftover {
    readonly id: string;
    readonly projectId: string;
    readonly jobId: string;
    /** "database" (with its login), "fence", "door", "traffic" (poolers): recovery tries these again; "other": a person must look. */
    readonly kind: string;
    /** Its name; "" where it is about none. */
    readonly database: string;
    /** 0: not known. */
    readonly oid: number;
    /** Of its server; "" where not known. */
    readonly systemIdentifier: string;
    /** What it is, and why it is still there. */
    readonly message: string;
    readonly since: Date;
}

export function readLeftover(address: bigint): Leftover {
    const told = decoded("cutover_leftover", address);
    return {
        id: text(told.id),
        projectId: text(told.project_id),
        jobId: text(told.job_id),
        kind: text(told.kind),
        database: text(told.database),
        oid: Number(told.oid),
        systemIdentifier: text(told.system_identifier),
        message: text(told.message),
        since: time(told.since),
    };
}

/** What one call did: of one notifier when it was named, else the sums. An event counts once for each notifier. */
export interface Delivery {
    /** Taken now. */
    readonly delivered: number;
    /** Refused now; offered again after a pause. */
    readonly failed: number;
    /** Not offered: they wait for an earlier one of their project, for their pause, or for a delivery that runs elsewhere. */
    readonly waiting: number;
    /** Given up, now or earlier: they stay until cutover_events_retry() or _discard(). */
    readonly givenUp: number;
    /** Notifiers that another thread of this engine delivers to at this time: passed over, and none of their events is counted. */
    readonly busy: number;
}

export function readDelivery(address: bigint): Delivery {
    const told = decoded("cutover_delivery", address);
    return {
        delivered: Number(told.delivered),
        failed: Number(told.failed),
        waiting: Number(told.waiting),
        givenUp: Number(told.given_up),
        busy: Number(told.busy),
    };
}

/** What a call of cutover_webhooks_deliver() did, and what is left. */
export interface WebhookRound {
    /** Messages that were taken. */
    readonly delivered: number;
    /** Attempts that failed; their messages are tried again. */
    readonly failed: number;
    /** Messages that are tried no more since this call. */
    readonly dead: number;
    /** Endpoints that said that they are gone. */
    readonly disabled: number;
    /** Attempts of this process that are under way still. */
    readonly running: number;
    /** Messages that wait for their time, or for another process; the running ones among them. */
    readonly waiting: number;
    /** Call again then; a time that is past: at once; null: nothing waits. */
    readonly nextAt: Date | null;
}

export function readWebhookRound(address: bigint): WebhookRound {
    const told = decoded("cutover_webhook_round", address);
    return {
        delivered: Number(told.delivered),
        failed: Number(told.failed),
        dead: Number(told.dead),
        disabled: Number(told.disabled),
        running: Number(told.running),
        waiting: Number(told.waiting),
        nextAt: timeOrNone(told.next_at),
    };
}

/** What one cutover_integrations_deliver() did. */
export interface IntegrationRun {
    /** Written, and read back as far as the provider lets one. */
    readonly synced: number;
    /** Failed now; tried again after a pause. */
    readonly failed: number;
    /** Failed now for the last time: until the next event, or cutover_integration_sync(). */
    readonly givenUp: number;
    /** Not tried: they wait for their time, or another process is at them. */
    readonly waiting: number;
    /** When the earliest of those comes due, by the clock; null: none waits. */
    readonly nextDue: Date | null;
}

export function readIntegrationRun(address: bigint): IntegrationRun {
    const told = decoded("cutover_integration_run", address);
    return {
        synced: Number(told.synced),
        failed: Number(told.failed),
        givenUp: Number(told.given_up),
        waiting: Number(told.waiting),
        nextDue: timeOrNone(told.next_due),
    };
}

/** Whose secrets are asked for; the struct is the library's, and pointers are valid during the call only. */
export interface IntegrationRef {
    /** The integration's, a UUIDv7: another one after it was disconnected and connected again. */
    readonly id: string;
    /** The project's. */
    readonly projectId: string;
    /** "vercel" or "netlify". */
    readonly provider: string;
    /** As it was connected; null: none. */
    readonly accountId: string | null;
    /** As it was connected. */
    readonly siteId: string;
}

export function readIntegrationRef(address: bigint): IntegrationRef {
    const told = decoded("cutover_integration_ref", address);
    return {
        id: text(told.id),
        projectId: text(told.project_id),
        provider: text(told.provider),
        accountId: textOrNone(told.account_id),
        siteId: text(told.site_id),
    };
}

/** An actor; option structs point to one. Borrowed for the call. */
export interface Actor {
    /** Required: 1 to 200 characters. */
    readonly id: string;
    /** Required. */
    readonly kind: abi.ActorKind;
    /** CUTOVER_ROLE_*. */
    readonly roles: abi.RoleBits;
}

export function readActor(address: bigint): Actor {
    const told = decoded("cutover_actor", address);
    return {
        id: text(told.id),
        kind: Number(told.kind) as abi.ActorKind,
        roles: Number(told.roles) as abi.RoleBits,
    };
}

/** A project as the platform tells it; pointers are valid during the emit call only. */
export interface Project {
    /** At most 100 bytes. */
    readonly id: string;
    /** "" where there is none. */
    readonly organizationId?: string;
    /** "active", "restoring", or a state of the host's. */
    readonly state?: string;
    /**
     * conninfo of production: a role that may create and rename databases. Names host (or the folder of the server's socket) and
     * dbname itself: no PG* variable, service file or default of libpq chooses what is overwritten, nor the port (5432 where it is not
     * given). May hold a password: the library never stores or logs it.
     */
    readonly database: string;
    /** Name of another database on production's server to hold control connections; null: "postgres". */
    readonly controlDatabase?: string | null;
    /**
     * conninfo of a server (and a database on it to connect to), both named as for `database`, where backups are restored for
     * verification; null: production's.
     */
    readonly verifyDatabase?: string | null;
    /**
     * While "restoring": the job that it is restoring for, as project_set_state was told; null where the platform does not keep it.
     * Ignored in other states.
     */
    readonly jobId?: string | null;
    /**
     * Since version 2. conninfo of a login to load with, on production's server: what a database's owners wrote is evaluated in its
     * sessions, and it must be able to do no more than they may: no superuser, no CREATEDB, CREATEROLE, REPLICATION, BYPASSRLS, a
     * member of the roles that own what is in production and its previews. It names its host itself; the database in it is ignored.
     * null: the library makes one for each job, which the role of `database` must be allowed to do (a superuser, or CREATEROLE).
     */
    readonly loaderDatabase?: string | null;
    /**
     * Since version 3. conninfos of the admin consoles of the PgBouncer instances that production's clients come through, ended by a
     * null; null: none. Each names its host itself, and its port if that is not 5432. For cutover_platform_pgbouncer_wrap(); nothing
     * else reads it.
     */
    readonly pgbouncers?: readonly string[];
    /** Since version 4. Not 0: as hold_fence of cutover_pgbouncer_options, for this project's poolers. */
    readonly holdFence?: boolean;
}

export function readProject(address: bigint): Project {
    const told = decoded("cutover_project", address);
    return {
        id: text(told.id),
        organizationId: text(told.organization_id),
        state: text(told.state),
        database: text(told.database),
        controlDatabase: textOrNone(told.control_database),
        verifyDatabase: textOrNone(told.verify_database),
        jobId: textOrNone(told.job_id),
        loaderDatabase: textOrNone(told.loader_database),
        pgbouncers: texts(told.pgbouncers),
        holdFence: Boolean(told.hold_fence),
    };
}

/** A preview as the platform tells it; pointers are valid during the emit call only. */
export interface Preview {
    /** At most 100 bytes. */
    readonly id: string;
    /** Of the project that it is a preview of. */
    readonly projectId: string;
    /** "ready", or a state of the host's. */
    readonly state?: string;
    /** conninfo of the preview, host and dbname named as for a project's: a role that may read all of it. */
    readonly database: string;
    /** null: never. */
    readonly expiresAt?: Date | null;
}

export function readPreview(address: bigint): Preview {
    const told = decoded("cutover_preview", address);
    return {
        id: text(told.id),
        projectId: text(told.project_id),
        state: text(told.state),
        database: text(told.database),
        expiresAt: timeOrNone(told.expires_at),
    };
}

/** A snapshot of a request's record: it does not change when the record does. */
export interface Request {
    /** The request's id. Since 0.1. */
    readonly id: string;
    /** The organization of its project. Since 0.1. */
    readonly organizationId: string;
    /** The project whose production it is about. Since 0.1. */
    readonly projectId: string;
    /** The preview that is to be promoted. Since 0.1. */
    readonly previewId: string;
    /** "open", "acked", "in_progress", "completed", "failed", "rejected", "cancelled", "expired" or "rolled_back". Since 0.1. */
    readonly status: string;
    /** What the customer wrote; null where nothing was. Since 0.1. */
    readonly customerNote: string | null;
    /** The external ticket; null until it is attached. Since 0.1. */
    readonly ticket: string | null;
    /** What the operator wrote who acked it; null where nothing was. Since 0.1. */
    readonly operatorNote: string | null;
    /** Why it was rejected; null when it was not. Since 0.1. */
    readonly rejectedReason: string | null;
    /** The agreed time, before which it is not promoted; null: none. Since 0.1. */
    readonly scheduledFor: Date | null;
    /** The backup of the production that was displaced, once there is one; else null. Since 0.1. */
    readonly backupId: string | null;
    /** The job that carries it out, or did; null before. Since 0.1. */
    readonly promotionId: string | null;
    /** When it was filed. Since 0.1. */
    readonly createdAt: Date;
    /** When its record was last changed, likewise. Since 0.1. */
    readonly updatedAt: Date;
    /** When it ended, likewise; null while it lives. Since 0.1. */
    readonly completedAt: Date | null;
    /**
     * The whole record as a JSON object with every field of the design's list, null where not set, and with the members that a newer
     * version of the library added. Since 0.1.
     */
    readonly data: Json;
    /** The version of the record in the store when it was read: it counts the writes. Since 0.1. */
    readonly version: number;
}

export function readRequest(handle: bigint): Request {
    return {
        id: text(lib.cutover_request_id!(handle)),
        organizationId: text(lib.cutover_request_organization_id!(handle)),
        projectId: text(lib.cutover_request_project_id!(handle)),
        previewId: text(lib.cutover_request_preview_id!(handle)),
        status: text(lib.cutover_request_status!(handle)),
        customerNote: textOrNone(lib.cutover_request_customer_note!(handle)),
        ticket: textOrNone(lib.cutover_request_ticket!(handle)),
        operatorNote: textOrNone(lib.cutover_request_operator_note!(handle)),
        rejectedReason: textOrNone(lib.cutover_request_rejected_reason!(handle)),
        scheduledFor: timeOrNone(lib.cutover_request_scheduled_for!(handle)),
        backupId: textOrNone(lib.cutover_request_backup_id!(handle)),
        promotionId: textOrNone(lib.cutover_request_promotion_id!(handle)),
        createdAt: time(lib.cutover_request_created_at!(handle)),
        updatedAt: time(lib.cutover_request_updated_at!(handle)),
        completedAt: timeOrNone(lib.cutover_request_completed_at!(handle)),
        data: members(lib.cutover_request_json!(handle)),
        version: Number(lib.cutover_request_version!(handle)),
    };
}

/** A snapshot of a backup's record. */
export interface Backup {
    /** The backup's id. Strings of a backup belong to it. Since 0.1. */
    readonly id: string;
    /** The project that it was taken of. Since 0.1. */
    readonly projectId: string;
    /** Its label. Since 0.1. */
    readonly label: string;
    /** "taking", "verifying", "verified", "failed", "cancelled" or "deleted". Since 0.1. */
    readonly status: string;
    /** When it was begun. Since 0.1. */
    readonly createdAt: Date;
    /** When it was last verified; null when it never was, and for null. Since 0.1. */
    readonly verifiedAt: Date | null;
    /** The whole record as a JSON object, with the members that a newer version of the library added. Since 0.1. */
    readonly data: Json;
    /** The version of the record in the store when it was read: it counts the writes. Since 0.1. */
    readonly version: number;
}

export function readBackup(handle: bigint): Backup {
    return {
        id: text(lib.cutover_backup_id!(handle)),
        projectId: text(lib.cutover_backup_project_id!(handle)),
        label: text(lib.cutover_backup_label!(handle)),
        status: text(lib.cutover_backup_status!(handle)),
        createdAt: time(lib.cutover_backup_created_at!(handle)),
        verifiedAt: timeOrNone(lib.cutover_backup_verified_at!(handle)),
        data: members(lib.cutover_backup_json!(handle)),
        version: Number(lib.cutover_backup_version!(handle)),
    };
}

/** A job's record as it was when it was read. Any thread may use it, one at a time. Free it with cutover_job_free(). */
export interface Job {
    /** The job's id. Since 0.1. */
    readonly id: string;
    /**
     * "promotion", "rollback", "restore", "backup" (taken by itself, and goes by the backup's id) or "verification" (of a backup that
     * is there, with an id of its own). Since 0.1.
     */
    readonly kind: string;
    /**
     * Where it stands: of a backup "taking", "verifying", "verified", "failed", "cancelled" or "deleted"; of a verification
     * "verifying", "verified", "failed", or "undecided" and "cancelled", which left the backup as it was; of the others "lock",
     * "stage", "check", "backup", "verify", "held", "catch_up", "swap", "finish", "completed", "failed" or "cancelled". Since 0.1.
     */
    readonly status: string;
    /** Non-zero when it has ended. A job that has not may be one whose process is gone. Zero for null. Since 0.1. */
    readonly isOver: boolean;
    /** The project. Since 0.1. */
    readonly projectId: string;
    /** The request that it carries out or takes back; null where there is none. Since 0.1. */
    readonly requestId: string | null;
    /** When it began. Since 0.1. */
    readonly createdAt: Date;
    /** The version of its record when it was read. Since 0.1. */
    readonly version: number;
    /** The whole record as a JSON object. Belongs to the job; Since 0.1. */
    readonly data: Json;
    /**
     * How far it was at its last sign of life, which comes every 5 seconds.
     *
     * @param progress Filled as far as its version goes; its texts belong to the job.
     * @return CUTOVER_OK; CUTOVER_E_INVALID for null; CUTOVER_E_UNSUPPORTED for a version that is not known; CUTOVER_E_STATE when
     * nothing is told: it has ended, or has just begun, or it came from a list. Since 0.1.
     */
    readonly progress: Progress | null;
    /**
     * What it did, once it has ended: what cutover_promotion_report() and its like tell, for anybody, and of a backup {kind,
     * project_id, job_id, status (as cutover_job_status(), so `verified` where it went well), backup_id, backup_label,
     * backup_verification, error, production}. null: it has not ended, or recovery ended it, whose reason is `failure` in the record.
     * Belongs to the job. Since 0.1.
     */
    readonly report: Json | null;
    /**
     * Its last sign of life, by the clock of the process that runs it. The first is its beginning, and a job that lives gives one
     * every 5 seconds. null where it has ended, and for a job of a list. Since 0.1.
     */
    readonly renewedAt: Date | null;
}

export function readJob(handle: bigint): Job {
    return {
        id: text(lib.cutover_job_id!(handle)),
        kind: text(lib.cutover_job_kind!(handle)),
        status: text(lib.cutover_job_status!(handle)),
        isOver: Boolean(lib.cutover_job_is_over!(handle)),
        projectId: text(lib.cutover_job_project_id!(handle)),
        requestId: textOrNone(lib.cutover_job_request_id!(handle)),
        createdAt: time(lib.cutover_job_created_at!(handle)),
        version: Number(lib.cutover_job_version!(handle)),
        data: members(lib.cutover_job_json!(handle)),
        progress: told("cutover_job_progress", "cutover_progress", readProgress, handle),
        report: membersOrNone(lib.cutover_job_report!(handle)),
        renewedAt: timeOrNone(lib.cutover_job_renewed_at!(handle)),
    };
}

/** A snapshot of a key's record, without its secret. */
export interface Key {
    /** The key's id. Strings of a key belong to it. Since 0.1. */
    readonly id: string;
    /** Its label. Since 0.1. */
    readonly label: string;
    /**
     * Whoever holds it, as an actor of the kind CUTOVER_ACTOR_API_KEY; its id belongs to the key. CUTOVER_E_INVALID for null, and for
     * an actor that was not initialised. Since 0.1.
     */
    readonly actor: Actor | null;
    /** CUTOVER_ROLE_* of whoever holds it. 0 for null. Since 0.1. */
    readonly roles: abi.RoleBits;
    /** The project that it is for; null: every one, and for null. Since 0.1. */
    readonly projectId: string | null;
    /** The organization that it was made for; null: none was given, and for null. Since 0.1. */
    readonly organizationId: string | null;
    /** When it was made. Since 0.1. */
    readonly createdAt: Date;
    /** When it ends; null: never, and for null. Since 0.1. */
    readonly expiresAt: Date | null;
    /** When it was revoked; null: it was not, and for null. Since 0.1. */
    readonly revokedAt: Date | null;
    /**
     * The record as a JSON object: id, label, actor_id, roles (an array of names), project_id, organization_id, created_by_actor_id,
     * created_at, expires_at, revoked_by_actor_id, revoked_at. Neither the secret nor its SHA-256. Since 0.1.
     */
    readonly data: Json;
}

export function readKey(handle: bigint): Key {
    return {
        id: text(lib.cutover_key_id!(handle)),
        label: text(lib.cutover_key_label!(handle)),
        actor: told("cutover_key_actor", "cutover_actor", readActor, handle),
        roles: Number(lib.cutover_key_roles!(handle)) as abi.RoleBits,
        projectId: textOrNone(lib.cutover_key_project_id!(handle)),
        organizationId: textOrNone(lib.cutover_key_organization_id!(handle)),
        createdAt: time(lib.cutover_key_created_at!(handle)),
        expiresAt: timeOrNone(lib.cutover_key_expires_at!(handle)),
        revokedAt: timeOrNone(lib.cutover_key_revoked_at!(handle)),
        data: members(lib.cutover_key_json!(handle)),
    };
}

/** An endpoint as it was read: it does not change when its record does. */
export interface Webhook {
    /** The endpoint's id. Since 0.1. */
    readonly id: string;
    /** The project whose events it gets. Since 0.1. */
    readonly projectId: string;
    /** Where it is. Since 0.1. */
    readonly url: string;
    /** "enabled" or "disabled". Since 0.1. */
    readonly status: string;
    /** The whole record as a JSON object (schemas/webhook.json), without secrets. Since 0.1. */
    readonly data: Json;
    /** The version of the record in the store when it was read: it counts the writes. Since 0.1. */
    readonly version: number;
}

export function readWebhook(handle: bigint): Webhook {
    return {
        id: text(lib.cutover_webhook_id!(handle)),
        projectId: text(lib.cutover_webhook_project_id!(handle)),
        url: text(lib.cutover_webhook_url!(handle)),
        status: text(lib.cutover_webhook_status!(handle)),
        data: members(lib.cutover_webhook_json!(handle)),
        version: Number(lib.cutover_webhook_version!(handle)),
    };
}

/** What became of one message for one endpoint, as it was read. */
export interface WebhookDelivery {
    /** The message's id: what `webhook-id` says, and within an endpoint the delivery's. Since 0.1. */
    readonly id: string;
    /** The type of its event. Since 0.1. */
    readonly type: string;
    /** "pending", "delivered" or "dead". Since 0.1. */
    readonly status: string;
    /** How many attempts there were, one that is under way included. Since 0.1. */
    readonly attempts: number;
    /** The whole record as a JSON object (schemas/webhook-delivery.json). Since 0.1. */
    readonly data: Json;
}

export function readWebhookDelivery(handle: bigint): WebhookDelivery {
    return {
        id: text(lib.cutover_webhook_delivery_id!(handle)),
        type: text(lib.cutover_webhook_delivery_type!(handle)),
        status: text(lib.cutover_webhook_delivery_status!(handle)),
        attempts: Number(lib.cutover_webhook_delivery_attempts!(handle)),
        data: members(lib.cutover_webhook_delivery_json!(handle)),
    };
}

/** A snapshot of one integration's record, without its secrets. */
export interface Integration {
    /** The integration's id. Since 0.1. */
    readonly id: string;
    /** The project's id. Since 0.1. */
    readonly projectId: string;
    /** "vercel" or "netlify". Since 0.1. */
    readonly provider: string;
    /**
     * "idle" (nothing was asked for yet), "pending" (due, or waiting for its next attempt), "synced" or "failed" (given up). Since
     * 0.1.
     */
    readonly status: string;
    /** When the last sync succeeded; null: none did. Since 0.1. */
    readonly syncedAt: Date | null;
    /** When the next attempt is due, likewise; null: none is. Since 0.1. */
    readonly nextAttemptAt: Date | null;
    /** What the last attempt failed for, one line; null where it did not. Since 0.1. */
    readonly lastError: string | null;
    /**
     * The whole record as a JSON object, without secrets: docs/json.md has its members, among them what became of each variable and
     * target, and the last attempts with their time and answer. Since 0.1.
     */
    readonly data: Json;
    /** The version of the record in the store when it was read: it counts the writes. Since 0.1. */
    readonly version: number;
}

export function readIntegration(handle: bigint): Integration {
    return {
        id: text(lib.cutover_integration_id!(handle)),
        projectId: text(lib.cutover_integration_project_id!(handle)),
        provider: text(lib.cutover_integration_provider!(handle)),
        status: text(lib.cutover_integration_status!(handle)),
        syncedAt: timeOrNone(lib.cutover_integration_synced_at!(handle)),
        nextAttemptAt: timeOrNone(lib.cutover_integration_next_attempt_at!(handle)),
        lastError: textOrNone(lib.cutover_integration_last_error!(handle)),
        data: members(lib.cutover_integration_json!(handle)),
        version: Number(lib.cutover_integration_version!(handle)),
    };
}
