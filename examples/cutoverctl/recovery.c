/* recover: what a job left unfinished whose process is gone. */
#include "cutoverctl.h"

struct told {
    const struct tool *tool;
    struct json_object *list; /* with --json */
    unsigned failed;
    unsigned count;
};

static cutover_status tell(const cutover_recovery *recovery, void *context)
{
    struct told *told = context;

    told->count++;
    told->failed += recovery->outcome == CUTOVER_RECOVERED_FAILED;
    if (told->list != NULL) {
        struct json_object *object = new_object();
        put_text(object, "job", recovery->job);
        put_text(object, "job_id", recovery->job_id);
        put_text(object, "project_id", recovery->project_id);
        put_text(object, "request_id", recovery->request_id[0] != '\0' ? recovery->request_id : NULL);
        put_text(object, "outcome", cutover_recovered_name(recovery->outcome));
        put_text(object, "message", recovery->message);
        must(json_object_array_add(told->list, object) == 0 ? object : NULL);
    } else {
        printf("%s %s of project %s: %s: %s\n", recovery->job, recovery->job_id, recovery->project_id,
               cutover_recovered_name(recovery->outcome), recovery->message);
    }
    return CUTOVER_OK;
}

int recover(struct tool *tool)
{
    cutover_error *error = NULL;
    struct told told = {tool, tool->json ? must(json_object_new_array()) : NULL, 0, 0};

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_recover(tool->engine, tool->options[OPTION_PROJECT], tell, &told, &error) != CUTOVER_OK) {
        json_object_put(told.list);
        return fail(tool, error);
    }
    if (tool->json) {
        struct json_object *object = new_object();
        must(json_object_object_add(object, "jobs", told.list) == 0 ? object : NULL);
        print_json(object);
    } else if (told.count == 0) {
        printf("nothing is unfinished\n");
    }
    return told.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}
