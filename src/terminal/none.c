/* SPDX-License-Identifier: MIT */
#include "sdbg/terminal/terminal.h"

/* The supervisor of ordinary jobs: it executes the other one where a job has a terminal, and so costs
 * no job the emulator's memory. */

Terminal *terminal_new(int cols, int rows) {
        return NULL;
}

void terminal_free(Terminal *t) {
}

void terminal_write(Terminal *t, const char *data, size_t len, Buf *answers) {
}

void terminal_resize(Terminal *t, int cols, int rows) {
}

void terminal_rest(Terminal *t) {
}

void terminal_key(Terminal *t, const Key *k, Buf *ret) {
}

void terminal_paste(Terminal *t, bool begin, Buf *ret) {
}

void terminal_draw(Terminal *t, Buf *ret) {
}

char *terminal_line(Terminal *t) {
        return NULL;
}

Json *terminal_to_json(Terminal *t, bool color) {
        return NULL;
}
