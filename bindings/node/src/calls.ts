// A method for each function of an engine, a registry, webhooks and integrations, under its name.
//
// Made by generate.py of interface.json: do not edit.

import type * as abi from "./abi.js";
import { Owner, taken, takenList, takenText } from "./call.js";
import type { Engine } from "./engine.js";
import { BackupJob, Promotion, Restore, Rollback } from "./jobs.js";
import { readPreflight, type Preflight } from "./preflight.js";
import * as records from "./records.js";
import { micros } from "./values.js";

/** An engine. Threads may share it; several engines in one process do not know of each other. */
export class EngineCalls extends Owner {
    /**
     * Emits a project's audit trail, oldest first, on the calling thread.
     * @param project_id Required.
     * @param after      Cursor of the last entry of the page before; NULL or "" for the first.
     * @param limit      Entries of this page: 1 to 1000.
     * @param emit       Required; called with `context` for each. It does not call the library: the store is being read.
     * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_NOT_FOUND (project), CUTOVER_E_STORE, CUTOVER_E_NOMEM, or what emit returned.
     * Any thread. Since 0.1.
     */
    auditList(projectId: string, limit: number, options: { after?: string } = {}): Promise<records.AuditEntry[]> {
        const { after } = options;
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_audit_emit", records.readAuditEntry);
            await call.run("cutover_audit_list", [this.handle, call.text(projectId), call.text(after), Number(limit ?? 0), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Hands what is in the outbox to the notifiers: at least once, in order within a project, a refused event again after a pause that
     * doubles from one second to ten minutes, or when the notifier said, at most cutover_named_notifier.attempts times. Then, or when
     * the notifier said never again, it is given up for that notifier: later ones go on. An event leaves the outbox once every
     * notifier that the store knows has taken it. Nothing is delivered by itself: call this periodically.
     *
     * Notifiers are called on the calling thread, one after another; this returns when they have. A notifier that another thread of
     * this engine is in the middle of is passed over. So one that hangs holds its one thread and its own events: give each notifier a
     * thread that names it; or call from a pool, where the next call goes past the one that hangs. Several processes may call at once.
     *
     * The store knows a notifier from the first call of an engine that was given it, whichever is delivered to, and forgets it when no
     * engine that delivered was given it on seven days: then nothing waits for it any more.
     *
     * @param options  NULL: all notifiers.
     * @param delivery Initialised; receives the counts as far as its version has them, untouched on failure. Or NULL.
     * @return CUTOVER_OK (refused events are counts, not failures); CUTOVER_E_STATE when the engine has no notifier;
     * CUTOVER_E_NOT_FOUND when it has none of that name; CUTOVER_E_INVALID; CUTOVER_E_UNSUPPORTED for a version that is not known;
     * CUTOVER_E_STORE (a damaged event, which holds up its project; or the store's own failure); CUTOVER_E_NOMEM. After a failure with
     * one notifier the others were still delivered to. Any thread. Since 0.1.
     */
    eventsDeliver(options: { notifier?: string } = {}): Promise<records.Delivery> {
        const { notifier } = options;
        return this.calling(async (call) => {
            const delivery = call.struct("cutover_delivery", {});
            await call.run("cutover_events_deliver", [this.handle, call.struct("cutover_delivery_options", { notifier }), delivery, call.error]);
            return records.readDelivery(delivery);
        });
    }

    /**
     * Emits what is in the outbox, in order within each project, on the calling thread. The JSON carries "deliveries": for each
     * notifier that the store knows or the engine has, by name, {status: pending | delivered | given_up | discarded, attempts
     * (deliveries so far), failures (those that count), next_attempt_at, lease_until (being delivered now), last_error}.
     *
     * @param project_id NULL: of every project.
     * @param emit       Required; called with `context` for each.
     * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_NOT_FOUND (project), CUTOVER_E_STORE, CUTOVER_E_NOMEM, or what emit returned.
     * Any thread. Since 0.1.
     */
    eventsList(options: { projectId?: string } = {}): Promise<records.Event[]> {
        const { projectId } = options;
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_event_emit", records.readEvent);
            await call.run("cutover_events_list", [this.handle, call.text(projectId), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Takes events that were given up for a notifier back to pending, with all their attempts before them: the next
     * cutover_events_deliver() offers them, and later ones of their project wait for them again. Others of the selection are passed
     * over; but where it names one (first and last are the same) that one is there and was given up, or it is an error. Each is a
     * commit of its own, with an audit entry event.retried.
     *
     * @param count Receives how many; or NULL.
     * @return CUTOVER_OK, also for none of a range; CUTOVER_E_NOT_FOUND when the one is not in the outbox, or there is no such
     * project, or no engine has ever delivered to a notifier of that name; CUTOVER_E_STATE when it was not given up for that notifier;
     * CUTOVER_E_CONFLICT when somebody else settled it meanwhile; CUTOVER_E_INVALID, CUTOVER_E_FORBIDDEN, CUTOVER_E_UNSUPPORTED,
     * CUTOVER_E_STORE, CUTOVER_E_NOMEM. Any thread. Since 0.1.
     */
    eventsRetry(actor: records.Actor, notifier: string, options: { projectId?: string; first?: number; last?: number } = {}): Promise<number> {
        const { projectId, first, last } = options;
        return this.calling(async (call) => {
            const count = call.out();
            await call.run("cutover_events_retry", [this.handle, call.struct("cutover_event_selection", { actor, notifier, projectId, first, last }), count.address, call.error]);
            return count.number;
        });
    }

    /**
     * Lets go of events that were given up for a notifier: it is done with them, as if it had taken them, and an event leaves the
     * outbox when no other one waits for it. The audit entries are event.discarded. Otherwise as cutover_events_retry(). Since 0.1.
     */
    eventsDiscard(actor: records.Actor, notifier: string, options: { projectId?: string; first?: number; last?: number } = {}): Promise<number> {
        const { projectId, first, last } = options;
        return this.calling(async (call) => {
            const count = call.out();
            await call.run("cutover_events_discard", [this.handle, call.struct("cutover_event_selection", { actor, notifier, projectId, first, last }), count.address, call.error]);
            return count.number;
        });
    }

    /**
     * Takes a backup of a project's production database and verifies it. Production stays open for reads and writes; the backup is of
     * one snapshot.
     *
     * @param backup Receives the verified backup, or NULL when not wanted.
     * @return CUTOVER_OK; CUTOVER_E_VERIFY with a verdict; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE or _LOCKED (project
     * busy), _CANCELLED, _CONFLICT (its lease is lost), _POSTGRES, _REPOSITORY, _STORE, _IO, _NOMEM, _UNSUPPORTED. On failure the
     * record stays as `failed`, or `cancelled` where that is why, and the partial archive is swept. Blocks; one call per thread. Since
     * 0.1.
     */
    backupCreate(actor: records.Actor, options: { projectId?: string; label?: string; jobs?: number; verify?: abi.VerifyMethod; progress?: (progress: records.Progress) => unknown } = {}): Promise<records.Backup> {
        const { projectId, label, jobs, verify, progress } = options;
        return this.calling(async (call) => {
            const reporter = call.reporter(progress);
            const backup = call.out();
            await reporter.during(() => call.run("cutover_backup_create", [this.handle, call.struct("cutover_backup_options", { actor, projectId, label, jobs, verify, progress: reporter.callback, progressUserdata: reporter.context }), backup.address, call.error]));
            return taken(backup.handle, "cutover_backup_free", records.readBackup);
        });
    }

    /**
     * Verifies a backup again. CUTOVER_OK means: equal. CUTOVER_E_VERIFY with the verdict (cutover_error_verdict()) and the names of
     * what differs in the error means different or could not tell. It is a job of its own (cutover_progress.job_id): its record and
     * report stay, whatever becomes of the backup. Where nothing was found out, or it was cancelled, or its process died, the backup
     * is what it was before.
     *
     * @param options Method, jobs, progress and actor (CUTOVER_ROLE_OPERATOR).
     * @return As cutover_backup_create(). Since 0.1.
     */
    backupVerify(actor: records.Actor, backupId: string, options: { projectId?: string; label?: string; jobs?: number; verify?: abi.VerifyMethod; progress?: (progress: records.Progress) => unknown } = {}): Promise<records.Backup> {
        const { projectId, label, jobs, verify, progress } = options;
        return this.calling(async (call) => {
            const reporter = call.reporter(progress);
            const backup = call.out();
            await reporter.during(() => call.run("cutover_backup_verify", [this.handle, call.struct("cutover_backup_options", { actor, projectId, label, jobs, verify, progress: reporter.callback, progressUserdata: reporter.context }), call.text(backupId), backup.address, call.error]));
            return taken(backup.handle, "cutover_backup_free", records.readBackup);
        });
    }

    /**
     * What cutover_backup_create() does, in two parts, for hosts that hand out the job's id first: checks the rules and makes the job;
     * changes nothing and touches no server.
     *
     * @param job Receives it; cutover_backup_job_run() does it.
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE or _LOCKED (project busy), _STORE, _CALLBACK, _NOMEM,
     * _UNSUPPORTED. Any thread. Since 0.1.
     */
    backupStart(actor: records.Actor, options: { projectId?: string; label?: string; jobs?: number; verify?: abi.VerifyMethod; progress?: (progress: records.Progress) => unknown } = {}): Promise<BackupJob> {
        const { projectId, label, jobs, verify, progress } = options;
        return this.calling(async (call) => {
            const reporter = call.reporter(progress);
            const job = call.out();
            await call.run("cutover_backup_start", [this.handle, call.struct("cutover_backup_options", { actor, projectId, label, jobs, verify, progress: reporter.callback, progressUserdata: reporter.context }), job.address, call.error]);
            return new BackupJob(this as unknown as Engine, job.handle, reporter);
        });
    }

    /**
     * Likewise for cutover_backup_verify(); CUTOVER_E_STATE also for a backup that is being taken or verified, was deleted, or has no
     * archive. Since 0.1.
     */
    backupVerifyStart(actor: records.Actor, backupId: string, options: { projectId?: string; label?: string; jobs?: number; verify?: abi.VerifyMethod; progress?: (progress: records.Progress) => unknown } = {}): Promise<BackupJob> {
        const { projectId, label, jobs, verify, progress } = options;
        return this.calling(async (call) => {
            const reporter = call.reporter(progress);
            const job = call.out();
            await call.run("cutover_backup_verify_start", [this.handle, call.struct("cutover_backup_options", { actor, projectId, label, jobs, verify, progress: reporter.callback, progressUserdata: reporter.context }), call.text(backupId), job.address, call.error]);
            return new BackupJob(this as unknown as Engine, job.handle, reporter);
        });
    }

    /** Reads a backup's record. CUTOVER_OK, CUTOVER_E_NOT_FOUND, CUTOVER_E_STORE. Since 0.1. */
    backupGet(backupId: string): Promise<records.Backup> {
        return this.calling(async (call) => {
            const backup = call.out();
            await call.run("cutover_backup_get", [this.handle, call.text(backupId), backup.address, call.error]);
            return taken(backup.handle, "cutover_backup_free", records.readBackup);
        });
    }

    /** Lists backups, of a project or (NULL) of all, oldest first; as cutover_requests_list(). Since 0.1. */
    backupsList(limit: number, options: { projectId?: string; after?: string } = {}): Promise<records.Backup[]> {
        const { projectId, after } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_backups_list", [this.handle, call.text(projectId), call.text(after), Number(limit ?? 0), list.address, call.error]);
            return takenList(list.handle, "cutover_backup_list", records.readBackup);
        });
    }

    /**
     * Lists backups of a project or status, the oldest or the youngest first; as cutover_requests_find(), with CUTOVER_E_NOT_FOUND for
     * a project that nobody knows. Since 0.1.
     */
    backupsFind(options: { projectId?: string; status?: string; kind?: string; newestFirst?: boolean; after?: string; limit?: number } = {}): Promise<records.Backup[]> {
        const { projectId, status, kind, newestFirst, after, limit } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_backups_find", [this.handle, call.struct("cutover_filter", { projectId, status, kind, newestFirst, after, limit }), list.address, call.error]);
            return takenList(list.handle, "cutover_backup_list", records.readBackup);
        });
    }

    /**
     * Deletes a backup: verified, failed or cancelled → deleted, then its bytes. The record stays.
     *
     * @param actor Needs CUTOVER_ROLE_OPERATOR.
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_LOCKED while a job overwrites its project;
     * CUTOVER_E_STATE when it is being taken or verified, or is deleted already; CUTOVER_E_STORE, _REPOSITORY, _NOMEM. Any thread.
     * Since 0.1.
     */
    backupDelete(actor: records.Actor, backupId: string): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_backup_delete", [this.handle, call.struct("cutover_actor", actor), call.text(backupId), call.error]);
        });
    }

