/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/buf.h"

#include "ops/event-mark.h"

#define FORMAT_VERSION "1"

void event_mark_done(EventMark *m) {
        free(m->cursor);
        *m = (EventMark){};
}

char *event_mark_to_string(const EventMark *m) {
        Buf b = {};

        buf_printf(&b, FORMAT_VERSION " %" PRIx64 " %s\n", m->time, m->cursor ?: "-");
        for (size_t i = 0; i < m->n; i++)
                buf_printf(&b, "%" PRIx64 " %" PRIx64 "\n", m->given[i].key, m->given[i].time);
        return buf_take(&b);
}

static int parse_given(EventMark *m, const char *line) {
        uint64_t key, time;
        int end = 0;

        if (sscanf(line, "%" SCNx64 " %" SCNx64 "%n", &key, &time, &end) != 2 || line[end] != '\n')
                return -EBADMSG;
        return event_mark_add(m, key, time) < 0 ? -EBADMSG : 0;
}

static int parse(EventMark *m, const char *text) {
        const char *rest = startswith(text, FORMAT_VERSION " ");
        int start = 0, r = 0;
        size_t len;

        if (!rest || sscanf(rest, "%" SCNx64 " %n", &m->time, &start) != 1 || start == 0)
                return -EBADMSG;
        rest += start;
        len = strcspn(rest, "\n");
        if (len == 0 || rest[len] != '\n')
                return -EBADMSG;
        if (len != 1 || *rest != '-') {
                m->cursor = strndup(rest, len);
                if (!m->cursor)
                        return -ENOMEM;
        }
        for (rest += len + 1; r >= 0 && *rest; rest += strcspn(rest, "\n") + 1)
                r = parse_given(m, rest);
        return r;
}

int event_mark_from_string(EventMark *m, const char *text) {
        int r;

        *m = (EventMark){};
        r = parse(m, text);
        if (r < 0)
                event_mark_done(m);
        return r;
}

static size_t find(const EventMark *m, uint64_t key) {
        size_t i = 0;

        while (i < m->n && m->given[i].key != key)
                i++;
        return i;
}

bool event_mark_has(const EventMark *m, uint64_t key) {
        return find(m, key) < m->n;
}

bool event_mark_drop(EventMark *m, uint64_t key) {
        size_t i = find(m, key);

        if (i == m->n)
                return false;
        m->given[i] = m->given[--m->n];
        return true;
}

int event_mark_add(EventMark *m, uint64_t key, usec_t time) {
        if (m->n == EVENT_MARK_MAX)
                return -ENOSPC;
        m->given[m->n].key = key;
        m->given[m->n++].time = time;
        return 0;
}

void event_mark_prune(EventMark *m, usec_t now, bool in_journal) {
        usec_t oldest = usec_sub(now, in_journal ? EVENT_MARK_LOST : EVENT_MARK_MARGIN);

        m->time = now;
        for (size_t i = 0; i < m->n;)
                if (m->given[i].time < oldest)
                        m->given[i] = m->given[--m->n];
                else
                        i++;
}
