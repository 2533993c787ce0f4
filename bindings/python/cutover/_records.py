"""What the library tells, and what it is told, as dataclasses.

Made by generate.py of interface.json: do not edit.
"""
from __future__ import annotations

import ctypes as c
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Dict, Optional, Sequence, Type

from . import _abi as abi
from ._library import lib
from ._values import Record, members, members_or_none, text, text_or_none, texts, time, time_or_none, told


@dataclass(frozen=True)
class Finding(Record):
    """One finding; pointers belong to the preflight."""

    severity: abi.Severity

    check: str
    """Stable name of the check, "production.prepared_transactions" for example."""
    message: str
    """What was found, with names."""
    hint: Optional[str]
    """The remedy, or None."""


def read_finding(told: Any) -> Finding:
    return Finding(
        severity=abi.Severity(told.severity),
        check=text(told.check),
        message=text(told.message),
        hint=text_or_none(told.hint))


@dataclass(frozen=True)
class Progress(Record):
    """Where a job stands; pointers are static or valid during the call."""

    step: str
    """"backup", "stage", …"""
    bytes_done: int
    """Bytes moved in this step; never goes back within it."""
    bytes_total: int
    """Expected bytes of this step so far, from relation sizes; 0: not known. A step that goes through its tables more
    than once (verify reads, restores and compares) expects more each time.
    """
    rows_done: int
    """Rows moved in this step; as bytes_done."""
    tables_done: int
    """Tables finished in this step, once for each time through; of an archive's files, files."""
    tables_total: int
    """Tables of this step so far; grows as bytes_total does."""
    fraction: float
    """Of the whole job, 0 to 1; never goes back."""
    seconds_elapsed: float
    """Since run began."""
    seconds_left: float
    """Estimate for the whole job; negative: cannot be told, as while it is held."""
    job_id: str
    """Of the job, for cutover_job_get() and cutover_job_cancel(). Since version 2."""
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_progress


def read_progress(told: Any) -> Progress:
    return Progress(
        step=text(told.step),
        bytes_done=told.bytes_done,
        bytes_total=told.bytes_total,
        rows_done=told.rows_done,
        tables_done=told.tables_done,
        tables_total=told.tables_total,
        fraction=told.fraction,
        seconds_elapsed=told.seconds_elapsed,
        seconds_left=told.seconds_left,
        job_id=text(told.job_id))


@dataclass(frozen=True)
class Event(Record):
    """An event on its way out; the struct is the library's, and pointers are valid during the call only."""

    id: str
    """UUIDv7; the same again on redelivery: deduplicate by it."""
    type: str
    """"cutover.requested", "restore.completed", …"""
    project_id: str
    """Events of one project come in order."""
    sequence: int
    """Counts up within the project, from 1."""
    created_at: datetime

    attempt: int
    """1 on the first delivery to this notifier; 0 in cutover_events_list()."""
    data: Dict[str, Any]
    """The whole event as a JSON object on one line."""


def read_event(told: Any) -> Event:
    return Event(
        id=text(told.id),
        type=text(told.type),
        project_id=text(told.project_id),
        sequence=told.sequence,
        created_at=time(told.created_at),
        attempt=told.attempt,
        data=members(told.json))


@dataclass(frozen=True)
class Document(Record):
    """One document as a store hands it out, with the members of that store's version; pointers are valid during the emit
    call only.
    """

    kind: str

    id: str

    project_id: str
    """"" where it belongs to none."""
    version: int
    """1 after the first write, one more with each."""
    body: str
    """JSON object."""
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_document


def read_document(told: Any) -> Document:
    return Document(
        kind=text(told.kind),
        id=text(told.id),
        project_id=text(told.project_id),
        version=told.version,
        body=text(told.body))


@dataclass(frozen=True)
class Write(Record):
    """One write of a commit. Pointers are the library's and valid during the commit call."""

    kind: str
    """[a-z_]+, at most 32 bytes."""
    id: str
    """1 to 200 bytes."""
    project_id: str
    """"" where it belongs to none."""
    expected_version: int
    """The version that must be there now; 0: the document must not exist."""
    body: Optional[str]
    """The new JSON object, or None to delete the document; then expected_version is not 0. A document that is created
    again begins at version 1.
    """
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_write


