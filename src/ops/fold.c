/* SPDX-License-Identifier: MIT */
#include "sdbg/text/collapse.h"
#include "sdbg/text/sanitize.h"

#include "ops/fold.h"
#include "ops/pick.h"

#define LAST_MAX 1000000

int fold_prepare(Fold *f, uint64_t last, LogSink sink, void *userdata, Error *reterr) {
        f->sink = sink;
        f->userdata = userdata;
        f->last_max = last;
        if (last != UINT64_MAX) {
                f->last_max = MIN(last, (uint64_t) LAST_MAX);
                f->last = calloc(f->last_max + 1, sizeof(LogLine));
                if (!f->last)
                        return error_oom(reterr);
        }
        return error_patterns_new(&f->errors, reterr);
}

void fold_done(Fold *f) {
        if (f->has_line)
                log_line_free(&f->line);
        for (uint64_t i = 0; f->last && i < MIN(f->last_n, f->last_max); i++)
                log_line_free(&f->last[i]);
        free(f->last);
        error_patterns_freep(&f->errors);
        buf_done(&f->key);
}

static int give(Fold *f, const LogLine *line) {
        LogLine copy, *slot;
        int r;

        if (!f->last)
                return f->sink(f->userdata, line);
        if (f->last_max == 0)
                return 0;
        r = log_line_copy(&copy, line);
        if (r < 0)
                return r;
        slot = &f->last[f->last_n++ % f->last_max];
        log_line_free(slot);
        *slot = copy;
        return 0;
}

int fold_flush(Fold *f) {
        int r;

        if (!f->has_line)
                return 0;
        f->has_line = false;
        r = give(f, &f->line);
        log_line_free(&f->line);
        return r;
}

int fold_give_last(Fold *f) {
        LogLine *last = f->last;
        uint64_t n;
        int r;

        r = fold_flush(f);
        if (!last)
                return r;
        n = MIN(f->last_n, f->last_max);
        for (uint64_t i = f->last_n - n; i < f->last_n; i++) {
                LogLine *line = &last[i % f->last_max];

                if (r >= 0)
                        r = f->sink(f->userdata, line);
                log_line_free(line);
        }
        f->last = NULL;
        free(last);
        return r;
}

/* Appends the line's key. Return: whether it is progress; -ENOMEM. */
static int key_of(const Fold *f, const LogLine *line, Buf *key) {
        _cleanup_buf_ Buf text = {};
        bool progress;

        sanitize(&text, line->data, line->len);
        buf_append_char(&text, '\0');
        if (text.oom)
                return -ENOMEM;
        text.len--;
        progress = collapse_key(key, text.data, text.len);
        if (progress && error_patterns_match(f->errors, text.data, text.len) >= 0) {
                key->len = 0;
                buf_append(key, text.data, text.len);
                progress = false;
        }
        return key->oom ? -ENOMEM : progress;
}

static bool is_same(const Fold *f, const LogLine *line, const Buf *key, bool progress) {
        return f->has_line && progress == f->progress && key->len == f->key.len &&
               line->stream == f->line.stream && streq(line->job, f->line.job) &&
               (key->len == 0 || memcmp(key->data, f->key.data, key->len) == 0);
}

/* Of equal lines the first is kept, of a progress display the last. */
static int add_to(Fold *f, const LogLine *line) {
        LogLine kept = f->line;
        int r;

        if (f->progress) {
                r = log_line_copy(&f->line, line);
                if (r < 0)
                        return r;
                f->line.apart = kept.apart;
                f->line.context = kept.context && line->context;
                log_line_free(&kept);
        }
        f->line.count = MAX(kept.count, (uint64_t) 1) + 1;
        return 0;
}

int fold_take(void *userdata, const LogLine *line) {
        Fold *f = userdata;
        _cleanup_buf_ Buf key = {};
        int r, progress;

        if (line->missing > 0 || line->partial || line->continued) {
                r = fold_flush(f);
                return r < 0 ? r : give(f, line);
        }
        progress = key_of(f, line, &key);
        if (progress < 0)
                return progress;
        if (is_same(f, line, &key, progress))
                return add_to(f, line);
        r = fold_flush(f);
        if (r >= 0)
                r = log_line_copy(&f->line, line);
        if (r < 0)
                return r;
        f->has_line = true;
        f->progress = progress;
        buf_done(&f->key);
        f->key = key;
        key = (Buf){};
        return 0;
}
