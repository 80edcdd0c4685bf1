/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/output/show.h"

static void show_comparison(FILE *f, const PostMortem *p) {
        char span[32], time[LOCAL_TIME_MAX];

        if (p->runs == 0)
                return;
        fprintf(f, "%11s: %zu run%s before", "compared", p->runs, p->runs == 1 ? "" : "s");
        if (p->usual_duration != USEC_INFINITY)
                fprintf(f, ", %s %s", p->successes > 1 ? "usually" : "one that took",
                        format_duration(span, sizeof(span), p->usual_duration));
        if (p->failed_in_a_row > 1)
                fprintf(f, ", %" PRIu64 " failures in a row", p->failed_in_a_row);
        if (p->failed_in_a_row > 0 && p->last_success > 0)
                fprintf(f, ", the last success %s", format_local_time(time, sizeof(time), p->last_success));
        fprintf(f, "\n");
}

static void show_lines(FILE *f, const PostMortem *p) {
        if (p->n_lines == 0)
                return;
        fprintf(f, "\n%s\n", p->has_errors ? "what looks like errors:" : "last lines:");
        for (size_t i = 0; i < p->n_lines; i++)
                fprintf(f, "%s    %s\n", p->lines[i].apart && i > 0 ? "    --\n" : "", p->lines[i].text);
}

void show_post_mortem(FILE *f, const Job *j, const PostMortem *p) {
        if (p->memory_percent >= 0)
                fprintf(f, "%11s: %d%% of its limit at the peak\n", "memory", p->memory_percent);
        show_comparison(f, p);
        STRV_FOREACH (hint, p->hints)
                fprintf(f, "%11s: %s\n", hint == p->hints ? "try" : "or", *hint);
        show_lines(f, p);
        if (p->has_errors)
                fprintf(f, "\n'sdbg logs --errors %s' shows all of them, 'sdbg logs %s' everything.\n",
                        j->name, j->name);
}

static Json *lines_to_json(const PostMortem *p, bool wanted) {
        Json *array = json_new_array();

        for (size_t i = 0; wanted && i < p->n_lines; i++) {
                const PostMortemLine *line = &p->lines[i];
                char time[RFC3339_MAX];

                format_rfc3339(time, sizeof(time), line->time);
                if (json_append(array,
                                json_object("seq", json_new_number(line->seq), "time", json_new_string(time),
                                            "stream", json_new_string(stream_to_string(line->stream)), "text",
                                            json_new_string(line->text), NULL)) < 0) {
                        json_free(array);
                        return NULL;
                }
        }
        return array;
}

static Json *unless(bool unknown, uint64_t number) {
        return unknown ? json_new_string(NULL) : json_new_number(number);
}

Json *post_mortem_to_json(const PostMortem *p) {
        char time[RFC3339_MAX];

        return json_object("summary", json_new_string(p->summary), "runs", json_new_number(p->runs),
                           "successes", json_new_number(p->successes), "usual_duration_ms",
                           unless(p->usual_duration == USEC_INFINITY, p->usual_duration / USEC_PER_MSEC),
                           "last_success_at",
                           json_new_string(p->last_success > 0
                                                   ? format_rfc3339(time, sizeof(time), p->last_success)
                                                   : NULL),
                           "failed_in_a_row", json_new_number(p->failed_in_a_row), "memory_percent",
                           unless(p->memory_percent < 0, p->memory_percent), "error_lines",
                           lines_to_json(p, p->has_errors), "last_lines", lines_to_json(p, !p->has_errors),
                           "hints", json_new_strv(p->hints), NULL);
}
