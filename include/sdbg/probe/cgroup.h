/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/job/job.h"

/* Control groups, version 2 (kernel's Documentation/admin-guide/cgroup-v2.rst). Descriptors of cgroups
 * are directory descriptors. */

/* The path of a process's cgroup below the cgroup2 mount, "/user.slice/…". pid 0: this process.
 * Return: 0 and a string that the caller frees; -ENODATA without cgroup2; negative errno. */
int cgroup_of(pid_t pid, char **ret);

/* Opens a cgroup by its path below the mount (/sys/fs/cgroup, or /sys/fs/cgroup/unified in hybrid
 * setups). Return: a descriptor that the caller closes, negative errno. */
int cgroup_open(const char *path);

/* Opens the cgroup of a job's processes. Return: as cgroup_open(); -ENODATA where it is not known. */
int cgroup_open_of_job(const Job *j);

/* Makes `name` below fd and opens it. Return: a descriptor, negative errno. */
int cgroup_make(int fd, const char *name);

/* Removes `name` below fd with all cgroups in it, which must have no processes.
 * Return: 0 also where there is none, negative errno. */
int cgroup_remove(int fd, const char *name);

/* Opens cgroup.events: poll it for POLLPRI, then ask cgroup_populated().
 * Return: a descriptor, negative errno. */
int cgroup_open_events(int fd);

/* *ret_frozen (or NULL): whether all of its processes are frozen.
 * Return: 1 while a process lives in the cgroup or below it, 0 when none does, negative errno. */
int cgroup_populated(int events_fd, bool *ret_frozen);

/* Freezes all in the cgroup and below it, or lets them go on (cgroup.freeze, Linux 5.2). Frozen ones can be
 * killed, and nothing else. Return: 0, negative errno. */
int cgroup_freeze(int fd, bool freeze);

/* Limits the tasks of a cgroup below `fd`. This process, so far in `fd`, goes into one named `own` beside it: only
 * a cgroup without processes can pass controllers on (kernel: admin-guide/cgroup-v2, "No Internal Process
 * Constraint"). Return: 0, negative errno. */
int cgroup_limit_tasks(int fd, const char *own, int child_fd, uint64_t max);

/* The processes in the cgroup and below it, at most `max`; those of a foreign PID namespace are 0.
 * *ret is the caller's to free. Return: how many, negative errno. */
ssize_t cgroup_pids(int fd, size_t max, pid_t **ret);

/* Sends a signal to all of them, once each. Return: how many got it, negative errno. */
ssize_t cgroup_signal(int fd, int signal);

/* Kills all with SIGKILL, forks under way too (cgroup.kill, Linux 5.14; before it, by repetition).
 * Return: 0, negative errno. */
int cgroup_kill(int fd);

/* What the kernel counts; UINT64_MAX where it does not (no such controller here). */
typedef struct CgroupStats {
        usec_t cpu;
        uint64_t memory, memory_peak, memory_max, oom_kills;
        uint64_t io_read, io_write;               /* bytes, of all devices */
        usec_t cpu_stall, memory_stall, io_stall; /* how long a process had to wait for it (PSI, "some") */
} CgroupStats;

/* The limits that the kernel enforces on the cgroup itself: UINT64_MAX where there is none, or no such
 * controller here (then has_… is false). cpu_max: percent of one CPU. */
typedef struct CgroupLimits {
        uint64_t memory_max, memory_high, tasks_max, cpu_max;
        bool has_memory, has_tasks, has_cpu;
} CgroupLimits;

void cgroup_limits(int fd, CgroupLimits *ret);

/* Counts in memory.events: how often a limit of the cgroup itself left no memory (local: not counting those
 * below it), and how many processes in it and below were killed. UINT64_MAX: there is no such file. */
uint64_t cgroup_oom_count(int fd, bool local);
uint64_t cgroup_oom_kills(int fd);

/* Opens memory.events: poll it for POLLPRI. Return: a descriptor, negative errno. */
int cgroup_open_memory_events(int fd);

/* Reads all of them. */
void cgroup_stats(int fd, CgroupStats *ret);

/* For a look at many cgroups that mostly have one parent, whose path is then walked once. */
typedef struct CgroupSiblings {
        char *parent;
        int parent_fd;
        bool has_memory; /* its children have the memory controller */
} CgroupSiblings;

#define CGROUP_SIBLINGS_INIT ((CgroupSiblings){ .parent_fd = -EBADF })
void cgroup_siblings_done(CgroupSiblings *s);
#define _cleanup_cgroup_siblings_ _cleanup_(cgroup_siblings_done)

/* Only CPU and memory of the cgroup at `path`, as cgroup_of() gives it. */
void cgroup_stats_brief(CgroupSiblings *s, const char *path, CgroupStats *ret);

/* Fills in the job's figures. */
void cgroup_stats_to_job(const CgroupStats *s, Job *j);
