/* SPDX-License-Identifier: MIT */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "check.h"

/* A directory of a test's own, removed at its end. */
typedef struct TmpDir {
        char path[64];
        int fd;
} TmpDir;

static inline TmpDir tmpdir_make(void) {
        TmpDir t = { .path = "/tmp/sdbg-test-XXXXXX" };

        CHECK(mkdtemp(t.path));
        t.fd = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(t.fd >= 0);
        return t;
}

static inline void tmpdir_remove(TmpDir *t) {
        close_fd(t->fd);
        CHECK(remove_tree_at(AT_FDCWD, t->path) == 0);
}
#define _cleanup_tmpdir_ _cleanup_(tmpdir_remove)
