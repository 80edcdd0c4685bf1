/* SPDX-License-Identifier: MIT */
#include "sdbg/output/show.h"

/* The sentence without the job's name, which stands before it. */
static const char *without_name(const char *message, const char *job) {
        const char *rest = startswith(message, job);

        if (!rest || !strchr(": ", *rest))
                return message;
        return rest + strspn(rest, ": ");
}

int show_event(FILE *f, const Entry *e) {
        char time[LOCAL_TIME_MAX];

        fprintf(f, "%s  %-7s  %s: %s\n", format_local_time(time, sizeof(time), e->time), e->event, e->job,
                without_name(strempty(e->message), e->job));
        return ferror(f) ? -(errno ?: EIO) : 0;
}

/* The record's fields behind those of every event, which it does not change. */
static int add_fields(Json *o, const char *record) {
        _cleanup_json_ Json *fields = NULL;

        if (!record || json_parse(record, strlen(record), &fields) < 0)
                return 0;
        for (const Json *i = json_first(fields); i; i = json_next(i))
                if (!json_get(o, json_key(i)) && json_set(o, json_key(i), json_copy(i)) < 0)
                        return -ENOMEM;
        return 0;
}

int show_event_json(FILE *f, const Entry *e) {
        _cleanup_json_ Json *o = json_new_object();
        char time[RFC3339_MAX];

        format_rfc3339(time, sizeof(time), e->time);
        if (json_set(o, "time", json_new_string(time)) < 0 ||
            json_set(o, "event", json_new_string(e->event)) < 0 ||
            json_set(o, "job", json_new_string(e->job)) < 0 ||
            json_set(o, "run", json_new_string(e->run)) < 0 ||
            json_set(o, "message", json_new_string(e->message)) < 0 || add_fields(o, e->record) < 0)
                return -ENOMEM;
        return show_json(f, TAKE_PTR(o));
}
