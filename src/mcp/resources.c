/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/buf.h"
#include "sdbg/job/name.h"

#include "mcp/resources.h"

#define JOBS_URI "sdbg://jobs"

ResourceKind resource_parse(const char *uri, char **ret_job) {
        const char *rest = startswith(uri, JOBS_URI "/");
        _cleanup_free_ char *name = NULL;
        size_t len;

        *ret_job = NULL;
        if (streq(uri, JOBS_URI))
                return RESOURCE_JOBS;
        if (!rest)
                return _RESOURCE_INVALID;
        len = strcspn(rest, "/");
        name = strndup(rest, len);
        if (!name || job_name_check(name, NULL) < 0 || (rest[len] && !streq(rest + len, "/log")))
                return _RESOURCE_INVALID;
        *ret_job = TAKE_PTR(name);
        return rest[len] ? RESOURCE_LOG : RESOURCE_JOB;
}

static Json *describe(const char *uri, const char *name, const char *description, const char *type) {
        return json_object("uri", json_new_string(uri), "name", json_new_string(name), "description",
                           json_new_string(description), "mimeType", json_new_string(type), NULL);
}

static Json *describe_log(const Json *job) {
        const char *name = json_string(json_get(job, "name"));
        _cleanup_free_ char *uri = NULL, *title = NULL, *description = NULL;

        if (asprintf(&uri, JOBS_URI "/%s/log", strempty(name)) < 0)
                uri = NULL;
        if (asprintf(&title, "output of %s", strempty(name)) < 0)
                title = NULL;
        if (asprintf(&description, "%s: %s", strempty(json_string(json_get(job, "state"))),
                     strempty(json_string(json_get(job, "command")))) < 0)
                description = NULL;
        return uri && title && description ? describe(uri, title, description, "text/plain") : NULL;
}

Json *resource_list(const Json *facts, bool first_page) {
        const char *next = json_string(json_get(facts, "next_cursor"));
        Json *array = json_new_array(), *o;

        if (first_page)
                (void) json_append(array, describe(JOBS_URI, "jobs", "All background jobs and how they stand",
                                                   "application/json"));
        for (const Json *j = json_first(json_get(facts, "jobs")); j; j = json_next(j))
                if (json_append(array, describe_log(j)) < 0) {
                        json_free(array);
                        return NULL;
                }
        o = json_object("resources", array, NULL);
        return next && json_set(o, "nextCursor", json_new_string(next)) < 0 ? json_free(o), NULL : o;
}

Json *resource_contents(const char *uri, const Json *facts) {
        const char *output = json_string(json_get(facts, "output"));
        _cleanup_free_ char *job = NULL, *text = NULL;
        bool is_log = resource_parse(uri, &job) == RESOURCE_LOG;
        Json *array;

        if (is_log)
                text = strdup(strempty(output));
        else
                text = json_to_string(json_get(facts, job ? "job" : "jobs"));
        if (!text)
                return NULL;
        array = json_new_array();
        if (json_append(array, json_object("uri", json_new_string(uri), "mimeType",
                                           json_new_string(is_log ? "text/plain" : "application/json"),
                                           "text", json_new_string(text), NULL)) < 0) {
                json_free(array);
                return NULL;
        }
        return json_object("contents", array, NULL);
}
