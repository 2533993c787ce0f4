#include "base/json.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/utf8.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_LIMIT 64

/* An object that a member could not be added to carries this, so that json_format() fails instead of leaving the
   member out. */
static char incomplete_mark;

static struct json_object *refuse(cutover_error **error, const char *why, size_t at)
{
    error_set(error, CUTOVER_E_INVALID, "not valid JSON: %s at byte %zu", why, at);
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_ascii(char c)
{
    return ((unsigned char)c & 0x80) == 0;
}

/* Whether an integer fits into int64_t, or uint64_t as json-c has it. */
static bool integer_fits(const char *digits, size_t count, bool negative)
{
    const uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : UINT64_MAX;
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t digit = (uint64_t)(digits[i] - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    return true;
}

static size_t digits_end(const char *text, size_t length, size_t at)
{
    while (at < length && is_digit(text[at]))
        at++;
    return at;
}

/* What is wrong with the number that begins at text[*at], or NULL (RFC 8259, section 6); moves *at to its end. */
static const char *check_number(const char *text, size_t length, size_t *at)
{
    bool negative = text[*at] == '-';
    size_t digits = *at + negative, end = digits_end(text, length, digits);

    *at = end;
    if (end == digits)
        return "a number without digits";
    if (text[digits] == '0' && end > digits + 1)
        return "a number that begins with 0";
    if (end == length || strchr(".eE", text[end]) == NULL)
        return integer_fits(text + digits, end - digits, negative) ? NULL : "an integer of more than 64 bits";
    if (text[end] == '.') {
        *at = digits_end(text, length, end + 1);
        if (*at == end + 1)
            return "a number without digits behind its point";
        end = *at;
    }
    if (end < length && (text[end] == 'e' || text[end] == 'E')) {
        end += end + 1 < length && strchr("+-", text[end + 1]) != NULL ? 2 : 1;
        *at = digits_end(text, length, end);
        if (*at == end)
            return "a number without digits in its exponent";
    }
    return NULL;
}

/* What is wrong with the string that begins at text[*at], or NULL; moves *at to its end. Escapes are json-c's business. */
static const char *check_string(const char *text, size_t length, size_t *at)
{
    for (++*at; *at < length; ++*at) {
        unsigned char c = (unsigned char)text[*at];
        if (c == '"') {
            ++*at;
            return NULL;
        }
        if (c < ' ')
            return "a control character in a string";
        if (c == '\\' && ++*at < length && !is_ascii(text[*at]))
            return "an escape of what has none";
    }
    return NULL;
}

/* What json-c, strict as it is, takes in all releases or in some: NaN and Infinity, which no other reader knows, numbers that are
   none in JSON ("1."), names in single quotes, control characters; and it changes integers that do not fit to the nearest that does. */
static const char *check_tokens(const char *text, size_t length, size_t *at)
{
    const char *wrong = NULL;

    for (*at = 0; *at < length && wrong == NULL;) {
        char c = text[*at];
        if (c == '"')
            wrong = check_string(text, length, at);
        else if (c == '-' || is_digit(c))
            wrong = check_number(text, length, at);
        else if (c == 'N' || c == 'I')
            wrong = "NaN or Infinity";
        else if (c == '\'')
            wrong = "a single quote";
        else if (!is_ascii(c))
            wrong = "a character outside of a string";
        else
            ++*at;
    }
    return wrong;
}

/* ---- ASCII: json-c 0.18 refuses, when it is strict, every other character in a string (its bytes are negative where char is
   signed), and what one release wrote another reads; in a string, and nowhere else they are, \u says the same ---- */

/* Room for one character as escaped: \uXXXX, or two of them, with a NUL. */
#define ESCAPE_SIZE 13

/* The next character: itself, as \uXXXX, or beyond the first 65536 as a pair of surrogates. Its length. */
static size_t escape_character(const char *text, size_t *at, char escape[ESCAPE_SIZE])
{
    uint32_t character = 0;

    *at += utf8_next(text + *at, UTF8_SIZE_MAX, &character);
    if (character < 0x80) {
        escape[0] = (char)character;
        return 1;
    }
    if (character < 0x10000)
        return (size_t)snprintf(escape, ESCAPE_SIZE, "\\u%04x", (unsigned)character);
    character -= 0x10000;
    return (size_t)snprintf(escape, ESCAPE_SIZE, "\\u%04x\\u%04x", 0xD800U + (unsigned)(character >> 10),
                            0xDC00U + (unsigned)(character & 0x3FF));
}

static size_t ascii_end(const char *json, size_t length, size_t at)
{
    while (at < length && is_ascii(json[at]))
        at++;
    return at;
}

/* Makes ASCII of JSON that is valid UTF-8. */
static void escape_text(struct text *escaped, const char *json, size_t length)
{
    char escape[ESCAPE_SIZE];

    text_reserve(escaped, length);
    for (size_t at = 0; at < length;) {
        size_t end = ascii_end(json, length, at);
        text_add_bytes(escaped, json + at, end - at);
        if (end < length)
            text_add_bytes(escaped, escape, escape_character(json, &end, escape));
        at = end;
    }
}

/* Where in `json` that is which is at `reached` in what escape_text() made of it. */
static size_t before_escape(const char *json, size_t reached)
{
    char escape[ESCAPE_SIZE];
    size_t at = 0;

    for (size_t count = 0; count < reached;)
        count += escape_character(json, &at, escape);
    return at;
}

/* ---- reading ---- */

/* `ascii` says the same as `json`, which was given. */
static struct json_object *parse_ascii(const char *json, const char *ascii, size_t length,
                                       cutover_error **error)
{
    if (length > INT_MAX)
        return refuse(error, "too long", before_escape(json, INT_MAX));
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_LIMIT);
    if (tokener == NULL) {
        error_nomem(error);
        return NULL;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    errno = 0;
    struct json_object *value = json_tokener_parse_ex(tokener, ascii, (int)length);
    enum json_tokener_error result = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    /* json-c 0.16 has no error for it: it may even answer a value that lacks a member. Later ones have one, whose number is not
       the same in all of them; the other one up there, for too long a text, cannot be. */
    bool starved = errno == ENOMEM || result > json_tokener_error_parse_utf8_string;
    json_tokener_free(tokener);

    if (starved) {
        json_object_put(value);
        error_nomem(error);
        return NULL;
    }
    if (result == json_tokener_success && end == length &&
        (json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array)))
        return value;
    json_object_put(value);
    const char *why = result == json_tokener_continue  ? "it ends too early"
                      : result != json_tokener_success ? json_tokener_error_desc(result)
                      : end == length                  ? "neither an object nor an array"
                                                       : "more after the end";
    return refuse(error, why, before_escape(json, end));
}

struct json_object *json_parse(const char *text, size_t length, cutover_error **error)
{
    size_t characters = 0, at = 0;

    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL && text[length - 1] != '\0')
        length--;
    if (text == NULL || length == 0)
        return refuse(error, "there is nothing", 0);
    if (!utf8_count(text, length, &characters))
        return refuse(error, "a byte that is not UTF-8, or a NUL", 0);
    const char *wrong = check_tokens(text, length, &at);
    if (wrong != NULL)
        return refuse(error, wrong, at);
    if (ascii_end(text, length, 0) == length)
        return parse_ascii(text, text, length, error);

