/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/runtime/ring.h"

#include "ops/ring-watch.h"

int ring_watch_open(RingWatch *w, Error *reterr) {
        *w = (RingWatch){ .inotify_fd = -EBADF, .jobs_wd = -1, .jobs_changed = true };
        w->jobs_fd = jobs_open(reterr);
        if (w->jobs_fd < 0)
                return w->jobs_fd;
        w->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (w->inotify_fd < 0) {
                w->inotify_fd = -errno;
                return errno == EMFILE ? 0 : error_set(reterr, ERROR_FAILED, errno, "cannot watch the jobs");
        }
        w->jobs_wd = fd_watch(w->inotify_fd, w->jobs_fd, IN_CREATE | IN_MOVED_TO);
        return w->jobs_wd < 0 ? error_set(reterr, ERROR_FAILED, w->jobs_wd, "cannot watch the jobs") : 0;
}

void ring_watch_done(RingWatch *w) {
        for (size_t i = 0; i < w->n; i++)
                free(w->views[i].name);
        free(w->views);
        close_fd(w->inotify_fd);
        close_fd(w->jobs_fd);
}

static RingView *view_by_name(RingWatch *w, const char *name) {
        for (size_t i = 0; i < w->n; i++)
                if (streq(w->views[i].name, name))
                        return &w->views[i];
        return NULL;
}

static RingView *view_by_wd(RingWatch *w, int wd) {
        for (size_t i = 0; i < w->n; i++)
                if (w->views[i].wd == wd)
                        return &w->views[i];
        return NULL;
}

static void forget(RingWatch *w, RingView *v) {
        free(v->name);
        *v = w->views[--w->n];
}

static void take_event(RingWatch *w, const struct inotify_event *e) {
        RingView *v = view_by_wd(w, e->wd);

        if (e->mask & IN_Q_OVERFLOW) {
                w->jobs_changed = true;
                for (size_t i = 0; i < w->n; i++)
                        w->views[i].changed = true;
        } else if (e->wd == w->jobs_wd)
                w->jobs_changed = true;
        else if (v && (e->mask & IN_IGNORED)) {
                forget(w, v); /* the job's directory was removed */
                w->jobs_changed = true;
        } else if (v && e->len > 0 && streq(e->name, "ring"))
                v->changed = true;
}

static void read_events(RingWatch *w) {
        char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
        ssize_t n;

        while ((n = read(w->inotify_fd, buf, sizeof(buf))) > 0)
                for (char *p = buf; p < buf + n;
                     p += sizeof(struct inotify_event) + ((const struct inotify_event *) p)->len)
                        take_event(w, (const struct inotify_event *) p);
}

static int add_view(RingWatch *w, const char *name) {
        _cleanup_close_ int dir = openat(w->jobs_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        RingView v = { .wd = -1, .changed = true };

        if (!GROW(w->views, w->n))
                return -ENOMEM;
        if (dir < 0)
                return 0; /* gone already */
        if (w->inotify_fd >= 0)
                v.wd = fd_watch(w->inotify_fd, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
        v.name = strdup(name);
        if (!v.name)
                return -ENOMEM;
        w->views[w->n++] = v;
        return 0;
}

static int add_views(RingWatch *w) {
        _cleanup_strv_free_ char **names = NULL;
        int r;

        w->jobs_changed = false;
        r = jobdir_list(&names, NULL);
        STRV_FOREACH (name, names)
                if (r >= 0 && !view_by_name(w, *name))
                        r = add_view(w, *name);
        return r;
}

static int give_record(const Ring *ring, uint64_t at, RecordSink sink, void *userdata) {
        _cleanup_free_ char *data = NULL;
        _cleanup_entry_ Entry e = {};
        size_t size = 0;
        Batch b;
        int r;

        r = ring_read(ring, &at, &b, &data, &size);
        if (r > 0)
                r = entry_from_batch(&e, NULL, &b);
        return r == 0 && e.event && e.job && e.run ? sink(userdata, &e) : r;
}

static int read_view(const RingWatch *w, RingView *v, RecordSink sink, void *userdata) {
        _cleanup_close_ int dir =
                openat(w->jobs_fd, v->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_ring_ Ring ring = RING_INIT;
        Batch b;
        int r;

        v->changed = false;
        /* A ring that is not there, or not whole yet, will change. */
        if (dir < 0 || ring_open(&ring, dir, false) < 0)
                return 0;
        if (memcmp(v->run, ring.header.run, sizeof(v->run)) != 0) {
                memcpy(v->run, ring.header.run, sizeof(v->run));
                v->pos = 0;
        }
        for (;;) {
                uint64_t at = v->pos = MAX(v->pos, ring.header.tail);

                /* Without its data, which may be megabytes of output. */
                r = ring_read(&ring, &v->pos, &b, NULL, NULL);
                if (r > 0 && b.stream == STREAM_RECORD)
                        r = give_record(&ring, at, sink, userdata);
                if (r == -ESTALE && ring_refresh(&ring) >= 0)
                        continue;
                if (r < 0 || (r == 0 && v->pos >= ring.header.head))
                        return r == -EBADMSG || r == -ESTALE ? 0 : r;
        }
}

int ring_watch_read(RingWatch *w, RecordSink sink, void *userdata) {
        int r = 0;

        read_events(w);
        if (w->jobs_changed || w->inotify_fd < 0)
                r = add_views(w);
        for (size_t i = 0; r >= 0 && i < w->n; i++)
                if (w->views[i].changed || w->views[i].wd < 0)
                        r = read_view(w, &w->views[i], sink, userdata);
        return r;
}
