/*
 * The store suite, many callers: threads, handles and processes that meet on the same documents. How they interleave
 * differs from run to run; what must come out does not.
 */
#include "store_case.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8
#define PROCESSES 4
#define ADDITIONS 15 /* by each thread or process */
#define CROSSINGS 25 /* by each thread */

struct racer {
    const cutover_store *store;
    pthread_mutex_t *gate; /* held until all have been started */
    cutover_status status;
    uint64_t won[ADDITIONS]; /* the versions that its commits made */
    unsigned
        conflicts_left; /* a caller is refused at most once for each commit of another's: more, and nobody wins */
};

/* Runs THREADS threads, which make `commits` in all, and joins them. */
static bool race(struct store_test *test, void *(*run)(void *), struct racer racers[THREADS], unsigned commits)
{
    pthread_t threads[THREADS];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    size_t started = 0;

    pthread_mutex_lock(&gate);
    for (; started < THREADS; started++) {
        racers[started] = (struct racer){&test->store, &gate, CUTOVER_OK, {0}, commits};
        if (pthread_create(&threads[started], NULL, run, &racers[started]) != 0)
            break;
    }
    pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&gate);
    return EXPECT(test->suite, started == THREADS);
}

static void pass(pthread_mutex_t *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
}

static void *add_many(void *argument)
{
    struct racer *racer = argument;

    pass(racer->gate);
    for (size_t i = 0; i < ADDITIONS && racer->status == CUTOVER_OK; i++)
        racer->status = store_add_one(racer->store, "counter", "a", &racer->won[i], &racer->conflicts_left);
    return NULL;
}

static void racing_threads_have_one_winner_per_version(struct store_test *test)
{
    struct racer racers[THREADS];
    unsigned winners[THREADS * ADDITIONS + 2] = {0};
    char body[40];

    PUT(test, CUTOVER_OK, "counter", "a", "p", 0, "{\"n\": 0}");
    if (!race(test, add_many, racers, THREADS * ADDITIONS))
        return;
    for (size_t i = 0; i < THREADS; i++) {
        if (!EXPECT(test->suite, racers[i].status == CUTOVER_OK))
            return;
        for (size_t j = 0; j < ADDITIONS; j++) {
            if (!EXPECT(test->suite, racers[i].won[j] >= 2 && racers[i].won[j] <= THREADS * ADDITIONS + 1))
                return;
            winners[racers[i].won[j]]++;
        }
    }
    for (size_t version = 2; version <= THREADS * ADDITIONS + 1; version++)
        if (!EXPECT(test->suite, winners[version] == 1))
            return;
    snprintf(body, sizeof(body), "{\"n\": %d}", THREADS * ADDITIONS);
    HAS(test, "counter", "a", "p", THREADS * ADDITIONS + 1, body);
}

static void *create_claim(void *argument)
{
    struct racer *racer = argument;

    pass(racer->gate);
    racer->status = store_commit_one(racer->store, "claim", "a", 0, "{\"n\": 1}");
    return NULL;
}

static void racing_threads_create_a_document_once(struct store_test *test)
{
    struct racer racers[THREADS];
    size_t created = 0, refused = 0;

    if (!race(test, create_claim, racers, 1))
        return;
    for (size_t i = 0; i < THREADS; i++) {
        created += racers[i].status == CUTOVER_OK;
        refused += racers[i].status == CUTOVER_E_CONFLICT;
    }
    EXPECT(test->suite, created == 1);
    EXPECT(test->suite, refused == THREADS - 1);
    HAS(test, "claim", "a", "p", 1, "{\"n\": 1}");
}

static cutover_status commit_crossed(const cutover_store *store, uint64_t version, bool opposite)
{
    const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "pair", "a", "p", version, "{\"n\": 1}"},
                                    {CUTOVER_WRITE_VERSION, "pair", "b", "p", version, "{\"n\": 1}"}};

    return store->commit((const cutover_write *[]){&writes[opposite ? 1 : 0], &writes[opposite ? 0 : 1]}, 2,
                         NULL, store->userdata);
}

static cutover_status commit_pair(const cutover_store *store, uint64_t version, unsigned number)
{
    char body[40];
    const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "pair", "a", "p", version, body},
                                    {CUTOVER_WRITE_VERSION, "pair", "b", "p", version, body}};

    snprintf(body, sizeof(body), "{\"n\": %u}", number);
    return store->commit((const cutover_write *[]){&writes[0], &writes[1]}, 2, NULL, store->userdata);
}