    struct text escaped = TEXT_INIT;
    struct json_object *value = NULL;
    escape_text(&escaped, text, length);
    if (text_failed(&escaped))
        error_nomem(error);
    else
        value = parse_ascii(text, escaped.bytes, escaped.length, error);
    text_free(&escaped);
    return value;
}

const char *json_text(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return NULL;
    const char *text = json_object_get_string(value);
    return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

struct json_object *json_member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, name, &value))
        return NULL;
    return value;
}

const char *json_text_or(struct json_object *object, const char *name, const char *otherwise)
{
    const char *text = json_text(json_member(object, name));
    return text != NULL ? text : otherwise;
}

int64_t json_int_or(struct json_object *object, const char *name, int64_t otherwise)
{
    struct json_object *value = json_member(object, name);
    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : otherwise;
}

bool json_bool_or(struct json_object *object, const char *name, bool otherwise)
{
    struct json_object *value = json_member(object, name);
    return json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value) != 0 : otherwise;
}

/* Setting user data calls this once more, for what was set before. */
static _Thread_local bool forgetting;

static void mark_forget(struct json_object *value, void *mark)
{
    (void)mark;
    if (forgetting)
        return;
    forgetting = true;
    json_object_set_userdata(value, NULL, NULL);
    forgetting = false;
}

/* The mark goes before its container is freed: json_object_put() of 0.19 goes on with what is still there as if it were the parent of
   the container (mended after it, by json-c's 0c3a5a1), whose memory there would not be. */
static void mark_incomplete(struct json_object *value)
{
    json_object_set_userdata(value, &incomplete_mark, mark_forget);
}

