/* SPDX-License-Identifier: MIT */
#pragma once

#include <poll.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/time.h"
#include "sdbg/terminal/terminal.h"

#include "supervisor/client-tty.h"
#include "supervisor/input.h"

/* The job's control socket and who is connected to it (wire/frame.h). The terminal's output stands in one
 * ring, in which each client has an offset: one that is slow, or stopped, misses a part and then gets the
 * screen anew; it never holds up the job or the others. */
#define CLIENTS_MAX 64
#define FEED_SIZE ((size_t) 64 * 1024)

typedef struct Client {
        int fd; /* -EBADF: free */
        pid_t pid;
        int passed; /* the descriptor that came with its HELLO; -EBADF */
        ClientTty tty;
        usec_t since;
        bool greeted, follows, read_only; /* follows: takes the terminal's output */
        bool syncing;                     /* waits for the input to be taken */
        bool said_bye;
        Buf in, out;
        uint64_t offset; /* in what the terminal has printed */
} Client;

typedef struct Control {
        int fd;
        Client *clients; /* of CLIENTS_MAX; made with the first one */
        unsigned n;
        Terminal *terminal; /* NULL: not a pty job */
        Input input;
        int job_side; /* of the terminal */
        char *feed;
        uint64_t fed; /* bytes the terminal has printed */
        int cols, rows;
        bool changed; /* how many are attached has changed */
        bool typed;   /* input came for the job */
        bool closing; /* the job is over */
        usec_t close_by;
        const char *run;
        int pid;
} Control;

/* Makes the socket in the job's directory (dir_fd). Return: 0, negative errno. */
int control_open(Control *c, int dir_fd);
void control_done(Control *c, int dir_fd);

/* What the job's terminal has printed. */
void control_feed(Control *c, const char *data, size_t len);

/* Sets the window's size of the job's terminal. */
void control_resize(Control *c, int cols, int rows);

/* How many descriptors control_poll() fills in at most. */
#define CONTROL_POLL_MAX (2 * CLIENTS_MAX + 2)
/* Return: how many it has filled in, for control_dispatch() to be given back. */
size_t control_poll(Control *c, struct pollfd *p);
void control_dispatch(Control *c, const struct pollfd *p, size_t n, usec_t now);
/* Return: when to dispatch though nothing happened; USEC_INFINITY: never. */
usec_t control_deadline(const Control *c);

/* Return: how many follow the terminal. */
unsigned control_attached(const Control *c);

/* The job is over: tells all clients. Return: whether all have taken what was theirs, or had the time to. */
bool control_say_bye(Control *c, usec_t now);