/* The same two documents, named in this order by every other racer and in the opposite one by the rest. */
static void *change_both(void *argument)
{
    struct racer *racer = argument;
    static atomic_uint racers;
    const bool opposite = atomic_fetch_add(&racers, 1) % 2 != 0;

    pass(racer->gate);
    for (size_t done = 0; done < CROSSINGS && racer->status == CUTOVER_OK;) {
        uint64_t version = 0;
        unsigned number = 0;
        racer->status = store_read_number(racer->store, "pair", "a", &version, &number);
        if (racer->status != CUTOVER_OK)
            break;
        cutover_status status = commit_crossed(racer->store, version, opposite);
        if (status == CUTOVER_OK)
            done++;
        else if (status != CUTOVER_E_CONFLICT || racer->conflicts_left == 0)
            racer->status = status;
        else
            racer->conflicts_left--;
    }
    return NULL;
}

/* Whoever locks documents in the order in which they are named lets such commits wait for each other. */
static void commits_that_name_documents_in_opposite_order_do_not_lock_each_other_out(struct store_test *test)
{
    struct racer racers[THREADS];

    if (!EXPECT(test->suite, commit_pair(&test->store, 0, 0) == CUTOVER_OK) ||
        !race(test, change_both, racers, THREADS * CROSSINGS))
        return;
    for (size_t i = 0; i < THREADS; i++)
        if (!EXPECT(test->suite, racers[i].status == CUTOVER_OK))
            return;
    HAS(test, "pair", "a", "p", THREADS * CROSSINGS + 1, "{\"n\": 1}");
    HAS(test, "pair", "b", "p", THREADS * CROSSINGS + 1, "{\"n\": 1}");
}

/* Whether both documents of the pair, listed at once, hold the same number; *number receives it. */
static cutover_status read_pair(const cutover_store *store, unsigned *number)
{
    struct seen_list seen = {NULL, 0, 0, CUTOVER_OK};
    unsigned b = 0;
    cutover_status status = store->list("pair", NULL, "", 10, seen_emit, &seen, NULL, store->userdata);

    if (status == CUTOVER_OK && seen.count != 2)
        status = CUTOVER_E_VERIFY;
    if (status == CUTOVER_OK && (sscanf(seen.items[0].body, "{\"n\": %u}", number) != 1 ||
                                 sscanf(seen.items[1].body, "{\"n\": %u}", &b) != 1 || *number != b ||
                                 seen.items[0].version != seen.items[1].version))
        status = CUTOVER_E_VERIFY;
    seen_clear(&seen);
    return status;
}

struct pair_reader {
    const cutover_store *store;
    atomic_bool *done;
    cutover_status status;
};

static void *read_pairs(void *argument)
{
    struct pair_reader *reader = argument;
    unsigned last = 0;

    do {
        unsigned number = 0;

        reader->status = read_pair(reader->store, &number);
        if (reader->status == CUTOVER_OK && number < last)
            reader->status = CUTOVER_E_VERIFY; /* went back to an older state */
        last = number;
    } while (reader->status == CUTOVER_OK && !atomic_load(reader->done));
    return NULL;
}

static void readers_see_commits_whole(struct store_test *test)
{
    pthread_t threads[2];
    struct pair_reader readers[2];
    atomic_bool done;
    size_t started = 0;
    cutover_status status = commit_pair(&test->store, 0, 0);

    atomic_init(&done, false);
    for (; started < 2; started++) {
        readers[started] = (struct pair_reader){&test->store, &done, CUTOVER_OK};
        if (pthread_create(&threads[started], NULL, read_pairs, &readers[started]) != 0)
            break;
    }
    EXPECT(test->suite, started == 2);
    for (unsigned i = 1; i <= 100 && status == CUTOVER_OK; i++)
        status = commit_pair(&test->store, i, i);
    atomic_store(&done, true);
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        EXPECT(test->suite, readers[i].status == CUTOVER_OK);
    }
    EXPECT(test->suite, status == CUTOVER_OK);
}

