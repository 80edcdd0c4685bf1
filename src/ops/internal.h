/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/start.h"

/* Fills all of a spec but its name. Return: 0, negative errno with reterr said. */
int spec_from_request(const StartRequest *q, Spec *s, Error *reterr);

/* lost.c: makes of a run whose end is written nowhere one that is over: `lost`, with when it was last seen and
 * what took it away. Return: 0, -ENOMEM. */
int job_mark_lost(Job *j);

/* limits.c: the options that limit what a job may use, checked against what the machine has. Return: 0, -EINVAL
 * with reterr said. */
int limits_set(const StartRequest *q, Spec *s, Error *reterr);

/* lifetime.c: reads --lifetime (NULL: not given) into the spec. Return: 0, -EINVAL with reterr said. */
int lifetime_set(const char *text, Spec *s, Error *reterr);

/* Whether what the spec's job shall not outlive is still there, as for another start of it.
 * Return: 0; -ESRCH with reterr said. */
int lifetime_check(const Spec *s, Error *reterr);

/* Waits until the state file of a job says that it has ended or lingers, or its supervisor is gone;
 * *ret is the last state read.
 * Return: 1; 0 when the time is over; negative errno. */
int await_end(const char *name, usec_t timeout, Job *ret);
