// The interface as C has it.
//
// Made by generate.py of interface.json: do not edit.

export const VERSION: string = "0.1.0";
export const SONAME = "libcutover.so.1";

/** What a function answers. 0 is success; each negative value names an expected failure. */
export enum Status {
    OK = 0,
    /** An argument is out of its bounds; the message names the field and the bound. */
    E_INVALID = -1,
    /** No record, project, preview, object or file of that name. */
    E_NOT_FOUND = -2,
    /** Somebody else changed or claimed it first; read again. */
    E_CONFLICT = -3,
    /** The record's state does not allow this. */
    E_STATE = -4,
    /** The actor lacks the role, or four eyes are needed. */
    E_FORBIDDEN = -5,
    /** Another promotion or restore runs on that project. */
    E_LOCKED = -6,
    /** The preview is expired, or would be at the agreed time. */
    E_EXPIRED = -7,
    /** Preflight found something that blocks; the detail lists all of it. */
    E_PREFLIGHT = -8,
    /** A check said different or could not tell; see cutover_error_verdict(). */
    E_VERIFY = -9,
    /** Cancelled, as asked. */
    E_CANCELLED = -10,
    /** The store failed. */
    E_STORE = -11,
    /** The repository failed. */
    E_REPOSITORY = -12,
    /** A PostgreSQL server or one of its tools failed; see cutover_error_sqlstate(). */
    E_POSTGRES = -13,
    /** A local file or process operation failed. */
    E_IO = -14,
    /** Memory is exhausted. */
    E_NOMEM = -15,
    /** Not possible with these versions, options or this build. */
    E_UNSUPPORTED = -16,
    /** A host's callback failed. */
    E_CALLBACK = -17,
    /** The library broke an assumption of its own: please report it. */
    E_INTERNAL = -18,
}

/** Bits that mean the same wherever there are such bits. */
export enum StrictBits {
    /**
     * For hosts in a language whose runtime makes a result up where an exception ended a callback, mostly 0, as Python's ctypes and
     * cffi do: 0 is CUTOVER_OK, and an event that nobody took would count as delivered. With this bit it does not count what a
     * callback returns, but what it said by cutover_answer(), which it calls last; one that did not is a failure, CUTOVER_E_CALLBACK.
     * In `capabilities` of a store, repository, platform or notifier this is about the callbacks in that struct; in
     * cutover_engine_options.policy it is about cutover_progress_fn: one that did not answer cancels the job.
     */
    ANSWERS = 1073741824,
}

/** What a check found out. Only EQUAL passes. */
export enum Verdict {
    /** No check was made. */
    NONE = 0,
    /** Compared, and equal. */
    EQUAL = 1,
    /** Compared, and different. */
    DIFFERENT = 2,
    /** Could not be compared. */
    UNKNOWN = 3,
}

/** What kind of caller it is; recorded in requests and in the audit trail, decides nothing. */
export enum ActorKind {
    USER = 1,
    API_KEY = 2,
    OPERATOR = 3,
    /** What happens by itself. The library's own acts are those of `cutover`. */
    SYSTEM = 4,
}

/** Roles, to be combined with |. No role implies another. */
export enum RoleBits {
    /** A member of the project: requests, cancels their own requests. */
    MEMBER = 1,
    /** Reviews and executes: ack, reject, cancel, promote, release, backups. */
    OPERATOR = 2,
    /** May restore a backup over production. */
    ORG_ADMIN = 4,
}

/** Bits of cutover_repository.capabilities. */
export enum RepositoryBits {
    /** Objects of a backup that is not published can be replaced and removed: see create and remove_object. */
    REWRITE = 1,
    /** Bytes of a committed object can be changed in place until its backup is published: see patch. Since version 4. */
    PATCH = 2,
}

/** Bits of cutover_store.capabilities. */
export enum StoreBits {
    /** The commit survives the loss of power. The engine refuses a store without it unless told otherwise. */
    DURABLE = 1,
    /** Several processes may use the same store at once. */
    SHARED = 2,
}

/** Severity of a log line. */
export enum LogLevel {
    DEBUG = 1,
    INFO = 2,
    WARNING = 3,
    ERROR = 4,
}

/** Policy bits of cutover_engine_options.policy. */
export enum PolicyBits {
    /** Four eyes off: who requested may also ack. */
    ACK_BY_REQUESTER = 1,
    /** Accept a store that is not CUTOVER_STORE_DURABLE. */
    VOLATILE_STORE = 2,
    /**
     * What owners of databases wrote (functions, casts, constraints) may run with the rights of the role that the library connects as:
     * only for a host that trusts all of them. Reports and the audit say so. Since 0.1.
     */
    TRUST_OWNERS = 4,
    /**
     * A preview whose promotion is held is kept by platform.preview_extend, where the host has that, as often as it comes within
     * preview_notice_s of its end, tried at most once a minute. Without, or where that does not help, preview.expiring tells of it.
     * Since 0.1.
     */
    EXTEND_PREVIEW = 8,
}

export const TIME_SIZE = 28;

/** Bits of cutover_integrations_options.flags, beside CUTOVER_STRICT_ANSWERS, which is about `secrets`. */
export enum IntegrationsAllowBits {
    /** The providers' addresses may be private, link-local or loopback ones, and plain http: for a proxy of one's own, and tests. */
    PRIVATE = 1,
}

/** Bits of cutover_integration_options.flags. */
export enum IntegrationBits {
    /** Nothing is written before the next event or cutover_integration_sync(); without it the first sync is due at once. */
    LATER = 1,
    /**
     * The variables become such as only the site's own code can read: Vercel's type `sensitive`, Netlify's `is_secret`. What cannot be
     * read back then is told as `unreadable`, not as confirmed.
     */
    SECRET = 2,
}

export const INTEGRATION_TARGETS_MAX = 16;
export const INTEGRATION_URL_MAX = 4096;
export const INTEGRATION_TOKEN_MAX = 1024;
export const INTEGRATION_VARIABLE_MAX = 128;
export const INTEGRATION_NAME_MAX = 200;
export const WEBHOOK_MAX = 32;
export const WEBHOOK_URL_MAX = 2000;
export const WEBHOOK_DESCRIPTION_MAX = 200;
export const WEBHOOK_TYPES_MAX = 64;

