/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/time.h"

#define OOM_ANCESTORS 8

/* What the kernel kills for want of memory. Where there is no memory controller, events_fd is -EBADF and
 * nothing is ever seen. */
typedef struct Oom {
        int events_fd; /* memory.events of the unit's cgroup */
        int cgroup_fd; /* borrowed */
        const char *cgroup;
        usec_t look_at; /* something was killed: when to tell, if the main process still lives; 0: nothing */
        uint64_t seen;  /* processes that were killed, as far as that is known here */
        uint64_t told;  /* in this run, while its main process lived */
        uint64_t ancestors[OOM_ANCESTORS]; /* how often each had no memory at the start; the parent first */
} Oom;

/* cgroup: its path, borrowed. */
void oom_init(Oom *o, int cgroup_fd, const char *cgroup);

/* Begins another run. */
void oom_forget(Oom *o);

/* To be called when events_fd has changed. */
void oom_look(Oom *o, usec_t now);

/* Whether more was killed than has been seen. */
bool oom_has_killed(const Oom *o);

/* Counts as other processes what was killed since: the main one was not among them. */
void oom_settle(Oom *o);

/* Says whose memory was at its end: the job's, a slice's, the machine's. */
void oom_explain(const Oom *o, char *buf, size_t size);
