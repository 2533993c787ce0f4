"""The installed library: found, and held against what this package was made of, before anything is called."""
from __future__ import annotations

import ctypes as c
import ctypes.util
import os
from typing import List

from . import _abi as abi


def candidates() -> List[str]:
    """Where it may be: CUTOVER_LIBRARY is a file, and then the only one."""
    named = os.environ.get("CUTOVER_LIBRARY")
    if named:
        return [named]
    found = ctypes.util.find_library("cutover")
    return [abi.SONAME] + ([found] if found else [])


def load() -> c.CDLL:
    failures = []
    for name in candidates():
        try:
            return c.CDLL(name)
        except OSError as failure:
            failures.append(str(failure))
    raise ImportError("libcutover is not installed where the loader finds it; CUTOVER_LIBRARY may name its file: " + "; ".join(failures))


class Library(abi.Functions):
    def __init__(self, library: c.CDLL) -> None:
        for name, (result, arguments) in abi.PROTOTYPES.items():
            function = getattr(library, name, None)
            if function is None:
                raise ImportError(f"{library._name} has no {name}(): it is older than this package, which is for libcutover {abi.VERSION}")
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)


def check_layout() -> None:
    """What ctypes makes of each struct on this machine is what the compiler made of it."""
    for struct, (size, *offsets) in abi.LAYOUTS.items():
        found = [getattr(struct, field[0]).offset for field in struct._fields_]
        if c.sizeof(struct) != size or found != offsets:
            raise ImportError(f"{struct.__name__} has another layout here: this package is for 64-bit systems with a 64-bit long")


def check_version(library: Library) -> None:
    """Before 1.0 a minor version is an interface of its own, from then on a major one; and it is not older than the description."""
    mine = [int(part) for part in abi.VERSION.split(".")]
    theirs = [int(part) for part in (library.cutover_version() or b"").decode().split(".")]
    same = 1 if mine[0] else 2
    if mine[:same] != theirs[:same] or theirs < mine:
        raise ImportError(f"this package is for libcutover {abi.VERSION}, and this is {'.'.join(map(str, theirs))}")


def written(library: Library, struct: "type[c.Structure]", version: int) -> int:
    """How many bytes the library writes of that version of a struct; 0 where it does not know it."""
    ends = []
    for filler in (0x55, 0xAA):
        room = c.create_string_buffer(bytes([filler]) * (c.sizeof(struct) + 64), c.sizeof(struct) + 64)
        if getattr(library, struct.__name__ + "_init")(room, version) != 0:
            return 0
        ends.append(len(room.raw.rstrip(bytes([filler]))))
    return max(ends)


def check_sizes(library: Library) -> None:
    for struct, sizes in abi.SIZES.items():
        found = written(library, struct, len(sizes))
        if found != sizes[-1]:
            raise ImportError(f"{struct.__name__}, version {len(sizes)}, has {found} bytes in this library, and {sizes[-1]} in this package")


lib = Library(load())
check_version(lib)
check_layout()
check_sizes(lib)
