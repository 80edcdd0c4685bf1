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

/* Makes `name` below fd, where it is not there yet, and opens it.
 * Return: a descriptor that the caller closes, negative errno. */
int cgroup_make(int fd, const char *name);

/* Removes `name` below fd with all cgroups in it, which must have no processes.
 * Return: 0 also where there is none, negative errno. */
int cgroup_remove(int fd, const char *name);

/* Opens cgroup.events: poll it for POLLPRI, then ask cgroup_populated().
 * Return: a descriptor that the caller closes, negative errno. */
int cgroup_open_events(int fd);

/* *ret_frozen (or NULL): whether all of its processes are frozen.
 * Return: 1 while a process lives in the cgroup or below it, 0 when none does, negative errno. */
int cgroup_populated(int events_fd, bool *ret_frozen);

/* Freezes all in the cgroup and below it, or lets them go on (cgroup.freeze, Linux 5.2). Frozen ones can be
 * killed, and nothing else. Return: 0, negative errno. */
int cgroup_freeze(int fd, bool freeze);

/* Limits the tasks of a cgroup below `fd`. This process, so far in `fd`, goes into one named `own` beside it: only
 * a cgroup without processes can pass controllers on (kernel: admin-guide/cgroup-v2, "No Internal Process
 * Constraint"). Return: 0, -EOPNOTSUPP where the controller is not given to `fd`, negative errno. */
int cgroup_limit_tasks(int fd, const char *own, int child_fd, uint64_t max);

/* The processes in the cgroup and below it, at most `max`; those of a foreign PID namespace are 0.
 * *ret is the caller's to free. Return: how many, negative errno. */
ssize_t cgroup_pids(int fd, size_t max, pid_t **ret);

/* Sends a signal to all of them, once each. Return: how many got it, negative errno. */
ssize_t cgroup_signal(int fd, int signal);

/* Kills all with SIGKILL, forks under way too (cgroup.kill, Linux 5.14; before it, by repetition).
 * Return: 0, negative errno. */
int cgroup_kill(int fd);
