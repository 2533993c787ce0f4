/*
 * JSON as it is written, member by member, without a tree. What ran out of memory remembers it.
 */
#ifndef CUTOVER_API_OUTPUT_H
#define CUTOVER_API_OUTPUT_H

#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stdint.h>

struct output {
    struct printbuf *buffer; /* NULL: memory ran out */
};

void output_begin(struct output *output);
void output_free(struct output *output);
/* What was written, NUL-terminated; NULL where memory ran out. Belongs to the output. */
const char *output_text(const struct output *output);

void output_open(struct output *output, char bracket); /* { or [, as an item or the value of a member */
void output_close(struct output *output, char bracket);
void output_key(struct output *output, const char *name);
void output_json(struct output *output, const char *json);   /* as it is, as an item or a value; NULL: null */
void output_string(struct output *output, const char *text); /* NULL: null */
/* A list that is emitted whole, of which a page is written: what comes after `cursor`, at most `limit`. */
struct window {
    struct output output;
    const char *cursor; /* the key of the last item of the page before; NULL: from the beginning */
    uint64_t limit, count;
    char last[201]; /* the key of the last item */
    bool more;
};
void window_begin(struct window *window, const char *cursor, uint64_t limit);
/* Whether an item of that key is to be written; those before the cursor, and those that are too many, are not. */
bool window_has(struct window *window, const char *key);
/* The same of a list whose keys come in the order of their bytes: it goes on also where the one before is gone by now. */
bool window_follows(struct window *window, const char *key);
void window_end(struct window *window);

/* A value as JSON, which belongs to it; NULL where memory ran out: json-c goes on after an append that failed, and gives a text with a
   hole in it. */
const char *json_print(struct json_object *value);

/* Members. */
void output_put(struct output *output, const char *name, const char *text);      /* NULL: null */
void output_put_json(struct output *output, const char *name, const char *json); /* NULL: null */
void output_put_time(struct output *output, const char *name, int64_t time);     /* 0: null */
void output_put_count(struct output *output, const char *name, uint64_t count);
void output_put_flag(struct output *output, const char *name, bool flag);
void output_put_double(struct output *output, const char *name, double value);
void output_put_value(struct output *output, const char *name, struct json_object *value); /* NULL: null */

#endif
