#!/usr/bin/env python3
"""Describes the public interface for programs: interface.json, which bindings are made from. docs/interface.md has its members.

    interface/describe.py [SOURCE_DIR] >interface/interface.json        or: make interface

Types, sizes and offsets are the compiler's (castxml); what only prose tells is read from the headers' comments, where it has one
form: "Since", "Any thread", "static", "Required", "NULL when not wanted".
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

SOURCE = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
INCLUDE = os.path.join(SOURCE, "include")


def prose(comment):
    """The text of a comment: a line for each paragraph, @param and @return, and for what is indented as it stands."""
    told, last = [], ""
    for line in re.sub(r"^/\*\*<?|\*/$", "", comment).split("\n"):
        line = re.sub(r"^\s*\* ?", "", line).rstrip()
        literal = line.startswith("    ") and not last.startswith("@") and comment.startswith("/**\n")
        if not told or not line or not told[-1] or line.startswith("@") or literal:
            told.append(line.rstrip() if literal else line.strip())
            last = line or last
        else:
            told[-1] += " " + line.strip()
    return "\n".join(told).strip()


class Headers:
    """What castxml says of them, and their text."""

    def __init__(self):
        with tempfile.TemporaryDirectory() as folder:
            source, told = os.path.join(folder, "all.c"), os.path.join(folder, "all.xml")
            with open(source, "w", encoding="utf-8") as file:
                file.write("#include <cutover.h>\n#include <cutover/conformance.h>\n")
            subprocess.run(["castxml", "--castxml-output=1", "--castxml-cc-gnu-c", os.environ.get("CC", "cc"), "-std=c11", "-I", INCLUDE,
                            "-o", told, source], check=True)
            self.root = ElementTree.parse(told).getroot()
        self.by_id = {node.get("id"): node for node in self.root}
        self.texts = {}
        self.ours = [node for node in self.root if self.header(node) is not None]

    def header(self, node):
        """cutover/store.h; None: not one of ours."""
        file = self.by_id.get(node.get("file"))
        name = file.get("name") if file is not None else ""
        return os.path.relpath(name, INCLUDE) if os.path.abspath(name).startswith(os.path.abspath(INCLUDE) + os.sep) else None

    def text(self, node):
        name = self.by_id[node.get("file")].get("name")
        if name not in self.texts:
            with open(name, "rb") as file:
                self.texts[name] = file.read()
        return self.texts[name]

    def between(self, node, first, last):
        """Those lines, the first is 1."""
        return b"\n".join(self.text(node).split(b"\n")[first - 1:last]).decode()

    def doc(self, node):
        """The text of its comment, one line for a paragraph."""
        comment = self.by_id.get(node.get("comment"))
        if comment is None:
            return ""
        return prose(self.text(comment)[int(comment.get("begin_offset")):int(comment.get("end_offset"))].decode())

    def type(self, identity):
        """As C spells it: "const cutover_actor *"."""
        node = self.by_id.get(identity)
        if node is None:  # "_12c": a const of _12
            return self.qualified(self.type(identity[:-1]))
        if node.tag == "CvQualifiedType":
            return self.qualified(self.type(node.get("type")))
        if node.tag == "PointerType":
            inner = self.type(node.get("type"))
            return inner + ("*" if inner.endswith("*") else " *")
        if node.tag == "ElaboratedType":
            return self.type(node.get("type"))
        return {"unsigned int": "unsigned", "long unsigned int": "unsigned long"}.get(node.get("name"), node.get("name"))

    @staticmethod
    def qualified(inner):
        return inner + "const" if inner.endswith("*") else "const " + inner

    def function_behind(self, identity):
        """Of a pointer to a function: its type."""
        node = self.by_id.get(identity)
        while node is not None and node.tag in ("PointerType", "ElaboratedType"):
            node = self.by_id.get(node.get("type"))
        return node if node is not None and node.tag == "FunctionType" else None


def callback(headers, function, node):
    """What is called through a pointer; castxml knows its types, and the text the names of its parameters."""
    line = int(node.get("line"))
    declaration = headers.between(node, line, line + 8)
    names = re.search(r"\(\*" + node.get("name") + r"\)\s*\(([^;]*?)\)\s*;", declaration, re.S).group(1).split(",")
    names = [re.search(r"(\w+)\s*$", name).group(1) for name in names]
    types = [headers.type(argument.get("type")) for argument in function.findall("Argument")]
    assert len(names) == len(types), node.get("name")
    return {"returns": headers.type(function.get("returns")), "parameters": [{"name": name, "type": kind} for name, kind in zip(names, types)]}


def enumerator_doc(text, name):
    """Of the comment before it, or behind it: castxml gives enumerators none."""
    before = re.search(r"(/\*\*(?!<)(?:(?!\*/).)*\*/)\s*" + name + r"\b", text, re.S)
    behind = re.search(name + r" =\s*-?\w+\s*,?\s*(/\*\*<(?:(?!\*/).)*\*/)", text, re.S)
    found = behind or before
    return prose(found.group(1)) if found else ""


def enums(headers):
    for node in headers.ours:
        if node.tag == "Enumeration":
            first = int(node.get("line"))
            text = headers.between(node, first, first + 80).split("}")[0]
            bits = re.search(r"\b[Bb]its\b|combined with \|", headers.doc(node))
            yield {"name": node.get("name") or None, "header": headers.header(node), "doc": headers.doc(node), "values": [
                {"name": value.get("name"), "value": int(value.get("init")), "doc": enumerator_doc(text, value.get("name"))} for value in node]} | (
                    {"bits": True} if bits and not node.get("name") else {})


def constants(headers):
    """Macros that are texts; numbers are enumerators."""
    for name in sorted(os.listdir(os.path.join(INCLUDE, "cutover"))):
        with open(os.path.join(INCLUDE, "cutover", name), encoding="utf-8") as file:
            for macro, value in re.findall(r'^#define (CUTOVER_\w+) ("[^"]*")$', file.read(), re.M):
                yield {"name": macro, "header": f"cutover/{name}", "value": json.loads(value)}


def callbacks(headers):
    for node in headers.ours:
        function = headers.function_behind(node.get("type")) if node.tag == "Typedef" else None
        if function is not None:
            yield {"name": node.get("name"), "header": headers.header(node)} | callback(headers, function, node) | {"doc": headers.doc(node)}


def members(headers, struct):
    """Since which version each is there: as its comment says, or the one before it. Members are appended: it never goes back."""
    since, before = 1, int(struct.get("line"))
    for identity in struct.get("members", "").split():
        node = headers.by_id[identity]
        if node.tag != "Field":
            continue
        line, doc = int(node.get("line")), headers.doc(node)
        heading = re.search(r"/\* Since version (\d+)", headers.between(node, before, line))
        since = int(heading.group(1)) if heading else since
        own = re.search(r"Since version (\d+)", doc)
        since = int(own.group(1)) if own else since
        before = line
        function = headers.function_behind(node.get("type"))
        size = int(headers.by_id[headers.real(node.get("type"))].get("size", 64)) // 8
        yield {"name": node.get("name"), "offset": int(node.get("offset")) // 8, "size": size, "since": since} | (
            {"callback": callback(headers, function, node)} if function is not None and headers.by_id[node.get("type")].tag == "PointerType"
            else {"type": headers.type(node.get("type"))}) | (
            {"required": True} if re.match(r"Required\b(?! (by|with|where))", doc) else {}) | {"doc": doc}


def real(headers, identity):
    """The type behind names and const."""
    if identity not in headers.by_id:
        return real(headers, identity.rstrip("crv"))
    node = headers.by_id[identity]
    return real(headers, node.get("type")) if node.tag in ("Typedef", "ElaboratedType", "CvQualifiedType") else identity


Headers.real = real


def structs(headers, functions):
    for node in headers.ours:
        if node.tag != "Struct" or node.get("incomplete"):
            continue
        name, doc, found = node.get("name"), headers.doc(node), list(members(headers, node))
        whole = int(node.get("size")) // 8
        newest = max(member["since"] for member in found)
        sizes = [max(member["offset"] + member["size"] for member in found if member["since"] <= version) for version in range(1, newest)]
        yield {"name": name, "header": headers.header(node), "doc": doc, "size": whole, "align": int(node.get("align")) // 8,
               "versions": sizes + [whole] if found[0]["name"] == "version" else None,
               "init": f"{name}_init" if f"{name}_init" in functions else None,
               "close": f"{name}_close" if f"{name}_close" in functions else None,
               "valid": "call" if re.search(r"valid during the (\w+ )?call", doc) else None, "members": found}


def handles(headers, functions):
    docs = {node.get("name"): headers.doc(node) for node in headers.ours if node.tag == "Typedef"}
    for node in headers.ours:
        if node.tag == "Struct" and node.get("incomplete"):
            name = node.get("name")
            yield {"name": name, "header": headers.header(node), "doc": docs.get(name, ""), "free": f"{name}_free"}


def paragraphs(doc):
    """What is said of each parameter."""
    return dict(re.findall(r"@param (\w+)\s+(.*?)(?=\n@|\Z)", doc, re.S))


def parameter(node, kind, said, functions, first):
    """What comes out of it, and whose that is."""
    name = node.get("name")
    made = {"name": name, "type": kind}
    stars = kind.count("*")
    target = re.sub(r"const|\*|\s", "", kind)
    if kind == "cutover_error **":
        return made | {"direction": "error", "optional": True, "free": "cutover_error_free"}
    if stars == 2 and kind.startswith("const char **"):
        made |= {"direction": "out", "belongs_to": first}
    elif stars == 2 and not kind.startswith("const"):
        made |= {"direction": "out", "free": "cutover_string_free" if target == "char" else f"{target}_free"}
        assert made["free"] in functions, made
    elif stars == 1 and target in ("uint32_t", "int64_t", "uint64_t", "int32_t", "size_t") and not kind.startswith("const"):
        made |= {"direction": "out"}
    if re.search(r"\bor NULL\b|[Mm]ay be NULL|not wanted", said):
        made |= {"optional": True}
    return made


def returned(name, kind, doc, parameters, functions):
    """Whose it is: its maker's, the caller's, or nobody's (static)."""
    if "*" not in kind:
        return {}
    first = parameters[0]["name"] if parameters else None
    if kind == "char *":
        given = next((each["name"] for each in parameters if each["type"] == kind), None)
        return {"belongs_to": given} if given else {"free": "cutover_string_free"}
    if not kind.startswith("const"):
        free = re.sub(r"[ *]", "", kind) + "_free"
        assert free in functions, name
        return {"free": free}
    return {"static": True} if re.search(r"\bstatic\b", doc, re.I) or first is None else {"belongs_to": first}


