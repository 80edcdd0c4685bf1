/* SPDX-License-Identifier: MIT */
#pragma once

#include <systemd/sd-bus.h>

#include "sdbg/base/buf.h"

/* Appends the values of a message from its present position on, with blanks between them: 'string', 7,
 * true, [array], (structure), {dictionary entry}, <type variant>. */
void render_values(sd_bus_message *m, Buf *text);
