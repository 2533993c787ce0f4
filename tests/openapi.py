#!/usr/bin/env python3
"""Holds lib/api/openapi.json against the code, against schemas/, and against the answers that tests got.

    tests/openapi.py [FOLDER [all]]
    tests/openapi.py --schemas          puts the records' schemas of schemas/ into the document anew

Each route of lib/api/routes.c is in the document with its query, its body and its roles, and the other way round. Records are described as
in schemas/. Of FOLDER (CUTOVER_JSON_DIR, tests/support/caller.h) each answer is one that the document has for that route, and what it says;
with "all" each success that the document has was met. Prints one line for each fault, and counts.
"""
import glob
import json
import os
import re
import sys
import warnings

import jsonschema

warnings.simplefilter("ignore", DeprecationWarning)

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.join(HERE, os.pardir)
DOCUMENT = os.path.join(TREE, "lib", "api", "openapi.json")
# A member that tests give a record as a newer library would.
LATER = "added_later"
# Of schemas/ what the interface tells.
TOLD = ("audit-entry", "backup", "common", "data", "error", "event", "integration", "job", "key", "preflight", "report", "request",
        "webhook", "webhook-delivery", "webhook-message")
ROLES = {"MEMBER": "member", "OPERATOR": "operator", "ADMIN": "org_admin"}
FLAGS = {"CALLER_ANY": ("MEMBER", "OPERATOR", "ADMIN")}


def component(target, name):
    """Where a schema of schemas/ is in the document: request.json, common.json#/$defs/id, #/$defs/result."""
    file, _, part = target.partition("#/$defs/")
    file = file[: -len(".json")] if file else name
    return f"{file}.{part}" if part else file


def moved(schema, name):
    """A schema with its references as the document has them."""
    if isinstance(schema, dict):
        return {key: "#/components/schemas/" + component(value, name) if key == "$ref" else moved(value, name)
                for key, value in schema.items() if key not in ("$schema", "$id", "$defs")}
    if isinstance(schema, list):
        return [moved(item, name) for item in schema]
    return schema


def records():
    """The components that are made of schemas/."""
    made = {}
    for name in TOLD:
        with open(os.path.join(TREE, "schemas", name + ".json"), encoding="ascii") as file:
            schema = json.load(file)
        if name not in ("common", "data"):
            made[name] = moved(schema, name)
        for part, definition in schema.get("$defs", {}).items():
            made[f"{name}.{part}"] = moved(definition, name)
    return made


def macros(text):
    """What stands for the rows' fields: name, and whether it is needed."""
    found = {}
    for name, body in re.findall(r"#define (\w+) (?:\\\n\s*)?((?:TEXT|WORD|FLAG|COUNT|TIME|TEXTS)\w*\(.*)$", text, re.M):
        found[name] = body
    return found


def fields(text, known):
    """[(name, needed)] of the braces of a row."""
    for name, body in known.items():
        text = re.sub(rf"\b{name}\b(?!\()", lambda _, body=body: body, text)
    return [(name, "NEEDED" in macro) for macro, name in re.findall(r"\b((?:TEXT|WORD|FLAG|COUNT|TIME|TEXTS)(?:_NEEDED)?)\(\"(\w+)\"", text)]


def routes():
    """{(method, path): (roles, query, body, flags)} of the code's table."""
    with open(os.path.join(TREE, "lib", "api", "routes.c"), encoding="ascii") as file:
        text = file.read()
    known, found = macros(text), {}
    table = text[text.index("routes[] = {"):text.index("/* clang-format on")]
    for row in re.findall(r"\{\"[A-Z]+\", \"/v1.*?\}\},\n(?=\n|    \{\"|\};)", table, re.S):
        method, path, roles, rest = re.match(r"\{\"([A-Z]+)\", \"([^\"]+)\",\s*([A-Z_| ]+),(.*)\},\n", row, re.S).groups()
        who = {ROLES[word] for name in re.findall(r"\w+", roles) for word in FLAGS.get(name, (name,))}
        flags = re.match(r"\s*([A-Z_0-9| ]+),", rest).group(1)
        braces = re.findall(r"\{((?:[^{}]|\{0\})*)\}", rest)
        found[method, path] = (who, fields(braces[-2], known), fields(braces[-1], known), flags)
    return found


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield method.upper(), path, operation


def body_of(operation):
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return [(name, name in schema.get("required", [])) for name in schema.get("properties", {})], schema


