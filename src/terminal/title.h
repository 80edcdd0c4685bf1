/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/text/escape.h"

/* The window's title, out of what a program prints: "OSC 0;… ST" or "OSC 2;… ST" (XTerm Control Sequences).
 * libvterm tells it in another way in each version, and 0.1.4 not where it comes in pieces. */
typedef struct Title {
        char text[256]; /* the title, UTF-8; of a longer one the begin */
        EscapePhase phase;
        bool is_open;       /* within an OSC */
        char next[2 + 256]; /* what is there of it */
        size_t n;
} Title;

/* Takes what the program prints, in whatever pieces. */
void title_take(Title *t, const char *data, size_t len);
