/*
 * A libpq that answers as a test says, in front of the real one and of a real server: for answers that no server can be made to
 * give, and for what happens between one statement and the next. Everything that the script does not speak of is passed through.
 *
 * It interposes in the test program, so that the library under test is the one that is shipped. One script at a time, for all
 * threads.
 */
#ifndef CUTOVER_TESTS_SCRIPTED_LIBPQ_H
#define CUTOVER_TESTS_SCRIPTED_LIBPQ_H

#include <stdatomic.h>

enum answer {
    ANSWER_REAL,        /* the server's; after `before` */
    ANSWER_INSTEAD,     /* the server is sent `text` instead */
    ANSWER_LOST,        /* the server does it, and the connection is gone before it says so */
    ANSWER_CUT,         /* the connection is gone, and the server is not sent it */
    ANSWER_CUT_IN_COPY, /* the connection is gone once it is copying: at the row after `rows` */
    ANSWER_NO_ROWS,     /* the server's, without its rows */
    ANSWER_NULLS,       /* the server's, with NULL for each value */
    ANSWER_UNEXPECTED,  /* COPY BOTH, which nothing here asks for */
    ANSWER_NOTHING      /* no result at all */
};

/* Fails what it stands instead of, as a server would that has a reason. */
#define RAISE(sqlstate) "DO $$BEGIN RAISE 'as the script says' USING ERRCODE = '" sqlstate "'; END$$"

struct script {
    const char *statement; /* what its SQL is, with * and ?; NULL: whatever is sent */
    unsigned nth;          /* the first (1), second, … of these */
    enum answer answer;
    const char *text;
    unsigned rows;
    void (*before)(void *context); /* called before that one is sent, with nothing scripted */
    void *context;
    _Atomic unsigned met; /* how many of these were sent */
};

/* From now on; NULL: nothing is scripted any more. */
void script_play(struct script *script);

#endif
