/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/jobdir.h"

#include "mcp/watch.h"

#define DIRECTORY_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR)
#define JOB_EVENTS (IN_MOVED_TO | IN_ONLYDIR)

typedef struct Watched {
        char *name;
        int wd;
        bool output;
} Watched;

struct Watch {
        int fd, jobs_fd, jobs_wd;
        Watched *jobs;
        size_t n;
};

static Watched *find_name(const Watch *w, const char *name) {
        for (size_t i = 0; i < w->n; i++)
                if (streq(w->jobs[i].name, name))
                        return &w->jobs[i];
        return NULL;
}

static Watched *find_wd(const Watch *w, int wd) {
        for (size_t i = 0; i < w->n; i++)
                if (w->jobs[i].wd == wd)
                        return &w->jobs[i];
        return NULL;
}

static void forget(Watch *w, Watched *j) {
        free(j->name);
        *j = w->jobs[--w->n];
}

static int add_path(const Watch *w, const char *name, uint32_t events) {
        char path[64 + NAME_MAX];

        snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", w->jobs_fd, name);
        return inotify_add_watch(w->fd, path, events);
}

/* Begins to watch one job's directory; one that cannot be watched is one less to hear of. */
static void add_job(Watch *w, const char *name) {
        Watched j = {};

        if (*name == '.' || find_name(w, name))
                return;
        j.wd = add_path(w, name, JOB_EVENTS);
        if (j.wd < 0 || !GROW(w->jobs, w->n))
                return;
        j.name = strdup(name);
        if (j.name)
                w->jobs[w->n++] = j;
}

static void add_all(Watch *w) {
        _cleanup_closedir_ DIR *d = NULL;

        if (open_dir_at(w->jobs_fd, ".", &d) < 0)
                return;
        for (struct dirent *e; (e = readdir(d));)
                add_job(w, e->d_name);
}

int watch_open(Watch **ret) {
        Watch *w = calloc(1, sizeof(Watch));
        int r;

        if (!w)
                return -ENOMEM;
        w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        w->jobs_fd = jobs_open(NULL);
        if (w->fd < 0 || w->jobs_fd < 0 || (w->jobs_wd = add_path(w, ".", DIRECTORY_EVENTS)) < 0) {
                r = w->jobs_fd < 0 ? w->jobs_fd : -errno;
                watch_free(w);
                return r;
        }
        add_all(w);
        *ret = w;
        return 0;
}

void watch_free(Watch *w) {
        while (w->n > 0)
                forget(w, &w->jobs[0]);
        free(w->jobs);
        close_fd(w->fd);
        close_fd(w->jobs_fd);
        free(w);
}

int watch_fd(const Watch *w) {
        return w->fd;
}

void watch_output(Watch *w, const char *job, bool on) {
        Watched *j = find_name(w, job);

        if (!j || j->output == on)
                return;
        j->output = on;
        (void) add_path(w, job, JOB_EVENTS | (on ? IN_MODIFY : 0));
}

static void tell_state(Watch *w, const char *name, WatchSink sink, void *userdata) {
        _cleanup_job_ Job now = JOB_INIT;

        if (jobdir_read_state_at(w->jobs_fd, name, &now) >= 0 && now.name)
                sink(userdata, WATCH_STATE, &now);
}

static void tell_name(WatchKind kind, const char *name, WatchSink sink, void *userdata) {
        Job j = JOB_INIT;

        j.name = (char *) name;
        sink(userdata, kind, &j);
}

static void take_jobs_event(Watch *w, const struct inotify_event *e, WatchSink sink, void *userdata) {
        Watched *j = e->len > 0 ? find_name(w, e->name) : NULL;

        if (e->len == 0)
                return;
        if (e->mask & IN_DELETE && j)
                forget(w, j);
        else if (!(e->mask & IN_DELETE)) {
                add_job(w, e->name);
                /* What was written before the watch stood. */
                tell_state(w, e->name, sink, userdata);
        }
        tell_name(WATCH_JOBS, e->name, sink, userdata);
}

static void take_job_event(Watch *w, const struct inotify_event *e, WatchSink sink, void *userdata) {
        Watched *j = find_wd(w, e->wd);

        if (!j || e->len == 0)
                return;
        if (e->mask & IN_MOVED_TO && streq(e->name, "state.json"))
                tell_state(w, j->name, sink, userdata);
        else if (e->mask & IN_MODIFY && streq(e->name, "ring"))
                tell_name(WATCH_OUTPUT, j->name, sink, userdata);
}

/* Events were lost: every job may have changed. */
static void tell_all(Watch *w, WatchSink sink, void *userdata) {
        add_all(w);
        for (size_t i = 0; i < w->n; i++)
                tell_state(w, w->jobs[i].name, sink, userdata);
}

int watch_read(Watch *w, WatchSink sink, void *userdata) {
        char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
        ssize_t n;

        while ((n = read(w->fd, buf, sizeof(buf))) > 0)
                for (char *p = buf; p < buf + n;) {
                        const struct inotify_event *e = (const struct inotify_event *) p;

                        if (e->mask & IN_Q_OVERFLOW)
                                tell_all(w, sink, userdata);
                        else if (e->wd == w->jobs_wd && e->mask & (IN_DELETE_SELF | IN_IGNORED))
                                return -ENODEV;
                        else if (e->wd == w->jobs_wd)
                                take_jobs_event(w, e, sink, userdata);
                        else
                                take_job_event(w, e, sink, userdata);
                        p += sizeof(*e) + e->len;
                }
        return 0;
}
