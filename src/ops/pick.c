/* SPDX-License-Identifier: MIT */
#include "sdbg/text/sanitize.h"

#include "ops/pick.h"

/* Context is kept in memory. */
#define CONTEXT_MAX 100000

void pick_done(Pick *p) {
        regex_freep(&p->grep);
        error_patterns_freep(&p->errors);
}

int log_line_copy(LogLine *ret, const LogLine *line) {
        char *data = malloc(line->len + 1);

        if (!data)
                return -ENOMEM;
        if (line->len > 0)
                memcpy(data, line->data, line->len);
        *ret = *line;
        ret->data = data;
        return 0;
}

void log_line_free(LogLine *line) {
        free((char *) line->data);
        line->data = NULL;
}

void pick_state_done(PickState *s) {
        for (uint64_t i = 0; s->held && i < s->n_held; i++)
                log_line_free(&s->held[i]);
        free(s->held);
        *s = PICK_STATE_INIT;
}

static int parse_when(const char *option, const char *text, usec_t now, usec_t *ret, Error *reterr) {
        if (!text || parse_timestamp(text, now, ret) >= 0)
                return 0;
        error_set(reterr, ERROR_USAGE, 0, "'%s' is no time for --%s", text, option);
        error_hint(reterr, "for example: 10min ago, yesterday, 15:04, 2026-11-22 15:04:05, @1700000000");
        return -EINVAL;
}

static int check_times(const Pick *p, Error *reterr) {
        if (p->since <= p->until)
                return 0;
        return error_set(reterr, ERROR_USAGE, 0, "--since is later than --until");
}

int pick_prepare(Pick *ret, const LogsRequest *q, Error *reterr) {
        usec_t now = now_usec(CLOCK_REALTIME);
        uint64_t around = q->context != UINT64_MAX ? q->context : 0;
        int r;

        *ret = PICK_ALL;
        if (q->errors && q->context == UINT64_MAX) {
                ret->before = ERROR_LINES_BEFORE;
                ret->after = ERROR_LINES_AFTER;
        } else
                ret->before = ret->after = around;
        if (q->before != UINT64_MAX)
                ret->before = q->before;
        if (q->after != UINT64_MAX)
                ret->after = q->after;
        if (ret->before > CONTEXT_MAX || ret->after > CONTEXT_MAX)
                return error_set(reterr, ERROR_USAGE, 0, "at most %d lines of context", CONTEXT_MAX);
        ret->invert = q->invert;
        if (q->stream)
                ret->stream = stream_from_string(q->stream);
        if (q->stream && (ret->stream < 0 || ret->stream == STREAM_RECORD))
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is no stream: stdout, stderr or pty",
                                 q->stream);
        r = parse_when("since", q->since, now, &ret->since, reterr);
        if (r >= 0)
                r = parse_when("until", q->until, now, &ret->until, reterr);
        if (r >= 0)
                r = check_times(ret, reterr);
        if (r >= 0 && q->grep)
                r = regex_compile(q->grep, q->ignore_case, &ret->grep, reterr);
        if (r >= 0 && q->errors)
                r = error_patterns_new(&ret->errors, reterr);
        return r;
}

bool pick_is_search(const Pick *p) {
        return p->grep || p->errors;
}

bool pick_is_choosy(const Pick *p) {
        return pick_is_search(p) || p->stream >= 0 || p->since > 0 || p->until != USEC_INFINITY;
}

static bool is_visible(const Pick *p, const LogLine *line) {
        return (p->stream < 0 || line->stream == p->stream) && line->time >= p->since &&
               line->time <= p->until;
}

/* The line as text, in `space` where that is not what was printed. Return: 0, -ENOMEM. */
static int text_of(const LogLine *line, Buf *space, const char **ret, size_t *ret_len) {
        *ret = strempty(line->data);
        *ret_len = line->len;
        if (line->clean)
                return 0;
        sanitize(space, line->data, line->len);
        *ret = strempty(space->data);
        *ret_len = space->len;
        return space->oom ? -ENOMEM : 0;
}

