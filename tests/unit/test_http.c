/* The HTTP client, and what it goes by: which addresses are public, what a URL may be, when to come again. */
#include "base/clock.h"
#include "net/address.h"
#include "net/http.h"
#include "net/retry_after.h"
#include "support/check.h"
#include "support/receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

struct world {
    struct receiver *receiver;
    struct http_client *client;
};

static int setup(void **state)
{
    static const struct http_options options = {.allow_private = true, .allow_plain = true};
    struct world *world = calloc(1, sizeof *world);
    cutover_error *error = NULL;

    world->receiver = receiver_open();
    check_ok(http_client_new(&options, &world->client, &error), error);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    http_client_free(world->client);
    receiver_close(world->receiver);
    free(world);
    return 0;
}

static struct http_request request_to(struct world *world, const char *path)
{
    return (struct http_request){.method = "POST",
                                 .url = receiver_url(world->receiver, path),
                                 .body = "{}",
                                 .body_size = 2,
                                 .deadline_ms = 20000};
}

static int status_of(struct world *world, const struct http_request *request)
{
    struct http_response response = {0};
    cutover_error *error = NULL;

    check_ok(http_send(world->client, request, &response, &error), error);
    int status = response.status;
    http_response_free(&response);
    return status;
}

/* ---- addresses ---- */

static void addresses_that_may_be_a_neighbours_are_not_public(void **state)
{
    static const char *const inside[] = {"0.0.0.0",
                                         "0.1.2.3",
                                         "10.0.0.1",
                                         "10.255.255.255",
                                         "100.64.0.1",
                                         "100.127.255.255",
                                         "127.0.0.1",
                                         "127.9.9.9",
                                         "169.254.169.254",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.0.0.8",
                                         "192.0.2.1",
                                         "192.88.99.1",
                                         "192.168.0.1",
                                         "198.18.0.1",
                                         "198.19.255.255",
                                         "198.51.100.1",
                                         "203.0.113.1",
                                         "224.0.0.1",
                                         "239.1.1.1",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "::7f00:1",
                                         "::ffff:127.0.0.1",
                                         "::ffff:10.1.1.1",
                                         "::ffff:0:127.0.0.1",
                                         "64:ff9b::a00:1",
                                         "64:ff9b:1::1",
                                         "100::1",
                                         "2001::1",
                                         "2001:10::1",
                                         "2001:20::1",
                                         "2001:db8::1",
                                         "2002:7f00:1::",
                                         "2002:a00:1::1",
                                         "3fff::1",
                                         "5f00::1",
                                         "fc00::1",
                                         "fd12:3456::1",
                                         "fe80::1",
                                         "fe80::1%eth0",
                                         "fec0::1",
                                         "ff02::1",
                                         "ff0e::1"};
    static const char *const outside[] = {"1.1.1.1",
                                          "9.255.255.255",
                                          "11.0.0.0",
                                          "100.63.255.255",
                                          "100.128.0.0",
                                          "126.255.255.255",
                                          "128.0.0.1",
                                          "169.253.255.255",
                                          "172.15.255.255",
                                          "172.32.0.0",
                                          "192.0.1.1",
                                          "192.167.255.255",
                                          "198.17.255.255",
                                          "198.20.0.0",
                                          "223.255.255.255",
                                          "2001:200::1",
                                          "2001:4860:4860::8888",
                                          "2606:4700::1111",
                                          "2a00::1",
                                          "::ffff:1.1.1.1",
                                          "64:ff9b::101:101",
                                          "2002:101:101::1"};
    bool is_address = false;

    (void)state;
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        if (address_text_is_public(inside[i], &is_address))
            fail_msg("%s is public", inside[i]);
        assert_true(is_address);
    }
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        if (!address_text_is_public(outside[i], &is_address))
            fail_msg("%s is not public", outside[i]);
        assert_true(is_address);
    }
    assert_true(address_text_is_public("example.com", &is_address));
    assert_false(is_address);
}

static void an_address_of_another_family_or_cut_short_is_not_public(void **state)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr = {htonl(0x01010101)}};
    struct sockaddr_storage other = {.ss_family = AF_UNIX};

    (void)state;
    assert_true(address_is_public((struct sockaddr *)&four, sizeof four));
    assert_false(address_is_public((struct sockaddr *)&four, sizeof four - 1));
    assert_false(address_is_public((struct sockaddr *)&other, sizeof other));
}

