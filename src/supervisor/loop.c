/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/fd.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/probe/process.h"

#include "supervisor/supervisor.h"

/* A main process that ends a moment before its children is no job that leaves some behind. */
#define LINGER_USEC (100 * USEC_PER_MSEC)
/* A terminal that prints nothing for so long is kept in less memory. */
#define REST_USEC USEC_PER_SEC
/* How long an ended job waits for a journald that does not listen; then the ring keeps the rest. */
#define FINISH_USEC (60 * USEC_PER_SEC)

/* Of what is left behind, so many are named and counted. */
#define LEFTOVERS_NAMED ((size_t) 5)
#define LEFTOVERS_COUNTED ((size_t) 1000)

static void reap(Supervisor *s, usec_t now) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                if (pid == s->job.pid) {
                        s->main_status = status;
                        s->main_ended = now;
                } else if (pid == s->output.spool.auditor)
                        spool_audited(&s->output.spool);
                else if (pid == s->ready.pid)
                        supervisor_ready_reaped(s, status, now);
}

static void read_signals(Supervisor *s, usec_t now) {
        struct signalfd_siginfo i;

        while (read(s->signal_fd, &i, sizeof(i)) == sizeof(i))
                if (i.ssi_signo == SIGTERM) {
                        s->stopped_by = i.ssi_pid;
                        supervisor_stop(s, now, STOP_REQUESTED);
                }
        reap(s, now);
}

/* "2 of its processes remain: 12 node, 13 sleep 1000". Return: the caller frees it. */
static char *name_leftovers(Supervisor *s) {
        _cleanup_process_list_ ProcessList l = {};
        _cleanup_free_ char *path = job_cgroup_path(&s->job);
        Buf b = {};

        if (path)
                (void) process_list(path, LEFTOVERS_COUNTED, &l);
        buf_printf(&b, "%zu%s of its processes remain:", l.n, l.n == LEFTOVERS_COUNTED ? " or more" : "");
        for (size_t i = 0; i < MIN(l.n, LEFTOVERS_NAMED); i++)
                buf_printf(&b, "%s %d %.60s", i > 0 ? "," : "", (int) l.processes[i].pid,
                           l.processes[i].command);
        if (l.n > LEFTOVERS_NAMED)
                buf_append_str(&b, ", …");
        return buf_take(&b);
}

static void linger(Supervisor *s) {
        _cleanup_free_ char *names = name_leftovers(s);

        supervisor_set_result(s);
        s->job.state = JOB_LINGERING;
        s->job.lingering = true;
        s->job.ended_at = now_usec(CLOCK_REALTIME);
        s->job.duration = s->main_ended - s->started;
        supervisor_count(s);
        supervisor_save(s);
        (void) supervisor_record(s, RECORD_EXIT, "%s %s; %s", s->spec.name, s->job.reason, strempty(names));
        notify_manager("STATUS=main process %s; %s", s->job.reason, strempty(names));
}

/* Return: whether the job and all it started are gone. */
static bool is_gone(Supervisor *s, usec_t now) {
        bool frozen;

        supervisor_check_stop(s, now);
        if (cgroup_populated(s->events_fd, &frozen) > 0) {
                supervisor_set_paused(s, frozen);
                if (s->main_ended == 0 || s->kill_at > 0 || s->job.lingering)
                        return false;
                if (s->spec.leftovers == LEFTOVERS_KILL ||
                    (supervisor_wants_restart(s) && now >= s->main_ended + LINGER_USEC))
                        supervisor_stop(s, now, STOP_LEFTOVERS);
                else if (now >= s->main_ended + LINGER_USEC)
                        linger(s);
                return false;
        }
        return s->main_ended > 0;
}

static void mark_ended(Supervisor *s) {
        Job *j = &s->job;

        supervisor_set_result(s);
        j->ended_at = now_usec(CLOCK_REALTIME);
        j->duration = now_usec(CLOCK_MONOTONIC) - s->started;
        supervisor_count(s);
}

/* Tells what of the output is missing. Return: whether that is in the ring, or needs not be. */
static bool write_gaps(Supervisor *s, usec_t now) {
        Output *o = &s->output;

        s->left_out += spool_uncap(&o->spool, o->coalescer.next_seq, now);
        if (s->left_out > 0 &&
            !supervisor_record(s, RECORD_CAP,
                               "%" PRIu64 " lines left out (cap): the job printed more than --output-max",
                               s->left_out))
                return false;
        s->left_out = 0;
        if (o->dropped_lines > 0 &&
            !supervisor_record(s, RECORD_GAP,
                               "%" PRIu64 " lines left out (overflow): the journal did not keep up",
                               o->dropped_lines))
                return false;
        o->dropped_lines = 0;
        return true;
}

/* Puts the records of the end behind the output. Return: whether they are in the ring. */
static bool write_end(Supervisor *s, usec_t now) {
        if (!write_gaps(s, now))
                return false;
        /* Whoever waits for the end may read everything from here on. */
        supervisor_save(s);
        return supervisor_record(s, RECORD_EXIT, "%s %s", s->spec.name, s->job.reason);
}