def read_write(told: Any) -> Write:
    return Write(
        kind=text(told.kind),
        id=text(told.id),
        project_id=text(told.project_id),
        expected_version=told.expected_version,
        body=text_or_none(told.body))


@dataclass(frozen=True)
class AuditEntry(Record):
    """One entry; the struct is the library's, and pointers are valid during the emit call only."""

    cursor: str
    """Pass the last one seen as `after` for the next page."""
    sequence: int
    """Counts up within the project, from 1, without gaps."""
    action: str
    """"cutover.acked", "production_overwrite_restore", …"""
    project_id: str
    """The one that was asked for."""
    actor_id: str
    """Who did it."""
    actor_kind: str
    """"user", "api_key", "operator" or "system"."""
    at: datetime

    data: Dict[str, Any]
    """The whole entry as a JSON object."""


def read_audit_entry(told: Any) -> AuditEntry:
    return AuditEntry(
        cursor=text(told.cursor),
        sequence=told.sequence,
        action=text(told.action),
        project_id=text(told.project_id),
        actor_id=text(told.actor_id),
        actor_kind=text(told.actor_kind),
        at=time(told.at),
        data=members(told.json))


@dataclass(frozen=True)
class Displaced(Record):
    """One displaced database that is still there; pointers are valid during the emit call only."""

    name: str
    """Its name on production's server now."""
    oid: int
    """Its OID there."""
    project_id: str

    promotion_id: str
    """The job that displaced it."""
    request_id: str
    """"" where that job had none."""
    displaced_at: datetime

    size: int
    """Bytes on disk."""


def read_displaced(told: Any) -> Displaced:
    return Displaced(
        name=text(told.name),
        oid=told.oid,
        project_id=text(told.project_id),
        promotion_id=text(told.promotion_id),
        request_id=text(told.request_id),
        displaced_at=time(told.displaced_at),
        size=told.size)


@dataclass(frozen=True)
class Recovery(Record):
    """One unfinished job; pointers are valid during the emit call only."""

    job: str
    """"promotion", "rollback", "restore", "backup" or "verification"; "abandoned" for what such a job left."""
    job_id: str

    project_id: str

    request_id: str
    """"" where it has none."""
    outcome: abi.Recovered

    message: str
    """One line for a person."""
    ask_again_s: int
    """CUTOVER_RECOVERED_RUNNING: seconds from now, 1 to 30, after which a call with the same engine finds its job dead
    unless it gives a sign of life meanwhile. 0: it gave one since the engine looked last. Since version 2.
    """


def read_recovery(told: Any) -> Recovery:
    return Recovery(
        job=text(told.job),
        job_id=text(told.job_id),
        project_id=text(told.project_id),
        request_id=text(told.request_id),
        outcome=abi.Recovered(told.outcome),
        message=text(told.message),
        ask_again_s=told.ask_again_s)


@dataclass(frozen=True)
class Leftover(Record):
    """What an abandoned job left; pointers are valid during the emit call only."""

    id: str

    project_id: str

    job_id: str

    kind: str
    """"database" (with its login), "fence", "door", "traffic" (poolers): recovery tries these again; "other": a person
    must look.
    """
    database: str
    """Its name; "" where it is about none."""
    oid: int
    """0: not known."""
    system_identifier: str
    """Of its server; "" where not known."""
    message: str
    """What it is, and why it is still there."""
    since: datetime


def read_leftover(told: Any) -> Leftover:
    return Leftover(
        id=text(told.id),
        project_id=text(told.project_id),
        job_id=text(told.job_id),
        kind=text(told.kind),
        database=text(told.database),
        oid=told.oid,
        system_identifier=text(told.system_identifier),
        message=text(told.message),
        since=time(told.since))


