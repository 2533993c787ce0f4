#include "route.h"

#include "log.h"
#include "session.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Everything comes from here, and nobody frames it. */
#define DASHBOARD_CSP                                                                                          \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "            \
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
#define NOTHING_CSP "default-src 'none'; frame-ancestors 'none'"

enum { LOGIN_BODY_MAX = 4096 };

/* ---- who asks ---- */

struct caller {
    cutover_key *key;       /* NULL: nobody */
    struct session session; /* key_id NULL: it is not by a session */
    cutover_actor actor;
};

static void caller_free(struct caller *caller)
{
    cutover_key_free(caller->key);
    session_free(&caller->session);
}

static bool is_refusal(cutover_status status)
{
    return status == CUTOVER_E_FORBIDDEN || status == CUTOVER_E_EXPIRED || status == CUTOVER_E_NOT_FOUND ||
           status == CUTOVER_E_INVALID;
}

static void refuse_key(struct exchange *exchange)
{
    exchange_problem(exchange, 401, CUTOVER_E_FORBIDDEN, "this is no key, or not any more",
                     "Keys are made with `cutoverctl key create`, and end when they expire or are revoked.");
}

static void refuse_nobody(struct exchange *exchange)
{
    exchange_problem(exchange, 401, CUTOVER_E_FORBIDDEN, "nobody is logged in",
                     "Send a key as `Authorization: Bearer ck_…`, or log in.");
}

/* Answered (true) when it is no key. */
static bool caller_by_key(struct site *site, struct exchange *exchange, const char *header,
                          struct caller *caller)
{
    cutover_error *error = NULL;
    cutover_status status = CUTOVER_E_FORBIDDEN;

    if (strncasecmp(header, "Bearer ", 7) == 0)
        status = cutover_key_authenticate(site->house->engine, header + 7 + strspn(header + 7, " "),
                                          &caller->key, &error);
    if (status == CUTOVER_OK)
        return false;
    if (is_refusal(status)) {
        cutover_error_free(error);
        refuse_key(exchange);
    } else {
        log_error("a key cannot be looked up", error);
        exchange_problem(exchange, 503, status, "who calls cannot be told now", NULL);
    }
    return true;
}

static bool caller_by_session(struct site *site, struct exchange *exchange, const char *token,
                              struct caller *caller)
{
    cutover_error *error = NULL;
    cutover_status status = session_find(&site->house->store, token, &caller->session, &error);

    if (status == CUTOVER_OK)
        status = cutover_key_check(site->house->engine, caller->session.key_id, &caller->key, &error);
    if (status != CUTOVER_OK)
        session_free(&caller->session);
    if (status == CUTOVER_OK || is_refusal(status)) {
        cutover_error_free(error);
        return false;
    }
    log_error("a session cannot be looked up", error);
    exchange_problem(exchange, 503, status, "who calls cannot be told now", NULL);
    return true;
}

/* Finds out who asks; true when that was answered already. Nobody is somebody who has no key. */
static bool caller_find(struct site *site, struct exchange *exchange, struct caller *caller)
{
    const char *header = exchange_header(exchange, "Authorization");
    char *token = header == NULL ? exchange_cookie(exchange, SESSION_COOKIE) : NULL;
    bool answered = false;

    *caller = (struct caller){.actor = CUTOVER_ACTOR_INIT};
    if (header != NULL)
        answered = caller_by_key(site, exchange, header, caller);
    else if (token != NULL)
        answered = caller_by_session(site, exchange, token, caller);
    free(token);
    if (caller->key != NULL) {
        cutover_key_actor(caller->key, &caller->actor);
        snprintf(exchange->actor, sizeof exchange->actor, "%s", caller->actor.id);
        snprintf(exchange->key_id, sizeof exchange->key_id, "%s", cutover_key_id(caller->key));
    }
    return answered;
}

static bool is_change(const struct exchange *exchange)
{
    return strcmp(exchange->method, "GET") != 0 && strcmp(exchange->method, "HEAD") != 0 &&
           strcmp(exchange->method, "OPTIONS") != 0;
}