    /**
     * Emits a project's displaced databases, oldest first, on the calling thread.
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (project), _POSTGRES, _STORE, _CALLBACK, or what emit returned. Since 0.1.
     */
    displacedList(projectId: string): Promise<records.Displaced[]> {
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_displaced_emit", records.readDisplaced);
            await call.run("cutover_displaced_list", [this.handle, call.text(projectId), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Drops a displaced database for good. The cutover that displaced it cannot be rolled back then; its pre-cutover backup stays.
     *
     * @param actor Needs CUTOVER_ROLE_OPERATOR.
     * @param name  Its name, as listed.
     * @return CUTOVER_OK; CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND when the project has no displaced database of that name;
     * CUTOVER_E_STATE while a subscription, a replication slot or a prepared transaction hangs on it (the message names them);
     * CUTOVER_E_LOCKED while a job of the project runs; CUTOVER_E_POSTGRES, _STORE, _CALLBACK. Since 0.1.
     */
    displacedDrop(actor: records.Actor, projectId: string, name: string): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_displaced_drop", [this.handle, call.struct("cutover_actor", actor), call.text(projectId), call.text(name), call.error]);
        });
    }

    /**
     * Drops those of a project's displaced databases that were displaced longer ago than the host's retention, as
     * cutover_displaced_drop() would; one that is refused stays, and the others go on.
     *
     * @param actor     Needs CUTOVER_ROLE_OPERATOR.
     * @param retention Microseconds, more than 0.
     * @param dropped   Told of each that was dropped; may be NULL.
     * @return CUTOVER_OK; the first refusal's status when any stayed. Since 0.1.
     */
    displacedExpire(actor: records.Actor, projectId: string, retentionMs: number): Promise<records.Displaced[]> {
        return this.calling(async (call) => {
            const dropped = call.emitted("cutover_displaced_emit", records.readDisplaced);
            await call.run("cutover_displaced_expire", [this.handle, call.struct("cutover_actor", actor), call.text(projectId), BigInt(Math.round(retentionMs * 1000)), dropped.callback, dropped.context, call.error]);
            return dropped.found;
        });
    }

    /**
     * Reads a job, and how far it is.
     *
     * @param job_id What cutover_promotion_id() and its like tell; of a backup that is taken by itself, the backup's id; of one that
     * is verified again, cutover_progress.job_id.
     * @param job    Receives the job; free it with cutover_job_free().
     * @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND, also for the backup of a promotion or a
     * restore, which is no job of its own; CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
     */
    jobGet(jobId: string): Promise<records.Job> {
        return this.calling(async (call) => {
            const job = call.out();
            await call.run("cutover_job_get", [this.handle, call.text(jobId), job.address, call.error]);
            return taken(job.handle, "cutover_job_free", records.readJob);
        });
    }

