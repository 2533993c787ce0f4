"""The interface as C has it, for ctypes.

Made by generate.py of interface.json: do not edit.
"""
from __future__ import annotations

import ctypes as c
import enum
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

VERSION = "0.1.0"
SONAME = "libcutover.so.1"


class Status(enum.IntEnum):
    """What a function answers. 0 is success; each negative value names an expected failure."""

    OK = 0
    E_INVALID = -1
    """An argument is out of its bounds; the message names the field and the bound."""
    E_NOT_FOUND = -2
    """No record, project, preview, object or file of that name."""
    E_CONFLICT = -3
    """Somebody else changed or claimed it first; read again."""
    E_STATE = -4
    """The record's state does not allow this."""
    E_FORBIDDEN = -5
    """The actor lacks the role, or four eyes are needed."""
    E_LOCKED = -6
    """Another promotion or restore runs on that project."""
    E_EXPIRED = -7
    """The preview is expired, or would be at the agreed time."""
    E_PREFLIGHT = -8
    """Preflight found something that blocks; the detail lists all of it."""
    E_VERIFY = -9
    """A check said different or could not tell; see cutover_error_verdict()."""
    E_CANCELLED = -10
    """Cancelled, as asked."""
    E_STORE = -11
    """The store failed."""
    E_REPOSITORY = -12
    """The repository failed."""
    E_POSTGRES = -13
    """A PostgreSQL server or one of its tools failed; see cutover_error_sqlstate()."""
    E_IO = -14
    """A local file or process operation failed."""
    E_NOMEM = -15
    """Memory is exhausted."""
    E_UNSUPPORTED = -16
    """Not possible with these versions, options or this build."""
    E_CALLBACK = -17
    """A host's callback failed."""
    E_INTERNAL = -18
    """The library broke an assumption of its own: please report it."""


class StrictBits(enum.IntFlag):
    """Bits that mean the same wherever there are such bits."""

    ANSWERS = 1073741824
    """For hosts in a language whose runtime makes a result up where an exception ended a callback, mostly 0, as Python's
    ctypes and cffi do: 0 is CUTOVER_OK, and an event that nobody took would count as delivered. With this bit it does
    not count what a callback returns, but what it said by cutover_answer(), which it calls last; one that did not is
    a failure, CUTOVER_E_CALLBACK. In `capabilities` of a store, repository, platform or notifier this is about the
    callbacks in that struct; in cutover_engine_options.policy it is about cutover_progress_fn: one that did not
    answer cancels the job.
    """


class Verdict(enum.IntEnum):
    """What a check found out. Only EQUAL passes."""

    NONE = 0
    """No check was made."""
    EQUAL = 1
    """Compared, and equal."""
    DIFFERENT = 2
    """Compared, and different."""
    UNKNOWN = 3
    """Could not be compared."""


class ActorKind(enum.IntEnum):
    """What kind of caller it is; recorded in requests and in the audit trail, decides nothing."""

    USER = 1
    API_KEY = 2
    OPERATOR = 3
    SYSTEM = 4
    """What happens by itself. The library's own acts are those of `cutover`."""


class RoleBits(enum.IntFlag):
    """Roles, to be combined with |. No role implies another."""

    MEMBER = 1
    """A member of the project: requests, cancels their own requests."""
    OPERATOR = 2
    """Reviews and executes: ack, reject, cancel, promote, release, backups."""
    ORG_ADMIN = 4
    """May restore a backup over production."""


class RepositoryBits(enum.IntFlag):
    """Bits of cutover_repository.capabilities."""

    REWRITE = 1
    """Objects of a backup that is not published can be replaced and removed: see create and remove_object."""
    PATCH = 2
    """Bytes of a committed object can be changed in place until its backup is published: see patch. Since version 4.
    """


class StoreBits(enum.IntFlag):
    """Bits of cutover_store.capabilities."""

    DURABLE = 1
    """The commit survives the loss of power. The engine refuses a store without it unless told otherwise."""
    SHARED = 2
    """Several processes may use the same store at once."""


class LogLevel(enum.IntEnum):
    """Severity of a log line."""

    DEBUG = 1
    INFO = 2
    WARNING = 3
    ERROR = 4


class PolicyBits(enum.IntFlag):
    """Policy bits of cutover_engine_options.policy."""

    ACK_BY_REQUESTER = 1
    """Four eyes off: who requested may also ack."""
    VOLATILE_STORE = 2
    """Accept a store that is not CUTOVER_STORE_DURABLE."""
    TRUST_OWNERS = 4
    """What owners of databases wrote (functions, casts, constraints) may run with the rights of the role that the
    library connects as: only for a host that trusts all of them. Reports and the audit say so. Since 0.1.
    """
    EXTEND_PREVIEW = 8
    """A preview whose promotion is held is kept by platform.preview_extend, where the host has that, as often as it
    comes within preview_notice_s of its end, tried at most once a minute. Without, or where that does not help,
    preview.expiring tells of it. Since 0.1.
    """


TIME_SIZE = 28


class IntegrationsAllowBits(enum.IntFlag):
    """Bits of cutover_integrations_options.flags, beside CUTOVER_STRICT_ANSWERS, which is about `secrets`."""

    PRIVATE = 1
    """The providers' addresses may be private, link-local or loopback ones, and plain http: for a proxy of one's own,
    and tests.
    """


class IntegrationBits(enum.IntFlag):
    """Bits of cutover_integration_options.flags."""

    LATER = 1
    """Nothing is written before the next event or cutover_integration_sync(); without it the first sync is due at once.
    """
    SECRET = 2
    """The variables become such as only the site's own code can read: Vercel's type `sensitive`, Netlify's `is_secret`.
    What cannot be read back then is told as `unreadable`, not as confirmed.
    """


INTEGRATION_TARGETS_MAX = 16
INTEGRATION_URL_MAX = 4096
INTEGRATION_TOKEN_MAX = 1024
INTEGRATION_VARIABLE_MAX = 128
INTEGRATION_NAME_MAX = 200
WEBHOOK_MAX = 32
WEBHOOK_URL_MAX = 2000
WEBHOOK_DESCRIPTION_MAX = 200
WEBHOOK_TYPES_MAX = 64


class WebhooksAllowBits(enum.IntFlag):
    """Bits of cutover_webhooks_options.flags."""

    PRIVATE = 1
    """Addresses that are not public (private, loopback, link-local, …) may be connected to."""
    PLAIN = 2
    """http:// URLs are taken too: whoever is on the way reads and changes what is sent."""


WEBHOOK_AS_IT_IS = 0
WEBHOOK_ENABLE = 1
WEBHOOK_DISABLE = 2


class Severity(enum.IntEnum):

    OK = 0
    """Looked at, and fine."""
    WARN = 1
    """Worth knowing; does not stop a promotion."""
    BLOCK = 2
    """A promotion is refused until this is gone."""


class VerifyMethod(enum.IntEnum):
    """How a backup is verified."""

    RESTORE = 1
    """Restored into a throwaway database and compared. The default."""
    READBACK = 2
    """Read again from the repository and recomputed."""


class Fence(enum.IntEnum):
    """When production begins to refuse writes."""

    LATE = 0
    """When the backup is taken and verified; it is then brought forward to what has changed since. The default. Where
    the repository cannot rewrite what is not published (CUTOVER_REPOSITORY_REWRITE) it is as CUTOVER_FENCE_EARLY, and
    the report warns.
    """
    EARLY = 1
    """Before the backup is taken."""


KEY_SECRET_SIZE = 47


class Recovered(enum.IntEnum):
    """What became of one unfinished job."""

    COMPLETED = 1
    """Its swap had happened: its records are finished now."""
    UNDONE = 2
    """It had not: production is open, writable and as it was; the job is `failed`, or `cancelled` where that was asked
    for before its process went.
    """
    RUNNING = 3
    """It lives, or nobody can tell yet (see ask_again_s): left alone."""
    FAILED = 4
    """It could not be recovered now; the message says why. Try again."""
    LOST = 5
    """It had been completed, and is not on production's server any more: that failed over, or was restored, or, where
    what came in is gone, somebody took it back by hand; the message says what of it can be known. Production is the
    database from before it, open and writable, and the job and its request are `failed`.
    """
    DIFFERENT = 6
    """Production's server holds something else than the store says, or is closed: a person must look."""
    STANDS = 7
    """cutover_project_look(): production is what the last job left."""
    ABANDONED = 8
    """cutover_recover_abandon(): it is given up and `failed`, and its project is free. Since 0.1."""
    LEFT = 9
    """What an abandoned job left is still there: the message says what, and why. Since 0.1."""


NOTE_MAX = 1000
TICKET_MAX = 120


class Writes(enum.IntEnum):
    """Whether production was written to since the cutover."""

    NONE = 0
    """It was not."""
    SOME = 1
    """It was: a rollback takes these writes out of production."""
    UNKNOWN = 2
    """It cannot be told: the server restarted, or its counters were reset."""


KEY_EVERY_PROJECT = '*'
cutover_project_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_preview_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_object_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_document_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_log_fn: Any = c.CFUNCTYPE(None, c.c_int, c.c_char_p, c.c_void_p)
cutover_clock_fn: Any = c.CFUNCTYPE(c.c_int64, c.c_void_p)
cutover_integration_give: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_integration_secrets_fn: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, cutover_integration_give, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_integration_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_api_run_fn: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_api_projects_fn: Any = c.CFUNCTYPE(c.c_int, cutover_project_emit, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_api_previews_fn: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, cutover_preview_emit, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_audit_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_event_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_progress_fn: Any = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.c_void_p)
cutover_displaced_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_recovery_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_leftover_emit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
cutover_conformance_report: Any = c.CFUNCTYPE(None, c.c_char_p, c.c_char_p, c.c_void_p)
cutover_conformance_store_open: Any = c.CFUNCTYPE(c.c_int, c.c_int32, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_conformance_repository_open: Any = c.CFUNCTYPE(c.c_int, c.c_int32, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_notifier_deliver: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_notifier_close: Any = c.CFUNCTYPE(None, c.c_void_p)
cutover_platform_project_get: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, cutover_project_emit, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_platform_project_set_state: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_platform_preview_get: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, cutover_preview_emit, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_platform_traffic_pause: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_platform_traffic_resume: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_platform_integrations_sync: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_platform_preview_create: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, cutover_preview_emit, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_platform_fence_pause: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_platform_fence_resume: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_int32, c.c_void_p, c.c_void_p)
cutover_platform_preview_extend: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_int64, c.c_void_p, c.c_void_p)
cutover_repository_begin: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_repository_create: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_repository_write: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_size_t, c.c_void_p, c.c_void_p)
cutover_repository_commit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_repository_abort: Any = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p)
cutover_repository_publish: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_repository_open: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_repository_read: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_uint64, c.c_void_p, c.c_size_t, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_repository_close_object: Any = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p)
cutover_repository_list: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, cutover_object_emit, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_repository_remove: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_repository_path: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_void_p, c.c_size_t, c.c_void_p, c.c_void_p)
cutover_repository_close: Any = c.CFUNCTYPE(None, c.c_void_p)
cutover_repository_remove_object: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p)
cutover_repository_free_bytes: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_repository_patch: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_repository_write_at: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_uint64, c.c_void_p, c.c_size_t, c.c_void_p, c.c_void_p)
cutover_store_get: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, cutover_document_emit, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_store_list: Any = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_char_p, c.c_uint32, cutover_document_emit, c.c_void_p, c.c_void_p, c.c_void_p)
cutover_store_commit: Any = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_size_t, c.c_void_p, c.c_void_p)
cutover_store_close: Any = c.CFUNCTYPE(None, c.c_void_p)