/* Takes the value; `made` is false when memory for it ran out. */
static void put_value(struct json_object *object, const char *name, struct json_object *value, bool made)
{
    if (object == NULL) {
        json_object_put(value);
        return;
    }
    if (made && json_object_object_add(object, name, value) == 0)
        return;
    json_object_put(value);
    mark_incomplete(object);
}

void json_put_text(struct json_object *object, const char *name, const char *text)
{
    struct json_object *value = text != NULL ? json_object_new_string(text) : NULL;
    put_value(object, name, value, text == NULL || value != NULL);
}

void json_put_int(struct json_object *object, const char *name, int64_t value)
{
    struct json_object *number = json_object_new_int64(value);
    put_value(object, name, number, number != NULL);
}

void json_put_bool(struct json_object *object, const char *name, bool value)
{
    struct json_object *boolean = json_object_new_boolean(value);
    put_value(object, name, boolean, boolean != NULL);
}

void json_put_double(struct json_object *object, const char *name, double value)
{
    /* Nine digits: more than any clock here has, and none that only binary fractions have. */
    char text[32];
    snprintf(text, sizeof text, "%.9g", value);
    struct json_object *number = isfinite(value) ? json_object_new_double_s(value, text) : NULL;
    put_value(object, name, number, !isfinite(value) || number != NULL);
}

void json_put_time(struct json_object *object, const char *name, int64_t us)
{
    char text[TIME_TEXT_SIZE];
    time_format(us, text);
    json_put_text(object, name, us != 0 ? text : NULL);
}

void json_put_object(struct json_object *object, const char *name, struct json_object *value)
{
    put_value(object, name, value, value != NULL);
}

void json_add(struct json_object *array, struct json_object *value)
{
    if (array != NULL && value != NULL && json_object_array_add(array, value) == 0)
        return;
    json_object_put(value);
    if (array != NULL)
        mark_incomplete(array);
}

bool json_is_complete(struct json_object *value)
{
    if (value != NULL && json_object_get_userdata(value) == &incomplete_mark)
        return false;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            if (!json_is_complete(json_object_array_get_idx(value, i)))
                return false;
        return true;
    }
    if (!json_object_is_type(value, json_type_object))
        return true;
    struct json_object_iterator end = json_object_iter_end(value);
    for (struct json_object_iterator at = json_object_iter_begin(value); !json_object_iter_equal(&at, &end);
         json_object_iter_next(&at))
        if (!json_is_complete(json_object_iter_peek_value(&at)))
            return false;
    return true;
}

cutover_status json_format(struct json_object *object, char **text, cutover_error **error)
{
    size_t length = 0, characters = 0;
    if (object == NULL || !json_is_complete(object))
        return error_nomem(error);
    errno = 0;
    const char *line = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    /* json-c goes on after an append that failed, and answers a text with a hole in it. */
    if (line == NULL || errno == ENOMEM || errno == EFBIG)
        return error_nomem(error);
    /* What json_parse() would refuse must not be stored. */
    if (!utf8_count(line, length, &characters))
        return error_set(error, CUTOVER_E_INVALID, "a text for JSON is not valid UTF-8");
    struct text escaped = TEXT_INIT;
    escape_text(&escaped, line, length);
    char *taken = text_take(&escaped);
    if (taken == NULL)
        return error_nomem(error);
    *text = taken;
    return CUTOVER_OK;
}

static cutover_status status_named(const char *name)
{
    int status = CUTOVER_E_INVALID;

    while (status > CUTOVER_E_INTERNAL && strcmp(cutover_status_name((cutover_status)status), name) != 0)
        status--;
    return (cutover_status)status;
}

static cutover_verdict verdict_named(const char *name)
{
    int verdict = CUTOVER_VERDICT_UNKNOWN;

    while (verdict > CUTOVER_VERDICT_NONE && strcmp(cutover_verdict_name((cutover_verdict)verdict), name) != 0)
        verdict--;
    return (cutover_verdict)verdict;
}

cutover_error *json_error(struct json_object *object)
{
    const char *message = json_text_or(object, "message", NULL);

    if (message == NULL)
        return NULL;
    cutover_error *error =
        cutover_error_new(status_named(json_text_or(object, "code", "")), message,
                          json_text_or(object, "detail", NULL), json_text_or(object, "hint", NULL));
    error_sqlstate(&error, json_text_or(object, "sqlstate", NULL));
    error_step(&error, json_text_or(object, "step", NULL));
    error_verdict(&error, verdict_named(json_text_or(object, "verdict", "")));
    return error;
}
