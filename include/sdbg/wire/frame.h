/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/base/buf.h"

/* The control protocol between `sdbg` and a job's supervisor, on the stream socket control.sock of the
 * job's runtime directory: frames of a length, a type and a payload.
 *
 * The client speaks first, with HELLO; the supervisor answers with HELLO and then takes INPUT and what
 * else the client has. What is said in JSON may get more keys and frames of new types may come: both sides
 * pass over what they do not know, so that an old supervisor and a new `sdbg` get along. Something
 * that is not understood any more raises CONTROL_VERSION.
 *
 * With its HELLO a client may lend its terminal: the descriptor comes as SCM_RIGHTS (unix(7)), detach_keys in the
 * JSON. Where the answer says `lent`, the supervisor reads and writes the terminal itself until DETACH, or until
 * the job is over, when the rest comes as OUTPUT before BYE: a key and its echo are two processes' wake-ups less. */
#define CONTROL_VERSION 1

typedef enum FrameType {
        FRAME_HELLO = 1, /* both: JSON */
        FRAME_INPUT,     /* client: bytes for the job's stdin or terminal */
        FRAME_KEY,       /* client: the name of a key, whose bytes depend on the terminal's mode */
        FRAME_PASTE,     /* client: "begin" or "end" of a paste, marked where the program asked for it */
        FRAME_END,       /* client: end of input, behind all of it */
        FRAME_SYNC,      /* client: answered with the same once the job's side has taken all input so far */
        FRAME_RESIZE,    /* client: JSON, cols and rows; redraw: the screen is wanted anew */
        FRAME_SCREEN,    /* client: JSON, color; answer: JSON, the screen */
        FRAME_OUTPUT,    /* supervisor: bytes of the terminal */
        FRAME_GAP,       /* supervisor: JSON; output was left out, what comes next draws the screen anew */
        FRAME_BYE,       /* supervisor: the job is over, and all output was given */
        FRAME_ERROR,     /* supervisor: JSON, code, message and hint */
        FRAME_DETACH,    /* client: wants the terminal back that it has lent; supervisor: gives it back, also
                            because the keys to leave were typed, or the terminal is gone */
} FrameType;

#define FRAME_HEADER 8
/* Of a payload: what a supervisor takes, and what it may answer with (a screen). */
#define FRAME_MAX ((size_t) 64 * 1024)
#define FRAME_ANSWER_MAX ((size_t) 4 * 1024 * 1024)

typedef struct Frame {
        FrameType type; /* may be one that this version does not know */
        const char *data;
        size_t len;
} Frame;

/* Puts a frame at the end of the buffer. */
void frame_append(Buf *b, FrameType type, const void *data, size_t len);

/* Looks at the first frame of the bytes; its payload stays in them.
 * max: the largest payload taken.
 * Return: the frame's length, header included; 0 where it is not whole yet; -EMSGSIZE beyond max. */
ssize_t frame_parse(const char *data, size_t len, size_t max, Frame *ret);
