/*
 * What the library hands out as JSON, kept for the schemas to be held against it (tests/schemas.py): each object as a line of a file
 * of this process, in the folder that CUTOVER_JSON_DIR names. Without it nothing is kept.
 */
#ifndef CUTOVER_TESTS_TOLD_H
#define CUTOVER_TESTS_TOLD_H

#include <cutover.h>

/* `schema` as tests/schemas.py knows it: "request", "report", "cutoverctl:request list", … */
void told(const char *schema, const char *json);
/* Every request, backup and job of the engine's store, and every audit entry and event of the projects of its requests. What cannot
   be read is left out: this is no check of the store. */
void told_everything(cutover_engine *engine);

#endif
