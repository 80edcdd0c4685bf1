/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"
#include "sdbg/text/escape.h"

/* Text that the emulator has not been given yet. A program that prints line after line scrolls most of them out of
 * the screen before anybody looks, and for each of them the emulator would move all its cells: so text waits, and
 * what nobody can see any more is left out. */
typedef struct Backlog {
        Buf text; /* printable text, its blanks and newlines, and SGR sequences */
        EscapePhase phase;
        char held[16]; /* the begin of a control sequence's parameters */
        size_t n;      /* how long they are */
        /* Not all that is printed scrolls out of the screen. */
        bool has_region, has_margins;
} Backlog;

#define BACKLOG_MAX ((size_t) 64 * 1024)

/* Takes what the program prints, in whatever pieces. Return: whether it waits in `text`; else it is for the emulator at
 * once, behind what waits. */
bool backlog_take(Backlog *b, const char *data, size_t len);

/* How many of the last bytes taken are whole characters. Of a character that it gets in two pieces, libvterm (0.1 to
 * 0.3) makes two broken ones. */
size_t backlog_whole(const Backlog *b, const char *data, size_t len);

/* Leaves out what has scrolled out of a screen of so many rows; of that only the looks it has set are kept. */
void backlog_shorten(Backlog *b, int rows);