/* ---- Retry-After ---- */

static void retry_after_is_seconds_or_a_date_and_is_bounded(void **state)
{
    const int64_t now = INT64_C(784111777) * SECOND; /* Sun, 06 Nov 1994 08:49:37 GMT */
    int64_t wait = -1;

    (void)state;
    assert_true(retry_after_parse("120", now, &wait));
    assert_int_equal(wait, 120 * SECOND);
    assert_true(retry_after_parse("0", now, &wait));
    assert_int_equal(wait, 0);
    assert_true(retry_after_parse("99999999999999999999999999", now, &wait));
    assert_int_equal(wait, RETRY_AFTER_MAX_US);
    assert_true(retry_after_parse("Sun, 06 Nov 1994 08:50:07 GMT", now, &wait));
    assert_int_equal(wait, 30 * SECOND);
    assert_true(retry_after_parse("Sun, 06 Nov 1994 08:00:00 GMT", now, &wait));
    assert_int_equal(wait, 0);
    assert_true(retry_after_parse("Fri, 31 Dec 9999 23:59:59 GMT", now, &wait));
    assert_int_equal(wait, RETRY_AFTER_MAX_US);
}

static void what_is_no_retry_after_says_nothing(void **state)
{
    static const char *const values[] = {"",
                                         "-1",
                                         "1.5",
                                         "soon",
                                         "12 ",
                                         " 12",
                                         "0x10",
                                         "Sun, 06 Nov 1994 08:49:37",
                                         "Sun, 06 Foo 1994 08:49:37 GMT",
                                         "Sun, 06 anF 1994 08:49:37 GMT",
                                         "Sun, 99 Nov 1994 08:49:37 GMT",
                                         "Sun, 06 Nov 1994 08-49-37 GMT",
                                         "Sunday, 06-Nov-94 08:49:37 GMT",
                                         "Sun; 06 Nov 1994 08:49:37 GMT",
                                         "Sun, 06 Nov 1994 08:49:37 CET",
                                         "Sun, 06-Nov 1994 08:49:37 GMT",
                                         "Sun, 06 Nov-1994 08:49:37 GMT",
                                         "Sun, 06 Nov 1994T08:49:37 GMT",
                                         "Sun, 06 Nov 1994 08:49.37 GMT",
                                         "Sun, x6 Nov 1994 08:49:37 GMT",
                                         "Sun, 06 Nov 19x4 08:49:37 GMT",
                                         "Sun, 06 Nov 1994 x8:49:37 GMT",
                                         "Sun, 06 Nov 1994 08:4/:37 GMT",
                                         "Sun, 06 Nov 1994 08:49:3: GMT",
                                         "Sun, 00 Nov 1994 08:49:37 GMT",
                                         "Sun, 06 Nov 1969 08:49:37 GMT",
                                         "Sun, 06 Nov 1994 08:60:37 GMT",
                                         "Sun, 06 Nov 1994 08:49:61 GMT",
                                         "Sun, 06 Nov 1994 25:49:37 GMT"};
    int64_t wait = 4711;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (retry_after_parse(values[i], 1, &wait))
            fail_msg("\"%s\" was taken", values[i]);
    assert_false(retry_after_parse(NULL, 1, &wait));
    assert_int_equal(wait, 4711);
}

/* ---- URLs ---- */

