#!/usr/bin/env python3
"""Makes those modules of the package that repeat the interface, of interface/interface.json.

    bindings/python/generate.py [FOLDER]        FOLDER: cutover, beside this file

_abi.py: enums, structs and functions, for ctypes. _records.py: what handles and structs tell, as dataclasses. _calls.py: a method for
each function of an engine, a registry, webhooks and integrations. errors.py: an exception for each status.
"""
import json
import os
import re
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "cutover")
with open(os.path.join(HERE, "..", "..", "interface", "interface.json"), encoding="utf-8") as described:
    D = json.load(described)
FUNCTIONS = {each["name"]: each for each in D["functions"] if each["library"] == "cutover"}
STRUCTS = {each["name"]: each for each in D["structs"]}
HANDLES = {each["name"]: each for each in D["handles"]}
CALLBACKS = {each["name"]: each for each in D["callbacks"]}
ENUMS = {each["name"]: each for each in D["enums"] if each["name"]}
SCALARS = {"unsigned": ("c.c_uint", "int"), "int32_t": ("c.c_int32", "int"), "uint32_t": ("c.c_uint32", "int"),
           "int64_t": ("c.c_int64", "int"), "uint64_t": ("c.c_uint64", "int"), "size_t": ("c.c_size_t", "int"),
           "double": ("c.c_double", "float"), "void": ("None", "None")}
HEADING = '"""{}\n\nMade by generate.py of interface.json: do not edit.\n"""\nfrom __future__ import annotations\n'

# What a host fills in itself; every other member is what the _init function says until it is given.
NEEDED = {"cutover_actor": ["id", "kind", "roles"], "cutover_project": ["id", "database"], "cutover_preview": ["id", "project_id", "database"]}
# Structs that are told; with those that a host tells, and handles that tell something.
TOLD = ["cutover_finding", "cutover_progress", "cutover_event", "cutover_document", "cutover_write", "cutover_audit_entry",
        "cutover_displaced", "cutover_recovery", "cutover_leftover", "cutover_delivery", "cutover_webhook_round", "cutover_integration_run",
        "cutover_integration_ref", *NEEDED]
TELLING = ["cutover_request", "cutover_backup", "cutover_job", "cutover_key", "cutover_webhook", "cutover_webhook_delivery",
           "cutover_integration"]
JOBS = ["cutover_promotion", "cutover_rollback", "cutover_restore", "cutover_backup_job"]
OWNERS = {"cutover_engine": "cutover_", "cutover_registry": "cutover_registry_", "cutover_webhooks": "cutover_webhooks?_",
          "cutover_integrations": "cutover_integrations?_"}
# With a method by hand, in engine.py and registry.py.
BY_HAND = {"cutover_backup_path", "cutover_registry_previews_reap", "cutover_registry_platform", "cutover_webhooks_notifier",
           "cutover_integrations_notifier", "cutover_webhooks_stop", "cutover_integrations_stop"}


def camel(name):
    return "".join(part.title() for part in name.replace("cutover_", "", 1).split("_"))


def target(kind):
    return re.sub(r"\bconst\b|[*\s]", "", kind)


def ctype(kind):
    """Of ctypes, and of Python."""
    stars, name = kind.count("*"), target(kind)
    if stars == 0:
        if name in CALLBACKS:
            return name, "Any"
        return ("c.c_int", "int") if name in ENUMS else SCALARS[name]
    if kind == "const char *":
        return "c.c_char_p", "Optional[bytes]"
    return "c.c_void_p", "Any"


def pointer(name, callback):
    """A type of pointers to functions."""
    kinds = [ctype(callback["returns"])[0], *(ctype(each["type"])[0] for each in callback["parameters"])]
    return f"{name}: Any = c.CFUNCTYPE({', '.join(kinds)})"


def docstring(text, indent):
    text = text.replace("\\", "\\\\").replace('"""', "'''").strip()
    if not text:
        return ""
    lines = [line for part in text.split("\n") for line in (textwrap.wrap(part, 118 - indent) if not part.startswith("    ") else [part]) or [""]]
    pad = " " * indent
    if len(lines) == 1 and len(lines[0]) < 112 - indent and not lines[0].endswith('"'):
        return f'{pad}"""{lines[0]}"""\n'
    return f'{pad}"""' + "\n".join((pad + line if at else line).rstrip() for at, line in enumerate(lines)) + f'\n{pad}"""\n'


# ------------------------------------------------------------------------------------------------------- _abi.py


