/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/wait.h>

#include "sdbg/job/readiness.h"

#include "supervisor/supervisor.h"

/* The delay grows up to this, and a run that lasted so long begins the row of failures anew. */
#define DELAY_MAX (60 * USEC_PER_SEC)
#define RUN_WELL (60 * USEC_PER_SEC)
/* However short the delay that was asked for: a job that fails at once shall not fill the journal. */
#define DELAY_MIN (100 * USEC_PER_MSEC)

static bool has_failed(const Supervisor *s) {
        return s->stop_cause == STOP_TIMEOUT || s->stop_cause == STOP_IDLE_TIMEOUT ||
               s->stop_cause == STOP_NOT_READY || !WIFEXITED(s->main_status) ||
               WEXITSTATUS(s->main_status) != 0;
}

bool supervisor_wants_restart(const Supervisor *s) {
        const Spec *spec = &s->spec;

        if (s->stop_asked || s->restart_at > 0)
                return !s->stop_asked;
        /* A start that fails is not made again: somebody waits for the answer. */
        if (spec_wants_ready(spec) && !s->ready.was_ready)
                return false;
        return (uint64_t) s->job.restarts < spec->restart_max &&
               (spec->restart == RESTART_ALWAYS || (spec->restart == RESTART_ON_FAILURE && has_failed(s)));
}

static usec_t next_delay(const Supervisor *s) {
        usec_t delay = MAX(s->spec.restart_delay, DELAY_MIN), most = MAX(delay, DELAY_MAX);

        for (unsigned i = 1; i < s->failures && delay < most; i++)
                delay = MIN(usec_add(delay, delay), most);
        return delay;
}

static unsigned count_failures(const Supervisor *s) {
        return !has_failed(s) ? 0 : s->job.duration >= RUN_WELL ? 1 : s->failures + 1;
}

/* Tells how the run ended and when the next one begins. Return: whether there was room for it. */
static bool announce(Supervisor *s, usec_t now) {
        unsigned failures = s->failures;
        Job *j = &s->job;
        char text[32];
        usec_t delay;

        s->failures = count_failures(s);
        delay = next_delay(s);
        format_duration(text, sizeof(text), delay);
        j->state = JOB_RESTARTING;
        j->restarts++;
        if (!supervisor_record(s, RECORD_RESTART, "%s %s; restart %d in %s", j->name, strempty(j->reason),
                               j->restarts, text)) {
                j->restarts--;
                s->failures = failures;
                return false;
        }
        j->pid = -1;
        supervisor_save(s);
        s->restart_at = usec_add(now, delay);
        notify_manager("STATUS=%s; restart %d in %s", strempty(j->reason), j->restarts, text);
        return true;
}

static void forget_run(Supervisor *s, usec_t now) {
        Job *j = &s->job;

        s->main_status = 0;
        s->main_ended = s->kill_at = s->restart_at = s->idle_since = 0;
        s->stop_cause = STOP_NONE;
        oom_forget(&s->oom);
        s->started = now;
        j->state = JOB_STARTING;
        j->result = _RESULT_INVALID;
        j->exit_code = j->pid = j->processes_ended = j->processes_killed = -1;
        j->started_at = now_usec(CLOCK_REALTIME);
        j->ended_at = 0;
        j->duration = USEC_INFINITY;
        free(j->signal);
        free(j->reason);
        j->signal = j->reason = NULL;
}

/* The command cannot be executed any more: a run that failed at once. */
static void take_exec_failure(Supervisor *s, usec_t now) {
        s->main_status = W_EXITCODE(s->job.exit_code, 0);
        s->main_ended = now;
        s->job.ended_at = now_usec(CLOCK_REALTIME);
        s->job.duration = 0;
}

bool supervisor_restart(Supervisor *s, usec_t now) {
        if (s->restart_at == 0) {
                (void) announce(s, now);
                return false;
        }
        if (now < s->restart_at)
                return false;
        forget_run(s, now);
        if (supervisor_exec_again(s) < 0) {
                take_exec_failure(s, now);
                return false;
        }
        supervisor_begun(s, "started again", now);
        return true;
}
