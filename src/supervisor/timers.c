/* SPDX-License-Identifier: MIT */
#include "supervisor/supervisor.h"

static uint64_t printed(const Supervisor *s) {
        const Coalescer *c = &s->output.coalescer;

        return coalescer_bytes(c, STREAM_STDOUT) + coalescer_bytes(c, STREAM_STDERR) +
               coalescer_bytes(c, STREAM_PTY);
}

/* What waits for the journal's sake, or because somebody paused it, is not idle. */
static void watch_output(Supervisor *s, usec_t now) {
        uint64_t bytes = printed(s);

        if (s->idle_since > 0 && bytes == s->idle_bytes && !output_is_held(&s->output) &&
            s->job.state != JOB_PAUSED)
                return;
        s->idle_bytes = bytes;
        s->idle_since = now;
}

usec_t supervisor_check_timers(Supervisor *s, usec_t now) {
        usec_t idle_at = USEC_INFINITY, end_at = usec_add(s->started, s->spec.timeout);

        if (s->kill_at > 0 || s->restart_at > 0 || job_has_ended(&s->job))
                return USEC_INFINITY;
        if (s->spec.idle_timeout != USEC_INFINITY) {
                watch_output(s, now);
                idle_at = usec_add(s->idle_since, s->spec.idle_timeout);
        }
        if (now >= end_at)
                supervisor_stop(s, now, STOP_TIMEOUT);
        else if (now >= idle_at)
                supervisor_stop(s, now, STOP_IDLE_TIMEOUT);
        return s->kill_at > 0 ? s->kill_at : MIN(end_at, idle_at);
}
