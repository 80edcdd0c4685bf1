/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/journal/reader.h"
#include "sdbg/runtime/ring.h"

/* The entries of one run in the order of their numbers, each once, from wherever they are: what has left
 * the ring from the journal, the newest from the ring, and those that were written again from where they
 * stand. */
typedef struct Entries {
        char *job, *run;
        JournalReader *reader, *finder; /* the second looks single entries up */

        int dir_fd;
        Ring ring;
        bool has_ring;
        Buf snapshot;
        size_t offset;       /* in the snapshot */
        uint64_t ring_pos;   /* where the snapshot ends */
        uint64_t ring_first; /* number of the first entry in it; UINT64_MAX: no ring */
        bool in_ring;        /* the journal's part is done */
        int inotify_fd;

        uint64_t next_entry; /* the number that is due; 0: whatever comes first */
        Entry ahead;         /* an entry that came after a gap */
        bool has_ahead;
        unsigned misses; /* entries looked up in vain, in a row */
} Entries;

#define ENTRIES_INIT                                                                                         \
        (Entries) {                                                                                          \
                .dir_fd = -EBADF, .inotify_fd = -EBADF, .ring = RING_INIT, .ring_first = UINT64_MAX          \
        }

/* Return: 0, negative errno with reterr said. */
int entries_open(Entries *s, const char *job, const char *run, Error *reterr);
void entries_done(Entries *s);

/* Return: how many lines the run has printed so far; 0 where that is not known. */
uint64_t entries_lines(Entries *s);

/* Begins (anew) with the entry that holds line `seq`, or one before it. Return: 0, negative errno. */
int entries_seek(Entries *s, uint64_t seq);

/* The next entry, records included. Return: 1; 0 where there is none now; negative errno. */
int entries_next(Entries *s, Entry *e);

/* The first entry of the run with this field, wherever in the journal it stands.
 * Return: 1; 0 where there is none; negative errno. */
int entries_find(Entries *s, const char *field, const char *value, Entry *ret);

/* The newest one, to be asked for before entries_seek(). Return: as entries_find(). */
int entries_find_newest(Entries *s, const char *field, const char *value, Entry *ret);

/* Return: whether no entry will come any more. */
bool entries_at_end(const Entries *s);

/* A descriptor that polls readable when there may be more; asking for it takes that back.
 * Return: a borrowed descriptor, negative errno. */
int entries_fd(Entries *s);
