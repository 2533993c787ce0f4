#include "archive/evaluating.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- constants in a statement ---- */

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* From an opening quote to behind the closing one. A doubled quote is two strings beside each other. */
static const char *quoted_end(const char *at, bool backslashes)
{
    char quote = *at++;

    while (*at != '\0' && *at != quote)
        at += backslashes && at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    return *at == '\0' ? at : at + 1;
}

/* From $ to behind what $tag$ … $tag$ encloses; of a $ that begins none to behind it. */
static const char *dollars_end(const char *at)
{
    size_t tag = 1;

    while (in_word(at[tag]) && at[tag] != '$')
        tag++;
    if (at[tag] != '$')
        return at + 1;
    tag++;
    for (const char *end = at + tag; (end = strchr(end, '$')) != NULL; end++)
        if (strncmp(end, at, tag) == 0)
            return end + tag;
    return at + strlen(at);
}

static const char *identifier_read(const char *at, struct text *name)
{
    text_clear(name);
    if (*at != '"') {
        const char *begin = at;
        while (in_word(*at))
            at++;
        text_add_bytes(name, begin, (size_t)(at - begin));
        return at;
    }
    for (at++; *at != '\0'; at++) {
        if (*at == '"' && *++at != '"')
            break;
        text_add_bytes(name, at, 1);
    }
    return at;
}

/* "::schema.name" behind a constant. */
static bool type_read(const char **at, struct text *schema, struct text *name)
{
    if (strncmp(*at, "::", 2) != 0)
        return false;
    const char *end = identifier_read(*at + 2, schema);
    if (*end != '.')
        return false;
    *at = identifier_read(end + 1, name);
    return !text_failed(schema) && !text_failed(name);
}

static const char *line_end(const char *at)
{
    return at + strcspn(at, "\n");
}

bool evaluating_constant(const char **at, struct text *schema, struct text *name)
{
    const char *begin = *at;

    while (**at != '\0' && !text_failed(schema) && !text_failed(name)) {
        char before = *at > begin ? (*at)[-1] : ' ';
        if (**at == '\'') {
            bool escapes = (before == 'E' || before == 'e') && (*at - begin < 2 || !in_word((*at)[-2]));
            *at = quoted_end(*at, escapes);
            if (type_read(at, schema, name))
                return true;
        } else if (**at == '"') {
            *at = quoted_end(*at, false);
        } else if (**at == '$' && !in_word(before)) {
            *at = dollars_end(*at);
        } else {
            *at = strncmp(*at, "--", 2) == 0 ? line_end(*at) : *at + 1;
        }
    }
    return false;
}

/* ---- entries ---- */

static bool is_one_of(const struct toc_entry *entry, const char *const *descs)
{
    for (; *descs != NULL; descs++)
        if (strcmp(entry->desc.bytes, *descs) == 0)
            return true;
    return false;
}

static bool is_named(const struct toc_entry *entry, const char *desc)
{
    return strcmp(entry->desc.bytes, desc) == 0;
}

static const char *statement(const struct toc_entry *entry)
{
    return entry->defn.bytes != NULL ? entry->defn.bytes : "";
}

/* What is a type, or has one of its rows. */
static bool is_type(const struct toc_entry *entry)
{
    static const char *const descs[] = {"DOMAIN",        "TYPE", "TABLE", "VIEW", "MATERIALIZED VIEW",
                                        "FOREIGN TABLE", NULL};

    return is_one_of(entry, descs);
}

/* What has expressions, and is not always run as what evaluates. */
static bool is_parsed(const struct toc_entry *entry)
{
    static const char *const descs[] = {"TABLE",    "FOREIGN TABLE", "DEFAULT", "VIEW", "MATERIALIZED VIEW",
                                        "FUNCTION", "PROCEDURE",     "DOMAIN",  "RULE", "POLICY",
                                        "TRIGGER",  "STATISTICS",    NULL};

    return is_one_of(entry, descs);
}

struct finding {
    const struct toc *toc;
    bool calls;
    struct evaluating *evaluating;
    bool *checked; /* by position: types that are read by calling what owners wrote */
    size_t checked_count;
    const struct toc_entry **types; /* of all, by schema and name */
    size_t type_count;
    struct text schema, name;
};

typedef bool (*test_fn)(const struct finding *finding, size_t position);

