/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* Numbers, sizes and signals as users write them. */

/* Decimal digits only. Return: 0, -EINVAL, -ERANGE. */
int parse_u64(const char *s, uint64_t *ret);

/* Decimal with an optional sign. Return: 0, -EINVAL, -ERANGE. */
int parse_int(const char *s, int *ret);

/* A size in bytes with an optional suffix K, M, G, T, P (1024 to the power, as systemd has it), a
 * fraction allowed ("1.5G"); "infinity" is UINT64_MAX. Return: 0, -EINVAL, -ERANGE. */
int parse_size(const char *s, uint64_t *ret);

/* "512M", "1.5G", "900K" for people, "12B" below 1 KiB. Return: buf. */
char *format_size(char *buf, size_t size, uint64_t bytes);

/* "1,234,567". Return: buf, which should hold FORMAT_COUNT_MAX bytes. */
#define FORMAT_COUNT_MAX 32
char *format_count(char *buf, size_t size, uint64_t n);

/* yes/no, true/false, on/off, 1/0. Return: 1, 0, -EINVAL. */
int parse_boolean(const char *s);

/* "TERM", "SIGTERM", "sigterm", "SIGRTMIN+1" or "15". Return: the signal, -EINVAL. */
int signal_from_string(const char *s);

/* Return: "SIGTERM" in static memory, or NULL for a real-time signal or what is none. */
const char *signal_to_string(int signal);