    /**
     * Lists jobs, running and ended, oldest first.
     *
     * @param project_id Of this project; NULL: of all.
     * @param after      Id of the last job of the page before; NULL or "" for the first page.
     * @param limit      1 to 1000. Fewer than that: there are no more.
     * @param list       Receives the page; free it with cutover_job_list_free().
     * @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND (a project that neither the store nor the
     * platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
     */
    jobsList(limit: number, options: { projectId?: string; after?: string } = {}): Promise<records.Job[]> {
        const { projectId, after } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_jobs_list", [this.handle, call.text(projectId), call.text(after), Number(limit ?? 0), list.address, call.error]);
            return takenList(list.handle, "cutover_job_list", records.readJob);
        });
    }

    /**
     * Lists jobs, running and ended, of a project, kind or status, the oldest or the youngest first.
     *
     * @param filter Which; see engine.h.
     * @param list   Receives the page; free it with cutover_job_list_free().
     * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED; CUTOVER_E_NOT_FOUND (a project that neither the
     * store nor the platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
     */
    jobsFind(options: { projectId?: string; status?: string; kind?: string; newestFirst?: boolean; after?: string; limit?: number } = {}): Promise<records.Job[]> {
        const { projectId, status, kind, newestFirst, after, limit } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_jobs_find", [this.handle, call.struct("cutover_filter", { projectId, status, kind, newestFirst, after, limit }), list.address, call.error]);
            return takenList(list.handle, "cutover_job_list", records.readJob);
        });
    }

    /**
     * Asks a job to stop, wherever it runs. Its process looks twice a second, and then does as cutover_promotion_cancel(). An audit
     * entry, job.cancel_asked, says who asked, and so does the one of the job's end. A job whose process is gone is not reached by
     * this: see cutover_recover().
     *
     * @param actor Needs CUTOVER_ROLE_OPERATOR.
     * @return CUTOVER_OK, also when it was asked already: the job stops, unless it begins its swap in this very moment, which its end
     * tells; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE when it has ended, or has begun its swap; CUTOVER_E_STORE;
     * CUTOVER_E_NOMEM. Any thread. Since 0.1.
     */
    jobCancel(actor: records.Actor, jobId: string): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_job_cancel", [this.handle, call.struct("cutover_actor", actor), call.text(jobId), call.error]);
        });
    }

    /**
     * Makes a key. The audit trail of its project, or of CUTOVER_KEY_EVERY_PROJECT, has key.created.
     *
     * @param secret Receives the secret, which nobody can tell again; wipe it and free it with cutover_string_free(). Required.
     * @param key    Receives the key; or NULL.
     * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND (project); CUTOVER_E_UNSUPPORTED for a version
     * that is not known, or where OpenSSL has no SHA-256; CUTOVER_E_CONFLICT, _STORE, _NOMEM, _INTERNAL (no random bytes). Any thread.
     * Since 0.1.
     */
    keyCreate(actor: records.Actor, label: string, roles: abi.RoleBits, options: { projectId?: string; organizationId?: string; actorId?: string; expiresAt?: Date } = {}): Promise<[string, records.Key]> {
        const { projectId, organizationId, actorId, expiresAt } = options;
        return this.calling(async (call) => {
            const secret = call.out();
            const key = call.out();
            await call.run("cutover_key_create", [this.handle, call.struct("cutover_key_options", { actor, label, roles, projectId, organizationId, actorId, expiresAt }), secret.address, key.address, call.error]);
            return [takenText(secret.handle), taken(key.handle, "cutover_key_free", records.readKey)];
        });
    }

    /**
     * Whose secret this is.
     *
     * @param secret As it was made. Anything else is no key: its text is in no error.
     * @param key    Receives the key. Required.
     * @return CUTOVER_OK; CUTOVER_E_FORBIDDEN for what is no key, and for one that was revoked; CUTOVER_E_EXPIRED; CUTOVER_E_INVALID,
     * _STORE, _NOMEM; CUTOVER_E_UNSUPPORTED where OpenSSL has no SHA-256. Any thread. Since 0.1.
     */
    keyAuthenticate(secret: string): Promise<records.Key> {
        return this.calling(async (call) => {
            const key = call.out();
            await call.run("cutover_key_authenticate", [this.handle, call.text(secret), key.address, call.error]);
            return taken(key.handle, "cutover_key_free", records.readKey);
        });
    }

    /**
     * Whether a key of that id is good now: for sessions that began with one.
     * @return As cutover_key_authenticate(); CUTOVER_E_NOT_FOUND for an id that is no key's. Any thread. Since 0.1.
     */
    keyCheck(keyId: string): Promise<records.Key> {
        return this.calling(async (call) => {
            const key = call.out();
            await call.run("cutover_key_check", [this.handle, call.text(keyId), key.address, call.error]);
            return taken(key.handle, "cutover_key_free", records.readKey);
        });
    }

    /**
     * Revokes a key: from then on it is none. One that was revoked stays as it is, and there is no audit entry.
     *
     * @param actor Needs CUTOVER_ROLE_ORG_ADMIN. The audit entry is key.revoked.
     * @param key   Receives the key as it is then; or NULL.
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _UNSUPPORTED, _STORE, _NOMEM. Any thread. Since 0.1.
     */
    keyRevoke(actor: records.Actor, keyId: string): Promise<records.Key> {
        return this.calling(async (call) => {
            const key = call.out();
            await call.run("cutover_key_revoke", [this.handle, call.struct("cutover_actor", actor), call.text(keyId), key.address, call.error]);
            return taken(key.handle, "cutover_key_free", records.readKey);
        });
    }

    /**
     * Reads a key's record, also of one that expired or was revoked. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STORE, _NOMEM. Any
     * thread. Since 0.1.
     */
    keyGet(keyId: string): Promise<records.Key> {
        return this.calling(async (call) => {
            const key = call.out();
            await call.run("cutover_key_get", [this.handle, call.text(keyId), key.address, call.error]);
            return taken(key.handle, "cutover_key_free", records.readKey);
        });
    }

    /**
     * Lists keys, oldest first.
     * @param project_id Of this project; CUTOVER_KEY_EVERY_PROJECT: those that have none; NULL: all.
     * @param after      Id of the last one of the page before; NULL or "" for the first page.
     * @param limit      1 to 1000.
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _NOT_FOUND (project), _STORE, _NOMEM. Any thread. Since 0.1.
     */
    keysList(limit: number, options: { projectId?: string; after?: string } = {}): Promise<records.Key[]> {
        const { projectId, after } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_keys_list", [this.handle, call.text(projectId), call.text(after), Number(limit ?? 0), list.address, call.error]);
            return takenList(list.handle, "cutover_key_list", records.readKey);
        });
    }

    /**
     * Looks at a request's rules and at both servers as a promotion would, and changes nothing that lasts: where rows are held against
     * what owners wrote, a login with their rights is made for the look and dropped after it.
     *
     * @param actor     Needs CUTOVER_ROLE_OPERATOR.
     * @param jobs      As cutover_promotion_options.jobs; 0: the default.
     * @param preflight Receives the findings. CUTOVER_OK means that the checks were made, not that they passed: see
     * cutover_preflight_severity().
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _CALLBACK, _NOMEM. What the request's state or a server
     * that cannot be reached would refuse is a finding. Any thread. Since 0.1.
     */
    preflightRun(actor: records.Actor, requestId: string, options: { jobs?: number } = {}): Promise<Preflight> {
        const { jobs } = options;
        return this.calling(async (call) => {
            const preflight = call.out();
            await call.run("cutover_preflight_run", [this.handle, call.struct("cutover_actor", actor), call.text(requestId), Number(jobs ?? 0), preflight.address, call.error]);
            return taken(preflight.handle, "cutover_preflight_free", readPreflight);
        });
    }

    /**
     * The same before there is a request: what a promotion of that preview would find now. Changes nothing.
     *
     * @param actor Needs CUTOVER_ROLE_MEMBER or CUTOVER_ROLE_OPERATOR.
     * @return As cutover_preflight_run(); CUTOVER_E_NOT_FOUND also for a preview of another project. Any thread. Since 0.1.
     */
    preflightPreview(actor: records.Actor, projectId: string, previewId: string, options: { jobs?: number } = {}): Promise<Preflight> {
        const { jobs } = options;
        return this.calling(async (call) => {
            const preflight = call.out();
            await call.run("cutover_preflight_preview", [this.handle, call.struct("cutover_actor", actor), call.text(projectId), call.text(previewId), Number(jobs ?? 0), preflight.address, call.error]);
            return taken(preflight.handle, "cutover_preflight_free", readPreflight);
        });
    }

    /**
     * Checks the rules and makes the job; changes nothing and touches no server.
     *
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE (not acked, no ticket, before its agreed time);
     * CUTOVER_E_CONFLICT (see if_version); CUTOVER_E_EXPIRED; CUTOVER_E_LOCKED; CUTOVER_E_STORE; CUTOVER_E_CALLBACK. Any thread. Since
     * 0.1.
     */
    promotionStart(actor: records.Actor, requestId: string, options: { jobs?: number; verify?: abi.VerifyMethod; hold?: boolean; progress?: (progress: records.Progress) => unknown; holdMaxS?: number; writesRefusedMaxS?: number; ifVersion?: number; fence?: abi.Fence } = {}): Promise<Promotion> {
        const { jobs, verify, hold, progress, holdMaxS, writesRefusedMaxS, ifVersion, fence } = options;
        return this.calling(async (call) => {
            const reporter = call.reporter(progress);
            const promotion = call.out();
            await call.run("cutover_promotion_start", [this.handle, call.struct("cutover_promotion_options", { actor, requestId, jobs, verify, hold, holdMaxS, writesRefusedMaxS, ifVersion, fence, progress: reporter.callback, progressUserdata: reporter.context }), promotion.address, call.error]);
            return new Promotion(this as unknown as Engine, promotion.handle, reporter);
        });
    }

    /**
     * Lets a held promotion go on, from any thread or process that shares the store.
     * @param actor Needs CUTOVER_ROLE_OPERATOR.
     * @return CUTOVER_OK; CUTOVER_E_FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE when it is not held; CUTOVER_E_STORE. Since 0.1.
     */
    promotionRelease(actor: records.Actor, requestId: string): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_promotion_release", [this.handle, call.struct("cutover_actor", actor), call.text(requestId), call.error]);
        });
    }

    /**
     * The record of a request's promotion, running or ended, as JSON; from any process that shares the store.
     * @param json Receives a string; free it with cutover_string_free(). Since 0.1.
     */
    promotionShow(requestId: string): Promise<string> {
        return this.calling(async (call) => {
            const json = call.out();
            await call.run("cutover_promotion_show", [this.handle, call.text(requestId), json.address, call.error]);
            return takenText(json.handle);
        });
    }

    /**
     * Looks at every unfinished job, and settles those that are dead. It takes the job over, ends the session of whoever may still act
     * for it, asks production's server by OID whether the swap was committed, and finishes the records or undoes the rest: reopens
     * production, lifts the fence, drops the staging and throwaway databases that the journal names, sweeps partial archives, and the
     * temporary folders that dead processes left in the engine's work folder. May be called at any time, by several processes, and may
     * itself be killed anywhere: called again, it goes on.
     *
     * Dead is a job that gave itself up because its end could not be recorded; one whose process ran on this machine and is gone; and
     * one that gave no sign of life for 30 seconds. A job gives one each 5 seconds, by writing its lease. Whether it does is judged by
     * what this engine saw, on its own monotonic clock: no clock of another machine, and no wall clock, has a say. So the call never
     * waits. It remembers: a job that may live is left alone and told as CUTOVER_RECOVERED_RUNNING, with ask_again_s; called again
     * after that, with the same engine, it knows. Call it when the host starts and each minute. Who runs it once from a program that
     * ends calls it again after ask_again_s, as `cutoverctl recover` does.
     *
     * What was recorded as ended is held against the server, too, for each project that no job is at: with NULL at the engine's first
     * call, and then once in ten minutes. A cutover that the server lost (an asynchronous standby was promoted that did not have it; a
     * backup of the whole server was restored) is told as CUTOVER_RECOVERED_LOST: production is opened, its fence lifted, what was to
     * come in dropped, and job and request become `failed` (one that was rolled back, and lost that, `completed` again), with
     * `cutover.lost`. A fence, or a door behind one, that a job of whatever host left is taken away: CUTOVER_RECOVERED_UNDONE. A door
     * that nobody can be told to have closed is CUTOVER_RECOVERED_DIFFERENT. Whoever holds the lock of project or database on that
     * server is left alone. So is what somebody put aside of what a job brought in. When all are looked at, it is after the unfinished
     * jobs, and a server that does not answer is waited for once, for 3 seconds at most.
     *
     * What abandoned jobs left is tried again: for a project that is named at each call, else with the look at all projects. What is
     * gone by then is told as CUTOVER_RECOVERED_UNDONE, what is still there, for a project that is named, as CUTOVER_RECOVERED_LEFT.
     *
     * @param project_id Only this project's jobs; NULL: all. Of one that is named the platform is asked, too: when it is `restoring`
     * for a job that has ended (a process was paused right before it moved the project, its job was recovered, and it died after the
     * move), it becomes `active` again, and emit is told of that job.
     * @param emit       Told of each unfinished job, on the calling thread; may be NULL.
     * @return CUTOVER_OK when every job was looked at, whatever became of it; CUTOVER_E_INVALID ("" is no project's id);
     * CUTOVER_E_NOT_FOUND (a project that neither the store nor the platform knows); CUTOVER_E_STORE, _CALLBACK, _NOMEM; or what emit
     * returned. A job whose lease cannot be read is left alone, the others are looked at, and the status is CUTOVER_E_STORE, or
     * CUTOVER_E_UNSUPPORTED when a newer version of the library wrote it. Any thread; of two that meet one job one settles it. Since
     * 0.1.
     */
    recover(options: { projectId?: string } = {}): Promise<records.Recovery[]> {
        const { projectId } = options;
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_recovery_emit", records.readRecovery);
            await call.run("cutover_recover", [this.handle, call.text(projectId), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Holds what the store says of a project against what production's server holds, as cutover_recover() does, and changes nothing.
     *
     * @param emit Called once, on the calling thread, with the job that it is about ("" where the project has had none):
     * CUTOVER_RECOVERED_STANDS; _LOST and _DIFFERENT, for what recovery would mend or a person must; _RUNNING: a job is under way, or
     * was left unfinished; _FAILED: it cannot be told.
     * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_NOT_FOUND (a project that neither the store nor the platform knows);
     * CUTOVER_E_STORE, _CALLBACK, _NOMEM; or what emit returned. Any thread. Since 0.1.
     */
    projectLook(projectId: string): Promise<records.Recovery[]> {
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_recovery_emit", records.readRecovery);
            await call.run("cutover_project_look", [this.handle, call.text(projectId), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Confirms that a project's production is on another server than at its last job, on purpose. Until then preflight blocks, and
     * every job that overwrites production refuses with CUTOVER_E_STATE. The server is asked: it must be the one of that system
     * identifier, as preflight shows it. The audit entry is `project.server_confirmed`.
     *
     * @param actor             Needs CUTOVER_ROLE_OPERATOR.
     * @param system_identifier As the person read it; decimal.
     * @param reason            1 to 1000 characters, not blank.
     * @return CUTOVER_OK, also where it was known already; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND (project); CUTOVER_E_CONFLICT
     * when the connection leads to yet another server; CUTOVER_E_LOCKED while a job of the project is under way; CUTOVER_E_POSTGRES,
     * _STORE, _CALLBACK, _NOMEM. Any thread. Since 0.1.
     */
    projectConfirmServer(options: { actor: records.Actor; projectId: string; systemIdentifier: string; reason: string }): Promise<void> {
        const { actor, projectId, systemIdentifier, reason } = options;
        return this.calling(async (call) => {
            await call.run("cutover_project_confirm_server", [this.handle, call.struct("cutover_actor", actor), call.text(projectId), call.text(systemIdentifier), call.text(reason), call.error]);
        });
    }

    /**
     * Gives up an unfinished job that recovery cannot settle: its server is gone or is another one, or somebody dropped, recreated or
     * restored production meanwhile. First it does what cutover_recover() does; where that settles the job, that is all. Else it
     * undoes what can be undone, on the server that the journal names by its system identifier, in databases of the OIDs that it
     * names, and nowhere else; writes down what cannot be reached (cutover_leftovers_list()); and ends the job and its request as
     * `failed`, the project `active`. A swap is not given up: one that was committed, as the server or the journal says, is completed.
     * The audit entry `job.abandoned` has the reason and all that is left. May be killed anywhere: called again, it goes on.
     *
     * @param emit Told once, on the calling thread, what became of the job: CUTOVER_RECOVERED_ABANDONED, or COMPLETED, UNDONE;
     * _RUNNING with ask_again_s where it may live; _FAILED. May be NULL.
     * @return CUTOVER_OK when the job has ended; CUTOVER_E_INVALID (also without `confirm`); CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND
     * (no such job); CUTOVER_E_STATE when it had ended already; CUTOVER_E_LOCKED when it lives, or nobody can tell yet; what kept it
     * from being given up: CUTOVER_E_STORE, _POSTGRES, _CALLBACK, _CONFLICT (somebody took it over), _UNSUPPORTED, _NOMEM; or what
     * emit returned. Any thread. Since 0.1.
     */
    recoverAbandon(actor: records.Actor, jobId: string, reason: string, options: { confirm?: boolean } = {}): Promise<records.Recovery[]> {
        const { confirm } = options;
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_recovery_emit", records.readRecovery);
            await call.run("cutover_recover_abandon", [this.handle, call.struct("cutover_abandon_options", { actor, jobId, reason, confirm }), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Emits what abandoned jobs left, as of the last recovery, on the calling thread, oldest first. At most 100 are kept of a project:
     * where more come the oldest are dropped from the list, which the audit entry of that abandoning names as `forgotten`.
     * @param project_id Of this project; NULL: of all.
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (project), _STORE, _CALLBACK, _NOMEM, or what emit returned. Any thread. Since
     * 0.1.
     */
    leftoversList(options: { projectId?: string } = {}): Promise<records.Leftover[]> {
        const { projectId } = options;
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_leftover_emit", records.readLeftover);
            await call.run("cutover_leftovers_list", [this.handle, call.text(projectId), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Takes one off the list: somebody looked after it, or its server will not come back. Nothing is done to what it names. The audit
     * entry is `leftover.forgotten`.
     * @param actor  Needs CUTOVER_ROLE_OPERATOR.
     * @param reason 1 to 1000 characters, not blank.
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _NOMEM. Any thread. Since 0.1.
     */
    leftoverForget(actor: records.Actor, leftoverId: string, reason: string): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_leftover_forget", [this.handle, call.struct("cutover_actor", actor), call.text(leftoverId), call.text(reason), call.error]);
        });
    }

    /**
     * Files a request.
     *
     * @param request Receives the new request, or NULL when not wanted.
     * @return CUTOVER_OK; CUTOVER_E_INVALID (field, bound); CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND (project or preview);
     * CUTOVER_E_STATE (preview not ready, or of another project; project not active); CUTOVER_E_EXPIRED; CUTOVER_E_CONFLICT (a live
     * request for that preview exists: the message names it); CUTOVER_E_STORE; CUTOVER_E_CALLBACK. Any thread. Since 0.1.
     */
    requestCreate(actor: records.Actor, projectId: string, previewId: string, options: { customerNote?: string; externalTicketRef?: string; scheduledFor?: Date } = {}): Promise<records.Request> {
        const { customerNote, externalTicketRef, scheduledFor } = options;
        return this.calling(async (call) => {
            const request = call.out();
            await call.run("cutover_request_create", [this.handle, call.struct("cutover_request_options", { actor, projectId, previewId, customerNote, externalTicketRef, scheduledFor }), request.address, call.error]);
            return taken(request.handle, "cutover_request_free", records.readRequest);
        });
    }

    /**
     * Reads a request. One whose preview is gone or expired is moved to `expired` on the way. One that is open or acked, and whose
     * preview ends within cutover_engine_options.preview_notice_s, fires the event preview.expiring, once for each time that the
     * preview is to end at. When the platform fails, the request is as the store has it, and the log says so.
     * @return CUTOVER_OK, CUTOVER_E_NOT_FOUND, CUTOVER_E_STORE. Since 0.1.
     */
    requestGet(requestId: string): Promise<records.Request> {
        return this.calling(async (call) => {
            const request = call.out();
            await call.run("cutover_request_get", [this.handle, call.text(requestId), request.address, call.error]);
            return taken(request.handle, "cutover_request_free", records.readRequest);
        });
    }

    /**
     * Lists requests, oldest first, each as cutover_request_get() gives it.
     * @param project_id Of this project; NULL: of all, an operator's queue.
     * @param after Id of the last request of the page before; NULL or "" for the first page.
     * @param limit 1 to 1000. Fewer than that: there are no more.
     * @param list  Receives the page; free it with cutover_request_list_free().
     * @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND (a project that neither the store nor the
     * platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
     */
    requestsList(limit: number, options: { projectId?: string; after?: string } = {}): Promise<records.Request[]> {
        const { projectId, after } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_requests_list", [this.handle, call.text(projectId), call.text(after), Number(limit ?? 0), list.address, call.error]);
            return takenList(list.handle, "cutover_request_list", records.readRequest);
        });
    }

    /**
     * Lists requests of a project or status, the oldest or the youngest first; each as cutover_request_get() gives it.
     * @param filter Which; see engine.h.
     * @param list   Receives the page; free it with cutover_request_list_free().
     * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED; CUTOVER_E_NOT_FOUND (a project that neither the
     * store nor the platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
     */
    requestsFind(options: { projectId?: string; status?: string; kind?: string; newestFirst?: boolean; after?: string; limit?: number } = {}): Promise<records.Request[]> {
        const { projectId, status, kind, newestFirst, after, limit } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_requests_find", [this.handle, call.struct("cutover_filter", { projectId, status, kind, newestFirst, after, limit }), list.address, call.error]);
            return takenList(list.handle, "cutover_request_list", records.readRequest);
        });
    }

    /**
     * An operator agrees: open → acked.
     *
     * @param request Receives the request as it is now, or NULL when not wanted.
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE, _STORE, _CALLBACK; CUTOVER_E_CONFLICT (see if_version);
     * CUTOVER_E_EXPIRED, also when the preview expires before the agreed time (with the remedy). Any thread. Since 0.1.
     */
    requestAck(actor: records.Actor, requestId: string, options: { operatorNote?: string; scheduledFor?: Date; ifVersion?: number } = {}): Promise<records.Request> {
        const { operatorNote, scheduledFor, ifVersion } = options;
        return this.calling(async (call) => {
            const request = call.out();
            await call.run("cutover_request_ack", [this.handle, call.struct("cutover_request_ack_options", { actor, requestId, operatorNote, scheduledFor, ifVersion }), request.address, call.error]);
            return taken(request.handle, "cutover_request_free", records.readRequest);
        });
    }

    /**
     * An operator declines: open or acked → rejected.
     *
     * @param actor   Needs CUTOVER_ROLE_OPERATOR.
     * @param reason  Required: 1 to CUTOVER_NOTE_MAX characters.
     * @param request Receives the request as it is now, or NULL when not wanted.
     * @return As cutover_request_ack(). Any thread. Since 0.1.
     */
    requestReject(actor: records.Actor, requestId: string, reason: string): Promise<records.Request> {
        return this.calling(async (call) => {
            const request = call.out();
            await call.run("cutover_request_reject", [this.handle, call.struct("cutover_actor", actor), call.text(requestId), call.text(reason), request.address, call.error]);
            return taken(request.handle, "cutover_request_free", records.readRequest);
        });
    }

    /**
     * Takes the wish back: open or acked → cancelled. By its requester (CUTOVER_ROLE_MEMBER) or an operator. Otherwise as
     * cutover_request_reject(). Since 0.1.
     */
    requestCancel(actor: records.Actor, requestId: string): Promise<records.Request> {
        return this.calling(async (call) => {
            const request = call.out();
            await call.run("cutover_request_cancel", [this.handle, call.struct("cutover_actor", actor), call.text(requestId), request.address, call.error]);
            return taken(request.handle, "cutover_request_free", records.readRequest);
        });
    }

    /**
     * Attaches or replaces the external ticket while the request is open or acked. By a member or an operator.
     * @param ticket 1 to CUTOVER_TICKET_MAX characters, not only white space; kept as given. Otherwise as cutover_request_reject().
     * Since 0.1.
     */
    requestSetTicket(actor: records.Actor, requestId: string, ticket: string): Promise<records.Request> {
        return this.calling(async (call) => {
            const request = call.out();
            await call.run("cutover_request_set_ticket", [this.handle, call.struct("cutover_actor", actor), call.text(requestId), call.text(ticket), request.address, call.error]);
            return taken(request.handle, "cutover_request_free", records.readRequest);
        });
    }

    /**
     * Agrees on another time, once one was agreed on with the ack: the request stays acked. By its requester (CUTOVER_ROLE_MEMBER) or
     * an operator: whoever acts changes it, and the event cutover.rescheduled tells the other, with the time that it was before.
     * @param scheduled_for As cutover_request_ack_options.scheduled_for: in the future, and before the preview expires; 0: any time.
     * Otherwise as cutover_request_reject(). Since 0.1.
     */
    requestReschedule(actor: records.Actor, requestId: string, options: { scheduledFor?: Date } = {}): Promise<records.Request> {
        const { scheduledFor } = options;
        return this.calling(async (call) => {
            const request = call.out();
            await call.run("cutover_request_reschedule", [this.handle, call.struct("cutover_actor", actor), call.text(requestId), micros(scheduledFor), request.address, call.error]);
            return taken(request.handle, "cutover_request_free", records.readRequest);
        });
    }

    /**
     * Checks the rules and makes the job; touches no server and no database.
     *
     * @return CUTOVER_OK; CUTOVER_E_INVALID (not exactly one target, no confirm); CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND;
     * CUTOVER_E_STATE (the backup is not verified, or of another project); CUTOVER_E_LOCKED, _STORE, _CALLBACK. Since 0.1.
     */
    restoreStart(actor: records.Actor, backupId: string, options: { previewId?: string; projectId?: string; confirm?: boolean; jobs?: number; verify?: abi.VerifyMethod; progress?: (progress: records.Progress) => unknown; fence?: abi.Fence; writesRefusedMaxS?: number } = {}): Promise<Restore> {
        const { previewId, projectId, confirm, jobs, verify, progress, fence, writesRefusedMaxS } = options;
        return this.calling(async (call) => {
            const reporter = call.reporter(progress);
            const restore = call.out();
            await call.run("cutover_restore_start", [this.handle, call.struct("cutover_restore_options", { actor, backupId, previewId, projectId, confirm, jobs, verify, fence, writesRefusedMaxS, progress: reporter.callback, progressUserdata: reporter.context }), restore.address, call.error]);
            return new Restore(this as unknown as Engine, restore.handle, reporter);
        });
    }

    /**
     * Checks the rules, looks at production's server, and makes the job; changes nothing.
     *
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE (not completed; production was replaced again
     * since; the displaced database is gone); CUTOVER_E_LOCKED, _STORE, _POSTGRES, _CALLBACK. Writes since the cutover are no failure
     * here: see cutover_rollback_writes(). Since 0.1.
     */
    rollbackStart(actor: records.Actor, requestId: string, options: { discardWrites?: boolean; progress?: (progress: records.Progress) => unknown } = {}): Promise<Rollback> {
        const { discardWrites, progress } = options;
        return this.calling(async (call) => {
            const reporter = call.reporter(progress);
            const rollback = call.out();
            await call.run("cutover_rollback_start", [this.handle, call.struct("cutover_rollback_options", { actor, requestId, discardWrites, progress: reporter.callback, progressUserdata: reporter.context }), rollback.address, call.error]);
            return new Rollback(this as unknown as Engine, rollback.handle, reporter);
        });
    }

}

/** A registry. Threads may share it. */
export class RegistryCalls extends Owner {
    /**
     * Adds a project; its state begins as "active", for no job, whatever the struct says.
     * @return CUTOVER_OK; CUTOVER_E_INVALID (which field and why; also a conninfo with a password); CUTOVER_E_CONFLICT when the id
     * exists; CUTOVER_E_STORE. Since 0.1.
     */
    projectAdd(id: string, database: string, options: { organizationId?: string; state?: string; controlDatabase?: string; verifyDatabase?: string; jobId?: string; loaderDatabase?: string; pgbouncers?: readonly string[]; holdFence?: boolean } = {}): Promise<void> {
        const { organizationId, state, controlDatabase, verifyDatabase, jobId, loaderDatabase, pgbouncers, holdFence } = options;
        return this.calling(async (call) => {
            await call.run("cutover_registry_project_add", [this.handle, call.struct("cutover_project", { id, organizationId, state, database, controlDatabase, verifyDatabase, jobId, loaderDatabase, pgbouncers, holdFence }), call.error]);
        });
    }

    /**
     * Sets a project's `pgbouncers` (cutover_project): conninfos ended by a NULL, at most 100; NULL: none. As
     * cutover_registry_project_set(), so never under a job; and CUTOVER_E_STATE while the project is `restoring`: a job lets go those
     * whom it told to hold their clients. Since 0.1.
     */
    projectSetPgbouncers(projectId: string, consoles: readonly string[]): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_registry_project_set_pgbouncers", [this.handle, call.text(projectId), call.texts(consoles), call.error]);
        });
    }

    /**
     * Sets a project's `hold_fence` (cutover_project). As cutover_registry_project_set_pgbouncers(): a job ends with its poolers as it
     * began with them. Since 0.1.
     */
    projectSetHoldFence(projectId: string, holdFence: boolean): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_registry_project_set_hold_fence", [this.handle, call.text(projectId), Number(holdFence ?? 0), call.error]);
        });
    }

    /**
     * Changes a project. `id` names it; of the other members those that are NULL stay as they are, as does an organization_id of "";
     * an optional one (control_database, verify_database, loader_database) that is "" is taken away, and so are pgbouncers by an empty
     * list. `hold_fence` stays where it is 0; above 0 it is set, below it is taken away. `state` and `job_id` are not read. All of it
     * is one commit. Refused while a job of the project is under way or was left unfinished: what a job overwrites does not change
     * under it. The audit entry `project.changed` names the members. Production on another server is confirmed by a person before the
     * next job: cutover_project_confirm_server().
     *
     * @return CUTOVER_OK, also where nothing is another; CUTOVER_E_INVALID, _NOT_FOUND, _LOCKED, _STATE (pgbouncers while the project
     * is `restoring`), _STORE, _NOMEM. Since 0.1.
     */
    projectSet(id: string, database: string, options: { organizationId?: string; state?: string; controlDatabase?: string; verifyDatabase?: string; jobId?: string; loaderDatabase?: string; pgbouncers?: readonly string[]; holdFence?: boolean } = {}): Promise<void> {
        const { organizationId, state, controlDatabase, verifyDatabase, jobId, loaderDatabase, pgbouncers, holdFence } = options;
        return this.calling(async (call) => {
            await call.run("cutover_registry_project_set", [this.handle, call.struct("cutover_project", { id, organizationId, state, database, controlDatabase, verifyDatabase, jobId, loaderDatabase, pgbouncers, holdFence }), call.error]);
        });
    }

    /** Emits all projects in order of their ids. Since 0.1. */
    projectsList(): Promise<records.Project[]> {
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_project_emit", records.readProject);
            await call.run("cutover_registry_projects_list", [this.handle, emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Takes a project out of the registry. Its requests, jobs and audit trail stay in the store and can be listed. Never one of which
     * something lives: a job, a live request, a backup that was not deleted, a displaced database, what an abandoned job left, a
     * preview. The error says which. The audit entry is `project.removed`.
     *
     * @param engine Of the registry's platform.
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _NOT_FOUND; _LOCKED (a job), _STATE (all else that lives); _POSTGRES (see
     * without_server), _STORE, _NOMEM. Since 0.1.
     */
    projectRemove(engine: Owner, projectId: string, reason: string, options: { confirm?: boolean; withoutServer?: boolean } = {}): Promise<void> {
        const { confirm, withoutServer } = options;
        return this.calling(async (call) => {
            await call.run("cutover_registry_project_remove", [this.handle, engine.handle, call.struct("cutover_project_removal", { projectId, reason, confirm, withoutServer }), call.error]);
        });
    }

    /** Adds a preview of a project that exists, `ready`. As cutover_registry_project_add(). Since 0.1. */
    previewAdd(id: string, projectId: string, database: string, options: { state?: string; expiresAt?: Date } = {}): Promise<void> {
        const { state, expiresAt } = options;
        return this.calling(async (call) => {
            await call.run("cutover_registry_preview_add", [this.handle, call.struct("cutover_preview", { id, projectId, state, database, expiresAt }), call.error]);
        });
    }

    /** Sets a preview's expiry (microseconds since 1970 UTC, 0: never). CUTOVER_E_NOT_FOUND where there is none. Since 0.1. */
    previewExtend(previewId: string, options: { expiresAt?: Date } = {}): Promise<void> {
        const { expiresAt } = options;
        return this.calling(async (call) => {
            await call.run("cutover_registry_preview_extend", [this.handle, call.text(previewId), micros(expiresAt), call.error]);
        });
    }

    /**
     * Emits the previews of a project (NULL: of all) in order of their ids. The state of a `ready` one whose end has come is told as
     * `expired` here, and here alone: the port tells both apart. CUTOVER_E_NOT_FOUND for a project that is not there. Since 0.1.
     */
    previewsList(options: { projectId?: string } = {}): Promise<records.Preview[]> {
        const { projectId } = options;
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_preview_emit", records.readPreview);
            await call.run("cutover_registry_previews_list", [this.handle, call.text(projectId), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

    /**
     * Takes a preview out of the registry; its database is the host's matter. Never one that a live request (CUTOVER_E_STATE) or a job
     * (CUTOVER_E_LOCKED) uses. The audit entry is `preview.removed`.
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STATE, _LOCKED, _STORE, _NOMEM. Since 0.1.
     */
    previewRemove(previewId: string): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_registry_preview_remove", [this.handle, call.text(previewId), call.error]);
        });
    }

}

/** The webhooks of a store. Threads may share it; cutover_webhooks_deliver() is for one thread at a time. */
export class WebhooksCalls extends Owner {
    /**
     * Makes the attempts that are due, several endpoints side by side, until none is due or under way, or max_ms are over: what is
     * under way then goes on in the next call. What becomes due meanwhile is made too, so that an endpoint that hangs holds up nobody
     * else. An attempt is claimed in the store before it is made: two processes never make the same one at once, and one whose process
     * died is made again when its claim has run out (timeout_ms and 30 s).
     *
     * Nothing is sent by itself: call it at round.next_at, at least every few seconds where events are delivered elsewhere, from a
     * thread of its own.
     *
     * @param max_ms Milliseconds; 0: until none is due or under way.
     * @param round  Initialised; receives the counts as far as its version has them, untouched on failure. Or NULL.
     * @return CUTOVER_OK (attempts that failed are counts, not failures); CUTOVER_E_LOCKED when another thread is at it;
     * CUTOVER_E_INVALID; CUTOVER_E_UNSUPPORTED; CUTOVER_E_STORE (also a damaged document: the others were still delivered);
     * CUTOVER_E_NOMEM. Since 0.1.
     */
    deliver(options: { maxMs?: number } = {}): Promise<records.WebhookRound> {
        const { maxMs } = options;
        return this.calling(async (call) => {
            const round = call.struct("cutover_webhook_round", {});
            await call.run("cutover_webhooks_deliver", [this.handle, Number(maxMs ?? 0), round, call.error]);
            return records.readWebhookRound(round);
        });
    }

    /**
     * Adds an endpoint. It gets the events that are committed from then on. Audited as webhook.created.
     *
     * @param secret  Required: receives "whsec_" and the Base64 of 32 random bytes, which nobody can read again; for
     * cutover_string_free().
     * @param webhook Receives the endpoint, or NULL when not wanted.
     * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_FORBIDDEN; CUTOVER_E_STATE when the project has
     * CUTOVER_WEBHOOK_MAX; CUTOVER_E_UNSUPPORTED, _STORE, _NOMEM. Any thread. Since 0.1.
     */
    create(actor: records.Actor, projectId: string, url: string, options: { description?: string; eventTypes?: readonly string[] } = {}): Promise<[string, records.Webhook]> {
        const { description, eventTypes } = options;
        return this.calling(async (call) => {
            const secret = call.out();
            const webhook = call.out();
            await call.run("cutover_webhook_create", [this.handle, call.struct("cutover_webhook_options", { actor, projectId, url, description, eventTypes }), secret.address, webhook.address, call.error]);
            return [takenText(secret.handle), taken(webhook.handle, "cutover_webhook_free", records.readWebhook)];
        });
    }

    /** Reads an endpoint. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1. */
    get(webhookId: string): Promise<records.Webhook> {
        return this.calling(async (call) => {
            const webhook = call.out();
            await call.run("cutover_webhook_get", [this.handle, call.text(webhookId), webhook.address, call.error]);
            return taken(webhook.handle, "cutover_webhook_free", records.readWebhook);
        });
    }

    /**
     * Lists endpoints, oldest first.
     * @param project_id Of this project; NULL: of all.
     * @param after Id of the last one of the page before; NULL or "" for the first page.
     * @param limit 1 to 1000. Fewer than that: there are no more.
     * @param list  Receives the page; free it with cutover_webhook_list_free().
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
     */
    list(limit: number, options: { projectId?: string; after?: string } = {}): Promise<records.Webhook[]> {
        const { projectId, after } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_webhooks_list", [this.handle, call.text(projectId), call.text(after), Number(limit ?? 0), list.address, call.error]);
            return takenList(list.handle, "cutover_webhook_list", records.readWebhook);
        });
    }

    /**
     * Changes an endpoint. Audited as webhook.updated; where all is as it was, nothing is written.
     * @param webhook Receives it as it is now, or NULL when not wanted.
     * @return CUTOVER_OK; CUTOVER_E_CONFLICT when it is not at expected_version; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE,
     * _NOMEM. Any thread. Since 0.1.
     */
    update(actor: records.Actor, webhookId: string, options: { enabled?: number; url?: string; description?: string; eventTypes?: readonly string[]; expectedVersion?: number } = {}): Promise<records.Webhook> {
        const { enabled, url, description, eventTypes, expectedVersion } = options;
        return this.calling(async (call) => {
            const webhook = call.out();
            await call.run("cutover_webhook_update", [this.handle, call.struct("cutover_webhook_change", { enabled, actor, webhookId, url, description, eventTypes, expectedVersion }), webhook.address, call.error]);
            return taken(webhook.handle, "cutover_webhook_free", records.readWebhook);
        });
    }

    /**
     * Removes an endpoint with its secrets and its deliveries. Audited as webhook.deleted. CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN,
     * _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
     */
    delete(actor: records.Actor, webhookId: string): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_webhook_delete", [this.handle, call.struct("cutover_actor", actor), call.text(webhookId), call.error]);
        });
    }

    /**
     * Makes a new secret. Messages are signed with it and, for a while, with the ones before it (of which four at most are kept).
     * Audited as webhook.secret_rotated.
     * @param overlap_s Seconds that the ones before it go on: at most 604800; 0: they end at once.
     * @param secret    Required: receives the new one, as cutover_webhook_create() does.
     * @param webhook   Receives the endpoint as it is now, or NULL when not wanted.
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
     */
    rotateSecret(actor: records.Actor, webhookId: string, options: { overlapS?: number } = {}): Promise<[string, records.Webhook]> {
        const { overlapS } = options;
        return this.calling(async (call) => {
            const secret = call.out();
            const webhook = call.out();
            await call.run("cutover_webhook_rotate_secret", [this.handle, call.struct("cutover_actor", actor), call.text(webhookId), Number(overlapS ?? 0), secret.address, webhook.address, call.error]);
            return [takenText(secret.handle), taken(webhook.handle, "cutover_webhook_free", records.readWebhook)];
        });
    }

    /**
     * Makes a delivery of the type "webhook.test" for an endpoint that is enabled, whatever types it takes; the next
     * cutover_webhooks_deliver() sends it. Audited as webhook.tested.
     * @param delivery Receives it, or NULL when not wanted; cutover_webhook_delivery_get() tells later what became of it.
     * @return CUTOVER_OK; CUTOVER_E_STATE when the endpoint is off; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _UNSUPPORTED,
     * _NOMEM. Any thread. Since 0.1.
     */
    test(actor: records.Actor, webhookId: string): Promise<records.WebhookDelivery> {
        return this.calling(async (call) => {
            const delivery = call.out();
            await call.run("cutover_webhook_test", [this.handle, call.struct("cutover_actor", actor), call.text(webhookId), delivery.address, call.error]);
            return taken(delivery.handle, "cutover_webhook_delivery_free", records.readWebhookDelivery);
        });
    }

    /**
     * Lists an endpoint's deliveries, each with its attempts.
     * @param filter status: "pending", "delivered" or "dead"; kind: a type of event; project_id: NULL. See engine.h.
     * @param list   Receives the page; free it with cutover_webhook_delivery_list_free().
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (the endpoint), _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
     */
    deliveriesFind(webhookId: string, options: { projectId?: string; status?: string; kind?: string; newestFirst?: boolean; after?: string; limit?: number } = {}): Promise<records.WebhookDelivery[]> {
        const { projectId, status, kind, newestFirst, after, limit } = options;
        return this.calling(async (call) => {
            const list = call.out();
            await call.run("cutover_webhook_deliveries_find", [this.handle, call.text(webhookId), call.struct("cutover_filter", { projectId, status, kind, newestFirst, after, limit }), list.address, call.error]);
            return takenList(list.handle, "cutover_webhook_delivery_list", records.readWebhookDelivery);
        });
    }

    /**
     * Reads one delivery of an endpoint by its message's id. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM.
     * Any thread. Since 0.1.
     */
    deliveryGet(webhookId: string, messageId: string): Promise<records.WebhookDelivery> {
        return this.calling(async (call) => {
            const delivery = call.out();
            await call.run("cutover_webhook_delivery_get", [this.handle, call.text(webhookId), call.text(messageId), delivery.address, call.error]);
            return taken(delivery.handle, "cutover_webhook_delivery_free", records.readWebhookDelivery);
        });
    }

    /**
     * Sends messages again, under the ids that they had, with all attempts before them. Audited as webhook.redelivered, once for a
     * call that found any.
     * @param count Receives how many; or NULL.
     * @return CUTOVER_OK, also for none of a range; CUTOVER_E_NOT_FOUND (the endpoint, the one message); CUTOVER_E_STATE when the one
     * waits already, or the endpoint is off; CUTOVER_E_INVALID, _FORBIDDEN, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
     */
    redeliver(actor: records.Actor, webhookId: string, options: { messageId?: string; since?: Date; until?: Date } = {}): Promise<number> {
        const { messageId, since, until } = options;
        return this.calling(async (call) => {
            const count = call.out();
            await call.run("cutover_webhook_redeliver", [this.handle, call.struct("cutover_webhook_selection", { actor, webhookId, messageId, since, until }), count.address, call.error]);
            return count.number;
        });
    }

}

