/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/text/quote.h"
#include "sdbg/text/sanitize.h"

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                            "_-+=./:,@%^";

static void quote_word(Buf *b, const char *word) {
        if (*word && strspn(word, plain) == strlen(word)) {
                buf_append_str(b, word);
                return;
        }
        buf_append_char(b, '\'');
        for (const char *p = word; *p; p++)
                if (*p == '\'')
                        buf_append_str(b, "'\\''");
                else
                        buf_append_char(b, *p);
        buf_append_char(b, '\'');
}

char *quote_command(char *const *argv, size_t max) {
        _cleanup_buf_ Buf b = {};

        STRV_FOREACH (arg, argv) {
                if (b.len > 0)
                        buf_append_char(&b, ' ');
                quote_word(&b, *arg);
                if (b.len > max)
                        break;
        }
        return b.oom ? NULL : printable_line(b.data, b.len, max);
}

char *printable_line(const char *data, size_t len, size_t max) {
        Buf b = {};
        size_t cut;

        sanitize(&b, data, len);
        for (size_t i = 0; i < b.len; i++)
                if (b.data[i] == '\n' || b.data[i] == '\t')
                        b.data[i] = ' ';
        if (b.len > max) {
                cut = sanitize_cut(b.data, max);
                b.len = cut;
                buf_append_str(&b, "…");
        }
        return buf_take(&b);
}
