/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/time.h"

/* How fast a job prints, and so when its pipes are to be read again: each wake-up takes time from the job, and a
 * pipe that is full makes it wait. Zero-initialised, nothing is known yet. */
typedef struct Pace {
        usec_t turn; /* when the pipes were read last, and how much came then */
        size_t turn_bytes;
        usec_t window; /* since when `bytes` are counted, and what came in the window before that */
        size_t bytes, before;
        usec_t flood_until;
} Pace;

/* What an unenlarged pipe holds (pipe(7)), and what it is enlarged to where a job may fill it. */
#define PIPE_DEFAULT ((size_t) 64 * 1024)
#define PIPE_LARGE ((size_t) 1024 * 1024)

/* Says that `n` bytes were read in the turn at `now`. */
void pace_count(Pace *p, size_t n, usec_t now);

/* Return: whether the job prints so much that its pipe had better be large. */
bool pace_wants_large_pipe(const Pace *p);

/* Return: whether the job floods, so that reading goes before sending: the ring takes more in the same time, and
 * the job is what others wait for. */
bool pace_is_flood(const Pace *p, usec_t now);

/* held_until: until when what was read is held back anyway, USEC_INFINITY where nothing is.
 * Return: until when the pipes need not be looked at; 0: not now. */
usec_t pace_nap(const Pace *p, usec_t held_until, usec_t now);
