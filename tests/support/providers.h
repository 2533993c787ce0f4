/*
 * The providers of sites, played on loopback (tests/providers/server.py): started, told what to answer, asked what they saw.
 */
#ifndef CUTOVER_TESTS_PROVIDERS_H
#define CUTOVER_TESTS_PROVIDERS_H

#include <json-c/json.h>

#define VERCEL_TOKEN "vercel-token-0123456789"
#define VERCEL_PROJECT "prj_shop"
#define VERCEL_TEAM "team_shop"
#define NETLIFY_TOKEN "netlify-token-0123456789"
#define NETLIFY_ACCOUNT "acme"
#define NETLIFY_SITE "0d3a9d2f-ef94-4380-93df-27ee400e2048"

/* Starts them, once for a process; they end with it. */
void providers_start(void);
/* Where they are. */
const char *providers_vercel_url(void);
const char *providers_netlify_url(void);
/* As they were at first. */
void providers_reset(void);
/* Answers for the requests to come, a list as server.py has it. */
void providers_script(const char *json);
/* Forgets the script, what was seen stays. */
void providers_behave(void);
/* What they saw: {requests, violations, variables}; the caller puts it. */
struct json_object *providers_seen(void);
/* How many requests of that method and (part of a) path. */
unsigned providers_count(const char *method, const char *path);
/* Waits until there are so many. */
void providers_wait_for(const char *method, const char *path, unsigned count);
/* The value of a variable at a target, malloc'd; NULL: there is none. */
char *providers_value(const char *name, const char *target);
/* Every request was one that the descriptions allow. */
void providers_check(void);

#endif
