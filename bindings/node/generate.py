#!/usr/bin/env python3
"""Makes those modules of the package that repeat the interface, of interface/interface.json.

    bindings/node/generate.py [FOLDER]        FOLDER: src, beside this file

abi.ts: enums, structs, callbacks and functions. records.ts: what handles and structs tell, as plain objects. calls.ts: a method for each
function of an engine, a registry, webhooks and integrations. errors.ts: a class for each status. What a member means, whether something
may be left out and what has a method by hand is read as bindings/python/generate.py reads it.
"""
import importlib.util
import json
import os
import re
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "src")
_spec = importlib.util.spec_from_file_location("reading", os.path.join(HERE, "..", "python", "generate.py"))
reading = importlib.util.module_from_spec(_spec)
sys.dont_write_bytecode = True
_spec.loader.exec_module(reading)
D, FUNCTIONS, STRUCTS, CALLBACKS, ENUMS, HANDLES = (
    reading.D, reading.FUNCTIONS, reading.STRUCTS, reading.CALLBACKS, reading.ENUMS, reading.HANDLES)
target, camel = reading.target, reading.camel
SCALARS = {"unsigned": "uint", "int32_t": "int32", "uint32_t": "uint32", "int64_t": "int64", "uint64_t": "uint64", "size_t": "size_t",
           "double": "double", "void": "void"}
HEADING = "// {}\n//\n// Made by generate.py of interface.json: do not edit.\n"
# Versions of documents are whole 64 bits: a store has to compare them.
EXACT = {"cutover_document", "cutover_write"}


def lower(name):
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def comment(text, indent):
    text = text.strip().replace("*/", "* /")
    if not text:
        return ""
    pad = " " * indent
    lines = [line for part in text.split("\n")
             for line in (textwrap.wrap(part, 132 - indent) if not part.startswith("    ") else [part]) or [""]]
    if len(lines) == 1:
        return f"{pad}/** {lines[0]} */\n"
    return f"{pad}/**\n" + "".join(f"{pad} * {line}".rstrip() + "\n" for line in lines) + f"{pad} */\n"


# --------------------------------------------------------------------------------------------------------- abi.ts


def kind(name):
    """Of koffi."""
    if name == "const char *":
        return "str"
    if "*" in name or name in CALLBACKS:
        return "void *"
    return "int" if name in ENUMS else SCALARS[name]


def member_kind(member):
    """As a struct is filled: a kind of koffi's, `texts`, or the struct that it points to."""
    if "callback" in member:
        return "void *"
    if member["type"] == "const char *const *":
        return "texts"
    if target(member["type"]) in STRUCTS and member["type"].count("*") == 1 and member["type"].startswith("const"):
        return target(member["type"])
    return kind(member["type"])


def enums():
    for enum in D["enums"]:
        names = [each["name"] for each in enum["values"]]
        prefix = os.path.commonprefix(names) if len(names) > 1 else names[0]
        prefix = prefix[:prefix.rindex("_") + 1]
        if not enum["name"] and not enum.get("bits"):
            yield from (f"export const {name.replace('CUTOVER_', '')} = {value['value']};" for name, value in zip(names, enum["values"]))
            continue
        name = camel(enum["name"] or prefix[:-1].lower()) + ("" if enum["name"] else "Bits")
        yield "\n" + comment(enum["doc"], 0) + f"export enum {name} {{\n" + "".join(
            comment(value["doc"], 4) + f"    {value['name'][len(prefix):]} = {value['value']},\n" for value in enum["values"]) + "}\n"
    yield from (f"export const {each['name'].replace('CUTOVER_', '')} = {json.dumps(each['value'])};" for each in D["constants"])


