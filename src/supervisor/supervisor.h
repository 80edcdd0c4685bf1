/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/spec.h"

#include "supervisor/control.h"
#include "supervisor/oom.h"
#include "supervisor/output.h"
#include "supervisor/ready.h"

/* Why the processes are being ended. */
typedef enum StopCause {
        STOP_NONE,
        STOP_LEFTOVERS, /* the main process has ended, and what it left behind shall end too */
        STOP_REQUESTED, /* somebody asked */
        STOP_TIMEOUT,
        STOP_IDLE_TIMEOUT,
        STOP_LIFETIME, /* the process is gone whose lifetime the job shares */
        STOP_NOT_READY,
} StopCause;

/* The main process of a job's unit: runs the command in a cgroup of its own, keeps its output, ends it
 * when asked, and writes down how it ended. One state, passed around; see loop.c for what drives it. */
typedef struct Supervisor {
        Spec spec;
        Job job; /* as state.json and the records show it */
        char run[33];

        int dir_fd;    /* the job's runtime directory */
        int cgroup_fd; /* of the unit; the supervisor is here, or below it where tasks are limited */
        int job_fd;    /* its child "job": the command and all it starts */
        int events_fd; /* cgroup.events of it */
        int signal_fd;
        Oom oom;
        int lifetime_fd; /* pidfd of the process whose lifetime the job shares; -EBADF: none */

        Output output;
        Control control;
        usec_t look_at;   /* when to see whether the job waits for input; 0: it takes none */
        usec_t active_at; /* when it last printed or was given something */
        uint64_t asked;   /* lines printed when it was last recorded that it does; UINT64_MAX: never */
        ReadyWatch ready;

        int main_status;   /* of waitpid(2), once main_ended is set */
        usec_t main_ended; /* CLOCK_MONOTONIC; 0: not yet */
        usec_t started;    /* CLOCK_MONOTONIC */
        usec_t kill_at;    /* when stopping: the end of the grace time; see end.c */
        usec_t grace;      /* how long the processes had */
        uint64_t left_out; /* lines beyond the output cap; to be told */
        StopCause stop_cause;
        bool stop_asked;     /* so nothing is started again */
        JobState unpaused;   /* the state before the job was paused */
        pid_t stopped_by;    /* whose SIGTERM it was */
        usec_t idle_since;   /* CLOCK_MONOTONIC */
        uint64_t idle_bytes; /* printed until then */
        usec_t restart_at;   /* when the next run begins, CLOCK_MONOTONIC; 0: none is waited for */
        unsigned failures;   /* runs in a row that failed soon */
} Supervisor;

/* exec.c: makes the cgroup, runs the command. On failure supervisor.job says why (exec-failed).
 * Return: 0, negative errno. */
int supervisor_exec(Supervisor *s);
/* Runs it again when all of the last run is gone. Return: as supervisor_exec(). */
int supervisor_exec_again(Supervisor *s);

/* Forks into a cgroup. Return: as fork(2). */
pid_t supervisor_fork_into(int cgroup_fd);
/* Of a child: all signals as a program expects them. */
void supervisor_reset_signals(void);

/* ready.c: the command runs, and is to be told of: it is running, or starting until it is ready.
 * how: "started". */
void supervisor_begun(Supervisor *s, const char *how, usec_t now);
/* sdbg-ready has ended, with a status of waitpid(2). */
void supervisor_ready_reaped(Supervisor *s, int status, usec_t now);
/* Ends the watch where it has become void. Return: when to look again; USEC_INFINITY: never. */
usec_t supervisor_check_ready(Supervisor *s, usec_t now);

/* stop.c: asks all processes of the job to end; after the grace time they are killed. The first cause is the
 * one that is told. */
void supervisor_stop(Supervisor *s, usec_t now, StopCause cause);
/* Kills what has outlived the grace time. */
void supervisor_check_stop(Supervisor *s, usec_t now);

/* Shows that the job was paused, or goes on. */
void supervisor_set_paused(Supervisor *s, bool paused);

/* limits.c: fills the limits that hold into the job, and warns of those that were asked for and do not. */
void supervisor_read_limits(Supervisor *s);
/* Keeps a sentence for people. */
void supervisor_warn(Supervisor *s, const char *text);

/* oom.c: tells of processes that the kernel killed while the main one lives. Return: when to call it again;
 * USEC_INFINITY: when oom_look() was called. */
usec_t supervisor_note_oom(Supervisor *s, usec_t now);

/* lifetime.c: begins to watch the process whose lifetime the job shares; where it is gone, the job is stopped. */
void supervisor_watch_lifetime(Supervisor *s, usec_t now);
void supervisor_end_lifetime(Supervisor *s, usec_t now);

/* restart.c: whether the run that is over, or about to be, is followed by another. */
bool supervisor_wants_restart(const Supervisor *s);
/* To be called until the next run has begun, which is when the delay is over. Return: whether it has. */
bool supervisor_restart(Supervisor *s, usec_t now);

/* timers.c: ends the job where its time is over. Return: when to look again; USEC_INFINITY: never. */
usec_t supervisor_check_timers(Supervisor *s, usec_t now);

/* end.c: the result. */

/* Of a job that was stopped between two runs. */
void supervisor_set_stopped_between(Supervisor *s);

/* Fills job.state, result, exit_code, signal and reason from the main process's end. */
void supervisor_set_result(Supervisor *s);
/* Fills job.cpu and memory figures from the unit's cgroup. */
void supervisor_count(Supervisor *s);
/* Ends this process as the job ended, so that systemd's view of the unit is the job's. */
_Noreturn void supervisor_exit(Supervisor *s);

/* records.c: state.json and the journal's records. */
void supervisor_save(Supervisor *s);
/* Return: whether there was room for it in the ring. */
bool supervisor_record(Supervisor *s, RecordKind kind, const char *format, ...) _printf_(3, 4);

/* prompt.c: sees whether the job waits for input, where that is due, and tells of it. */
void supervisor_look_for_prompt(Supervisor *s, usec_t now);
/* Says that the job has printed something or was given something. */
void supervisor_was_active(Supervisor *s, usec_t now);

/* notify.c: sd_notify(3) without libsystemd, which would cost each job memory. */
void notify_manager(const char *format, ...) _printf_(1, 2);

/* loop.c: returns when the job and all it started are gone. Return: 0, negative errno. */
int supervisor_loop(Supervisor *s);