/* Whether the entry depends on one for which that is so. */
static bool depends_on(const struct finding *finding, const struct toc_entry *entry, test_fn test)
{
    for (size_t i = 0; i < entry->dependency_count; i++) {
        size_t position = toc_position(finding->toc, entry->dependencies[i]);
        if (position < finding->toc->parsed && test(finding, position))
            return true;
    }
    return false;
}

static bool is_called(const struct finding *finding, size_t position)
{
    static const char *const descs[] = {"FUNCTION", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", NULL};

    return is_one_of(&finding->toc->entries[position], descs);
}

static bool is_checked(const struct finding *finding, size_t position)
{
    return finding->checked[position];
}

static bool may_call(const struct finding *finding, const struct toc_entry *entry)
{
    return !finding->calls || depends_on(finding, entry, is_called);
}

/* Planning a cast to a domain plans the domain's CHECK. */
static bool may_call_planned(const struct finding *finding, const struct toc_entry *entry)
{
    return may_call(finding, entry) || depends_on(finding, entry, is_checked);
}

static void check_type(struct finding *finding, size_t position)
{
    finding->checked_count += !finding->checked[position];
    finding->checked[position] = true;
}

/* Domains with a CHECK, be it apart from them, and ranges. */
static void find_roots(struct finding *finding)
{
    for (size_t i = 0; i < finding->toc->parsed; i++) {
        const struct toc_entry *entry = &finding->toc->entries[i];
        if (((is_named(entry, "DOMAIN") && strstr(statement(entry), "CHECK") != NULL) ||
             (is_named(entry, "TYPE") && strstr(statement(entry), "AS RANGE") != NULL)) &&
            may_call(finding, entry))
            check_type(finding, i);
        if (!is_named(entry, "CHECK CONSTRAINT") || !may_call(finding, entry))
            continue;
        for (size_t k = 0; k < entry->dependency_count; k++) {
            size_t position = toc_position(finding->toc, entry->dependencies[k]);
            if (position < finding->toc->parsed && is_named(&finding->toc->entries[position], "DOMAIN"))
                check_type(finding, position);
        }
    }
}

/* Types of those: what depends on something comes after it, but for what goes round in a circle. */
static void find_containers(struct finding *finding)
{
    for (size_t before = 0; before != finding->checked_count;) {
        before = finding->checked_count;
        for (size_t i = 0; i < finding->toc->parsed; i++)
            if (!finding->checked[i] && is_type(&finding->toc->entries[i]) &&
                depends_on(finding, &finding->toc->entries[i], is_checked))
                check_type(finding, i);
    }
}

static const char *schema_of(const struct toc_entry *entry)
{
    return entry->schema.bytes != NULL ? entry->schema.bytes : "";
}

static int compare_names(const struct toc_entry *entry, const char *schema, const char *name)
{
    int order = strcmp(schema_of(entry), schema);

    return order != 0 ? order : strcmp(entry->tag.bytes, name);
}

static int compare_types(const void *a, const void *b)
{
    const struct toc_entry *other = *(const struct toc_entry *const *)b;

    return compare_names(*(const struct toc_entry *const *)a, schema_of(other), other->tag.bytes);
}

static void sort_types(struct finding *finding)
{
    for (size_t i = 0; i < finding->toc->parsed; i++)
        if (is_type(&finding->toc->entries[i]))
            finding->types[finding->type_count++] = &finding->toc->entries[i];
    qsort(finding->types, finding->type_count, sizeof *finding->types, compare_types);
}

/* The first that is not below. */
static size_t type_position(const struct finding *finding)
{
    size_t low = 0, high = finding->type_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(finding->types[middle], text_string(&finding->schema), text_string(&finding->name)) <
            0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether a constant of the type of that name is checked. One whose name says nothing here (of a multirange, of an extension) is
   where the statement depends on a type that is. */
static bool is_checked_name(const struct finding *finding, const struct toc_entry *entry)
{
    bool known = false;

    for (size_t i = type_position(finding); i < finding->type_count; i++) {
        const struct toc_entry *type = finding->types[i];
        if (compare_names(type, text_string(&finding->schema), text_string(&finding->name)) != 0)
            break;
        if (is_checked(finding, (size_t)(type - finding->toc->entries)))
            return true;
        known = true;
    }
    return !known && depends_on(finding, entry, is_checked);
}

static bool has_checked_constant(struct finding *finding, const struct toc_entry *entry)
{
    const char *at = statement(entry);

    while (evaluating_constant(&at, &finding->schema, &finding->name))
        if (is_checked_name(finding, entry))
            return true;
    return false;
}

static const char *partition_key(const struct toc_entry *entry)
{
    static const char words[] = "\nPARTITION BY ";
    const char *found = is_named(entry, "TABLE") ? strstr(statement(entry), words) : NULL;
    const char *key = found != NULL ? strchr(found, '(') : NULL;

    return key != NULL ? key + 1 : NULL;
}

static bool has_planned_key(const struct toc_entry *entry)
{
    const char *key = partition_key(entry);

    return key != NULL && strchr(key, '(') != NULL;
}

/* What somebody made is written with its schema; only a cast that is not written out may call it, too. */
static bool has_planned_column(const struct finding *finding, const struct toc_entry *entry)
{
    static const char words[] = " GENERATED ALWAYS AS (";
    bool may_have = is_named(entry, "TABLE") || is_named(entry, "FOREIGN TABLE");
    const char *found = may_have ? strstr(statement(entry), words) : NULL;

    return found != NULL && (strchr(found, '.') != NULL || depends_on(finding, entry, is_called));
}

/* Or one with an operator class of somebody's own. */
static bool has_called_key(const struct finding *finding, size_t position)
{
    const struct toc_entry *entry = &finding->toc->entries[position];
    const char *key = partition_key(entry);

    return key != NULL && strpbrk(key, "(.") != NULL && may_call_planned(finding, entry);
}

/* Only a superuser may (19). Who writes the word into a text gains nothing: it is asked more closely then, not less. */
static bool names_support(const struct toc_entry *entry)
{
    return strstr(statement(entry), " SUPPORT = ") != NULL;
}

static bool is_evaluating(struct finding *finding, const struct toc_entry *entry)
{
    if (is_named(entry, "AGGREGATE"))
        return strstr(statement(entry), "INITCOND") != NULL &&
               (!(finding->calls || names_support(entry)) || depends_on(finding, entry, is_checked));
    if ((has_planned_key(entry) || has_planned_column(finding, entry)) && may_call_planned(finding, entry))
        return true;
    if (is_named(entry, "TRIGGER") && depends_on(finding, entry, has_called_key))
        return true;
    return finding->checked_count > 0 && is_parsed(entry) && has_checked_constant(finding, entry);
}

static cutover_status find(struct finding *finding, cutover_error **error)
{
    const struct toc *toc = finding->toc;

    find_roots(finding);
    find_containers(finding);
    if (finding->checked_count > 0)
        sort_types(finding);
    for (size_t i = 0; i < toc->parsed; i++) {
        finding->evaluating->entries[i] = is_evaluating(finding, &toc->entries[i]);
        finding->evaluating->count += finding->evaluating->entries[i];
    }
    return text_failed(&finding->schema) || text_failed(&finding->name) ? error_nomem(error) : CUTOVER_OK;
}

cutover_status evaluating_find(const struct toc *toc, bool calls, struct evaluating *evaluating,
                               cutover_error **error)
{
    struct finding finding = {.toc = toc, .calls = calls, .evaluating = evaluating};
    cutover_status status;

    evaluating->count = 0;
    evaluating->entries = calloc(toc->parsed + 1, sizeof *evaluating->entries);
    finding.checked = calloc(toc->parsed + 1, sizeof *finding.checked);
    finding.types = calloc(toc->parsed + 1, sizeof *finding.types);
    if (evaluating->entries == NULL || finding.checked == NULL || finding.types == NULL)
        status = error_nomem(error);
    else
        status = find(&finding, error);
    if (status != CUTOVER_OK)
        evaluating_free(evaluating);
    text_free(&finding.schema);
    text_free(&finding.name);
    free(finding.types);
    free(finding.checked);
    return status;
}

bool evaluating_has(const struct evaluating *evaluating, size_t position)
{
    return evaluating->entries != NULL && evaluating->entries[position];
}

void evaluating_free(struct evaluating *evaluating)
{
    free(evaluating->entries);
    evaluating->entries = NULL;
    evaluating->count = 0;
}