/** Bits of cutover_webhooks_options.flags. */
export enum WebhooksAllowBits {
    /** Addresses that are not public (private, loopback, link-local, …) may be connected to. */
    PRIVATE = 1,
    /** http:// URLs are taken too: whoever is on the way reads and changes what is sent. */
    PLAIN = 2,
}

export const WEBHOOK_AS_IT_IS = 0;
export const WEBHOOK_ENABLE = 1;
export const WEBHOOK_DISABLE = 2;

export enum Severity {
    /** Looked at, and fine. */
    OK = 0,
    /** Worth knowing; does not stop a promotion. */
    WARN = 1,
    /** A promotion is refused until this is gone. */
    BLOCK = 2,
}

/** How a backup is verified. */
export enum VerifyMethod {
    /** Restored into a throwaway database and compared. The default. */
    RESTORE = 1,
    /** Read again from the repository and recomputed. */
    READBACK = 2,
}

/** When production begins to refuse writes. */
export enum Fence {
    /**
     * When the backup is taken and verified; it is then brought forward to what has changed since. The default. Where the repository
     * cannot rewrite what is not published (CUTOVER_REPOSITORY_REWRITE) it is as CUTOVER_FENCE_EARLY, and the report warns.
     */
    LATE = 0,
    /** Before the backup is taken. */
    EARLY = 1,
}

export const KEY_SECRET_SIZE = 47;

/** What became of one unfinished job. */
export enum Recovered {
    /** Its swap had happened: its records are finished now. */
    COMPLETED = 1,
    /**
     * It had not: production is open, writable and as it was; the job is `failed`, or `cancelled` where that was asked for before its
     * process went.
     */
    UNDONE = 2,
    /** It lives, or nobody can tell yet (see ask_again_s): left alone. */
    RUNNING = 3,
    /** It could not be recovered now; the message says why. Try again. */
    FAILED = 4,
    /**
     * It had been completed, and is not on production's server any more: that failed over, or was restored, or, where what came in is
     * gone, somebody took it back by hand; the message says what of it can be known. Production is the database from before it, open
     * and writable, and the job and its request are `failed`.
     */
    LOST = 5,
    /** Production's server holds something else than the store says, or is closed: a person must look. */
    DIFFERENT = 6,
    /** cutover_project_look(): production is what the last job left. */
    STANDS = 7,
    /** cutover_recover_abandon(): it is given up and `failed`, and its project is free. Since 0.1. */
    ABANDONED = 8,
    /** What an abandoned job left is still there: the message says what, and why. Since 0.1. */
    LEFT = 9,
}

export const NOTE_MAX = 1000;
export const TICKET_MAX = 120;

/** Whether production was written to since the cutover. */
export enum Writes {
    /** It was not. */
    NONE = 0,
    /** It was: a rollback takes these writes out of production. */
    SOME = 1,
    /** It cannot be told: the server restarted, or its counters were reset. */
    UNKNOWN = 2,
}

export const KEY_EVERY_PROJECT = "*";

export interface Struct {
    /** Bytes of the whole, as the newest version has it. */
    readonly size: number;
    /** Bytes of each version, as far as they were described; none where the library alone fills it. */
    readonly versions: readonly number[];
    /** Name, kind, offset. */
    readonly members: readonly (readonly [string, string, number])[];
}

