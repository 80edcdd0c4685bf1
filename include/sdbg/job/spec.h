/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/resource.h>

#include "sdbg/job/job.h"

/* All that is needed to run a job: what `sdbg start` writes for the supervisor, mode 0600, and what
 * `sdbg restart` starts again. Secrets stand here and nowhere else. */

typedef enum Leftovers {
        LEFTOVERS_KEEP, /* processes still there when the main one has ended may stay */
        LEFTOVERS_KILL,
        _LEFTOVERS_MAX,
        _LEFTOVERS_INVALID = -EINVAL,
} Leftovers;

typedef enum Restart {
        RESTART_NO,
        RESTART_ON_FAILURE,
        RESTART_ALWAYS,
        _RESTART_MAX,
        _RESTART_INVALID = -EINVAL,
} Restart;

typedef enum Overflow {
        OVERFLOW_BLOCK, /* where the journal does not keep up, the job waits */
        OVERFLOW_DROP,  /* the job goes on, and what was dropped is counted */
        _OVERFLOW_MAX,
        _OVERFLOW_INVALID = -EINVAL,
} Overflow;

extern const char *const leftovers_names[];
extern const char *const restart_names[];
extern const char *const overflow_names[];

typedef struct SpecLimit {
        uint64_t soft, hard; /* RLIM_INFINITY as UINT64_MAX */
} SpecLimit;

typedef struct Spec {
        char *name, *group, *description, *command; /* command: as it is shown */
        char **labels;                              /* key=value */
        char *asked_by;                             /* "PID 12 (bash)" */
        char **argv;                                /* exact bytes */
        char *cwd;
        char **env; /* NAME=VALUE, exact bytes */
        int umask;
        SpecLimit limits[RLIM_NLIMITS];
        int stop_signal;
        usec_t stop_timeout;
        uint64_t memory_max, memory_high, tasks_max; /* UINT64_MAX: none; tasks without the supervisor */
        uint64_t cpu_max;                            /* percent of one CPU; UINT64_MAX: none */
        int nice;                                    /* 0: as the user manager's services */
        int lifetime_pid;                            /* the job ends when this process does; negative: none */
        uint64_t lifetime_start; /* when that one was started, in ticks since boot: PIDs are used again */
        char *lifetime_of;       /* how people call it: "PID 12 (node)" */
        Restart restart;
        usec_t restart_delay;         /* doubled after each failure in a row */
        uint64_t restart_max;         /* UINT64_MAX: none */
        usec_t timeout, idle_timeout; /* longest run, longest time without output; USEC_INFINITY: none */
        Leftovers leftovers;
        uint64_t output_max;
        Overflow overflow;
        char **properties; /* NAME=VALUE of systemd, as given with -p */
        bool pty, input;   /* a terminal; a stdin that stays open */
        int cols, rows;    /* of the terminal */
        char **ready_log, **ready_port, **ready_http, **ready_exec; /* see readiness.h */
        usec_t ready_timeout;
        bool ready_anywhere; /* whoever answers, and on whatever machine */
} Spec;

#define SPEC_OUTPUT_MAX ((uint64_t) 256 * 1024 * 1024)
/* What a unit may have beside the job's tasks: the supervisor, an auditor, and what looks whether it is ready. */
#define SPEC_OWN_TASKS 16
#define SPEC_RESTART_DELAY USEC_PER_SEC
#define SPEC_STOP_TIMEOUT (10 * USEC_PER_SEC)

/* Frees what it holds; all is then zero. */
void spec_done(Spec *s);
#define _cleanup_spec_ _cleanup_(spec_done)

/* Return: JSON text that the caller frees, NULL without memory. */
char *spec_to_string(const Spec *s);

/* Return: 0, -EBADMSG for what is no spec, -ENOMEM. */
int spec_from_string(Spec *s, const char *text, size_t len);
