/* SPDX-License-Identifier: MIT */
#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/ops/ports.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/runtime/ring.h"

#include "ops/internal.h"
#include "ops/job-cursor.h"
#include "ops/look.h"

#define TASKS_MAX 100000

void look_done(Look *l) {
        cgroup_siblings_done(&l->siblings);
}

/* What the kernel counts for a running job now. */
static void add_figures(Look *l, Job *j) {
        CgroupStats stats;

        if (!j->cgroup)
                return;
        if (l->detail == JOB_FULL) {
                _cleanup_close_ int unit = cgroup_open(j->cgroup);

                if (unit < 0)
                        return;
                cgroup_stats(unit, &stats);
        } else
                cgroup_stats_brief(&l->siblings, j->cgroup, &stats);
        cgroup_stats_to_job(&stats, j);
}

/* How many processes it has, the supervisor not counted. */
static void add_tasks(Job *j) {
        _cleanup_close_ int job = cgroup_open_of_job(j);
        _cleanup_free_ pid_t *pids = NULL;
        ssize_t n;

        n = job < 0 ? -1 : cgroup_pids(job, TASKS_MAX, &pids);
        if (n >= 0)
                j->tasks = n;
}

/* How much it has printed, from the ring. */
static void add_output(Job *j, int dir_fd) {
        _cleanup_ring_ Ring ring = RING_INIT;

        if (ring_open(&ring, dir_fd, false) < 0)
                return;
        j->lines = ring.header.lines;
        j->bytes = ring.header.bytes;
        free(j->last_line);
        j->last_line = ring_last_line(&ring, LAST_LINE_MAX);
        (void) job_add_cursor(j, &ring);
}

static bool supervisor_lives(const Job *j) {
        _cleanup_free_ char *group = NULL;

        return j->supervisor > 0 && cgroup_of(j->supervisor, &group) >= 0 && j->cgroup &&
               startswith(group, j->cgroup);
}

/* Fills what changes while a job runs. */
static void add_present(Look *l, Job *j) {
        if (j->started_at > 0)
                j->uptime = usec_sub(now_usec(CLOCK_REALTIME), j->started_at);
        if (l->detail != JOB_STATE)
                add_figures(l, j);
        if (l->detail == JOB_FULL)
                add_tasks(j);
}

int look_at_name(Look *l, const char *name, Job *ret) {
        _cleanup_close_ int dir = jobdir_open(name, false, NULL);
        int r;

        if (dir < 0)
                return dir;
        r = jobdir_read_state(dir, ret);
        if (r < 0)
                return r;
        if (job_has_ended(ret))
                return 0;
        if (job_is_scope(ret)) {
                r = adopted_look(ret);
                if (r > 0)
                        add_present(l, ret);
                return r;
        }
        if (!supervisor_lives(ret))
                return job_read_end(dir, ret);
        add_present(l, ret);
        if (l->detail == JOB_FULL)
                add_output(ret, dir);
        return 1;
}

int job_read_state(const char *name, Job *ret) {
        _cleanup_look_ Look l = { .detail = JOB_FULL, .siblings = CGROUP_SIBLINGS_INIT };

        return look_at_name(&l, name, ret);
}

int look_at_active(Look *l, int jobs_fd, const char *name, Job *ret) {
        int r;

        if (l->detail == JOB_FULL)
                return look_at_name(l, name, ret);
        r = jobdir_read_state_at(jobs_fd, name, ret);
        if (r < 0)
                return r;
        if (job_has_ended(ret))
                return 0;
        if (job_is_scope(ret) && (r = adopted_look(ret)) <= 0)
                return r;
        add_present(l, ret);
        return 1;
}

void jobs_add_detail(Job *jobs, size_t n) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_close_ int dir = jobdir_open(jobs[i].name, false, NULL);

                add_tasks(&jobs[i]);
                if (dir >= 0)
                        add_output(&jobs[i], dir);
        }
        jobs_add_ports(jobs, n, PORTS_TCP);
}
