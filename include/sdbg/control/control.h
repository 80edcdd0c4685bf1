/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/base/time.h"
#include "sdbg/json/json.h"
#include "sdbg/wire/frame.h"

/* A connection to a running job's supervisor, by the control protocol (wire/frame.h). */
typedef struct Connection Connection;

typedef struct Greeting {
        bool follow;     /* take the terminal's output, from its present screen on */
        bool from_start; /* all of it, where the supervisor still has it */
        bool read_only;
        int cols, rows; /* of the window; 0: not to be changed */
        /* The terminal that is lent to the supervisor; 0: none. Borrowed; O_NONBLOCK, and raw (tty/tty.h). */
        int tty;
        const char *detach_keys; /* typed there, they are answered with DETACH */
} Greeting;

/* What the supervisor answered. */
typedef struct JobSide {
        int version;
        bool pty, input; /* it has a terminal; it takes input */
        bool lent;       /* it has taken the terminal that was lent */
        int cols, rows;
} JobSide;

/* Connects to the job's supervisor and greets it.
 * Return: 0; negative errno with reterr said (job-not-running; failed, where it does not answer). */
int control_connect(const char *job, const Greeting *g, Connection **ret, JobSide *ret_side, Error *reterr);
void connection_free(Connection *c);
DEFINE_CLEANUP_FUNC(Connection *, connection_free);
#define _cleanup_connection_ _cleanup_(connection_freep)

/* Puts a frame behind those that wait to be sent, and sends them where they are many. What belongs together
 * is so seen together, though the job may end by the first of it.
 * Return: 0, negative errno (-ECONNRESET, -EPIPE: the job is gone). */
int connection_queue(Connection *c, FrameType type, const void *data, size_t len);
/* The same, and sends all that waits. Where the supervisor does not take it at once, waits, and meanwhile
 * keeps what comes. */
int connection_send(Connection *c, FrameType type, const void *data, size_t len);

/* The next frame that has come, valid until the next call on c.
 * timeout: how long to wait for one; USEC_INFINITY: for ever.
 * Return: 1; 0 where none came in time; -ECONNRESET at the end; negative errno. */
int connection_next(Connection *c, usec_t timeout, Frame *ret);

/* For poll(2): POLLIN when connection_next() may have something. Return: a borrowed descriptor. */
int connection_fd(const Connection *c);

/* Says in reterr what an ERROR frame holds. Return: -EINVAL. */
int connection_error(const Frame *f, const char *job, Error *reterr);
