/* SPDX-License-Identifier: MIT */
#include "sdbg/wire/http.h"

/* "HTTP/1.1 200 OK". Return: the status, -EBADMSG. */
static int parse_status(const char *line, size_t len) {
        static const char form[] = "HTTP/1.d ddd";
        const char *digits = line + sizeof(form) - 1 - 3;

        if (len < sizeof(form) - 1)
                return -EBADMSG;
        for (size_t i = 0; i < sizeof(form) - 1; i++)
                if (form[i] == 'd' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
                        return -EBADMSG;
        if (len > sizeof(form) - 1 && line[sizeof(form) - 1] != ' ')
                return -EBADMSG;
        return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

/* Return: as http_answer_take(), of one whole line. */
static int take_line(HttpAnswer *a) {
        size_t len = a->len;
        int status;

        if (len > 0 && len < sizeof(a->line) && a->line[len - 1] == '\r')
                len--;
        if (a->is_interim) {
                /* An empty line ends the head; the final answer comes after it. */
                a->is_interim = len > 0;
                return 0;
        }
        status = parse_status(a->line, MIN(len, sizeof(a->line)));
        if (status < 0 || status >= 200)
                return status;
        /* 101 is the last answer of a kind, too: of a connection that is something else from then on. */
        if (status < 100 || status == 101)
                return -EBADMSG;
        a->is_interim = true;
        return 0;
}

int http_answer_take(HttpAnswer *a, const char *data, size_t len) {
        for (size_t i = 0; i < len; i++) {
                int r;

                if (++a->taken > HTTP_HEAD_MAX)
                        return -EBADMSG;
                if (data[i] != '\n') {
                        if (a->len < sizeof(a->line))
                                a->line[a->len] = data[i];
                        a->len++;
                        continue;
                }
                r = take_line(a);
                a->len = 0;
                if (r != 0)
                        return r;
        }
        return 0;
}
