// Values of JavaScript as C has them, and the other way round.
import koffi from "koffi";
import * as abi from "./abi.js";
import { bytes, lib, types } from "./library.js";

/** JSON of the library: docs/json.md. */
export type Json = Record<string, any>;
type Raw = string | number | bigint | null;

export function text(told: Raw): string {
    return told === null ? "" : String(told);
}

export function textOrNone(told: Raw): string | null {
    return told === null ? null : String(told);
}

/** Of an array that ends with a NULL. */
export function texts(told: Raw): string[] {
    const found: string[] = [];
    for (let one; told && (one = koffi.decode(told, found.length * 8, "str")) !== null;) {
        found.push(one);
    }
    return found;
}

export function time(told: Raw): Date {
    return new Date(Number(told) / 1000);
}

export function timeOrNone(told: Raw): Date | null {
    return Number(told) === 0 ? null : time(told);
}

export function members(told: Raw): Json {
    return JSON.parse(text(told) || "{}");
}

export function membersOrNone(told: Raw): Json | null {
    return told === null ? null : members(told);
}

export function micros(value: Date | null | undefined): bigint {
    if (value && Number.isNaN(value.getTime())) {
        throw new RangeError("a Date that is none");
    }
    return value ? BigInt(value.getTime()) * 1000n : 0n;
}

/** The members of a struct, with texts as such. */
export function decoded(name: string, address: bigint): Json {
    return koffi.decode(address, types[name]!);
}

export function camelCase(name: string): string {
    return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

export interface Out {
    readonly address: bigint;
    /** What C wrote there, as a pointer or as a number of 32 bits. */
    readonly handle: bigint;
    readonly number: number;
}

/** Memory that C reads and writes, for as long as this lives. */
export class Memory {
    private readonly kept: Buffer[] = [];

    room(size: number): Buffer {
        const made = bytes(size);
        this.kept.push(made);
        return made;
    }

    text(value: string | null | undefined): bigint | null {
        if (value === null || value === undefined) {
            return null;
        }
        if (value.includes("\0")) {
            throw new TypeError("a text with a NUL in it, which would end there");
        }
        const room = this.room(Buffer.byteLength(value) + 1);
        room.write(value);
        return koffi.address(room);
    }

    /** An array of texts that ends with a NULL. */
    texts(values: readonly string[] | null | undefined): bigint | null {
        return values ? this.pointers(values.map((each) => this.text(each))) : null;
    }

    /** Likewise of pointers. */
    pointers(values: readonly (bigint | null)[]): bigint {
        const room = this.room((values.length + 1) * 8);
        values.forEach((each, index) => room.writeBigUInt64LE(each ?? 0n, index * 8));
        return koffi.address(room);
    }

    out(): Out {
        const room = this.room(8);
        return {
            address: koffi.address(room),
            get handle() { return room.readBigUInt64LE(0); },
            get number() { return room.readUInt32LE(0); },
        };
    }

    /** A struct of the version that this package knows; what is not given is as its _init function has it. */
    struct(name: string, values: object): bigint {
        const { size, versions, members: all } = abi.STRUCTS[name]!;
        const room = this.room(size);
        if (versions.length) {
            lib[`${name}_init`]!(room, versions.length);
        }
        const offsets = new Map(all.map(([member, , offset]) => [member, offset]));
        for (const [member, kind, offset] of all) {
            const value = (values as Record<string, unknown>)[camelCase(member)];
            if (value === null || value === undefined || (member === "version" && versions.length)) {
                continue;
            }
            const count = offsets.get(member.replace(/s$/, "_count"));
            if (Array.isArray(value) && count !== undefined) {
                room.writeBigUInt64LE(BigInt(value.length), count);
            }
            this.put(room, kind, offset, value);
        }
        return koffi.address(room);
    }

    private put(room: Buffer, kind: string, offset: number, value: unknown): void {
        if (kind === "str") {
            room.writeBigUInt64LE(this.text(String(value))!, offset);
        } else if (kind === "texts") {
            room.writeBigUInt64LE(this.texts(value as string[])!, offset);
        } else if (kind in abi.STRUCTS && typeof value === "object") {
            room.writeBigUInt64LE(this.struct(kind, value as object), offset);
        } else if (kind === "void *" || kind in abi.STRUCTS) {
            room.writeBigUInt64LE(value as bigint, offset);
        } else if (value instanceof Date) {
            room.writeBigInt64LE(micros(value), offset);
        } else if (kind === "uint64" || kind === "size_t") {
            room.writeBigUInt64LE(BigInt(value as number | bigint), offset);
        } else if (kind === "int" || kind === "int32") {
            room.writeInt32LE(Number(value), offset);
        } else if (kind === "uint" || kind === "uint32") {
            room.writeUInt32LE(Number(value), offset);
        } else {
            throw new TypeError(`no ${kind} can be given`);
        }
    }
}

/** What a getter fills; null where there is nothing to tell. */
export function told<T>(getter: string, name: string, read: (address: bigint) => T, handle: bigint): T | null {
    const address = new Memory();
    const struct = address.struct(name, {});
    return lib[getter]!(handle, struct) === 0 ? read(struct) : null;
}
