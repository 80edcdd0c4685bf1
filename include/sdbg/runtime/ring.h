/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"
#include "sdbg/wire/batch.h"

/* The ring file of a run: its newest output and records, in the runtime directory (a tmpfs).
 *
 * One rule makes output safe: a batch leaves the ring only when it has been seen in the journal
 * (or, where the journal cannot be read at all, when room is needed). So what journald dropped, or what
 * was on its way when journald or the supervisor was killed, is still here to be written again; readers
 * take the newest lines from here, at once and whatever the journal's state; and a follower is woken by
 * inotify(7), because the supervisor writes with pwrite(2).
 *
 * Positions count bytes from the start of the run; the file holds those from `tail` to `head`. */
typedef struct RingHeader {
        char magic[8];
        char run[32];
        uint64_t capacity; /* bytes of the data area, which begins at RING_DATA */
        uint64_t head;     /* where the next batch goes */
        uint64_t tail;     /* the oldest batch that is still there */
        uint64_t sent;     /* journald's socket has taken what is before */
        uint64_t lines;    /* printed by the run so far */
        uint64_t bytes;
        uint64_t last;      /* the newest batch of output */
        uint64_t skip_from; /* these are not to go to the journal: beyond the output cap, but not in */
        uint64_t skip_to;   /* the end of the output that is kept */
        uint64_t capped;    /* 1: the output cap was reached, what comes is not sent on */
        uint64_t ended;     /* 1: no more will come */
} RingHeader;

/* Written by the auditor, at an offset of its own so that each field has one writer. */
typedef struct RingAudit {
        uint64_t verified;   /* seen in the journal what is before */
        uint64_t unreadable; /* 1: the user cannot read the journal, nothing can be verified */
} RingAudit;

#define RING_MAGIC "SDBGRNG1"
#define RING_AUDIT 512
#define RING_DATA 4096
/* Of what is in the journal, so much is kept for readers. */
#define RING_KEPT ((uint64_t) 8 * 1024 * 1024)
/* What the journal is behind may fill so much. */
#define RING_CAPACITY ((uint64_t) 256 * 1024 * 1024)
#define RING_CAPACITY_MIN ((uint64_t) 256 * 1024)

typedef struct Ring {
        int fd;
        RingHeader header;
        RingAudit audit;
        uint64_t freed; /* the memory of what is before was given back; for the writer */
} Ring;

#define RING_INIT                                                                                            \
        (Ring) {                                                                                             \
                .fd = -EBADF                                                                                 \
        }

/* Closes the file, which stays. */
void ring_done(Ring *r);
#define _cleanup_ring_ _cleanup_(ring_done)

/* Makes a new, empty ring in the job's directory. Its capacity is `capacity`, at most RING_CAPACITY, and less
 * where the file system is short of room: at most an eighth of what is free. run: 32 hex digits.
 * Return: 0, negative errno. */
int ring_create(Ring *r, int dirfd, const char *run, uint64_t capacity);

/* Opens the ring that is there; write: as the auditor, else for reading.
 * Return: 0; -ENOENT; -EBADMSG for what is no ring of this version; negative errno. */
int ring_open(Ring *r, int dirfd, bool write);

/* Reads the header and the auditor's fields again, for readers; the auditor's alone, for the writer.
 * Return: 0, -EBADMSG, negative errno. */
int ring_refresh(Ring *r);
int ring_refresh_audit(Ring *r);

/* Return: whether a batch of `len` bytes can be put in now, so that the ring holds at most `most` bytes. What is
 * before `limit` (a position) may go for it. Beyond RING_KEPT, a ring takes no more than an eighth of what its file
 * system has free at the moment, so that many rings do not fill it. */
bool ring_has_room(const Ring *r, size_t len, uint64_t limit, uint64_t most);

/* Puts a batch in at the head. ring_has_room() must have said so; else the oldest go, whatever they are.
 * Return: 0; -ENOSPC where the file system is full (the ring goes on with what it has); negative
 * errno. */
int ring_append(Ring *r, const Batch *b, uint64_t limit);

/* Gives back the memory of what is before `limit` and more than RING_KEPT. Return: 0, negative errno. */
int ring_trim(Ring *r, uint64_t limit);

/* Reads the batch at *pos; *buf is the caller's space, grown as needed, to which b->data points. With buf
 * NULL only what describes the batch is read.
 * Return: 1 and *pos moved behind it; 0 at the head; -ESTALE where the tail has passed *pos;
 * -EBADMSG; -ENOMEM; negative errno. */
int ring_read(const Ring *r, uint64_t *pos, Batch *b, char **buf, size_t *buf_size);

/* The last line that was printed, for showing, cut after about `max` bytes.
 * Return: a string that the caller frees; NULL where there is none. */
char *ring_last_line(const Ring *r, size_t max);

/* Copies what is between `from` (or the tail, where that is later) and the head, RING_KEPT of it at most, to
 * be taken apart with ring_parse(). *ret_from: the position of the first byte of it.
 * Return: 0, -EBADMSG, -ENOMEM, negative errno. */
int ring_snapshot(Ring *r, uint64_t from, Buf *ret, uint64_t *ret_from);

/* The batch at *offset of a snapshot; its data stay in the snapshot.
 * Return: 1 and *offset moved behind it; 0 at the end; -EBADMSG. */
int ring_parse(const Buf *snapshot, size_t *offset, Batch *b);

/* Write the header, or the auditor's fields. Return: 0, negative errno. */
int ring_store_header(Ring *r);
int ring_store_audit(Ring *r);
