/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/base/parse.h"
#include "sdbg/output/show.h"
#include "sdbg/text/sanitize.h"

#define COLOR_RESET "\033[0m"

/* What is in a line that stands for itself or for others. */
static int add_text(Json *o, const LogLine *line) {
        _cleanup_buf_ Buf text = {};

        sanitize(&text, line->data, line->len);
        buf_append_char(&text, '\0');
        if (text.oom || json_set(o, "text", json_new_string(text.data)) < 0)
                return -ENOMEM;
        if (!line->clean && json_set(o, "raw", json_new_base64(line->data, line->len)) < 0)
                return -ENOMEM;
        if (line->count > 1 && json_set(o, "count", json_new_number(line->count)) < 0)
                return -ENOMEM;
        if (line->partial && json_set(o, "partial", json_new_bool(true)) < 0)
                return -ENOMEM;
        return line->context && json_set(o, "context", json_new_bool(true)) < 0 ? -ENOMEM : 0;
}

static int add_gap(Json *o, const LogLine *line) {
        Json *number =
                line->missing == LINES_UNKNOWN ? json_new_string(NULL) : json_new_number(line->missing);

        return json_set(o, "missing", number) < 0 || json_set(o, "reason", json_new_string(line->reason)) < 0
                       ? -ENOMEM
                       : 0;
}

static int show_log_json(FILE *f, const LogLine *line) {
        _cleanup_json_ Json *o = json_new_object();
        char time[RFC3339_MAX];
        int r;

        format_rfc3339(time, sizeof(time), line->time);
        if (json_set(o, "job", json_new_string(line->job)) < 0 ||
            json_set(o, "run", json_new_string(line->run)) < 0 ||
            json_set(o, "seq", json_new_number(line->seq)) < 0 ||
            json_set(o, "time", json_new_string(time)) < 0 ||
            json_set(o, "stream", json_new_string(stream_to_string(line->stream))) < 0)
                return -ENOMEM;
        r = line->missing > 0 ? add_gap(o, line) : add_text(o, line);
        return r < 0 ? r : show_json(f, TAKE_PTR(o));
}

/* A colour that is still on would run on into what comes next. */
static bool ends_colored(const Buf *text) {
        const char *last = text->len > 0 ? memrchr(text->data, '\033', text->len) : NULL;
        size_t len = last ? text->data + text->len - last : 0;

        return last && !(len >= 3 && memcmp(last, "\033[m", 3) == 0) &&
               !(len >= 4 && memcmp(last, COLOR_RESET, 4) == 0);
}

static void show_text(FILE *f, const LogStyle *style, const LogLine *line) {
        _cleanup_buf_ Buf text = {};

        if (line->clean || style->raw) {
                fwrite_unlocked(line->data, 1, line->len, f);
                return;
        }
        if (style->color)
                sanitize_keep_color(&text, line->data, line->len);
        else
                sanitize(&text, line->data, line->len);
        if (style->color && ends_colored(&text))
                buf_append_str(&text, COLOR_RESET);
        fwrite_unlocked(strempty(text.data), 1, text.len, f);
}

static void show_prefix(FILE *f, const LogStyle *style, const LogLine *line) {
        char time[RFC3339_MAX];

        if (style->timestamps)
                fprintf(f, "%s ", format_rfc3339(time, sizeof(time), line->time));
        if (style->prefix)
                fprintf(f, "%s | ", line->job);
}

void show_gap(FILE *f, uint64_t missing, const char *reason) {
        char number[FORMAT_COUNT_MAX];

        if (missing == LINES_UNKNOWN)
                fprintf(f, "… an unknown number of lines left out (%s) …", reason);
        else
                fprintf(f, "… %s line%s left out (%s) …", format_count(number, sizeof(number), missing),
                        missing == 1 ? "" : "s", reason);
}

void show_log_end(FILE *f, LogStyle *style) {
        if (style->open_line && !style->raw)
                fputc_unlocked('\n', f);
        style->open_line = false;
}

int show_log_line(FILE *f, LogStyle *style, const LogLine *line) {
        if (style->json)
                /* A program wants the line once, and whole; an unfinished one only at the very end. */
                return line->continued ? 0 : show_log_json(f, line);

        if (!line->continued) {
                show_log_end(f, style);
                if (line->apart && !style->raw)
                        fprintf(f, "--\n");
                show_prefix(f, style, line);
        }
        if (line->missing > 0)
                show_gap(f, line->missing, line->reason);
        else
                show_text(f, style, line);
        if (line->count > 1 && line->len > 0)
                fprintf(f, " (×%" PRIu64 ")", line->count);
        if (!line->partial)
                fputc_unlocked('\n', f);
        style->open_line = line->partial;
        return ferror(f) ? -(errno ?: EIO) : 0;
}
