/* SPDX-License-Identifier: MIT */
#include "mcp/catalog.h"
#include "mcp/tools.h"

/* Reaches the model in every client, often before any tool's description does. */
#define INSTRUCTIONS                                                                                         \
        "Background jobs on systemd. Use job_start for everything that runs longer than a moment or must "   \
        "go on by itself (dev servers, watchers, builds, test runs, databases) instead of '&', nohup or a "  \
        "shell tool's background mode. Jobs outlive you: call job_list first to see what runs already. Do "  \
        "not poll: every answer ends with a line of state and tells what has ended since the last one; use " \
        "job_wait to wait for an end or for readiness, and job_logs with new to read what you have not "     \
        "seen. "                                                                                             \
        "Stop what you have started and nobody needs any more with job_stop; never use kill or pkill."

static Json *capabilities(void) {
        return json_object(
                "tools", json_object("listChanged", json_new_bool(false), NULL), "resources",
                json_object("subscribe", json_new_bool(true), "listChanged", json_new_bool(true), NULL),
                "prompts", json_object("listChanged", json_new_bool(false), NULL), "logging",
                json_new_object(), NULL);
}

Json *catalog_server(void) {
        return json_object("name", json_new_string("sdbg"), "title",
                           json_new_string("sdbg: background jobs on systemd"), "version",
                           json_new_string(SDBG_VERSION), NULL);
}

Json *catalog_greeting(const char *version) {
        return json_object("protocolVersion", json_new_string(version), "capabilities", capabilities(),
                           "serverInfo", catalog_server(), "instructions", json_new_string(INSTRUCTIONS),
                           NULL);
}

Json *catalog_discovery(Json *versions) {
        return json_object("supportedVersions", versions, "capabilities", capabilities(), "instructions",
                           json_new_string(INSTRUCTIONS), NULL);
}

static Json *annotations(const Tool *t) {
        bool reads = t->kind != TOOL_CHANGES;

        return json_object("title", json_new_string(t->title), "readOnlyHint", json_new_bool(reads),
                           "destructiveHint", json_new_bool(t->destructive), "idempotentHint",
                           json_new_bool(reads || t->idempotent), "openWorldHint", json_new_bool(false),
                           NULL);
}

Json *catalog_tools(void) {
        _cleanup_json_ Json *array = json_new_array();

        for (size_t i = 0; tools[i]; i++) {
                const Tool *t = tools[i];
                Json *o = json_object("name", json_new_string(t->name), "title", json_new_string(t->title),
                                      "description", json_new_string(t->description), "inputSchema",
                                      tool_input_schema(t), "outputSchema", tool_output_schema(t),
                                      "annotations", annotations(t), NULL);

                if (json_append(array, o) < 0)
                        return NULL;
        }
        return json_object("tools", TAKE_PTR(array), NULL);
}

static Json *parse_literal(const char *text) {
        Json *j = NULL;

        return json_parse(text, strlen(text), &j) < 0 ? NULL : j;
}

Json *catalog_prompts(void) {
        return parse_literal(
                "{\"prompts\":[{\"name\":\"diagnose\",\"title\":\"Why did this job fail?\","
                "\"description\":\"A job's end, its figures and its last lines, to find out what went "
                "wrong\",\"arguments\":[{\"name\":\"job\",\"description\":\"the job's name; else the "
                "newest failure\",\"required\":false}]}]}");
}

Json *catalog_templates(void) {
        return parse_literal(
                "{\"resourceTemplates\":[{\"uriTemplate\":\"sdbg://jobs/{name}\",\"name\":\"job\","
                "\"title\":\"A job\",\"description\":\"How a background job stands\",\"mimeType\":"
                "\"application/json\"},{\"uriTemplate\":\"sdbg://jobs/{name}/log\",\"name\":\"job-log\","
                "\"title\":\"A job's output\",\"description\":\"The last lines that a background job has "
                "printed\",\"mimeType\":\"text/plain\"}]}");
}
