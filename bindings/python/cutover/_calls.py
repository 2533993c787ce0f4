"""A method for each function of an engine, a registry, webhooks and integrations, under its name.

Made by generate.py of interface.json: do not edit.
"""
from __future__ import annotations

import ctypes as c
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Callable, List, Optional, Sequence, Tuple, cast

from . import _abi as abi
from . import _records as records
from ._call import Call, Owner, Reporter, taken, taken_list, taken_text
from ._library import lib
from ._preflight import Preflight, read_preflight
from ._values import encoded, micros
from .jobs import BackupJob, Promotion, Restore, Rollback

if TYPE_CHECKING:
    from .engine import Engine


class EngineCalls(Owner):
    """An engine. Threads may share it; several engines in one process do not know of each other."""

    def audit_list(self, project_id: str, limit: int, *, after: Optional[str] = None) -> List[records.AuditEntry]:
        """Emits a project's audit trail, oldest first, on the calling thread.
        @param project_id Required.
        @param after      Cursor of the last entry of the page before; NULL or "" for the first.
        @param limit      Entries of this page: 1 to 1000.
        @param emit       Required; called with `context` for each. It does not call the library: the store is being
        read.
        @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_NOT_FOUND (project), CUTOVER_E_STORE, CUTOVER_E_NOMEM, or
        what emit returned. Any thread. Since 0.1.
        """
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_audit_emit, abi.cutover_audit_entry, records.read_audit_entry)
            call.run(lib.cutover_audit_list, self.handle, encoded(project_id), encoded(after), limit, emitted, None, call.error)
            return emit_list

    def events_deliver(self, *, notifier: Optional[str] = None) -> records.Delivery:
        """Hands what is in the outbox to the notifiers: at least once, in order within a project, a refused event again
        after a pause that doubles from one second to ten minutes, or when the notifier said, at most
        cutover_named_notifier.attempts times. Then, or when the notifier said never again, it is given up for that
        notifier: later ones go on. An event leaves the outbox once every notifier that the store knows has taken it.
        Nothing is delivered by itself: call this periodically.

        Notifiers are called on the calling thread, one after another; this returns when they have. A notifier that
        another thread of this engine is in the middle of is passed over. So one that hangs holds its one thread and
        its own events: give each notifier a thread that names it; or call from a pool, where the next call goes past
        the one that hangs. Several processes may call at once.

        The store knows a notifier from the first call of an engine that was given it, whichever is delivered to, and
        forgets it when no engine that delivered was given it on seven days: then nothing waits for it any more.

        @param options  NULL: all notifiers.
        @param delivery Initialised; receives the counts as far as its version has them, untouched on failure. Or
        NULL.
        @return CUTOVER_OK (refused events are counts, not failures); CUTOVER_E_STATE when the engine has no notifier;
        CUTOVER_E_NOT_FOUND when it has none of that name; CUTOVER_E_INVALID; CUTOVER_E_UNSUPPORTED for a version that
        is not known; CUTOVER_E_STORE (a damaged event, which holds up its project; or the store's own failure);
        CUTOVER_E_NOMEM. After a failure with one notifier the others were still delivered to. Any thread. Since 0.1.
        """
        with Call(self) as call:
            options = call.struct(abi.cutover_delivery_options, {"notifier": notifier})
            delivery = call.struct(abi.cutover_delivery, {})
            call.run(lib.cutover_events_deliver, self.handle, c.byref(options), c.byref(delivery), call.error)
            return records.read_delivery(delivery)

    def events_list(self, *, project_id: Optional[str] = None) -> List[records.Event]:
        """Emits what is in the outbox, in order within each project, on the calling thread. The JSON carries
        "deliveries": for each notifier that the store knows or the engine has, by name, {status: pending | delivered
        | given_up | discarded, attempts (deliveries so far), failures (those that count), next_attempt_at,
        lease_until (being delivered now), last_error}.

        @param project_id NULL: of every project.
        @param emit       Required; called with `context` for each.
        @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_NOT_FOUND (project), CUTOVER_E_STORE, CUTOVER_E_NOMEM, or
        what emit returned. Any thread. Since 0.1.
        """
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_event_emit, abi.cutover_event, records.read_event)
            call.run(lib.cutover_events_list, self.handle, encoded(project_id), emitted, None, call.error)
            return emit_list

    def events_retry(
            self,
            actor: records.Actor,
            notifier: str,
            *,
            project_id: Optional[str] = None,
            first: Optional[int] = None,
            last: Optional[int] = None) -> int:
        """Takes events that were given up for a notifier back to pending, with all their attempts before them: the next
        cutover_events_deliver() offers them, and later ones of their project wait for them again. Others of the
        selection are passed over; but where it names one (first and last are the same) that one is there and was
        given up, or it is an error. Each is a commit of its own, with an audit entry event.retried.

        @param count Receives how many; or NULL.
        @return CUTOVER_OK, also for none of a range; CUTOVER_E_NOT_FOUND when the one is not in the outbox, or there
        is no such project, or no engine has ever delivered to a notifier of that name; CUTOVER_E_STATE when it was
        not given up for that notifier; CUTOVER_E_CONFLICT when somebody else settled it meanwhile; CUTOVER_E_INVALID,
        CUTOVER_E_FORBIDDEN, CUTOVER_E_UNSUPPORTED, CUTOVER_E_STORE, CUTOVER_E_NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            selection = call.struct(abi.cutover_event_selection, {"actor": actor, "notifier": notifier, "project_id": project_id, "first": first, "last": last})
            count = c.c_uint32()
            call.run(lib.cutover_events_retry, self.handle, c.byref(selection), c.byref(count), call.error)
            return count.value

    def events_discard(
            self,
            actor: records.Actor,
            notifier: str,
            *,
            project_id: Optional[str] = None,
            first: Optional[int] = None,
            last: Optional[int] = None) -> int:
        """Lets go of events that were given up for a notifier: it is done with them, as if it had taken them, and an
        event leaves the outbox when no other one waits for it. The audit entries are event.discarded. Otherwise as
        cutover_events_retry(). Since 0.1.
        """
        with Call(self) as call:
            selection = call.struct(abi.cutover_event_selection, {"actor": actor, "notifier": notifier, "project_id": project_id, "first": first, "last": last})
            count = c.c_uint32()
            call.run(lib.cutover_events_discard, self.handle, c.byref(selection), c.byref(count), call.error)
            return count.value

    def backup_create(
            self,
            actor: records.Actor,
            *,
            project_id: Optional[str] = None,
            label: Optional[str] = None,
            jobs: Optional[int] = None,
            verify: Optional[abi.VerifyMethod] = None,
            progress: Optional[Callable[[records.Progress], object]] = None) -> records.Backup:
        """Takes a backup of a project's production database and verifies it. Production stays open for reads and writes;
        the backup is of one snapshot.

        @param backup Receives the verified backup, or NULL when not wanted.
        @return CUTOVER_OK; CUTOVER_E_VERIFY with a verdict; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE or
        _LOCKED (project busy), _CANCELLED, _CONFLICT (its lease is lost), _POSTGRES, _REPOSITORY, _STORE, _IO,
        _NOMEM, _UNSUPPORTED. On failure the record stays as `failed`, or `cancelled` where that is why, and the
        partial archive is swept. Blocks; one call per thread. Since 0.1.
        """
        with Call(self) as call:
            reporter = Reporter(progress)
            options = call.struct(abi.cutover_backup_options, {"actor": actor, "project_id": project_id, "label": label, "jobs": jobs, "verify": verify})
            options.progress = reporter.callback
            backup = c.c_void_p()
            reporter.run(call, lib.cutover_backup_create, self.handle, c.byref(options), c.byref(backup), call.error)
            return taken(backup, lib.cutover_backup_free, records.read_backup)

    def backup_verify(
            self,
            actor: records.Actor,
            backup_id: str,
            *,
            project_id: Optional[str] = None,
            label: Optional[str] = None,
            jobs: Optional[int] = None,
            verify: Optional[abi.VerifyMethod] = None,
            progress: Optional[Callable[[records.Progress], object]] = None) -> records.Backup:
        """Verifies a backup again. CUTOVER_OK means: equal. CUTOVER_E_VERIFY with the verdict (cutover_error_verdict())
        and the names of what differs in the error means different or could not tell. It is a job of its own
        (cutover_progress.job_id): its record and report stay, whatever becomes of the backup. Where nothing was found
        out, or it was cancelled, or its process died, the backup is what it was before.

        @param options Method, jobs, progress and actor (CUTOVER_ROLE_OPERATOR).
        @return As cutover_backup_create(). Since 0.1.
        """
        with Call(self) as call:
            reporter = Reporter(progress)
            options = call.struct(abi.cutover_backup_options, {"actor": actor, "project_id": project_id, "label": label, "jobs": jobs, "verify": verify})
            options.progress = reporter.callback
            backup = c.c_void_p()
            reporter.run(call, lib.cutover_backup_verify, self.handle, c.byref(options), encoded(backup_id), c.byref(backup), call.error)
            return taken(backup, lib.cutover_backup_free, records.read_backup)

    def backup_start(
            self,
            actor: records.Actor,
            *,
            project_id: Optional[str] = None,
            label: Optional[str] = None,
            jobs: Optional[int] = None,
            verify: Optional[abi.VerifyMethod] = None,
            progress: Optional[Callable[[records.Progress], object]] = None) -> BackupJob:
        """What cutover_backup_create() does, in two parts, for hosts that hand out the job's id first: checks the rules
        and makes the job; changes nothing and touches no server.

        @param job Receives it; cutover_backup_job_run() does it.
        @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE or _LOCKED (project busy), _STORE,
        _CALLBACK, _NOMEM, _UNSUPPORTED. Any thread. Since 0.1.
        """
        with Call(self) as call:
            reporter = Reporter(progress)
            options = call.struct(abi.cutover_backup_options, {"actor": actor, "project_id": project_id, "label": label, "jobs": jobs, "verify": verify})
            options.progress = reporter.callback
            job = c.c_void_p()
            call.run(lib.cutover_backup_start, self.handle, c.byref(options), c.byref(job), call.error)
            return BackupJob(cast('Engine', self), job, reporter)

    def backup_verify_start(
            self,
            actor: records.Actor,
            backup_id: str,
            *,
            project_id: Optional[str] = None,
            label: Optional[str] = None,
            jobs: Optional[int] = None,
            verify: Optional[abi.VerifyMethod] = None,
            progress: Optional[Callable[[records.Progress], object]] = None) -> BackupJob:
        """Likewise for cutover_backup_verify(); CUTOVER_E_STATE also for a backup that is being taken or verified, was
        deleted, or has no archive. Since 0.1.
        """
        with Call(self) as call:
            reporter = Reporter(progress)
            options = call.struct(abi.cutover_backup_options, {"actor": actor, "project_id": project_id, "label": label, "jobs": jobs, "verify": verify})
            options.progress = reporter.callback
            job = c.c_void_p()
            call.run(lib.cutover_backup_verify_start, self.handle, c.byref(options), encoded(backup_id), c.byref(job), call.error)
            return BackupJob(cast('Engine', self), job, reporter)

    def backup_get(self, backup_id: str) -> records.Backup:
        """Reads a backup's record. CUTOVER_OK, CUTOVER_E_NOT_FOUND, CUTOVER_E_STORE. Since 0.1."""
        with Call(self) as call:
            backup = c.c_void_p()
            call.run(lib.cutover_backup_get, self.handle, encoded(backup_id), c.byref(backup), call.error)
            return taken(backup, lib.cutover_backup_free, records.read_backup)

    def backups_list(self, limit: int, *, project_id: Optional[str] = None, after: Optional[str] = None) -> List[records.Backup]:
        """Lists backups, of a project or (NULL) of all, oldest first; as cutover_requests_list(). Since 0.1."""
        with Call(self) as call:
            list = c.c_void_p()
            call.run(lib.cutover_backups_list, self.handle, encoded(project_id), encoded(after), limit, c.byref(list), call.error)
            return taken_list(list, lib.cutover_backup_list_count, lib.cutover_backup_list_at, lib.cutover_backup_list_free, records.read_backup)

    def backups_find(
            self,
            *,
            project_id: Optional[str] = None,
            status: Optional[str] = None,
            kind: Optional[str] = None,
            newest_first: Optional[bool] = None,
            after: Optional[str] = None,
            limit: Optional[int] = None) -> List[records.Backup]:
        """Lists backups of a project or status, the oldest or the youngest first; as cutover_requests_find(), with
        CUTOVER_E_NOT_FOUND for a project that nobody knows. Since 0.1.
        """
        with Call(self) as call:
            filter = call.struct(abi.cutover_filter, {"project_id": project_id, "status": status, "kind": kind, "newest_first": newest_first, "after": after, "limit": limit})
            list = c.c_void_p()
            call.run(lib.cutover_backups_find, self.handle, c.byref(filter), c.byref(list), call.error)
            return taken_list(list, lib.cutover_backup_list_count, lib.cutover_backup_list_at, lib.cutover_backup_list_free, records.read_backup)

    def backup_delete(self, actor: records.Actor, backup_id: str) -> None:
        """Deletes a backup: verified, failed or cancelled → deleted, then its bytes. The record stays.

        @param actor Needs CUTOVER_ROLE_OPERATOR.
        @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_LOCKED while a job overwrites its
        project; CUTOVER_E_STATE when it is being taken or verified, or is deleted already; CUTOVER_E_STORE,
        _REPOSITORY, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_backup_delete, self.handle, call.pointer(actor), encoded(backup_id), call.error)

    def displaced_list(self, project_id: str) -> List[records.Displaced]:
        """Emits a project's displaced databases, oldest first, on the calling thread.
        @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (project), _POSTGRES, _STORE, _CALLBACK, or what emit
        returned. Since 0.1.
        """
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_displaced_emit, abi.cutover_displaced, records.read_displaced)
            call.run(lib.cutover_displaced_list, self.handle, encoded(project_id), emitted, None, call.error)
            return emit_list

    def displaced_drop(self, actor: records.Actor, project_id: str, name: str) -> None:
        """Drops a displaced database for good. The cutover that displaced it cannot be rolled back then; its pre-cutover
        backup stays.

        @param actor Needs CUTOVER_ROLE_OPERATOR.
        @param name  Its name, as listed.
        @return CUTOVER_OK; CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND when the project has no displaced database of
        that name; CUTOVER_E_STATE while a subscription, a replication slot or a prepared transaction hangs on it (the
        message names them); CUTOVER_E_LOCKED while a job of the project runs; CUTOVER_E_POSTGRES, _STORE, _CALLBACK.
        Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_displaced_drop, self.handle, call.pointer(actor), encoded(project_id), encoded(name), call.error)

    def displaced_expire(self, actor: records.Actor, project_id: str, retention: timedelta) -> List[records.Displaced]:
        """Drops those of a project's displaced databases that were displaced longer ago than the host's retention, as
        cutover_displaced_drop() would; one that is refused stays, and the others go on.

        @param actor     Needs CUTOVER_ROLE_OPERATOR.
        @param retention Microseconds, more than 0.
        @param dropped   Told of each that was dropped; may be NULL.
        @return CUTOVER_OK; the first refusal's status when any stayed. Since 0.1.
        """
        with Call(self) as call:
            emitted, dropped_list = call.emitted(abi.cutover_displaced_emit, abi.cutover_displaced, records.read_displaced)
            call.run(lib.cutover_displaced_expire, self.handle, call.pointer(actor), encoded(project_id), micros(retention), emitted, None, call.error)
            return dropped_list

    def job_get(self, job_id: str) -> records.Job:
        """Reads a job, and how far it is.

        @param job_id What cutover_promotion_id() and its like tell; of a backup that is taken by itself, the backup's
        id; of one that is verified again, cutover_progress.job_id.
        @param job    Receives the job; free it with cutover_job_free().
        @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND, also for the backup of a
        promotion or a restore, which is no job of its own; CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            job = c.c_void_p()
            call.run(lib.cutover_job_get, self.handle, encoded(job_id), c.byref(job), call.error)
            return taken(job, lib.cutover_job_free, records.read_job)

    def jobs_list(self, limit: int, *, project_id: Optional[str] = None, after: Optional[str] = None) -> List[records.Job]:
        """Lists jobs, running and ended, oldest first.

        @param project_id Of this project; NULL: of all.
        @param after      Id of the last job of the page before; NULL or "" for the first page.
        @param limit      1 to 1000. Fewer than that: there are no more.
        @param list       Receives the page; free it with cutover_job_list_free().
        @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND (a project that neither the
        store nor the platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            list = c.c_void_p()
            call.run(lib.cutover_jobs_list, self.handle, encoded(project_id), encoded(after), limit, c.byref(list), call.error)
            return taken_list(list, lib.cutover_job_list_count, lib.cutover_job_list_at, lib.cutover_job_list_free, records.read_job)

    def jobs_find(
            self,
            *,
            project_id: Optional[str] = None,
            status: Optional[str] = None,
            kind: Optional[str] = None,
            newest_first: Optional[bool] = None,
            after: Optional[str] = None,
            limit: Optional[int] = None) -> List[records.Job]:
        """Lists jobs, running and ended, of a project, kind or status, the oldest or the youngest first.

        @param filter Which; see engine.h.
        @param list   Receives the page; free it with cutover_job_list_free().
        @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED; CUTOVER_E_NOT_FOUND (a
        project that neither the store nor the platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since
        0.1.
        """
        with Call(self) as call:
            filter = call.struct(abi.cutover_filter, {"project_id": project_id, "status": status, "kind": kind, "newest_first": newest_first, "after": after, "limit": limit})
            list = c.c_void_p()
            call.run(lib.cutover_jobs_find, self.handle, c.byref(filter), c.byref(list), call.error)
            return taken_list(list, lib.cutover_job_list_count, lib.cutover_job_list_at, lib.cutover_job_list_free, records.read_job)

    def job_cancel(self, actor: records.Actor, job_id: str) -> None:
        """Asks a job to stop, wherever it runs. Its process looks twice a second, and then does as
        cutover_promotion_cancel(). An audit entry, job.cancel_asked, says who asked, and so does the one of the job's
        end. A job whose process is gone is not reached by this: see cutover_recover().

        @param actor Needs CUTOVER_ROLE_OPERATOR.
        @return CUTOVER_OK, also when it was asked already: the job stops, unless it begins its swap in this very
        moment, which its end tells; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE when it has ended, or
        has begun its swap; CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_job_cancel, self.handle, call.pointer(actor), encoded(job_id), call.error)

    def key_create(
            self,
            actor: records.Actor,
            label: str,
            roles: abi.RoleBits,
            *,
            project_id: Optional[str] = None,
            organization_id: Optional[str] = None,
            actor_id: Optional[str] = None,
            expires_at: Optional[datetime] = None) -> Tuple[str, records.Key]:
        """Makes a key. The audit trail of its project, or of CUTOVER_KEY_EVERY_PROJECT, has key.created.

        @param secret Receives the secret, which nobody can tell again; wipe it and free it with
        cutover_string_free(). Required.
        @param key    Receives the key; or NULL.
        @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND (project);
        CUTOVER_E_UNSUPPORTED for a version that is not known, or where OpenSSL has no SHA-256; CUTOVER_E_CONFLICT,
        _STORE, _NOMEM, _INTERNAL (no random bytes). Any thread. Since 0.1.
        """
        with Call(self) as call:
            options = call.struct(abi.cutover_key_options, {"actor": actor, "label": label, "roles": roles, "project_id": project_id, "organization_id": organization_id, "actor_id": actor_id, "expires_at": expires_at})
            secret = c.c_void_p()
            key = c.c_void_p()
            call.run(lib.cutover_key_create, self.handle, c.byref(options), c.byref(secret), c.byref(key), call.error)
            return taken_text(secret), taken(key, lib.cutover_key_free, records.read_key)

    def key_authenticate(self, secret: str) -> records.Key:
        """Whose secret this is.

        @param secret As it was made. Anything else is no key: its text is in no error.
        @param key    Receives the key. Required.
        @return CUTOVER_OK; CUTOVER_E_FORBIDDEN for what is no key, and for one that was revoked; CUTOVER_E_EXPIRED;
        CUTOVER_E_INVALID, _STORE, _NOMEM; CUTOVER_E_UNSUPPORTED where OpenSSL has no SHA-256. Any thread. Since 0.1.
        """
        with Call(self) as call:
            key = c.c_void_p()
            call.run(lib.cutover_key_authenticate, self.handle, encoded(secret), c.byref(key), call.error)
            return taken(key, lib.cutover_key_free, records.read_key)

    def key_check(self, key_id: str) -> records.Key:
        """Whether a key of that id is good now: for sessions that began with one.
        @return As cutover_key_authenticate(); CUTOVER_E_NOT_FOUND for an id that is no key's. Any thread. Since 0.1.
        """
        with Call(self) as call:
            key = c.c_void_p()
            call.run(lib.cutover_key_check, self.handle, encoded(key_id), c.byref(key), call.error)
            return taken(key, lib.cutover_key_free, records.read_key)

    def key_revoke(self, actor: records.Actor, key_id: str) -> records.Key:
        """Revokes a key: from then on it is none. One that was revoked stays as it is, and there is no audit entry.

        @param actor Needs CUTOVER_ROLE_ORG_ADMIN. The audit entry is key.revoked.
        @param key   Receives the key as it is then; or NULL.
        @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _UNSUPPORTED, _STORE, _NOMEM. Any
        thread. Since 0.1.
        """
        with Call(self) as call:
            key = c.c_void_p()
            call.run(lib.cutover_key_revoke, self.handle, call.pointer(actor), encoded(key_id), c.byref(key), call.error)
            return taken(key, lib.cutover_key_free, records.read_key)

    def key_get(self, key_id: str) -> records.Key:
        """Reads a key's record, also of one that expired or was revoked. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND,
        _STORE, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            key = c.c_void_p()
            call.run(lib.cutover_key_get, self.handle, encoded(key_id), c.byref(key), call.error)
            return taken(key, lib.cutover_key_free, records.read_key)

    def keys_list(self, limit: int, *, project_id: Optional[str] = None, after: Optional[str] = None) -> List[records.Key]:
        """Lists keys, oldest first.
        @param project_id Of this project; CUTOVER_KEY_EVERY_PROJECT: those that have none; NULL: all.
        @param after      Id of the last one of the page before; NULL or "" for the first page.
        @param limit      1 to 1000.
        @return CUTOVER_OK; CUTOVER_E_INVALID, _NOT_FOUND (project), _STORE, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            list = c.c_void_p()
            call.run(lib.cutover_keys_list, self.handle, encoded(project_id), encoded(after), limit, c.byref(list), call.error)
            return taken_list(list, lib.cutover_key_list_count, lib.cutover_key_list_at, lib.cutover_key_list_free, records.read_key)

    def preflight_run(self, actor: records.Actor, request_id: str, *, jobs: int = 0) -> Preflight:
        """Looks at a request's rules and at both servers as a promotion would, and changes nothing that lasts: where
        rows are held against what owners wrote, a login with their rights is made for the look and dropped after it.

        @param actor     Needs CUTOVER_ROLE_OPERATOR.
        @param jobs      As cutover_promotion_options.jobs; 0: the default.
        @param preflight Receives the findings. CUTOVER_OK means that the checks were made, not that they passed: see
        cutover_preflight_severity().
        @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _CALLBACK, _NOMEM. What the request's
        state or a server that cannot be reached would refuse is a finding. Any thread. Since 0.1.
        """
        with Call(self) as call:
            preflight = c.c_void_p()
            call.run(lib.cutover_preflight_run, self.handle, call.pointer(actor), encoded(request_id), jobs, c.byref(preflight), call.error)
            return taken(preflight, lib.cutover_preflight_free, read_preflight)

    def preflight_preview(self, actor: records.Actor, project_id: str, preview_id: str, *, jobs: int = 0) -> Preflight:
        """The same before there is a request: what a promotion of that preview would find now. Changes nothing.

        @param actor Needs CUTOVER_ROLE_MEMBER or CUTOVER_ROLE_OPERATOR.
        @return As cutover_preflight_run(); CUTOVER_E_NOT_FOUND also for a preview of another project. Any thread.
        Since 0.1.
        """
        with Call(self) as call:
            preflight = c.c_void_p()
            call.run(lib.cutover_preflight_preview, self.handle, call.pointer(actor), encoded(project_id), encoded(preview_id), jobs, c.byref(preflight), call.error)
            return taken(preflight, lib.cutover_preflight_free, read_preflight)

    def promotion_start(
            self,
            actor: records.Actor,
            request_id: str,
            *,
            jobs: Optional[int] = None,
            verify: Optional[abi.VerifyMethod] = None,
            hold: Optional[bool] = None,
            progress: Optional[Callable[[records.Progress], object]] = None,
            hold_max_s: Optional[int] = None,
            writes_refused_max_s: Optional[int] = None,
            if_version: Optional[int] = None,
            fence: Optional[abi.Fence] = None) -> Promotion:
        """Checks the rules and makes the job; changes nothing and touches no server.

        @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE (not acked, no ticket, before
        its agreed time); CUTOVER_E_CONFLICT (see if_version); CUTOVER_E_EXPIRED; CUTOVER_E_LOCKED; CUTOVER_E_STORE;
        CUTOVER_E_CALLBACK. Any thread. Since 0.1.
        """
        with Call(self) as call:
            reporter = Reporter(progress)
            options = call.struct(abi.cutover_promotion_options, {"actor": actor, "request_id": request_id, "jobs": jobs, "verify": verify, "hold": hold, "hold_max_s": hold_max_s, "writes_refused_max_s": writes_refused_max_s, "if_version": if_version, "fence": fence})
            options.progress = reporter.callback
            promotion = c.c_void_p()
            call.run(lib.cutover_promotion_start, self.handle, c.byref(options), c.byref(promotion), call.error)
            return Promotion(cast('Engine', self), promotion, reporter)

    def promotion_release(self, actor: records.Actor, request_id: str) -> None:
        """Lets a held promotion go on, from any thread or process that shares the store.
        @param actor Needs CUTOVER_ROLE_OPERATOR.
        @return CUTOVER_OK; CUTOVER_E_FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE when it is not held; CUTOVER_E_STORE.
        Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_promotion_release, self.handle, call.pointer(actor), encoded(request_id), call.error)

    def promotion_show(self, request_id: str) -> str:
        """The record of a request's promotion, running or ended, as JSON; from any process that shares the store.
        @param json Receives a string; free it with cutover_string_free(). Since 0.1.
        """
        with Call(self) as call:
            json = c.c_void_p()
            call.run(lib.cutover_promotion_show, self.handle, encoded(request_id), c.byref(json), call.error)
            return taken_text(json)

    def recover(self, *, project_id: Optional[str] = None) -> List[records.Recovery]:
        """Looks at every unfinished job, and settles those that are dead. It takes the job over, ends the session of
        whoever may still act for it, asks production's server by OID whether the swap was committed, and finishes the
        records or undoes the rest: reopens production, lifts the fence, drops the staging and throwaway databases
        that the journal names, sweeps partial archives, and the temporary folders that dead processes left in the
        engine's work folder. May be called at any time, by several processes, and may itself be killed anywhere:
        called again, it goes on.

        Dead is a job that gave itself up because its end could not be recorded; one whose process ran on this machine
        and is gone; and one that gave no sign of life for 30 seconds. A job gives one each 5 seconds, by writing its
        lease. Whether it does is judged by what this engine saw, on its own monotonic clock: no clock of another
        machine, and no wall clock, has a say. So the call never waits. It remembers: a job that may live is left
        alone and told as CUTOVER_RECOVERED_RUNNING, with ask_again_s; called again after that, with the same engine,
        it knows. Call it when the host starts and each minute. Who runs it once from a program that ends calls it
        again after ask_again_s, as `cutoverctl recover` does.

        What was recorded as ended is held against the server, too, for each project that no job is at: with NULL at
        the engine's first call, and then once in ten minutes. A cutover that the server lost (an asynchronous standby
        was promoted that did not have it; a backup of the whole server was restored) is told as
        CUTOVER_RECOVERED_LOST: production is opened, its fence lifted, what was to come in dropped, and job and
        request become `failed` (one that was rolled back, and lost that, `completed` again), with `cutover.lost`. A
        fence, or a door behind one, that a job of whatever host left is taken away: CUTOVER_RECOVERED_UNDONE. A door
        that nobody can be told to have closed is CUTOVER_RECOVERED_DIFFERENT. Whoever holds the lock of project or
        database on that server is left alone. So is what somebody put aside of what a job brought in. When all are
        looked at, it is after the unfinished jobs, and a server that does not answer is waited for once, for 3
        seconds at most.

        What abandoned jobs left is tried again: for a project that is named at each call, else with the look at all
        projects. What is gone by then is told as CUTOVER_RECOVERED_UNDONE, what is still there, for a project that is
        named, as CUTOVER_RECOVERED_LEFT.

        @param project_id Only this project's jobs; NULL: all. Of one that is named the platform is asked, too: when
        it is `restoring` for a job that has ended (a process was paused right before it moved the project, its job
        was recovered, and it died after the move), it becomes `active` again, and emit is told of that job.
        @param emit       Told of each unfinished job, on the calling thread; may be NULL.
        @return CUTOVER_OK when every job was looked at, whatever became of it; CUTOVER_E_INVALID ("" is no project's
        id); CUTOVER_E_NOT_FOUND (a project that neither the store nor the platform knows); CUTOVER_E_STORE,
        _CALLBACK, _NOMEM; or what emit returned. A job whose lease cannot be read is left alone, the others are
        looked at, and the status is CUTOVER_E_STORE, or CUTOVER_E_UNSUPPORTED when a newer version of the library
        wrote it. Any thread; of two that meet one job one settles it. Since 0.1.
        """
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_recovery_emit, abi.cutover_recovery, records.read_recovery)
            call.run(lib.cutover_recover, self.handle, encoded(project_id), emitted, None, call.error)
            return emit_list

    def project_look(self, project_id: str) -> List[records.Recovery]:
        """Holds what the store says of a project against what production's server holds, as cutover_recover() does, and
        changes nothing.

        @param emit Called once, on the calling thread, with the job that it is about ("" where the project has had
        none): CUTOVER_RECOVERED_STANDS; _LOST and _DIFFERENT, for what recovery would mend or a person must;
        _RUNNING: a job is under way, or was left unfinished; _FAILED: it cannot be told.
        @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_NOT_FOUND (a project that neither the store nor the platform
        knows); CUTOVER_E_STORE, _CALLBACK, _NOMEM; or what emit returned. Any thread. Since 0.1.
        """
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_recovery_emit, abi.cutover_recovery, records.read_recovery)
            call.run(lib.cutover_project_look, self.handle, encoded(project_id), emitted, None, call.error)
            return emit_list

    def project_confirm_server(self, *, actor: records.Actor, project_id: str, system_identifier: str, reason: str) -> None:
        """Confirms that a project's production is on another server than at its last job, on purpose. Until then
        preflight blocks, and every job that overwrites production refuses with CUTOVER_E_STATE. The server is asked:
        it must be the one of that system identifier, as preflight shows it. The audit entry is
        `project.server_confirmed`.

        @param actor             Needs CUTOVER_ROLE_OPERATOR.
        @param system_identifier As the person read it; decimal.
        @param reason            1 to 1000 characters, not blank.
        @return CUTOVER_OK, also where it was known already; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND (project);
        CUTOVER_E_CONFLICT when the connection leads to yet another server; CUTOVER_E_LOCKED while a job of the
        project is under way; CUTOVER_E_POSTGRES, _STORE, _CALLBACK, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_project_confirm_server, self.handle, call.pointer(actor), encoded(project_id), encoded(system_identifier), encoded(reason), call.error)

    def recover_abandon(self, actor: records.Actor, job_id: str, reason: str, *, confirm: Optional[bool] = None) -> List[records.Recovery]:
        """Gives up an unfinished job that recovery cannot settle: its server is gone or is another one, or somebody
        dropped, recreated or restored production meanwhile. First it does what cutover_recover() does; where that
        settles the job, that is all. Else it undoes what can be undone, on the server that the journal names by its
        system identifier, in databases of the OIDs that it names, and nowhere else; writes down what cannot be
        reached (cutover_leftovers_list()); and ends the job and its request as `failed`, the project `active`. A swap
        is not given up: one that was committed, as the server or the journal says, is completed. The audit entry
        `job.abandoned` has the reason and all that is left. May be killed anywhere: called again, it goes on.

        @param emit Told once, on the calling thread, what became of the job: CUTOVER_RECOVERED_ABANDONED, or
        COMPLETED, UNDONE; _RUNNING with ask_again_s where it may live; _FAILED. May be NULL.
        @return CUTOVER_OK when the job has ended; CUTOVER_E_INVALID (also without `confirm`); CUTOVER_E_FORBIDDEN;
        CUTOVER_E_NOT_FOUND (no such job); CUTOVER_E_STATE when it had ended already; CUTOVER_E_LOCKED when it lives,
        or nobody can tell yet; what kept it from being given up: CUTOVER_E_STORE, _POSTGRES, _CALLBACK, _CONFLICT
        (somebody took it over), _UNSUPPORTED, _NOMEM; or what emit returned. Any thread. Since 0.1.
        """
        with Call(self) as call:
            options = call.struct(abi.cutover_abandon_options, {"actor": actor, "job_id": job_id, "reason": reason, "confirm": confirm})
            emitted, emit_list = call.emitted(abi.cutover_recovery_emit, abi.cutover_recovery, records.read_recovery)
            call.run(lib.cutover_recover_abandon, self.handle, c.byref(options), emitted, None, call.error)
            return emit_list

    def leftovers_list(self, *, project_id: Optional[str] = None) -> List[records.Leftover]:
        """Emits what abandoned jobs left, as of the last recovery, on the calling thread, oldest first. At most 100 are
        kept of a project: where more come the oldest are dropped from the list, which the audit entry of that
        abandoning names as `forgotten`.
        @param project_id Of this project; NULL: of all.
        @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (project), _STORE, _CALLBACK, _NOMEM, or what emit returned.
        Any thread. Since 0.1.
        """
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_leftover_emit, abi.cutover_leftover, records.read_leftover)
            call.run(lib.cutover_leftovers_list, self.handle, encoded(project_id), emitted, None, call.error)
            return emit_list

    def leftover_forget(self, actor: records.Actor, leftover_id: str, reason: str) -> None:
        """Takes one off the list: somebody looked after it, or its server will not come back. Nothing is done to what it
        names. The audit entry is `leftover.forgotten`.
        @param actor  Needs CUTOVER_ROLE_OPERATOR.
        @param reason 1 to 1000 characters, not blank.
        @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_leftover_forget, self.handle, call.pointer(actor), encoded(leftover_id), encoded(reason), call.error)

    def request_create(
            self,
            actor: records.Actor,
            project_id: str,
            preview_id: str,
            *,
            customer_note: Optional[str] = None,
            external_ticket_ref: Optional[str] = None,
            scheduled_for: Optional[datetime] = None) -> records.Request:
        """Files a request.

        @param request Receives the new request, or NULL when not wanted.
        @return CUTOVER_OK; CUTOVER_E_INVALID (field, bound); CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND (project or
        preview); CUTOVER_E_STATE (preview not ready, or of another project; project not active); CUTOVER_E_EXPIRED;
        CUTOVER_E_CONFLICT (a live request for that preview exists: the message names it); CUTOVER_E_STORE;
        CUTOVER_E_CALLBACK. Any thread. Since 0.1.
        """
        with Call(self) as call:
            options = call.struct(abi.cutover_request_options, {"actor": actor, "project_id": project_id, "preview_id": preview_id, "customer_note": customer_note, "external_ticket_ref": external_ticket_ref, "scheduled_for": scheduled_for})
            request = c.c_void_p()
            call.run(lib.cutover_request_create, self.handle, c.byref(options), c.byref(request), call.error)
            return taken(request, lib.cutover_request_free, records.read_request)

    def request_get(self, request_id: str) -> records.Request:
        """Reads a request. One whose preview is gone or expired is moved to `expired` on the way. One that is open or
        acked, and whose preview ends within cutover_engine_options.preview_notice_s, fires the event
        preview.expiring, once for each time that the preview is to end at. When the platform fails, the request is as
        the store has it, and the log says so.
        @return CUTOVER_OK, CUTOVER_E_NOT_FOUND, CUTOVER_E_STORE. Since 0.1.
        """
        with Call(self) as call:
            request = c.c_void_p()
            call.run(lib.cutover_request_get, self.handle, encoded(request_id), c.byref(request), call.error)
            return taken(request, lib.cutover_request_free, records.read_request)

    def requests_list(self, limit: int, *, project_id: Optional[str] = None, after: Optional[str] = None) -> List[records.Request]:
        """Lists requests, oldest first, each as cutover_request_get() gives it.
        @param project_id Of this project; NULL: of all, an operator's queue.
        @param after Id of the last request of the page before; NULL or "" for the first page.
        @param limit 1 to 1000. Fewer than that: there are no more.
        @param list  Receives the page; free it with cutover_request_list_free().
        @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND (a project that neither the
        store nor the platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            list = c.c_void_p()
            call.run(lib.cutover_requests_list, self.handle, encoded(project_id), encoded(after), limit, c.byref(list), call.error)
            return taken_list(list, lib.cutover_request_list_count, lib.cutover_request_list_at, lib.cutover_request_list_free, records.read_request)

    def requests_find(
            self,
            *,
            project_id: Optional[str] = None,
            status: Optional[str] = None,
            kind: Optional[str] = None,
            newest_first: Optional[bool] = None,
            after: Optional[str] = None,
            limit: Optional[int] = None) -> List[records.Request]:
        """Lists requests of a project or status, the oldest or the youngest first; each as cutover_request_get() gives
        it.
        @param filter Which; see engine.h.
        @param list   Receives the page; free it with cutover_request_list_free().
        @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED; CUTOVER_E_NOT_FOUND (a
        project that neither the store nor the platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since
        0.1.
        """
        with Call(self) as call:
            filter = call.struct(abi.cutover_filter, {"project_id": project_id, "status": status, "kind": kind, "newest_first": newest_first, "after": after, "limit": limit})
            list = c.c_void_p()
            call.run(lib.cutover_requests_find, self.handle, c.byref(filter), c.byref(list), call.error)
            return taken_list(list, lib.cutover_request_list_count, lib.cutover_request_list_at, lib.cutover_request_list_free, records.read_request)

    def request_ack(
            self,
            actor: records.Actor,
            request_id: str,
            *,
            operator_note: Optional[str] = None,
            scheduled_for: Optional[datetime] = None,
            if_version: Optional[int] = None) -> records.Request:
        """An operator agrees: open → acked.

        @param request Receives the request as it is now, or NULL when not wanted.
        @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE, _STORE, _CALLBACK; CUTOVER_E_CONFLICT
        (see if_version); CUTOVER_E_EXPIRED, also when the preview expires before the agreed time (with the remedy).
        Any thread. Since 0.1.
        """
        with Call(self) as call:
            options = call.struct(abi.cutover_request_ack_options, {"actor": actor, "request_id": request_id, "operator_note": operator_note, "scheduled_for": scheduled_for, "if_version": if_version})
            request = c.c_void_p()
            call.run(lib.cutover_request_ack, self.handle, c.byref(options), c.byref(request), call.error)
            return taken(request, lib.cutover_request_free, records.read_request)

    def request_reject(self, actor: records.Actor, request_id: str, reason: str) -> records.Request:
        """An operator declines: open or acked → rejected.

        @param actor   Needs CUTOVER_ROLE_OPERATOR.
        @param reason  Required: 1 to CUTOVER_NOTE_MAX characters.
        @param request Receives the request as it is now, or NULL when not wanted.
        @return As cutover_request_ack(). Any thread. Since 0.1.
        """
        with Call(self) as call:
            request = c.c_void_p()
            call.run(lib.cutover_request_reject, self.handle, call.pointer(actor), encoded(request_id), encoded(reason), c.byref(request), call.error)
            return taken(request, lib.cutover_request_free, records.read_request)

    def request_cancel(self, actor: records.Actor, request_id: str) -> records.Request:
        """Takes the wish back: open or acked → cancelled. By its requester (CUTOVER_ROLE_MEMBER) or an operator.
        Otherwise as cutover_request_reject(). Since 0.1.
        """
        with Call(self) as call:
            request = c.c_void_p()
            call.run(lib.cutover_request_cancel, self.handle, call.pointer(actor), encoded(request_id), c.byref(request), call.error)
            return taken(request, lib.cutover_request_free, records.read_request)

    def request_set_ticket(self, actor: records.Actor, request_id: str, ticket: str) -> records.Request:
        """Attaches or replaces the external ticket while the request is open or acked. By a member or an operator.
        @param ticket 1 to CUTOVER_TICKET_MAX characters, not only white space; kept as given. Otherwise as
        cutover_request_reject(). Since 0.1.
        """
        with Call(self) as call:
            request = c.c_void_p()
            call.run(lib.cutover_request_set_ticket, self.handle, call.pointer(actor), encoded(request_id), encoded(ticket), c.byref(request), call.error)
            return taken(request, lib.cutover_request_free, records.read_request)

    def request_reschedule(self, actor: records.Actor, request_id: str, *, scheduled_for: Optional[datetime] = None) -> records.Request:
        """Agrees on another time, once one was agreed on with the ack: the request stays acked. By its requester
        (CUTOVER_ROLE_MEMBER) or an operator: whoever acts changes it, and the event cutover.rescheduled tells the
        other, with the time that it was before.
        @param scheduled_for As cutover_request_ack_options.scheduled_for: in the future, and before the preview
        expires; 0: any time. Otherwise as cutover_request_reject(). Since 0.1.
        """
        with Call(self) as call:
            request = c.c_void_p()
            call.run(lib.cutover_request_reschedule, self.handle, call.pointer(actor), encoded(request_id), micros(scheduled_for), c.byref(request), call.error)
            return taken(request, lib.cutover_request_free, records.read_request)

    def restore_start(
            self,
            actor: records.Actor,
            backup_id: str,
            *,
            preview_id: Optional[str] = None,
            project_id: Optional[str] = None,
            confirm: Optional[bool] = None,
            jobs: Optional[int] = None,
            verify: Optional[abi.VerifyMethod] = None,
            progress: Optional[Callable[[records.Progress], object]] = None,
            fence: Optional[abi.Fence] = None,
            writes_refused_max_s: Optional[int] = None) -> Restore:
        """Checks the rules and makes the job; touches no server and no database.

        @return CUTOVER_OK; CUTOVER_E_INVALID (not exactly one target, no confirm); CUTOVER_E_FORBIDDEN;
        CUTOVER_E_NOT_FOUND; CUTOVER_E_STATE (the backup is not verified, or of another project); CUTOVER_E_LOCKED,
        _STORE, _CALLBACK. Since 0.1.
        """
        with Call(self) as call:
            reporter = Reporter(progress)
            options = call.struct(abi.cutover_restore_options, {"actor": actor, "backup_id": backup_id, "preview_id": preview_id, "project_id": project_id, "confirm": confirm, "jobs": jobs, "verify": verify, "fence": fence, "writes_refused_max_s": writes_refused_max_s})
            options.progress = reporter.callback
            restore = c.c_void_p()
            call.run(lib.cutover_restore_start, self.handle, c.byref(options), c.byref(restore), call.error)
            return Restore(cast('Engine', self), restore, reporter)

    def rollback_start(
            self,
            actor: records.Actor,
            request_id: str,
            *,
            discard_writes: Optional[bool] = None,
            progress: Optional[Callable[[records.Progress], object]] = None) -> Rollback:
        """Checks the rules, looks at production's server, and makes the job; changes nothing.

        @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE (not completed; production was
        replaced again since; the displaced database is gone); CUTOVER_E_LOCKED, _STORE, _POSTGRES, _CALLBACK. Writes
        since the cutover are no failure here: see cutover_rollback_writes(). Since 0.1.
        """
        with Call(self) as call:
            reporter = Reporter(progress)
            options = call.struct(abi.cutover_rollback_options, {"actor": actor, "request_id": request_id, "discard_writes": discard_writes})
            options.progress = reporter.callback
            rollback = c.c_void_p()
            call.run(lib.cutover_rollback_start, self.handle, c.byref(options), c.byref(rollback), call.error)
            return Rollback(cast('Engine', self), rollback, reporter)


class RegistryCalls(Owner):
    """A registry. Threads may share it."""

    def project_add(
            self,
            id: str,
            database: str,
            *,
            organization_id: Optional[str] = None,
            state: Optional[str] = None,
            control_database: Optional[str] = None,
            verify_database: Optional[str] = None,
            job_id: Optional[str] = None,
            loader_database: Optional[str] = None,
            pgbouncers: Optional[Sequence[str]] = None,
            hold_fence: Optional[bool] = None) -> None:
        """Adds a project; its state begins as "active", for no job, whatever the struct says.
        @return CUTOVER_OK; CUTOVER_E_INVALID (which field and why; also a conninfo with a password);
        CUTOVER_E_CONFLICT when the id exists; CUTOVER_E_STORE. Since 0.1.
        """
        with Call(self) as call:
            project = call.struct(abi.cutover_project, {"id": id, "organization_id": organization_id, "state": state, "database": database, "control_database": control_database, "verify_database": verify_database, "job_id": job_id, "loader_database": loader_database, "pgbouncers": pgbouncers, "hold_fence": hold_fence})
            call.run(lib.cutover_registry_project_add, self.handle, c.byref(project), call.error)

    def project_set_pgbouncers(self, project_id: str, consoles: Sequence[str]) -> None:
        """Sets a project's `pgbouncers` (cutover_project): conninfos ended by a NULL, at most 100; NULL: none. As
        cutover_registry_project_set(), so never under a job; and CUTOVER_E_STATE while the project is `restoring`: a
        job lets go those whom it told to hold their clients. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_registry_project_set_pgbouncers, self.handle, encoded(project_id), call.texts(consoles), call.error)

    def project_set_hold_fence(self, project_id: str, hold_fence: bool) -> None:
        """Sets a project's `hold_fence` (cutover_project). As cutover_registry_project_set_pgbouncers(): a job ends with
        its poolers as it began with them. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_registry_project_set_hold_fence, self.handle, encoded(project_id), hold_fence, call.error)

    def project_set(
            self,
            id: str,
            database: str,
            *,
            organization_id: Optional[str] = None,
            state: Optional[str] = None,
            control_database: Optional[str] = None,
            verify_database: Optional[str] = None,
            job_id: Optional[str] = None,
            loader_database: Optional[str] = None,
            pgbouncers: Optional[Sequence[str]] = None,
            hold_fence: Optional[bool] = None) -> None:
        """Changes a project. `id` names it; of the other members those that are NULL stay as they are, as does an
        organization_id of ""; an optional one (control_database, verify_database, loader_database) that is "" is
        taken away, and so are pgbouncers by an empty list. `hold_fence` stays where it is 0; above 0 it is set, below
        it is taken away. `state` and `job_id` are not read. All of it is one commit. Refused while a job of the
        project is under way or was left unfinished: what a job overwrites does not change under it. The audit entry
        `project.changed` names the members. Production on another server is confirmed by a person before the next
        job: cutover_project_confirm_server().

        @return CUTOVER_OK, also where nothing is another; CUTOVER_E_INVALID, _NOT_FOUND, _LOCKED, _STATE (pgbouncers
        while the project is `restoring`), _STORE, _NOMEM. Since 0.1.
        """
        with Call(self) as call:
            project = call.struct(abi.cutover_project, {"id": id, "organization_id": organization_id, "state": state, "database": database, "control_database": control_database, "verify_database": verify_database, "job_id": job_id, "loader_database": loader_database, "pgbouncers": pgbouncers, "hold_fence": hold_fence})
            call.run(lib.cutover_registry_project_set, self.handle, c.byref(project), call.error)

    def projects_list(self) -> List[records.Project]:
        """Emits all projects in order of their ids. Since 0.1."""
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_project_emit, abi.cutover_project, records.read_project)
            call.run(lib.cutover_registry_projects_list, self.handle, emitted, None, call.error)
            return emit_list

    def project_remove(
            self,
            engine: Owner,
            project_id: str,
            reason: str,
            *,
            confirm: Optional[bool] = None,
            without_server: Optional[bool] = None) -> None:
        """Takes a project out of the registry. Its requests, jobs and audit trail stay in the store and can be listed.
        Never one of which something lives: a job, a live request, a backup that was not deleted, a displaced
        database, what an abandoned job left, a preview. The error says which. The audit entry is `project.removed`.

        @param engine Of the registry's platform.
        @return CUTOVER_OK; CUTOVER_E_INVALID, _NOT_FOUND; _LOCKED (a job), _STATE (all else that lives); _POSTGRES
        (see without_server), _STORE, _NOMEM. Since 0.1.
        """
        with Call(self) as call:
            options = call.struct(abi.cutover_project_removal, {"project_id": project_id, "reason": reason, "confirm": confirm, "without_server": without_server})
            call.run(lib.cutover_registry_project_remove, self.handle, engine.handle, c.byref(options), call.error)

    def preview_add(
            self,
            id: str,
            project_id: str,
            database: str,
            *,
            state: Optional[str] = None,
            expires_at: Optional[datetime] = None) -> None:
        """Adds a preview of a project that exists, `ready`. As cutover_registry_project_add(). Since 0.1."""
        with Call(self) as call:
            preview = call.struct(abi.cutover_preview, {"id": id, "project_id": project_id, "state": state, "database": database, "expires_at": expires_at})
            call.run(lib.cutover_registry_preview_add, self.handle, c.byref(preview), call.error)

    def preview_extend(self, preview_id: str, *, expires_at: Optional[datetime] = None) -> None:
        """Sets a preview's expiry (microseconds since 1970 UTC, 0: never). CUTOVER_E_NOT_FOUND where there is none.
        Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_registry_preview_extend, self.handle, encoded(preview_id), micros(expires_at), call.error)

    def previews_list(self, *, project_id: Optional[str] = None) -> List[records.Preview]:
        """Emits the previews of a project (NULL: of all) in order of their ids. The state of a `ready` one whose end has
        come is told as `expired` here, and here alone: the port tells both apart. CUTOVER_E_NOT_FOUND for a project
        that is not there. Since 0.1.
        """
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_preview_emit, abi.cutover_preview, records.read_preview)
            call.run(lib.cutover_registry_previews_list, self.handle, encoded(project_id), emitted, None, call.error)
            return emit_list

    def preview_remove(self, preview_id: str) -> None:
        """Takes a preview out of the registry; its database is the host's matter. Never one that a live request
        (CUTOVER_E_STATE) or a job (CUTOVER_E_LOCKED) uses. The audit entry is `preview.removed`.
        @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STATE, _LOCKED, _STORE, _NOMEM. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_registry_preview_remove, self.handle, encoded(preview_id), call.error)


class WebhooksCalls(Owner):
    """The webhooks of a store. Threads may share it; cutover_webhooks_deliver() is for one thread at a time."""

    def deliver(self, *, max_ms: int = 0) -> records.WebhookRound:
        """Makes the attempts that are due, several endpoints side by side, until none is due or under way, or max_ms are
        over: what is under way then goes on in the next call. What becomes due meanwhile is made too, so that an
        endpoint that hangs holds up nobody else. An attempt is claimed in the store before it is made: two processes
        never make the same one at once, and one whose process died is made again when its claim has run out
        (timeout_ms and 30 s).

        Nothing is sent by itself: call it at round.next_at, at least every few seconds where events are delivered
        elsewhere, from a thread of its own.

        @param max_ms Milliseconds; 0: until none is due or under way.
        @param round  Initialised; receives the counts as far as its version has them, untouched on failure. Or NULL.
        @return CUTOVER_OK (attempts that failed are counts, not failures); CUTOVER_E_LOCKED when another thread is at
        it; CUTOVER_E_INVALID; CUTOVER_E_UNSUPPORTED; CUTOVER_E_STORE (also a damaged document: the others were still
        delivered); CUTOVER_E_NOMEM. Since 0.1.
        """
        with Call(self) as call:
            round = call.struct(abi.cutover_webhook_round, {})
            call.run(lib.cutover_webhooks_deliver, self.handle, max_ms, c.byref(round), call.error)
            return records.read_webhook_round(round)

    def create(
            self,
            actor: records.Actor,
            project_id: str,
            url: str,
            *,
            description: Optional[str] = None,
            event_types: Optional[Sequence[str]] = None) -> Tuple[str, records.Webhook]:
        """Adds an endpoint. It gets the events that are committed from then on. Audited as webhook.created.

        @param secret  Required: receives "whsec_" and the Base64 of 32 random bytes, which nobody can read again; for
        cutover_string_free().
        @param webhook Receives the endpoint, or NULL when not wanted.
        @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_FORBIDDEN; CUTOVER_E_STATE when the
        project has CUTOVER_WEBHOOK_MAX; CUTOVER_E_UNSUPPORTED, _STORE, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            options = call.struct(abi.cutover_webhook_options, {"actor": actor, "project_id": project_id, "url": url, "description": description, "event_types": event_types})
            secret = c.c_void_p()
            webhook = c.c_void_p()
            call.run(lib.cutover_webhook_create, self.handle, c.byref(options), c.byref(secret), c.byref(webhook), call.error)
            return taken_text(secret), taken(webhook, lib.cutover_webhook_free, records.read_webhook)

    def get(self, webhook_id: str) -> records.Webhook:
        """Reads an endpoint. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since
        0.1.
        """
        with Call(self) as call:
            webhook = c.c_void_p()
            call.run(lib.cutover_webhook_get, self.handle, encoded(webhook_id), c.byref(webhook), call.error)
            return taken(webhook, lib.cutover_webhook_free, records.read_webhook)

    def list(self, limit: int, *, project_id: Optional[str] = None, after: Optional[str] = None) -> List[records.Webhook]:
        """Lists endpoints, oldest first.
        @param project_id Of this project; NULL: of all.
        @param after Id of the last one of the page before; NULL or "" for the first page.
        @param limit 1 to 1000. Fewer than that: there are no more.
        @param list  Receives the page; free it with cutover_webhook_list_free().
        @return CUTOVER_OK, CUTOVER_E_INVALID, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            list = c.c_void_p()
            call.run(lib.cutover_webhooks_list, self.handle, encoded(project_id), encoded(after), limit, c.byref(list), call.error)
            return taken_list(list, lib.cutover_webhook_list_count, lib.cutover_webhook_list_at, lib.cutover_webhook_list_free, records.read_webhook)

    def update(
            self,
            actor: records.Actor,
            webhook_id: str,
            *,
            enabled: Optional[int] = None,
            url: Optional[str] = None,
            description: Optional[str] = None,
            event_types: Optional[Sequence[str]] = None,
            expected_version: Optional[int] = None) -> records.Webhook:
        """Changes an endpoint. Audited as webhook.updated; where all is as it was, nothing is written.
        @param webhook Receives it as it is now, or NULL when not wanted.
        @return CUTOVER_OK; CUTOVER_E_CONFLICT when it is not at expected_version; CUTOVER_E_INVALID, _FORBIDDEN,
        _NOT_FOUND, _STORE, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            change = call.struct(abi.cutover_webhook_change, {"enabled": enabled, "actor": actor, "webhook_id": webhook_id, "url": url, "description": description, "event_types": event_types, "expected_version": expected_version})
            webhook = c.c_void_p()
            call.run(lib.cutover_webhook_update, self.handle, c.byref(change), c.byref(webhook), call.error)
            return taken(webhook, lib.cutover_webhook_free, records.read_webhook)

    def delete(self, actor: records.Actor, webhook_id: str) -> None:
        """Removes an endpoint with its secrets and its deliveries. Audited as webhook.deleted. CUTOVER_OK,
        CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_webhook_delete, self.handle, call.pointer(actor), encoded(webhook_id), call.error)

    def rotate_secret(self, actor: records.Actor, webhook_id: str, *, overlap_s: int = 0) -> Tuple[str, records.Webhook]:
        """Makes a new secret. Messages are signed with it and, for a while, with the ones before it (of which four at
        most are kept). Audited as webhook.secret_rotated.
        @param overlap_s Seconds that the ones before it go on: at most 604800; 0: they end at once.
        @param secret    Required: receives the new one, as cutover_webhook_create() does.
        @param webhook   Receives the endpoint as it is now, or NULL when not wanted.
        @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since
        0.1.
        """
        with Call(self) as call:
            secret = c.c_void_p()
            webhook = c.c_void_p()
            call.run(lib.cutover_webhook_rotate_secret, self.handle, call.pointer(actor), encoded(webhook_id), overlap_s, c.byref(secret), c.byref(webhook), call.error)
            return taken_text(secret), taken(webhook, lib.cutover_webhook_free, records.read_webhook)

    def test(self, actor: records.Actor, webhook_id: str) -> records.WebhookDelivery:
        """Makes a delivery of the type "webhook.test" for an endpoint that is enabled, whatever types it takes; the next
        cutover_webhooks_deliver() sends it. Audited as webhook.tested.
        @param delivery Receives it, or NULL when not wanted; cutover_webhook_delivery_get() tells later what became
        of it.
        @return CUTOVER_OK; CUTOVER_E_STATE when the endpoint is off; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND,
        _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            delivery = c.c_void_p()
            call.run(lib.cutover_webhook_test, self.handle, call.pointer(actor), encoded(webhook_id), c.byref(delivery), call.error)
            return taken(delivery, lib.cutover_webhook_delivery_free, records.read_webhook_delivery)

    def deliveries_find(
            self,
            webhook_id: str,
            *,
            project_id: Optional[str] = None,
            status: Optional[str] = None,
            kind: Optional[str] = None,
            newest_first: Optional[bool] = None,
            after: Optional[str] = None,
            limit: Optional[int] = None) -> List[records.WebhookDelivery]:
        """Lists an endpoint's deliveries, each with its attempts.
        @param filter status: "pending", "delivered" or "dead"; kind: a type of event; project_id: NULL. See engine.h.
        @param list   Receives the page; free it with cutover_webhook_delivery_list_free().
        @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (the endpoint), _STORE, _UNSUPPORTED, _NOMEM. Any thread.
        Since 0.1.
        """
        with Call(self) as call:
            filter = call.struct(abi.cutover_filter, {"project_id": project_id, "status": status, "kind": kind, "newest_first": newest_first, "after": after, "limit": limit})
            list = c.c_void_p()
            call.run(lib.cutover_webhook_deliveries_find, self.handle, encoded(webhook_id), c.byref(filter), c.byref(list), call.error)
            return taken_list(list, lib.cutover_webhook_delivery_list_count, lib.cutover_webhook_delivery_list_at, lib.cutover_webhook_delivery_list_free, records.read_webhook_delivery)

    def delivery_get(self, webhook_id: str, message_id: str) -> records.WebhookDelivery:
        """Reads one delivery of an endpoint by its message's id. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STORE,
        _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            delivery = c.c_void_p()
            call.run(lib.cutover_webhook_delivery_get, self.handle, encoded(webhook_id), encoded(message_id), c.byref(delivery), call.error)
            return taken(delivery, lib.cutover_webhook_delivery_free, records.read_webhook_delivery)

    def redeliver(
            self,
            actor: records.Actor,
            webhook_id: str,
            *,
            message_id: Optional[str] = None,
            since: Optional[datetime] = None,
            until: Optional[datetime] = None) -> int:
        """Sends messages again, under the ids that they had, with all attempts before them. Audited as
        webhook.redelivered, once for a call that found any.
        @param count Receives how many; or NULL.
        @return CUTOVER_OK, also for none of a range; CUTOVER_E_NOT_FOUND (the endpoint, the one message);
        CUTOVER_E_STATE when the one waits already, or the endpoint is off; CUTOVER_E_INVALID, _FORBIDDEN, _STORE,
        _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            selection = call.struct(abi.cutover_webhook_selection, {"actor": actor, "webhook_id": webhook_id, "message_id": message_id, "since": since, "until": until})
            count = c.c_uint32()
            call.run(lib.cutover_webhook_redeliver, self.handle, c.byref(selection), c.byref(count), call.error)
            return count.value


