/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/spec.h"
#include "sdbg/journal/writer.h"
#include "sdbg/runtime/ring.h"
#include "sdbg/wire/entry.h"

#include "supervisor/pace.h"

/* From batches to the journal: ring → journald → the auditor, who looks what of it is there. Nothing here waits.
 * Where the journal does not keep up, the ring grows and fills, and then takes no more. */
typedef struct Spool {
        EntryTag tag;
        const char *directory; /* the job's runtime directory, for the auditor */
        const Pace *pace;      /* in a flood reading goes before sending */
        bool small_ring;       /* the job's memory is limited, and the ring's counts as the job's */

        Ring ring;
        JournalWriter writer;
        uint64_t next_entry;
        uint64_t newest_pos; /* ring position of what was put into it last */

        usec_t retry_at;     /* no journald: when to try again; 0: not waiting */
        bool wants_writable; /* journald's queue is full */
        bool blocked;        /* the ring is full */
        usec_t blocked_since;
        uint64_t give_up; /* ring position up to which batches may go unverified */

        uint64_t output_max;
        uint64_t accepted; /* bytes given to the journal, for the cap */
        bool capped;
        uint64_t cap_pos; /* ring position at which the cap was reached */
        uint64_t cap_seq; /* number of the first line beyond it */

        pid_t auditor;       /* 0: none is running */
        uint64_t audit_from; /* what was verified when it was started */
        usec_t audit_at;     /* not before this is the next one started */
} Spool;

/* An auditor that got nowhere is started again after this, and a full ring looked at again. */
#define SPOOL_AGAIN_USEC USEC_PER_SEC

/* All that is given is borrowed. Return: 0, negative errno. */
int spool_init(Spool *s, const Spec *spec, const char *run, const char *directory, int dir_fd,
               const Pace *pace);

/* Puts one batch into the ring, and gives it its number. Return: whether it is there, or on its way. */
bool spool_put(Spool *s, Batch *b, usec_t now);

/* Sends what is due of the ring. newest: what was put into it last, where that is still at hand; or NULL. */
void spool_send(Spool *s, const Batch *newest, usec_t now);

/* Return: when spool_send() must be called though nothing happened; USEC_INFINITY: never. */
usec_t spool_deadline(const Spool *s, usec_t now);

/* Says that the auditor has ended. */
void spool_audited(Spool *s);

/* Return: whether journald's socket has taken all that is in the ring. */
bool spool_is_sent(const Spool *s);

/* Where the output cap was reached, sends the kept end of the output. next_seq: the number of the next line.
 * Return: how many lines between were left out. */
uint64_t spool_uncap(Spool *s, uint64_t next_seq, usec_t now);