static void a_url_is_https_without_a_user_or_fragment_and_at_no_private_address(void **state)
{
    static const struct {
        const char *url, *message;
    } refused[] = {
        {"", "url: required"},
        {"example.com/hook", "url: is no URL"},
        {"http://example.com/hook", "url: must begin with https://"},
        {"ftp://example.com/", "url: must begin with https://"},
        {"file:///etc/passwd", "url: must begin with https://"},
        {"https://", "url: is no URL"},
        {"https://user@example.com/", "url: has a user or a password"},
        {"https://user:word@example.com/", "url: has a user or a password"},
        {"https://:word@example.com/", "url: has a user or a password"},
        {"https://example.com/\x7f", "url: is no URL"},
        {"https://example.com/#part", "url: has a fragment"},
        {"https://exa mple.com/", "url: is no URL"},
        {"https://example.com/\r\nX: y", "url: is no URL"},
        {"https://ex\xc3\xa4mple.com/", "url: is no URL"},
        {"https://example.com:99999/", "url: is no URL"},
        {"https://127.0.0.1/", "url: its address is not public"},
        {"https://127.1/", "url: its address is not public"},
        {"https://0x7f000001/", "url: its address is not public"},
        {"https://2130706433/", "url: its address is not public"},
        {"https://[::1]/", "url: its address is not public"},
        {"https://[fe80::1%25eth0]/", "url: its address is not public"},
        {"https://[::ffff:10.0.0.1]/", "url: its address is not public"},
    };
    char long_url[HTTP_URL_MAX + 20] = "https://example.com/";
    cutover_error *error = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        cutover_status status = http_url_check("url", refused[i].url, false, false, &error);
        if (status != CUTOVER_E_INVALID)
            fail_msg("%s was taken", refused[i].url);
        assert_string_equal(cutover_error_message(error), refused[i].message);
        cutover_error_free(error);
        error = NULL;
    }
    check_ok(http_url_check("url", "https://example.com:8443/hook?a=b", false, false, &error), error);
    check_ok(http_url_check("url", "https://[2606:4700::1111]/", false, false, &error), error);
    check_ok(http_url_check("url", "http://127.0.0.1:80/", true, true, &error), error);
    memset(long_url + 20, 'x', HTTP_URL_MAX - 20);
    check_ok(http_url_check("url", long_url, false, false, &error), error);
    long_url[HTTP_URL_MAX] = 'x';
    check_status(http_url_check("url", long_url, false, false, &error), CUTOVER_E_INVALID, error);
}

static void the_host_of_a_url_is_without_its_path(void **state)
{
    cutover_error *error = NULL;
    char *host = NULL;

    (void)state;
    check_ok(http_url_host("https://hooks.example.com/T0/secret?x=y", &host, &error), error);
    assert_string_equal(host, "hooks.example.com");
    free(host);
    check_ok(http_url_host("https://[2606:4700::1111]:8443/", &host, &error), error);
    assert_string_equal(host, "[2606:4700::1111]:8443");
    free(host);
}

/* ---- requests ---- */

static void an_answer_has_status_headers_body_and_latency(void **state)
{
    struct world *world = *state;
    static const char *const headers[] = {"X-One: 1", "Content-Type: application/json"};
    struct http_request request = request_to(world, "/ok");
    struct http_response response = {0};
    cutover_error *error = NULL;
    char value[200];

    request.headers = headers;
    request.header_count = 2;
    check_ok(http_send(world->client, &request, &response, &error), error);
    assert_int_equal(response.status, 200);
    assert_string_equal(response.body, "ok");
    assert_int_equal(response.body_size, 2);
    assert_false(response.truncated);
    assert_string_equal(http_header(&response, "x-kept"), "yes");
    assert_null(http_header(&response, "x-kep"));
    assert_true(response.latency_us > 0);
    http_response_free(&response);

    const struct received *received = receiver_at(world->receiver, "/ok", 0);
    assert_string_equal(received->body, "{}");
    assert_true(received_header(received, "x-one", value, sizeof value));
    assert_string_equal(value, "1");
    assert_true(received_header(received, "user-agent", value, sizeof value));
    check_contains(value, "libcutover/");
    assert_false(received_header(received, "expect", value, sizeof value));
}

static void a_body_is_sent_where_there_is_one_and_none_is_waited_for_after_head(void **state)
{
    struct world *world = *state;
    static const char *const methods[] = {"GET", "HEAD", "DELETE", "PUT"};
    cutover_error *error = NULL;

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct http_request request = request_to(world, "/ok/bodies");
        struct http_response response = {0};

        request.method = methods[i];
        request.body = i == 3 ? "" : NULL;
        request.body_size = 0;
        check_ok(http_send(world->client, &request, &response, &error), error);
        assert_int_equal(response.status, 200);
        assert_int_equal(response.body_size, i == 1 ? 0 : 2);
        http_response_free(&response);
        const struct received *received = receiver_at(world->receiver, "/ok/bodies", i);
        assert_int_equal(strncmp(received->head, methods[i], strlen(methods[i])), 0);
        assert_string_equal(received->body, "");
    }
}

static void a_header_without_a_colon_is_refused_and_nothing_is_sent(void **state)
{
    static const char *const headers[] = {"X-One", ""};
    struct world *world = *state;
    struct http_response response = {0};
    cutover_error *error = NULL;

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct http_request request = request_to(world, "/ok");
        request.headers = &headers[i];
        request.header_count = 1;
        check_status(http_send(world->client, &request, &response, &error), CUTOVER_E_INVALID, error);
    }
    assert_int_equal(receiver_count(world->receiver, "/ok"), 0);
}