/** The integrations of a store. Threads may share it. */
export class IntegrationsCalls extends Owner {
    /**
     * Carries out every sync that is due, several integrations side by side, and returns when all of them have ended. A sync that
     * fails is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each up to a tenth later at random; where
     * the provider names a later time (Retry-After, or its rate limit's end) not before that, at most a day later. Then it is given
     * up. What became of it is in the record, and in the audit trail: integration.synced, or integration.sync_failed for each attempt
     * that failed, with no secret in either.
     *
     * Each sync is claimed by compare-and-set: of two processes one makes an attempt. Where a process dies in the middle, the sync is
     * due again when its claim has run out (ten times timeout_ms, and a minute): what a sync writes may be written twice.
     *
     * @param project_id Of this project; NULL: of all.
     * @param run        Initialised; receives the counts as far as its version has them, untouched on failure. Or NULL.
     * @return CUTOVER_OK (failed syncs are counts, not failures); CUTOVER_E_INVALID, _UNSUPPORTED, _STORE, _NOMEM. Any thread; several
     * may call at once. Since 0.1.
     */
    deliver(options: { projectId?: string } = {}): Promise<records.IntegrationRun> {
        const { projectId } = options;
        return this.calling(async (call) => {
            const run = call.struct("cutover_integration_run", {});
            await call.run("cutover_integrations_deliver", [this.handle, call.text(projectId), run, call.error]);
            return records.readIntegrationRun(run);
        });
    }