def abi():
    yield HEADING.format("The interface as C has it.")
    yield f"export const VERSION: string = \"{D['version']}\";\nexport const SONAME = \"{D['soname']}\";"
    yield from enums()
    yield """
export interface Struct {
    /** Bytes of the whole, as the newest version has it. */
    readonly size: number;
    /** Bytes of each version, as far as they were described; none where the library alone fills it. */
    readonly versions: readonly number[];
    /** Name, kind, offset. */
    readonly members: readonly (readonly [string, string, number])[];
}

export const STRUCTS: Readonly<Record<string, Struct>> = {"""
    for struct in STRUCTS.values():
        members = ", ".join(f"[\"{each['name']}\", \"{member_kind(each)}\", {each['offset']}]" for each in struct["members"])
        versions = struct["versions"] if struct["init"] else []
        yield f"    {struct['name']}: {{ size: {struct['size']}, versions: {versions}, members: [{members}] }},"
    yield "};\n\n/** The result, then the arguments. */\nexport const CALLBACKS: Readonly<Record<string, readonly string[]>> = {"
    every = {**CALLBACKS, **{f"{struct['name']}_{each['name']}": each["callback"]
                             for struct in STRUCTS.values() for each in struct["members"] if "callback" in each}}
    for name, callback in every.items():
        yield f"    {name}: {json.dumps([kind(callback['returns']), *(kind(each['type']) for each in callback['parameters'])])},"
    yield "};\n\n/** Likewise; a text that is an argument is a pointer to its bytes. */\n" \
          "export const PROTOTYPES: Readonly<Record<string, readonly string[]>> = {"
    for name, function in FUNCTIONS.items():
        arguments = ["void *" if "*" in each["type"] else kind(each["type"]) for each in function["parameters"]]
        yield f"    {name}: {json.dumps([kind(function['returns']['type']), *arguments])},"
    yield "};"


# ----------------------------------------------------------------------------------------------------- records.ts


def typescript(python):
    """A type that reading.value() gives."""
    optional = re.fullmatch(r"Optional\[(.*)\]", python)
    if optional:
        return typescript(optional[1]) + " | null"
    return {"str": "string", "int": "number", "float": "number", "bool": "boolean", "datetime": "Date", "Dict[str, Any]": "Json",
            "Sequence[str]": "readonly string[]", "Any": "unknown"}.get(python, python)


READS = {"string": "text({})", "string | null": "textOrNone({})", "number": "Number({})", "boolean": "Boolean({})", "Date": "time({})",
         "Date | null": "timeOrNone({})", "Json": "members({})", "Json | null": "membersOrNone({})", "readonly string[]": "texts({})", "bigint": "BigInt({})"}


def value(ctype, name, doc, struct=None):
    """The type of what is told, and how it is read from `{}`."""
    if ctype == "uint64_t" and struct in EXACT:
        return "bigint", READS["bigint"]
    found = typescript(reading.value(ctype, name, doc)[0])
    return found, READS.get(found, "Number({}) as " + found)


def as_typescript(doc, kind_):
    """What C's words are of that type."""
    return re.sub(r"\bNone\b", "null", reading.as_python(doc, kind_.replace("Date", "datetime")))


def field(name):
    return "data" if name == "json" else lower(name)


def interface(name, doc, fields):
    return "\n" + comment(doc, 0) + f"export interface {name} {{\n" + "".join(
        comment(as_typescript(said, kind_), 4) + f"    readonly {own}{'?' if optional else ''}: {kind_};\n" for own, kind_, said, optional in fields) + "}\n"


def struct_records():
    for name in reading.TOLD:
        struct, needed = STRUCTS[name], reading.NEEDED.get(name)
        fields, reads = [], []
        for member in struct["members"]:
            if member["type"] == "unsigned":
                continue
            found, read = value(member["type"], member["name"], member["doc"], name)
            optional = needed is not None and member["name"] not in needed
            fields.append((field(member["name"]), found, member["doc"], optional))
            reads.append(f"        {field(member['name'])}: {read.format('told.' + member['name'])},\n")
        yield interface(camel(name), struct["doc"], fields)
        yield f"export function read{camel(name)}(address: bigint): {camel(name)} {{\n    const told = decoded(\"{name}\", address);\n" \
              f"    return {{\n{''.join(reads)}    }};\n}}\n"


def handle_records():
    for name in reading.TELLING:
        fields, reads = [], []
        for function in FUNCTIONS.values():
            parameters = [each["type"] for each in function["parameters"]]
            if not parameters or parameters[0] != f"const {name} *" or not function["name"].startswith(name + "_"):
                continue
            own, doc = function["name"][len(name) + 1:], function["doc"]
            if len(parameters) == 1:
                found, read = value(function["returns"]["type"], own, doc)
                reads.append(f"        {field(own)}: {read.format('lib.' + function['name'] + '!(handle)')},\n")
            elif len(parameters) == 2 and target(parameters[1]) in STRUCTS:
                told = target(parameters[1])
                found = camel(told) + " | null"
                reads.append(f"        {field(own)}: told(\"{function['name']}\", \"{told}\", read{camel(told)}, handle),\n")
            else:
                continue
            fields.append((field(own), found, doc, False))
        yield interface(camel(name), HANDLES[name]["doc"].replace(" Free it.", ""), fields)
        yield f"export function read{camel(name)}(handle: bigint): {camel(name)} {{\n    return {{\n{''.join(reads)}    }};\n}}\n"


