/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/base/time.h"

/* A place in the output of a job, as text that any process of the same user may go on from: in which run,
 * behind which line. It counts lines and not the journal's entries, so that it is the same wherever a line
 * is kept, and whatever batch it came in. To others the text is opaque. */

#define CURSOR_TEXT_MAX 320
/* Each stream may have one unfinished line, and a line may have been read ahead. */
#define CURSOR_OPEN_MAX 4
#define RUN_ID_LEN 32
#define MACHINE_TAG_LEN 8

typedef struct Cursor {
        char machine[MACHINE_TAG_LEN + 1];
        char run[RUN_ID_LEN + 1];
        char job[65];
        usec_t started; /* of the run, CLOCK_REALTIME: later runs began after it; 0: not known */
        uint64_t seq;   /* all lines up to this one were given, but for those in `open` */
        struct {
                uint64_t seq;   /* a line whose end had not come */
                uint64_t bytes; /* so much of it was given */
        } open[CURSOR_OPEN_MAX];
        size_t n_open;
} Cursor;

/* Return: buf, which should hold CURSOR_TEXT_MAX bytes. */
char *cursor_to_string(const Cursor *c, char *buf, size_t size);

/* The reverse. Return: 0; -EINVAL with reterr said (usage) for what is no cursor. */
int cursor_from_string(Cursor *ret, const char *text, Error *reterr);