/* A page of somebody else's can have the browser send the cookie along, but does not know the token. */
static bool lacks_csrf(struct exchange *exchange, const struct caller *caller)
{
    const char *token = exchange_header(exchange, "X-CSRF-Token");

    if (caller->session.key_id == NULL || !is_change(exchange) ||
        (token != NULL && token_equal(token, caller->session.csrf)))
        return false;
    exchange_problem(exchange, 403, CUTOVER_E_FORBIDDEN, "the CSRF token is missing, or of another session",
                     "Send what GET /session tells as csrf_token in the header X-CSRF-Token.");
    return true;
}

/* ---- the API ---- */

static void answer_api(struct site *site, struct exchange *exchange)
{
    struct caller caller;
    cutover_api_response *response = NULL;
    cutover_error *error = NULL;
    cutover_api_request request = CUTOVER_API_REQUEST_INIT;

    exchange->route = "/v1";
    if (caller_find(site, exchange, &caller) || lacks_csrf(exchange, &caller)) {
        caller_free(&caller);
        return;
    }
    request.method = exchange->method;
    request.path = exchange->path;
    request.query = exchange->query;
    request.headers = exchange->headers;
    request.header_count = exchange->header_count;
    request.body = exchange->body;
    request.body_size = exchange->body_size;
    request.actor = caller.key != NULL ? &caller.actor : NULL;
    request.project_id = cutover_key_project_id(caller.key);
    if (cutover_api_handle(site->house->api, &request, &response, &error) == CUTOVER_OK) {
        exchange_response(exchange, response);
        const char *found = cutover_api_response_route(response);
        if (found[0] != '\0')
            exchange->route = found;
    } else {
        log_error("there is no answer to a request", error);
        exchange_problem(exchange, 500, CUTOVER_E_INTERNAL, "there is no answer", NULL);
    }
    caller_free(&caller);
}

/* ---- sessions ---- */

static bool is_secure(const struct configuration *configuration)
{
    return configuration->tls_certificate != NULL || configuration->behind_proxy;
}

/* `seconds` 0 takes the cookie away. */
static void set_cookie(const struct site *site, struct exchange *exchange, const char *token, int64_t seconds)
{
    char cookie[300];

    snprintf(cookie, sizeof cookie, SESSION_COOKIE "=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
             token, (long long)seconds, is_secure(site->configuration) ? "; Secure" : "");
    exchange_add_header(exchange, "Set-Cookie", cookie);
}

static struct json_object *session_json(const struct caller *caller)
{
    struct json_object *object = json_object_new_object(), *actor = json_object_new_object();
    struct json_object *key = json_tokener_parse(cutover_key_json(caller->key)), *roles = NULL;
    const char *project = cutover_key_project_id(caller->key);
    char at[WALL_TEXT_SIZE];

    json_object_object_get_ex(key, "roles", &roles);
    json_object_object_add(actor, "id", json_object_new_string(caller->actor.id));
    json_object_object_add(actor, "kind", json_object_new_string("api_key"));
    json_object_object_add(object, "actor", actor);
    json_object_object_add(object, "label", json_object_new_string(cutover_key_label(caller->key)));
    json_object_object_add(object, "roles", json_object_get(roles));
    json_object_object_add(object, "project_id", project != NULL ? json_object_new_string(project) : NULL);
    json_object_object_add(object, "csrf_token",
                           caller->session.key_id != NULL ? json_object_new_string(caller->session.csrf)
                                                          : NULL);
    json_object_object_add(object, "expires_at",
                           caller->session.key_id != NULL
                               ? json_object_new_string(wall_text(caller->session.expires_at, at))
                               : NULL);
    json_object_put(key);
    return object;
}

static void answer_json(struct exchange *exchange, uint32_t status, struct json_object *object)
{
    size_t size = 0;
    const char *text = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);

    exchange_text(exchange, status, "application/json", text != NULL ? strdup(text) : NULL, size);
    json_object_put(object);
}

