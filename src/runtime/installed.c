/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/macro.h"
#include "sdbg/runtime/installed.h"

char *installed_path(const char *name) {
        char self[PATH_MAX], *path;
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        char *slash;

        if (n > 0) {
                self[n] = '\0';
                slash = strrchr(self, '/');
                if (asprintf(&path, "%.*s/%s", (int) (slash - self), self, name) < 0)
                        return NULL;
                if (access(path, X_OK) >= 0)
                        return path;
                free(path);
        }
        return asprintf(&path, "%s/%s", SDBG_LIBEXECDIR, name) < 0 ? NULL : path;
}
