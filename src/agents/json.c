/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/buf.h"
#include "sdbg/json/json.h"

#include "agents/edit.h"

/* Return: one past the string's closing quote; the end of the text where there is none. */
static size_t skip_string(const char *text, size_t i) {
        for (i++; text[i] && text[i] != '"'; i++)
                if (text[i] == '\\' && text[i + 1])
                        i++;
        return text[i] ? i + 1 : i;
}

static size_t skip_space(const char *text, size_t i) {
        return i + strspn(text + i, " \t\r\n");
}

/* Overwrites a comment at i with spaces. Return: one past it; i where there is none. */
static size_t blank_comment(char *text, size_t i) {
        size_t len;

        if (text[i] != '/' || (text[i + 1] != '/' && text[i + 1] != '*'))
                return i;
        if (text[i + 1] == '/') {
                len = strcspn(text + i, "\n");
        } else {
                const char *end = strstr(text + i + 2, "*/");
                if (!end)
                        return i;
                len = end + 2 - (text + i);
        }
        for (size_t k = i; k < i + len; k++)
                if (text[k] != '\n')
                        text[k] = ' ';
        return i + len;
}

/* The same text as plain JSON, with spaces for comments and for a comma that nothing follows, so that all else
 * stands where it stood. */
static char *plain(const char *text) {
        char *copy = strdup(text);
        size_t comma = SIZE_MAX;

        for (size_t i = 0; copy && copy[i];) {
                size_t next = blank_comment(copy, i);

                if (next != i) {
                        i = next;
                        continue;
                }
                if (strchr("]}", copy[i]) && comma != SIZE_MAX)
                        copy[comma] = ' ';
                if (!strchr(" \t\r\n", copy[i]))
                        comma = copy[i] == ',' ? i : SIZE_MAX;
                i = copy[i] == '"' ? skip_string(copy, i) : i + 1;
        }
        return copy;
}

/* Return: one past the value at i. */
static size_t skip_value(const char *text, size_t i) {
        size_t depth = 0;

        do {
                if (text[i] == '"') {
                        i = skip_string(text, i);
                } else {
                        if (strchr("[{", text[i]))
                                depth++;
                        else if (strchr("]}", text[i]))
                                depth--;
                        i++;
                }
        } while (text[i] && (depth > 0 || !strchr(",]} \t\r\n", text[i])));
        return i;
}

typedef struct Member {
        size_t begin, value, end; /* of its key, of its value, one past that */
        size_t before, after;     /* the comma before it, and the one after it; SIZE_MAX */
} Member;

/* Looks for a member of the object that begins at `object`, in a text that is known to be JSON.
 * Return: whether it is there. */
static bool find_member(const char *text, size_t object, const char *key, Member *ret) {
        size_t i = skip_space(text, object + 1), before = SIZE_MAX;

        while (text[i] == '"') {
                Member m = { .begin = i, .before = before, .after = SIZE_MAX };
                size_t end = skip_string(text, i), len = strlen(key);

                m.value = skip_space(text, skip_space(text, end) + 1);
                m.end = skip_value(text, m.value);
                i = skip_space(text, m.end);
                if (text[i] == ',')
                        m.after = i;
                if (end - m.begin == len + 2 && memcmp(text + m.begin + 1, key, len) == 0) {
                        *ret = m;
                        return true;
                }
                before = m.after;
                if (text[i] == ',')
                        i = skip_space(text, i + 1);
        }
        return false;
}

typedef struct Document {
        char *plain;
        size_t root;
        bool has_section, has_key;
        Member section, key;
} Document;

static void document_done(Document *d) {
        free(d->plain);
}

static int document_read(const char *text, const char *section, const char *key, Document *ret) {
        _cleanup_json_ Json *j = NULL;

        ret->plain = plain(text);
        if (!ret->plain)
                return -ENOMEM;
        if (json_parse(ret->plain, strlen(ret->plain), &j) < 0 || json_kind(j) != JSON_OBJECT)
                return -EBADMSG;
        ret->root = skip_space(ret->plain, 0);
        ret->has_section = find_member(ret->plain, ret->root, section, &ret->section);
        if (!ret->has_section)
                return json_get(j, section) ? -EBADMSG : 0;
        if (ret->plain[ret->section.value] != '{')
                return -EBADMSG;
        ret->has_key = find_member(ret->plain, ret->section.value, key, &ret->key);
        return 0;
}

