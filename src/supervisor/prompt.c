/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/text/quote.h"

#include "supervisor/supervisor.h"

/* Whether the job waits for somebody to type: its output has been silent for a moment, and a process of
 * it sits in a read of its terminal or stdin. A server that polls its stdin beside other things does not
 * count, and nor does one that is silent but computes. What the kernel shows is /proc/PID/task/TID/syscall
 * (proc(5)), which the supervisor may read as an ancestor. */

#define SILENCE_USEC (250 * USEC_PER_MSEC)
/* Without a prompt: a pause between two lines is none yet. */
#define BARE_SILENCE_USEC USEC_PER_SEC
/* Between looks: what happens without output is seen, too, and an idle job costs next to nothing. */
#define LOOK_USEC (1500 * USEC_PER_MSEC)
#define PROCESSES_MAX 64
#define PROMPT_MAX 200

typedef enum Blocked { BLOCKED_NO, BLOCKED_POLL, BLOCKED_READ } Blocked;

/* What the job's side of the input is, to be compared with what a process reads. */
typedef struct Source {
        dev_t device; /* of a terminal: st_rdev; of a pipe: st_dev */
        ino_t inode;
        bool pty;
        pid_t foreground; /* the terminal's process group */
} Source;

static bool is_source(const Source *s, pid_t pid, unsigned long fd) {
        char path[64];
        struct stat st;

        snprintf(path, sizeof(path), "/proc/%d/fd/%lu", (int) pid, fd);
        if (stat(path, &st) < 0)
                return false;
        /* /dev/tty is the same terminal by another name (Documentation/admin-guide/devices.txt: 5, 0). */
        return s->pty ? S_ISCHR(st.st_mode) && (st.st_rdev == s->device || st.st_rdev == makedev(5, 0))
                      : st.st_dev == s->device && st.st_ino == s->inode;
}

static Blocked thread_blocked(const Source *s, int tasks, const char *tid, pid_t pid) {
        char name[300], text[256] = "";
        _cleanup_close_ int fd = -EBADF;
        unsigned long arg0, arg1;
        long number;

        snprintf(name, sizeof(name), "%s/syscall", tid);
        fd = openat(tasks, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ||
            sscanf(text, "%ld 0x%lx 0x%lx", &number, &arg0, &arg1) != 3)
                return BLOCKED_NO;
        switch (number) {
        case SYS_read:
        case SYS_readv:
                return is_source(s, pid, arg0) ? BLOCKED_READ : BLOCKED_NO;
#ifdef SYS_poll
        case SYS_poll:
#endif
        case SYS_ppoll:
                /* One descriptor only: which one is in the process's memory. */
                return arg1 == 1 && is_source(s, pid, 0) ? BLOCKED_POLL : BLOCKED_NO;
#ifdef SYS_select
        case SYS_select:
#endif
        case SYS_pselect6:
                return arg0 == 1 && is_source(s, pid, 0) ? BLOCKED_POLL : BLOCKED_NO;
        default:
                return BLOCKED_NO;
        }
}

static Blocked process_blocked(const Source *s, pid_t pid) {
        _cleanup_closedir_ DIR *d = NULL;
        Blocked found = BLOCKED_NO;
        char path[32];

        snprintf(path, sizeof(path), "/proc/%d/task", (int) pid);
        d = opendir(path);
        if (!d)
                return BLOCKED_NO;
        for (struct dirent *e = readdir(d); e && found != BLOCKED_READ; e = readdir(d))
                if (*e->d_name != '.')
                        found = MAX(found, thread_blocked(s, dirfd(d), e->d_name, pid));
        return found;
}

static int find_source(const Supervisor *s, Source *ret) {
        const Input *i = &s->control.input;
        struct stat st;
        unsigned number;

        *ret = (Source){ .pty = i->pty };
        if (!i->pty) {
                if (fstat(i->fd, &st) < 0)
                        return -errno;
                ret->device = st.st_dev;
                ret->inode = st.st_ino;
                return 0;
        }
        if (ioctl(i->fd, TIOCGPTN, &number) < 0)
                return -errno;
        ret->device = makedev(136 + number / 256, number % 256);
        ret->foreground = tcgetpgrp(i->fd);
        return 0;
}

