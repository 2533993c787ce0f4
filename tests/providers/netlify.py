#!/usr/bin/env python3
"""Holds exchanges with Netlify against its interface description (Swagger 2.0): path, method, query, body, and the answer.

    tests/providers/netlify.py EXCHANGES SWAGGER

A line for each exchange: "ok …" or "bad …".
"""
import json
import re
import sys

import jsonschema


def need(condition, what):
    if not condition:
        raise ValueError(what)


def closed(schema):
    """The same, with no member that it does not name."""
    if isinstance(schema, dict):
        schema = {name: closed(value) for name, value in schema.items()}
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            schema["additionalProperties"] = False
        return schema
    return [closed(one) for one in schema] if isinstance(schema, list) else schema


def operation_of(swagger, exchange):
    for path, methods in swagger["paths"].items():
        found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", path), exchange["path"])
        if found and exchange["method"].lower() in methods:
            return methods[exchange["method"].lower()]
    raise ValueError("no such operation")


def check(swagger, exchange):
    operation = operation_of(swagger, exchange)
    parameters = operation["parameters"]
    query = {one["name"]: one for one in parameters if one["in"] == "query"}
    need(set(exchange["query"]) <= set(query), f"not in the query: {exchange['query']}")
    bodies = [one["schema"] for one in parameters if one["in"] == "body"]
    need((exchange["body"] is not None) == bool(bodies), "a body where none is asked for, or none")
    if bodies:
        jsonschema.Draft4Validator(closed(bodies[0])).validate(exchange["body"])
    answers = operation["responses"]
    schema = answers.get(str(exchange["status"]), answers["default"])["schema"]
    need(exchange["status"] >= 400 or str(exchange["status"]) in answers, f"no such answer: {exchange['status']}")
    jsonschema.Draft4Validator(closed(schema)).validate(exchange["answer"])


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        swagger = json.load(file)
    with open(sys.argv[1], encoding="utf-8") as file:
        exchanges = [json.loads(line) for line in file]
    for exchange in exchanges:
        if exchange["provider"] != "netlify":
            continue
        name = f"netlify {exchange['method']} {exchange['path']}"
        try:
            check(swagger, exchange)
            print(f"ok {name}")
        except (ValueError, jsonschema.ValidationError) as error:
            print(f"bad {name}: {str(getattr(error, 'message', error))[:600]}")


main()