def records():
    yield HEADING.format("What the library tells, and what it is told.")
    yield 'import * as abi from "./abi.js";\nimport { lib } from "./library.js";'
    yield 'import { decoded, members, membersOrNone, text, textOrNone, texts, time, timeOrNone, told, type Json } from "./values.js";\n'
    yield from struct_records()
    yield from handle_records()


# ------------------------------------------------------------------------------------------------------- calls.ts


class Method:
    """One function as a method: what it takes, what it does with it, what it gives."""

    def __init__(self, name, owner, function):
        self.function, self.doc, self.owner = function, function["doc"], owner
        self.c_name = name
        self.name = lower(re.sub("^" + reading.OWNERS[owner], "", name))
        self.positional, self.named, self.before, self.arguments, self.after = [], [], [], [], []
        self.said = dict(re.findall(r"@param (\w+)\s+(.*?)(?=\n@|\Z)", self.doc, re.S))
        self.reports = False
        for each in function["parameters"][1:]:
            self.take(each)

    def add(self, name, found, optional):
        (self.named if optional else self.positional).append((name, found))

    def is_optional(self, each):
        said = self.said.get(each["name"], "")
        return "NULL" in said or (not said and (each["name"] == "after" or (each["name"] == "project_id" and "(NULL" in self.doc)))

    def take(self, each):
        name, ctype, named, own = each["name"], each["type"], target(each["type"]), lower(each["name"])
        if each.get("direction") == "error":
            self.arguments.append("call.error")
        elif each.get("direction") == "out":
            self.out(own, ctype, named)
        elif named.endswith("_emit"):
            told = camel(target(CALLBACKS[named]["parameters"][0]["type"]))
            self.before.append(f"const {own} = call.emitted(\"{named}\", records.read{told});")
            self.arguments.append(f"{own}.callback")
            self.after.append((f"records.{told}[]", f"{own}.found"))
            self.emits = own
        elif name == "context":
            self.arguments.append(f"{self.emits}.context")
        elif named == "cutover_actor":
            self.add(own, "records.Actor", False)
            self.arguments.append(f"call.struct(\"cutover_actor\", {own})")
        elif named in STRUCTS and ctype.startswith("const"):
            self.flatten(STRUCTS[named])
        elif named in STRUCTS:
            self.before.append(f"const {own} = call.struct(\"{named}\", {{}});")
            self.arguments.append(own)
            self.after.append((f"records.{camel(named)}", f"records.read{camel(named)}({own})"))
        elif named == "cutover_engine":
            self.add(own, "Owner", False)
            self.arguments.append(f"{own}.handle")
        elif ctype == "const char *":
            self.add(own, "string", self.is_optional(each))
            self.arguments.append(f"call.text({own})")
        elif ctype == "const char *const *":
            self.add(own, "readonly string[]", self.is_optional(each))
            self.arguments.append(f"call.texts({own})")
        elif reading.is_time(ctype):
            if re.match(r"Microseconds, ", self.said.get(name, "")):
                self.add(own + "Ms", "number", False)
                self.arguments.append(f"BigInt(Math.round({own}Ms * 1000))")
            else:
                self.add(own, "Date", True)
                self.arguments.append(f"micros({own})")
        else:
            flag = ctype == "int32_t"
            self.add(own, "boolean" if flag else "number", re.search(r"\b0:", self.said.get(name, "")) or name in ("jobs",))
            self.arguments.append(f"Number({own} ?? 0)")

    def out(self, own, ctype, named):
        self.before.append(f"const {own} = call.out();")
        self.arguments.append(f"{own}.address")
        if named in reading.JOBS:
            self.after.append((camel(named), f"new {camel(named)}(this as unknown as Engine, {own}.handle, reporter)"))
        elif named == "char":
            self.after.append(("string", f"takenText({own}.handle)"))
        elif ctype.count("*") == 2:
            record = named[:-5] if named.endswith("_list") else named
            if named == "cutover_preflight":
                self.after.append(("Preflight", f"taken({own}.handle, \"{named}_free\", readPreflight)"))
            elif record != named:
                self.after.append((f"records.{camel(record)}[]", f"takenList({own}.handle, \"{named}\", records.read{camel(record)})"))
            else:
                self.after.append((f"records.{camel(record)}", f"taken({own}.handle, \"{named}_free\", records.read{camel(record)})"))
        else:
            self.after.append(("number", f"{own}.number"))

    def flatten(self, struct):
        """The members of an options struct as arguments; what is not given is what its _init function says."""
        values = []
        for member in struct["members"][1:]:
            own, doc = member["name"], member["doc"]
            if "callback" in member or own.endswith(("_userdata", "_count")):
                continue
            if own == "progress":
                self.reports = True
                self.named.append(("progress", "(progress: records.Progress) => unknown"))
                continue
            if target(member["type"]) == "cutover_actor":
                found = "records.Actor"
            else:
                found = "string" if member["type"] == "const char *" else value(member["type"], own, doc)[0].replace(" | null", "")
            self.add(lower(own), found, not (member.get("required") or own in reading.NEEDED.get(struct["name"], [])))
            values.append(lower(own))
        given = ", ".join(values)
        if self.reports:
            self.before.append("const reporter = call.reporter(progress);")
            given += ", progress: reporter.callback, progressUserdata: reporter.context"
        self.arguments.append(f"call.struct(\"{struct['name']}\", {{ {given} }})")

    def text(self):
        positional, named = (self.positional, self.named) if len(self.positional) <= 3 else ([], self.positional + self.named)
        needed = [each for each in named if each in self.positional]
        signature = [f"{name}: {found}" for name, found in positional]
        if named:
            body = "; ".join(f"{name}{'' if (name, found) in needed else '?'}: {found}" for name, found in named)
            signature.append(f"options: {{ {body} }}" + ("" if needed else " = {}"))
        returns = [each[0] for each in self.after]
        result = "void" if not returns else returns[0] if len(returns) == 1 else f"[{', '.join(returns)}]"
        lines = [f"const {{ {', '.join(name for name, _ in named)} }} = options;"] if named else []
        lines.append("return this.calling(async (call) => {")
        lines += ["    " + each for each in self.before]
        call = f"call.run(\"{self.c_name}\", [this.handle, {', '.join(self.arguments)}])"
        if self.reports and not self.name.endswith("Start"):
            call = f"reporter.during(() => {call})"
        lines.append(f"    await {call};")
        if returns:
            lines.append("    return " + (self.after[0][1] if len(returns) == 1 else f"[{', '.join(each[1] for each in self.after)}]") + ";")
        lines.append("});")
        return comment(self.doc, 4) + f"    {self.name}({', '.join(signature)}): Promise<{result}> {{\n" + \
            "".join(f"        {line}\n" for line in lines) + "    }\n"


