/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/base/time.h"

/* Processes as /proc shows them (proc(5)). */
typedef struct Process {
        pid_t pid, parent;
        char *command; /* its command line, or its name in brackets */
} Process;

typedef struct ProcessList {
        Process *processes;
        size_t n;
} ProcessList;

/* Frees what it holds; it is then empty. */
void process_list_done(ProcessList *l);
#define _cleanup_process_list_ _cleanup_(process_list_done)

/* What tells one process of a PID from another. */
typedef struct ProcessIdentity {
        uid_t uid; /* effective */
        pid_t parent;
        uint64_t start; /* when it was started, in clock ticks since boot */
        bool is_zombie;
        char name[64]; /* its short name, printable */
} ProcessIdentity;

/* Return: 0; -ESRCH where there is none, negative errno. */
int process_identify(pid_t pid, ProcessIdentity *ret);

/* The command line of one process, or its name in brackets; on one line. Return: 0 and a string that the caller
 * frees; negative errno. */
int process_command(pid_t pid, char **ret);

/* Whether a process is gone, a zombie, or on the way: SIGKILL is pending or has been taken. What it holds it gives
 * back before its parent is told, which takes a while for much memory or little CPU. */
bool process_is_dying(pid_t pid);

/* Opens /proc/PID/stat, for a process that is looked at often. Return: a descriptor that the caller closes; negative
 * errno, -ENOENT where there is no such process. */
int process_open(pid_t pid);
/* Return: whether the process is stopped, by a signal or job control, or gone. */
bool process_is_halted(int fd);

/* When it was started, on CLOCK_REALTIME. Return: 0 where that cannot be told. */
usec_t process_started(pid_t pid);

/* A process with all its descendants, the process first; a snapshot.
 * Return: how many, in *ret, which the caller frees; negative errno. */
ssize_t process_tree(pid_t root, pid_t **ret);

/* The processes of the cgroup at `path` (below the cgroup2 mount) and below it, at most `max`.
 * Return: 0, negative errno. */
int process_list(const char *path, size_t max, ProcessList *ret);
