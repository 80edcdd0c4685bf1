/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"
#include "sdbg/wire/entry.h"

typedef struct EventsRequest {
        JobSelection select; /* empty: all jobs */
        char *since;         /* a point in time; NULL: see below */
        char *reader; /* only what this reader has not been given yet; "": who runs this; NULL: everything */
        uint64_t lines; /* the last so many; UINT64_MAX: not given */
        bool follow;
        int out_fd; /* following ends when nobody reads this any more (POLLERR or POLLHUP of poll(2)); or negative */
} EventsRequest;

#define EVENTS_REQUEST_INIT                                                                                  \
        (EventsRequest) {                                                                                    \
                .lines = UINT64_MAX, .out_fd = -EBADF                                                        \
        }

/* How many are given where nothing says how many. */
#define EVENTS_DEFAULT 200

extern const Param events_params[];

/* Takes one record: entry->event is its kind, ->message a sentence, ->record its facts as JSON or NULL. It
 * must be written out when this returns: a reader's mark is moved then.
 * Return: 0; a negative errno ends the reading and is op_events()'s answer. */
typedef int (*EventSink)(void *userdata, const Entry *entry);

/* Gives the records of jobs in the order of time, each once, from the journal, and from the rings what
 * journald has not taken in yet. Without `since`, `lines` and `reader`: with `follow` what comes from now on,
 * else the last EVENTS_DEFAULT.
 * With `reader` each selection has a mark of its own, kept as bookmark.h says; at the first time it gives
 * what `since` says, or the last day's. What a reader was given is not given to it again, unless this
 * process is killed between printing and keeping that.
 * m: may be NULL with `follow` or `reader`; else a name that no job has is an error.
 * Return: 0; negative errno with reterr said (usage, no-such-job, journal-unreachable, …) or of the sink. */
int op_events(Manager *m, const EventsRequest *q, EventSink sink, void *userdata, Error *reterr);