class cutover_actor(c.Structure):
    """An actor; option structs point to one. Borrowed for the call."""

    version: int
    id: Optional[bytes]
    kind: int
    roles: int
    _fields_ = [("version", c.c_uint),
                ("id", c.c_char_p),
                ("kind", c.c_int),
                ("roles", c.c_uint32)]


class cutover_event(c.Structure):
    """An event on its way out; the struct is the library's, and pointers are valid during the call only."""

    version: int
    id: Optional[bytes]
    type: Optional[bytes]
    project_id: Optional[bytes]
    sequence: int
    created_at: int
    attempt: int
    json: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("id", c.c_char_p),
                ("type", c.c_char_p),
                ("project_id", c.c_char_p),
                ("sequence", c.c_uint64),
                ("created_at", c.c_int64),
                ("attempt", c.c_uint32),
                ("json", c.c_char_p)]


class cutover_refusal(c.Structure):
    """What a notifier asks for when it refuses an event. The struct is the library's, with all members but the version
    0: leave it so to be offered the event again after the library's own pause. Read only when deliver did not return
    CUTOVER_OK.
    """

    version: int
    never_again: int
    again_at: int
    _fields_ = [("version", c.c_uint),
                ("never_again", c.c_int32),
                ("again_at", c.c_int64)]


class cutover_notifier(c.Structure):
    """The vtable."""

    version: int
    userdata: Any
    deliver: Any
    close: Any
    capabilities: int
    _fields_ = [("version", c.c_uint),
                ("userdata", c.c_void_p),
                ("deliver", cutover_notifier_deliver),
                ("close", cutover_notifier_close),
                ("capabilities", c.c_uint32)]


class cutover_named_notifier(c.Structure):
    """A notifier as an engine is given it: under a name."""

    version: int
    attempts: int
    name: Optional[bytes]
    notifier: Any
    since: int
    _fields_ = [("version", c.c_uint),
                ("attempts", c.c_uint32),
                ("name", c.c_char_p),
                ("notifier", c.c_void_p),
                ("since", c.c_int64)]


class cutover_project(c.Structure):
    """A project as the platform tells it; pointers are valid during the emit call only."""

    version: int
    id: Optional[bytes]
    organization_id: Optional[bytes]
    state: Optional[bytes]
    database: Optional[bytes]
    control_database: Optional[bytes]
    verify_database: Optional[bytes]
    job_id: Optional[bytes]
    loader_database: Optional[bytes]
    pgbouncers: Any
    hold_fence: int
    _fields_ = [("version", c.c_uint),
                ("id", c.c_char_p),
                ("organization_id", c.c_char_p),
                ("state", c.c_char_p),
                ("database", c.c_char_p),
                ("control_database", c.c_char_p),
                ("verify_database", c.c_char_p),
                ("job_id", c.c_char_p),
                ("loader_database", c.c_char_p),
                ("pgbouncers", c.c_void_p),
                ("hold_fence", c.c_int32)]


class cutover_preview(c.Structure):
    """A preview as the platform tells it; pointers are valid during the emit call only."""

    version: int
    id: Optional[bytes]
    project_id: Optional[bytes]
    state: Optional[bytes]
    database: Optional[bytes]
    expires_at: int
    _fields_ = [("version", c.c_uint),
                ("id", c.c_char_p),
                ("project_id", c.c_char_p),
                ("state", c.c_char_p),
                ("database", c.c_char_p),
                ("expires_at", c.c_int64)]


class cutover_platform(c.Structure):
    """The vtable. Calls come on the thread that called into the library, with no lock of it held; different threads may
    call at once. A failing function sets *error with cutover_error_new() and returns its code.
    """

    version: int
    capabilities: int
    userdata: Any
    project_get: Any
    project_set_state: Any
    preview_get: Any
    traffic_pause: Any
    traffic_resume: Any
    integrations_sync: Any
    preview_create: Any
    fence_pause: Any
    fence_resume: Any
    preview_extend: Any
    _fields_ = [("version", c.c_uint),
                ("capabilities", c.c_uint32),
                ("userdata", c.c_void_p),
                ("project_get", cutover_platform_project_get),
                ("project_set_state", cutover_platform_project_set_state),
                ("preview_get", cutover_platform_preview_get),
                ("traffic_pause", cutover_platform_traffic_pause),
                ("traffic_resume", cutover_platform_traffic_resume),
                ("integrations_sync", cutover_platform_integrations_sync),
                ("preview_create", cutover_platform_preview_create),
                ("fence_pause", cutover_platform_fence_pause),
                ("fence_resume", cutover_platform_fence_resume),
                ("preview_extend", cutover_platform_preview_extend)]


class cutover_object(c.Structure):
    """What list tells, with the members of that repository's version; pointers are valid during the emit call only.
    """

    name: Optional[bytes]
    size: int
    published: int
    _fields_ = [("name", c.c_char_p),
                ("size", c.c_uint64),
                ("published", c.c_int32)]


class cutover_repository(c.Structure):
    """The vtable. Members are required unless marked optional. Names of backups are UUIDs, names of objects match
    [a-z0-9._-]{1,64} and do not begin with a dot: the library never derives them from users' names. Different objects
    are written and read from several threads at once; one object by one thread at a time. A failing function sets
    *error with cutover_error_new() and returns its code.
    """

    version: int
    capabilities: int
    userdata: Any
    begin: Any
    create: Any
    write: Any
    commit: Any
    abort: Any
    publish: Any
    open: Any
    read: Any
    close_object: Any
    list: Any
    remove: Any
    path: Any
    close: Any
    remove_object: Any
    free_bytes: Any
    patch: Any
    write_at: Any
    _fields_ = [("version", c.c_uint),
                ("capabilities", c.c_uint32),
                ("userdata", c.c_void_p),
                ("begin", cutover_repository_begin),
                ("create", cutover_repository_create),
                ("write", cutover_repository_write),
                ("commit", cutover_repository_commit),
                ("abort", cutover_repository_abort),
                ("publish", cutover_repository_publish),
                ("open", cutover_repository_open),
                ("read", cutover_repository_read),
                ("close_object", cutover_repository_close_object),
                ("list", cutover_repository_list),
                ("remove", cutover_repository_remove),
                ("path", cutover_repository_path),
                ("close", cutover_repository_close),
                ("remove_object", cutover_repository_remove_object),
                ("free_bytes", cutover_repository_free_bytes),
                ("patch", cutover_repository_patch),
                ("write_at", cutover_repository_write_at)]


class cutover_document(c.Structure):
    """One document as a store hands it out, with the members of that store's version; pointers are valid during the emit
    call only.
    """

    kind: Optional[bytes]
    id: Optional[bytes]
    project_id: Optional[bytes]
    version: int
    body: Optional[bytes]
    _fields_ = [("kind", c.c_char_p),
                ("id", c.c_char_p),
                ("project_id", c.c_char_p),
                ("version", c.c_uint64),
                ("body", c.c_char_p)]


class cutover_write(c.Structure):
    """One write of a commit. Pointers are the library's and valid during the commit call."""

    version: int
    kind: Optional[bytes]
    id: Optional[bytes]
    project_id: Optional[bytes]
    expected_version: int
    body: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("kind", c.c_char_p),
                ("id", c.c_char_p),
                ("project_id", c.c_char_p),
                ("expected_version", c.c_uint64),
                ("body", c.c_char_p)]


class cutover_store(c.Structure):
    """The vtable. All functions are required. Every function may be called from several threads at once, without any
    lock of the library held. A failing function sets *error (if error is not NULL) with cutover_error_new() and
    returns its code; it leaves the store as it was.
    """

    version: int
    capabilities: int
    userdata: Any
    get: Any
    list: Any
    commit: Any
    close: Any
    max_commit_writes: int
    max_list: int
    max_body_bytes: int
    _fields_ = [("version", c.c_uint),
                ("capabilities", c.c_uint32),
                ("userdata", c.c_void_p),
                ("get", cutover_store_get),
                ("list", cutover_store_list),
                ("commit", cutover_store_commit),
                ("close", cutover_store_close),
                ("max_commit_writes", c.c_uint32),
                ("max_list", c.c_uint32),
                ("max_body_bytes", c.c_uint64)]


class cutover_store_postgres_options(c.Structure):
    """A store on PostgreSQL."""

    version: int
    schema: Optional[bytes]
    timeout_ms: int
    _fields_ = [("version", c.c_uint),
                ("schema", c.c_char_p),
                ("timeout_ms", c.c_uint32)]


class cutover_engine_options(c.Structure):

    version: int
    policy: int
    store: Any
    repository: Any
    platform: Any
    notifiers: Any
    notifier_count: int
    pg_bin_dir: Optional[bytes]
    work_dir: Optional[bytes]
    log: Any
    log_userdata: Any
    clock: Any
    clock_userdata: Any
    connect_timeout_s: int
    door_timeout_ms: int
    maintenance_mem_mb: int
    preview_notice_s: int
    _fields_ = [("version", c.c_uint),
                ("policy", c.c_uint32),
                ("store", c.c_void_p),
                ("repository", c.c_void_p),
                ("platform", c.c_void_p),
                ("notifiers", c.c_void_p),
                ("notifier_count", c.c_size_t),
                ("pg_bin_dir", c.c_char_p),
                ("work_dir", c.c_char_p),
                ("log", cutover_log_fn),
                ("log_userdata", c.c_void_p),
                ("clock", cutover_clock_fn),
                ("clock_userdata", c.c_void_p),
                ("connect_timeout_s", c.c_uint32),
                ("door_timeout_ms", c.c_uint32),
                ("maintenance_mem_mb", c.c_uint32),
                ("preview_notice_s", c.c_uint32)]


