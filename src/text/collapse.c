/* SPDX-License-Identifier: MIT */
#include "sdbg/text/collapse.h"
#include "sdbg/text/utf8.h"

#define BAR_MIN 3

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *p, const char *end) {
        while (p < end && is_digit(*p))
                p++;
        return p;
}

static const char *skip_spaces(const char *p, const char *end) {
        while (p < end && *p == ' ')
                p++;
        return p;
}

/* "12%", "12.5%", "3/400", "3 / 400" at p. Return: its end, NULL where there is none. A date or a path is not
 * meant. */
static const char *counter(const char *p, const char *end) {
        const char *q = skip_digits(p, end);

        if (q == p)
                return NULL;
        if (end - q >= 2 && *q == '.' && is_digit(q[1]))
                q = skip_digits(q + 1, end);
        if (q < end && *q == '%')
                return q + 1;
        q = skip_spaces(q, end);
        if (q == end || *q != '/')
                return NULL;
        p = skip_spaces(q + 1, end);
        q = skip_digits(p, end);
        if (q == p || (q < end && (*q == '/' || *q == '.' || *q == '-' || (*q >= 'A' && *q <= 'z'))))
                return *q == ']' ? q : NULL;
        return q;
}

/* "[3/400]", "(3/400)", "[ 12%]" at the line's beginning. Return: its end, or NULL. */
static const char *leading_counter(const char *p, const char *end) {
        char close;

        p = skip_spaces(p, end);
        if (p == end || (*p != '[' && *p != '('))
                return NULL;
        close = *p == '[' ? ']' : ')';
        p = counter(skip_spaces(p + 1, end), end);
        p = p ? skip_spaces(p, end) : NULL;
        return p && p < end && *p == close ? p + 1 : NULL;
}

/* Blocks, shades, box drawing and Braille dots, of which bars and spinners are made. */
static bool is_drawn(uint32_t c) {
        return (c >= 0x2500 && c <= 0x25FF) || (c >= 0x2800 && c <= 0x28FF);
}

/* "[===>   ]" or a run of blocks at p. Return: its end, or NULL. */
static const char *bar(const char *p, const char *end) {
        const char *q = p;
        size_t drawn = 0;

        if (*p == '[' || *p == '|') {
                for (q = p + 1; q < end && strchr("=#>-. *", *q); q++)
                        drawn += *q != ' ';
                return drawn >= BAR_MIN && q < end && (*q == ']' || *q == '|') ? q + 1 : NULL;
        }
        while (q < end) {
                uint32_t c;
                int n = utf8_decode(q, end - q, &c);

                if (n < 0 || !is_drawn(c))
                        break;
                q += n;
                drawn++;
        }
        return drawn > 0 ? q : NULL;
}

/* A number is a counter only where a word does not go on with it. */
static bool may_begin_number(const char *text, const char *p) {
        return p == text || (!is_digit(p[-1]) && p[-1] != '.' && p[-1] != '/' && p[-1] != '-');
}

bool collapse_key(Buf *out, const char *text, size_t len) {
        const char *end = text + len, *p = leading_counter(text, end), *q;
        size_t start = out->len;
        bool progress = false;

        if (p) {
                buf_append_str(out, p[-2] == '%' ? "[%]" : "[/]");
                return true;
        }
        for (p = text; p < end; p = q) {
                q = may_begin_number(text, p) ? counter(p, end) : NULL;
                progress = progress || q;
                if (q || (q = skip_digits(p, end)) > p) {
                        buf_append_char(out, '#');
                        continue;
                }
                q = bar(p, end);
                if (q) {
                        progress = progress || q - p >= BAR_MIN * 3 || *p == '[';
                        q = skip_spaces(q, end);
                        continue;
                }
                q = p + 1;
                /* What is filled up with spaces changes with the numbers' widths. */
                if (*p != ' ' || (out->len > start && out->data[out->len - 1] != ' '))
                        buf_append_char(out, *p);
        }
        if (!progress) {
                out->len = start;
                buf_append(out, text, len);
        }
        return progress;
}
