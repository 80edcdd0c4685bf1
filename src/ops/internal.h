/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/start.h"
#include "sdbg/wire/entry.h"

/* How long the unit of a run that is over may take to vanish. */
#define GONE_TIMEOUT (30 * USEC_PER_SEC)
/* After the supervisor is gone without a word, the auditor has this long to write down the end. */
#define LAST_WORD_USEC (5 * USEC_PER_SEC)
/* Of job.command, in bytes. */
#define COMMAND_SHOWN_MAX 500

/* Fills all of a spec but its name. Return: 0, negative errno with reterr said. */
int spec_from_request(const StartRequest *q, Spec *s, Error *reterr);
/* Its part that says when the job is ready. Return: the same. */
int spec_set_readiness(const StartRequest *q, Spec *s, Error *reterr);

/* Of a start that has been sent to the manager: waits until the command has been executed, while the job may
 * still have to become ready. dir_fd: the job's directory, without a state before.
 * Return: 1; 0 with the outcome of a start that is decided; -ETIMEDOUT; negative errno with reterr said. */
int await_executed(Manager *m, int dir_fd, usec_t timeout, StartOutcome *ret, Error *reterr);

/* Then, until the job is ready, or wait_max has passed.
 * Return: 0; -ECHILD with reterr said: it is not, and has ended. */
int await_ready(Manager *m, const Spec *s, usec_t wait_max, StartResult *ret, Error *reterr);

/* Of a start that has failed: reads and says why. Return: 0 it has been ready before; negative errno. */
int start_not_ready(const Spec *s, StartResult *ret, Error *reterr);

/* The same for a job that somebody else has started: ret holds its state. */
int await_others_start(int dir_fd, usec_t wait_max, StartResult *ret, Error *reterr);

/* Of a job whose command could not be executed: says why. Return: -ENOEXEC. */
int say_not_executed(const Spec *s, const Job *j, Error *reterr);

/* lost.c: makes of a run whose end is written nowhere one that is over: `lost`, with when it was last seen and
 * what took it away. Return: 0, -ENOMEM. */
int job_mark_lost(Job *j);

/* How a run ended whose supervisor is gone: as it wrote, as the auditor does in this moment, or lost.
 * dir_fd: the job's directory. Return: 0, negative errno. */
int job_read_end(int dir_fd, Job *j);

/* start.c: opens and locks a job's directory, making it. Return: the lock, negative errno with reterr said. */
int lock_name(const char *name, int *ret_dir, Error *reterr);

/* record.c: sends a record of this process's own; nobody waits for it. journald keeps the sender's command line, so
 * it is not for what may have secrets there. */
void record_send(const Job *j, RecordKind kind, const char *message);

/* adopted.c: how a job without a supervisor stands. Return: 1 it has not ended, 0 it has, negative errno. */
int adopted_look(Job *j);
/* Ends it with all its processes. Return: 0, negative errno with reterr said. */
int adopted_stop(Job *j, usec_t grace, const char *caller, Error *reterr);

/* unit.c: the unit of a spec's job. What it points to is its own or the spec's. */
typedef struct JobUnit {
        StartUnit unit;
        char *owned[6];
} JobUnit;

void job_unit_done(JobUnit *u);
#define _cleanup_job_unit_ _cleanup_(job_unit_done)

/* Return: 0, negative errno with reterr said. */
int job_unit_make(const Spec *s, JobUnit *ret, Error *reterr);

/* limits.c: the options that limit what a job may use, checked against what the machine has. Return: 0, -EINVAL
 * with reterr said. */
int limits_set(const StartRequest *q, Spec *s, Error *reterr);

/* lifetime.c: reads --lifetime (NULL: not given) into the spec. Return: 0, -EINVAL with reterr said. */
int lifetime_set(const char *text, Spec *s, Error *reterr);

/* Whether what the spec's job shall not outlive is still there, as for another start of it.
 * Return: 0; -ESRCH with reterr said. */
int lifetime_check(const Spec *s, Error *reterr);

/* Whether a job may be started from here: it is not to get out of a sandbox unnoticed.
 * outside: that is meant. Return: 0; -EPERM with reterr said (refused-by-policy). */
int check_sandbox(Manager *m, bool outside, Error *reterr);

/* How a run ended, by its record in the journal. Return: 1; 0 where there is none. */
int job_read_exit(Job *j);

/* Waits until the state file of a job says that it has ended or lingers, or its supervisor is gone;
 * *ret is the last state read.
 * Return: 1; 0 when the time is over; negative errno. */
int await_end(const char *name, usec_t timeout, Job *ret);