def python_enums():
    for enum in D["enums"]:
        names = [each["name"] for each in enum["values"]]
        prefix = os.path.commonprefix(names) if len(names) > 1 else names[0]
        prefix = prefix[:prefix.rindex("_") + 1]
        if not enum["name"] and not enum.get("bits"):
            yield from (f"{name.replace('CUTOVER_', '')} = {value['value']}" for name, value in zip(names, enum["values"]))
            continue
        name = camel(enum["name"] or prefix[:-1].lower())
        if enum["name"] is None:
            name += "Bits"
        yield f"\n\nclass {name}(enum.{'IntFlag' if enum.get('bits') else 'IntEnum'}):\n" + docstring(enum["doc"], 4) + "\n" + "\n".join(
            f"    {value['name'][len(prefix):]} = {value['value']}" + "".join(f"\n{docstring(value['doc'], 4).rstrip()}" if value["doc"] else "")
            for value in enum["values"]) + "\n\n"
    yield from (f"{each['name'].replace('CUTOVER_', '')} = {each['value']!r}" for each in D["constants"])


def python_structs():
    for name, callback in CALLBACKS.items():
        yield pointer(name, callback)
    for struct in STRUCTS.values():
        yield from (pointer(f"{struct['name']}_{each['name']}", each["callback"]) for each in struct["members"] if "callback" in each)
    for struct in STRUCTS.values():
        fields, hints = [], []
        for member in struct["members"]:
            kinds = (f"{struct['name']}_{member['name']}", "Any") if "callback" in member else ctype(member["type"])
            fields.append(f'("{member["name"]}", {kinds[0]})')
            hints.append(f"    {member['name']}: {kinds[1]}")
        yield f"\n\nclass {struct['name']}(c.Structure):\n" + docstring(struct["doc"], 4) + "\n" + "\n".join(hints) + "\n    _fields_ = [" + \
            ",\n                ".join(fields) + "]\n"
    yield "\n\n# Bytes of each version, as far as they were described.\nSIZES: Dict[Type[c.Structure], List[int]] = {\n" + ",\n".join(
        f"    {each['name']}: {each['versions']}" for each in STRUCTS.values() if each["init"]) + "}"
    offsets = ",\n".join(f"    {each['name']}: {[each['size'], *(member['offset'] for member in each['members'])]}" for each in STRUCTS.values())
    yield f"\n# The whole, then the offset of each member.\nLAYOUTS: Dict[Type[c.Structure], List[int]] = {{\n{offsets}}}"


def python_functions():
    table, hints = [], []
    for name, function in FUNCTIONS.items():
        returns, parameters = ctype(function["returns"]["type"]), [ctype(each["type"]) for each in function["parameters"]]
        table.append(f'    "{name}": ({returns[0]}, [{", ".join(each[0] for each in parameters)}])')
        hints.append(f"    {name}: Callable[[{', '.join(each[1] for each in parameters)}], {returns[1]}]")
    yield "\n\nPROTOTYPES: Dict[str, Tuple[Any, List[Any]]] = {\n" + ",\n".join(table) + "}"
    yield "\n\nclass Functions:\n" + docstring("The functions of the library, as C has them.", 4) + "\n" + "\n".join(hints)


def abi():
    yield HEADING.format("The interface as C has it, for ctypes.")
    yield "import ctypes as c\nimport enum\nfrom typing import Any, Callable, Dict, List, Optional, Tuple, Type\n"
    yield f"VERSION = \"{D['version']}\"\nSONAME = \"{D['soname']}\""
    yield from python_enums()
    yield from python_structs()
    yield from python_functions()


# --------------------------------------------------------------------------------------------------- _records.py


def is_time(kind):
    return kind == "int64_t"


def has_zero(doc):
    """0 is something that was not set, or never comes."""
    return re.search(r"\b0(:| while| where| when)", doc) is not None


def value(kind, name, doc, sibling=None):
    """The type of what is told, and how it is read from `{}`."""
    if name == "json":
        return "Dict[str, Any]", "members({})"
    if name == "report":
        return "Optional[Dict[str, Any]]", "members_or_none({})"
    if kind == "const char *":
        nothing = re.sub(r"NULL for NULL|for NULL", "", doc)
        return ("Optional[str]", "text_or_none({})") if "NULL" in nothing else ("str", "text({})")
    if kind == "const char *const *":
        return "Sequence[str]", "texts({}" + (f", {sibling}" if sibling else "") + ")"
    if is_time(kind):
        return ("Optional[datetime]", "time_or_none({})") if has_zero(doc) else ("datetime", "time({})")
    if kind in ENUMS:
        return f"abi.{camel(kind)}", f"abi.{camel(kind)}({{}})"
    if kind == "int32_t" and re.search(r"[Nn]on-zero|Not 0|not 0", doc):
        return "bool", "bool({})"
    if name == "roles":
        return "abi.RoleBits", "abi.RoleBits({})"
    return SCALARS[kind][1], "{}"


