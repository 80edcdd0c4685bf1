/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"
#include "sdbg/json/json.h"
#include "sdbg/text/key.h"

/* A terminal without a window: what a pty job has printed, as a person would see it now. The emulation is
 * libvterm's; the only module that sees it. It does no I/O. Its memory is bounded by its size: some
 * 40 bytes a cell, for each of two screens. */
typedef struct Terminal Terminal;

#define TERMINAL_COLS 120
#define TERMINAL_ROWS 40
#define TERMINAL_COLS_MAX 1000
#define TERMINAL_ROWS_MAX 500

/* Return: a terminal; NULL without memory, or where this program was built without emulation. */
Terminal *terminal_new(int cols, int rows);

/* Frees it, which must not be NULL. */
void terminal_free(Terminal *t);
DEFINE_CLEANUP_FUNC(Terminal *, terminal_free);
#define _cleanup_terminal_ _cleanup_(terminal_freep)

/* Takes what the program prints. answers: what a terminal sends back to a program that asks (its
 * position, its kind); NULL where a real one does. */
void terminal_write(Terminal *t, const char *data, size_t len, Buf *answers);

/* Gives both screens another size; the program is not told. */
void terminal_resize(Terminal *t, int cols, int rows);

/* Nothing was printed for a moment: packs what the emulator holds, until any of these functions is called
 * again. An idle screen then takes some KiB; to pack it, or to unpack it, takes less than a millisecond. */
void terminal_rest(Terminal *t);

/* The bytes that a key, or the begin and end of a paste, sends in the mode the program has chosen. */
void terminal_key(Terminal *t, const Key *k, Buf *ret);
void terminal_paste(Terminal *t, bool begin, Buf *ret);

/* The bytes that draw the present screen on a terminal of the same size and put it into the same modes. */
void terminal_draw(Terminal *t, Buf *ret);

/* The cursor's line, up to the cursor. Return: text that the caller frees, NULL without memory. */
char *terminal_line(Terminal *t);

/* {cols, rows, cursor: {x, y, visible}, title, alternate, lines: […]}; blanks at the end of lines and
 * empty lines at the end are left out. color: the lines hold SGR sequences.
 * Return: an object that the caller frees, NULL without memory. */
Json *terminal_to_json(Terminal *t, bool color);
