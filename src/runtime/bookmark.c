/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/bookmark.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"

/* Sessions of agents, by the variable that names one; the client is part of the reader's name. */
static const struct {
        const char *variable, *client;
} sessions[] = {
        { "CLAUDE_CODE_SESSION_ID", "claude" }, { "CODEX_SESSION_ID", "codex" },
        { "CODEX_THREAD_ID", "codex" },         { "OPENCODE_SESSION_ID", "opencode" },
        { "OPENCODE_PID", "opencode" },
};

int reader_check(const char *name, Error *reterr) {
        size_t l = strlen(name);

        if (l > 0 && l <= READER_NAME_MAX && strspn(name, NAME_CHARACTERS) == l)
                return 0;
        error_set(reterr, ERROR_USAGE, 0, "'%s' is no name of a reader", name);
        error_hint(reterr, "a name has 1 to %d letters, digits and . _ : -, and no slash", READER_NAME_MAX);
        return -EINVAL;
}

/* Any text as a reader's name. */
static char *make_name(const char *client, const char *text) {
        char *name;

        if (asprintf(&name, "%s%s%.*s", client, *client ? ":" : "", READER_NAME_MAX / 2, text) < 0)
                return NULL;
        for (char *p = name; *p; p++)
                if (!strchr(NAME_CHARACTERS, *p))
                        *p = '-';
        return name;
}

char *reader_default(void) {
        static const int fds[] = { STDERR_FILENO, STDIN_FILENO, STDOUT_FILENO };
        char terminal[128];

        for (size_t i = 0; i < ELEMENTSOF(sessions); i++) {
                const char *id = getenv(sessions[i].variable);

                if (id && *id)
                        return make_name(sessions[i].client, id);
        }
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (ttyname_r(fds[i], terminal, sizeof(terminal)) == 0)
                        return make_name("", startswith(terminal, "/dev/") ?: terminal);
        return strdup("default");
}

/* Opens the directory `path`, making it and those above it where they are missing, with the mode that the
 * XDG Base Directory Specification asks for. */
static int open_made(char *path) {
        int fd;

        for (char *p = path; (p = strchr(p + 1, '/'));) {
                *p = '\0';
                (void) mkdir(path, 0700);
                *p = '/';
        }
        (void) mkdir(path, 0700);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int readers_open(Error *reterr) {
        const char *state = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");
        _cleanup_free_ char *path = NULL;
        struct passwd *user;
        int r;

        if (!home || home[0] != '/') {
                user = getpwuid(geteuid());
                home = user ? user->pw_dir : "/";
        }
        if (state && state[0] == '/')
                r = asprintf(&path, "%s/sdbg/readers", state);
        else
                r = asprintf(&path, "%s/.local/state/sdbg/readers", home);
        if (r < 0) {
                path = NULL;
                return error_oom(reterr);
        }
        r = open_made(path);
        if (r < 0) {
                error_set(reterr, ERROR_FAILED, r, "cannot open the readers' directory %s", path);
                error_hint(reterr, "$XDG_STATE_HOME may name another place for it");
        }
        return r;
}

/* Opens the directory of a bookmark. *ret: the file's name in it; no '@' is in a reader's name, so that no two
 * of them share a file. Return: a descriptor; negative errno with reterr said. */
static int open_place(const char *reader, const char *key, char **ret, Error *reterr) {
        _cleanup_free_ char *name = NULL;
        int r = reader_check(reader, reterr);

        if (r < 0)
                return r;
        if (asprintf(&name, "%s@%s", reader, key) < 0) {
                name = NULL;
                return error_oom(reterr);
        }
        r = readers_open(reterr);
        if (r >= 0)
                *ret = TAKE_PTR(name);
        return r;
}

int bookmark_load(const char *reader, const char *key, char **ret, Error *reterr) {
        _cleanup_free_ char *name = NULL, *text = NULL;
        _cleanup_close_ int dir = -EBADF;
        int r;

        dir = open_place(reader, key, &name, reterr);
        if (dir < 0)
                return dir;
        r = read_file_at(dir, name, BOOKMARK_CURSOR_MAX, &text, NULL);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot read what '%s' has read", reader);
        *ret = TAKE_PTR(text);
        return 1;
}

/* Removes the oldest file where there are too many. */
static int forget_oldest(int dir) {
        _cleanup_free_ char *oldest = NULL;
        _cleanup_closedir_ DIR *d = NULL;
        struct timespec least = {};
        struct dirent *de;
        struct stat st;
        size_t n = 0;
        int r = open_dir_at(dir, ".", &d);

        if (r < 0)
                return r;
        while ((de = readdir(d))) {
                if (!strchr(de->d_name, '@') || fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                n++;
                if (oldest && (st.st_mtim.tv_sec > least.tv_sec ||
                               (st.st_mtim.tv_sec == least.tv_sec && st.st_mtim.tv_nsec >= least.tv_nsec)))
                        continue;
                least = st.st_mtim;
                free(oldest);
                oldest = strdup(de->d_name);
                if (!oldest)
                        return -ENOMEM;
        }
        return n > BOOKMARKS_MAX && unlinkat(dir, oldest, 0) < 0 ? -errno : 0;
}

int bookmark_store(const char *reader, const char *key, const char *cursor, Error *reterr) {
        _cleanup_free_ char *name = NULL;
        _cleanup_close_ int dir = -EBADF;
        bool is_new;
        int r;

        dir = open_place(reader, key, &name, reterr);
        if (dir < 0)
                return dir;
        is_new = faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
        r = write_file_at(dir, name, cursor, strlen(cursor), 0600);
        if (r >= 0 && is_new)
                r = forget_oldest(dir);
        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "cannot keep what '%s' has read", reader) : 0;
}

/* One byte of one file for each bookmark, as far as there are bytes: two that share one only wait longer. */
static off_t lock_place(const char *name) {
        uint32_t hash = 5381; /* Bernstein's */

        for (; *name; name++)
                hash = hash * 33 + (unsigned char) *name;
        return hash;
}

int bookmark_lock(const char *reader, const char *key, Error *reterr) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
        _cleanup_close_ int dir = -EBADF, fd = -EBADF;
        _cleanup_free_ char *name = NULL;

        dir = open_place(reader, key, &name, reterr);
        if (dir < 0)
                return dir;
        fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return error_set(reterr, ERROR_FAILED, errno, "cannot open the readers' lock");
        lock.l_start = lock_place(name);
        while (fcntl(fd, F_OFD_SETLKW, &lock) < 0)
                if (errno != EINTR)
                        return error_set(reterr, ERROR_FAILED, errno, "cannot lock what '%s' has read",
                                         reader);
        return TAKE_FD(fd);
}
