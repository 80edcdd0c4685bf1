/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "sdbg/runtime/jobdir.h"

#include "supervisor/supervisor.h"

static void count_output(Supervisor *s) {
        const Coalescer *c = &s->output.coalescer;
        Job *j = &s->job;

        j->stdout_lines = coalescer_lines(c, STREAM_STDOUT);
        j->stdout_bytes = coalescer_bytes(c, STREAM_STDOUT);
        j->stderr_lines = coalescer_lines(c, STREAM_STDERR);
        j->stderr_bytes = coalescer_bytes(c, STREAM_STDERR);
        j->lines = j->stdout_lines + j->stderr_lines + coalescer_lines(c, STREAM_PTY);
        j->bytes = j->stdout_bytes + j->stderr_bytes + coalescer_bytes(c, STREAM_PTY);
}

void supervisor_save(Supervisor *s) {
        count_output(s);
        if (job_has_ended(&s->job)) {
                free(s->job.last_line);
                s->job.last_line = ring_last_line(&s->output.spool.ring, LAST_LINE_MAX);
        }
        /* A full runtime directory costs the state, not the job: the manager and the records know it. */
        (void) jobdir_write_state(s->dir_fd, &s->job);
}

bool supervisor_record(Supervisor *s, RecordKind kind, const char *format, ...) {
        _cleanup_free_ char *message = NULL, *json = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&message, format, ap);
        va_end(ap);
        if (r < 0)
                message = NULL;
        count_output(s);
        json = job_to_record(&s->job);
        return message && json && output_record(&s->output, kind, message, json, now_usec(CLOCK_MONOTONIC));
}
