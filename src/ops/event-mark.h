/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/time.h"

/* How far a reader of events has come, small enough for a bookmark: the journal up to `cursor`, and what it
 * was given from the rings before journald had it. */
#define EVENT_MARK_MAX 80

/* Clocks and the moment at which a record is put into its ring differ by less than this. */
#define EVENT_MARK_MARGIN (2 * USEC_PER_SEC)
/* What is not in the journal after this time will never be. */
#define EVENT_MARK_LOST (24 * 3600 * USEC_PER_SEC)

typedef struct EventMark {
        char *cursor; /* NULL: nothing of the journal was read */
        usec_t time;  /* the rings were read then; 0: never */
        struct {
                uint64_t key;
                usec_t time;
        } given[EVENT_MARK_MAX];
        size_t n;
} EventMark;

void event_mark_done(EventMark *m);

/* Return: text that the caller frees, at most BOOKMARK_CURSOR_MAX bytes; NULL without memory. */
char *event_mark_to_string(const EventMark *m);

/* Return: 0; -EBADMSG for what is none, and the mark is then empty; -ENOMEM. */
int event_mark_from_string(EventMark *m, const char *text);

bool event_mark_has(const EventMark *m, uint64_t key);

/* Return: whether it was there. */
bool event_mark_drop(EventMark *m, uint64_t key);

/* Return: 0; -ENOSPC. */
int event_mark_add(EventMark *m, uint64_t key, usec_t time);

/* Forgets what needs not be remembered any more. The rings were read at `now`, and all after it is unread.
 * in_journal: all that was given is in the journal sooner or later, and is told by that. */
void event_mark_prune(EventMark *m, usec_t now, bool in_journal);
