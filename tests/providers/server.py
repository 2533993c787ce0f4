#!/usr/bin/env python3
"""Vercel and Netlify as their published interface descriptions say that they answer, on loopback, for tests.

    tests/providers/server.py [EXCHANGES]

Prints its port, and ends when standard input does. Each request is checked: path, query, members and types of the body, the bearer
token. What is wrong is answered with 400 and kept (`violations`). Every exchange is appended to the file EXCHANGES as a line of JSON;
tests/providers.sh holds these against the descriptions themselves.

What tests ask of it, beside the providers' own paths:

    POST /_/script   a list of answers for the requests to come, each {"method", "path" (begins with), "times", "status", "headers", "body",
                     "wait" (seconds), "hang" (no answer), "after" (the request is carried out first)}; it is forgotten what was there before
    GET  /_/seen     {"requests": [...], "violations": [...], "variables": [...]}
    POST /_/reset
"""
import itertools
import json
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKENS = {"vercel": "vercel-token-0123456789", "netlify": "netlify-token-0123456789"}
VERCEL_PROJECT, VERCEL_TEAM = "prj_shop", "team_shop"
NETLIFY_ACCOUNT, NETLIFY_SITE = "acme", "0d3a9d2f-ef94-4380-93df-27ee400e2048"
TARGETS = {"production", "preview", "development"}
CONTEXTS = {"all", "dev", "dev-server", "branch-deploy", "deploy-preview", "production", "branch"}


class World:
    def __init__(self):
        self.lock = threading.Condition()
        self.numbers = itertools.count(1)
        self.reset()

    def reset(self):
        self.script, self.requests, self.violations, self.vercel, self.netlify = [], [], [], [], {}


WORLD = World()
EXCHANGES = open(sys.argv[1], "a", encoding="utf-8") if len(sys.argv) > 1 else None


