#include "postgres/swap/fence_lines.h"

#include <stdlib.h>
#include <string.h>

bool fence_line_next(const char **at, struct fence_line *line)
{
    char *end;

    if (**at == '\0')
        return false;
    memset(line, 0, sizeof *line);
    line->oid = (uint32_t)strtoul(*at, &end, 10);
    for (size_t i = 0; i < 3 && *end == ' '; i++)
        line->values[i] = strtoll(end, &end, 10);
    *at = *end == '\n' ? end + 1 : end;
    return true;
}

static void change_add(struct fence_changes *changes, struct fence_change change)
{
    if (changes->count == changes->room && !changes->failed) {
        size_t room = changes->room == 0 ? 16 : changes->room * 2;
        struct fence_change *list = realloc(changes->list, room * sizeof *list);
        changes->failed = list == NULL;
        if (list != NULL) {
            changes->list = list;
            changes->room = room;
        }
    }
    if (!changes->failed)
        changes->list[changes->count++] = change;
}

uint32_t fence_change_oid(const struct fence_change *change)
{
    return change->kind == CHANGE_NEW ? change->after.oid : change->before.oid;
}

cutover_status fence_find_changes(const struct text *before, const struct text *after,
                                  enum fence_change_kind kind, struct fence_changes *changes,
                                  cutover_error **error)
{
    const char *at_before = text_string(before), *at_after = text_string(after);
    struct fence_line old, new;
    bool has_old = fence_line_next(&at_before, &old), has_new = fence_line_next(&at_after, &new);

    while (has_old || has_new) {
        bool take_old = has_old && (!has_new || old.oid <= new.oid);
        bool take_new = has_new && (!has_old || new.oid <= old.oid);
        if (!take_new) {
            change_add(changes, (struct fence_change){.kind = CHANGE_GONE, .before = old});
        } else if (!take_old) {
            change_add(changes, (struct fence_change){.kind = CHANGE_NEW, .after = new});
        } else if (memcmp(old.values, new.values, sizeof old.values) != 0) {
            change_add(changes, (struct fence_change){.kind = kind, .before = old, .after = new});
            for (size_t i = 0; kind == CHANGE_ROWS && i < 3; i++)
                changes->backwards |= new.values[i] < old.values[i];
        }
        if (take_old)
            has_old = fence_line_next(&at_before, &old);
        if (take_new)
            has_new = fence_line_next(&at_after, &new);
    }
    return changes->failed ? error_nomem(error) : CUTOVER_OK;
}
