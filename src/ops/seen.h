/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* What has been seen lately: at least the last SEEN_MAX keys, in bounded memory. Zero-initialised it is
 * empty. */
#define SEEN_MAX 65536

typedef struct Seen {
        uint64_t *recent, *older; /* hash tables; 0 is an empty slot */
        size_t n;                 /* in `recent` */
} Seen;

void seen_done(Seen *s);

/* Return: 1 the key is new; 0 it was seen; -ENOMEM. */
int seen_add(Seen *s, uint64_t key);

bool seen_has(const Seen *s, uint64_t key);

/* A key for entry `number` of a run; never 0. */
uint64_t seen_key(const char *run, uint64_t number);
