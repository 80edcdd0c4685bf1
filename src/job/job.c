/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/job.h"

static const char *const state_names[] = {
        [JOB_STARTING] = "starting",   [JOB_READY] = "ready",       [JOB_RUNNING] = "running",
        [JOB_PAUSED] = "paused",       [JOB_STOPPING] = "stopping", [JOB_RESTARTING] = "restarting",
        [JOB_LINGERING] = "lingering", [JOB_EXITED] = "exited",     [JOB_FAILED] = "failed",
        [_JOB_STATE_MAX] = NULL,
};

static const char *const result_names[] = {
        [RESULT_SUCCESS] = "success",
        [RESULT_EXIT_CODE] = "exit-code",
        [RESULT_SIGNAL] = "signal",
        [RESULT_CORE_DUMP] = "core-dump",
        [RESULT_OOM_KILL] = "oom-kill",
        [RESULT_TIMEOUT] = "timeout",
        [RESULT_IDLE_TIMEOUT] = "idle-timeout",
        [RESULT_READY_TIMEOUT] = "ready-timeout",
        [RESULT_STOPPED] = "stopped",
        [RESULT_EXEC_FAILED] = "exec-failed",
        [RESULT_LOST] = "lost",
        [_RESULT_MAX] = NULL,
};

const char *job_state_to_string(JobState s) {
        return s >= 0 && s < _JOB_STATE_MAX ? state_names[s] : NULL;
}

const char *job_result_to_string(JobResult r) {
        return r >= 0 && r < _RESULT_MAX ? result_names[r] : NULL;
}

#define FIELD(key, type, member)                                                                             \
        { key, type, offsetof(Job, member), NULL }
#define FIELD_ENUM(key, member, names)                                                                       \
        { key, JSON_ENUM, offsetof(Job, member), names }

/* In the order in which people read them; `ports` stands between the two tables. */
static const JsonField fields[] = {
        FIELD("name", JSON_STRING, name),
        FIELD("unit", JSON_STRING, unit),
        FIELD("run", JSON_STRING, run),
        FIELD_ENUM("state", state, state_names),
        FIELD_ENUM("result", result, result_names),
        FIELD("exit_code", JSON_INT, exit_code),
        FIELD("signal", JSON_STRING, signal),
        FIELD("reason", JSON_STRING, reason),
        FIELD("pid", JSON_INT, pid),
        FIELD("command", JSON_STRING, command),
        FIELD("cwd", JSON_STRING, cwd),
        FIELD("description", JSON_STRING, description),
        FIELD("labels", JSON_MAP, labels),
        FIELD("group", JSON_STRING, group),
        FIELD("pty", JSON_BOOL, pty),
        FIELD("started_at", JSON_TIME, started_at),
        FIELD("ready_at", JSON_TIME, ready_at),
        FIELD("ready_ms", JSON_MSEC, ready_after),
        FIELD("ended_at", JSON_TIME, ended_at),
        FIELD("duration_ms", JSON_MSEC, duration),
        FIELD("uptime_ms", JSON_MSEC, uptime),
        FIELD("tasks", JSON_U64, tasks),
        FIELD("cpu_ms", JSON_MSEC, cpu),
        FIELD("memory_bytes", JSON_U64, memory),
        FIELD("memory_peak_bytes", JSON_U64, memory_peak),
        FIELD("memory_max_bytes", JSON_U64, memory_max),
        FIELD("memory_high_bytes", JSON_U64, memory_high),
        FIELD("tasks_max", JSON_U64, tasks_max),
        FIELD("cpu_max_percent", JSON_U64, cpu_max),
        FIELD("io_read_bytes", JSON_U64, io_read),
        FIELD("io_write_bytes", JSON_U64, io_write),
        FIELD("cpu_stall_ms", JSON_MSEC, cpu_stall),
        FIELD("memory_stall_ms", JSON_MSEC, memory_stall),
        FIELD("io_stall_ms", JSON_MSEC, io_stall),
};

static const JsonField output_fields[] = {
        FIELD("lines", JSON_U64, lines),
        FIELD("bytes", JSON_U64, bytes),
        FIELD("last_line", JSON_STRING, last_line),
        FIELD("restarts", JSON_INT, restarts),
        FIELD("warnings", JSON_BYTES_V, warnings),
        FIELD("lingering", JSON_BOOL, lingering),
        FIELD("waiting_for_input", JSON_BOOL, waiting_for_input),
        FIELD("prompt", JSON_STRING, prompt),
        FIELD("attached", JSON_INT, attached),
        FIELD("cursor", JSON_STRING, cursor),
};

static const JsonField record_fields[] = {
        FIELD("asked_by", JSON_STRING, asked_by),
        FIELD("processes_ended", JSON_INT, processes_ended),
        FIELD("processes_killed", JSON_INT, processes_killed),
        FIELD("stdout_lines", JSON_U64, stdout_lines),
        FIELD("stdout_bytes", JSON_U64, stdout_bytes),
        FIELD("stderr_lines", JSON_U64, stderr_lines),
        FIELD("stderr_bytes", JSON_U64, stderr_bytes),
        FIELD("supervisor", JSON_INT, supervisor),
        FIELD("cgroup", JSON_BYTES, cgroup),
};

void job_done(Job *j) {
        json_free_fields(fields, ELEMENTSOF(fields), j);
        json_free_fields(output_fields, ELEMENTSOF(output_fields), j);
        json_free_fields(record_fields, ELEMENTSOF(record_fields), j);
        job_forget_ports(j);
        *j = JOB_INIT;
}

