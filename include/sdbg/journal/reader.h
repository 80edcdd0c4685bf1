/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/wire/entry.h"

/* Reads the user's journal through sd-journal(3). */

typedef struct JournalReader JournalReader;

/* Opens the journal files that this user may read. A journal that cannot be read at all (volatile, or
 * kept with the system's: journald splits by user only below /var/log/journal) is no error here; ask
 * journal_reader_is_readable().
 * Return: 0; negative errno with reterr said (journal-unreachable). */
int journal_reader_open(JournalReader **ret, Error *reterr);
void journal_reader_free(JournalReader *r);
DEFINE_CLEANUP_FUNC(JournalReader *, journal_reader_free);
#define _cleanup_journal_reader_ _cleanup_(journal_reader_freep)

/* Return: whether there is any file to read. */
bool journal_reader_is_readable(const JournalReader *r);

/* Chooses the entries: all matches given must hold, two of the same field are alternatives. _UID= of the
 * effective user is always one of them, so that nobody else can put lines into a job's output.
 * value NULL: takes back all matches. Return: 0, -ENOMEM. */
int journal_reader_match(JournalReader *r, const char *field, const char *value);

/* Places the reader; journal_reader_next() gives the entry after, journal_reader_previous() the one
 * before. Return: 0; -EINVAL for what is no cursor; negative errno. */
int journal_reader_seek_head(JournalReader *r);
int journal_reader_seek_tail(JournalReader *r);
int journal_reader_seek_time(JournalReader *r, usec_t realtime);
int journal_reader_seek_cursor(JournalReader *r, const char *cursor);

/* Places the reader so that the newest entry that begins before line `seq` of a run comes next, those that
 * were written again not counted; at the head where there is none. Return: 0, negative errno. */
int journal_reader_seek_line(JournalReader *r, uint64_t seq);

/* Moves to the next or previous entry and decodes it into *e (which is emptied first). Entries that
 * are none of sdbg's are passed over.
 * Return: 1; 0 where there is none (yet); negative errno. */
int journal_reader_next(JournalReader *r, Entry *e);
int journal_reader_previous(JournalReader *r, Entry *e);

/* Moves to the previous entry and reads only the job's name, cut where `size` is too small for it; all of it is
 * then read by journal_reader_decode(). Return: as journal_reader_previous(). */
int journal_reader_previous_job(JournalReader *r, char *buf, size_t size);
/* Return: 1; 0 for an entry that is none of sdbg's, or damaged; negative errno. */
int journal_reader_decode(JournalReader *r, Entry *e);

/* Moves to the next entry and reads only its number. Return: as journal_reader_next(). */
int journal_reader_next_number(JournalReader *r, uint64_t *ret);

/* Waits until the journal has changed. journald tells of changes up to 250 ms late.
 * Return: 1 it has, 0 the time is over, negative errno. */
int journal_reader_wait(JournalReader *r, usec_t timeout);

/* A descriptor that polls readable (POLLIN) when the journal may have changed, at most 250 ms late; ask for
 * it before reading. Then call journal_reader_process().
 * Return: a borrowed descriptor; -EMFILE and other negative errno where the journal cannot be watched. */
int journal_reader_fd(JournalReader *r);

/* Takes in what the descriptor told. Return: 0, negative errno. */
int journal_reader_process(JournalReader *r);