static void a_client_takes_its_authorities_and_its_name_from_its_options(void **state)
{
    struct world *world = *state;
    struct http_options options = {
        .allow_private = true, .allow_plain = true, .ca_file = "/nonexistent/ca.pem"};
    struct http_request request = request_to(world, "/ok/name");
    struct http_exchange *left = NULL;
    struct http_client *client = NULL;
    cutover_error *error = NULL;
    char value[200];

    check_status(http_client_new(&options, &client, &error), CUTOVER_E_IO, error);
    assert_null(client);
    options.ca_file = "/dev/null";
    options.user_agent = "ours/1";
    options.connect_ms = 5000;
    options.connections = 1;
    check_ok(http_client_new(&options, &client, &error), error);
    struct http_response response = {0};
    check_ok(http_send(client, &request, &response, &error), error);
    http_response_free(&response);
    assert_true(
        received_header(receiver_at(world->receiver, "/ok/name", 0), "user-agent", value, sizeof value));
    assert_string_equal(value, "ours/1");
    /* One that is under way is given up with its client. */
    request = request_to(world, "/hang");
    check_ok(http_start(client, &request, &left, &error), error);
    check_ok(http_poll(client, 1, &error), error);
    http_client_free(client);
    http_client_free(NULL);
}

/* P10: a SIGPIPE that the host has waiting is the host's. */
static void a_signal_that_waits_is_left_waiting(void **state)
{
    struct world *world = *state;
    struct http_request request = request_to(world, "/ok");
    const struct timespec now = {0, 0};
    sigset_t pipe, before, pending;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &pipe, &before), 0);
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(status_of(world, &request), 200);
    assert_int_equal(sigpending(&pending), 0);
    assert_int_equal(sigismember(&pending, SIGPIPE), 1);
    assert_int_equal(sigtimedwait(&pipe, NULL, &now), SIGPIPE);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

static void connections_are_used_again(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 5; i++) {
        struct http_request request = request_to(world, "/ok");
        assert_int_equal(status_of(world, &request), 200);
    }
    assert_int_equal(receiver_count(world->receiver, "/ok"), 5);
    assert_int_equal(receiver_connections(world->receiver), 1);
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    struct world *world = *state;
    struct http_request request = request_to(world, "/moved");

    assert_int_equal(status_of(world, &request), 302);
    assert_int_equal(receiver_count(world->receiver, "/ok/elsewhere"), 0);
}

static void a_body_without_an_end_is_cut_at_the_limit(void **state)
{
    struct world *world = *state;
    struct http_request request = request_to(world, "/huge");
    struct http_response response = {0};
    cutover_error *error = NULL;

    request.body_limit = 1000;
    check_ok(http_send(world->client, &request, &response, &error), error);
    assert_int_equal(response.status, 200);
    assert_int_equal(response.body_size, 1000);
    assert_true(response.truncated);
    http_response_free(&response);
}

static void a_request_ends_at_its_deadline_and_its_error_names_no_url(void **state)
{
    struct world *world = *state;
    struct http_request request = request_to(world, "/hang/secret");
    struct http_response response = {0};
    cutover_error *error = NULL;

    request.deadline_ms = 200;
    check_status_keep(http_send(world->client, &request, &response, &error), CUTOVER_E_IO, error);
    assert_null(strstr(cutover_error_message(error), "secret"));
    assert_null(strstr(cutover_error_message(error), "127.0.0.1"));
    cutover_error_free(error);
    error = NULL;
    request = request_to(world, "/drop");
    check_status(http_send(world->client, &request, &response, &error), CUTOVER_E_IO, error);
}

static void *cancel_soon(void *argument)
{
    usleep(50000);
    cancel_ask(argument);
    return NULL;
}

static void a_request_can_be_cancelled(void **state)
{
    struct world *world = *state;
    struct http_request request = request_to(world, "/hang");
    struct http_response response = {0};
    struct cancel cancel;
    cutover_error *error = NULL;
    pthread_t thread;

    cancel_init(&cancel, NULL);
    request.cancel = &cancel;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
    check_status(http_send(world->client, &request, &response, &error), CUTOVER_E_CANCELLED, error);
    pthread_join(thread, NULL);
}