void job_forget_ports(Job *j) {
        for (size_t i = 0; i < j->n_ports; i++)
                free(j->ports[i].address);
        free(j->ports);
        j->ports = NULL;
        j->n_ports = 0;
        j->ports_known = false;
}

bool job_is_scope(const Job *j) {
        const char *dot = j->unit ? strrchr(j->unit, '.') : NULL;

        return dot && streq(dot, ".scope");
}

char *job_cgroup_path(const Job *j) {
        char *path;

        if (!j->cgroup || asprintf(&path, "%s%s", j->cgroup, job_is_scope(j) ? "" : "/job") < 0)
                return NULL;
        return path;
}

bool job_has_ended(const Job *j) {
        return j->state == JOB_EXITED || j->state == JOB_FAILED;
}

void job_set_ended(Job *j, JobState state) {
        j->state = state;
        j->lingering = j->waiting_for_input = false;
        free(j->prompt);
        j->prompt = NULL;
}

int job_exit_status(const Job *j) {
        int signal;

        /* A job whose time was over has not succeeded, however it took the signal. */
        if (j->exit_code == 0 && (j->result == RESULT_TIMEOUT || j->result == RESULT_IDLE_TIMEOUT))
                return 124;
        if (j->exit_code >= 0)
                return j->exit_code;
        signal = j->signal ? signal_from_string(j->signal) : -EINVAL;
        if (signal > 0)
                return 128 + signal;
        if (j->result == RESULT_OOM_KILL)
                return 128 + SIGKILL;
        return j->result == RESULT_SUCCESS || j->result == RESULT_STOPPED ? 0 : 125;
}

static Json *ports_to_json(const Job *j) {
        Json *array = json_new_array();

        for (size_t i = 0; i < j->n_ports; i++) {
                const JobPort *p = &j->ports[i];
                Json *o = json_new_object();

                if (json_set(o, "port", p->port >= 0 ? json_new_number(p->port) : json_new_string(NULL)) <
                            0 ||
                    json_set(o, "address", json_new_string(p->address)) < 0 ||
                    json_set(o, "protocol", json_new_string(p->protocol)) < 0 ||
                    json_set(o, "pid", p->pid > 0 ? json_new_number(p->pid) : json_new_string(NULL)) < 0 ||
                    json_append(array, o) < 0) {
                        json_free(array);
                        return NULL;
                }
        }
        return array;
}

Json *job_to_json(const Job *j) {
        _cleanup_json_ Json *o = json_new_object();

        if (!o || json_from_fields(o, fields, ELEMENTSOF(fields), j) < 0 ||
            json_set(o, "ports", j->ports_known ? ports_to_json(j) : json_new_string(NULL)) < 0 ||
            json_from_fields(o, output_fields, ELEMENTSOF(output_fields), j) < 0)
                return NULL;
        return TAKE_PTR(o);
}

static Json *type_schema(const char *type) {
        return json_object("type", json_new_string(type), NULL);
}

static Json *field_schema(const JsonField *f) {
        Json *names;

        switch (f->type) {
        case JSON_BOOL:
                return type_schema("boolean");
        case JSON_INT:
        case JSON_U64:
        case JSON_MSEC:
                return type_schema("integer");
        case JSON_BYTES_V:
                return json_object("type", json_new_string("array"), "items", type_schema("string"), NULL);
        case JSON_MAP:
                return json_object("type", json_new_string("object"), "additionalProperties",
                                   type_schema("string"), NULL);
        case JSON_ENUM:
                names = json_new_array();
                for (size_t i = 0; f->names[i]; i++)
                        (void) json_append(names, json_new_string(f->names[i]));
                return json_object("type", json_new_string("string"), "enum", names, NULL);
        default:
                return type_schema("string");
        }
}

static Json *ports_schema(void) {
        Json *port = json_object("port", type_schema("integer"), "address", type_schema("string"), "protocol",
                                 type_schema("string"), "pid", type_schema("integer"), NULL);

        return json_object("type", json_new_string("array"), "items",
                           json_object("type", json_new_string("object"), "properties", port,
                                       "additionalProperties", json_new_bool(false), NULL),
                           NULL);
}

Json *job_schema(void) {
        _cleanup_json_ Json *properties = json_new_object();

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (json_set(properties, fields[i].key, field_schema(&fields[i])) < 0)
                        return NULL;
        if (json_set(properties, "ports", ports_schema()) < 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(output_fields); i++)
                if (json_set(properties, output_fields[i].key, field_schema(&output_fields[i])) < 0)
                        return NULL;
        return json_object("type", json_new_string("object"), "properties", TAKE_PTR(properties),
                           "additionalProperties", json_new_bool(false), NULL);
}

char *job_to_record(const Job *j) {
        _cleanup_json_ Json *o = job_to_json(j);

        if (!o || json_from_fields(o, record_fields, ELEMENTSOF(record_fields), j) < 0)
                return NULL;
        return json_to_string(o);
}

int job_from_record(Job *j, const char *text) {
        _cleanup_json_ Json *o = NULL;
        int r;

        r = json_parse(text, strlen(text), &o);
        if (r < 0)
                return r;
        r = json_to_fields(o, fields, ELEMENTSOF(fields), j);
        if (r >= 0)
                r = json_to_fields(o, output_fields, ELEMENTSOF(output_fields), j);
        if (r < 0)
                return r;
        return json_to_fields(o, record_fields, ELEMENTSOF(record_fields), j);
}