class cutover_filter(c.Structure):
    """Which records a list has, and in which order: cutover_requests_find(), cutover_backups_find(),
    cutover_jobs_find().
    """

    version: int
    project_id: Optional[bytes]
    status: Optional[bytes]
    kind: Optional[bytes]
    newest_first: int
    after: Optional[bytes]
    limit: int
    _fields_ = [("version", c.c_uint),
                ("project_id", c.c_char_p),
                ("status", c.c_char_p),
                ("kind", c.c_char_p),
                ("newest_first", c.c_int32),
                ("after", c.c_char_p),
                ("limit", c.c_uint32)]


class cutover_integration_ref(c.Structure):
    """Whose secrets are asked for; the struct is the library's, and pointers are valid during the call only."""

    version: int
    id: Optional[bytes]
    project_id: Optional[bytes]
    provider: Optional[bytes]
    account_id: Optional[bytes]
    site_id: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("id", c.c_char_p),
                ("project_id", c.c_char_p),
                ("provider", c.c_char_p),
                ("account_id", c.c_char_p),
                ("site_id", c.c_char_p)]


class cutover_integration_secrets(c.Structure):
    """What a sync needs to know and nobody else may. The struct and its strings are the host's, and are read while
    `give` runs.
    """

    version: int
    token: Optional[bytes]
    pooled_url: Optional[bytes]
    unpooled_url: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("token", c.c_char_p),
                ("pooled_url", c.c_char_p),
                ("unpooled_url", c.c_char_p)]


class cutover_integrations_options(c.Structure):

    version: int
    flags: int
    store: Any
    folder: Optional[bytes]
    secrets: Any
    secrets_userdata: Any
    vercel_url: Optional[bytes]
    netlify_url: Optional[bytes]
    ca_file: Optional[bytes]
    user_agent: Optional[bytes]
    timeout_ms: int
    parallel: int
    log: Any
    log_userdata: Any
    clock: Any
    clock_userdata: Any
    _fields_ = [("version", c.c_uint),
                ("flags", c.c_uint32),
                ("store", c.c_void_p),
                ("folder", c.c_char_p),
                ("secrets", cutover_integration_secrets_fn),
                ("secrets_userdata", c.c_void_p),
                ("vercel_url", c.c_char_p),
                ("netlify_url", c.c_char_p),
                ("ca_file", c.c_char_p),
                ("user_agent", c.c_char_p),
                ("timeout_ms", c.c_uint32),
                ("parallel", c.c_uint32),
                ("log", cutover_log_fn),
                ("log_userdata", c.c_void_p),
                ("clock", cutover_clock_fn),
                ("clock_userdata", c.c_void_p)]


class cutover_integration_run(c.Structure):
    """What one cutover_integrations_deliver() did."""

    version: int
    synced: int
    failed: int
    given_up: int
    waiting: int
    next_due: int
    _fields_ = [("version", c.c_uint),
                ("synced", c.c_uint32),
                ("failed", c.c_uint32),
                ("given_up", c.c_uint32),
                ("waiting", c.c_uint32),
                ("next_due", c.c_int64)]


class cutover_integration_options(c.Structure):

    version: int
    flags: int
    actor: Any
    project_id: Optional[bytes]
    provider: Optional[bytes]
    site_id: Optional[bytes]
    account_id: Optional[bytes]
    pooled_name: Optional[bytes]
    unpooled_name: Optional[bytes]
    targets: Any
    target_count: int
    token: Optional[bytes]
    pooled_url: Optional[bytes]
    unpooled_url: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("flags", c.c_uint32),
                ("actor", c.c_void_p),
                ("project_id", c.c_char_p),
                ("provider", c.c_char_p),
                ("site_id", c.c_char_p),
                ("account_id", c.c_char_p),
                ("pooled_name", c.c_char_p),
                ("unpooled_name", c.c_char_p),
                ("targets", c.c_void_p),
                ("target_count", c.c_size_t),
                ("token", c.c_char_p),
                ("pooled_url", c.c_char_p),
                ("unpooled_url", c.c_char_p)]


class cutover_project_removal(c.Structure):
    """What cutover_registry_project_remove() is to do."""

    version: int
    project_id: Optional[bytes]
    reason: Optional[bytes]
    confirm: int
    without_server: int
    _fields_ = [("version", c.c_uint),
                ("project_id", c.c_char_p),
                ("reason", c.c_char_p),
                ("confirm", c.c_int32),
                ("without_server", c.c_int32)]


class cutover_webhooks_options(c.Structure):

    version: int
    flags: int
    store: Any
    user_agent: Optional[bytes]
    ca_file: Optional[bytes]
    timeout_ms: int
    connect_timeout_ms: int
    parallel: int
    keep_days: int
    log: Any
    log_userdata: Any
    clock: Any
    clock_userdata: Any
    _fields_ = [("version", c.c_uint),
                ("flags", c.c_uint32),
                ("store", c.c_void_p),
                ("user_agent", c.c_char_p),
                ("ca_file", c.c_char_p),
                ("timeout_ms", c.c_uint32),
                ("connect_timeout_ms", c.c_uint32),
                ("parallel", c.c_uint32),
                ("keep_days", c.c_uint32),
                ("log", cutover_log_fn),
                ("log_userdata", c.c_void_p),
                ("clock", cutover_clock_fn),
                ("clock_userdata", c.c_void_p)]


class cutover_webhook_round(c.Structure):
    """What a call of cutover_webhooks_deliver() did, and what is left."""

    version: int
    delivered: int
    failed: int
    dead: int
    disabled: int
    running: int
    waiting: int
    next_at: int
    _fields_ = [("version", c.c_uint),
                ("delivered", c.c_uint32),
                ("failed", c.c_uint32),
                ("dead", c.c_uint32),
                ("disabled", c.c_uint32),
                ("running", c.c_uint32),
                ("waiting", c.c_uint32),
                ("next_at", c.c_int64)]


class cutover_webhook_options(c.Structure):

    version: int
    actor: Any
    project_id: Optional[bytes]
    url: Optional[bytes]
    description: Optional[bytes]
    event_types: Any
    event_type_count: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("project_id", c.c_char_p),
                ("url", c.c_char_p),
                ("description", c.c_char_p),
                ("event_types", c.c_void_p),
                ("event_type_count", c.c_size_t)]


class cutover_webhook_change(c.Structure):
    """What is to be another at an endpoint."""

    version: int
    enabled: int
    actor: Any
    webhook_id: Optional[bytes]
    url: Optional[bytes]
    description: Optional[bytes]
    event_types: Any
    event_type_count: int
    expected_version: int
    _fields_ = [("version", c.c_uint),
                ("enabled", c.c_int32),
                ("actor", c.c_void_p),
                ("webhook_id", c.c_char_p),
                ("url", c.c_char_p),
                ("description", c.c_char_p),
                ("event_types", c.c_void_p),
                ("event_type_count", c.c_size_t),
                ("expected_version", c.c_uint64)]


class cutover_webhook_selection(c.Structure):
    """Which messages of an endpoint are to be sent again."""

    version: int
    actor: Any
    webhook_id: Optional[bytes]
    message_id: Optional[bytes]
    since: int
    until: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("webhook_id", c.c_char_p),
                ("message_id", c.c_char_p),
                ("since", c.c_int64),
                ("until", c.c_int64)]


class cutover_api_options(c.Structure):
    """What an API is made of. What is pointed to must outlive it; vtables are copied."""

    version: int
    engine: Any
    store: Any
    platform: Any
    registry: Any
    projects: Any
    previews: Any
    inventory_userdata: Any
    webhooks: Any
    integrations: Any
    run: Any
    run_userdata: Any
    clock: Any
    clock_userdata: Any
    jobs: int
    max_body: int
    _fields_ = [("version", c.c_uint),
                ("engine", c.c_void_p),
                ("store", c.c_void_p),
                ("platform", c.c_void_p),
                ("registry", c.c_void_p),
                ("projects", cutover_api_projects_fn),
                ("previews", cutover_api_previews_fn),
                ("inventory_userdata", c.c_void_p),
                ("webhooks", c.c_void_p),
                ("integrations", c.c_void_p),
                ("run", cutover_api_run_fn),
                ("run_userdata", c.c_void_p),
                ("clock", cutover_clock_fn),
                ("clock_userdata", c.c_void_p),
                ("jobs", c.c_uint32),
                ("max_body", c.c_uint32)]


class cutover_api_header(c.Structure):
    """A header of a request. Names are compared without regard to case."""

    name: Optional[bytes]
    value: Optional[bytes]
    _fields_ = [("name", c.c_char_p),
                ("value", c.c_char_p)]


class cutover_api_request(c.Structure):
    """A request, as the host's server read it. Borrowed for the call."""

    version: int
    method: Optional[bytes]
    path: Optional[bytes]
    query: Optional[bytes]
    headers: Any
    header_count: int
    body: Any
    body_size: int
    actor: Any
    project_id: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("method", c.c_char_p),
                ("path", c.c_char_p),
                ("query", c.c_char_p),
                ("headers", c.c_void_p),
                ("header_count", c.c_size_t),
                ("body", c.c_void_p),
                ("body_size", c.c_size_t),
                ("actor", c.c_void_p),
                ("project_id", c.c_char_p)]


class cutover_audit_entry(c.Structure):
    """One entry; the struct is the library's, and pointers are valid during the emit call only."""

    version: int
    cursor: Optional[bytes]
    sequence: int
    action: Optional[bytes]
    project_id: Optional[bytes]
    actor_id: Optional[bytes]
    actor_kind: Optional[bytes]
    at: int
    json: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("cursor", c.c_char_p),
                ("sequence", c.c_uint64),
                ("action", c.c_char_p),
                ("project_id", c.c_char_p),
                ("actor_id", c.c_char_p),
                ("actor_kind", c.c_char_p),
                ("at", c.c_int64),
                ("json", c.c_char_p)]


class cutover_delivery_options(c.Structure):

    version: int
    notifier: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("notifier", c.c_char_p)]


class cutover_delivery(c.Structure):
    """What one call did: of one notifier when it was named, else the sums. An event counts once for each notifier.
    """

    version: int
    delivered: int
    failed: int
    waiting: int
    given_up: int
    busy: int
    _fields_ = [("version", c.c_uint),
                ("delivered", c.c_uint32),
                ("failed", c.c_uint32),
                ("waiting", c.c_uint32),
                ("given_up", c.c_uint32),
                ("busy", c.c_uint32)]