/* gone: the job is, and the loop shall be left at finish_by. */
static usec_t next_wakeup(Supervisor *s, usec_t now, bool gone, usec_t finish_by) {
        usec_t t = MIN(output_deadline(&s->output, now), supervisor_check_timers(s, now));

        t = MIN(t, control_deadline(&s->control));
        t = MIN(t, supervisor_check_ready(s, now));
        if (s->look_at > 0 && s->main_ended == 0)
                t = MIN(t, s->look_at);
        if (!gone)
                t = MIN(t, supervisor_note_oom(s, now));
        if (s->kill_at > 0)
                t = MIN(t, s->kill_at);
        if (s->restart_at > 0)
                t = MIN(t, s->restart_at);
        if (s->control.closing)
                t = MIN(t, s->control.close_by);
        if (gone) /* a pipe that somebody else holds open tells nothing when it is empty */
                return output_is_read(&s->output) || output_is_held(&s->output) ? MIN(t, finish_by) : now;
        if (s->main_ended > 0 && !s->job.lingering)
                t = MIN(t, s->main_ended + LINGER_USEC);
        return t;
}

static void serve_clients(Supervisor *s, const struct pollfd *p, size_t n, usec_t now) {
        Control *c = &s->control;

        control_dispatch(c, p, n, now);
        if (c->typed)
                supervisor_was_active(s, now);
        c->typed = false;
        if (c->changed) {
                s->job.attached = (int) control_attached(c);
                supervisor_save(s);
        }
        c->changed = false;
}

/* Signals, the cgroup's events, journald's socket, three streams, the lifetime, memory's events; then the
 * control socket's. */
#define FIXED 8

static int wait_for_event(Supervisor *s, usec_t now, bool gone, usec_t finish_by) {
        Output *o = &s->output;
        usec_t nap = output_nap(o, now);
        struct pollfd p[FIXED + CONTROL_POLL_MAX] = {
                { .fd = s->signal_fd, .events = POLLIN },
                { .fd = s->events_fd, .events = POLLPRI },
                { .fd = o->spool.wants_writable ? o->spool.writer.fd : -1, .events = POLLOUT },
                output_poll(o, STREAM_STDOUT, nap),
                output_poll(o, STREAM_STDERR, nap),
                output_poll(o, STREAM_PTY, nap),
                { .fd = s->lifetime_fd, .events = POLLIN },
                { .fd = s->oom.events_fd, .events = POLLPRI },
        };
        size_t n = control_poll(&s->control, p + FIXED);
        usec_t wakeup = MIN(next_wakeup(s, now, gone, finish_by), nap ?: USEC_INFINITY);
        bool active = false;
        int r;

        if (gone) /* the cgroup has told all, and an empty pipe is a closed one */
                p[1].fd = -1;
        r = poll_until(p, FIXED + n, wakeup);
        if (r < 0)
                return r == -EINTR ? 0 : r;

        now = now_usec(CLOCK_MONOTONIC);
        if (p[0].revents)
                read_signals(s, now);
        for (Stream i = 0; i < STREAM_RECORD; i++)
                if (p[3 + i].revents || (nap > 0 && now >= nap)) {
                        output_read(o, i, now);
                        active = true;
                }
        if (p[7].revents)
                oom_look(&s->oom, now);
        if (p[6].revents)
                supervisor_end_lifetime(s, now);
        serve_clients(s, p + FIXED, n, now);
        if (active)
                supervisor_was_active(s, now);
        return 0;
}

/* When it has been silent for so long that the loop has come by to look for a prompt. */
static void let_rest(Supervisor *s, usec_t now) {
        if (s->control.terminal && now >= s->active_at + REST_USEC)
                terminal_rest(s->control.terminal);
}

int supervisor_loop(Supervisor *s) {
        bool gone = false, written = false;
        usec_t finish_by = USEC_INFINITY;

        supervisor_watch_lifetime(s, now_usec(CLOCK_MONOTONIC));
        for (;;) {
                usec_t now = now_usec(CLOCK_MONOTONIC);
                int r;

                if (!gone && is_gone(s, now)) {
                        gone = true;
                        finish_by = USEC_INFINITY;
                        mark_ended(s);
                        (void) supervisor_check_ready(s, now);
                }
                if (gone)
                        output_close(&s->output, now);
                else
                        output_pump(&s->output, now, false);
                if (gone && supervisor_wants_restart(s)) {
                        if (output_is_read(&s->output) && supervisor_restart(s, now)) {
                                gone = false;
                                continue;
                        }
                } else if (gone)
                        finish_by = MIN(finish_by, now + FINISH_USEC);
                if (finish_by != USEC_INFINITY && !written && output_is_read(&s->output))
                        written = write_end(s, now);
                if (written && control_say_bye(&s->control, now) && spool_is_sent(&s->output.spool))
                        return 0;
                if (!gone) {
                        supervisor_look_for_prompt(s, now);
                        let_rest(s, now);
                }
                if (now >= finish_by) {
                        supervisor_save(s);
                        return 0;
                }

                r = wait_for_event(s, now, gone, finish_by);
                if (r < 0)
                        return r;
        }
}