export const STRUCTS: Readonly<Record<string, Struct>> = {
    cutover_actor: { size: 24, versions: [24], members: [["version", "uint", 0], ["id", "str", 8], ["kind", "int", 16], ["roles", "uint32", 20]] },
    cutover_event: { size: 64, versions: [], members: [["version", "uint", 0], ["id", "str", 8], ["type", "str", 16], ["project_id", "str", 24], ["sequence", "uint64", 32], ["created_at", "int64", 40], ["attempt", "uint32", 48], ["json", "str", 56]] },
    cutover_refusal: { size: 16, versions: [], members: [["version", "uint", 0], ["never_again", "int32", 4], ["again_at", "int64", 8]] },
    cutover_notifier: { size: 40, versions: [32, 40], members: [["version", "uint", 0], ["userdata", "void *", 8], ["deliver", "void *", 16], ["close", "void *", 24], ["capabilities", "uint32", 32]] },
    cutover_named_notifier: { size: 32, versions: [32], members: [["version", "uint", 0], ["attempts", "uint32", 4], ["name", "str", 8], ["notifier", "cutover_notifier", 16], ["since", "int64", 24]] },
    cutover_project: { size: 88, versions: [64, 72, 80, 88], members: [["version", "uint", 0], ["id", "str", 8], ["organization_id", "str", 16], ["state", "str", 24], ["database", "str", 32], ["control_database", "str", 40], ["verify_database", "str", 48], ["job_id", "str", 56], ["loader_database", "str", 64], ["pgbouncers", "texts", 72], ["hold_fence", "int32", 80]] },
    cutover_preview: { size: 48, versions: [48], members: [["version", "uint", 0], ["id", "str", 8], ["project_id", "str", 16], ["state", "str", 24], ["database", "str", 32], ["expires_at", "int64", 40]] },
    cutover_platform: { size: 96, versions: [72, 88, 96], members: [["version", "uint", 0], ["capabilities", "uint32", 4], ["userdata", "void *", 8], ["project_get", "void *", 16], ["project_set_state", "void *", 24], ["preview_get", "void *", 32], ["traffic_pause", "void *", 40], ["traffic_resume", "void *", 48], ["integrations_sync", "void *", 56], ["preview_create", "void *", 64], ["fence_pause", "void *", 72], ["fence_resume", "void *", 80], ["preview_extend", "void *", 88]] },
    cutover_object: { size: 24, versions: [], members: [["name", "str", 0], ["size", "uint64", 8], ["published", "int32", 16]] },
    cutover_repository: { size: 152, versions: [120, 128, 136, 152], members: [["version", "uint", 0], ["capabilities", "uint32", 4], ["userdata", "void *", 8], ["begin", "void *", 16], ["create", "void *", 24], ["write", "void *", 32], ["commit", "void *", 40], ["abort", "void *", 48], ["publish", "void *", 56], ["open", "void *", 64], ["read", "void *", 72], ["close_object", "void *", 80], ["list", "void *", 88], ["remove", "void *", 96], ["path", "void *", 104], ["close", "void *", 112], ["remove_object", "void *", 120], ["free_bytes", "void *", 128], ["patch", "void *", 136], ["write_at", "void *", 144]] },
    cutover_document: { size: 40, versions: [], members: [["kind", "str", 0], ["id", "str", 8], ["project_id", "str", 16], ["version", "uint64", 24], ["body", "str", 32]] },
    cutover_write: { size: 48, versions: [48], members: [["version", "uint", 0], ["kind", "str", 8], ["id", "str", 16], ["project_id", "str", 24], ["expected_version", "uint64", 32], ["body", "str", 40]] },
    cutover_store: { size: 64, versions: [48, 64], members: [["version", "uint", 0], ["capabilities", "uint32", 4], ["userdata", "void *", 8], ["get", "void *", 16], ["list", "void *", 24], ["commit", "void *", 32], ["close", "void *", 40], ["max_commit_writes", "uint32", 48], ["max_list", "uint32", 52], ["max_body_bytes", "uint64", 56]] },
    cutover_store_postgres_options: { size: 24, versions: [24], members: [["version", "uint", 0], ["schema", "str", 8], ["timeout_ms", "uint32", 16]] },
    cutover_engine_options: { size: 112, versions: [112], members: [["version", "uint", 0], ["policy", "uint32", 4], ["store", "cutover_store", 8], ["repository", "cutover_repository", 16], ["platform", "cutover_platform", 24], ["notifiers", "void *", 32], ["notifier_count", "size_t", 40], ["pg_bin_dir", "str", 48], ["work_dir", "str", 56], ["log", "void *", 64], ["log_userdata", "void *", 72], ["clock", "void *", 80], ["clock_userdata", "void *", 88], ["connect_timeout_s", "uint32", 96], ["door_timeout_ms", "uint32", 100], ["maintenance_mem_mb", "uint32", 104], ["preview_notice_s", "uint32", 108]] },
    cutover_filter: { size: 56, versions: [56], members: [["version", "uint", 0], ["project_id", "str", 8], ["status", "str", 16], ["kind", "str", 24], ["newest_first", "int32", 32], ["after", "str", 40], ["limit", "uint32", 48]] },
    cutover_integration_ref: { size: 48, versions: [], members: [["version", "uint", 0], ["id", "str", 8], ["project_id", "str", 16], ["provider", "str", 24], ["account_id", "str", 32], ["site_id", "str", 40]] },
    cutover_integration_secrets: { size: 32, versions: [32], members: [["version", "uint", 0], ["token", "str", 8], ["pooled_url", "str", 16], ["unpooled_url", "str", 24]] },
    cutover_integrations_options: { size: 112, versions: [112], members: [["version", "uint", 0], ["flags", "uint32", 4], ["store", "cutover_store", 8], ["folder", "str", 16], ["secrets", "void *", 24], ["secrets_userdata", "void *", 32], ["vercel_url", "str", 40], ["netlify_url", "str", 48], ["ca_file", "str", 56], ["user_agent", "str", 64], ["timeout_ms", "uint32", 72], ["parallel", "uint32", 76], ["log", "void *", 80], ["log_userdata", "void *", 88], ["clock", "void *", 96], ["clock_userdata", "void *", 104]] },
    cutover_integration_run: { size: 32, versions: [32], members: [["version", "uint", 0], ["synced", "uint32", 4], ["failed", "uint32", 8], ["given_up", "uint32", 12], ["waiting", "uint32", 16], ["next_due", "int64", 24]] },
    cutover_integration_options: { size: 104, versions: [104], members: [["version", "uint", 0], ["flags", "uint32", 4], ["actor", "cutover_actor", 8], ["project_id", "str", 16], ["provider", "str", 24], ["site_id", "str", 32], ["account_id", "str", 40], ["pooled_name", "str", 48], ["unpooled_name", "str", 56], ["targets", "texts", 64], ["target_count", "size_t", 72], ["token", "str", 80], ["pooled_url", "str", 88], ["unpooled_url", "str", 96]] },
    cutover_project_removal: { size: 32, versions: [32], members: [["version", "uint", 0], ["project_id", "str", 8], ["reason", "str", 16], ["confirm", "int32", 24], ["without_server", "int32", 28]] },
    cutover_webhooks_options: { size: 80, versions: [80], members: [["version", "uint", 0], ["flags", "uint32", 4], ["store", "cutover_store", 8], ["user_agent", "str", 16], ["ca_file", "str", 24], ["timeout_ms", "uint32", 32], ["connect_timeout_ms", "uint32", 36], ["parallel", "uint32", 40], ["keep_days", "uint32", 44], ["log", "void *", 48], ["log_userdata", "void *", 56], ["clock", "void *", 64], ["clock_userdata", "void *", 72]] },
    cutover_webhook_round: { size: 40, versions: [40], members: [["version", "uint", 0], ["delivered", "uint32", 4], ["failed", "uint32", 8], ["dead", "uint32", 12], ["disabled", "uint32", 16], ["running", "uint32", 20], ["waiting", "uint32", 24], ["next_at", "int64", 32]] },
    cutover_webhook_options: { size: 56, versions: [56], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["project_id", "str", 16], ["url", "str", 24], ["description", "str", 32], ["event_types", "texts", 40], ["event_type_count", "size_t", 48]] },
    cutover_webhook_change: { size: 64, versions: [64], members: [["version", "uint", 0], ["enabled", "int32", 4], ["actor", "cutover_actor", 8], ["webhook_id", "str", 16], ["url", "str", 24], ["description", "str", 32], ["event_types", "texts", 40], ["event_type_count", "size_t", 48], ["expected_version", "uint64", 56]] },
    cutover_webhook_selection: { size: 48, versions: [48], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["webhook_id", "str", 16], ["message_id", "str", 24], ["since", "int64", 32], ["until", "int64", 40]] },
    cutover_api_options: { size: 120, versions: [120], members: [["version", "uint", 0], ["engine", "void *", 8], ["store", "cutover_store", 16], ["platform", "cutover_platform", 24], ["registry", "void *", 32], ["projects", "void *", 40], ["previews", "void *", 48], ["inventory_userdata", "void *", 56], ["webhooks", "void *", 64], ["integrations", "void *", 72], ["run", "void *", 80], ["run_userdata", "void *", 88], ["clock", "void *", 96], ["clock_userdata", "void *", 104], ["jobs", "uint32", 112], ["max_body", "uint32", 116]] },
    cutover_api_header: { size: 16, versions: [], members: [["name", "str", 0], ["value", "str", 8]] },
    cutover_api_request: { size: 80, versions: [80], members: [["version", "uint", 0], ["method", "str", 8], ["path", "str", 16], ["query", "str", 24], ["headers", "cutover_api_header", 32], ["header_count", "size_t", 40], ["body", "void *", 48], ["body_size", "size_t", 56], ["actor", "cutover_actor", 64], ["project_id", "str", 72]] },
    cutover_audit_entry: { size: 72, versions: [], members: [["version", "uint", 0], ["cursor", "str", 8], ["sequence", "uint64", 16], ["action", "str", 24], ["project_id", "str", 32], ["actor_id", "str", 40], ["actor_kind", "str", 48], ["at", "int64", 56], ["json", "str", 64]] },
    cutover_delivery_options: { size: 16, versions: [16], members: [["version", "uint", 0], ["notifier", "str", 8]] },
    cutover_delivery: { size: 24, versions: [24], members: [["version", "uint", 0], ["delivered", "uint32", 4], ["failed", "uint32", 8], ["waiting", "uint32", 12], ["given_up", "uint32", 16], ["busy", "uint32", 20]] },
    cutover_event_selection: { size: 48, versions: [48], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["notifier", "str", 16], ["project_id", "str", 24], ["first", "uint64", 32], ["last", "uint64", 40]] },
    cutover_finding: { size: 32, versions: [], members: [["severity", "int", 0], ["check", "str", 8], ["message", "str", 16], ["hint", "str", 24]] },
    cutover_progress: { size: 80, versions: [72, 80], members: [["version", "uint", 0], ["step", "str", 8], ["bytes_done", "uint64", 16], ["bytes_total", "uint64", 24], ["rows_done", "uint64", 32], ["tables_done", "uint32", 40], ["tables_total", "uint32", 44], ["fraction", "double", 48], ["seconds_elapsed", "double", 56], ["seconds_left", "double", 64], ["job_id", "str", 72]] },
    cutover_promotion_options: { size: 80, versions: [56, 64, 80], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["request_id", "str", 16], ["jobs", "uint32", 24], ["verify", "int", 28], ["hold", "int32", 32], ["progress", "void *", 40], ["progress_userdata", "void *", 48], ["hold_max_s", "uint32", 56], ["writes_refused_max_s", "uint32", 60], ["if_version", "uint64", 64], ["fence", "int", 72]] },
    cutover_backup_options: { size: 56, versions: [56], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["project_id", "str", 16], ["label", "str", 24], ["jobs", "uint32", 32], ["verify", "int", 36], ["progress", "void *", 40], ["progress_userdata", "void *", 48]] },
    cutover_displaced: { size: 64, versions: [], members: [["version", "uint", 0], ["name", "str", 8], ["oid", "uint32", 16], ["project_id", "str", 24], ["promotion_id", "str", 32], ["request_id", "str", 40], ["displaced_at", "int64", 48], ["size", "uint64", 56]] },
    cutover_key_options: { size: 64, versions: [64], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["label", "str", 16], ["roles", "uint32", 24], ["project_id", "str", 32], ["organization_id", "str", 40], ["actor_id", "str", 48], ["expires_at", "int64", 56]] },
    cutover_pgbouncer_options: { size: 24, versions: [24], members: [["version", "uint", 0], ["consoles", "texts", 8], ["pause_timeout_ms", "uint32", 16], ["hold_fence", "int32", 20]] },
    cutover_recovery: { size: 64, versions: [], members: [["version", "uint", 0], ["job", "str", 8], ["job_id", "str", 16], ["project_id", "str", 24], ["request_id", "str", 32], ["outcome", "int", 40], ["message", "str", 48], ["ask_again_s", "uint32", 56]] },
    cutover_abandon_options: { size: 40, versions: [40], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["job_id", "str", 16], ["reason", "str", 24], ["confirm", "int32", 32]] },
    cutover_leftover: { size: 80, versions: [], members: [["version", "uint", 0], ["id", "str", 8], ["project_id", "str", 16], ["job_id", "str", 24], ["kind", "str", 32], ["database", "str", 40], ["oid", "uint32", 48], ["system_identifier", "str", 56], ["message", "str", 64], ["since", "int64", 72]] },
    cutover_request_options: { size: 56, versions: [48, 56], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["project_id", "str", 16], ["preview_id", "str", 24], ["customer_note", "str", 32], ["external_ticket_ref", "str", 40], ["scheduled_for", "int64", 48]] },
    cutover_request_ack_options: { size: 48, versions: [40, 48], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["request_id", "str", 16], ["operator_note", "str", 24], ["scheduled_for", "int64", 32], ["if_version", "uint64", 40]] },
    cutover_restore_options: { size: 80, versions: [72, 80], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["backup_id", "str", 16], ["preview_id", "str", 24], ["project_id", "str", 32], ["confirm", "int32", 40], ["jobs", "uint32", 44], ["verify", "int", 48], ["progress", "void *", 56], ["progress_userdata", "void *", 64], ["fence", "int", 72], ["writes_refused_max_s", "uint32", 76]] },
    cutover_rollback_options: { size: 48, versions: [28, 48], members: [["version", "uint", 0], ["actor", "cutover_actor", 8], ["request_id", "str", 16], ["discard_writes", "int32", 24], ["progress", "void *", 32], ["progress_userdata", "void *", 40]] },
};