def as_python(doc, kind):
    """What C's words are of that type."""
    doc = re.sub(r"\s*NULL for NULL\.|, and (is )?0 for NULL|; 0 for NULL|; static", "", doc).replace("NULL", "None")
    if "datetime" in kind:
        doc = re.sub(r"\b0(?=:| while| where| when)", "None", doc)
        doc = re.sub(r"(: |, )?[Mm]icroseconds since 1970(-01-01)? UTC([;,:] ?)?", lambda found: "; " if found.group(3) and found.group(1) else "", doc)
    return re.sub(r"^[.;, ]+", "", doc)


def field(name):
    return "data" if name == "json" else name


def dataclass(name, doc, fields, base="Record"):
    """Those that have a default come last."""
    fields = sorted(fields, key=lambda each: each[3])
    body = "\n".join(f"    {each[0]}: {each[1]}" + (" = None" if each[3] else "") + "\n" + docstring(as_python(each[2], each[1]), 4).rstrip() for each in fields)
    return f"\n\n@dataclass(frozen=True)\nclass {name}({base}):\n{docstring(doc, 4)}\n{body}\n"


def struct_records():
    for name in TOLD:
        struct, needed = STRUCTS[name], NEEDED.get(name)
        members = [each for each in struct["members"] if each["type"] != "unsigned"]  # the struct's own version
        fields, reads = [], []
        for member in members:
            kind, read = value(member["type"], member["name"], member["doc"])
            read = read.format(f"told.{member['name']}")
            optional = needed is not None and member["name"] not in needed
            if optional and not kind.startswith("Optional"):
                kind = f"Optional[{kind}]"
            fields.append((field(member["name"]), kind, member["doc"], optional))
            reads.append(f"{field(member['name'])}={read}")
        yield dataclass(camel(name), struct["doc"], fields) + (f"    struct_type: ClassVar[Type[c.Structure]] = abi.{name}\n" if struct["init"] or name == "cutover_document" else "")
        yield f"\n\ndef read_{name[8:]}(told: Any) -> {camel(name)}:\n    return {camel(name)}(\n        " + ",\n        ".join(reads) + ")\n"


def handle_records():
    for name in TELLING:
        fields, reads = [], []
        for function in FUNCTIONS.values():
            parameters = [each["type"] for each in function["parameters"]]
            if not parameters or parameters[0] != f"const {name} *" or not function["name"].startswith(name + "_"):
                continue
            own, doc = function["name"][len(name) + 1:], function["doc"]
            if len(parameters) == 1:
                kind, read = value(function["returns"]["type"], own, doc)
                reads.append(f"{field(own)}={read.format('lib.' + function['name'] + '(handle)')}")
            elif len(parameters) == 2 and target(parameters[1]) in STRUCTS:
                told = target(parameters[1])
                kind, optional = camel(told), f"told(lib.{function['name']}, abi.{told}, read_{told[8:]}, handle)"
                kind = f"Optional[{kind}]"
                reads.append(f"{own}={optional}")
            else:
                continue
            fields.append((field(own), kind, doc, False))
        yield dataclass(camel(name), HANDLES[name]["doc"].replace(" Free it.", ""), fields)
        yield f"\n\ndef read_{name[8:]}(handle: Any) -> {camel(name)}:\n    return {camel(name)}(\n        " + ",\n        ".join(reads) + ")\n"


def records():
    yield HEADING.format("What the library tells, and what it is told, as dataclasses.")
    yield "import ctypes as c\nfrom dataclasses import dataclass\nfrom datetime import datetime\nfrom typing import Any, ClassVar, Dict, Optional, Sequence, Type\n"
    yield "from . import _abi as abi\nfrom ._library import lib\nfrom ._values import Record, members, members_or_none, text, text_or_none, texts, time, time_or_none, told\n"
    yield from struct_records()
    yield from handle_records()


# ----------------------------------------------------------------------------------------------------- _calls.py