/* The key in the body, for free() after it was wiped; NULL: there is none. */
static char *login_key(const struct exchange *exchange)
{
    struct json_tokener *tokener = json_tokener_new_ex(4);
    struct json_object *body = NULL, *key = NULL;
    char *found = NULL;

    if (tokener != NULL && exchange->body_size > 0 && exchange->body_size <= LOGIN_BODY_MAX)
        body = json_tokener_parse_ex(tokener, exchange->body, (int)exchange->body_size);
    if (json_object_object_get_ex(body, "key", &key) && json_object_is_type(key, json_type_string))
        found = strdup(json_object_get_string(key));
    json_object_put(body);
    json_tokener_free(tokener);
    return found;
}

static void count_login(struct site *site, const char *outcome)
{
    char labels[60];

    snprintf(labels, sizeof labels, "outcome=\"%s\"", outcome);
    metrics_add(site->metrics, FAMILY_LOGINS, labels, 1);
}

static void add_retry_after(struct exchange *exchange, unsigned seconds)
{
    char text[16];

    snprintf(text, sizeof text, "%u", seconds);
    exchange_add_header(exchange, "Retry-After", text);
}

static bool waits(struct site *site, struct exchange *exchange)
{
    unsigned wait = attempts_take(&site->attempts, exchange->client, monotonic_now());

    if (wait == 0)
        return false;
    count_login(site, "limited");
    exchange_problem(exchange, 429, CUTOVER_E_STATE, "too many logins were tried from this address",
                     "Wait, then try again.");
    add_retry_after(exchange, wait);
    return true;
}

static int64_t session_end_of(const struct site *site, const cutover_key *key)
{
    int64_t end = wall_now() + site->configuration->session_hours * INT64_C(3600000000);
    int64_t key_end = cutover_key_expires_at(key);

    return key_end != 0 && key_end < end ? key_end : end;
}

static void begin_session(struct site *site, struct exchange *exchange, struct caller *caller)
{
    char token[TOKEN_SIZE];
    cutover_error *error = NULL;
    int64_t end = session_end_of(site, caller->key);

    cutover_key_actor(caller->key, &caller->actor);
    snprintf(exchange->actor, sizeof exchange->actor, "%s", caller->actor.id);
    if (session_new(&site->house->store, cutover_key_id(caller->key), end, token, &caller->session, &error) !=
        CUTOVER_OK) {
        log_error("a session cannot be kept", error);
        exchange_problem(exchange, 503, CUTOVER_E_STORE, "the session cannot be kept now", NULL);
        return;
    }
    count_login(site, "done");
    attempts_forgive(&site->attempts, exchange->client);
    answer_json(exchange, 200, session_json(caller));
    set_cookie(site, exchange, token, (end - wall_now()) / 1000000);
    explicit_bzero(token, sizeof token);
}

static bool is_json(const struct exchange *exchange)
{
    const char *type = exchange_header(exchange, "Content-Type");

    return type != NULL && strncasecmp(type, "application/json", 16) == 0;
}

static void login(struct site *site, struct exchange *exchange)
{
    struct caller caller = {.actor = CUTOVER_ACTOR_INIT};
    cutover_error *error = NULL;

    if (!is_json(exchange)) { /* a form of somebody else's page cannot send that */
        exchange_problem(exchange, 415, CUTOVER_E_INVALID, "a login is JSON: {\"key\": \"ck_…\"}", NULL);
        return;
    }
    if (waits(site, exchange))
        return;
    char *secret = login_key(exchange);
    if (secret == NULL) {
        exchange_problem(exchange, 400, CUTOVER_E_INVALID, "key: required", "Send {\"key\": \"ck_…\"}.");
        return;
    }
    cutover_status status = cutover_key_authenticate(site->house->engine, secret, &caller.key, &error);
    explicit_bzero(secret, strlen(secret));
    free(secret);
    explicit_bzero(exchange->body, exchange->body_size);
    if (status == CUTOVER_OK) {
        begin_session(site, exchange, &caller);
    } else if (is_refusal(status)) {
        cutover_error_free(error);
        count_login(site, "refused");
        refuse_key(exchange);
    } else {
        log_error("a key cannot be looked up", error);
        exchange_problem(exchange, 503, status, "who calls cannot be told now", NULL);
    }
    caller_free(&caller);
}

