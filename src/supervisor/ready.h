/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/base/time.h"

/* The watch over whether the job is ready. What looks is a process of its own, sdbg-ready, so that a job for
 * which nobody asks has none of it in memory. */
typedef struct ReadyWatch {
        bool is_pending; /* it is neither ready nor has it failed to be */
        bool was_ready;  /* in this run, or in one before */
        bool untold;     /* the record has found no room yet */
        pid_t pid;       /* of sdbg-ready; 0: it does not run */
        int cgroup_fd;   /* its own, with the commands that it tries */
        int answer_fd;   /* what it says when it fails */
        usec_t give_up;  /* should it not keep the time itself; CLOCK_MONOTONIC */
        char *reason;    /* the job is not ready, and will not be */
} ReadyWatch;

#define READY_WATCH_INIT                                                                                     \
        (ReadyWatch) {                                                                                       \
                .cgroup_fd = -EBADF, .answer_fd = -EBADF                                                     \
        }