    /**
     * Connects a project to a provider, or changes how it is connected: then what is given replaces what was there, but a secret that
     * is NULL stays. Reaches nobody: what the provider thinks of it is told by the first sync. The audit entry is
     * integration.connected.
     * @param integration Receives the integration as it is now, or NULL when not wanted.
     * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member and its bound); CUTOVER_E_FORBIDDEN; CUTOVER_E_STATE: a secret is
     * neither given nor in the folder, and there is no callback, or it is given and there is no folder; CUTOVER_E_UNSUPPORTED, _IO,
     * _STORE, _NOMEM. Any thread. Since 0.1.
     */
    connect(options: { actor: records.Actor; projectId: string; provider: string; siteId: string; flags?: number; accountId?: string; pooledName?: string; unpooledName?: string; targets?: readonly string[]; token?: string; pooledUrl?: string; unpooledUrl?: string }): Promise<records.Integration> {
        const { actor, projectId, provider, siteId, flags, accountId, pooledName, unpooledName, targets, token, pooledUrl, unpooledUrl } = options;
        return this.calling(async (call) => {
            const integration = call.out();
            await call.run("cutover_integration_connect", [this.handle, call.struct("cutover_integration_options", { flags, actor, projectId, provider, siteId, accountId, pooledName, unpooledName, targets, token, pooledUrl, unpooledUrl }), integration.address, call.error]);
            return taken(integration.handle, "cutover_integration_free", records.readIntegration);
        });
    }