class IntegrationsCalls(Owner):
    """The integrations of a store. Threads may share it."""

    def deliver(self, *, project_id: Optional[str] = None) -> records.IntegrationRun:
        """Carries out every sync that is due, several integrations side by side, and returns when all of them have
        ended. A sync that fails is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each up
        to a tenth later at random; where the provider names a later time (Retry-After, or its rate limit's end) not
        before that, at most a day later. Then it is given up. What became of it is in the record, and in the audit
        trail: integration.synced, or integration.sync_failed for each attempt that failed, with no secret in either.

        Each sync is claimed by compare-and-set: of two processes one makes an attempt. Where a process dies in the
        middle, the sync is due again when its claim has run out (ten times timeout_ms, and a minute): what a sync
        writes may be written twice.

        @param project_id Of this project; NULL: of all.
        @param run        Initialised; receives the counts as far as its version has them, untouched on failure. Or
        NULL.
        @return CUTOVER_OK (failed syncs are counts, not failures); CUTOVER_E_INVALID, _UNSUPPORTED, _STORE, _NOMEM.
        Any thread; several may call at once. Since 0.1.
        """
        with Call(self) as call:
            run = call.struct(abi.cutover_integration_run, {})
            call.run(lib.cutover_integrations_deliver, self.handle, encoded(project_id), c.byref(run), call.error)
            return records.read_integration_run(run)

    def connect(
            self,
            *,
            actor: records.Actor,
            project_id: str,
            provider: str,
            site_id: str,
            flags: Optional[int] = None,
            account_id: Optional[str] = None,
            pooled_name: Optional[str] = None,
            unpooled_name: Optional[str] = None,
            targets: Optional[Sequence[str]] = None,
            token: Optional[str] = None,
            pooled_url: Optional[str] = None,
            unpooled_url: Optional[str] = None) -> records.Integration:
        """Connects a project to a provider, or changes how it is connected: then what is given replaces what was there,
        but a secret that is NULL stays. Reaches nobody: what the provider thinks of it is told by the first sync. The
        audit entry is integration.connected.
        @param integration Receives the integration as it is now, or NULL when not wanted.
        @return CUTOVER_OK; CUTOVER_E_INVALID (names the member and its bound); CUTOVER_E_FORBIDDEN; CUTOVER_E_STATE:
        a secret is neither given nor in the folder, and there is no callback, or it is given and there is no folder;
        CUTOVER_E_UNSUPPORTED, _IO, _STORE, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            options = call.struct(abi.cutover_integration_options, {"flags": flags, "actor": actor, "project_id": project_id, "provider": provider, "site_id": site_id, "account_id": account_id, "pooled_name": pooled_name, "unpooled_name": unpooled_name, "targets": targets, "token": token, "pooled_url": pooled_url, "unpooled_url": unpooled_url})
            integration = c.c_void_p()
            call.run(lib.cutover_integration_connect, self.handle, c.byref(options), c.byref(integration), call.error)
            return taken(integration, lib.cutover_integration_free, records.read_integration)

    def disconnect(self, actor: records.Actor, project_id: str, provider: str) -> None:
        """Forgets an integration and removes its secrets. The variables stay with the provider. A sync that another
        process is in the middle of still ends. The audit entry is integration.disconnected.
        @param actor    Needs CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN.
        @param provider "vercel" or "netlify".
        @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN; CUTOVER_E_NOT_FOUND: it is not connected; CUTOVER_E_IO: it
        is forgotten, but a file with a secret could not be removed (the message names it); CUTOVER_E_STORE, _NOMEM.
        Any thread. Since 0.1.
        """
        with Call(self) as call:
            call.run(lib.cutover_integration_disconnect, self.handle, call.pointer(actor), encoded(project_id), encoded(provider), call.error)

    def sync(self, actor: records.Actor, project_id: str, provider: str) -> records.Integration:
        """Makes a sync due now, with all its attempts before it; cutover_integrations_deliver() carries it out. Where
        another process is in the middle of one, it comes after that. The audit entry is integration.sync_requested.
        @param actor       Needs CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN.
        @param integration Receives the integration as it is now, or NULL when not wanted.
        @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _NOMEM. Any thread. Since 0.1.
        """
        with Call(self) as call:
            integration = c.c_void_p()
            call.run(lib.cutover_integration_sync, self.handle, call.pointer(actor), encoded(project_id), encoded(provider), c.byref(integration), call.error)
            return taken(integration, lib.cutover_integration_free, records.read_integration)

    def get(self, project_id: str, provider: str) -> records.Integration:
        """Reads an integration. Who may read is the host's to say.
        @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_NOT_FOUND: it is not connected; CUTOVER_E_STORE, _NOMEM. Any
        thread. Since 0.1.
        """
        with Call(self) as call:
            integration = c.c_void_p()
            call.run(lib.cutover_integration_get, self.handle, encoded(project_id), encoded(provider), c.byref(integration), call.error)
            return taken(integration, lib.cutover_integration_free, records.read_integration)

    def list(self, *, project_id: Optional[str] = None) -> List[records.Integration]:
        """Emits the integrations in order of project and provider, on the calling thread.
        @param project_id Of this project; NULL: of all.
        @return CUTOVER_OK, CUTOVER_E_INVALID, _STORE, _NOMEM, or what emit returned. Any thread. Since 0.1.
        """
        with Call(self) as call:
            emitted, emit_list = call.emitted(abi.cutover_integration_emit, None, records.read_integration)
            call.run(lib.cutover_integrations_list, self.handle, encoded(project_id), emitted, None, call.error)
            return emit_list
