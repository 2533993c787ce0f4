#!/usr/bin/env python3
"""Holds the schemas of schemas/ against everything that tests kept (tests/support/told.h).

    tests/schemas.py FOLDER [all|commands]

Each schema is itself valid, stands under its own name, and was met by at least one object; each object is what its schema says,
with no member that the schema does not know. With "all", which is for what all unit and server tests were told: each action of the
audit trail and each type of event was met, so that no act is silent. With "commands", which is for tests/story.sh: what is asked for is
an object of each command of cutoverctl, by which it says that it was done, instead of one of each schema. Prints one line for each kind
of fault, and counts.
"""
import glob
import json
import os
import re
import sys
import warnings

import jsonschema

warnings.simplefilter("ignore", DeprecationWarning)  # RefResolver: the one way that releases before 4.18 have

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, os.pardir, "schemas")
COMMAND_ROWS = os.path.join(HERE, os.pardir, "examples", "cutoverctl", "commands.c")
BASE = "https://libcutover.invalid/schemas/1/"
# Commands that print text and nothing else.
TEXT = {"help", "print"}
# Types that others refer to: no object of their own.
PARTS = {"common", "data"}
# A member that tests give a record as a newer library would.
LATER = "added_later"

# What a command of cutoverctl prints: a definition of cutoverctl.json.
COMMANDS = {
    "init": "init",
    "project add": "project", "project set": "project", "project show": "project",
    "project list": "project_list", "project remove": "removed", "project confirm-server": "confirmed",
    "preview show": "preview", "preview remove": "removed", "preview reap": "reaped",
    "preview add": "preview", "preview extend": "preview", "preview list": "preview_list",
    "request create": "request", "request ack": "request", "request reject": "request", "request cancel": "request",
    "request ticket": "request", "request reschedule": "request", "request show": "request",
    "request review": "review",
    "request list": "request_list",
    "preflight": "preflight", "promote": "report", "rollback": "report", "restore": "report", "release": "release",
    "displaced list": "displaced_list", "displaced expire": "displaced_list", "displaced drop": "displaced_drop",
    "recover": "recover",
    "backup create": "backup", "backup verify": "backup", "backup show": "backup", "backup delete": "backup",
    "backup list": "backup_list", "backup path": "backup_path",
    "audit": "audit", "status": "status", "version": "version",
    "job list": "job_list", "job show": "job", "job watch": "job", "job cancel": "job_cancel",
    "event list": "event_list", "event retry": "event_retry", "event discard": "event_discard",
    "event deliver": "event_deliver",
    "key create": "key_created", "key list": "key_list", "key revoke": "key",
    "webhook add": "webhook_created", "webhook rotate-secret": "webhook_created", "webhook list": "webhook_list",
    "webhook show": "webhook", "webhook set": "webhook", "webhook remove": "webhook_removed",
    "webhook test": "webhook_delivery", "webhook deliveries": "webhook_deliveries",
    "webhook redeliver": "webhook_redelivered", "webhook deliver": "webhook_delivered",
    "integration connect": "integration", "integration list": "integration_list", "integration show": "integration",
    "integration sync": "integration_run", "integration disconnect": "disconnected",
}


def load():
    schemas, faults = {}, []
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.json"))):
        name = os.path.basename(path)[: -len(".json")]
        with open(path, encoding="ascii") as file:
            schemas[name] = json.load(file)
        if schemas[name].get("$id") != BASE + name + ".json":
            faults.append(f"{name}: its $id is {schemas[name].get('$id')}")
        try:
            jsonschema.Draft202012Validator.check_schema(schemas[name])
        except jsonschema.SchemaError as error:
            faults.append(f"{name}: {error.message}")
    return schemas, faults


def validators(schemas):
    """One for each name that an object may be kept under."""
    store = {schema["$id"]: schema for schema in schemas.values()}

    def make(schema, whole):
        resolver = jsonschema.RefResolver(whole["$id"], whole, store=store)
        return jsonschema.Draft202012Validator(schema, resolver=resolver)

    made = {name: make(schema, schema) for name, schema in schemas.items() if name not in PARTS}
    of_tool = schemas["cutoverctl"]["$defs"]
    made.update({f"cutoverctl:{command}": make(of_tool[part], schemas["cutoverctl"])
                 for command, part in COMMANDS.items()})
    made["cutoverctl:error"] = make(of_tool["error"], schemas["cutoverctl"])
    return made


def kept(folder):
    """Each different object once, with the name of its schema."""
    seen = set()
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line in seen:
                    continue
                seen.add(line)
                entry = json.loads(line)
                if entry["schema"].startswith("api:"):
                    continue  # tests/openapi.py
                entry["object"].pop(LATER, None)
                yield entry["schema"], entry["object"]


def deepest(error):
    """Of an anyOf the branch that came furthest says most."""
    while error.context:
        error = max(error.context, key=lambda one: (len(one.absolute_path), -len(one.message)))
    return error


def words_in(found):
    """Of an audit entry, an event, or a list of cutoverctl's, what happened."""
    lists = [found.get(name) for name in ("audit", "events")] if isinstance(found, dict) else []
    for entry in [found] + [entry for entries in lists if isinstance(entries, list) for entry in entries]:
        yield from (("audit-entry", entry[member]) if member == "action" else ("event", entry[member])
                    for member in ("action", "type") if member in entry)


def silent(schemas, told):
    """What the schemas know, and nobody was told."""
    known = {("audit-entry", word) for word in schemas["audit-entry"]["properties"]["action"]["enum"]}
    known |= {("event", word) for word in schemas["event"]["properties"]["type"]["enum"]}
    return [f"{name}: no test was told {word}" for name, word in known - told]


def unmet_commands(met):
    """Those of the tool that have no schema, or of which no object is there but errors."""
    with open(COMMAND_ROWS, encoding="utf-8") as file:
        rows = re.findall(r'\{\.noun = "([a-z]+)",(?:\s*\.verb = "([a-z-]+)",)?', file.read())
    tool = {" ".join(filter(None, row)) for row in rows} - TEXT
    assert len(tool) > 50, tool
    return ([f"cutoverctl {command}: it has no schema" for command in tool - set(COMMANDS)] +
            [f"cutoverctl {command}: there is no such command" for command in set(COMMANDS) - tool] +
            [f"cutoverctl {command}: no object of it but errors" for command in tool - met])


def main():
    schemas, faults = load()
    known = validators(schemas)
    passed, met, told, commands = 0, set(), set(), set()
    for name, found in kept(sys.argv[1]):
        told.update(words_in(found))
        if name.startswith("cutoverctl:") and set(found) == {"error"}:
            name = "cutoverctl:error"
        commands.add(name.split(":")[-1])
        met.add(name.split(":")[0])
        if name not in known:
            faults.append(f"{name}: no schema")
            continue
        errors = [deepest(error) for error in known[name].iter_errors(found)]
        passed += not errors
        faults += [f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in errors]
    if "commands" in sys.argv[2:]:
        faults += unmet_commands(commands)
    else:
        faults += [f"{name}: no test kept an object of it" for name in schemas if name not in met | PARTS | {"error"}]
    if "all" in sys.argv[2:]:
        faults += silent(schemas, told)
    for fault in sorted(set(faults)):
        print(fault)
    print(f"schemas: {passed} passed, {len(set(faults))} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