static void logout(struct site *site, struct exchange *exchange)
{
    struct caller caller;
    cutover_error *error = NULL;

    if (!caller_find(site, exchange, &caller) && !lacks_csrf(exchange, &caller)) {
        char *token = exchange_cookie(exchange, SESSION_COOKIE);
        if (token != NULL && session_end(&site->house->store, token, &error) != CUTOVER_OK) {
            log_error("a session cannot be ended", error);
            exchange_problem(exchange, 503, CUTOVER_E_STORE, "the session cannot be ended now", NULL);
        } else {
            exchange_text(exchange, 204, "application/json", strdup(""), 0);
            set_cookie(site, exchange, "", 0);
        }
        free(token);
    }
    caller_free(&caller);
}

static void tell_session(struct site *site, struct exchange *exchange)
{
    struct caller caller;

    if (!caller_find(site, exchange, &caller)) {
        if (caller.key == NULL)
            refuse_nobody(exchange);
        else
            answer_json(exchange, 200, session_json(&caller));
    }
    caller_free(&caller);
}

/* ---- for those who watch ---- */

static cutover_status ignore(const cutover_document *document, void *context)
{
    (void)document;
    (void)context;
    return CUTOVER_OK;
}

static void tell_health(struct site *site, struct exchange *exchange)
{
    const cutover_store *store = &site->house->store;
    struct json_object *object = json_object_new_object();
    cutover_error *error = NULL;
    cutover_status status = store->get("ledger", "healthz", ignore, NULL, &error, store->userdata);
    const char *why = NULL;

    if (status != CUTOVER_OK && status != CUTOVER_E_NOT_FOUND)
        why = "the store cannot be read";
    else if (site->ending)
        why = "this process ends";
    json_object_object_add(object, "status", json_object_new_string(why == NULL ? "ok" : "failing"));
    json_object_object_add(object, "why", why != NULL ? json_object_new_string(why) : NULL);
    json_object_object_add(object, "version", json_object_new_string(cutover_version()));
    answer_json(exchange, why == NULL ? 200 : 503, object);
    if (status != CUTOVER_OK && status != CUTOVER_E_NOT_FOUND)
        log_error("the store cannot be read", error);
    else
        cutover_error_free(error);
}

/* True: they may see what is counted of all projects. */
static bool may_watch(struct site *site, struct exchange *exchange)
{
    struct caller caller;
    bool may = false;

    if (site->configuration->open_metrics)
        return true;
    if (!caller_find(site, exchange, &caller)) {
        may = caller.key != NULL && cutover_key_project_id(caller.key) == NULL &&
              (caller.actor.roles & CUTOVER_ROLE_OPERATOR) != 0;
        if (caller.key == NULL)
            refuse_nobody(exchange);
        else if (!may)
            exchange_problem(exchange, 403, CUTOVER_E_FORBIDDEN, "this is for operators of all projects", NULL);
    }
    caller_free(&caller);
    return may;
}

