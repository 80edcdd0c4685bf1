/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/macro.h"
#include "sdbg/runtime/installed.h"

int installed_self(char **ret) {
        char path[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

        if (n < 0)
                return -errno;
        *ret = strndup(path, n);
        return *ret ? 0 : -ENOMEM;
}

char *installed_path(const char *name) {
        _cleanup_free_ char *self = NULL;
        char *path;

        if (installed_self(&self) >= 0) {
                if (asprintf(&path, "%.*s/%s", (int) (strrchr(self, '/') - self), self, name) < 0)
                        return NULL;
                if (access(path, X_OK) >= 0)
                        return path;
                free(path);
        }
        return asprintf(&path, "%s/%s", SDBG_LIBEXECDIR, name) < 0 ? NULL : path;
}
