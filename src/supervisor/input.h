/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"

/* What is to go into the job's stdin or terminal. While this much waits, no more is taken of what
 * clients type: it stays theirs until the job takes it, and nothing is lost. */
#define INPUT_MAX ((size_t) 256 * 1024)

typedef struct Input {
        int fd; /* the pipe, or the terminal's other side; -EBADF: the job takes no input (any more) */
        bool pty;
        bool end;     /* the end of input comes behind the queue */
        bool refused; /* the job has closed its side, with something still queued */
        Buf queue;
} Input;

/* Return: how many bytes more are taken now. */
size_t input_room(const Input *i);

void input_add(Input *i, const char *data, size_t len);

/* Lets the job's input end behind what is queued: the pipe is closed, the terminal gets its EOF character. */
void input_end(Input *i);

/* Writes what the job takes now. */
void input_pump(Input *i);

/* Return: whether input_pump() is to be called when the descriptor is writable. */
bool input_is_waiting(const Input *i);
