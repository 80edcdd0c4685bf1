/* SPDX-License-Identifier: MIT */
#include "sdbg/output/show.h"

static void show_ready(FILE *f, const Job *j) {
        char span[32];

        if (j->ready_at > 0)
                fprintf(f, "%s: ready after %s\n", j->name,
                        format_duration(span, sizeof(span), usec_sub(j->ready_at, j->started_at)));
        else
                fprintf(f, "%s: running; no sign of readiness was asked for\n", j->name);
}

void show_wait_outcome(FILE *f, const WaitResult *w, size_t i) {
        const WaitOutcome *o = &w->outcomes[i];
        const Job *j = &w->jobs.jobs[i];

        if (!o->happened)
                return;
        switch (w->what) {
        case WAIT_EXIT:
                show_job_end(f, j);
                break;
        case WAIT_READY:
                show_ready(f, j);
                break;
        case WAIT_LOG:
                fprintf(f, "%s: line %" PRIu64 ": %s\n", j->name, o->seq, strempty(o->line));
                break;
        case WAIT_INPUT:
                fprintf(f, "%s: waits for input%s%s\n", j->name, j->prompt ? ": " : "", strempty(j->prompt));
                break;
        case WAIT_IDLE:
                fprintf(f, "%s: idle\n", j->name);
                break;
        case WAIT_PORT:
                fprintf(f, "%s: listens on port %d\n", j->name, w->port);
                break;
        }
}

static int append_outcome(Json *array, const WaitResult *w, size_t i) {
        const WaitOutcome *o = &w->outcomes[i];
        Json *job = job_to_json(&w->jobs.jobs[i]);

        if (!job || (w->what != WAIT_EXIT && json_set(job, "happened", json_new_bool(o->happened)) < 0) ||
            (w->what == WAIT_LOG &&
             (json_set(job, "line", json_new_string(o->line)) < 0 ||
              json_set(job, "seq", o->happened ? json_new_number(o->seq) : json_new_string(NULL)) < 0))) {
                json_free(job);
                return -ENOMEM;
        }
        return json_append(array, job);
}

int show_wait_json(FILE *f, const WaitResult *w) {
        Json *array = json_new_array();

        for (size_t i = 0; i < w->jobs.n; i++)
                if (append_outcome(array, w, i) < 0) {
                        json_free(array);
                        return -ENOMEM;
                }
        return show_json(f, array);
}
