/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/postmortem.h"

/* Fills p->hints from how the job ended, and from p->lines. Return: 0, -ENOMEM. */
int hints_find(const Job *j, PostMortem *p);
