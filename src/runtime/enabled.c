/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/enabled.h"
#include "sdbg/runtime/jobdir.h"

/* A directory of the XDG Base Directory Specification. */
static char *xdg_path(const char *variable, const char *fallback, const char *rest) {
        const char *set = secure_getenv(variable), *home = secure_getenv("HOME");
        const struct passwd *pw;
        char *path;
        int r;

        if (set && set[0] == '/')
                r = asprintf(&path, "%s/%s", set, rest);
        else {
                if (!home || home[0] != '/')
                        home = (pw = getpwuid(geteuid())) ? pw->pw_dir : "/";
                r = asprintf(&path, "%s/%s/%s", home, fallback, rest);
        }
        return r < 0 ? NULL : path;
}

static char *specs_path(void) {
        return xdg_path("XDG_STATE_HOME", ".local/state", "sdbg/enabled");
}

static char *units_path(void) {
        return xdg_path("XDG_CONFIG_HOME", ".config", "systemd/user");
}

/* Makes a directory with those above it. Return: a descriptor, negative errno. */
static int make_path(const char *path, mode_t mode) {
        _cleanup_free_ char *copy = strdup(path);
        int fd;

        if (!copy)
                return -ENOMEM;
        for (char *p = copy + 1;; p++)
                if (*p == '/' || !*p) {
                        char c = *p;

                        *p = '\0';
                        if (mkdir(copy, mode) < 0 && errno != EEXIST)
                                return -errno;
                        if (!c)
                                break;
                        *p = c;
                }
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int enabled_spec_path(const char *name, char **ret, Error *reterr) {
        _cleanup_free_ char *specs = specs_path();

        return specs && asprintf(ret, "%s/%s.json", specs, name) >= 0 ? 0 : error_oom(reterr);
}

int enabled_read_spec(const char *name, Spec *ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = enabled_spec_path(name, &path, NULL);
        if (r < 0)
                return r;
        if (!ret)
                return access(path, F_OK) >= 0;
        r = spec_read_file(path, ret);
        return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

static int write_below(const char *directory, const char *name, const char *text, mode_t mode,
                       mode_t directory_mode, Error *reterr) {
        _cleanup_close_ int fd = make_path(directory, directory_mode);
        int r = fd < 0 ? fd : write_file_at(fd, name, text, strlen(text), mode);

        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "cannot write %s/%s", directory, name) : 0;
}

#define WANTS "default.target.wants"

static int link_unit(const char *units, const char *unit, Error *reterr) {
        _cleanup_free_ char *wants = NULL, *target = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (asprintf(&wants, "%s/" WANTS, units) < 0)
                wants = NULL;
        if (asprintf(&target, "../%s", unit) < 0)
                target = NULL;
        if (!wants || !target)
                return error_oom(reterr);
        fd = make_path(wants, 0755);
        if (fd < 0 || (symlinkat(target, fd, unit) < 0 && errno != EEXIST))
                return error_set(reterr, ERROR_FAILED, fd < 0 ? fd : errno, "cannot make a link in %s",
                                 wants);
        return 0;
}

/* A unit file of that name without a spec was not written here. */
static int check_free(const char *name, const char *units, const char *unit, Error *reterr) {
        _cleanup_free_ char *path = NULL;

        if (enabled_read_spec(name, NULL) > 0)
                return 0;
        if (asprintf(&path, "%s/%s", units, unit) < 0) {
                path = NULL;
                return error_oom(reterr);
        }
        if (access(path, F_OK) < 0)
                return 0;
        error_set(reterr, ERROR_FAILED, 0, "%s is somebody's own unit file", path);
        error_hint(reterr, "'systemctl --user enable %s' enables it", unit);
        return -EEXIST;
}

int enabled_write(const Spec *s, const char *unit, const char *unit_text, Error *reterr) {
        _cleanup_free_ char *specs = specs_path(), *units = units_path(), *text = spec_to_string(s),
                            *file = NULL;
        int r;

        if (!specs || !units || !text || asprintf(&file, "%s.json", s->name) < 0)
                return error_oom(reterr);
        r = check_free(s->name, units, unit, reterr);
        if (r < 0)
                return r;
        r = write_below(specs, file, text, 0600, 0700, reterr);
        if (r >= 0)
                r = write_below(units, unit, unit_text, 0644, 0755, reterr);
        return r < 0 ? r : link_unit(units, unit, reterr);
}

int enabled_remove(const char *name, const char *unit, Error *reterr) {
        _cleanup_free_ char *spec = NULL, *units = units_path(), *path = NULL, *link = NULL;
        int r;

        r = enabled_spec_path(name, &spec, reterr);
        if (r < 0)
                return r;
        if (!units || asprintf(&path, "%s/%s", units, unit) < 0)
                path = NULL;
        if (!units || asprintf(&link, "%s/" WANTS "/%s", units, unit) < 0)
                link = NULL;
        if (!path || !link)
                return error_oom(reterr);
        /* A unit file of that name without a spec is somebody's own. */
        if (access(spec, F_OK) < 0)
                return 0;
        if ((unlink(link) < 0 && errno != ENOENT) || (unlink(path) < 0 && errno != ENOENT) ||
            unlink(spec) < 0)
                return error_set(reterr, ERROR_FAILED, errno, "cannot remove what enabled '%s'", name);
        return 1;
}
