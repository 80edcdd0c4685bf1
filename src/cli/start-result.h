/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/start.h"

#include "cli/cli.h"

/* Takes what sdbg.conf says about starts: *outside is set where it allows them from within a sandbox. What is
 * wrong with the file goes to stderr. */
void take_config(bool *outside);

/* Tells how a start went. verb: what was asked for, "start" or "restart". Return: r, or the error of
 * showing it. */
int show_start_result(Cli *cli, int r, const StartResult *s, const char *verb);
