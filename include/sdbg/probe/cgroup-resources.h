/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/job.h"

/* What a cgroup uses, and what it may use, as the controllers' files show it (kernel's
 * Documentation/admin-guide/cgroup-v2.rst, "Controllers"). `fd` is a descriptor of cgroup_open(). */

/* What the kernel counts, of a cgroup and all below it; UINT64_MAX where it does not (no such controller here). */
typedef struct CgroupStats {
        usec_t cpu;                               /* time that its processes, the ended ones too, have run */
        uint64_t memory, memory_peak, memory_max; /* bytes */
        uint64_t io_read, io_write;               /* bytes, of all devices */
        usec_t cpu_stall, memory_stall, io_stall; /* how long a process had to wait for it (PSI, "some") */
} CgroupStats;

/* The limits that the kernel enforces on the cgroup itself: UINT64_MAX where there is none, or no such
 * controller here (then has_… is false). cpu_max: percent of one CPU. */
typedef struct CgroupLimits {
        uint64_t memory_max, memory_high; /* bytes */
        uint64_t tasks_max, cpu_max;
        bool has_memory, has_tasks, has_cpu;
} CgroupLimits;

/* Reads the limits; nothing of them is the caller's to free. */
void cgroup_limits(int fd, CgroupLimits *ret);

/* Return: how often a limit left no memory ("oom" of memory.events): a limit of the cgroup or of one below it;
 * local: of the cgroup itself (memory.events.local, Linux 5.2). UINT64_MAX: there is no such file. */
uint64_t cgroup_oom_count(int fd, bool local);

/* Return: how many processes in it and below were killed for want of memory ("oom_kill" of memory.events);
 * UINT64_MAX: there is no such file. */
uint64_t cgroup_oom_kills(int fd);

/* Opens memory.events: poll it for POLLPRI. Return: a descriptor that the caller closes, negative errno. */
int cgroup_open_memory_events(int fd);

/* Reads all the figures. memory.peak is there since Linux 5.19, the pressure files where PSI is on. */
void cgroup_stats(int fd, CgroupStats *ret);

/* For a look at many cgroups that mostly have one parent, whose path is then walked once. Begins as
 * CGROUP_SIBLINGS_INIT. */
typedef struct CgroupSiblings {
        char *parent; /* path and descriptor of the last one's parent; owned */
        int parent_fd;
        bool has_memory; /* its children have the memory controller */
} CgroupSiblings;

#define CGROUP_SIBLINGS_INIT ((CgroupSiblings){ .parent_fd = -EBADF })

/* Frees what it owns; it can be used again. */
void cgroup_siblings_done(CgroupSiblings *s);
#define _cleanup_cgroup_siblings_ _cleanup_(cgroup_siblings_done)

/* Reads only CPU and memory of the cgroup at `path`, as cgroup_of() gives it; the other figures, and all of a
 * cgroup that is not there, are as unknown. */
void cgroup_stats_brief(CgroupSiblings *s, const char *path, CgroupStats *ret);

/* Copies the figures into the job. */
void cgroup_stats_to_job(const CgroupStats *s, Job *j);