@dataclass(frozen=True)
class Delivery(Record):
    """What one call did: of one notifier when it was named, else the sums. An event counts once for each notifier.
    """

    delivered: int
    """Taken now."""
    failed: int
    """Refused now; offered again after a pause."""
    waiting: int
    """Not offered: they wait for an earlier one of their project, for their pause, or for a delivery that runs
    elsewhere.
    """
    given_up: int
    """Given up, now or earlier: they stay until cutover_events_retry() or _discard()."""
    busy: int
    """Notifiers that another thread of this engine delivers to at this time: passed over, and none of their events is
    counted.
    """
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_delivery


def read_delivery(told: Any) -> Delivery:
    return Delivery(
        delivered=told.delivered,
        failed=told.failed,
        waiting=told.waiting,
        given_up=told.given_up,
        busy=told.busy)


@dataclass(frozen=True)
class WebhookRound(Record):
    """What a call of cutover_webhooks_deliver() did, and what is left."""

    delivered: int
    """Messages that were taken."""
    failed: int
    """Attempts that failed; their messages are tried again."""
    dead: int
    """Messages that are tried no more since this call."""
    disabled: int
    """Endpoints that said that they are gone."""
    running: int
    """Attempts of this process that are under way still."""
    waiting: int
    """Messages that wait for their time, or for another process; the running ones among them."""
    next_at: Optional[datetime]
    """Call again then; a time that is past: at once; None: nothing waits."""
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_webhook_round


def read_webhook_round(told: Any) -> WebhookRound:
    return WebhookRound(
        delivered=told.delivered,
        failed=told.failed,
        dead=told.dead,
        disabled=told.disabled,
        running=told.running,
        waiting=told.waiting,
        next_at=time_or_none(told.next_at))


@dataclass(frozen=True)
class IntegrationRun(Record):
    """What one cutover_integrations_deliver() did."""

    synced: int
    """Written, and read back as far as the provider lets one."""
    failed: int
    """Failed now; tried again after a pause."""
    given_up: int
    """Failed now for the last time: until the next event, or cutover_integration_sync()."""
    waiting: int
    """Not tried: they wait for their time, or another process is at them."""
    next_due: Optional[datetime]
    """When the earliest of those comes due, by the clock; None: none waits."""
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_integration_run


def read_integration_run(told: Any) -> IntegrationRun:
    return IntegrationRun(
        synced=told.synced,
        failed=told.failed,
        given_up=told.given_up,
        waiting=told.waiting,
        next_due=time_or_none(told.next_due))


@dataclass(frozen=True)
class IntegrationRef(Record):
    """Whose secrets are asked for; the struct is the library's, and pointers are valid during the call only."""

    id: str
    """The integration's, a UUIDv7: another one after it was disconnected and connected again."""
    project_id: str
    """The project's."""
    provider: str
    """"vercel" or "netlify"."""
    account_id: Optional[str]
    """As it was connected; None: none."""
    site_id: str
    """As it was connected."""


def read_integration_ref(told: Any) -> IntegrationRef:
    return IntegrationRef(
        id=text(told.id),
        project_id=text(told.project_id),
        provider=text(told.provider),
        account_id=text_or_none(told.account_id),
        site_id=text(told.site_id))


@dataclass(frozen=True)
class Actor(Record):
    """An actor; option structs point to one. Borrowed for the call."""

    id: str
    """Required: 1 to 200 characters."""
    kind: abi.ActorKind
    """Required."""
    roles: abi.RoleBits
    """CUTOVER_ROLE_*."""
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_actor


def read_actor(told: Any) -> Actor:
    return Actor(
        id=text(told.id),
        kind=abi.ActorKind(told.kind),
        roles=abi.RoleBits(told.roles))


