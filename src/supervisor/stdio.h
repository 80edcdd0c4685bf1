/* SPDX-License-Identifier: MIT */
#pragma once

#include "supervisor/supervisor.h"

/* The job's stdin, stdout and stderr: pipes and /dev/null, or a terminal. */
typedef struct JobStdio {
        int fds[3]; /* the job's ends */
} JobStdio;

#define JOB_STDIO_INIT                                                                                       \
        (JobStdio) {                                                                                         \
                .fds = { -EBADF, -EBADF, -EBADF }                                                            \
        }

/* Opens both sides; the supervisor's stand in s->output and s->control. Return: 0, negative errno. */
int stdio_open(Supervisor *s, JobStdio *io);
void stdio_close(JobStdio *io);

/* In the child: makes them its own. Return: 0, negative errno. */
int stdio_connect(const Supervisor *s, const JobStdio *io);
