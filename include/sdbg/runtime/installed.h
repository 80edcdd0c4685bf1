/* SPDX-License-Identifier: MIT */
#pragma once

/* The path of the executable that runs (proc(5), /proc/self/exe).
 * Return: 0 and *ret, which the caller frees; negative errno. */
int installed_self(char **ret);

/* The path of one of sdbg's own executables: beside the one that runs (a build tree, or the directory
 * of the in-unit executables), else where they are installed.
 * Return: a string that the caller frees, NULL without memory. */
char *installed_path(const char *name);
