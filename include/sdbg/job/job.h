/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/json/json.h"

/* What is known of one job: the JSON that users see, the state file of a run, and the facts in the
 * journal's records are all this struct. */

typedef enum JobState {
        JOB_STARTING,
        JOB_READY,
        JOB_RUNNING,
        JOB_PAUSED,
        JOB_STOPPING,
        JOB_RESTARTING,
        JOB_LINGERING, /* the main process has ended, others of the job are still there */
        JOB_EXITED,
        JOB_FAILED,
        _JOB_STATE_MAX,
        _JOB_STATE_INVALID = -EINVAL,
} JobState;

typedef enum JobResult {
        RESULT_SUCCESS,
        RESULT_EXIT_CODE,
        RESULT_SIGNAL,
        RESULT_CORE_DUMP,
        RESULT_OOM_KILL,
        RESULT_TIMEOUT,
        RESULT_IDLE_TIMEOUT,
        RESULT_READY_TIMEOUT,
        RESULT_STOPPED,
        RESULT_EXEC_FAILED,
        RESULT_LOST,
        _RESULT_MAX,
        _RESULT_INVALID = -EINVAL,
} JobResult;

/* Return: the name, as users see it; static. NULL for what is no value of the type. */
const char *job_state_to_string(JobState s);
const char *job_result_to_string(JobResult r);

/* A socket that the job listens on. */
typedef struct JobPort {
        int port; /* negative for a Unix socket */
        char *address;
        const char *protocol; /* "tcp", "udp", "unix" */
        pid_t pid;
} JobPort;

typedef struct Job {
        char *name, *unit, *run;
        JobState state;
        JobResult result;
        int exit_code;
        char *signal; /* "SIGTERM" */
        char *reason; /* a sentence */
        int pid;      /* main process of the job */
        char *command, *cwd, *description, *group;
        char **labels;
        bool pty;
        usec_t started_at, ready_at, ended_at; /* CLOCK_REALTIME; 0: not yet */
        usec_t duration, uptime;
        usec_t ready_after; /* from its start; USEC_INFINITY: not yet */
        uint64_t tasks;
        usec_t cpu;
        uint64_t memory, memory_peak, memory_max, io_read, io_write;
        uint64_t memory_high, tasks_max, cpu_max; /* limits that hold; CPU in percent of one */
        char **warnings;                          /* sentences: limits that do not hold, what befell it */
        usec_t cpu_stall, memory_stall, io_stall; /* time in which a process waited for it */
        JobPort *ports;
        size_t n_ports;
        bool ports_known;
        uint64_t lines, bytes;
        char *last_line;
        int restarts;
        bool lingering, waiting_for_input;
        char *prompt; /* the unfinished line that waits for input */
        int attached;
        char *cursor;

        /* Of the record and the state file only. */
        char *asked_by;      /* who started it: "PID 12 (bash)" */
        int processes_ended; /* how many processes a stop ended, and how many of them by SIGKILL */
        int processes_killed;
        uint64_t stdout_lines, stdout_bytes, stderr_lines, stderr_bytes;
        int supervisor; /* its PID */
        char *cgroup;   /* of the unit, below the cgroup2 mount */
} Job;

/* Of job.last_line, in bytes. */
#define LAST_LINE_MAX 200

/* Everything unknown. */
#define JOB_INIT                                                                                             \
        (Job) {                                                                                              \
                .state = _JOB_STATE_INVALID, .result = _RESULT_INVALID, .exit_code = -1, .pid = -1,          \
                .duration = USEC_INFINITY, .uptime = USEC_INFINITY, .ready_after = USEC_INFINITY,            \
                .tasks = UINT64_MAX, .cpu = USEC_INFINITY, .memory = UINT64_MAX, .memory_peak = UINT64_MAX,  \
                .memory_max = UINT64_MAX, .memory_high = UINT64_MAX, .tasks_max = UINT64_MAX,                \
                .cpu_max = UINT64_MAX, .io_read = UINT64_MAX, .io_write = UINT64_MAX,                        \
                .cpu_stall = USEC_INFINITY, .memory_stall = USEC_INFINITY, .io_stall = USEC_INFINITY,        \
                .lines = UINT64_MAX, .bytes = UINT64_MAX, .processes_ended = -1, .processes_killed = -1,     \
                .stdout_lines = UINT64_MAX, .stdout_bytes = UINT64_MAX, .stderr_lines = UINT64_MAX,          \
                .stderr_bytes = UINT64_MAX, .supervisor = -1,                                                \
        }

/* Frees what the job holds; it is then as JOB_INIT. */
void job_done(Job *j);

/* Frees the ports, which are unknown then. */
void job_forget_ports(Job *j);
#define _cleanup_job_ _cleanup_(job_done)

/* Whether it is an adopted process tree: without a supervisor, its cgroup is the scope's own. */
bool job_is_scope(const Job *j);

/* The cgroup of the job's processes, below the cgroup2 mount: beside the supervisor, or the whole scope.
 * Return: the caller frees it; NULL where it is not known, or without memory. */
char *job_cgroup_path(const Job *j);

/* Whether the run is over (exited or failed). */
bool job_has_ended(const Job *j);

/* Sets the state of one that ended; what is true only of those that run is taken back. */
void job_set_ended(Job *j, JobState state);

/* The exit code that stands for the result: the job's own, 128+n for a signal, 124 where it would be 0 though
 * the job's time was over, 125 where the end is not known (lost). */
int job_exit_status(const Job *j);

/* The job as its contract's JSON. Return: an object that the caller frees, NULL without memory. */
Json *job_to_json(const Job *j);

/* The JSON schema of that, with what is unknown left out. Return: as job_to_json(). */
Json *job_schema(void);

/* The same with what only records and the state file hold. Return: a string that the caller frees. */
char *job_to_record(const Job *j);

/* Reads job_to_record()'s text. Return: 0, -EBADMSG, -ENOMEM; the job is then partly filled. */
int job_from_record(Job *j, const char *text);
