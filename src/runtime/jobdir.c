/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/runtime/jobdir.h"

/* An environment and an argument list are bounded by the kernel (6 MiB at most, execve(2)); base64
 * and quoting make them a few times larger. */
#define SPEC_MAX ((size_t) 64 * 1024 * 1024)
#define STATE_MAX ((size_t) 1024 * 1024)

static bool is_own_directory(const char *path) {
        struct stat st;

        return lstat(path, &st) >= 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
               (st.st_mode & 0077) == 0;
}

int runtime_dir(char **ret, Error *reterr) {
        const char *e = secure_getenv("XDG_RUNTIME_DIR");
        char *path;

        if (e && e[0] == '/' && is_own_directory(e))
                path = strdup(e);
        else if (asprintf(&path, "/run/user/%d", (int) geteuid()) < 0)
                path = NULL;
        if (!path)
                return error_oom(reterr);

        if (!is_own_directory(path)) {
                error_set(reterr, ERROR_MANAGER_UNREACHABLE, ENOENT, "no runtime directory %s of this user",
                          path);
                error_hint(reterr, "log in, or run 'loginctl enable-linger' and try again; "
                                   "'sdbg doctor' checks everything");
                free(path);
                return -ENOENT;
        }
        *ret = path;
        return 0;
}

/* Opens `name` below dirfd as a directory that only the user can write to. */
static int open_private(int dirfd, const char *name, bool create, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (create && mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST) {
                int r = error_set(reterr, ERROR_BAD_RUNTIME_DIR, errno, "cannot make runtime directory '%s'",
                                  name);

                if (r == -EACCES)
                        goto hint;
                if (r == -ENOSPC)
                        error_hint(reterr, "the runtime directory is full; 'sdbg clean' forgets ended jobs");
                return r;
        }

        fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) {
                if (errno == ENOENT && !create)
                        return -ENOENT;
                if (errno == EMFILE || errno == ENFILE)
                        return error_set(reterr, ERROR_FAILED, errno, "cannot open runtime directory '%s'",
                                         name);
                error_set(reterr, ERROR_BAD_RUNTIME_DIR, errno,
                          "runtime directory '%s' is not a directory that can be opened", name);
                goto hint;
        }
        if (fstat(fd, &st) < 0)
                return error_set(reterr, ERROR_BAD_RUNTIME_DIR, errno, "cannot look at '%s'", name);
        if (st.st_uid != geteuid() || (st.st_mode & 0077) != 0) {
                error_set(reterr, ERROR_BAD_RUNTIME_DIR, EPERM,
                          "runtime directory '%s' belongs to another user or is open to others", name);
                goto hint;
        }
        return TAKE_FD(fd);

hint:
        error_hint(reterr, "remove $XDG_RUNTIME_DIR/sdbg, or mend its owner and mode, and try again");
        return -EPERM;
}

static int sdbg_open(Error *reterr) {
        _cleanup_close_ int runtime = -EBADF;
        _cleanup_free_ char *path = NULL;
        int r;

        r = runtime_dir(&path, reterr);
        if (r < 0)
                return r;
        runtime = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (runtime < 0)
                return error_set(reterr, ERROR_BAD_RUNTIME_DIR, errno, "cannot open %s", path);
        return open_private(runtime, "sdbg", true, reterr);
}

int jobs_open(Error *reterr) {
        _cleanup_close_ int sdbg = sdbg_open(reterr);

        return sdbg < 0 ? sdbg : open_private(sdbg, "jobs", true, reterr);
}

