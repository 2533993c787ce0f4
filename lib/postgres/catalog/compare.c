#include "postgres/catalog/facts.h"

#include <stdlib.h>
#include <string.h>

#define EXCERPT_WHOLE 200u  /* definitions up to this size are shown whole */
#define EXCERPT_BEFORE 40u  /* of longer ones: bytes before the first that differs */
#define EXCERPT_LENGTH 140u /* and bytes in all */

/* One line of facts, in place. */
struct fact {
    const char *line;
    size_t key;   /* length of class<TAB>identity */
    size_t class; /* length of the class */
    size_t length;
};

/* False at the end. */
static bool fact_at(const char *facts, struct fact *fact)
{
    if (*facts == '\0')
        return false;
    fact->line = facts;
    fact->length = strcspn(facts, "\n");
    fact->class = strcspn(facts, "\t\n");
    fact->key = fact->class;
    if (fact->line[fact->key] == '\t')
        fact->key += 1 + strcspn(facts + fact->key + 1, "\t\n");
    return true;
}

static const char *fact_next(const struct fact *fact)
{
    const char *end = fact->line + fact->length;
    return *end == '\n' ? end + 1 : end;
}

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    if (order != 0)
        return order;
    return a_length < b_length ? -1 : a_length > b_length;
}

static void add_name(struct text *lines, const struct fact *fact)
{
    text_add_bytes(lines, fact->line, fact->class);
    if (fact->key > fact->class) {
        text_add(lines, " ");
        text_add_bytes(lines, fact->line + fact->class + 1, fact->key - fact->class - 1);
    }
    text_add(lines, ": ");
}

static bool is_class(const struct fact *fact, const char *class)
{
    return fact->class == strlen(class) && memcmp(fact->line, class, fact->class) == 0;
}

/* A grant that only the second has lets somebody do more than before (EDGE_CASES C3). */
static void add_lone(struct text *lines, const struct fact *fact, const char *where, bool second)
{
    add_name(lines, fact);
    text_add_format(lines, "only in %s", where);
    if (second && (is_class(fact, "acl") || is_class(fact, "default acl")))
        text_add(lines, ", access is wider there");
    text_add(lines, "\n");
}

static bool inside_character(const char *bytes, size_t at, size_t length)
{
    return at < length && ((unsigned char)bytes[at] & 0xC0) == 0x80;
}

/* Options of foreign tables and their columns are the end of a definition; what they say is the wrapper's affair, and may be a
   secret of it. */
static size_t length_told(const char *definition, size_t length)
{
    static const char mark[] = "foreign options ";
    const char *options = memmem(definition, length, mark, sizeof mark - 1);

    return options != NULL ? (size_t)(options - definition) + sizeof mark - 1 : length;
}

/* What is worth showing of a definition that differs from another at `differs`. */
static void add_excerpt(struct text *lines, const char *definition, size_t whole, size_t differs)
{
    size_t length = length_told(definition, whole);
    size_t from = 0, to = length;

    if (length > EXCERPT_WHOLE) {
        differs = differs < length ? differs : length;
        from = differs > EXCERPT_BEFORE ? differs - EXCERPT_BEFORE : 0;
        to = length - from > EXCERPT_LENGTH ? from + EXCERPT_LENGTH : length;
        while (inside_character(definition, from, length))
            from++;
        while (inside_character(definition, to, length))
            to++;
    }
    text_add(lines, from > 0 ? "…" : "");
    if (length == 0)
        text_add(lines, "(none)");
    text_add_bytes(lines, definition + from, to - from);
    text_add(lines, to < length ? "…" : "");
    text_add(lines, to == length && length < whole ? "(left out)" : "");
}

static void add_change(struct text *lines, const struct fact *a, const struct fact *b)
{
    size_t a_from = a->key < a->length ? a->key + 1 : a->key, b_from = b->key < b->length ? b->key + 1 : b->key;
    size_t a_length = a->length - a_from, b_length = b->length - b_from, differs = 0;

    while (differs < a_length && differs < b_length && a->line[a_from + differs] == b->line[b_from + differs])
        differs++;
    add_name(lines, a);
    add_excerpt(lines, a->line + a_from, a_length, differs);
    text_add(lines, " | ");
    add_excerpt(lines, b->line + b_from, b_length, differs);
    text_add(lines, "\n");
}

cutover_status catalog_facts_compare(const char *first, const char *second, const char *first_name,
                                     const char *second_name, size_t limit, char **differences, size_t *count,
                                     cutover_error **error)
{
    struct text lines = TEXT_INIT, dropped = TEXT_INIT;
    struct fact a, b;
    size_t found = 0;

    for (;;) {
        bool has_a = fact_at(first, &a), has_b = fact_at(second, &b);
        if (!has_a && !has_b)
            break;
        int order = !has_a ? 1 : !has_b ? -1 : compare_bytes(a.line, a.key, b.line, b.key);
        bool differ = order != 0 || compare_bytes(a.line, a.length, b.line, b.length) != 0;
        found += differ;
        struct text *out = found <= limit ? &lines : &dropped;
        if (order < 0)
            add_lone(out, &a, first_name, false);
        else if (order > 0)
            add_lone(out, &b, second_name, true);
        else if (differ)
            add_change(out, &a, &b);
        text_clear(&dropped);
        if (order <= 0)
            first = fact_next(&a);
        if (order >= 0)
            second = fact_next(&b);
    }
    if (found > limit)
        text_add_format(&lines, "and %zu more\n", found - limit);
    text_free(&dropped);
    char *text = text_take(&lines);
    if (text == NULL)
        return error_nomem(error);
    *differences = text;
    *count = found;
    return CUTOVER_OK;
}

size_t catalog_facts_missing(const char *first, const char *second)
{
    struct fact a, b;
    size_t missing = 0;

    while (fact_at(first, &a)) {
        int order = fact_at(second, &b) ? compare_bytes(a.line, a.key, b.line, b.key) : -1;
        missing += order < 0;
        if (order <= 0)
            first = fact_next(&a);
        if (order >= 0)
            second = fact_next(&b);
    }
    return missing;
}
