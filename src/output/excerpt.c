/* SPDX-License-Identifier: MIT */
#include "sdbg/base/parse.h"
#include "sdbg/output/excerpt.h"
#include "sdbg/output/show.h"
#include "sdbg/text/sanitize.h"

/* Room for the line that tells how many were left out. */
#define MARK_MAX 80
/* Of "… 1,234,567 bytes …\n" at the end of a line that was cut. */
#define CUT_MAX 48

void excerpt_done(Excerpt *e) {
        buf_done(&e->tail);
}

static size_t tail_len(const Excerpt *e) {
        return e->tail.len - e->tail_at;
}

/* Drops the oldest line of the tail. */
static void drop_line(Excerpt *e) {
        const char *p = e->tail.data + e->tail_at;
        const char *newline = memchr(p, '\n', tail_len(e));

        e->tail_at = newline ? (size_t) (newline + 1 - e->tail.data) : e->tail.len;
        e->lines--;
        e->missing++;
        if (e->tail_at > e->max) {
                buf_consume(&e->tail, e->tail_at);
                e->tail_at = 0;
        }
}

static int add_to_tail(Excerpt *e, const char *text, size_t len) {
        size_t room = e->max - e->printed;

        buf_append(&e->tail, text, len);
        if (e->tail.oom)
                return -ENOMEM;
        e->lines++;
        /* As long as everything fits, nothing is left out. */
        if (e->missing == 0 && tail_len(e) <= room)
                return 0;
        while (e->lines > 0 && tail_len(e) > room - MIN(room, (size_t) MARK_MAX))
                drop_line(e);
        return 0;
}

static int add_whole(Excerpt *e, const char *text, size_t len) {
        if (e->head_done || e->printed + len > e->max / 2) {
                e->head_done = true;
                return add_to_tail(e, text, len);
        }
        e->printed += len;
        return fwrite(text, 1, len, e->f) == len ? 0 : -(errno ?: EIO);
}

/* A line without its end, and how long that was. */
static int add_cut(Excerpt *e, const char *text, size_t len, size_t max) {
        char number[FORMAT_COUNT_MAX];
        _cleanup_buf_ Buf line = {};
        size_t n = sanitize_cut(text, max - CUT_MAX);

        buf_append(&line, text, n);
        buf_printf(&line, "… %s bytes …\n", format_count(number, sizeof(number), len - n));
        return line.oom ? -ENOMEM : add_whole(e, line.data, line.len);
}

int excerpt_add(Excerpt *e, const char *text, size_t len) {
        size_t max = e->max / 4;

        if (len == 0)
                return 0;
        if (len <= MAX(max, (size_t) CUT_MAX))
                return add_whole(e, text, len);
        if (!e->json)
                return add_cut(e, text, len, MAX(max, (size_t) CUT_MAX));
        if (len <= e->max / 2)
                return add_whole(e, text, len);
        /* Its place is known only to within the lines that are left out. */
        e->head_done = true;
        while (e->lines > 0)
                drop_line(e);
        e->missing++;
        return 0;
}

int excerpt_end(Excerpt *e) {
        if (e->missing > 0 && e->json)
                fprintf(e->f, "{\"missing\":%" PRIu64 ",\"reason\":\"max-bytes\"}\n", e->missing);
        else if (e->missing > 0) {
                show_gap(e->f, e->missing, "max-bytes");
                fputc('\n', e->f);
        }
        if (tail_len(e) > 0)
                fwrite(e->tail.data + e->tail_at, 1, tail_len(e), e->f);
        e->tail_at = e->tail.len;
        return ferror(e->f) ? -(errno ?: EIO) : 0;
}
