/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/output/show.h"
#include "sdbg/text/sanitize.h"

static int show_log_json(FILE *f, const LogLine *line) {
        _cleanup_json_ Json *o = json_new_object();
        _cleanup_buf_ Buf text = {};
        _cleanup_free_ char *raw = NULL, *bytes = NULL;
        char time[RFC3339_MAX];
        int r;

        sanitize(&text, line->data, line->len);
        buf_append_char(&text, '\0');
        format_rfc3339(time, sizeof(time), line->time);
        if (text.oom || json_set(o, "job", json_new_string(line->job)) < 0 ||
            json_set(o, "run", json_new_string(line->run)) < 0 ||
            json_set(o, "seq", json_new_number(line->seq)) < 0 ||
            json_set(o, "time", json_new_string(time)) < 0 ||
            json_set(o, "stream", json_new_string(stream_to_string(line->stream))) < 0)
                return -ENOMEM;
        if (line->missing > 0)
                r = json_set(o, "missing", json_new_number(line->missing)) < 0 ||
                                    json_set(o, "reason", json_new_string(line->reason)) < 0
                            ? -ENOMEM
                            : 0;
        else
                r = json_set(o, "text", json_new_string(text.data));
        if (r >= 0 && line->missing == 0 && !line->clean)
                r = json_set(o, "raw", json_new_base64(line->data, line->len));
        return r < 0 ? r : show_json(f, TAKE_PTR(o));
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
        fwrite_unlocked(text.data, 1, text.len, f);
}

static void show_prefix(FILE *f, const LogStyle *style, const LogLine *line) {
        char time[RFC3339_MAX];

        if (style->timestamps)
                fprintf(f, "%s ", format_rfc3339(time, sizeof(time), line->time));
        if (style->prefix)
                fprintf(f, "%s | ", line->job);
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
                show_prefix(f, style, line);
        }
        if (line->missing > 0)
                fprintf(f, "… %" PRIu64 " lines left out (%s) …", line->missing, line->reason);
        else
                show_text(f, style, line);
        if (!line->partial)
                fputc_unlocked('\n', f);
        style->open_line = line->partial;
        return ferror(f) ? -(errno ?: EIO) : 0;
}