@dataclass(frozen=True)
class Project(Record):
    """A project as the platform tells it; pointers are valid during the emit call only."""

    id: str
    """At most 100 bytes."""
    database: str
    """conninfo of production: a role that may create and rename databases. Names host (or the folder of the server's
    socket) and dbname itself: no PG* variable, service file or default of libpq chooses what is overwritten, nor the
    port (5432 where it is not given). May hold a password: the library never stores or logs it.
    """
    organization_id: Optional[str] = None
    """"" where there is none."""
    state: Optional[str] = None
    """"active", "restoring", or a state of the host's."""
    control_database: Optional[str] = None
    """Name of another database on production's server to hold control connections; None: "postgres"."""
    verify_database: Optional[str] = None
    """conninfo of a server (and a database on it to connect to), both named as for `database`, where backups are
    restored for verification; None: production's.
    """
    job_id: Optional[str] = None
    """While "restoring": the job that it is restoring for, as project_set_state was told; None where the platform does
    not keep it. Ignored in other states.
    """
    loader_database: Optional[str] = None
    """Since version 2. conninfo of a login to load with, on production's server: what a database's owners wrote is
    evaluated in its sessions, and it must be able to do no more than they may: no superuser, no CREATEDB, CREATEROLE,
    REPLICATION, BYPASSRLS, a member of the roles that own what is in production and its previews. It names its host
    itself; the database in it is ignored. None: the library makes one for each job, which the role of `database` must
    be allowed to do (a superuser, or CREATEROLE).
    """
    pgbouncers: Optional[Sequence[str]] = None
    """Since version 3. conninfos of the admin consoles of the PgBouncer instances that production's clients come
    through, ended by a None; None: none. Each names its host itself, and its port if that is not 5432. For
    cutover_platform_pgbouncer_wrap(); nothing else reads it.
    """
    hold_fence: Optional[bool] = None
    """Since version 4. Not 0: as hold_fence of cutover_pgbouncer_options, for this project's poolers."""
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_project


def read_project(told: Any) -> Project:
    return Project(
        id=text(told.id),
        organization_id=text(told.organization_id),
        state=text(told.state),
        database=text(told.database),
        control_database=text_or_none(told.control_database),
        verify_database=text_or_none(told.verify_database),
        job_id=text_or_none(told.job_id),
        loader_database=text_or_none(told.loader_database),
        pgbouncers=texts(told.pgbouncers),
        hold_fence=bool(told.hold_fence))


@dataclass(frozen=True)
class Preview(Record):
    """A preview as the platform tells it; pointers are valid during the emit call only."""

    id: str
    """At most 100 bytes."""
    project_id: str
    """Of the project that it is a preview of."""
    database: str
    """conninfo of the preview, host and dbname named as for a project's: a role that may read all of it."""
    state: Optional[str] = None
    """"ready", or a state of the host's."""
    expires_at: Optional[datetime] = None
    """None: never."""
    struct_type: ClassVar[Type[c.Structure]] = abi.cutover_preview


def read_preview(told: Any) -> Preview:
    return Preview(
        id=text(told.id),
        project_id=text(told.project_id),
        state=text(told.state),
        database=text(told.database),
        expires_at=time_or_none(told.expires_at))


@dataclass(frozen=True)
class Request(Record):
    """A snapshot of a request's record: it does not change when the record does."""

    id: str
    """The request's id. Since 0.1."""
    organization_id: str
    """The organization of its project. Since 0.1."""
    project_id: str
    """The project whose production it is about. Since 0.1."""
    preview_id: str
    """The preview that is to be promoted. Since 0.1."""
    status: str
    """"open", "acked", "in_progress", "completed", "failed", "rejected", "cancelled", "expired" or "rolled_back". Since
    0.1.
    """
    customer_note: Optional[str]
    """What the customer wrote; None where nothing was. Since 0.1."""
    ticket: Optional[str]
    """The external ticket; None until it is attached. Since 0.1."""
    operator_note: Optional[str]
    """What the operator wrote who acked it; None where nothing was. Since 0.1."""
    rejected_reason: Optional[str]
    """Why it was rejected; None when it was not. Since 0.1."""
    scheduled_for: Optional[datetime]
    """The agreed time, before which it is not promoted; None: none. Since 0.1."""
    backup_id: Optional[str]
    """The backup of the production that was displaced, once there is one; else None. Since 0.1."""
    promotion_id: Optional[str]
    """The job that carries it out, or did; None before. Since 0.1."""
    created_at: datetime
    """When it was filed. Since 0.1."""
    updated_at: datetime
    """When its record was last changed, likewise. Since 0.1."""
    completed_at: Optional[datetime]
    """When it ended, likewise; None while it lives. Since 0.1."""
    data: Dict[str, Any]
    """The whole record as a JSON object with every field of the design's list, null where not set, and with the members
    that a newer version of the library added. Since 0.1.
    """
    version: int
    """The version of the record in the store when it was read: it counts the writes. Since 0.1."""