static void tell_metrics(struct site *site, struct exchange *exchange)
{
    char *text = NULL;
    size_t size = 0;
    cutover_error *error = NULL;

    if (!may_watch(site, exchange))
        return;
    FILE *file = open_memstream(&text, &size);
    cutover_status status =
        file != NULL ? metrics_write(site->metrics, site->house, file, &error) : CUTOVER_E_NOMEM;
    if (file != NULL)
        fclose(file);
    if (status == CUTOVER_OK) {
        exchange_text(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", text, size);
        return;
    }
    free(text);
    log_error("metrics cannot be told", error);
    exchange_problem(exchange, 503, status, "the store cannot be read", NULL);
}

/* ---- routes ---- */

static void tell_page(struct site *site, struct exchange *exchange)
{
    const struct page *page = pages_find(&site->pages, exchange->path);

    exchange->route = "page";
    if (page == NULL)
        exchange_problem(exchange, 404, CUTOVER_E_NOT_FOUND, "there is nothing here", "The API is under /v1.");
    else
        exchange_page(exchange, page);
}

static const struct {
    const char *path, *method;
    void (*answer)(struct site *site, struct exchange *exchange);
} routes[] = {
    {"/healthz", "GET", tell_health}, {"/metrics", "GET", tell_metrics}, {"/login", "POST", login},
    {"/logout", "POST", logout},      {"/session", "GET", tell_session},
};

static bool is_method(const struct exchange *exchange, const char *method)
{
    return strcmp(exchange->method, method) == 0 ||
           (strcmp(method, "GET") == 0 && strcmp(exchange->method, "HEAD") == 0);
}

static void refuse_method(struct exchange *exchange, const char *allowed)
{
    exchange_problem(exchange, 405, CUTOVER_E_INVALID, "this method has no meaning here", NULL);
    exchange_add_header(exchange, "Allow", strcmp(allowed, "GET") == 0 ? "GET, HEAD" : allowed);
}

static void choose(struct site *site, struct exchange *exchange)
{
    if (strncmp(exchange->path, "/v1", 3) == 0 && (exchange->path[3] == '/' || exchange->path[3] == '\0')) {
        answer_api(site, exchange);
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].path, exchange->path) != 0)
            continue;
        exchange->route = routes[i].path;
        if (is_method(exchange, routes[i].method))
            routes[i].answer(site, exchange);
        else
            refuse_method(exchange, routes[i].method);
        return;
    }
    if (is_method(exchange, "GET"))
        tell_page(site, exchange);
    else
        refuse_method(exchange, "GET");
}

static void add_missing(struct exchange *exchange, const char *name, const char *value)
{
    for (size_t i = 0; i < exchange->answer_header_count; i++)
        if (strcasecmp(exchange->answer_headers[i].name, name) == 0)
            return;
    exchange_add_header(exchange, name, value);
}

/* What every answer has. */
static void add_common(const struct site *site, struct exchange *exchange)
{
    bool page = exchange->route != NULL && strcmp(exchange->route, "page") == 0;

    exchange_add_header(exchange, "X-Request-Id", exchange->id);
    add_missing(exchange, "X-Content-Type-Options", "nosniff");
    add_missing(exchange, "Referrer-Policy", "no-referrer");
    add_missing(exchange, "Content-Security-Policy", page ? DASHBOARD_CSP : NOTHING_CSP);
    if (is_secure(site->configuration))
        exchange_add_header(exchange, "Strict-Transport-Security", "max-age=31536000");
    add_missing(exchange, "Cache-Control", "no-store");
    if (exchange->status == 401)
        add_missing(exchange, "WWW-Authenticate", "Bearer realm=\"cutoverd\"");
}

/* By the last part of its path: one that is encoded may be any of them. */
bool route_is_slow(const struct exchange *exchange)
{
    static const char *const slow[] = {
        "/preflight", "/displaced-databases", "/expire", "/rollback", "/recover", "/abandon", "/retry",
        "/server",    "/confirm-server"};
    const char *last = strrchr(exchange->path, '/');

    if (exchange->status != 0 || last == NULL)
        return false;
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
        if (strcmp(last, slow[i]) == 0)
            return true;
    return strchr(last, '%') != NULL || strstr(exchange->path, "/displaced-databases/") != NULL;
}

bool route_is_health(const struct exchange *exchange)
{
    return strcmp(exchange->path, "/healthz") == 0;
}

void route_refuse_for_now(const struct site *site, struct exchange *exchange, uint32_t status,
                          const char *message, unsigned seconds)
{
    exchange_problem(exchange, status, CUTOVER_E_STATE, message, "Wait, then try again.");
    add_retry_after(exchange, seconds);
    add_common(site, exchange);
}

void route(struct site *site, struct exchange *exchange)
{
    if (exchange->status == 0 && exchange->headers_overflow)
        exchange_problem(exchange, 431, CUTOVER_E_INVALID, "there are too many headers", NULL);
    if (exchange->status == 0)
        choose(site, exchange);
    add_common(site, exchange);
}