class cutover_event_selection(c.Structure):
    """Which of the events that were given up for a notifier."""

    version: int
    actor: Any
    notifier: Optional[bytes]
    project_id: Optional[bytes]
    first: int
    last: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("notifier", c.c_char_p),
                ("project_id", c.c_char_p),
                ("first", c.c_uint64),
                ("last", c.c_uint64)]


class cutover_finding(c.Structure):
    """One finding; pointers belong to the preflight."""

    severity: int
    check: Optional[bytes]
    message: Optional[bytes]
    hint: Optional[bytes]
    _fields_ = [("severity", c.c_int),
                ("check", c.c_char_p),
                ("message", c.c_char_p),
                ("hint", c.c_char_p)]


class cutover_progress(c.Structure):
    """Where a job stands; pointers are static or valid during the call."""

    version: int
    step: Optional[bytes]
    bytes_done: int
    bytes_total: int
    rows_done: int
    tables_done: int
    tables_total: int
    fraction: float
    seconds_elapsed: float
    seconds_left: float
    job_id: Optional[bytes]
    _fields_ = [("version", c.c_uint),
                ("step", c.c_char_p),
                ("bytes_done", c.c_uint64),
                ("bytes_total", c.c_uint64),
                ("rows_done", c.c_uint64),
                ("tables_done", c.c_uint32),
                ("tables_total", c.c_uint32),
                ("fraction", c.c_double),
                ("seconds_elapsed", c.c_double),
                ("seconds_left", c.c_double),
                ("job_id", c.c_char_p)]


class cutover_promotion_options(c.Structure):

    version: int
    actor: Any
    request_id: Optional[bytes]
    jobs: int
    verify: int
    hold: int
    progress: Any
    progress_userdata: Any
    hold_max_s: int
    writes_refused_max_s: int
    if_version: int
    fence: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("request_id", c.c_char_p),
                ("jobs", c.c_uint32),
                ("verify", c.c_int),
                ("hold", c.c_int32),
                ("progress", cutover_progress_fn),
                ("progress_userdata", c.c_void_p),
                ("hold_max_s", c.c_uint32),
                ("writes_refused_max_s", c.c_uint32),
                ("if_version", c.c_uint64),
                ("fence", c.c_int)]


class cutover_backup_options(c.Structure):

    version: int
    actor: Any
    project_id: Optional[bytes]
    label: Optional[bytes]
    jobs: int
    verify: int
    progress: Any
    progress_userdata: Any
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("project_id", c.c_char_p),
                ("label", c.c_char_p),
                ("jobs", c.c_uint32),
                ("verify", c.c_int),
                ("progress", cutover_progress_fn),
                ("progress_userdata", c.c_void_p)]


class cutover_displaced(c.Structure):
    """One displaced database that is still there; pointers are valid during the emit call only."""

    version: int
    name: Optional[bytes]
    oid: int
    project_id: Optional[bytes]
    promotion_id: Optional[bytes]
    request_id: Optional[bytes]
    displaced_at: int
    size: int
    _fields_ = [("version", c.c_uint),
                ("name", c.c_char_p),
                ("oid", c.c_uint32),
                ("project_id", c.c_char_p),
                ("promotion_id", c.c_char_p),
                ("request_id", c.c_char_p),
                ("displaced_at", c.c_int64),
                ("size", c.c_uint64)]


class cutover_key_options(c.Structure):

    version: int
    actor: Any
    label: Optional[bytes]
    roles: int
    project_id: Optional[bytes]
    organization_id: Optional[bytes]
    actor_id: Optional[bytes]
    expires_at: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("label", c.c_char_p),
                ("roles", c.c_uint32),
                ("project_id", c.c_char_p),
                ("organization_id", c.c_char_p),
                ("actor_id", c.c_char_p),
                ("expires_at", c.c_int64)]


class cutover_pgbouncer_options(c.Structure):
    """How to get at the instances, and for how long."""

    version: int
    consoles: Any
    pause_timeout_ms: int
    hold_fence: int
    _fields_ = [("version", c.c_uint),
                ("consoles", c.c_void_p),
                ("pause_timeout_ms", c.c_uint32),
                ("hold_fence", c.c_int32)]


class cutover_recovery(c.Structure):
    """One unfinished job; pointers are valid during the emit call only."""

    version: int
    job: Optional[bytes]
    job_id: Optional[bytes]
    project_id: Optional[bytes]
    request_id: Optional[bytes]
    outcome: int
    message: Optional[bytes]
    ask_again_s: int
    _fields_ = [("version", c.c_uint),
                ("job", c.c_char_p),
                ("job_id", c.c_char_p),
                ("project_id", c.c_char_p),
                ("request_id", c.c_char_p),
                ("outcome", c.c_int),
                ("message", c.c_char_p),
                ("ask_again_s", c.c_uint32)]


class cutover_abandon_options(c.Structure):
    """What cutover_recover_abandon() is to do."""

    version: int
    actor: Any
    job_id: Optional[bytes]
    reason: Optional[bytes]
    confirm: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("job_id", c.c_char_p),
                ("reason", c.c_char_p),
                ("confirm", c.c_int32)]


class cutover_leftover(c.Structure):
    """What an abandoned job left; pointers are valid during the emit call only."""

    version: int
    id: Optional[bytes]
    project_id: Optional[bytes]
    job_id: Optional[bytes]
    kind: Optional[bytes]
    database: Optional[bytes]
    oid: int
    system_identifier: Optional[bytes]
    message: Optional[bytes]
    since: int
    _fields_ = [("version", c.c_uint),
                ("id", c.c_char_p),
                ("project_id", c.c_char_p),
                ("job_id", c.c_char_p),
                ("kind", c.c_char_p),
                ("database", c.c_char_p),
                ("oid", c.c_uint32),
                ("system_identifier", c.c_char_p),
                ("message", c.c_char_p),
                ("since", c.c_int64)]


class cutover_request_options(c.Structure):

    version: int
    actor: Any
    project_id: Optional[bytes]
    preview_id: Optional[bytes]
    customer_note: Optional[bytes]
    external_ticket_ref: Optional[bytes]
    scheduled_for: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("project_id", c.c_char_p),
                ("preview_id", c.c_char_p),
                ("customer_note", c.c_char_p),
                ("external_ticket_ref", c.c_char_p),
                ("scheduled_for", c.c_int64)]


class cutover_request_ack_options(c.Structure):

    version: int
    actor: Any
    request_id: Optional[bytes]
    operator_note: Optional[bytes]
    scheduled_for: int
    if_version: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("request_id", c.c_char_p),
                ("operator_note", c.c_char_p),
                ("scheduled_for", c.c_int64),
                ("if_version", c.c_uint64)]


class cutover_restore_options(c.Structure):

    version: int
    actor: Any
    backup_id: Optional[bytes]
    preview_id: Optional[bytes]
    project_id: Optional[bytes]
    confirm: int
    jobs: int
    verify: int
    progress: Any
    progress_userdata: Any
    fence: int
    writes_refused_max_s: int
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("backup_id", c.c_char_p),
                ("preview_id", c.c_char_p),
                ("project_id", c.c_char_p),
                ("confirm", c.c_int32),
                ("jobs", c.c_uint32),
                ("verify", c.c_int),
                ("progress", cutover_progress_fn),
                ("progress_userdata", c.c_void_p),
                ("fence", c.c_int),
                ("writes_refused_max_s", c.c_uint32)]


class cutover_rollback_options(c.Structure):

    version: int
    actor: Any
    request_id: Optional[bytes]
    discard_writes: int
    progress: Any
    progress_userdata: Any
    _fields_ = [("version", c.c_uint),
                ("actor", c.c_void_p),
                ("request_id", c.c_char_p),
                ("discard_writes", c.c_int32),
                ("progress", cutover_progress_fn),
                ("progress_userdata", c.c_void_p)]


# Bytes of each version, as far as they were described.
SIZES: Dict[Type[c.Structure], List[int]] = {
    cutover_actor: [24],
    cutover_notifier: [32, 40],
    cutover_named_notifier: [32],
    cutover_project: [64, 72, 80, 88],
    cutover_preview: [48],
    cutover_platform: [72, 88, 96],
    cutover_repository: [120, 128, 136, 152],
    cutover_write: [48],
    cutover_store: [48, 64],
    cutover_store_postgres_options: [24],
    cutover_engine_options: [112],
    cutover_filter: [56],
    cutover_integration_secrets: [32],
    cutover_integrations_options: [112],
    cutover_integration_run: [32],
    cutover_integration_options: [104],
    cutover_project_removal: [32],
    cutover_webhooks_options: [80],
    cutover_webhook_round: [40],
    cutover_webhook_options: [56],
    cutover_webhook_change: [64],
    cutover_webhook_selection: [48],
    cutover_api_options: [120],
    cutover_api_request: [80],
    cutover_delivery_options: [16],
    cutover_delivery: [24],
    cutover_event_selection: [48],
    cutover_progress: [72, 80],
    cutover_promotion_options: [56, 64, 80],
    cutover_backup_options: [56],
    cutover_key_options: [64],
    cutover_pgbouncer_options: [24],
    cutover_abandon_options: [40],
    cutover_request_options: [48, 56],
    cutover_request_ack_options: [40, 48],
    cutover_restore_options: [72, 80],
    cutover_rollback_options: [28, 48]}