def read_request(handle: Any) -> Request:
    return Request(
        id=text(lib.cutover_request_id(handle)),
        organization_id=text(lib.cutover_request_organization_id(handle)),
        project_id=text(lib.cutover_request_project_id(handle)),
        preview_id=text(lib.cutover_request_preview_id(handle)),
        status=text(lib.cutover_request_status(handle)),
        customer_note=text_or_none(lib.cutover_request_customer_note(handle)),
        ticket=text_or_none(lib.cutover_request_ticket(handle)),
        operator_note=text_or_none(lib.cutover_request_operator_note(handle)),
        rejected_reason=text_or_none(lib.cutover_request_rejected_reason(handle)),
        scheduled_for=time_or_none(lib.cutover_request_scheduled_for(handle)),
        backup_id=text_or_none(lib.cutover_request_backup_id(handle)),
        promotion_id=text_or_none(lib.cutover_request_promotion_id(handle)),
        created_at=time(lib.cutover_request_created_at(handle)),
        updated_at=time(lib.cutover_request_updated_at(handle)),
        completed_at=time_or_none(lib.cutover_request_completed_at(handle)),
        data=members(lib.cutover_request_json(handle)),
        version=lib.cutover_request_version(handle))


@dataclass(frozen=True)
class Backup(Record):
    """A snapshot of a backup's record."""

    id: str
    """The backup's id. Strings of a backup belong to it. Since 0.1."""
    project_id: str
    """The project that it was taken of. Since 0.1."""
    label: str
    """Its label. Since 0.1."""
    status: str
    """"taking", "verifying", "verified", "failed", "cancelled" or "deleted". Since 0.1."""
    created_at: datetime
    """When it was begun. Since 0.1."""
    verified_at: Optional[datetime]
    """When it was last verified; None when it never was, and for None. Since 0.1."""
    data: Dict[str, Any]
    """The whole record as a JSON object, with the members that a newer version of the library added. Since 0.1."""
    version: int
    """The version of the record in the store when it was read: it counts the writes. Since 0.1."""


def read_backup(handle: Any) -> Backup:
    return Backup(
        id=text(lib.cutover_backup_id(handle)),
        project_id=text(lib.cutover_backup_project_id(handle)),
        label=text(lib.cutover_backup_label(handle)),
        status=text(lib.cutover_backup_status(handle)),
        created_at=time(lib.cutover_backup_created_at(handle)),
        verified_at=time_or_none(lib.cutover_backup_verified_at(handle)),
        data=members(lib.cutover_backup_json(handle)),
        version=lib.cutover_backup_version(handle))


