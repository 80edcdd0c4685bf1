/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/probe/project.h"

static bool holds_git(const char *directory) {
        char path[PATH_MAX + sizeof("/.git")];

        snprintf(path, sizeof(path), "%s/.git", directory);
        return access(path, F_OK) == 0;
}

int project_directory(char **ret) {
        char here[PATH_MAX], above[PATH_MAX];

        if (!getcwd(here, sizeof(here)))
                return -errno;
        strcpy(above, here);
        while (*above && !holds_git(above))
                *strrchr(above, '/') = '\0';
        *ret = strdup(*above ? above : here);
        return *ret ? 0 : -ENOMEM;
}

bool path_is_below(const char *path, const char *directory) {
        const char *rest = startswith(path, directory);

        return rest && (*rest == '\0' || *rest == '/' || streq(directory, "/"));
}