static Blocked job_blocked(const Supervisor *s) {
        _cleanup_free_ pid_t *pids = NULL;
        Blocked found = BLOCKED_NO;
        Source source;
        ssize_t n;

        if (find_source(s, &source) < 0)
                return BLOCKED_NO;
        n = cgroup_pids(s->job_fd, PROCESSES_MAX, &pids);
        for (ssize_t i = 0; i < n && found != BLOCKED_READ; i++)
                if (!source.pty || getpgid(pids[i]) == source.foreground)
                        found = MAX(found, process_blocked(&source, pids[i]));
        return found;
}

/* A password is being asked for, whoever the process belongs to: the terminal takes lines and does not
 * show them. */
static bool asks_secretly(const Supervisor *s) {
        const Input *i = &s->control.input;
        struct termios t;

        return i->pty && tcgetattr(i->fd, &t) >= 0 && (t.c_lflag & (ICANON | ECHO)) == ICANON;
}

static bool has_unfinished_line(const Supervisor *s) {
        for (Stream i = 0; i < STREAM_RECORD; i++)
                if (coalescer_is_unfinished(&s->output.coalescer, i))
                        return true;
        return false;
}

static bool is_waiting(const Supervisor *s, usec_t now) {
        bool unfinished = has_unfinished_line(s);
        Blocked blocked;

        if (s->control.input.fd < 0 || input_is_waiting(&s->control.input))
                return false;
        if (unfinished && asks_secretly(s))
                return true;
        blocked = job_blocked(s);
        return blocked == BLOCKED_READ ? unfinished || now >= s->active_at + BARE_SILENCE_USEC
                                       : blocked == BLOCKED_POLL && unfinished;
}

/* What stands before the cursor, as a person sees it. Return: a string that the caller frees; NULL: nothing. */
static char *find_prompt(const Supervisor *s) {
        _cleanup_free_ char *line = NULL;

        if (!has_unfinished_line(s))
                return NULL;
        if (!s->control.terminal)
                return ring_last_line(&s->output.spool.ring, PROMPT_MAX);
        line = terminal_line(s->control.terminal);
        return line && *line ? printable_line(line, strlen(line), PROMPT_MAX) : NULL;
}

/* Who types at the job's terminal pauses between keys: the same line is recorded once then. */
static bool asks_anew(Supervisor *s) {
        uint64_t lines = 0;
        bool same;

        for (Stream i = 0; i < STREAM_RECORD; i++)
                lines += coalescer_lines(&s->output.coalescer, i);
        same = lines == s->asked;
        s->asked = lines;
        return !same || control_attached(&s->control) == 0;
}

static void set_waiting(Supervisor *s, bool waiting) {
        Job *j = &s->job;

        if (j->waiting_for_input == waiting)
                return;
        j->waiting_for_input = waiting;
        free(j->prompt);
        j->prompt = waiting ? find_prompt(s) : NULL;
        supervisor_save(s);
        if (waiting && asks_anew(s))
                (void) supervisor_record(s, RECORD_INPUT, "%s waits for input%s%s", s->spec.name,
                                         j->prompt ? ": " : "", strempty(j->prompt));
}

void supervisor_was_active(Supervisor *s, usec_t now) {
        if (s->look_at == 0)
                return;
        s->active_at = now;
        s->look_at = now + SILENCE_USEC;
        set_waiting(s, false);
}

void supervisor_look_for_prompt(Supervisor *s, usec_t now) {
        if (s->look_at == 0 || now < s->look_at)
                return;
        s->look_at = now + (now < s->active_at + BARE_SILENCE_USEC ? BARE_SILENCE_USEC : LOOK_USEC);
        set_waiting(s, s->job.state != JOB_STOPPING && is_waiting(s, now));
}
