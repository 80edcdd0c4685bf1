/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "sdbg/job/job.h"

/* Shows the last `max` lines that the job's run has printed: mostly the reason why it ended. */
void show_last_lines(FILE *f, const Job *j, uint64_t max);
