/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/journal/reader.h"
#include "sdbg/journal/writer.h"
#include "sdbg/runtime/ring.h"

/* Compares a run's ring with the journal and writes again what is missing there. */
typedef struct Audit {
        EntryTag tag;
        Ring ring;
        JournalReader *reader;
        JournalWriter writer;
        bool final; /* the run is over: also what was never sent */
} Audit;

/* Verifies, and mends for at most `patience`. Moves ring.audit.verified.
 * Return: 1 all is in the journal; 0 something still is not; -ENODATA the user cannot read the journal;
 * negative errno. */
int audit_ring(Audit *a, usec_t patience);

/* Where the supervisor could not do it (it was killed), puts the exit record into the ring and the end
 * into the state file. service_result: $SERVICE_RESULT of systemd.exec(5).
 * Return: 0, negative errno. */
int audit_write_end(Audit *a, int dir_fd, const char *service_result);
