/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* The project that the current directory belongs to: the nearest directory at or above it that holds a
 * `.git` (a directory, or a file in a linked worktree or submodule, gitrepository-layout(5)), else the
 * current directory itself.
 * Return: 0 and an absolute path that the caller frees; -ENOENT where the current directory was removed;
 * -ENOMEM; negative errno. */
int project_directory(char **ret);

/* Return: whether `path` is `directory` or lies below it; both absolute and without symlinks. */
bool path_is_below(const char *path, const char *directory);
