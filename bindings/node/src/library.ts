// The installed library, held against what this package was made of before anything else is called.
import koffi from "koffi";
import * as abi from "./abi.js";
import { functions, named, type Functions } from "./load.js";

const FILLERS = [0x55, 0xaa];

export const types: Record<string, ReturnType<typeof koffi.struct>> = {};

/** Bytes that stay where they are: those of a small typed array may lie where objects do. */
export function bytes(size: number): Buffer {
    return Buffer.from(new ArrayBuffer(size));
}

/** What koffi makes of each struct on this machine is what the compiler made of it. */
function checkLayout(): void {
    for (const [name, struct] of Object.entries(abi.STRUCTS)) {
        const type = koffi.struct(Object.fromEntries(struct.members.map(([member, kind]) => [member, kind === "texts" || kind in abi.STRUCTS ? "void *" : kind])));
        if (koffi.sizeof(type) !== struct.size || struct.members.some(([member, , offset]) => koffi.offsetof(type, member) !== offset)) {
            throw new Error(`${name} has another layout here: this package is for 64-bit systems with a 64-bit long`);
        }
        types[name] = type;
    }
}

/** Before 1.0 a minor version is an interface of its own, from then on a major one; and it is not older than the description. */
function checkVersion(library: Functions): void {
    const found: string = library["cutover_version"]!();
    const [mine, theirs] = [abi.VERSION, found].map((each) => each.split(".").map(Number)) as [number[], number[]];
    const same = mine[0] ? 1 : 2;
    const at = mine.findIndex((part, index) => part !== theirs[index]);
    if (at >= 0 && (at < same || theirs[at]! < mine[at]!)) {
        throw new Error(`this package is for libcutover ${abi.VERSION}, and this is ${found}`);
    }
}

/** How many bytes the library writes of that version of a struct; 0 where it does not know it. */
function written(library: Functions, name: string, version: number): number {
    return Math.max(...FILLERS.map((filler) => {
        const room = bytes(abi.STRUCTS[name]!.size + 64).fill(filler);
        return library[`${name}_init`]!(room, version) === 0 ? room.findLastIndex((each) => each !== filler) + 1 : 0;
    }));
}

function checkSizes(library: Functions): void {
    for (const [name, { versions }] of Object.entries(abi.STRUCTS)) {
        const found = versions.length ? written(library, name, versions.length) : 0;
        if (versions.length && found !== versions.at(-1)) {
            throw new Error(`${name}, version ${versions.length}, has ${found} bytes in this library, and ${versions.at(-1)} in this package`);
        }
    }
}

/** The functions of the library, as C has them, on this thread: for those that do not wait. */
export const lib: Functions = functions(named());
checkVersion(lib);
checkLayout();
checkSizes(lib);
