/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>

#include "sdbg/job/spec.h"

const char *const leftovers_names[] = { "keep", "kill", NULL };
const char *const restart_names[] = { "no", "on-failure", "always", NULL };
const char *const overflow_names[] = { "block", "drop", NULL };

#define FIELD(key, type, member)                                                                             \
        { key, type, offsetof(Spec, member), NULL }

static const JsonField fields[] = {
        FIELD("name", JSON_STRING, name),
        FIELD("group", JSON_STRING, group),
        FIELD("description", JSON_STRING, description),
        FIELD("command", JSON_STRING, command),
        FIELD("labels", JSON_BYTES_V, labels),
        FIELD("asked_by", JSON_STRING, asked_by),
        FIELD("argv", JSON_BYTES_V, argv),
        FIELD("cwd", JSON_BYTES, cwd),
        FIELD("env", JSON_BYTES_V, env),
        FIELD("umask", JSON_INT, umask),
        FIELD("stop_signal", JSON_INT, stop_signal),
        FIELD("stop_timeout_ms", JSON_MSEC, stop_timeout),
        FIELD("memory_max_bytes", JSON_U64, memory_max),
        FIELD("memory_high_bytes", JSON_U64, memory_high),
        FIELD("tasks_max", JSON_U64, tasks_max),
        FIELD("cpu_max_percent", JSON_U64, cpu_max),
        { "nice", JSON_INT, offsetof(Spec, nice), NULL },
        FIELD("lifetime_pid", JSON_INT, lifetime_pid),
        FIELD("lifetime_start", JSON_U64, lifetime_start),
        FIELD("lifetime_of", JSON_STRING, lifetime_of),
        { "restart", JSON_ENUM, offsetof(Spec, restart), restart_names },
        FIELD("restart_delay_ms", JSON_MSEC, restart_delay),
        FIELD("restart_max", JSON_U64, restart_max),
        FIELD("timeout_ms", JSON_MSEC, timeout),
        FIELD("idle_timeout_ms", JSON_MSEC, idle_timeout),
        { "leftovers", JSON_ENUM, offsetof(Spec, leftovers), leftovers_names },
        FIELD("output_max_bytes", JSON_U64, output_max),
        { "overflow", JSON_ENUM, offsetof(Spec, overflow), overflow_names },
        FIELD("properties", JSON_BYTES_V, properties),
        FIELD("pty", JSON_BOOL, pty),
        FIELD("stdin", JSON_BOOL, input),
        FIELD("cols", JSON_INT, cols),
        FIELD("rows", JSON_INT, rows),
        FIELD("ready_log", JSON_BYTES_V, ready_log),
        FIELD("ready_port", JSON_BYTES_V, ready_port),
        FIELD("ready_http", JSON_BYTES_V, ready_http),
        FIELD("ready_exec", JSON_BYTES_V, ready_exec),
        FIELD("ready_timeout_ms", JSON_MSEC, ready_timeout),
        FIELD("ready_anywhere", JSON_BOOL, ready_anywhere),
};

/* A limit's value as text: JSON's numbers do not hold 64 bits. */
static Json *limit_to_json(const SpecLimit *l) {
        char text[48];

        snprintf(text, sizeof(text), "%" PRIu64 ":%" PRIu64, l->soft, l->hard);
        return json_new_string(text);
}

static int limits_from_json(Spec *s, const Json *array) {
        size_t n = 0;

        for (const Json *i = json_first(array); i && n < RLIM_NLIMITS; i = json_next(i), n++) {
                SpecLimit *l = &s->limits[n];

                if (!json_string(i) ||
                    sscanf(json_string(i), "%" SCNu64 ":%" SCNu64, &l->soft, &l->hard) != 2)
                        return -EBADMSG;
        }
        return n == RLIM_NLIMITS ? 0 : -EBADMSG;
}

void spec_done(Spec *s) {
        json_free_fields(fields, ELEMENTSOF(fields), s);
        *s = (Spec){};
}

char *spec_to_string(const Spec *s) {
        _cleanup_json_ Json *o = json_new_object();
        Json *limits = json_new_array();

        if (json_set(o, "limits", limits) < 0)
                return NULL;
        for (size_t i = 0; i < RLIM_NLIMITS; i++)
                if (json_append(limits, limit_to_json(&s->limits[i])) < 0)
                        return NULL;
        if (json_from_fields(o, fields, ELEMENTSOF(fields), s) < 0)
                return NULL;
        return json_to_string(o);
}

int spec_from_string(Spec *s, const char *text, size_t len) {
        _cleanup_json_ Json *o = NULL;
        int r;

        *s = (Spec){
                .stop_signal = SIGTERM,
                .stop_timeout = USEC_INFINITY,
                .memory_max = UINT64_MAX,
                .memory_high = UINT64_MAX,
                .tasks_max = UINT64_MAX,
                .cpu_max = UINT64_MAX,
                .lifetime_pid = -1,
                .restart_delay = SPEC_RESTART_DELAY,
                .restart_max = UINT64_MAX,
                .timeout = USEC_INFINITY,
                .idle_timeout = USEC_INFINITY,
                .ready_timeout = USEC_INFINITY,
                .output_max = UINT64_MAX,
        };
        r = json_parse(text, len, &o);
        if (r < 0)
                return r;
        r = json_to_fields(o, fields, ELEMENTSOF(fields), s);
        if (r < 0)
                return r;
        r = limits_from_json(s, json_get(o, "limits"));
        if (r < 0)
                return r;
        return s->name && s->argv && s->argv[0] && s->cwd ? 0 : -EBADMSG;
}
