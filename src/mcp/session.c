/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/probe/project.h"

#include "mcp/session.h"

/* Forgotten are the marks of the jobs that were read longest ago. */
#define MARKS_MAX 1000

static void mark_done(ReadMark *m) {
        free(m->job);
        free(m->run);
}

void session_done(Session *s) {
        for (size_t i = 0; i < s->n_marks; i++)
                mark_done(&s->marks[i]);
        free(s->marks);
        free(s->project);
        free(s->caller);
        free(s->reader);
        *s = (Session){};
}

uint64_t session_read(const Session *s, const char *job, const char *run) {
        for (size_t i = 0; i < s->n_marks; i++)
                if (streq(s->marks[i].job, job))
                        return streq_ptr(s->marks[i].run, run) ? s->marks[i].seq : 0;
        return 0;
}

static void forget(Session *s, size_t i) {
        mark_done(&s->marks[i]);
        memmove(&s->marks[i], &s->marks[i + 1], (--s->n_marks - i) * sizeof(ReadMark));
}

int session_mark(Session *s, const char *job, const char *run, uint64_t seq) {
        ReadMark m = { .job = strdup(job), .run = strdup(strempty(run)), .seq = seq };

        if (!GROW(s->marks, s->n_marks) || !m.job || !m.run) {
                mark_done(&m);
                return -ENOMEM;
        }
        for (size_t i = 0; i < s->n_marks; i++)
                if (streq(s->marks[i].job, job)) {
                        forget(s, i);
                        break;
                }
        if (s->n_marks == MARKS_MAX)
                forget(s, 0);
        s->marks[s->n_marks++] = m;
        return 0;
}

Nearness session_nearness(const Session *s, const Job *j) {
        if (s->id && streq_ptr(strv_env_get(j->labels, "session"), s->id))
                return NEAR_SESSION;
        return s->project && j->cwd && path_is_below(j->cwd, s->project) ? NEAR_PROJECT : NEAR_NOBODY;
}

bool session_cares(const Session *s, const Job *j) {
        for (size_t i = 0; i < s->n_marks; i++)
                if (streq(s->marks[i].job, j->name))
                        return true;
        return session_nearness(s, j) != NEAR_NOBODY;
}