@dataclass(frozen=True)
class Job(Record):
    """A job's record as it was when it was read. Any thread may use it, one at a time. Free it with cutover_job_free().
    """

    id: str
    """The job's id. Since 0.1."""
    kind: str
    """"promotion", "rollback", "restore", "backup" (taken by itself, and goes by the backup's id) or "verification" (of
    a backup that is there, with an id of its own). Since 0.1.
    """
    status: str
    """Where it stands: of a backup "taking", "verifying", "verified", "failed", "cancelled" or "deleted"; of a
    verification "verifying", "verified", "failed", or "undecided" and "cancelled", which left the backup as it was;
    of the others "lock", "stage", "check", "backup", "verify", "held", "catch_up", "swap", "finish", "completed",
    "failed" or "cancelled". Since 0.1.
    """
    is_over: bool
    """Non-zero when it has ended. A job that has not may be one whose process is gone. Zero for None. Since 0.1."""
    project_id: str
    """The project. Since 0.1."""
    request_id: Optional[str]
    """The request that it carries out or takes back; None where there is none. Since 0.1."""
    created_at: datetime
    """When it began. Since 0.1."""
    version: int
    """The version of its record when it was read. Since 0.1."""
    data: Dict[str, Any]
    """The whole record as a JSON object. Belongs to the job; Since 0.1."""
    progress: Optional[Progress]
    """How far it was at its last sign of life, which comes every 5 seconds.

    @param progress Filled as far as its version goes; its texts belong to the job.
    @return CUTOVER_OK; CUTOVER_E_INVALID for None; CUTOVER_E_UNSUPPORTED for a version that is not known;
    CUTOVER_E_STATE when nothing is told: it has ended, or has just begun, or it came from a list. Since 0.1.
    """
    report: Optional[Dict[str, Any]]
    """What it did, once it has ended: what cutover_promotion_report() and its like tell, for anybody, and of a backup
    {kind, project_id, job_id, status (as cutover_job_status(), so `verified` where it went well), backup_id,
    backup_label, backup_verification, error, production}. None: it has not ended, or recovery ended it, whose reason
    is `failure` in the record. Belongs to the job. Since 0.1.
    """
    renewed_at: Optional[datetime]
    """Its last sign of life, by the clock of the process that runs it. The first is its beginning, and a job that lives
    gives one every 5 seconds. None where it has ended, and for a job of a list. Since 0.1.
    """


def read_job(handle: Any) -> Job:
    return Job(
        id=text(lib.cutover_job_id(handle)),
        kind=text(lib.cutover_job_kind(handle)),
        status=text(lib.cutover_job_status(handle)),
        is_over=bool(lib.cutover_job_is_over(handle)),
        project_id=text(lib.cutover_job_project_id(handle)),
        request_id=text_or_none(lib.cutover_job_request_id(handle)),
        created_at=time(lib.cutover_job_created_at(handle)),
        version=lib.cutover_job_version(handle),
        data=members(lib.cutover_job_json(handle)),
        progress=told(lib.cutover_job_progress, abi.cutover_progress, read_progress, handle),
        report=members_or_none(lib.cutover_job_report(handle)),
        renewed_at=time_or_none(lib.cutover_job_renewed_at(handle)))


@dataclass(frozen=True)
class Key(Record):
    """A snapshot of a key's record, without its secret."""

    id: str
    """The key's id. Strings of a key belong to it. Since 0.1."""
    label: str
    """Its label. Since 0.1."""
    actor: Optional[Actor]
    """Whoever holds it, as an actor of the kind CUTOVER_ACTOR_API_KEY; its id belongs to the key. CUTOVER_E_INVALID for
    None, and for an actor that was not initialised. Since 0.1.
    """
    roles: abi.RoleBits
    """CUTOVER_ROLE_* of whoever holds it. 0 for None. Since 0.1."""
    project_id: Optional[str]
    """The project that it is for; None: every one, and for None. Since 0.1."""
    organization_id: Optional[str]
    """The organization that it was made for; None: none was given, and for None. Since 0.1."""
    created_at: datetime
    """When it was made. Since 0.1."""
    expires_at: Optional[datetime]
    """When it ends; None: never, and for None. Since 0.1."""
    revoked_at: Optional[datetime]
    """When it was revoked; None: it was not, and for None. Since 0.1."""
    data: Dict[str, Any]
    """The record as a JSON object: id, label, actor_id, roles (an array of names), project_id, organization_id,
    created_by_actor_id, created_at, expires_at, revoked_by_actor_id, revoked_at. Neither the secret nor its SHA-256.
    Since 0.1.
    """


def read_key(handle: Any) -> Key:
    return Key(
        id=text(lib.cutover_key_id(handle)),
        label=text(lib.cutover_key_label(handle)),
        actor=told(lib.cutover_key_actor, abi.cutover_actor, read_actor, handle),
        roles=abi.RoleBits(lib.cutover_key_roles(handle)),
        project_id=text_or_none(lib.cutover_key_project_id(handle)),
        organization_id=text_or_none(lib.cutover_key_organization_id(handle)),
        created_at=time(lib.cutover_key_created_at(handle)),
        expires_at=time_or_none(lib.cutover_key_expires_at(handle)),
        revoked_at=time_or_none(lib.cutover_key_revoked_at(handle)),
        data=members(lib.cutover_key_json(handle)))


