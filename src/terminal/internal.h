/* SPDX-License-Identifier: MIT */
#pragma once

#include <vterm.h>

#include "sdbg/terminal/terminal.h"

#include "terminal/backlog.h"
#include "terminal/store.h"
#include "terminal/title.h"

struct Terminal {
        Backlog backlog;
        Store store;
        VTerm *vt;
        VTermScreen *screen;
        Buf *output; /* where what the emulator sends goes, during a call */
        bool cursor_visible, alternate, has_alternate;
        char before; /* the last byte, where the alternate screen is not there yet */
        int mouse;   /* VTERM_PROP_MOUSE_… */
        Title title;
};

/* Makes the emulator ready, with all that was printed; before any use of it. */
void terminal_settle(Terminal *t);
