/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/control/control.h"
#include "sdbg/job/name.h"
#include "sdbg/ops/send.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/text/key.h"

#include "ops/internal.h"

/* An answer is complete when nothing more came for this long. */
#define QUIET_USEC (250 * USEC_PER_MSEC)
#define TEXT_MAX ((size_t) 16 * 1024)

#define PARAM(name, letter, type, member, value, help)                                                       \
        { name, letter, type, offsetof(SendRequest, member), value, help, NULL }

const Param send_params[] = {
        PARAM("key", 'k', PARAM_LIST, keys, "KEY", "press a key: Enter, C-c, Up, F1, M-x (behind the text)"),
        PARAM("no-newline", 'n', PARAM_FLAG, no_newline, NULL, "do not press Enter behind the text"),
        PARAM("paste", 0, PARAM_FLAG, paste, NULL,
              "mark the text as pasted, where the program asked for that"),
        PARAM("eof", 0, PARAM_FLAG, end, NULL, "end its input"),
        PARAM("wait", 'w', PARAM_DURATION, wait, "TIME", "show what it answers, for at most so long"),
        {},
};

int control_check(const char *name, bool want_pty, Job *ret, Error *reterr) {
        _cleanup_job_ Job j = JOB_INIT;
        int r;

        r = job_name_check(name, reterr);
        if (r < 0)
                return r;
        r = job_read_state(name, &j);
        if (r == -ENOENT) {
                error_set(reterr, ERROR_NO_SUCH_JOB, 0, "no job '%s' is running", name);
                error_hint(reterr, "'sdbg list' shows those that are");
                return r;
        }
        if (r < 0) {
                /* Says what is wrong with it, if that is why. */
                _cleanup_close_ int dir = jobdir_open(name, false, reterr);

                return dir < 0 ? dir
                               : error_set(reterr, ERROR_FAILED, r, "cannot read the state of job '%s'",
                                           name);
        }
        if (r == 0) {
                error_set(reterr, ERROR_JOB_NOT_RUNNING, 0, "job '%s' is not running: it %s", name,
                          strempty(j.reason));
                error_hint(reterr, "'sdbg logs %s' shows what it printed", name);
                return -ESRCH;
        }
        if (want_pty && !j.pty) {
                error_set(reterr, ERROR_FAILED, 0, "job '%s' has no terminal", name);
                error_hint(reterr, "'sdbg logs -f %s' follows its output; start it with --pty to attach",
                           name);
                return -ENOTTY;
        }
        *ret = j;
        j = JOB_INIT;
        return 0;
}

static int check_keys(const SendRequest *q, Error *reterr) {
        STRV_FOREACH (k, q->keys) {
                const char *near = key_near(*k);
                Key ignored;

                if (key_from_string(*k, &ignored) >= 0)
                        continue;
                error_set(reterr, ERROR_USAGE, 0, "there is no key '%s'", *k);
                error_hint(reterr,
                           near ? "did you mean '%s'?" : "keys are for example Enter, Up, F1, C-c, M-x",
                           near);
                return -EINVAL;
        }
        return 0;
}

/* Enter is a carriage return at a terminal and a newline in a pipe. */
static int send_text(Connection *c, const char *text, size_t len, bool pty) {
        while (len > 0) {
                char piece[TEXT_MAX];
                size_t n = MIN(len, sizeof(piece));
                int r;

                for (size_t i = 0; i < n; i++)
                        piece[i] = pty && text[i] == '\n' ? '\r' : text[i];
                r = connection_queue(c, FRAME_INPUT, piece, n);
                if (r < 0)
                        return r;
                text += n;
                len -= n;
        }
        return 0;
}

static int send_file(Connection *c, int fd) {
        char piece[TEXT_MAX];
        ssize_t n;
        int r = 0;

        while (r >= 0 && (n = read(fd, piece, sizeof(piece))) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                r = n < 0 ? -errno : connection_queue(c, FRAME_INPUT, piece, n);
        }
        return r;
}

