/* SPDX-License-Identifier: MIT */
#pragma once

/* What tells this machine from others in cursors: 8 hex digits made from machine-id(5), whose text is not to
 * be given away; all zero where it has none. Return: static memory. */
const char *machine_tag(void);
