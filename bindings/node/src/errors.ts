// A class for each status; what they have in common is in CutoverError.
//
// Made by generate.py of interface.json: do not edit.

import { Status } from "./abi.js";
import { CutoverError } from "./error.js";

/** An argument is out of its bounds; the message names the field and the bound. */
export class InvalidError extends CutoverError {
    override readonly name = "InvalidError";
    override readonly status: number = Status.E_INVALID;
}
CutoverError.byStatus.set(Status.E_INVALID, InvalidError);

/** No record, project, preview, object or file of that name. */
export class NotFoundError extends CutoverError {
    override readonly name = "NotFoundError";
    override readonly status: number = Status.E_NOT_FOUND;
}
CutoverError.byStatus.set(Status.E_NOT_FOUND, NotFoundError);

/** Somebody else changed or claimed it first; read again. */
export class ConflictError extends CutoverError {
    override readonly name = "ConflictError";
    override readonly status: number = Status.E_CONFLICT;
}
CutoverError.byStatus.set(Status.E_CONFLICT, ConflictError);

/** The record's state does not allow this. */
export class StateError extends CutoverError {
    override readonly name = "StateError";
    override readonly status: number = Status.E_STATE;
}
CutoverError.byStatus.set(Status.E_STATE, StateError);

/** The actor lacks the role, or four eyes are needed. */
export class ForbiddenError extends CutoverError {
    override readonly name = "ForbiddenError";
    override readonly status: number = Status.E_FORBIDDEN;
}
CutoverError.byStatus.set(Status.E_FORBIDDEN, ForbiddenError);

/** Another promotion or restore runs on that project. */
export class LockedError extends CutoverError {
    override readonly name = "LockedError";
    override readonly status: number = Status.E_LOCKED;
}
CutoverError.byStatus.set(Status.E_LOCKED, LockedError);

/** The preview is expired, or would be at the agreed time. */
export class ExpiredError extends CutoverError {
    override readonly name = "ExpiredError";
    override readonly status: number = Status.E_EXPIRED;
}
CutoverError.byStatus.set(Status.E_EXPIRED, ExpiredError);

/** Preflight found something that blocks; the detail lists all of it. */
export class PreflightError extends CutoverError {
    override readonly name = "PreflightError";
    override readonly status: number = Status.E_PREFLIGHT;
}
CutoverError.byStatus.set(Status.E_PREFLIGHT, PreflightError);

/** A check said different or could not tell; see cutover_error_verdict(). */
export class VerifyError extends CutoverError {
    override readonly name = "VerifyError";
    override readonly status: number = Status.E_VERIFY;
}
CutoverError.byStatus.set(Status.E_VERIFY, VerifyError);

/** Cancelled, as asked. */
export class CancelledError extends CutoverError {
    override readonly name = "CancelledError";
    override readonly status: number = Status.E_CANCELLED;
}
CutoverError.byStatus.set(Status.E_CANCELLED, CancelledError);

/** The store failed. */
export class StoreError extends CutoverError {
    override readonly name = "StoreError";
    override readonly status: number = Status.E_STORE;
}
CutoverError.byStatus.set(Status.E_STORE, StoreError);

/** The repository failed. */
export class RepositoryError extends CutoverError {
    override readonly name = "RepositoryError";
    override readonly status: number = Status.E_REPOSITORY;
}
CutoverError.byStatus.set(Status.E_REPOSITORY, RepositoryError);

/** A PostgreSQL server or one of its tools failed; see cutover_error_sqlstate(). */
export class PostgresError extends CutoverError {
    override readonly name = "PostgresError";
    override readonly status: number = Status.E_POSTGRES;
}
CutoverError.byStatus.set(Status.E_POSTGRES, PostgresError);

/** A local file or process operation failed. */
export class IoError extends CutoverError {
    override readonly name = "IoError";
    override readonly status: number = Status.E_IO;
}
CutoverError.byStatus.set(Status.E_IO, IoError);

/** Memory is exhausted. */
export class NomemError extends CutoverError {
    override readonly name = "NomemError";
    override readonly status: number = Status.E_NOMEM;
}
CutoverError.byStatus.set(Status.E_NOMEM, NomemError);

/** Not possible with these versions, options or this build. */
export class UnsupportedError extends CutoverError {
    override readonly name = "UnsupportedError";
    override readonly status: number = Status.E_UNSUPPORTED;
}
CutoverError.byStatus.set(Status.E_UNSUPPORTED, UnsupportedError);

/** A host's callback failed. */
export class CallbackError extends CutoverError {
    override readonly name = "CallbackError";
    override readonly status: number = Status.E_CALLBACK;
}
CutoverError.byStatus.set(Status.E_CALLBACK, CallbackError);

/** The library broke an assumption of its own: please report it. */
export class InternalError extends CutoverError {
    override readonly name = "InternalError";
    override readonly status: number = Status.E_INTERNAL;
}
CutoverError.byStatus.set(Status.E_INTERNAL, InternalError);