static int send_all(Connection *c, const SendRequest *q, bool pty) {
        int r = 0;

        if (q->paste)
                r = connection_queue(c, FRAME_PASTE, "begin", strlen("begin"));
        if (r >= 0 && q->text)
                r = send_text(c, q->text, strlen(q->text), pty && !q->paste);
        if (r >= 0 && q->input_fd >= 0)
                r = send_file(c, q->input_fd);
        if (r >= 0 && q->paste)
                r = connection_queue(c, FRAME_PASTE, "end", strlen("end"));
        if (r >= 0 && q->text && !q->no_newline)
                r = send_text(c, "\n", 1, pty);
        for (char **k = q->keys; r >= 0 && k && *k; k++)
                r = connection_queue(c, FRAME_KEY, *k, strlen(*k));
        if (r >= 0 && q->end)
                r = connection_queue(c, FRAME_END, NULL, 0);
        return r >= 0 ? connection_send(c, FRAME_SYNC, NULL, 0) : r;
}

/* Until the job's side has taken everything. A job that does not read holds this up, as a pipe would. */
static int await_taken(Connection *c, const char *name, Error *reterr) {
        for (;;) {
                Frame f;
                int r = connection_next(c, USEC_INFINITY, &f);

                if (r == -EINTR)
                        continue;
                if (r < 0)
                        return error_set(reterr, ERROR_FAILED, 0,
                                         "job '%s' has ended before it took all of the input", name);
                if (f.type == FRAME_ERROR)
                        return connection_error(&f, name, reterr);
                if (f.type == FRAME_SYNC)
                        return 0;
        }
}

/* Where its answer begins: with the line that is open now, as that of a prompt, or the one that comes. */
static int open_answer(const Job *j, RunLog **ret, Error *reterr) {
        _cleanup_run_log_ RunLog *log = NULL;
        uint64_t lines;
        LogLine line;
        int r;

        r = run_log_open(&log, j->name, j->run, reterr);
        if (r < 0)
                return r;
        lines = run_log_lines(log);
        r = run_log_seek(log, MAX(lines, (uint64_t) 1));
        while (r >= 0 && (r = run_log_next(log, &line)) > 0)
                lines = MAX(lines, line.seq);
        if (r >= 0)
                r = run_log_seek(log, lines + !run_log_partial(log, &line));
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot read the log of job '%s'", j->name);
        *ret = TAKE_PTR(log);
        return 0;
}

static int give_answer(RunLog *log, usec_t wait, LogSink sink, void *userdata) {
        usec_t now = now_usec(CLOCK_MONOTONIC), until = now + wait, quiet_at = until;
        LogLine line;
        int r = 0;

        while (r >= 0 && now < MIN(until, quiet_at) && !run_log_ended(log)) {
                struct pollfd p = { .fd = run_log_fd(log), .events = POLLIN };

                if (p.fd < 0)
                        return p.fd;
                (void) poll_until(&p, 1, MIN(until, quiet_at));
                now = now_usec(CLOCK_MONOTONIC);
                if (p.revents)
                        quiet_at = now + QUIET_USEC;
                while ((r = run_log_next(log, &line)) > 0 && (r = sink(userdata, &line)) >= 0)
                        ;
        }
        if (r >= 0 && run_log_partial(log, &line) > 0)
                r = sink(userdata, &line);
        return r;
}

int op_send(const SendRequest *q, LogSink sink, void *userdata, Error *reterr) {
        _cleanup_connection_ Connection *c = NULL;
        _cleanup_run_log_ RunLog *log = NULL;
        _cleanup_job_ Job j = JOB_INIT;
        JobSide side;
        int r;

        r = check_keys(q, reterr);
        if (r >= 0)
                r = control_check(q->name, false, &j, reterr);
        if (r >= 0)
                r = control_connect(q->name, &(Greeting){}, &c, &side, reterr);
        if (r < 0)
                return r;
        if (!side.input) {
                error_set(reterr, ERROR_FAILED, 0, "job '%s' takes no input%s", q->name,
                          side.pty ? ""
                                   : ": it was started without --stdin or --pty, or its stdin is closed");
                return -EPIPE;
        }
        if (q->wait > 0 && (r = open_answer(&j, &log, reterr)) < 0)
                return r;
        r = send_all(c, q, side.pty);
        if (r >= 0)
                r = await_taken(c, q->name, reterr);
        else
                error_set(reterr, ERROR_FAILED, r, "cannot send to job '%s'", q->name);
        if (q->end && (r == -ECONNRESET || r == -EPIPE)) {
                /* That was the end of the job, too. */
                error_clear(reterr);
                r = 0;
        }
        return r >= 0 && log ? give_answer(log, q->wait, sink, userdata) : r;
}
