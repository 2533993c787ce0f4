/*
 * What the cases of the repository suite have in common. Each begins with a fresh repository.
 */
#ifndef CUTOVER_TESTS_CONFORMANCE_REPOSITORY_CASE_H
#define CUTOVER_TESTS_CONFORMANCE_REPOSITORY_CASE_H

#include "suite.h"

#define FIRST "01930a5e-0000-7000-8000-000000000001"
#define SECOND "01930a5e-0000-7000-8000-000000000002"
#define MISSING "01930a5e-0000-7000-8000-00000000dead"
/* 64 characters, of every kind that a name may have. */
#define LONGEST "a-long_name.of-64-characters_0123456789.abcdefghijklmnopqrst.dat"

struct box {
    struct suite *suite;
    cutover_conformance_repository_open open;
    void *userdata;
    cutover_repository repository;
};

struct repository_case {
    const char *name;
    void (*run)(struct box *box);
    uint32_t needs; /* capabilities */
};

/* Ended by a NULL name. */
extern const struct repository_case repository_cases[];
extern const struct repository_case repository_rewrite_cases[];
extern const struct repository_case repository_patch_cases[];

#define CASE(function, needs)                                                                                  \
    {                                                                                                          \
#function, function, needs                                                                             \
    }

/* Each calls the repository and returns whether all was as expected. */
bool box_begin(struct box *box, const char *backup);
bool box_publish(struct box *box, const char *backup);
bool box_remove(struct box *box, const char *backup);
bool box_create(struct box *box, const char *backup, const char *name, void **object);
bool box_write(struct box *box, void *object, const void *bytes, size_t count);
bool box_commit(struct box *box, void *object);
/* One object, from create to commit. */
bool box_object(struct box *box, const char *backup, const char *name, const char *content);
/* A published backup with one object. */
bool box_backup(struct box *box, const char *backup, const char *name, const char *content);
bool box_missing(struct box *box, const char *backup, const char *name);
/* Reads an object in pieces of `piece` bytes, which must be `content`. */
bool box_content(struct box *box, const char *backup, const char *name, const char *content, size_t size,
                 size_t piece);
bool box_text(struct box *box, const char *backup, const char *name, const char *content);
/* The repository again, after it was closed. */
bool box_reopen(struct box *box);

struct entry_seen {
    const char *name; /* looked for */
    unsigned total, found;
    uint64_t size;
    int32_t published;
};

cutover_status box_see(const cutover_object *object, void *context);
/* Lists; `backup` NULL lists backups. */
bool box_look(struct box *box, const char *backup, const char *name, struct entry_seen *seen);
bool box_not_listed(struct box *box, const char *backup);
/* Any failure will do, but one that has an error. Frees the error. */
bool box_failure(struct box *box, cutover_status status, cutover_error *error);

#endif