class Method:
    """One function as a method: what it takes, what it does with it, what it gives."""

    def __init__(self, name, owner, function):
        self.function, self.doc, self.owner = function, function["doc"], owner
        self.name = re.sub("^" + OWNERS[owner], "", name)
        self.positional, self.keyword, self.before, self.arguments, self.after = [], [], [], [], []
        self.said = dict(re.findall(r"@param (\w+)\s+(.*?)(?=\n@|\Z)", self.doc, re.S))
        parameters = function["parameters"][1:]
        for at, each in enumerate(parameters):
            self.take(each, parameters[at + 1]["type"] if at + 1 < len(parameters) else "")

    def add(self, name, kind, optional):
        if optional:
            self.keyword.append(f"{name}: Optional[{kind}] = None")
        else:
            self.positional.append(f"{name}: {kind}")

    def is_optional(self, each):
        said = self.said.get(each["name"], "")
        return "NULL" in said or (not said and (each["name"] == "after" or (each["name"] == "project_id" and "(NULL" in self.doc)))

    def take(self, each, following):
        name, kind = each["name"], each["type"]
        named = target(kind)
        if each.get("direction") == "error":
            self.arguments.append("call.error")
        elif each.get("direction") == "out":
            self.out(name, kind, named)
        elif named.endswith("_emit"):
            told = target(CALLBACKS[named]["parameters"][0]["type"])
            self.before.append(f"emitted, {name}_list = call.emitted(abi.{named}, {f'abi.{told}' if told in STRUCTS else 'None'}, records.read_{told[8:]})")
            self.arguments.append("emitted")
            self.after.append((f"List[records.{camel(told)}]", f"{name}_list"))
        elif name == "context":
            self.arguments.append("None")
        elif named == "cutover_actor":
            self.add(name, "records.Actor", False)
            self.arguments.append(f"call.pointer({name})")
        elif named in STRUCTS and kind.startswith("const"):
            self.flatten(STRUCTS[named], name)
        elif named in STRUCTS:
            self.before.append(f"{name} = call.struct(abi.{named}, {{}})")
            self.arguments.append(f"c.byref({name})")
            self.after.append((f"records.{camel(named)}", f"records.read_{named[8:]}({name})"))
        elif named == "cutover_engine":
            self.add(name, "Owner", False)
            self.arguments.append(f"{name}.handle")
        elif kind == "const char *":
            self.add(name, "str", self.is_optional(each))
            self.arguments.append(f"encoded({name})")
        elif kind == "const char *const *":
            self.add(name, "Sequence[str]", self.is_optional(each))
            self.arguments.append(f"call.texts({name})")
        elif is_time(kind):
            span = re.match(r"Microseconds, ", self.said.get(name, ""))
            self.add(name, "timedelta" if span else "datetime", not span)
            self.arguments.append(f"micros({name})")
        else:
            flag = kind == "int32_t"
            default = re.search(r"\b0:", self.said.get(name, "")) or name in ("jobs",)
            (self.keyword if default else self.positional).append(f"{name}: {'bool' if flag else 'int'}" + (" = 0" if default else ""))
            self.arguments.append(name)

    def out(self, name, kind, named):
        if named in JOBS:
            self.before.append(f"{name} = c.c_void_p()")
            self.after.append((camel(named), f"{camel(named)}(cast('Engine', self), {name}, reporter)"))
        elif named == "char":
            self.before.append(f"{name} = c.c_void_p()")
            self.after.append(("str", f"taken_text({name})"))
        elif kind.count("*") == 2:
            self.before.append(f"{name} = c.c_void_p()")
            record = named[:-5] if named.endswith("_list") else named
            if named == "cutover_preflight":
                self.after.append(("Preflight", f"taken({name}, lib.cutover_preflight_free, read_preflight)"))
            elif record != named:
                self.after.append((f"List[records.{camel(record)}]",
                                   f"taken_list({name}, lib.{named}_count, lib.{named}_at, lib.{named}_free, records.read_{record[8:]})"))
            else:
                self.after.append((f"records.{camel(record)}", f"taken({name}, lib.{named}_free, records.read_{record[8:]})"))
        else:
            self.before.append(f"{name} = {ctype(kind.replace(' *', ''))[0]}()")
            self.after.append(("int", f"{name}.value"))
        self.arguments.append(f"c.byref({name})")

    def flatten(self, struct, name):
        """The members of an options struct as arguments; what is not given is what its _init function says."""
        values = []
        for member in struct["members"][1:]:
            own, doc = member["name"], member["doc"]
            if "callback" in member or own.endswith(("_userdata", "_count")):
                continue
            if own == "progress":
                self.keyword.append("progress: Optional[Callable[[records.Progress], object]] = None")
                continue
            kind = member["type"]
            if target(kind) == "cutover_actor":
                python = "records.Actor"
            else:
                python = {"const char *": "str"}.get(kind) or value(kind, own, doc)[0]
                python = re.sub(r"^Optional\[(.*)\]$", r"\1", python)
            needed = member.get("required") or own in NEEDED.get(struct["name"], [])
            self.add(own, python, not needed)
            values.append(f'"{own}": {own}')
        if any(each.startswith("progress:") for each in self.keyword):
            self.before.append("reporter = Reporter(progress)")
        self.before.append(f"{name} = call.struct(abi.{struct['name']}, {{{', '.join(values)}}})")
        if any(each.startswith("progress:") for each in self.keyword):
            self.before.append(f"{name}.progress = reporter.callback")
        self.arguments.append(f"c.byref({name})")

    def text(self):
        keyword = self.keyword if len(self.positional) <= 3 else self.positional + self.keyword
        positional = self.positional if len(self.positional) <= 3 else []
        signature = ["self", *positional, *(["*"] if keyword else []), *keyword]
        returns = [each[0] for each in self.after]
        result = "None" if not returns else returns[0] if len(returns) == 1 else f"Tuple[{', '.join(returns)}]"
        head = f"    def {self.name}({', '.join(signature)}) -> {result}:\n"
        if len(head) > 140:
            head = f"    def {self.name}(\n            " + ",\n            ".join(signature) + f") -> {result}:\n"
        body = [*self.before, f"call.run(lib.{self.function['name']}, self.handle, {', '.join(self.arguments)})"]
        if "reporter = Reporter(progress)" in self.before and not self.name.endswith("_start"):
            body[-1] = body[-1].replace("call.run(", "reporter.run(call, ", 1)
        if returns:
            body.append("return " + ", ".join(each[1] for each in self.after))
        return head + docstring(self.doc, 8) + "        with Call(self) as call:\n" + "\n".join(f"            {line}" for line in body) + "\n"