/** The result, then the arguments. */
export const CALLBACKS: Readonly<Record<string, readonly string[]>> = {
    cutover_project_emit: ["int", "void *", "void *"],
    cutover_preview_emit: ["int", "void *", "void *"],
    cutover_object_emit: ["int", "void *", "void *"],
    cutover_document_emit: ["int", "void *", "void *"],
    cutover_log_fn: ["void", "int", "str", "void *"],
    cutover_clock_fn: ["int64", "void *"],
    cutover_integration_give: ["int", "void *", "void *"],
    cutover_integration_secrets_fn: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_integration_emit: ["int", "void *", "void *"],
    cutover_api_run_fn: ["int", "void *", "void *"],
    cutover_api_projects_fn: ["int", "void *", "void *", "void *", "void *"],
    cutover_api_previews_fn: ["int", "str", "void *", "void *", "void *", "void *"],
    cutover_audit_emit: ["int", "void *", "void *"],
    cutover_event_emit: ["int", "void *", "void *"],
    cutover_progress_fn: ["int32", "void *", "void *"],
    cutover_displaced_emit: ["int", "void *", "void *"],
    cutover_recovery_emit: ["int", "void *", "void *"],
    cutover_leftover_emit: ["int", "void *", "void *"],
    cutover_conformance_report: ["void", "str", "str", "void *"],
    cutover_conformance_store_open: ["int", "int32", "void *", "void *", "void *"],
    cutover_conformance_repository_open: ["int", "int32", "void *", "void *", "void *"],
    cutover_notifier_deliver: ["int", "void *", "void *", "void *", "void *"],
    cutover_notifier_close: ["void", "void *"],
    cutover_platform_project_get: ["int", "str", "void *", "void *", "void *", "void *"],
    cutover_platform_project_set_state: ["int", "str", "str", "str", "str", "void *", "void *"],
    cutover_platform_preview_get: ["int", "str", "void *", "void *", "void *", "void *"],
    cutover_platform_traffic_pause: ["int", "str", "void *", "void *"],
    cutover_platform_traffic_resume: ["int", "str", "void *", "void *"],
    cutover_platform_integrations_sync: ["int", "str", "void *", "void *"],
    cutover_platform_preview_create: ["int", "str", "str", "void *", "void *", "void *", "void *"],
    cutover_platform_fence_pause: ["int", "str", "void *", "void *"],
    cutover_platform_fence_resume: ["int", "str", "int32", "void *", "void *"],
    cutover_platform_preview_extend: ["int", "str", "int64", "void *", "void *"],
    cutover_repository_begin: ["int", "str", "void *", "void *"],
    cutover_repository_create: ["int", "str", "str", "void *", "void *", "void *"],
    cutover_repository_write: ["int", "void *", "void *", "size_t", "void *", "void *"],
    cutover_repository_commit: ["int", "void *", "void *", "void *"],
    cutover_repository_abort: ["void", "void *", "void *"],
    cutover_repository_publish: ["int", "str", "void *", "void *"],
    cutover_repository_open: ["int", "str", "str", "void *", "void *", "void *"],
    cutover_repository_read: ["int", "void *", "uint64", "void *", "size_t", "void *", "void *", "void *"],
    cutover_repository_close_object: ["void", "void *", "void *"],
    cutover_repository_list: ["int", "str", "void *", "void *", "void *", "void *"],
    cutover_repository_remove: ["int", "str", "void *", "void *"],
    cutover_repository_path: ["int", "str", "void *", "size_t", "void *", "void *"],
    cutover_repository_close: ["void", "void *"],
    cutover_repository_remove_object: ["int", "str", "str", "void *", "void *"],
    cutover_repository_free_bytes: ["int", "void *", "void *", "void *"],
    cutover_repository_patch: ["int", "str", "str", "void *", "void *", "void *"],
    cutover_repository_write_at: ["int", "void *", "uint64", "void *", "size_t", "void *", "void *"],
    cutover_store_get: ["int", "str", "str", "void *", "void *", "void *", "void *"],
    cutover_store_list: ["int", "str", "str", "str", "uint32", "void *", "void *", "void *", "void *"],
    cutover_store_commit: ["int", "void *", "size_t", "void *", "void *"],
    cutover_store_close: ["void", "void *"],
};

