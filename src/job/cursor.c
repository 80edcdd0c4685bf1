/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "sdbg/base/parse.h"
#include "sdbg/job/cursor.h"
#include "sdbg/job/name.h"

/* s1:MACHINE:RUN:STARTED:SEQ[+SEQ.BYTES…]:JOB */
#define VERSION "s1"
#define HEX "0123456789abcdef"

char *cursor_to_string(const Cursor *c, char *buf, size_t size) {
        size_t n = snprintf(buf, size, VERSION ":%s:%s:%" PRIu64 ":%" PRIu64, c->machine, c->run, c->started,
                            c->seq);

        for (size_t i = 0; i < c->n_open && n < size; i++)
                n += snprintf(buf + n, size - n, "+%" PRIu64 ".%" PRIu64, c->open[i].seq, c->open[i].bytes);
        if (n < size)
                snprintf(buf + n, size - n, ":%s", c->job);
        return buf;
}

/* Copies what is before the next `end`. Return: what follows it; NULL where it is too long or has none. */
static const char *take_word(const char *s, char end, char *buf, size_t size) {
        const char *e = s ? strchr(s, end) : NULL;

        if (!e || (size_t) (e - s) >= size)
                return NULL;
        memcpy(buf, s, e - s);
        buf[e - s] = '\0';
        return e + 1;
}

static const char *take_hex(const char *s, char *buf, size_t len) {
        s = take_word(s, ':', buf, len + 1);
        return s && strspn(buf, HEX) == len ? s : NULL;
}

static const char *take_number(const char *s, char end, uint64_t *ret) {
        char text[24];

        s = take_word(s, end, text, sizeof(text));
        return s && parse_u64(text, ret) >= 0 ? s : NULL;
}

/* "12" or "12+9.5+11.0" */
static bool parse_place(Cursor *c, const char *s) {
        char end = strchr(s, '+') ? '+' : '\0';

        if (!end)
                return parse_u64(s, &c->seq) >= 0;
        for (s = take_number(s, '+', &c->seq); s; c->n_open++) {
                const char *more = strchr(s, '+');

                if (c->n_open == CURSOR_OPEN_MAX)
                        return false;
                s = take_number(s, '.', &c->open[c->n_open].seq);
                if (!s)
                        return false;
                if (!more) {
                        if (parse_u64(s, &c->open[c->n_open++].bytes) < 0)
                                return false;
                        break;
                }
                s = take_number(s, '+', &c->open[c->n_open].bytes);
        }
        return s != NULL;
}

static bool parse(Cursor *c, const char *s) {
        char place[CURSOR_TEXT_MAX];

        s = startswith(s, VERSION ":");
        s = s ? take_hex(s, c->machine, MACHINE_TAG_LEN) : NULL;
        s = s ? take_hex(s, c->run, RUN_ID_LEN) : NULL;
        s = s ? take_number(s, ':', &c->started) : NULL;
        s = s ? take_word(s, ':', place, sizeof(place)) : NULL;
        if (!s || !parse_place(c, place) || job_name_check(s, NULL) < 0)
                return false;
        memcpy(c->job, s, strlen(s) + 1);
        for (size_t i = 0; i < c->n_open; i++)
                if (c->open[i].seq == 0 || c->open[i].seq > c->seq)
                        return false;
        return c->seq < UINT64_MAX;
}

int cursor_from_string(Cursor *ret, const char *text, Error *reterr) {
        *ret = (Cursor){};
        if (parse(ret, text))
                return 0;
        error_set(reterr, ERROR_USAGE, 0, "'%s' is no cursor", text);
        error_hint(reterr, "one is the 'cursor' of 'sdbg status --json', or what 'sdbg logs --show-cursor' "
                           "ends with");
        return -EINVAL;
}