# The whole, then the offset of each member.
LAYOUTS: Dict[Type[c.Structure], List[int]] = {
    cutover_actor: [24, 0, 8, 16, 20],
    cutover_event: [64, 0, 8, 16, 24, 32, 40, 48, 56],
    cutover_refusal: [16, 0, 4, 8],
    cutover_notifier: [40, 0, 8, 16, 24, 32],
    cutover_named_notifier: [32, 0, 4, 8, 16, 24],
    cutover_project: [88, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80],
    cutover_preview: [48, 0, 8, 16, 24, 32, 40],
    cutover_platform: [96, 0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88],
    cutover_object: [24, 0, 8, 16],
    cutover_repository: [152, 0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144],
    cutover_document: [40, 0, 8, 16, 24, 32],
    cutover_write: [48, 0, 8, 16, 24, 32, 40],
    cutover_store: [64, 0, 4, 8, 16, 24, 32, 40, 48, 52, 56],
    cutover_store_postgres_options: [24, 0, 8, 16],
    cutover_engine_options: [112, 0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 100, 104, 108],
    cutover_filter: [56, 0, 8, 16, 24, 32, 40, 48],
    cutover_integration_ref: [48, 0, 8, 16, 24, 32, 40],
    cutover_integration_secrets: [32, 0, 8, 16, 24],
    cutover_integrations_options: [112, 0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72, 76, 80, 88, 96, 104],
    cutover_integration_run: [32, 0, 4, 8, 12, 16, 24],
    cutover_integration_options: [104, 0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96],
    cutover_project_removal: [32, 0, 8, 16, 24, 28],
    cutover_webhooks_options: [80, 0, 4, 8, 16, 24, 32, 36, 40, 44, 48, 56, 64, 72],
    cutover_webhook_round: [40, 0, 4, 8, 12, 16, 20, 24, 32],
    cutover_webhook_options: [56, 0, 8, 16, 24, 32, 40, 48],
    cutover_webhook_change: [64, 0, 4, 8, 16, 24, 32, 40, 48, 56],
    cutover_webhook_selection: [48, 0, 8, 16, 24, 32, 40],
    cutover_api_options: [120, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 116],
    cutover_api_header: [16, 0, 8],
    cutover_api_request: [80, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72],
    cutover_audit_entry: [72, 0, 8, 16, 24, 32, 40, 48, 56, 64],
    cutover_delivery_options: [16, 0, 8],
    cutover_delivery: [24, 0, 4, 8, 12, 16, 20],
    cutover_event_selection: [48, 0, 8, 16, 24, 32, 40],
    cutover_finding: [32, 0, 8, 16, 24],
    cutover_progress: [80, 0, 8, 16, 24, 32, 40, 44, 48, 56, 64, 72],
    cutover_promotion_options: [80, 0, 8, 16, 24, 28, 32, 40, 48, 56, 60, 64, 72],
    cutover_backup_options: [56, 0, 8, 16, 24, 32, 36, 40, 48],
    cutover_displaced: [64, 0, 8, 16, 24, 32, 40, 48, 56],
    cutover_key_options: [64, 0, 8, 16, 24, 32, 40, 48, 56],
    cutover_pgbouncer_options: [24, 0, 8, 16, 20],
    cutover_recovery: [64, 0, 8, 16, 24, 32, 40, 48, 56],
    cutover_abandon_options: [40, 0, 8, 16, 24, 32],
    cutover_leftover: [80, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72],
    cutover_request_options: [56, 0, 8, 16, 24, 32, 40, 48],
    cutover_request_ack_options: [48, 0, 8, 16, 24, 32, 40],
    cutover_restore_options: [80, 0, 8, 16, 24, 32, 40, 44, 48, 56, 64, 72, 76],
    cutover_rollback_options: [48, 0, 8, 16, 24, 32, 40]}