def compare(document, table):
    """What differs between the document and the code."""
    told = {(method, path): operation for method, path, operation in operations(document)}
    for route in sorted(set(table) - set(told)):
        yield f"{route}: not in the document"
    for route in sorted(set(told) - set(table)):
        yield f"{route}: in the document alone"
    for route in sorted(set(table) & set(told)):
        who, query, body, flags = table[route]
        operation = told[route]
        given = [(one["name"], one.get("required", False)) for one in operation.get("parameters", []) if one.get("in") == "query"]
        refs = [one["$ref"] for one in operation.get("parameters", []) if "$ref" in one]
        shared = [document["components"]["parameters"][ref.rsplit("/", 1)[1]] for ref in refs]
        given += [(one["name"], one.get("required", False)) for one in shared if one["in"] == "query"]
        headers = {one["name"] for one in shared if one["in"] == "header"}
        if sorted(given) != sorted(query):
            yield f"{route}: its query is {sorted(query)}, not {sorted(given)}"
        members, schema = body_of(operation)
        if sorted(members) != sorted(body):
            yield f"{route}: its body is {sorted(body)}, not {sorted(members)}"
        if members and schema.get("additionalProperties") is not False:
            yield f"{route}: its body takes no other members"
        if set(operation.get("x-roles", [])) != who:
            yield f"{route}: roles are {sorted(who)}, not {operation.get('x-roles')}"
        for flag, header in (("ROUTE_KEYED", "Idempotency-Key"), ("ROUTE_MATCHED", "If-Match")):
            if (flag in flags) != (header in headers):
                yield f"{route}: {header}"
        if ("ROUTE_OPEN" in flags) != (operation.get("security") == []):
            yield f"{route}: who may, without being known"


def answers(folder):
    seen = set()
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line not in seen and line.startswith('{"schema":"api:'):
                    seen.add(line)
                    entry = json.loads(line)
                    yield entry["schema"][len("api:"):], entry["object"]


def without_later(value):
    if isinstance(value, dict):
        return {key: without_later(item) for key, item in value.items() if key != LATER}
    return [without_later(item) for item in value] if isinstance(value, list) else value


def response_of(document, operation, status):
    response = operation["responses"].get(status)
    if response is not None and "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return response


def check_answers(document, folder, met):
    """Each answer, against what the document has for its route; `met` receives what was met."""
    told = {f"{method} {path}": operation for method, path, operation in operations(document)}
    resolver = jsonschema.RefResolver("", document)
    for name, found in answers(folder):
        route, _, status = name.rpartition(" ")
        route = route.replace("HEAD ", "GET ")
        if route == "":
            response = document["components"]["responses"]["Problem"]
        elif route not in told:
            yield f"{route}: not in the document"
            continue
        else:
            response = response_of(document, told[route], status)
        if response is None:
            yield f"{route}: {status} is not in the document"
            continue
        met.add((route, status))
        for media in response.get("content", {}).values():
            if "schema" in media and media["schema"].get("type") != "string":
                errors = jsonschema.Draft202012Validator(media["schema"], resolver=resolver).iter_errors(without_later(found))
                yield from (f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors)


def unmet(document, met):
    for method, path, operation in operations(document):
        for status in operation["responses"]:
            if status.startswith("2") and (f"{method} {path}", status) not in met:
                yield f"{method} {path}: no test got {status}"


def write_schemas(document):
    kept = {name: schema for name, schema in document["components"]["schemas"].items() if name[0].isupper()}
    document["components"]["schemas"] = {**kept, **records()}
    with open(DOCUMENT, "w", encoding="ascii") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


def main():
    with open(DOCUMENT, encoding="ascii") as file:
        document = json.load(file)
    if sys.argv[1:] == ["--schemas"]:
        return write_schemas(document)
    table, met = routes(), set()
    faults = list(compare(document, table))
    if {name: schema for name, schema in document["components"]["schemas"].items() if not name[0].isupper()} != records():
        faults.append("records are described otherwise than in schemas/: tests/openapi.py --schemas")
    if len(sys.argv) > 1:
        faults += check_answers(document, sys.argv[1], met)
    if "all" in sys.argv[2:]:
        faults += unmet(document, met)
    for fault in sorted(set(faults)):
        print(fault)
    print(f"openapi: {len(table) + len(met)} passed, {len(set(faults))} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
