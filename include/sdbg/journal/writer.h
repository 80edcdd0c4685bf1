/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/time.h"

/* Sends entries to journald by the native protocol. Own code instead of sd_journal_sendv(3), which hides
 * its descriptor, blocks, and reports success where there is no journald. */
typedef struct JournalWriter {
        int fd;
} JournalWriter;

#define JOURNAL_WRITER_INIT                                                                                  \
        (JournalWriter) {                                                                                    \
                .fd = -EBADF                                                                                 \
        }

/* Closes the socket; it is then as JOURNAL_WRITER_INIT. */
void journal_writer_done(JournalWriter *w);
#define _cleanup_journal_writer_ _cleanup_(journal_writer_done)

/* Sends one encoded entry without waiting; connects first where it must. Entries too large for a
 * datagram go as a sealed memfd.
 * Return: 0; -EAGAIN: journald's queue is full, wait for POLLOUT on w->fd; -ENOTCONN: no journald is
 * listening, try again later; other negative errno. */
int journal_send(JournalWriter *w, const void *data, size_t len);

/* As journal_send(), but waits up to `timeout`. Return: as there, -ETIMEDOUT. */
int journal_send_wait(JournalWriter *w, const void *data, size_t len, usec_t timeout);

/* Waits until journald has worked off all that was sent before. The sender must stay alive until then:
 * journald reads the unit of a message from /proc of its sender (systemd#2913).
 * Return: 0, -ETIMEDOUT, -ENOTCONN, negative errno. */
int journal_barrier(JournalWriter *w, usec_t timeout);
