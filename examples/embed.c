/*
 * The smallest honest host: its own inventory (a struct here, a table of yours there) and notifier, the SQLite
 * store, the directory repository, and one cutover. HOME is a folder; production's role may create databases.
 *
 *     cc embed.c $(pkg-config --cflags --libs libcutover) -o embed
 *     ./embed HOME "host=/run/postgresql dbname=shop" "host=/run/postgresql dbname=shop_next"
 */
#include <cutover.h>

#include <stdio.h>
#include <string.h>

/* What this host knows of its one project and its one preview. */
struct host {
    const char *production, *preview; /* libpq connection strings */
    char job[40];                     /* that the project is "restoring" for; "": it is "active" */
};

static cutover_status refuse(cutover_status code, const char *message, cutover_error **error)
{
    if (error != NULL) /* the library may want no more than the code */
        *error = cutover_error_new(code, message, NULL, NULL);
    return code;
}

static cutover_status project_get(const char *id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const struct host *host = userdata;
    cutover_project project = CUTOVER_PROJECT_INIT;

    if (strcmp(id, "shop") != 0)
        return refuse(CUTOVER_E_NOT_FOUND, "there is no such project", error);
    project.id = "shop";
    project.state = host->job[0] == '\0' ? "active" : "restoring";
    project.job_id = host->job;
    project.database = host->production;
    return emit(&project, context);
}

/* While a job runs the project is "restoring" for it: keep your own lifecycle operations out, and every other job. */
static cutover_status project_set_state(const char *id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata)
{
    struct host *host = userdata;
    int taken = host->job[0] != '\0';

    if (strcmp(id, "shop") != 0 || strcmp(expected, taken ? "restoring" : "active") != 0 ||
        (taken && strcmp(host->job, job_id) != 0))
        return refuse(CUTOVER_E_CONFLICT, "the project is in another state, or another job's", error);
    snprintf(host->job, sizeof host->job, "%s", strcmp(next, "active") == 0 ? "" : job_id);
    return CUTOVER_OK;
}

static cutover_status preview_get(const char *id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    cutover_preview preview = CUTOVER_PREVIEW_INIT;

    if (strcmp(id, "shop-next") != 0)
        return refuse(CUTOVER_E_NOT_FOUND, "there is no such preview", error);
    preview.id = "shop-next";
    preview.project_id = "shop";
    preview.database = ((struct host *)userdata)->preview;
    return emit(&preview, context);
}

/* Here a real host posts to its bus; anything but CUTOVER_OK makes the event come again later, or when `refusal` says. */
static cutover_status deliver(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                              void *userdata)
{
    (void)refusal;
    (void)error;
    fprintf(userdata, "event %s: %s\n", event->id, event->type);
    return CUTOVER_OK;
}

static void keep_open(void *userdata)
{
    (void)userdata;
}

/* A customer wishes, an operator agrees, the promotion runs, the events go out. */
static cutover_status cut_over(cutover_engine *engine, cutover_error **error)
{
    const cutover_actor carla = {CUTOVER_ACTOR_VERSION, "carla", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
    const cutover_actor olga = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR, CUTOVER_ROLE_OPERATOR};
    cutover_request_options wish = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_request_ack_options consent = CUTOVER_REQUEST_ACK_OPTIONS_INIT;
    cutover_promotion_options job = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_request *request = NULL;
    cutover_promotion *promotion = NULL;

    wish.actor = &carla;
    wish.project_id = "shop";
    wish.preview_id = "shop-next";
    wish.external_ticket_ref = "OPS-1";
    cutover_status status = cutover_request_create(engine, &wish, &request, error);
    if (status != CUTOVER_OK)
        return status;
    consent.actor = job.actor = &olga;
    consent.request_id = job.request_id = cutover_request_id(request);
    status = cutover_request_ack(engine, &consent, NULL, error);
    if (status == CUTOVER_OK)
        status = cutover_promotion_start(engine, &job, &promotion, error);
    if (status == CUTOVER_OK)
        status = cutover_promotion_run(promotion, error);
    if (promotion != NULL && cutover_promotion_report(promotion) != NULL)
        puts(cutover_promotion_report(promotion));
    if (status == CUTOVER_OK)
        status = cutover_events_deliver(engine, NULL, NULL, error);
    cutover_promotion_free(promotion);
    cutover_request_free(request);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fprintf(stderr, "usage: embed HOME PRODUCTION PREVIEW\n"), 2;
    struct host host = {argv[2], argv[3], ""};
    char records[4096], backups[4096];
    snprintf(records, sizeof records, "%s/cutover.db", argv[1]);
    snprintf(backups, sizeof backups, "%s/backups", argv[1]);
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_repository repository = CUTOVER_REPOSITORY_INIT;
    cutover_platform platform = CUTOVER_PLATFORM_INIT;
    platform.userdata = &host;
    platform.project_get = project_get;
    platform.project_set_state = project_set_state;
    platform.preview_get = preview_get;
    cutover_notifier notifier = {CUTOVER_NOTIFIER_VERSION, stdout, deliver, keep_open, 0};
    cutover_named_notifier bus = CUTOVER_NAMED_NOTIFIER_INIT;
    bus.name = "bus";
    bus.notifier = &notifier;
    const cutover_named_notifier *const notifiers[] = {&bus};
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    options.store = &store;
    options.repository = &repository;
    options.platform = &platform;
    options.notifiers = notifiers;
    options.notifier_count = 1;

    cutover_engine *engine = NULL;
    cutover_error *error = NULL;
    cutover_status status = cutover_store_sqlite_open(records, &store, &error);
    if (status == CUTOVER_OK)
        status = cutover_repository_directory_open(backups, &repository, &error);
    if (status == CUTOVER_OK)
        status = cutover_engine_new(&options, &engine, &error);
    if (status == CUTOVER_OK)
        status = cut_over(engine, &error);
    if (status != CUTOVER_OK)
        fprintf(stderr, "embed: %s\n", cutover_error_message(error));
    cutover_error_free(error);
    cutover_engine_free(engine);
    cutover_repository_close(&repository);
    cutover_store_close(&store);
    return status == CUTOVER_OK ? 0 : 1;
}