/** Likewise; a text that is an argument is a pointer to its bytes. */
export const PROTOTYPES: Readonly<Record<string, readonly string[]>> = {
    cutover_actor_init: ["int", "void *", "uint"],
    cutover_api_options_init: ["int", "void *", "uint"],
    cutover_api_new: ["int", "void *", "void *", "void *"],
    cutover_api_free: ["void", "void *"],
    cutover_api_request_init: ["int", "void *", "uint"],
    cutover_api_handle: ["int", "void *", "void *", "void *", "void *"],
    cutover_api_tend: ["int", "void *", "void *"],
    cutover_api_openapi: ["str"],
    cutover_api_problem: ["int", "uint32", "void *", "void *", "void *"],
    cutover_api_response_status: ["uint32", "void *"],
    cutover_api_response_header_count: ["size_t", "void *"],
    cutover_api_response_header_name: ["str", "void *", "size_t"],
    cutover_api_response_header_value: ["str", "void *", "size_t"],
    cutover_api_response_body: ["str", "void *"],
    cutover_api_response_body_size: ["size_t", "void *"],
    cutover_api_response_route: ["str", "void *"],
    cutover_api_response_take_stream: ["void *", "void *"],
    cutover_api_response_free: ["void", "void *"],
    cutover_api_stream_next: ["int", "void *", "void *", "void *", "void *"],
    cutover_api_stream_free: ["void", "void *"],
    cutover_api_work_run: ["int", "void *", "void *"],
    cutover_api_work_cancel: ["void", "void *"],
    cutover_api_work_job_id: ["str", "void *"],
    cutover_api_work_kind: ["str", "void *"],
    cutover_api_work_project_id: ["str", "void *"],
    cutover_api_work_free: ["void", "void *"],
    cutover_audit_list: ["int", "void *", "void *", "void *", "uint32", "void *", "void *", "void *"],
    cutover_delivery_options_init: ["int", "void *", "uint"],
    cutover_delivery_init: ["int", "void *", "uint"],
    cutover_events_deliver: ["int", "void *", "void *", "void *", "void *"],
    cutover_events_list: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_event_selection_init: ["int", "void *", "uint"],
    cutover_events_retry: ["int", "void *", "void *", "void *", "void *"],
    cutover_events_discard: ["int", "void *", "void *", "void *", "void *"],
    cutover_backup_options_init: ["int", "void *", "uint"],
    cutover_backup_create: ["int", "void *", "void *", "void *", "void *"],
    cutover_backup_verify: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_backup_start: ["int", "void *", "void *", "void *", "void *"],
    cutover_backup_verify_start: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_backup_job_run: ["int", "void *", "void *"],
    cutover_backup_job_cancel: ["void", "void *"],
    cutover_backup_job_progress: ["int", "void *", "void *"],
    cutover_backup_job_id: ["str", "void *"],
    cutover_backup_job_free: ["void", "void *"],
    cutover_backup_get: ["int", "void *", "void *", "void *", "void *"],
    cutover_backups_list: ["int", "void *", "void *", "void *", "uint32", "void *", "void *"],
    cutover_backups_find: ["int", "void *", "void *", "void *", "void *"],
    cutover_backup_delete: ["int", "void *", "void *", "void *", "void *"],
    cutover_backup_path: ["int", "void *", "void *", "void *", "size_t", "void *"],
    cutover_backup_id: ["str", "void *"],
    cutover_backup_project_id: ["str", "void *"],
    cutover_backup_label: ["str", "void *"],
    cutover_backup_status: ["str", "void *"],
    cutover_backup_created_at: ["int64", "void *"],
    cutover_backup_verified_at: ["int64", "void *"],
    cutover_backup_json: ["str", "void *"],
    cutover_backup_version: ["uint64", "void *"],
    cutover_backup_free: ["void", "void *"],
    cutover_backup_list_count: ["size_t", "void *"],
    cutover_backup_list_at: ["void *", "void *", "size_t"],
    cutover_backup_list_free: ["void", "void *"],
    cutover_displaced_list: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_displaced_drop: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_displaced_expire: ["int", "void *", "void *", "void *", "int64", "void *", "void *", "void *"],
    cutover_engine_options_init: ["int", "void *", "uint"],
    cutover_filter_init: ["int", "void *", "uint"],
    cutover_engine_new: ["int", "void *", "void *", "void *"],
    cutover_engine_free: ["void", "void *"],
    cutover_text_visible: ["void *", "void *"],
    cutover_time_text: ["void *", "int64", "void *"],
    cutover_time_read: ["int", "void *", "void *", "void *"],
    cutover_json_check: ["int", "void *", "size_t", "void *"],
    cutover_string_free: ["void", "void *"],
    cutover_answer: ["int", "int"],
    cutover_answer_of: ["int", "uint32", "int"],
    cutover_answer_begin: ["void"],
    cutover_error_code: ["int", "void *"],
    cutover_error_message: ["str", "void *"],
    cutover_error_detail: ["str", "void *"],
    cutover_error_hint: ["str", "void *"],
    cutover_error_sqlstate: ["str", "void *"],
    cutover_error_step: ["str", "void *"],
    cutover_error_verdict: ["int", "void *"],
    cutover_error_free: ["void", "void *"],
    cutover_error_new: ["void *", "int", "void *", "void *", "void *"],
    cutover_status_name: ["str", "int"],
    cutover_verdict_name: ["str", "int"],
    cutover_integration_secrets_init: ["int", "void *", "uint"],
    cutover_integrations_options_init: ["int", "void *", "uint"],
    cutover_integrations_new: ["int", "void *", "void *", "void *"],
    cutover_integrations_free: ["void", "void *"],
    cutover_integrations_notifier: ["int", "void *", "void *", "void *"],
    cutover_integration_run_init: ["int", "void *", "uint"],
    cutover_integrations_deliver: ["int", "void *", "void *", "void *", "void *"],
    cutover_integrations_stop: ["void", "void *"],
    cutover_integration_options_init: ["int", "void *", "uint"],
    cutover_integration_connect: ["int", "void *", "void *", "void *", "void *"],
    cutover_integration_disconnect: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_integration_sync: ["int", "void *", "void *", "void *", "void *", "void *", "void *"],
    cutover_integration_get: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_integrations_list: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_integration_id: ["str", "void *"],
    cutover_integration_project_id: ["str", "void *"],
    cutover_integration_provider: ["str", "void *"],
    cutover_integration_status: ["str", "void *"],
    cutover_integration_synced_at: ["int64", "void *"],
    cutover_integration_next_attempt_at: ["int64", "void *"],
    cutover_integration_last_error: ["str", "void *"],
    cutover_integration_json: ["str", "void *"],
    cutover_integration_version: ["uint64", "void *"],
    cutover_integration_free: ["void", "void *"],
    cutover_job_get: ["int", "void *", "void *", "void *", "void *"],
    cutover_jobs_list: ["int", "void *", "void *", "void *", "uint32", "void *", "void *"],
    cutover_jobs_find: ["int", "void *", "void *", "void *", "void *"],
    cutover_job_cancel: ["int", "void *", "void *", "void *", "void *"],
    cutover_job_id: ["str", "void *"],
    cutover_job_kind: ["str", "void *"],
    cutover_job_status: ["str", "void *"],
    cutover_job_is_over: ["int32", "void *"],
    cutover_job_project_id: ["str", "void *"],
    cutover_job_request_id: ["str", "void *"],
    cutover_job_created_at: ["int64", "void *"],
    cutover_job_version: ["uint64", "void *"],
    cutover_job_json: ["str", "void *"],
    cutover_job_progress: ["int", "void *", "void *"],
    cutover_job_report: ["str", "void *"],
    cutover_job_renewed_at: ["int64", "void *"],
    cutover_job_free: ["void", "void *"],
    cutover_job_list_count: ["size_t", "void *"],
    cutover_job_list_at: ["void *", "void *", "size_t"],
    cutover_job_list_free: ["void", "void *"],
    cutover_key_options_init: ["int", "void *", "uint"],
    cutover_key_create: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_key_authenticate: ["int", "void *", "void *", "void *", "void *"],
    cutover_key_check: ["int", "void *", "void *", "void *", "void *"],
    cutover_key_revoke: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_key_get: ["int", "void *", "void *", "void *", "void *"],
    cutover_keys_list: ["int", "void *", "void *", "void *", "uint32", "void *", "void *"],
    cutover_key_id: ["str", "void *"],
    cutover_key_label: ["str", "void *"],
    cutover_key_actor: ["int", "void *", "void *"],
    cutover_key_roles: ["uint32", "void *"],
    cutover_key_project_id: ["str", "void *"],
    cutover_key_organization_id: ["str", "void *"],
    cutover_key_created_at: ["int64", "void *"],
    cutover_key_expires_at: ["int64", "void *"],
    cutover_key_revoked_at: ["int64", "void *"],
    cutover_key_json: ["str", "void *"],
    cutover_key_free: ["void", "void *"],
    cutover_key_list_count: ["size_t", "void *"],
    cutover_key_list_at: ["void *", "void *", "size_t"],
    cutover_key_list_free: ["void", "void *"],
    cutover_notifier_init: ["int", "void *", "uint"],
    cutover_named_notifier_init: ["int", "void *", "uint"],
    cutover_notifier_jsonl_open: ["int", "void *", "void *", "void *"],
    cutover_notifier_close: ["void", "void *"],
    cutover_pgbouncer_options_init: ["int", "void *", "uint"],
    cutover_platform_pgbouncer_wrap: ["int", "void *", "void *", "void *", "void *"],
    cutover_platform_pgbouncer_unwrap: ["void", "void *"],
    cutover_project_init: ["int", "void *", "uint"],
    cutover_preview_init: ["int", "void *", "uint"],
    cutover_platform_cancelled: ["int32"],
    cutover_platform_init: ["int", "void *", "uint"],
    cutover_preflight_run: ["int", "void *", "void *", "void *", "uint32", "void *", "void *"],
    cutover_preflight_preview: ["int", "void *", "void *", "void *", "void *", "uint32", "void *", "void *"],
    cutover_preflight_severity: ["int", "void *"],
    cutover_preflight_count: ["size_t", "void *"],
    cutover_preflight_at: ["void *", "void *", "size_t"],
    cutover_preflight_json: ["str", "void *"],
    cutover_preflight_free: ["void", "void *"],
    cutover_severity_name: ["str", "int"],
    cutover_progress_init: ["int", "void *", "uint"],
    cutover_promotion_options_init: ["int", "void *", "uint"],
    cutover_promotion_start: ["int", "void *", "void *", "void *", "void *"],
    cutover_promotion_run: ["int", "void *", "void *"],
    cutover_promotion_cancel: ["void", "void *"],
    cutover_promotion_progress: ["int", "void *", "void *"],
    cutover_promotion_id: ["str", "void *"],
    cutover_promotion_preflight: ["void *", "void *"],
    cutover_promotion_report: ["str", "void *"],
    cutover_promotion_free: ["void", "void *"],
    cutover_promotion_release: ["int", "void *", "void *", "void *", "void *"],
    cutover_promotion_show: ["int", "void *", "void *", "void *", "void *"],
    cutover_recover: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_project_look: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_project_confirm_server: ["int", "void *", "void *", "void *", "void *", "void *", "void *"],
    cutover_abandon_options_init: ["int", "void *", "uint"],
    cutover_recover_abandon: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_leftovers_list: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_leftover_forget: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_recovered_name: ["str", "int"],
    cutover_registry_open: ["int", "void *", "void *", "void *"],
    cutover_registry_open_as: ["int", "void *", "void *", "void *", "void *"],
    cutover_registry_free: ["void", "void *"],
    cutover_registry_platform: ["int", "void *", "void *", "void *"],
    cutover_registry_project_add: ["int", "void *", "void *", "void *"],
    cutover_registry_project_set_pgbouncers: ["int", "void *", "void *", "void *", "void *"],
    cutover_registry_project_set_hold_fence: ["int", "void *", "void *", "int32", "void *"],
    cutover_registry_project_set: ["int", "void *", "void *", "void *"],
    cutover_registry_projects_list: ["int", "void *", "void *", "void *", "void *"],
    cutover_project_removal_init: ["int", "void *", "uint"],
    cutover_registry_project_remove: ["int", "void *", "void *", "void *", "void *"],
    cutover_registry_preview_add: ["int", "void *", "void *", "void *"],
    cutover_registry_preview_extend: ["int", "void *", "void *", "int64", "void *"],
    cutover_registry_previews_list: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_registry_preview_remove: ["int", "void *", "void *", "void *"],
    cutover_registry_previews_reap: ["int", "void *", "void *", "void *", "void *", "void *", "void *"],
    cutover_repository_init: ["int", "void *", "uint"],
    cutover_repository_directory_open: ["int", "void *", "void *", "void *"],
    cutover_repository_close: ["void", "void *"],
    cutover_request_options_init: ["int", "void *", "uint"],
    cutover_request_create: ["int", "void *", "void *", "void *", "void *"],
    cutover_request_get: ["int", "void *", "void *", "void *", "void *"],
    cutover_requests_list: ["int", "void *", "void *", "void *", "uint32", "void *", "void *"],
    cutover_requests_find: ["int", "void *", "void *", "void *", "void *"],
    cutover_request_ack_options_init: ["int", "void *", "uint"],
    cutover_request_ack: ["int", "void *", "void *", "void *", "void *"],
    cutover_request_reject: ["int", "void *", "void *", "void *", "void *", "void *", "void *"],
    cutover_request_cancel: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_request_set_ticket: ["int", "void *", "void *", "void *", "void *", "void *", "void *"],
    cutover_request_reschedule: ["int", "void *", "void *", "void *", "int64", "void *", "void *"],
    cutover_request_id: ["str", "void *"],
    cutover_request_organization_id: ["str", "void *"],
    cutover_request_project_id: ["str", "void *"],
    cutover_request_preview_id: ["str", "void *"],
    cutover_request_status: ["str", "void *"],
    cutover_request_customer_note: ["str", "void *"],
    cutover_request_ticket: ["str", "void *"],
    cutover_request_operator_note: ["str", "void *"],
    cutover_request_rejected_reason: ["str", "void *"],
    cutover_request_scheduled_for: ["int64", "void *"],
    cutover_request_backup_id: ["str", "void *"],
    cutover_request_promotion_id: ["str", "void *"],
    cutover_request_created_at: ["int64", "void *"],
    cutover_request_updated_at: ["int64", "void *"],
    cutover_request_completed_at: ["int64", "void *"],
    cutover_request_json: ["str", "void *"],
    cutover_request_version: ["uint64", "void *"],
    cutover_request_free: ["void", "void *"],
    cutover_request_list_count: ["size_t", "void *"],
    cutover_request_list_at: ["void *", "void *", "size_t"],
    cutover_request_list_free: ["void", "void *"],
    cutover_restore_options_init: ["int", "void *", "uint"],
    cutover_restore_start: ["int", "void *", "void *", "void *", "void *"],
    cutover_restore_run: ["int", "void *", "void *"],
    cutover_restore_cancel: ["void", "void *"],
    cutover_restore_progress: ["int", "void *", "void *"],
    cutover_restore_id: ["str", "void *"],
    cutover_restore_report: ["str", "void *"],
    cutover_restore_free: ["void", "void *"],
    cutover_rollback_options_init: ["int", "void *", "uint"],
    cutover_rollback_start: ["int", "void *", "void *", "void *", "void *"],
    cutover_rollback_writes: ["int", "void *"],
    cutover_writes_name: ["str", "int"],
    cutover_rollback_run: ["int", "void *", "void *"],
    cutover_rollback_cancel: ["void", "void *"],
    cutover_rollback_progress: ["int", "void *", "void *"],
    cutover_rollback_id: ["str", "void *"],
    cutover_rollback_report: ["str", "void *"],
    cutover_rollback_free: ["void", "void *"],
    cutover_write_init: ["int", "void *", "uint"],
    cutover_store_init: ["int", "void *", "uint"],
    cutover_store_memory_open: ["int", "void *", "void *"],
    cutover_store_sqlite_open: ["int", "void *", "void *", "void *"],
    cutover_store_postgres_options_init: ["int", "void *", "uint"],
    cutover_store_postgres_open: ["int", "void *", "void *", "void *", "void *"],
    cutover_store_open: ["int", "void *", "void *", "void *"],
    cutover_store_close: ["void", "void *"],
    cutover_version: ["str"],
    cutover_version_number: ["int32"],
    cutover_webhooks_options_init: ["int", "void *", "uint"],
    cutover_webhooks_new: ["int", "void *", "void *", "void *"],
    cutover_webhooks_free: ["void", "void *"],
    cutover_webhooks_notifier: ["int", "void *", "void *", "void *"],
    cutover_webhook_round_init: ["int", "void *", "uint"],
    cutover_webhooks_deliver: ["int", "void *", "uint32", "void *", "void *"],
    cutover_webhooks_stop: ["void", "void *"],
    cutover_webhook_options_init: ["int", "void *", "uint"],
    cutover_webhook_create: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_webhook_get: ["int", "void *", "void *", "void *", "void *"],
    cutover_webhooks_list: ["int", "void *", "void *", "void *", "uint32", "void *", "void *"],
    cutover_webhook_change_init: ["int", "void *", "uint"],
    cutover_webhook_update: ["int", "void *", "void *", "void *", "void *"],
    cutover_webhook_delete: ["int", "void *", "void *", "void *", "void *"],
    cutover_webhook_rotate_secret: ["int", "void *", "void *", "void *", "uint32", "void *", "void *", "void *"],
    cutover_webhook_test: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_webhook_deliveries_find: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_webhook_delivery_get: ["int", "void *", "void *", "void *", "void *", "void *"],
    cutover_webhook_selection_init: ["int", "void *", "uint"],
    cutover_webhook_redeliver: ["int", "void *", "void *", "void *", "void *"],
    cutover_webhook_id: ["str", "void *"],
    cutover_webhook_project_id: ["str", "void *"],
    cutover_webhook_url: ["str", "void *"],
    cutover_webhook_status: ["str", "void *"],
    cutover_webhook_json: ["str", "void *"],
    cutover_webhook_version: ["uint64", "void *"],
    cutover_webhook_free: ["void", "void *"],
    cutover_webhook_list_count: ["size_t", "void *"],
    cutover_webhook_list_at: ["void *", "void *", "size_t"],
    cutover_webhook_list_free: ["void", "void *"],
    cutover_webhook_delivery_id: ["str", "void *"],
    cutover_webhook_delivery_type: ["str", "void *"],
    cutover_webhook_delivery_status: ["str", "void *"],
    cutover_webhook_delivery_attempts: ["uint32", "void *"],
    cutover_webhook_delivery_json: ["str", "void *"],
    cutover_webhook_delivery_free: ["void", "void *"],
    cutover_webhook_delivery_list_count: ["size_t", "void *"],
    cutover_webhook_delivery_list_at: ["void *", "void *", "size_t"],
    cutover_webhook_delivery_list_free: ["void", "void *"],
};