int jobs_first_time(const char *what) {
        _cleanup_close_ int sdbg = sdbg_open(NULL), fd = -EBADF;

        if (sdbg < 0)
                return sdbg;
        fd = openat(sdbg, what, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd >= 0 ? 1 : errno == EEXIST ? 0 : -errno;
}

int jobdir_open(const char *name, bool create, Error *reterr) {
        _cleanup_close_ int jobs = jobs_open(reterr);

        return jobs < 0 ? jobs : open_private(jobs, name, create, reterr);
}

int jobdir_path(const char *name, char **ret, Error *reterr) {
        _cleanup_free_ char *runtime = NULL;
        int r;

        r = runtime_dir(&runtime, reterr);
        if (r < 0)
                return r;
        return asprintf(ret, "%s/sdbg/jobs/%s", runtime, name) < 0 ? error_oom(reterr) : 0;
}

int jobdir_lock(int dirfd) {
        _cleanup_close_ int fd = openat(dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return -errno;
        while (flock(fd, LOCK_EX) < 0)
                if (errno != EINTR)
                        return -errno;
        return TAKE_FD(fd);
}

int jobdir_read_spec(int dirfd, Spec *ret) {
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r;

        r = read_file_at(dirfd, "spec.json", SPEC_MAX, &text, &len);
        return r < 0 ? r : spec_from_string(ret, text, len);
}

int jobdir_remove_spec(int dirfd) {
        return unlinkat(dirfd, "spec.json", 0) < 0 && errno != ENOENT ? -errno : 0;
}

int spec_read_file(const char *path, Spec *ret) {
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r;

        r = read_file_at(AT_FDCWD, path, SPEC_MAX, &text, &len);
        return r < 0 ? r : spec_from_string(ret, text, len);
}

int jobdir_write_spec(int dirfd, const Spec *s) {
        _cleanup_free_ char *text = spec_to_string(s);

        return text ? write_file_at(dirfd, "spec.json", text, strlen(text), 0600) : -ENOMEM;
}

static int read_state(int dirfd, const char *path, Job *ret) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(dirfd, path, STATE_MAX, &text, NULL);
        return r < 0 ? r : job_from_record(ret, text);
}

int jobdir_read_state(int dirfd, Job *ret) {
        return read_state(dirfd, "state.json", ret);
}

int jobdir_read_state_at(int jobs_fd, const char *name, Job *ret) {
        char path[JOB_NAME_MAX + sizeof("/state.json")];

        snprintf(path, sizeof(path), "%s/state.json", name);
        return read_state(jobs_fd, path, ret);
}

int jobdir_write_state(int dirfd, const Job *j) {
        _cleanup_free_ char *text = job_to_record(j);

        return text ? write_file_at(dirfd, "state.json", text, strlen(text), 0600) : -ENOMEM;
}

int jobdir_write_stop_timeout(int dirfd, usec_t timeout) {
        char text[24];

        snprintf(text, sizeof(text), "%" PRIu64, timeout);
        return write_file_at(dirfd, "stop-timeout", text, strlen(text), 0600);
}

int jobdir_read_stop_timeout(int dirfd, usec_t *ret) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(dirfd, "stop-timeout", 64, &text, NULL);
        return r < 0 ? r : parse_u64(text, ret);
}

int jobdir_write_stopped_by(int dirfd, const char *who) {
        return write_file_at(dirfd, "stopped-by", who, strlen(who), 0600);
}

int jobdir_read_stopped_by(int dirfd, char **ret) {
        return read_file_at(dirfd, "stopped-by", 4096, ret, NULL);
}

int jobdir_forget_run(int dirfd) {
        static const char *const names[] = { "state.json", "ring", "stop-timeout", "stopped-by" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (unlinkat(dirfd, names[i], 0) < 0 && errno != ENOENT)
                        return -errno;
        return 0;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int jobdir_list(char ***ret, Error *reterr) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_close_ int jobs = jobs_open(reterr);
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *de;
        size_t n = 0;
        int r;

        if (jobs < 0)
                return jobs;
        r = open_dir_at(jobs, ".", &d);
        if (r < 0)
                return error_set(reterr, ERROR_BAD_RUNTIME_DIR, r, "cannot list runtime files");
        while ((de = readdir(d))) {
                if (de->d_type != DT_DIR || job_name_check(de->d_name, NULL) < 0)
                        continue;
                if (strv_extend(&names, de->d_name) < 0)
                        return error_oom(reterr);
                n++;
        }
        if (n > 0)
                qsort(names, n, sizeof(char *), compare_names);
        *ret = TAKE_PTR(names);
        return 0;
}

int jobdir_remove(const char *name, Error *reterr) {
        _cleanup_close_ int jobs = jobs_open(reterr);
        int r;

        if (jobs < 0)
                return jobs;
        r = remove_tree_at(jobs, name);
        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "cannot remove runtime files of '%s'", name) : 0;
}