def calls():
    yield HEADING.format("A method for each function of an engine, a registry, webhooks and integrations, under its name.")
    yield "import ctypes as c\nfrom datetime import datetime, timedelta\nfrom typing import TYPE_CHECKING, Callable, List, Optional, Sequence, Tuple, cast\n"
    yield "from . import _abi as abi\nfrom . import _records as records\nfrom ._call import Call, Owner, Reporter, taken, taken_list, taken_text"
    yield "from ._library import lib\nfrom ._preflight import Preflight, read_preflight\nfrom ._values import encoded, micros\nfrom .jobs import BackupJob, Promotion, Restore, Rollback\n\nif TYPE_CHECKING:\n    from .engine import Engine"
    for owner in OWNERS:
        yield f"\n\nclass {camel(owner)}Calls(Owner):\n" + docstring(HANDLES[owner]["doc"], 4)
        for name, function in FUNCTIONS.items():
            parameters = [each["type"] for each in function["parameters"]]
            if name in BY_HAND or not parameters or parameters[0] != f"{owner} *" or name == HANDLES[owner]["free"]:
                continue
            yield Method(name, owner, function).text()


# ------------------------------------------------------------------------------------------------------ errors.py


def errors():
    yield HEADING.format("An exception for each status; what they have in common is in CutoverError.")
    yield "from typing import Dict, Type\n\nfrom ._abi import Status\nfrom ._error import CutoverError\n"
    table = []
    for each in ENUMS["cutover_status"]["values"]:
        if each["value"] < 0:
            name = camel(each["name"].replace("CUTOVER_E_", "").lower()) + "Error"
            table.append(f"    Status.{each['name'].replace('CUTOVER_', '')}: {name}")
            yield f"\nclass {name}(CutoverError):\n{docstring(each['doc'], 4)}"
    yield "\nBY_STATUS: Dict[int, Type[CutoverError]] = {\n" + ",\n".join(table) + "}"
    yield "CutoverError.by_status = BY_STATUS\nfor _status, _type in BY_STATUS.items():\n    _type.status = Status(_status)"


def main():
    for name, parts in {"_abi.py": abi, "_records.py": records, "_calls.py": calls, "errors.py": errors}.items():
        text = re.sub(r"\n{4,}", "\n\n\n", "\n".join(parts()).rstrip() + "\n")
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
