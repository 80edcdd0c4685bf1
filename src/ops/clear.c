/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/journal/writer.h"
#include "sdbg/ops/clear.h"
#include "sdbg/ops/runlog.h"

#define SEND_USEC (5 * USEC_PER_SEC)

const Param clear_params[] = {
        JOB_SELECTION_PARAMS(ClearRequest),
        {},
};

/* Sends the record by one of journald's pools. Return: 1 it can be read now; 0 not; negative errno. */
static int try_clear(const Job *j, const Buf *fields, Pool pool) {
        _cleanup_journal_writer_ JournalWriter w = JOURNAL_WRITER_INIT;
        static const char priorities[_POOL_MAX] = { '5', '7', '4', '3', '2' };
        _cleanup_run_log_ RunLog *log = NULL;
        _cleanup_buf_ Buf entry = {};
        int r;

        buf_printf(&entry, "PRIORITY=%c\n", priorities[pool]);
        buf_append(&entry, fields->data, fields->len);
        if (entry.oom)
                return -ENOMEM;
        r = journal_send_wait(&w, entry.data, entry.len, SEND_USEC);
        if (r >= 0)
                r = journal_barrier(&w, SEND_USEC);
        if (r >= 0)
                r = run_log_open(&log, j->name, j->run, NULL);
        return r < 0 ? r : run_log_cleared(log) == j->lines;
}

static int clear_job(Job *j, Error *reterr) {
        EntryTag tag = { .job = j->name, .run = j->run, .labels = j->labels };
        _cleanup_free_ char *message = NULL, *json = NULL;
        _cleanup_run_log_ RunLog *log = NULL;
        _cleanup_buf_ Buf fields = {};
        int r;

        if (!j->run)
                return 0;
        r = run_log_open(&log, j->name, j->run, reterr);
        if (r < 0)
                return r;
        j->lines = run_log_lines(log);
        if (j->lines == run_log_cleared(log))
                return 0;
        json = job_to_record(j);
        if (!json || asprintf(&message, "%s: log cleared after line %" PRIu64, j->name, j->lines) < 0)
                return error_oom(reterr);
        record_encode(&fields, &tag, RECORD_CLEAR, message, json);
        if (fields.oom)
                return error_oom(reterr);
        /* What one pool's limit refuses, another takes. */
        for (Pool pool = 0; r >= 0 && pool < _POOL_MAX; pool++) {
                r = try_clear(j, &fields, pool);
                if (r > 0)
                        return 0;
        }
        error_set(reterr, ERROR_JOURNAL_UNREACHABLE, r, "cannot clear the log of '%s': %s", j->name,
                  "the journal did not keep the record of it");
        error_hint(reterr, "'sdbg doctor' tells whether your journal can be read");
        return r < 0 ? r : -EIO;
}

int op_clear(Manager *m, const ClearRequest *q, JobList *ret, Error *reterr) {
        int r = jobs_select(m, &q->select, JOB_STATE, true, ret, reterr);

        for (size_t i = 0; r >= 0 && i < ret->n; i++)
                r = clear_job(&ret->jobs[i], reterr);
        return r;
}