@dataclass(frozen=True)
class Webhook(Record):
    """An endpoint as it was read: it does not change when its record does."""

    id: str
    """The endpoint's id. Since 0.1."""
    project_id: str
    """The project whose events it gets. Since 0.1."""
    url: str
    """Where it is. Since 0.1."""
    status: str
    """"enabled" or "disabled". Since 0.1."""
    data: Dict[str, Any]
    """The whole record as a JSON object (schemas/webhook.json), without secrets. Since 0.1."""
    version: int
    """The version of the record in the store when it was read: it counts the writes. Since 0.1."""


def read_webhook(handle: Any) -> Webhook:
    return Webhook(
        id=text(lib.cutover_webhook_id(handle)),
        project_id=text(lib.cutover_webhook_project_id(handle)),
        url=text(lib.cutover_webhook_url(handle)),
        status=text(lib.cutover_webhook_status(handle)),
        data=members(lib.cutover_webhook_json(handle)),
        version=lib.cutover_webhook_version(handle))


@dataclass(frozen=True)
class WebhookDelivery(Record):
    """What became of one message for one endpoint, as it was read."""

    id: str
    """The message's id: what `webhook-id` says, and within an endpoint the delivery's. Since 0.1."""
    type: str
    """The type of its event. Since 0.1."""
    status: str
    """"pending", "delivered" or "dead". Since 0.1."""
    attempts: int
    """How many attempts there were, one that is under way included. Since 0.1."""
    data: Dict[str, Any]
    """The whole record as a JSON object (schemas/webhook-delivery.json). Since 0.1."""


def read_webhook_delivery(handle: Any) -> WebhookDelivery:
    return WebhookDelivery(
        id=text(lib.cutover_webhook_delivery_id(handle)),
        type=text(lib.cutover_webhook_delivery_type(handle)),
        status=text(lib.cutover_webhook_delivery_status(handle)),
        attempts=lib.cutover_webhook_delivery_attempts(handle),
        data=members(lib.cutover_webhook_delivery_json(handle)))


@dataclass(frozen=True)
class Integration(Record):
    """A snapshot of one integration's record, without its secrets."""

    id: str
    """The integration's id. Since 0.1."""
    project_id: str
    """The project's id. Since 0.1."""
    provider: str
    """"vercel" or "netlify". Since 0.1."""
    status: str
    """"idle" (nothing was asked for yet), "pending" (due, or waiting for its next attempt), "synced" or "failed" (given
    up). Since 0.1.
    """
    synced_at: Optional[datetime]
    """When the last sync succeeded; None: none did. Since 0.1."""
    next_attempt_at: Optional[datetime]
    """When the next attempt is due, likewise; None: none is. Since 0.1."""
    last_error: Optional[str]
    """What the last attempt failed for, one line; None where it did not. Since 0.1."""
    data: Dict[str, Any]
    """The whole record as a JSON object, without secrets: docs/json.md has its members, among them what became of each
    variable and target, and the last attempts with their time and answer. Since 0.1.
    """
    version: int
    """The version of the record in the store when it was read: it counts the writes. Since 0.1."""


def read_integration(handle: Any) -> Integration:
    return Integration(
        id=text(lib.cutover_integration_id(handle)),
        project_id=text(lib.cutover_integration_project_id(handle)),
        provider=text(lib.cutover_integration_provider(handle)),
        status=text(lib.cutover_integration_status(handle)),
        synced_at=time_or_none(lib.cutover_integration_synced_at(handle)),
        next_attempt_at=time_or_none(lib.cutover_integration_next_attempt_at(handle)),
        last_error=text_or_none(lib.cutover_integration_last_error(handle)),
        data=members(lib.cutover_integration_json(handle)),
        version=lib.cutover_integration_version(handle))
