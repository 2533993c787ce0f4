#include "support/providers.h"

#include "net/http.h"
#include "support/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int port;
static int standing = -1; /* its standard input: it ends when this closes */
static char vercel_url[64], netlify_url[64];

static void run_server(int input, int output)
{
    const char *exchanges = getenv("CUTOVER_PROVIDERS_TOLD");

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(input, 0);
    dup2(output, 1);
    execlp("python3", "python3", PROVIDERS_SERVER, exchanges, (char *)NULL);
    _exit(127);
}

void providers_start(void)
{
    int input[2], output[2];
    char line[32] = "";

    if (port != 0)
        return;
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        run_server(input[0], output[1]);
    close(input[0]);
    close(output[1]);
    standing = input[1];
    for (size_t length = 0; strchr(line, '\n') == NULL && length < sizeof line - 1;) {
        ssize_t count = read(output[0], line + length, sizeof line - 1 - length);
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    close(output[0]);
    if ((port = atoi(line)) == 0)
        fail_msg("%s did not start: is there python3?", PROVIDERS_SERVER);
    snprintf(vercel_url, sizeof vercel_url, "http://127.0.0.1:%d/vercel", port);
    snprintf(netlify_url, sizeof netlify_url, "http://127.0.0.1:%d/netlify", port);
}

const char *providers_vercel_url(void)
{
    return vercel_url;
}

const char *providers_netlify_url(void)
{
    return netlify_url;
}

static char *ask(const char *method, const char *path, const char *body)
{
    const struct http_options options = {.allow_private = true, .allow_plain = true};
    char url[100];
    struct http_request request = {.method = method, .url = url};
    struct http_response response;
    struct http_client *client = NULL;
    cutover_error *error = NULL;

    snprintf(url, sizeof url, "http://127.0.0.1:%d/_/%s", port, path);
    if (body != NULL) {
        request.body = body;
        request.body_size = strlen(body);
    }
    check_ok(http_client_new(&options, &client, &error), error);
    check_ok(http_send(client, &request, &response, &error), error);
    assert_int_equal(response.status, 200);
    char *said = strdup(response.body);
    http_response_free(&response);
    http_client_free(client);
    return said;
}

void providers_reset(void)
{
    free(ask("POST", "reset", "{}"));
}

void providers_script(const char *json)
{
    free(ask("POST", "script", json));
}

void providers_behave(void)
{
    providers_script("[]");
}

struct json_object *providers_seen(void)
{
    char *said = ask("GET", "seen", NULL);
    struct json_object *seen = json_tokener_parse(said);

    assert_non_null(seen);
    free(said);
    return seen;
}

unsigned providers_count(const char *method, const char *path)
{
    struct json_object *seen = providers_seen(), *requests = json_object_object_get(seen, "requests");
    unsigned count = 0;

    for (size_t i = 0; i < json_object_array_length(requests); i++) {
        struct json_object *request = json_object_array_get_idx(requests, i);
        count += strcmp(json_object_get_string(json_object_object_get(request, "method")), method) == 0 &&
                 strstr(json_object_get_string(json_object_object_get(request, "path")), path) != NULL;
    }
    json_object_put(seen);
    return count;
}

void providers_wait_for(const char *method, const char *path, unsigned count)
{
    for (int i = 0; providers_count(method, path) < count; i++) {
        const struct timespec pause = {0, 10 * 1000 * 1000};
        if (i > 3000)
            fail_msg("no %u %s of %s came", count, method, path);
        nanosleep(&pause, NULL);
    }
}

static const char *text(struct json_object *object, const char *name)
{
    struct json_object *value = json_object_object_get(object, name);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* One has a value for each context, the other a list of targets for its one value. */
static const char *value_at(struct json_object *variable, const char *target)
{
    struct json_object *targets = json_object_object_get(variable, "target"),
                       *values = json_object_object_get(variable, "values");

    for (size_t i = 0; targets != NULL && i < json_object_array_length(targets); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(targets, i)), target) == 0)
            return text(variable, "value");
    for (size_t i = 0; values != NULL && i < json_object_array_length(values); i++) {
        struct json_object *value = json_object_array_get_idx(values, i);
        if (strcmp(text(value, "context"), target) == 0)
            return text(value, "value");
    }
    return NULL;
}

char *providers_value(const char *name, const char *target)
{
    struct json_object *seen = providers_seen(), *variables = json_object_object_get(seen, "variables");
    const char *found = NULL;

    for (size_t i = 0; found == NULL && i < json_object_array_length(variables); i++) {
        struct json_object *variable = json_object_array_get_idx(variables, i);
        if (strcmp(text(variable, "key"), name) == 0)
            found = value_at(variable, target);
    }
    char *copy = found != NULL ? strdup(found) : NULL;
    json_object_put(seen);
    return copy;
}

void providers_check(void)
{
    struct json_object *seen = providers_seen(), *violations = json_object_object_get(seen, "violations");

    if (json_object_array_length(violations) > 0)
        fail_msg("%s", json_object_to_json_string(violations));
    json_object_put(seen);
}
