/* SPDX-License-Identifier: MIT */
#include "sdbg/text/escape.h"

static bool is_intermediate(char c) {
        return c >= 0x20 && c <= 0x2f;
}

EscapePhase escape_next(EscapePhase phase, char c) {
        if (c == ESC)
                return ESCAPE_BEGUN;
        if (c == CAN || c == SUB)
                return ESCAPE_NONE;
        switch (phase) {
        case ESCAPE_BEGUN:
                if (c == '[')
                        return ESCAPE_CONTROL;
                if (c && strchr("]PX^_", c))
                        return ESCAPE_STRING;
                return is_intermediate(c) ? ESCAPE_MORE : ESCAPE_NONE;
        case ESCAPE_MORE:
                return is_intermediate(c) ? ESCAPE_MORE : ESCAPE_NONE;
        case ESCAPE_CONTROL:
                return c >= 0x40 && c <= 0x7e ? ESCAPE_NONE : ESCAPE_CONTROL;
        case ESCAPE_STRING:
                return c == BEL ? ESCAPE_NONE : ESCAPE_STRING;
        default:
                return ESCAPE_NONE;
        }
}
