"""An exception for each status; what they have in common is in CutoverError.

Made by generate.py of interface.json: do not edit.
"""
from __future__ import annotations

from typing import Dict, Type

from ._abi import Status
from ._error import CutoverError


class InvalidError(CutoverError):
    """An argument is out of its bounds; the message names the field and the bound."""


class NotFoundError(CutoverError):
    """No record, project, preview, object or file of that name."""


class ConflictError(CutoverError):
    """Somebody else changed or claimed it first; read again."""


class StateError(CutoverError):
    """The record's state does not allow this."""


class ForbiddenError(CutoverError):
    """The actor lacks the role, or four eyes are needed."""


class LockedError(CutoverError):
    """Another promotion or restore runs on that project."""


class ExpiredError(CutoverError):
    """The preview is expired, or would be at the agreed time."""


class PreflightError(CutoverError):
    """Preflight found something that blocks; the detail lists all of it."""


class VerifyError(CutoverError):
    """A check said different or could not tell; see cutover_error_verdict()."""


class CancelledError(CutoverError):
    """Cancelled, as asked."""


class StoreError(CutoverError):
    """The store failed."""


class RepositoryError(CutoverError):
    """The repository failed."""


class PostgresError(CutoverError):
    """A PostgreSQL server or one of its tools failed; see cutover_error_sqlstate()."""


class IoError(CutoverError):
    """A local file or process operation failed."""


class NomemError(CutoverError):
    """Memory is exhausted."""


class UnsupportedError(CutoverError):
    """Not possible with these versions, options or this build."""


class CallbackError(CutoverError):
    """A host's callback failed."""


class InternalError(CutoverError):
    """The library broke an assumption of its own: please report it."""


BY_STATUS: Dict[int, Type[CutoverError]] = {
    Status.E_INVALID: InvalidError,
    Status.E_NOT_FOUND: NotFoundError,
    Status.E_CONFLICT: ConflictError,
    Status.E_STATE: StateError,
    Status.E_FORBIDDEN: ForbiddenError,
    Status.E_LOCKED: LockedError,
    Status.E_EXPIRED: ExpiredError,
    Status.E_PREFLIGHT: PreflightError,
    Status.E_VERIFY: VerifyError,
    Status.E_CANCELLED: CancelledError,
    Status.E_STORE: StoreError,
    Status.E_REPOSITORY: RepositoryError,
    Status.E_POSTGRES: PostgresError,
    Status.E_IO: IoError,
    Status.E_NOMEM: NomemError,
    Status.E_UNSUPPORTED: UnsupportedError,
    Status.E_CALLBACK: CallbackError,
    Status.E_INTERNAL: InternalError}
CutoverError.by_status = BY_STATUS
for _status, _type in BY_STATUS.items():
    _type.status = Status(_status)