static void one_that_hangs_holds_up_no_other(void **state)
{
    struct world *world = *state;
    struct http_request hanging = request_to(world, "/hang"), quick = request_to(world, "/ok");
    struct http_exchange *exchange = NULL;
    struct http_response response = {0};
    cutover_error *error = NULL;

    check_ok(http_start(world->client, &hanging, &exchange, &error), error);
    for (int i = 0; i < 3; i++)
        assert_int_equal(status_of(world, &quick), 200);
    assert_false(http_is_over(exchange));
    check_status(http_end(exchange, &response, &error), CUTOVER_E_CANCELLED, error);
}

static void a_private_address_is_refused_at_the_connect_whatever_its_name(void **state)
{
    struct world *world = *state;
    static const struct http_options options = {.allow_plain = true};
    struct http_client *client = NULL;
    struct http_request request = request_to(world, "/ok");
    struct http_response response = {0};
    cutover_error *error = NULL;
    char url[200];
    const char *port = strrchr(request.url, ':');

    snprintf(url, sizeof url, "http://localhost%s", port);
    request.url = url;
    assert_int_equal(status_of(world, &request), 200);
    check_ok(http_client_new(&options, &client, &error), error);
    check_status_keep(http_send(client, &request, &response, &error), CUTOVER_E_FORBIDDEN, error);
    assert_string_equal(cutover_error_message(error), "the host's address is not public");
    cutover_error_free(error);
    error = NULL;
    request.url = receiver_url(world->receiver, "/ok");
    check_status(http_send(client, &request, &response, &error), CUTOVER_E_INVALID, error);
    http_client_free(client);
    assert_int_equal(receiver_connections(world->receiver), 1);
}

static void plain_http_is_refused_unless_allowed(void **state)
{
    struct world *world = *state;
    static const struct http_options options = {.allow_private = true};
    struct http_client *client = NULL;
    struct http_request request = request_to(world, "/ok");
    struct http_response response = {0};
    cutover_error *error = NULL;

    check_ok(http_client_new(&options, &client, &error), error);
    check_status(http_send(client, &request, &response, &error), CUTOVER_E_INVALID, error);
    http_client_free(client);
    assert_int_equal(receiver_connections(world->receiver), 0);
}

static void a_proxy_of_the_environment_is_not_taken(void **state)
{
    struct world *world = *state;
    struct receiver *proxy = receiver_open();
    struct http_request request = request_to(world, "/ok");

    setenv("http_proxy", receiver_url(proxy, ""), 1);
    setenv("all_proxy", receiver_url(proxy, ""), 1);
    assert_int_equal(status_of(world, &request), 200);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    assert_int_equal(receiver_connections(proxy), 0);
    receiver_close(proxy);
}

static void a_header_with_a_line_break_is_refused(void **state)
{
    struct world *world = *state;
    static const char *const headers[] = {"X-One: 1\r\nX-Two: 2"};
    struct http_request request = request_to(world, "/ok");
    struct http_response response = {0};
    cutover_error *error = NULL;

    request.headers = headers;
    request.header_count = 1;
    check_status(http_send(world->client, &request, &response, &error), CUTOVER_E_INVALID, error);
    assert_int_equal(receiver_connections(world->receiver), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_may_be_a_neighbours_are_not_public),
        cmocka_unit_test(an_address_of_another_family_or_cut_short_is_not_public),
        cmocka_unit_test(retry_after_is_seconds_or_a_date_and_is_bounded),
        cmocka_unit_test(what_is_no_retry_after_says_nothing),
        cmocka_unit_test(a_url_is_https_without_a_user_or_fragment_and_at_no_private_address),
        cmocka_unit_test(the_host_of_a_url_is_without_its_path),
        cmocka_unit_test_setup_teardown(an_answer_has_status_headers_body_and_latency, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_is_sent_where_there_is_one_and_none_is_waited_for_after_head,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_header_without_a_colon_is_refused_and_nothing_is_sent, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_client_takes_its_authorities_and_its_name_from_its_options, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_signal_that_waits_is_left_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(connections_are_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_redirect_is_an_answer_and_is_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_without_an_end_is_cut_at_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_ends_at_its_deadline_and_its_error_names_no_url, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_request_can_be_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_hangs_holds_up_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(a_private_address_is_refused_at_the_connect_whatever_its_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(plain_http_is_refused_unless_allowed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proxy_of_the_environment_is_not_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_header_with_a_line_break_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