PROTOTYPES: Dict[str, Tuple[Any, List[Any]]] = {
    "cutover_actor_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_api_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_api_new": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_api_free": (None, [c.c_void_p]),
    "cutover_api_request_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_api_handle": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_api_tend": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_api_openapi": (c.c_char_p, []),
    "cutover_api_problem": (c.c_int, [c.c_uint32, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_api_response_status": (c.c_uint32, [c.c_void_p]),
    "cutover_api_response_header_count": (c.c_size_t, [c.c_void_p]),
    "cutover_api_response_header_name": (c.c_char_p, [c.c_void_p, c.c_size_t]),
    "cutover_api_response_header_value": (c.c_char_p, [c.c_void_p, c.c_size_t]),
    "cutover_api_response_body": (c.c_char_p, [c.c_void_p]),
    "cutover_api_response_body_size": (c.c_size_t, [c.c_void_p]),
    "cutover_api_response_route": (c.c_char_p, [c.c_void_p]),
    "cutover_api_response_take_stream": (c.c_void_p, [c.c_void_p]),
    "cutover_api_response_free": (None, [c.c_void_p]),
    "cutover_api_stream_next": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_api_stream_free": (None, [c.c_void_p]),
    "cutover_api_work_run": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_api_work_cancel": (None, [c.c_void_p]),
    "cutover_api_work_job_id": (c.c_char_p, [c.c_void_p]),
    "cutover_api_work_kind": (c.c_char_p, [c.c_void_p]),
    "cutover_api_work_project_id": (c.c_char_p, [c.c_void_p]),
    "cutover_api_work_free": (None, [c.c_void_p]),
    "cutover_audit_list": (c.c_int, [c.c_void_p, c.c_char_p, c.c_char_p, c.c_uint32, cutover_audit_emit, c.c_void_p, c.c_void_p]),
    "cutover_delivery_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_delivery_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_events_deliver": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_events_list": (c.c_int, [c.c_void_p, c.c_char_p, cutover_event_emit, c.c_void_p, c.c_void_p]),
    "cutover_event_selection_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_events_retry": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_events_discard": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_backup_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_backup_create": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_backup_verify": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_backup_start": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_backup_verify_start": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_backup_job_run": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_backup_job_cancel": (None, [c.c_void_p]),
    "cutover_backup_job_progress": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_backup_job_id": (c.c_char_p, [c.c_void_p]),
    "cutover_backup_job_free": (None, [c.c_void_p]),
    "cutover_backup_get": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_backups_list": (c.c_int, [c.c_void_p, c.c_char_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p]),
    "cutover_backups_find": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_backup_delete": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p]),
    "cutover_backup_path": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_size_t, c.c_void_p]),
    "cutover_backup_id": (c.c_char_p, [c.c_void_p]),
    "cutover_backup_project_id": (c.c_char_p, [c.c_void_p]),
    "cutover_backup_label": (c.c_char_p, [c.c_void_p]),
    "cutover_backup_status": (c.c_char_p, [c.c_void_p]),
    "cutover_backup_created_at": (c.c_int64, [c.c_void_p]),
    "cutover_backup_verified_at": (c.c_int64, [c.c_void_p]),
    "cutover_backup_json": (c.c_char_p, [c.c_void_p]),
    "cutover_backup_version": (c.c_uint64, [c.c_void_p]),
    "cutover_backup_free": (None, [c.c_void_p]),
    "cutover_backup_list_count": (c.c_size_t, [c.c_void_p]),
    "cutover_backup_list_at": (c.c_void_p, [c.c_void_p, c.c_size_t]),
    "cutover_backup_list_free": (None, [c.c_void_p]),
    "cutover_displaced_list": (c.c_int, [c.c_void_p, c.c_char_p, cutover_displaced_emit, c.c_void_p, c.c_void_p]),
    "cutover_displaced_drop": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_char_p, c.c_void_p]),
    "cutover_displaced_expire": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_int64, cutover_displaced_emit, c.c_void_p, c.c_void_p]),
    "cutover_engine_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_filter_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_engine_new": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_engine_free": (None, [c.c_void_p]),
    "cutover_text_visible": (c.c_void_p, [c.c_char_p]),
    "cutover_time_text": (c.c_void_p, [c.c_int64, c.c_void_p]),
    "cutover_time_read": (c.c_int, [c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_json_check": (c.c_int, [c.c_char_p, c.c_size_t, c.c_void_p]),
    "cutover_string_free": (None, [c.c_void_p]),
    "cutover_answer": (c.c_int, [c.c_int]),
    "cutover_answer_of": (c.c_int, [c.c_uint32, c.c_int]),
    "cutover_answer_begin": (None, []),
    "cutover_error_code": (c.c_int, [c.c_void_p]),
    "cutover_error_message": (c.c_char_p, [c.c_void_p]),
    "cutover_error_detail": (c.c_char_p, [c.c_void_p]),
    "cutover_error_hint": (c.c_char_p, [c.c_void_p]),
    "cutover_error_sqlstate": (c.c_char_p, [c.c_void_p]),
    "cutover_error_step": (c.c_char_p, [c.c_void_p]),
    "cutover_error_verdict": (c.c_int, [c.c_void_p]),
    "cutover_error_free": (None, [c.c_void_p]),
    "cutover_error_new": (c.c_void_p, [c.c_int, c.c_char_p, c.c_char_p, c.c_char_p]),
    "cutover_status_name": (c.c_char_p, [c.c_int]),
    "cutover_verdict_name": (c.c_char_p, [c.c_int]),
    "cutover_integration_secrets_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_integrations_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_integrations_new": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_integrations_free": (None, [c.c_void_p]),
    "cutover_integrations_notifier": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_integration_run_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_integrations_deliver": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_integrations_stop": (None, [c.c_void_p]),
    "cutover_integration_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_integration_connect": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_integration_disconnect": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_char_p, c.c_void_p]),
    "cutover_integration_sync": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_integration_get": (c.c_int, [c.c_void_p, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_integrations_list": (c.c_int, [c.c_void_p, c.c_char_p, cutover_integration_emit, c.c_void_p, c.c_void_p]),
    "cutover_integration_id": (c.c_char_p, [c.c_void_p]),
    "cutover_integration_project_id": (c.c_char_p, [c.c_void_p]),
    "cutover_integration_provider": (c.c_char_p, [c.c_void_p]),
    "cutover_integration_status": (c.c_char_p, [c.c_void_p]),
    "cutover_integration_synced_at": (c.c_int64, [c.c_void_p]),
    "cutover_integration_next_attempt_at": (c.c_int64, [c.c_void_p]),
    "cutover_integration_last_error": (c.c_char_p, [c.c_void_p]),
    "cutover_integration_json": (c.c_char_p, [c.c_void_p]),
    "cutover_integration_version": (c.c_uint64, [c.c_void_p]),
    "cutover_integration_free": (None, [c.c_void_p]),
    "cutover_job_get": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_jobs_list": (c.c_int, [c.c_void_p, c.c_char_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p]),
    "cutover_jobs_find": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_job_cancel": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p]),
    "cutover_job_id": (c.c_char_p, [c.c_void_p]),
    "cutover_job_kind": (c.c_char_p, [c.c_void_p]),
    "cutover_job_status": (c.c_char_p, [c.c_void_p]),
    "cutover_job_is_over": (c.c_int32, [c.c_void_p]),
    "cutover_job_project_id": (c.c_char_p, [c.c_void_p]),
    "cutover_job_request_id": (c.c_char_p, [c.c_void_p]),
    "cutover_job_created_at": (c.c_int64, [c.c_void_p]),
    "cutover_job_version": (c.c_uint64, [c.c_void_p]),
    "cutover_job_json": (c.c_char_p, [c.c_void_p]),
    "cutover_job_progress": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_job_report": (c.c_char_p, [c.c_void_p]),
    "cutover_job_renewed_at": (c.c_int64, [c.c_void_p]),
    "cutover_job_free": (None, [c.c_void_p]),
    "cutover_job_list_count": (c.c_size_t, [c.c_void_p]),
    "cutover_job_list_at": (c.c_void_p, [c.c_void_p, c.c_size_t]),
    "cutover_job_list_free": (None, [c.c_void_p]),
    "cutover_key_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_key_create": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_key_authenticate": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_key_check": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_key_revoke": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_key_get": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_keys_list": (c.c_int, [c.c_void_p, c.c_char_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p]),
    "cutover_key_id": (c.c_char_p, [c.c_void_p]),
    "cutover_key_label": (c.c_char_p, [c.c_void_p]),
    "cutover_key_actor": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_key_roles": (c.c_uint32, [c.c_void_p]),
    "cutover_key_project_id": (c.c_char_p, [c.c_void_p]),
    "cutover_key_organization_id": (c.c_char_p, [c.c_void_p]),
    "cutover_key_created_at": (c.c_int64, [c.c_void_p]),
    "cutover_key_expires_at": (c.c_int64, [c.c_void_p]),
    "cutover_key_revoked_at": (c.c_int64, [c.c_void_p]),
    "cutover_key_json": (c.c_char_p, [c.c_void_p]),
    "cutover_key_free": (None, [c.c_void_p]),
    "cutover_key_list_count": (c.c_size_t, [c.c_void_p]),
    "cutover_key_list_at": (c.c_void_p, [c.c_void_p, c.c_size_t]),
    "cutover_key_list_free": (None, [c.c_void_p]),
    "cutover_notifier_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_named_notifier_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_notifier_jsonl_open": (c.c_int, [c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_notifier_close": (None, [c.c_void_p]),
    "cutover_pgbouncer_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_platform_pgbouncer_wrap": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_platform_pgbouncer_unwrap": (None, [c.c_void_p]),
    "cutover_project_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_preview_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_platform_cancelled": (c.c_int32, []),
    "cutover_platform_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_preflight_run": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p]),
    "cutover_preflight_preview": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p]),
    "cutover_preflight_severity": (c.c_int, [c.c_void_p]),
    "cutover_preflight_count": (c.c_size_t, [c.c_void_p]),
    "cutover_preflight_at": (c.c_void_p, [c.c_void_p, c.c_size_t]),
    "cutover_preflight_json": (c.c_char_p, [c.c_void_p]),
    "cutover_preflight_free": (None, [c.c_void_p]),
    "cutover_severity_name": (c.c_char_p, [c.c_int]),
    "cutover_progress_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_promotion_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_promotion_start": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_promotion_run": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_promotion_cancel": (None, [c.c_void_p]),
    "cutover_promotion_progress": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_promotion_id": (c.c_char_p, [c.c_void_p]),
    "cutover_promotion_preflight": (c.c_void_p, [c.c_void_p]),
    "cutover_promotion_report": (c.c_char_p, [c.c_void_p]),
    "cutover_promotion_free": (None, [c.c_void_p]),
    "cutover_promotion_release": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p]),
    "cutover_promotion_show": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_recover": (c.c_int, [c.c_void_p, c.c_char_p, cutover_recovery_emit, c.c_void_p, c.c_void_p]),
    "cutover_project_look": (c.c_int, [c.c_void_p, c.c_char_p, cutover_recovery_emit, c.c_void_p, c.c_void_p]),
    "cutover_project_confirm_server": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_char_p, c.c_char_p, c.c_void_p]),
    "cutover_abandon_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_recover_abandon": (c.c_int, [c.c_void_p, c.c_void_p, cutover_recovery_emit, c.c_void_p, c.c_void_p]),
    "cutover_leftovers_list": (c.c_int, [c.c_void_p, c.c_char_p, cutover_leftover_emit, c.c_void_p, c.c_void_p]),
    "cutover_leftover_forget": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_char_p, c.c_void_p]),
    "cutover_recovered_name": (c.c_char_p, [c.c_int]),
    "cutover_registry_open": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_registry_open_as": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_registry_free": (None, [c.c_void_p]),
    "cutover_registry_platform": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_registry_project_add": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_registry_project_set_pgbouncers": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_registry_project_set_hold_fence": (c.c_int, [c.c_void_p, c.c_char_p, c.c_int32, c.c_void_p]),
    "cutover_registry_project_set": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_registry_projects_list": (c.c_int, [c.c_void_p, cutover_project_emit, c.c_void_p, c.c_void_p]),
    "cutover_project_removal_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_registry_project_remove": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_registry_preview_add": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_registry_preview_extend": (c.c_int, [c.c_void_p, c.c_char_p, c.c_int64, c.c_void_p]),
    "cutover_registry_previews_list": (c.c_int, [c.c_void_p, c.c_char_p, cutover_preview_emit, c.c_void_p, c.c_void_p]),
    "cutover_registry_preview_remove": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p]),
    "cutover_registry_previews_reap": (c.c_int, [c.c_void_p, c.c_char_p, cutover_preview_emit, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_repository_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_repository_directory_open": (c.c_int, [c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_repository_close": (None, [c.c_void_p]),
    "cutover_request_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_request_create": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_request_get": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_requests_list": (c.c_int, [c.c_void_p, c.c_char_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p]),
    "cutover_requests_find": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_request_ack_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_request_ack": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_request_reject": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_request_cancel": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_request_set_ticket": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_request_reschedule": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_int64, c.c_void_p, c.c_void_p]),
    "cutover_request_id": (c.c_char_p, [c.c_void_p]),
    "cutover_request_organization_id": (c.c_char_p, [c.c_void_p]),
    "cutover_request_project_id": (c.c_char_p, [c.c_void_p]),
    "cutover_request_preview_id": (c.c_char_p, [c.c_void_p]),
    "cutover_request_status": (c.c_char_p, [c.c_void_p]),
    "cutover_request_customer_note": (c.c_char_p, [c.c_void_p]),
    "cutover_request_ticket": (c.c_char_p, [c.c_void_p]),
    "cutover_request_operator_note": (c.c_char_p, [c.c_void_p]),
    "cutover_request_rejected_reason": (c.c_char_p, [c.c_void_p]),
    "cutover_request_scheduled_for": (c.c_int64, [c.c_void_p]),
    "cutover_request_backup_id": (c.c_char_p, [c.c_void_p]),
    "cutover_request_promotion_id": (c.c_char_p, [c.c_void_p]),
    "cutover_request_created_at": (c.c_int64, [c.c_void_p]),
    "cutover_request_updated_at": (c.c_int64, [c.c_void_p]),
    "cutover_request_completed_at": (c.c_int64, [c.c_void_p]),
    "cutover_request_json": (c.c_char_p, [c.c_void_p]),
    "cutover_request_version": (c.c_uint64, [c.c_void_p]),
    "cutover_request_free": (None, [c.c_void_p]),
    "cutover_request_list_count": (c.c_size_t, [c.c_void_p]),
    "cutover_request_list_at": (c.c_void_p, [c.c_void_p, c.c_size_t]),
    "cutover_request_list_free": (None, [c.c_void_p]),
    "cutover_restore_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_restore_start": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_restore_run": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_restore_cancel": (None, [c.c_void_p]),
    "cutover_restore_progress": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_restore_id": (c.c_char_p, [c.c_void_p]),
    "cutover_restore_report": (c.c_char_p, [c.c_void_p]),
    "cutover_restore_free": (None, [c.c_void_p]),
    "cutover_rollback_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_rollback_start": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_rollback_writes": (c.c_int, [c.c_void_p]),
    "cutover_writes_name": (c.c_char_p, [c.c_int]),
    "cutover_rollback_run": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_rollback_cancel": (None, [c.c_void_p]),
    "cutover_rollback_progress": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_rollback_id": (c.c_char_p, [c.c_void_p]),
    "cutover_rollback_report": (c.c_char_p, [c.c_void_p]),
    "cutover_rollback_free": (None, [c.c_void_p]),
    "cutover_write_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_store_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_store_memory_open": (c.c_int, [c.c_void_p, c.c_void_p]),
    "cutover_store_sqlite_open": (c.c_int, [c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_store_postgres_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_store_postgres_open": (c.c_int, [c.c_char_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_store_open": (c.c_int, [c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_store_close": (None, [c.c_void_p]),
    "cutover_version": (c.c_char_p, []),
    "cutover_version_number": (c.c_int32, []),
    "cutover_webhooks_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_webhooks_new": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_webhooks_free": (None, [c.c_void_p]),
    "cutover_webhooks_notifier": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_webhook_round_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_webhooks_deliver": (c.c_int, [c.c_void_p, c.c_uint32, c.c_void_p, c.c_void_p]),
    "cutover_webhooks_stop": (None, [c.c_void_p]),
    "cutover_webhook_options_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_webhook_create": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_webhook_get": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_webhooks_list": (c.c_int, [c.c_void_p, c.c_char_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p]),
    "cutover_webhook_change_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_webhook_update": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_webhook_delete": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p]),
    "cutover_webhook_rotate_secret": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_webhook_test": (c.c_int, [c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_webhook_deliveries_find": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_webhook_delivery_get": (c.c_int, [c.c_void_p, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p]),
    "cutover_webhook_selection_init": (c.c_int, [c.c_void_p, c.c_uint]),
    "cutover_webhook_redeliver": (c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p]),
    "cutover_webhook_id": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_project_id": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_url": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_status": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_json": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_version": (c.c_uint64, [c.c_void_p]),
    "cutover_webhook_free": (None, [c.c_void_p]),
    "cutover_webhook_list_count": (c.c_size_t, [c.c_void_p]),
    "cutover_webhook_list_at": (c.c_void_p, [c.c_void_p, c.c_size_t]),
    "cutover_webhook_list_free": (None, [c.c_void_p]),
    "cutover_webhook_delivery_id": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_delivery_type": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_delivery_status": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_delivery_attempts": (c.c_uint32, [c.c_void_p]),
    "cutover_webhook_delivery_json": (c.c_char_p, [c.c_void_p]),
    "cutover_webhook_delivery_free": (None, [c.c_void_p]),
    "cutover_webhook_delivery_list_count": (c.c_size_t, [c.c_void_p]),
    "cutover_webhook_delivery_list_at": (c.c_void_p, [c.c_void_p, c.c_size_t]),
    "cutover_webhook_delivery_list_free": (None, [c.c_void_p])}


class Functions:
    """The functions of the library, as C has them."""

    cutover_actor_init: Callable[[Any, int], int]
    cutover_api_options_init: Callable[[Any, int], int]
    cutover_api_new: Callable[[Any, Any, Any], int]
    cutover_api_free: Callable[[Any], None]
    cutover_api_request_init: Callable[[Any, int], int]
    cutover_api_handle: Callable[[Any, Any, Any, Any], int]
    cutover_api_tend: Callable[[Any, Any], int]
    cutover_api_openapi: Callable[[], Optional[bytes]]
    cutover_api_problem: Callable[[int, Any, Any, Any], int]
    cutover_api_response_status: Callable[[Any], int]
    cutover_api_response_header_count: Callable[[Any], int]
    cutover_api_response_header_name: Callable[[Any, int], Optional[bytes]]
    cutover_api_response_header_value: Callable[[Any, int], Optional[bytes]]
    cutover_api_response_body: Callable[[Any], Optional[bytes]]
    cutover_api_response_body_size: Callable[[Any], int]
    cutover_api_response_route: Callable[[Any], Optional[bytes]]
    cutover_api_response_take_stream: Callable[[Any], Any]
    cutover_api_response_free: Callable[[Any], None]
    cutover_api_stream_next: Callable[[Any, Any, Any, Any], int]
    cutover_api_stream_free: Callable[[Any], None]
    cutover_api_work_run: Callable[[Any, Any], int]
    cutover_api_work_cancel: Callable[[Any], None]
    cutover_api_work_job_id: Callable[[Any], Optional[bytes]]
    cutover_api_work_kind: Callable[[Any], Optional[bytes]]
    cutover_api_work_project_id: Callable[[Any], Optional[bytes]]
    cutover_api_work_free: Callable[[Any], None]
    cutover_audit_list: Callable[[Any, Optional[bytes], Optional[bytes], int, Any, Any, Any], int]
    cutover_delivery_options_init: Callable[[Any, int], int]
    cutover_delivery_init: Callable[[Any, int], int]
    cutover_events_deliver: Callable[[Any, Any, Any, Any], int]
    cutover_events_list: Callable[[Any, Optional[bytes], Any, Any, Any], int]
    cutover_event_selection_init: Callable[[Any, int], int]
    cutover_events_retry: Callable[[Any, Any, Any, Any], int]
    cutover_events_discard: Callable[[Any, Any, Any, Any], int]
    cutover_backup_options_init: Callable[[Any, int], int]
    cutover_backup_create: Callable[[Any, Any, Any, Any], int]
    cutover_backup_verify: Callable[[Any, Any, Optional[bytes], Any, Any], int]
    cutover_backup_start: Callable[[Any, Any, Any, Any], int]
    cutover_backup_verify_start: Callable[[Any, Any, Optional[bytes], Any, Any], int]
    cutover_backup_job_run: Callable[[Any, Any], int]
    cutover_backup_job_cancel: Callable[[Any], None]
    cutover_backup_job_progress: Callable[[Any, Any], int]
    cutover_backup_job_id: Callable[[Any], Optional[bytes]]
    cutover_backup_job_free: Callable[[Any], None]
    cutover_backup_get: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_backups_list: Callable[[Any, Optional[bytes], Optional[bytes], int, Any, Any], int]
    cutover_backups_find: Callable[[Any, Any, Any, Any], int]
    cutover_backup_delete: Callable[[Any, Any, Optional[bytes], Any], int]
    cutover_backup_path: Callable[[Any, Optional[bytes], Any, int, Any], int]
    cutover_backup_id: Callable[[Any], Optional[bytes]]
    cutover_backup_project_id: Callable[[Any], Optional[bytes]]
    cutover_backup_label: Callable[[Any], Optional[bytes]]
    cutover_backup_status: Callable[[Any], Optional[bytes]]
    cutover_backup_created_at: Callable[[Any], int]
    cutover_backup_verified_at: Callable[[Any], int]
    cutover_backup_json: Callable[[Any], Optional[bytes]]
    cutover_backup_version: Callable[[Any], int]
    cutover_backup_free: Callable[[Any], None]
    cutover_backup_list_count: Callable[[Any], int]
    cutover_backup_list_at: Callable[[Any, int], Any]
    cutover_backup_list_free: Callable[[Any], None]
    cutover_displaced_list: Callable[[Any, Optional[bytes], Any, Any, Any], int]
    cutover_displaced_drop: Callable[[Any, Any, Optional[bytes], Optional[bytes], Any], int]
    cutover_displaced_expire: Callable[[Any, Any, Optional[bytes], int, Any, Any, Any], int]
    cutover_engine_options_init: Callable[[Any, int], int]
    cutover_filter_init: Callable[[Any, int], int]
    cutover_engine_new: Callable[[Any, Any, Any], int]
    cutover_engine_free: Callable[[Any], None]
    cutover_text_visible: Callable[[Optional[bytes]], Any]
    cutover_time_text: Callable[[int, Any], Any]
    cutover_time_read: Callable[[Optional[bytes], Any, Any], int]
    cutover_json_check: Callable[[Optional[bytes], int, Any], int]
    cutover_string_free: Callable[[Any], None]
    cutover_answer: Callable[[int], int]
    cutover_answer_of: Callable[[int, int], int]
    cutover_answer_begin: Callable[[], None]
    cutover_error_code: Callable[[Any], int]
    cutover_error_message: Callable[[Any], Optional[bytes]]
    cutover_error_detail: Callable[[Any], Optional[bytes]]
    cutover_error_hint: Callable[[Any], Optional[bytes]]
    cutover_error_sqlstate: Callable[[Any], Optional[bytes]]
    cutover_error_step: Callable[[Any], Optional[bytes]]
    cutover_error_verdict: Callable[[Any], int]
    cutover_error_free: Callable[[Any], None]
    cutover_error_new: Callable[[int, Optional[bytes], Optional[bytes], Optional[bytes]], Any]
    cutover_status_name: Callable[[int], Optional[bytes]]
    cutover_verdict_name: Callable[[int], Optional[bytes]]
    cutover_integration_secrets_init: Callable[[Any, int], int]
    cutover_integrations_options_init: Callable[[Any, int], int]
    cutover_integrations_new: Callable[[Any, Any, Any], int]
    cutover_integrations_free: Callable[[Any], None]
    cutover_integrations_notifier: Callable[[Any, Any, Any], int]
    cutover_integration_run_init: Callable[[Any, int], int]
    cutover_integrations_deliver: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_integrations_stop: Callable[[Any], None]
    cutover_integration_options_init: Callable[[Any, int], int]
    cutover_integration_connect: Callable[[Any, Any, Any, Any], int]
    cutover_integration_disconnect: Callable[[Any, Any, Optional[bytes], Optional[bytes], Any], int]
    cutover_integration_sync: Callable[[Any, Any, Optional[bytes], Optional[bytes], Any, Any], int]
    cutover_integration_get: Callable[[Any, Optional[bytes], Optional[bytes], Any, Any], int]
    cutover_integrations_list: Callable[[Any, Optional[bytes], Any, Any, Any], int]
    cutover_integration_id: Callable[[Any], Optional[bytes]]
    cutover_integration_project_id: Callable[[Any], Optional[bytes]]
    cutover_integration_provider: Callable[[Any], Optional[bytes]]
    cutover_integration_status: Callable[[Any], Optional[bytes]]
    cutover_integration_synced_at: Callable[[Any], int]
    cutover_integration_next_attempt_at: Callable[[Any], int]
    cutover_integration_last_error: Callable[[Any], Optional[bytes]]
    cutover_integration_json: Callable[[Any], Optional[bytes]]
    cutover_integration_version: Callable[[Any], int]
    cutover_integration_free: Callable[[Any], None]
    cutover_job_get: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_jobs_list: Callable[[Any, Optional[bytes], Optional[bytes], int, Any, Any], int]
    cutover_jobs_find: Callable[[Any, Any, Any, Any], int]
    cutover_job_cancel: Callable[[Any, Any, Optional[bytes], Any], int]
    cutover_job_id: Callable[[Any], Optional[bytes]]
    cutover_job_kind: Callable[[Any], Optional[bytes]]
    cutover_job_status: Callable[[Any], Optional[bytes]]
    cutover_job_is_over: Callable[[Any], int]
    cutover_job_project_id: Callable[[Any], Optional[bytes]]
    cutover_job_request_id: Callable[[Any], Optional[bytes]]
    cutover_job_created_at: Callable[[Any], int]
    cutover_job_version: Callable[[Any], int]
    cutover_job_json: Callable[[Any], Optional[bytes]]
    cutover_job_progress: Callable[[Any, Any], int]
    cutover_job_report: Callable[[Any], Optional[bytes]]
    cutover_job_renewed_at: Callable[[Any], int]
    cutover_job_free: Callable[[Any], None]
    cutover_job_list_count: Callable[[Any], int]
    cutover_job_list_at: Callable[[Any, int], Any]
    cutover_job_list_free: Callable[[Any], None]
    cutover_key_options_init: Callable[[Any, int], int]
    cutover_key_create: Callable[[Any, Any, Any, Any, Any], int]
    cutover_key_authenticate: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_key_check: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_key_revoke: Callable[[Any, Any, Optional[bytes], Any, Any], int]
    cutover_key_get: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_keys_list: Callable[[Any, Optional[bytes], Optional[bytes], int, Any, Any], int]
    cutover_key_id: Callable[[Any], Optional[bytes]]
    cutover_key_label: Callable[[Any], Optional[bytes]]
    cutover_key_actor: Callable[[Any, Any], int]
    cutover_key_roles: Callable[[Any], int]
    cutover_key_project_id: Callable[[Any], Optional[bytes]]
    cutover_key_organization_id: Callable[[Any], Optional[bytes]]
    cutover_key_created_at: Callable[[Any], int]
    cutover_key_expires_at: Callable[[Any], int]
    cutover_key_revoked_at: Callable[[Any], int]
    cutover_key_json: Callable[[Any], Optional[bytes]]
    cutover_key_free: Callable[[Any], None]
    cutover_key_list_count: Callable[[Any], int]
    cutover_key_list_at: Callable[[Any, int], Any]
    cutover_key_list_free: Callable[[Any], None]
    cutover_notifier_init: Callable[[Any, int], int]
    cutover_named_notifier_init: Callable[[Any, int], int]
    cutover_notifier_jsonl_open: Callable[[Optional[bytes], Any, Any], int]
    cutover_notifier_close: Callable[[Any], None]
    cutover_pgbouncer_options_init: Callable[[Any, int], int]
    cutover_platform_pgbouncer_wrap: Callable[[Any, Any, Any, Any], int]
    cutover_platform_pgbouncer_unwrap: Callable[[Any], None]
    cutover_project_init: Callable[[Any, int], int]
    cutover_preview_init: Callable[[Any, int], int]
    cutover_platform_cancelled: Callable[[], int]
    cutover_platform_init: Callable[[Any, int], int]
    cutover_preflight_run: Callable[[Any, Any, Optional[bytes], int, Any, Any], int]
    cutover_preflight_preview: Callable[[Any, Any, Optional[bytes], Optional[bytes], int, Any, Any], int]
    cutover_preflight_severity: Callable[[Any], int]
    cutover_preflight_count: Callable[[Any], int]
    cutover_preflight_at: Callable[[Any, int], Any]
    cutover_preflight_json: Callable[[Any], Optional[bytes]]
    cutover_preflight_free: Callable[[Any], None]
    cutover_severity_name: Callable[[int], Optional[bytes]]
    cutover_progress_init: Callable[[Any, int], int]
    cutover_promotion_options_init: Callable[[Any, int], int]
    cutover_promotion_start: Callable[[Any, Any, Any, Any], int]
    cutover_promotion_run: Callable[[Any, Any], int]
    cutover_promotion_cancel: Callable[[Any], None]
    cutover_promotion_progress: Callable[[Any, Any], int]
    cutover_promotion_id: Callable[[Any], Optional[bytes]]
    cutover_promotion_preflight: Callable[[Any], Any]
    cutover_promotion_report: Callable[[Any], Optional[bytes]]
    cutover_promotion_free: Callable[[Any], None]
    cutover_promotion_release: Callable[[Any, Any, Optional[bytes], Any], int]
    cutover_promotion_show: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_recover: Callable[[Any, Optional[bytes], Any, Any, Any], int]
    cutover_project_look: Callable[[Any, Optional[bytes], Any, Any, Any], int]
    cutover_project_confirm_server: Callable[[Any, Any, Optional[bytes], Optional[bytes], Optional[bytes], Any], int]
    cutover_abandon_options_init: Callable[[Any, int], int]
    cutover_recover_abandon: Callable[[Any, Any, Any, Any, Any], int]
    cutover_leftovers_list: Callable[[Any, Optional[bytes], Any, Any, Any], int]
    cutover_leftover_forget: Callable[[Any, Any, Optional[bytes], Optional[bytes], Any], int]
    cutover_recovered_name: Callable[[int], Optional[bytes]]
    cutover_registry_open: Callable[[Any, Any, Any], int]
    cutover_registry_open_as: Callable[[Any, Any, Any, Any], int]
    cutover_registry_free: Callable[[Any], None]
    cutover_registry_platform: Callable[[Any, Any, Any], int]
    cutover_registry_project_add: Callable[[Any, Any, Any], int]
    cutover_registry_project_set_pgbouncers: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_registry_project_set_hold_fence: Callable[[Any, Optional[bytes], int, Any], int]
    cutover_registry_project_set: Callable[[Any, Any, Any], int]
    cutover_registry_projects_list: Callable[[Any, Any, Any, Any], int]
    cutover_project_removal_init: Callable[[Any, int], int]
    cutover_registry_project_remove: Callable[[Any, Any, Any, Any], int]
    cutover_registry_preview_add: Callable[[Any, Any, Any], int]
    cutover_registry_preview_extend: Callable[[Any, Optional[bytes], int, Any], int]
    cutover_registry_previews_list: Callable[[Any, Optional[bytes], Any, Any, Any], int]
    cutover_registry_preview_remove: Callable[[Any, Optional[bytes], Any], int]
    cutover_registry_previews_reap: Callable[[Any, Optional[bytes], Any, Any, Any, Any], int]
    cutover_repository_init: Callable[[Any, int], int]
    cutover_repository_directory_open: Callable[[Optional[bytes], Any, Any], int]
    cutover_repository_close: Callable[[Any], None]
    cutover_request_options_init: Callable[[Any, int], int]
    cutover_request_create: Callable[[Any, Any, Any, Any], int]
    cutover_request_get: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_requests_list: Callable[[Any, Optional[bytes], Optional[bytes], int, Any, Any], int]
    cutover_requests_find: Callable[[Any, Any, Any, Any], int]
    cutover_request_ack_options_init: Callable[[Any, int], int]
    cutover_request_ack: Callable[[Any, Any, Any, Any], int]
    cutover_request_reject: Callable[[Any, Any, Optional[bytes], Optional[bytes], Any, Any], int]
    cutover_request_cancel: Callable[[Any, Any, Optional[bytes], Any, Any], int]
    cutover_request_set_ticket: Callable[[Any, Any, Optional[bytes], Optional[bytes], Any, Any], int]
    cutover_request_reschedule: Callable[[Any, Any, Optional[bytes], int, Any, Any], int]
    cutover_request_id: Callable[[Any], Optional[bytes]]
    cutover_request_organization_id: Callable[[Any], Optional[bytes]]
    cutover_request_project_id: Callable[[Any], Optional[bytes]]
    cutover_request_preview_id: Callable[[Any], Optional[bytes]]
    cutover_request_status: Callable[[Any], Optional[bytes]]
    cutover_request_customer_note: Callable[[Any], Optional[bytes]]
    cutover_request_ticket: Callable[[Any], Optional[bytes]]
    cutover_request_operator_note: Callable[[Any], Optional[bytes]]
    cutover_request_rejected_reason: Callable[[Any], Optional[bytes]]
    cutover_request_scheduled_for: Callable[[Any], int]
    cutover_request_backup_id: Callable[[Any], Optional[bytes]]
    cutover_request_promotion_id: Callable[[Any], Optional[bytes]]
    cutover_request_created_at: Callable[[Any], int]
    cutover_request_updated_at: Callable[[Any], int]
    cutover_request_completed_at: Callable[[Any], int]
    cutover_request_json: Callable[[Any], Optional[bytes]]
    cutover_request_version: Callable[[Any], int]
    cutover_request_free: Callable[[Any], None]
    cutover_request_list_count: Callable[[Any], int]
    cutover_request_list_at: Callable[[Any, int], Any]
    cutover_request_list_free: Callable[[Any], None]
    cutover_restore_options_init: Callable[[Any, int], int]
    cutover_restore_start: Callable[[Any, Any, Any, Any], int]
    cutover_restore_run: Callable[[Any, Any], int]
    cutover_restore_cancel: Callable[[Any], None]
    cutover_restore_progress: Callable[[Any, Any], int]
    cutover_restore_id: Callable[[Any], Optional[bytes]]
    cutover_restore_report: Callable[[Any], Optional[bytes]]
    cutover_restore_free: Callable[[Any], None]
    cutover_rollback_options_init: Callable[[Any, int], int]
    cutover_rollback_start: Callable[[Any, Any, Any, Any], int]
    cutover_rollback_writes: Callable[[Any], int]
    cutover_writes_name: Callable[[int], Optional[bytes]]
    cutover_rollback_run: Callable[[Any, Any], int]
    cutover_rollback_cancel: Callable[[Any], None]
    cutover_rollback_progress: Callable[[Any, Any], int]
    cutover_rollback_id: Callable[[Any], Optional[bytes]]
    cutover_rollback_report: Callable[[Any], Optional[bytes]]
    cutover_rollback_free: Callable[[Any], None]
    cutover_write_init: Callable[[Any, int], int]
    cutover_store_init: Callable[[Any, int], int]
    cutover_store_memory_open: Callable[[Any, Any], int]
    cutover_store_sqlite_open: Callable[[Optional[bytes], Any, Any], int]
    cutover_store_postgres_options_init: Callable[[Any, int], int]
    cutover_store_postgres_open: Callable[[Optional[bytes], Any, Any, Any], int]
    cutover_store_open: Callable[[Optional[bytes], Any, Any], int]
    cutover_store_close: Callable[[Any], None]
    cutover_version: Callable[[], Optional[bytes]]
    cutover_version_number: Callable[[], int]
    cutover_webhooks_options_init: Callable[[Any, int], int]
    cutover_webhooks_new: Callable[[Any, Any, Any], int]
    cutover_webhooks_free: Callable[[Any], None]
    cutover_webhooks_notifier: Callable[[Any, Any, Any], int]
    cutover_webhook_round_init: Callable[[Any, int], int]
    cutover_webhooks_deliver: Callable[[Any, int, Any, Any], int]
    cutover_webhooks_stop: Callable[[Any], None]
    cutover_webhook_options_init: Callable[[Any, int], int]
    cutover_webhook_create: Callable[[Any, Any, Any, Any, Any], int]
    cutover_webhook_get: Callable[[Any, Optional[bytes], Any, Any], int]
    cutover_webhooks_list: Callable[[Any, Optional[bytes], Optional[bytes], int, Any, Any], int]
    cutover_webhook_change_init: Callable[[Any, int], int]
    cutover_webhook_update: Callable[[Any, Any, Any, Any], int]
    cutover_webhook_delete: Callable[[Any, Any, Optional[bytes], Any], int]
    cutover_webhook_rotate_secret: Callable[[Any, Any, Optional[bytes], int, Any, Any, Any], int]
    cutover_webhook_test: Callable[[Any, Any, Optional[bytes], Any, Any], int]
    cutover_webhook_deliveries_find: Callable[[Any, Optional[bytes], Any, Any, Any], int]
    cutover_webhook_delivery_get: Callable[[Any, Optional[bytes], Optional[bytes], Any, Any], int]
    cutover_webhook_selection_init: Callable[[Any, int], int]
    cutover_webhook_redeliver: Callable[[Any, Any, Any, Any], int]
    cutover_webhook_id: Callable[[Any], Optional[bytes]]
    cutover_webhook_project_id: Callable[[Any], Optional[bytes]]
    cutover_webhook_url: Callable[[Any], Optional[bytes]]
    cutover_webhook_status: Callable[[Any], Optional[bytes]]
    cutover_webhook_json: Callable[[Any], Optional[bytes]]
    cutover_webhook_version: Callable[[Any], int]
    cutover_webhook_free: Callable[[Any], None]
    cutover_webhook_list_count: Callable[[Any], int]
    cutover_webhook_list_at: Callable[[Any, int], Any]
    cutover_webhook_list_free: Callable[[Any], None]
    cutover_webhook_delivery_id: Callable[[Any], Optional[bytes]]
    cutover_webhook_delivery_type: Callable[[Any], Optional[bytes]]
    cutover_webhook_delivery_status: Callable[[Any], Optional[bytes]]
    cutover_webhook_delivery_attempts: Callable[[Any], int]
    cutover_webhook_delivery_json: Callable[[Any], Optional[bytes]]
    cutover_webhook_delivery_free: Callable[[Any], None]
    cutover_webhook_delivery_list_count: Callable[[Any], int]
    cutover_webhook_delivery_list_at: Callable[[Any, int], Any]
    cutover_webhook_delivery_list_free: Callable[[Any], None]
