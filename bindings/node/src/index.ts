// libcutover: make a PostgreSQL preview the new production, carefully.
//
// Start with Engine, its requestCreate(), requestAck() and promotionStart(). README.md has the twelve lines.
import { lib } from "./library.js";

export * as errors from "./errors.js";
export {
    KEY_EVERY_PROJECT, NOTE_MAX, TICKET_MAX, ActorKind, Fence, LogLevel, Recovered, Severity, Status, Verdict, VerifyMethod, Writes,
    IntegrationBits as IntegrationFlag, PolicyBits as Policy, RoleBits as Role, StoreBits as StoreCapability,
} from "./abi.js";
export { checkStore, type Case } from "./conformance.js";
export { Engine, type EngineOptions } from "./engine.js";
export { CutoverError, type Facts } from "./error.js";
export { BackupJob, Promotion, Restore, Rollback, Runnable, type Running } from "./jobs.js";
export {
    DirectoryRepository, JsonlNotifier, MemoryStore, Notifier, PgBouncer, Platform, Port, PostgresStore, Refusal, SqliteStore, Store, type NamedNotifier,
} from "./ports.js";
export type { Preflight } from "./preflight.js";
export type {
    Actor, AuditEntry, Backup, Delivery, Displaced, Document, Event, Finding, Integration, IntegrationRun, Job, Key, Leftover, Preview,
    Progress, Project, Recovery, Request, Webhook, WebhookDelivery, WebhookRound, Write,
} from "./records.js";
export { Integrations, Registry, Webhooks, type IntegrationsOptions, type WebhooksOptions } from "./registry.js";
export type { Json } from "./values.js";

/** Of the library that was loaded. */
export const version: string = lib["cutover_version"]!();