def calls():
    yield HEADING.format("A method for each function of an engine, a registry, webhooks and integrations, under its name.")
    yield 'import type * as abi from "./abi.js";\nimport { Owner, taken, takenList, takenText } from "./call.js";'
    yield 'import type { Engine } from "./engine.js";\nimport { BackupJob, Promotion, Restore, Rollback } from "./jobs.js";'
    yield 'import { readPreflight, type Preflight } from "./preflight.js";\nimport * as records from "./records.js";'
    yield 'import { micros } from "./values.js";'
    for owner in reading.OWNERS:
        yield "\n" + comment(HANDLES[owner]["doc"], 0) + f"export class {camel(owner)}Calls extends Owner {{"
        for name, function in FUNCTIONS.items():
            parameters = [each["type"] for each in function["parameters"]]
            if name in reading.BY_HAND or not parameters or parameters[0] != f"{owner} *" or name == HANDLES[owner]["free"]:
                continue
            yield Method(name, owner, function).text()
        yield "}"


# ------------------------------------------------------------------------------------------------------ errors.ts


def errors():
    yield HEADING.format("A class for each status; what they have in common is in CutoverError.")
    yield 'import { Status } from "./abi.js";\nimport { CutoverError } from "./error.js";\n'
    names = []
    for each in ENUMS["cutover_status"]["values"]:
        if each["value"] < 0:
            name = camel(each["name"].replace("CUTOVER_E_", "").lower()) + "Error"
            names.append(name)
            status = each["name"].replace("CUTOVER_", "")
            yield comment(each["doc"], 0) + f"export class {name} extends CutoverError {{\n    override readonly name = \"{name}\";\n" \
                f"    override readonly status: number = Status.{status};\n}}\nCutoverError.byStatus.set(Status.{status}, {name});\n"


def main():
    for name, parts in {"abi.ts": abi, "records.ts": records, "calls.ts": calls, "errors.ts": errors}.items():
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(parts()).rstrip() + "\n")
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
