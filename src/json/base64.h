/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* Base64 of RFC 4648, section 4. Return: NUL-terminated, the caller frees; NULL without memory. */
char *base64_encode(const char *data, size_t len);
/* Return: the bytes with a NUL after them; NULL for what is no base64, or without memory. */
char *base64_decode(const char *s);
