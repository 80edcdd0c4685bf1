/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/manager/manager.h"

/* Has a job come back at boot (with lingering, else at login): with the command, the environment and all else it
 * was last started with. A job that runs goes on as it is.
 * Return: 0; negative errno with reterr said (no-such-job, …). */
int op_enable(Manager *m, const char *name, Error *reterr);

/* Takes that back. Return: 1; 0 where it was not enabled; negative errno with reterr said. */
int op_disable(Manager *m, const char *name, Error *reterr);