class Wrong(Exception):
    """A request that the description does not allow."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


def members(value, required, optional):
    need(isinstance(value, dict), "an object is asked for")
    need(set(required) <= set(value), f"missing: {sorted(set(required) - set(value))}")
    unknown = set(value) - set(required) - set(optional)
    need(not unknown, f"unknown: {sorted(unknown)}")


def query_of(query, allowed):
    need(set(query) <= set(allowed), f"unknown in the query: {sorted(set(query) - set(allowed))}")
    need(all(len(values) == 1 for values in query.values()), "twice in the query")
    return {name: values[0] for name, values in query.items()}


# ---- Vercel ----

def vercel_error(status, code, message, **more):
    return status, {"error": {"code": code, "message": message, **more}}


def vercel_entry(variable, with_value):
    shown = {name: variable[name] for name in ("id", "key", "type", "target", "createdAt", "updatedAt")}
    readable = variable["type"] != "sensitive"
    if with_value and readable:
        shown["value"] = variable["value"]
    shown["decrypted"] = with_value and readable
    return shown


def vercel_post(query, body):
    query = query_of(query, {"upsert", "teamId", "slug"})
    need(query.get("upsert") in (None, "true", "false"), "upsert")
    several = isinstance(body, list)
    created, failed = [], []
    for one in body if several else [body]:
        members(one, {"key", "value", "type", "target"}, {"gitBranch", "comment", "customEnvironmentIds"})
        need(isinstance(one["key"], str) and isinstance(one["value"], str), "key and value are texts")
        need(one["type"] in ("system", "encrypted", "plain", "sensitive"), "type")
        need(isinstance(one["target"], list) and one["target"] and set(one["target"]) <= TARGETS, "target")
        same = [v for v in WORLD.vercel if v["key"] == one["key"] and set(v["target"]) & set(one["target"])]
        if same and (query.get("upsert") != "true" or len(same) > 1):
            failed.append({"error": {"code": "ENV_CONFLICT", "message": "A variable with that name and target exists.",
                                     "envVarKey": one["key"], "target": one["target"]}})
            continue
        now = int(time.time() * 1000)
        variable = same[0] if same else {"id": f"env{next(WORLD.numbers)}", "createdAt": now}
        if not same:
            WORLD.vercel.append(variable)
        variable.update(key=one["key"], value=one["value"], type=one["type"], updatedAt=now)
        variable.setdefault("target", one["target"])
        entry = vercel_entry(variable, False)
        entry["value"] = "" if one["type"] == "sensitive" else "eyJ2IjoidjIi" + str(next(WORLD.numbers))
        created.append(entry)
    return 201, {"created": created if several else (created[0] if created else None) or [], "failed": failed}


def vercel_get(query, name):
    query_of(query, {"teamId", "slug"})
    for variable in WORLD.vercel:
        if variable["id"] == name:
            return 200, vercel_entry(variable, True)
    return vercel_error(404, "not_found", "The environment variable was not found.")


def vercel(method, path, query, body, token):
    if token != TOKENS["vercel"]:
        return vercel_error(403, "forbidden", "Not authorized", invalidToken=True)
    found = re.fullmatch(r"/v10/projects/([^/]+)/env", path) if method == "POST" else \
        re.fullmatch(r"/v1/projects/([^/]+)/env/([^/]+)", path)
    need(found is not None, f"no such operation: {method} {path}")
    if query.get("teamId", [VERCEL_TEAM]) != [VERCEL_TEAM]:
        return vercel_error(403, "forbidden", "Not authorized")
    if found.group(1) != VERCEL_PROJECT:
        return vercel_error(404, "not_found", "Project not found.")
    return vercel_post(query, body) if method == "POST" else vercel_get(query, found.group(2))


# ---- Netlify ----

def netlify_value(value):
    members(value, set(), {"id", "value", "context", "context_parameter"})
    need(value.get("context") in CONTEXTS, "context")
    need((value["context"] == "branch") == ("context_parameter" in value), "context_parameter")
    need(isinstance(value.get("value"), str), "value is a text")


def netlify_set(variable, value):
    place = [v for v in variable["values"] if (v["context"], v.get("context_parameter")) ==
             (value["context"], value.get("context_parameter"))]
    if place:
        place[0]["value"] = value["value"]
    else:
        variable["values"].append({"id": f"00000000-0000-4000-8000-{next(WORLD.numbers):012x}", **value})


def netlify_entry(variable):
    shown = json.loads(json.dumps(variable))
    for value in shown["values"]:
        if variable["is_secret"] and value["context"] not in ("dev", "dev-server"):
            value["value"] = "****************" + value["value"][-4:]
    return shown


def netlify(method, path, query, body, token):
    if token != TOKENS["netlify"]:
        return 401, {"code": 401, "message": "Access Denied"}
    found = re.fullmatch(r"/accounts/([^/]+)/env(?:/([^/]+))?", path)
    need(found is not None, f"no such operation: {method} {path}")
    key = found.group(2)
    need((method == "POST") == (key is None) and method in ("GET", "PATCH", "POST"), f"no such operation: {method} {path}")
    query = query_of(query, {"site_id"})
    need("site_id" in query, "without a site all sites of the account are written")
    if found.group(1) != NETLIFY_ACCOUNT or query["site_id"] != NETLIFY_SITE:
        return 404, {"code": 404, "message": "Not Found"}
    if method == "POST":
        need(isinstance(body, list), "a list is asked for")
        made = []
        for one in body:
            members(one, {"key", "values"}, {"scopes", "is_secret"})
            need(isinstance(one["values"], list), "values is a list")
            if one["key"] in WORLD.netlify:
                return 422, {"code": 422, "message": "Key already exists"}
            for value in one["values"]:
                netlify_value(value)
            variable = {"key": one["key"], "scopes": ["builds", "functions", "runtime", "post-processing"], "values": [],
                        "is_secret": one.get("is_secret", False), "updated_at": "2026-01-01T00:00:00Z"}
            for value in one["values"]:
                netlify_set(variable, value)
            WORLD.netlify[one["key"]] = variable
            made.append(netlify_entry(variable))
        return 201, made
    if key not in WORLD.netlify:
        return 404, {"code": 404, "message": "Not Found"}
    if method == "PATCH":
        netlify_value(body)
        netlify_set(WORLD.netlify[key], body)
        return 201, netlify_entry(WORLD.netlify[key])
    return 200, netlify_entry(WORLD.netlify[key])


# ---- the server ----

def scripted(method, path):
    for step in WORLD.script:
        if step.get("times", 1) > 0 and step.get("method", method) == method and path.startswith(step.get("path", "/")):
            step["times"] = step.get("times", 1) - 1
            return step
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, status, body, headers=()):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def control(self, path, body):
        with WORLD.lock:
            if path == "/_/script":
                WORLD.script = body
            elif path == "/_/reset":
                WORLD.reset()
            elif path == "/_/seen":
                self.send(200, {"requests": WORLD.requests, "violations": WORLD.violations,
                                "variables": WORLD.vercel + list(WORLD.netlify.values())})
                return
        self.send(200, {})

    def answer(self, provider, path, query, body, token):
        try:
            carry_out = vercel if provider == "vercel" else netlify
            if body is not None:
                need(self.headers.get("Content-Type") == "application/json", "Content-Type")
            status, said = carry_out(self.command, path, query, body, token)
        except Wrong as wrong:
            WORLD.violations.append(f"{self.command} {path}: {wrong}")
            status, said = 400, {"code": 400, "message": "not as the description says"}
        return status, said

    def handle_one(self):
        length = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        body = json.loads(raw) if raw else None
        if url.path.startswith("/_/"):
            self.control(url.path, body)
            return
        provider, path = url.path[1:].split("/", 1)
        path = urllib.parse.unquote("/" + path)
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        request = {"provider": provider, "method": self.command, "path": path, "query": query, "body": body}
        with WORLD.lock:
            WORLD.requests.append(request)
            step = scripted(self.command, url.path)
            status, said, headers = 0, None, {"X-RateLimit-Limit": "120", "X-RateLimit-Remaining": "100"}
            if step is None or step.get("after"):
                status, said = self.answer(provider, path, query, body, token)
            if step is not None and "status" in step:
                status, said = step["status"], step.get("body", {})
                headers.update(step.get("headers", {}))
            if EXCHANGES is not None and step is None:
                EXCHANGES.write(json.dumps({**request, "status": status, "answer": said}) + "\n")
                EXCHANGES.flush()
        if step is not None:
            time.sleep(step.get("wait", 0))
        if step is not None and step.get("hang"):
            self.connection.settimeout(30)
            self.rfile.read(1)  # until the client goes
            self.close_connection = True
            return
        self.send(status, said.encode() if isinstance(said, str) else said, headers)

    def do_GET(self):
        try:
            self.handle_one()
        except (ConnectionError, TimeoutError, OSError):
            self.close_connection = True

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


main()
