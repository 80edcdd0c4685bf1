/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/base/buf.h"
#include "sdbg/text/detach-keys.h"

#include "supervisor/input.h"

/* The terminal that a client sits at, where it has lent it (wire/frame.h). While the client is stopped, as by job
 * control, the terminal is its shell's: it is neither read nor written until the client speaks again. */
typedef struct ClientTty {
        int fd;         /* -EBADF: the client keeps it */
        int owner;      /* its stat file (probe/process.h) */
        bool is_paused; /* the owner was seen to be stopped */
        bool read_only; /* what is typed is dropped */
        size_t ahead;   /* bytes that were read while the job's input was full */
        DetachKeys keys;
        Buf out; /* what is to be printed on it */
} ClientTty;

#define CLIENT_TTY_NONE                                                                                      \
        (ClientTty) {                                                                                        \
                .fd = -EBADF, .owner = -EBADF                                                                \
        }

/* Borrows the terminal behind fd, which is owned from then on, also on failure.
 * owner: the client's PID; 0: not in this PID namespace, so that nobody could tell whether it is stopped.
 * Return: 0; -EINVAL for what is no terminal, could block, or has such keys; negative errno. */
int client_tty_borrow(ClientTty *t, int fd, pid_t owner, const char *detach_keys, bool read_only);
bool client_tty_is_lent(const ClientTty *t);
/* Gives it back; what is still to be printed is dropped. */
void client_tty_return(ClientTty *t);

/* Puts what was typed into the job's input, as far as there is room, and some more, so that the keys to leave are
 * seen; of a client that only looks on it is dropped.
 * Return: whether something came for the job; -ECANCELED where the keys to leave were typed; -EIO where the terminal
 * is gone. */
int client_tty_read(ClientTty *t, Input *input, usec_t now);

/* Prints what it takes now. Return: 1 where all is printed; 0 where more is to be; -EIO where it is gone. */
int client_tty_write(ClientTty *t);

/* Return: what to poll it for; 0: nothing. wants_output: there is more to print than is in `out`. */
short client_tty_events(const ClientTty *t, const Input *input, bool wants_output);

/* Return: when one press of the keys to leave has come to mean leaving; USEC_INFINITY: never. */
usec_t client_tty_deadline(const ClientTty *t);