def functions(headers):
    names = {node.get("name") for node in headers.ours if node.tag == "Function"}
    for node in sorted(headers.ours, key=lambda node: (headers.header(node), int(node.get("line") or 0))):
        if node.tag != "Function":
            continue
        name, doc, kind = node.get("name"), headers.doc(node), headers.type(node.get("returns"))
        said, arguments = paragraphs(doc), node.findall("Argument")
        first = arguments[0].get("name") if arguments else None
        parameters = [parameter(argument, headers.type(argument.get("type")), said.get(argument.get("name"), ""), names, first)
                      for argument in arguments]
        yield {"name": name, "header": headers.header(node),
               "library": "cutover-conformance" if headers.header(node) == "cutover/conformance.h" else "cutover",
               "since": re.search(r"Since (\d+\.\d+)", doc).group(1), "any_thread": bool(re.search(r"[Aa]ny\s+thread", doc)),
               "returns": {"type": kind} | returned(name, kind, doc, parameters, names), "parameters": parameters, "doc": doc}


def soname(version):
    """As configure.ac has it: before 1.0 each minor version is an interface of its own."""
    major, minor, _ = map(int, version.split("."))
    return f"libcutover.so.{100 * major if major else minor}"


def lines(value):
    """One line for each function, struct, member and enumerator, so that a change of one is seen as such."""
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    inner = []
    for each in value:
        nested = next((name for name in ("members", "values") if name in each), None)
        text = json.dumps({name: member for name, member in each.items() if name != nested}, ensure_ascii=False)
        if nested:
            text = text[:-1] + f', "{nested}": [' + ",".join(f"\n  {json.dumps(one, ensure_ascii=False)}" for one in each[nested]) + "]}"
        inner.append("\n " + text)
    return "[" + ",".join(inner) + "]"


def main():
    headers = Headers()
    with open(os.path.join(INCLUDE, "cutover", "version.h"), encoding="utf-8") as file:
        version = ".".join(re.findall(r"^#define CUTOVER_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", file.read(), re.M))
    found = list(functions(headers))
    names = {each["name"] for each in found}
    described = {
        "library": "libcutover", "version": version, "soname": soname(version), "data_model": "LP64",
        "constants": list(constants(headers)), "enums": list(enums(headers)), "handles": list(handles(headers, names)),
        "structs": list(structs(headers, names)), "callbacks": list(callbacks(headers)), "functions": found}
    print("{" + ",".join(f"\n{json.dumps(name)}: {lines(value)}" for name, value in described.items()) + "\n}")


if __name__ == "__main__":
    main()
