#!/usr/bin/env python3
"""Holds interface/interface.json against the headers, the compiler and the built libraries.

    tests/interface.py BUILD_DIR

It is what interface/describe.py makes of the headers; turned back into C it compiles beside them, so that each type, size, offset and
value is the compiler's too; its functions are those that the libraries export; and each _init function writes as many bytes as are
described for that version.
"""
import ctypes
import json
import os
import re
import subprocess
import sys

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
with open(os.path.join(ROOT, "interface", "interface.json"), encoding="utf-8") as file:
    TEXT = file.read()
D = json.loads(TEXT)
OK, E_UNSUPPORTED = 0, -16


def libraries():
    return {name: f"{BUILD}/.libs/lib{name}.so" for name in ("cutover", "cutover-conformance")}


def it_is_what_the_headers_say():
    made = subprocess.run([sys.executable, f"{ROOT}/interface/describe.py", ROOT], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert made == TEXT, "interface/interface.json is not what the headers say now: make interface"


def prototype(name, described):
    """As C: of a function, or of a pointer to one."""
    returns = described["returns"]
    parameters = ", ".join(each["type"] for each in described["parameters"]) or "void"
    return f"{returns['type'] if isinstance(returns, dict) else returns} {name}({parameters})"


def as_c():
    yield "#include <cutover.h>\n#include <cutover/conformance.h>\n#include <stddef.h>"
    for enum in D["enums"]:
        for value in enum["values"]:
            yield f"_Static_assert({value['name']} == {value['value']}, \"{value['name']}\");"
    for struct in D["structs"]:
        name = struct["name"]
        yield f"_Static_assert(sizeof({name}) == {struct['size']} && _Alignof({name}) == {struct['align']}, \"{name}\");"
        if struct["init"]:
            newest = f"{name.upper()}_VERSION"
            yield f"_Static_assert({newest} == {len(struct['versions'])}, \"{newest}\");"
        for member in struct["members"]:
            path, label = f"{name}, {member['name']}", f"{name}.{member['name']}"
            kind = prototype("(*)", member["callback"]) if "callback" in member else member["type"]
            yield f"_Static_assert(offsetof({path}) == {member['offset']} && sizeof((({name} *)0)->{member['name']}) == {member['size']}, \"{label}\");"
            yield f"_Static_assert(_Generic((({name} *)0)->{member['name']}, {kind}: 1, default: 0), \"{label}\");"
    for callback in D["callbacks"]:
        yield f"typedef {prototype('(*' + callback['name'] + ')', callback)};"
    for function in D["functions"]:
        yield prototype(function["name"], function) + ";"


def it_compiles_beside_the_headers():
    command = [os.environ.get("CC", "cc"), "-std=c11", "-Werror", "-fsyntax-only", "-I", f"{ROOT}/include", "-x", "c", "-"]
    done = subprocess.run(command, input="\n".join(as_c()).encode(), stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()


def its_functions_are_those_of_the_libraries():
    for name, path in libraries().items():
        told = subprocess.run(["nm", "-D", "--defined-only", path], check=True, stdout=subprocess.PIPE).stdout.decode()
        exported = {re.sub("@.*", "", line.split()[2]) for line in told.splitlines() if line.split()[1] != "A"}
        described = {each["name"] for each in D["functions"] if each["library"] == name}
        assert exported == described and described, (name, exported ^ described)


def written(init, version, size):
    """How many bytes of a struct it writes."""
    ends = []
    for filled in (0x55, 0xAA):
        struct = ctypes.create_string_buffer(bytes([filled]) * (size + 64), size + 64)
        assert init(struct, version) == OK, (init.__name__, version)
        ends.append(max(at for at in range(len(struct)) if struct.raw[at] != filled) + 1)
    return max(ends)


def sizes_are_those_of_each_version():
    library, found = ctypes.CDLL(libraries()["cutover"]), 0
    for struct in D["structs"]:
        if not struct["init"]:
            continue
        init = getattr(library, struct["init"])
        for version, size in enumerate(struct["versions"], 1):
            assert written(init, version, struct["size"]) == size, (struct["name"], version, size, written(init, version, struct["size"]))
            found += 1
        spare = ctypes.create_string_buffer(struct["size"])
        assert init(spare, len(struct["versions"]) + 1) == init(spare, 0) == E_UNSUPPORTED, struct["name"]
    assert found > 40, found


def the_version_is_the_librarys():
    library = ctypes.CDLL(libraries()["cutover"])
    library.cutover_version.restype = ctypes.c_char_p
    assert library.cutover_version().decode() == D["version"]
    assert os.path.realpath(f"{BUILD}/.libs/{D['soname']}") == os.path.realpath(libraries()["cutover"])


def what_is_made_can_be_freed():
    """Each handle has one function that frees it, which takes nothing but it, or is owned by what it came from."""
    functions = {each["name"]: each for each in D["functions"]}
    for handle in D["handles"]:
        free = functions[handle["free"]]
        assert [each["type"] for each in free["parameters"]] == [handle["name"] + " *"], handle["name"]
    for function in D["functions"]:
        for each in [function["returns"], *function["parameters"]]:
            assert each.get("free") is None or each["free"] in functions, function["name"]
            owners = [one["name"] for one in function["parameters"]]
            assert each.get("belongs_to") is None or each["belongs_to"] in owners, function["name"]


CASES = [it_is_what_the_headers_say, it_compiles_beside_the_headers, its_functions_are_those_of_the_libraries,
         sizes_are_those_of_each_version, the_version_is_the_librarys, what_is_made_can_be_freed]


def main():
    failed = 0
    for case in CASES:
        try:
            case()
        except (AssertionError, OSError, subprocess.CalledProcessError) as found:
            failed += 1
            print(f"interface: {case.__name__}: {found}")
    print(f"interface: {len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
