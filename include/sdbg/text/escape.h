/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* Where a stream of bytes stands in a terminal's escape sequences, by the grammar of ECMA-48; they may come in whatever
 * pieces. */

#define ESC '\033'
#define BEL '\a'
/* They break a sequence off. */
#define CAN '\030'
#define SUB '\032'

typedef enum EscapePhase {
        ESCAPE_NONE,    /* text */
        ESCAPE_BEGUN,   /* behind ESC */
        ESCAPE_MORE,    /* behind its intermediate bytes */
        ESCAPE_CONTROL, /* within a control sequence, behind "ESC [" */
        ESCAPE_STRING,  /* within OSC, DCS and such, which end with BEL, or with the ESC of "ESC \" */
} EscapePhase;

/* Return: where the stream stands behind the byte. */
EscapePhase escape_next(EscapePhase phase, char c);