/* The white space at the beginning of the line in which i is. */
static size_t indent_of(const char *text, size_t i, const char **ret) {
        size_t begin = i;

        while (begin > 0 && text[begin - 1] != '\n')
                begin--;
        *ret = text + begin;
        return MIN(strspn(text + begin, " \t"), i - begin);
}

/* Puts a member, which is text, first into an object, in the way in which that is laid out. */
static void insert_first(Buf *b, const char *text, const char *plain, size_t object, const char *member) {
        size_t first = skip_space(plain, object + 1), n_indent, n_outer;
        bool is_empty = plain[first] == '}';
        const char *indent, *outer;

        n_outer = indent_of(text, object, &outer);
        n_indent = indent_of(text, first, &indent);
        buf_append(b, text, object + 1);
        if (!is_empty && !memchr(text + object, '\n', first - object)) {
                buf_printf(b, " %s,", member);
                if (!strchr(" \t", text[object + 1]))
                        buf_append_char(b, ' ');
        } else if (is_empty) {
                buf_printf(b, "\n%.*s  %s", (int) n_outer, outer, member);
                if (!memchr(text + object, '\n', first - object))
                        buf_printf(b, "\n%.*s", (int) n_outer, outer);
        } else {
                buf_printf(b, "\n%.*s%s,", (int) n_indent, indent, member);
        }
        buf_append_str(b, text + object + 1);
}

/* What was made must still be JSON, and hold what was asked for. */
static int checked(Buf *b, const char *section, const char *key, bool wanted, char **ret) {
        _cleanup_free_ char *text = buf_take(b);
        int r;

        if (!text)
                return -ENOMEM;
        r = json_entry_has(text, section, key);
        if (r < 0 || (r > 0) != wanted)
                return r == -ENOMEM ? r : -EBADMSG;
        *ret = TAKE_PTR(text);
        return 1;
}

int json_entry_has(const char *text, const char *section, const char *key) {
        _cleanup_(document_done) Document d = {};
        int r = document_read(text, section, key, &d);

        return r < 0 ? r : d.has_key;
}

int json_entry_add(const char *text, const char *section, const char *key, const char *value, char **ret) {
        _cleanup_(document_done) Document d = {};
        _cleanup_buf_ Buf b = {}, member = {};
        int r = document_read(text, section, key, &d);

        if (r < 0 || d.has_key)
                return r;
        buf_printf(&member, "\"%s\": %s", key, value);
        buf_append_char(&member, '\0');
        if (member.oom)
                return -ENOMEM;
        if (d.has_section) {
                insert_first(&b, text, d.plain, d.section.value, member.data);
        } else {
                _cleanup_free_ char *whole = NULL;

                if (asprintf(&whole, "\"%s\": { %s }", section, member.data) < 0)
                        return -ENOMEM;
                insert_first(&b, text, d.plain, d.root, whole);
        }
        return checked(&b, section, key, true, ret);
}

int json_entry_remove(const char *text, const char *section, const char *key, char **ret) {
        _cleanup_(document_done) Document d = {};
        _cleanup_buf_ Buf b = {};
        size_t begin, end, line;
        int r = document_read(text, section, key, &d);

        if (r < 0 || !d.has_key)
                return r;
        begin = d.key.begin;
        end = d.key.after != SIZE_MAX ? d.key.after + 1 : d.key.end;
        /* The last one takes the comma before it along, the others their own. */
        if (d.key.after == SIZE_MAX && d.key.before != SIZE_MAX) {
                buf_append(&b, text, d.key.before);
                buf_append(&b, text + d.key.before + 1, begin - d.key.before - 1);
        } else {
                buf_append(&b, text, begin);
        }
        /* Its line too, where it has one to itself. */
        line = end + strspn(text + end, " \t");
        while (b.len > 0 && strchr(" \t", b.data[b.len - 1]) && text[line] == '\n')
                b.len--;
        if (b.len > 0 && b.data[b.len - 1] == '\n' && text[line] == '\n')
                end = line + 1;
        else if (text[end] == ' ')
                end++;
        buf_append_str(&b, text + end);
        return checked(&b, section, key, false, ret);
}
