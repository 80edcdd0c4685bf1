/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/time.h"

/* Finds the keys that leave a job in what is typed. A single key is sent to the job by pressing it twice,
 * so it is only known to mean leaving when something else, or nothing for a moment, came after it. */
typedef struct DetachKeys {
        char keys[8];
        size_t n; /* 0: none leave */
        size_t matched;
        usec_t since; /* when the last of them was pressed */
} DetachKeys;

#define DETACH_USEC (300 * USEC_PER_MSEC)

/* text: in the form of --detach-keys; "" for none. Return: 0, -EINVAL. */
int detach_keys_parse(const char *text, DetachKeys *ret);

/* Takes what was typed; out has room for len + 8 bytes and gets what is for the job.
 * Return: whether the keys to leave were typed. */
bool detach_keys_feed(DetachKeys *d, const char *in, size_t len, usec_t now, char *out, size_t *ret_len);

/* Return: when waiting for a second press is over, and it means leaving; USEC_INFINITY: never. */
usec_t detach_keys_deadline(const DetachKeys *d);