    /**
     * Forgets an integration and removes its secrets. The variables stay with the provider. A sync that another process is in the
     * middle of still ends. The audit entry is integration.disconnected.
     * @param actor    Needs CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN.
     * @param provider "vercel" or "netlify".
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN; CUTOVER_E_NOT_FOUND: it is not connected; CUTOVER_E_IO: it is forgotten, but
     * a file with a secret could not be removed (the message names it); CUTOVER_E_STORE, _NOMEM. Any thread. Since 0.1.
     */
    disconnect(actor: records.Actor, projectId: string, provider: string): Promise<void> {
        return this.calling(async (call) => {
            await call.run("cutover_integration_disconnect", [this.handle, call.struct("cutover_actor", actor), call.text(projectId), call.text(provider), call.error]);
        });
    }

    /**
     * Makes a sync due now, with all its attempts before it; cutover_integrations_deliver() carries it out. Where another process is
     * in the middle of one, it comes after that. The audit entry is integration.sync_requested.
     * @param actor       Needs CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN.
     * @param integration Receives the integration as it is now, or NULL when not wanted.
     * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _NOMEM. Any thread. Since 0.1.
     */
    sync(actor: records.Actor, projectId: string, provider: string): Promise<records.Integration> {
        return this.calling(async (call) => {
            const integration = call.out();
            await call.run("cutover_integration_sync", [this.handle, call.struct("cutover_actor", actor), call.text(projectId), call.text(provider), integration.address, call.error]);
            return taken(integration.handle, "cutover_integration_free", records.readIntegration);
        });
    }

    /**
     * Reads an integration. Who may read is the host's to say.
     * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_NOT_FOUND: it is not connected; CUTOVER_E_STORE, _NOMEM. Any thread. Since 0.1.
     */
    get(projectId: string, provider: string): Promise<records.Integration> {
        return this.calling(async (call) => {
            const integration = call.out();
            await call.run("cutover_integration_get", [this.handle, call.text(projectId), call.text(provider), integration.address, call.error]);
            return taken(integration.handle, "cutover_integration_free", records.readIntegration);
        });
    }

    /**
     * Emits the integrations in order of project and provider, on the calling thread.
     * @param project_id Of this project; NULL: of all.
     * @return CUTOVER_OK, CUTOVER_E_INVALID, _STORE, _NOMEM, or what emit returned. Any thread. Since 0.1.
     */
    list(options: { projectId?: string } = {}): Promise<records.Integration[]> {
        const { projectId } = options;
        return this.calling(async (call) => {
            const emit = call.emitted("cutover_integration_emit", records.readIntegration);
            await call.run("cutover_integrations_list", [this.handle, call.text(projectId), emit.callback, emit.context, call.error]);
            return emit.found;
        });
    }

}