static void other_handle_sees_each_commit(struct store_test *test)
{
    static const char *const ids[] = {"a"};
    cutover_store first = test->store, second = CUTOVER_STORE_INIT;
    cutover_status status = test->open(0, &second, &test->error, test->userdata);

    if (!EXPECT_STATUS(test->suite, status, CUTOVER_OK, test->error))
        return;
    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    test->store = second;
    HAS(test, "thing", "a", "p", 1, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 1, "{\"n\": 2}");
    test->store = first;
    HAS(test, "thing", "a", "p", 2, "{\"n\": 2}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 1, "{\"n\": 3}");
    test->store = second;
    LISTS(test, "thing", NULL, "", 10, ids);
    PUT(test, CUTOVER_OK, "thing", "a", "p", 2, NULL);
    test->store = first;
    LACKS(test, "thing", "a");
    cutover_store_close(&second);
}

/* What a child process does with a handle of its own; returns its exit status. */
typedef int (*child_work)(const cutover_store *store, int pipe_end);

static pid_t start_child(struct store_test *test, child_work work, int pipe_end)
{
    pid_t child = fork();

    if (child == 0) {
        cutover_store store = CUTOVER_STORE_INIT;
        int result = 100;

        if (test->open(0, &store, NULL, test->userdata) == CUTOVER_OK)
            result = work(&store, pipe_end);
        cutover_store_close(&store);
        _exit(result);
    }
    return child;
}

/* The exit status; -1 when a signal ended it; -2 when it cannot be told. */
static int wait_child(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int add_in_child(const cutover_store *store, int pipe_end)
{
    uint64_t version;
    unsigned conflicts_left = PROCESSES * ADDITIONS;

    (void)pipe_end;
    for (int i = 0; i < ADDITIONS; i++)
        if (store_add_one(store, "counter", "a", &version, &conflicts_left) != CUTOVER_OK)
            return 1;
    return 0;
}

static void racing_processes_lose_nothing(struct store_test *test)
{
    pid_t children[PROCESSES];
    char body[40];
    cutover_status status;

    PUT(test, CUTOVER_OK, "counter", "a", "p", 0, "{\"n\": 0}");
    cutover_store_close(&test->store);
    for (size_t i = 0; i < PROCESSES; i++)
        children[i] = start_child(test, add_in_child, -1);
    for (size_t i = 0; i < PROCESSES; i++)
        EXPECT(test->suite, children[i] > 0 && wait_child(children[i]) == 0);
    status = test->open(0, &test->store, &test->error, test->userdata);
    if (!EXPECT_STATUS(test->suite, status, CUTOVER_OK, test->error))
        return;
    snprintf(body, sizeof(body), "{\"n\": %d}", PROCESSES * ADDITIONS);
    HAS(test, "counter", "a", "p", PROCESSES * ADDITIONS + 1, body);
}

/* Commits for ever, and tells each commit that returned. */
static int commit_until_killed(const cutover_store *store, int pipe_end)
{
    for (unsigned i = 1;; i++)
        if (commit_pair(store, i, i) != CUTOVER_OK || write(pipe_end, &i, sizeof(i)) != (ssize_t)sizeof(i))
            return 1;
}

static void killed_process_leaves_whole_commits(struct store_test *test)
{
    int ends[2];
    pid_t child;
    unsigned told = 0, found = 0;
    cutover_status status = commit_pair(&test->store, 0, 0);

    if (!EXPECT(test->suite, status == CUTOVER_OK) || !EXPECT(test->suite, pipe(ends) == 0))
        return;
    cutover_store_close(&test->store);
    child = start_child(test, commit_until_killed, ends[1]);
    close(ends[1]);
    while (child > 0 && told < 20 && read(ends[0], &found, sizeof(found)) == (ssize_t)sizeof(found))
        told = found;
    if (child > 0) {
        kill(child, SIGKILL);
        EXPECT(test->suite, wait_child(child) == -1);
    }
    while (read(ends[0], &found, sizeof(found)) == (ssize_t)sizeof(found)) /* told before it was killed */
        told = found;
    close(ends[0]);
    EXPECT(test->suite, told >= 20);
    status = test->open(0, &test->store, &test->error, test->userdata);
    if (!EXPECT_STATUS(test->suite, status, CUTOVER_OK, test->error))
        return;
    EXPECT(test->suite, read_pair(&test->store, &found) == CUTOVER_OK);
    EXPECT(test->suite, found >= told); /* what was told is there */
    EXPECT(test->suite, commit_pair(&test->store, found + 1, found + 1) == CUTOVER_OK);
}

#define CASE(name, needs)                                                                                      \
    {                                                                                                          \
#name, name, needs                                                                                     \
    }

const struct store_case store_concurrency_cases[] = {
    CASE(racing_threads_have_one_winner_per_version, 0),
    CASE(racing_threads_create_a_document_once, 0),
    CASE(commits_that_name_documents_in_opposite_order_do_not_lock_each_other_out, 0),
    CASE(readers_see_commits_whole, 0),
    CASE(other_handle_sees_each_commit, CUTOVER_STORE_SHARED),
    CASE(racing_processes_lose_nothing, CUTOVER_STORE_SHARED | CUTOVER_STORE_DURABLE),
    CASE(killed_process_leaves_whole_commits, CUTOVER_STORE_SHARED | CUTOVER_STORE_DURABLE),
    {NULL, NULL, 0},
};