/* Return: as pick_is_hit(). *ret_pattern: of the error, or negative. */
static int look(const Pick *p, const LogLine *line, int *ret_pattern) {
        _cleanup_buf_ Buf space = {};
        const char *text;
        size_t len;
        int r;

        *ret_pattern = -1;
        if (!is_visible(p, line))
                return 0;
        if (line->missing > 0 || !pick_is_search(p))
                return 1;
        r = text_of(line, &space, &text, &len);
        if (r < 0)
                return r;
        if (p->errors) {
                *ret_pattern = error_patterns_match(p->errors, text, len);
                return *ret_pattern >= 0;
        }
        r = regex_match(p->grep, text, len);
        return r < 0 ? r : (r > 0) != p->invert;
}

int pick_is_hit(const Pick *p, const LogLine *line) {
        int pattern;

        return look(p, line, &pattern);
}

/* Whether the line belongs to the error before it. */
static bool goes_on(const Pick *p, PickState *s, const LogLine *line) {
        _cleanup_buf_ Buf space = {};
        const char *text;
        size_t len;

        if (s->pattern < 0 || s->block >= ERROR_BLOCK_MAX || text_of(line, &space, &text, &len) < 0)
                return false;
        return error_patterns_goes_on(p->errors, s->pattern, text, len);
}

static int give(const Pick *p, PickState *s, const LogLine *line, bool context, LogSink sink,
                void *userdata) {
        LogLine l = *line;

        l.context = context;
        l.apart = s->given && s->passed && (p->before > 0 || p->after > 0);
        s->given = true;
        s->passed = false;
        return sink(userdata, &l);
}

static int give_held(const Pick *p, PickState *s, LogSink sink, void *userdata) {
        uint64_t n = MIN(s->n_held, p->before);
        int r = 0;

        for (uint64_t i = 0; r >= 0 && i < n; i++)
                r = give(p, s, &s->held[(s->next_held + i) % n], true, sink, userdata);
        for (uint64_t i = 0; i < n; i++)
                log_line_free(&s->held[i]);
        s->n_held = s->next_held = 0;
        return r;
}

/* Keeps a line that may turn out to be context of a later one. */
static int hold(const Pick *p, PickState *s, const LogLine *line) {
        LogLine copy;
        int r;

        if (p->before == 0) {
                s->passed = true;
                return 0;
        }
        if (!s->held) {
                s->held = calloc(p->before, sizeof(LogLine));
                if (!s->held)
                        return -ENOMEM;
        }
        r = log_line_copy(&copy, line);
        if (r < 0)
                return r;
        if (s->n_held < p->before) {
                s->held[s->n_held++] = copy;
                return 0;
        }
        log_line_free(&s->held[s->next_held]);
        s->held[s->next_held] = copy;
        s->next_held = (s->next_held + 1) % p->before;
        s->passed = true;
        return 0;
}

int pick_take(const Pick *p, PickState *s, const LogLine *line, bool only_after, LogSink sink,
              void *userdata) {
        int pattern, r;

        r = look(p, line, &pattern);
        if (r < 0)
                return r;
        if (r > 0 && line->seq >= s->counts_from) {
                if (only_after)
                        return -ECANCELED;
                if (line->missing == 0) {
                        s->after_left = p->after;
                        s->pattern = pattern;
                        s->block = 0;
                }
                r = give_held(p, s, sink, userdata);
                if (r >= 0)
                        r = give(p, s, line, false, sink, userdata);
                return r < 0 ? r : line->missing == 0;
        }
        if (!pick_is_search(p) || !is_visible(p, line))
                return 0;
        if (goes_on(p, s, line) || s->after_left > 0) {
                s->block++;
                s->after_left -= s->after_left > 0;
                return give(p, s, line, true, sink, userdata);
        }
        s->pattern = -1;
        return only_after ? -ECANCELED : hold(p, s, line);
}
