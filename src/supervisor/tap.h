/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"

/* A second reader of the job's output, as it comes. It gets every byte: where it is slow, the job waits. */
typedef struct Tap {
        int fd;   /* a pipe that does not block; -EBADF: nobody listens */
        Buf rest; /* what it did not take yet */
} Tap;

#define TAP_INIT                                                                                             \
        (Tap) {                                                                                              \
                .fd = -EBADF                                                                                 \
        }

/* Passes bytes on; where the reader is gone, there is no tap any more. */
void tap_put(Tap *t, const char *data, size_t len);
/* Passes on what is left, when the pipe takes more. */
void tap_flush(Tap *t);
/* Return: whether nothing shall be read for it now. */
bool tap_is_full(const Tap *t);
void tap_close(Tap *t);
