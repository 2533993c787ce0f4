"""libcutover: make a PostgreSQL preview the new production, carefully.

Start with Engine, its request_create(), request_ack() and promotion_start(). README.md has the twelve lines.
"""
from __future__ import annotations

from . import errors
from ._abi import KEY_EVERY_PROJECT, NOTE_MAX, TICKET_MAX, ActorKind, Fence, LogLevel, Recovered, Severity, Status, Verdict, VerifyMethod, Writes
from ._abi import IntegrationBits as IntegrationFlag
from ._abi import PolicyBits as Policy
from ._abi import RoleBits as Role
from ._abi import StoreBits as StoreCapability
from ._error import CutoverError
from ._library import lib as _lib
from ._preflight import Preflight
from ._records import (Actor, AuditEntry, Backup, Delivery, Displaced, Document, Event, Finding, Integration, IntegrationRun, Job, Key, Leftover,
                       Preview, Progress, Project, Recovery, Request, Webhook, WebhookDelivery, WebhookRound, Write)
from .engine import Engine
from .jobs import BackupJob, Promotion, Restore, Rollback, Runnable, Running
from .ports import (DirectoryRepository, JsonlNotifier, MemoryStore, NamedNotifier, Notifier, PgBouncer, Platform, Port, PostgresStore, Refusal,
                    SqliteStore, Store, pause_is_cancelled)
from .registry import Integrations, Registry, Webhooks

__version__ = (_lib.cutover_version() or b"").decode()
"""Of the library that was loaded."""

__all__ = [
    "Actor", "ActorKind", "AuditEntry", "Backup", "BackupJob", "CutoverError", "Delivery", "DirectoryRepository", "Displaced",
    "Document", "Engine", "Event", "Fence", "Finding", "Integration", "IntegrationFlag", "IntegrationRun", "Integrations", "Job",
    "JsonlNotifier", "KEY_EVERY_PROJECT", "Key", "Leftover", "LogLevel", "MemoryStore", "NOTE_MAX", "NamedNotifier", "Notifier",
    "PgBouncer", "Platform", "Policy", "Port", "PostgresStore", "Preflight", "Preview", "Progress", "Project", "Promotion", "Recovered", "Recovery",
    "Refusal", "Registry", "Request", "Restore", "Role", "Rollback", "Runnable", "Running", "Severity", "SqliteStore", "Status",
    "Store", "StoreCapability", "TICKET_MAX", "Verdict", "VerifyMethod", "Webhook", "WebhookDelivery", "WebhookRound", "Webhooks",
    "Write", "Writes", "errors", "pause_is_cancelled",
]
