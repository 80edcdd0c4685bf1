/* SPDX-License-Identifier: MIT */
#include "ops/seen.h"

/* Half of the slots stay empty, so that rows of taken ones are short. */
#define SLOTS ((size_t) 2 * SEEN_MAX)

void seen_done(Seen *s) {
        free(s->recent);
        free(s->older);
        *s = (Seen){};
}

/* The slot that holds the key, or where it would go. */
static uint64_t *find_slot(uint64_t *table, uint64_t key) {
        size_t i = key % SLOTS;

        while (table[i] != 0 && table[i] != key)
                i = (i + 1) % SLOTS;
        return &table[i];
}

bool seen_has(const Seen *s, uint64_t key) {
        return (s->recent && *find_slot(s->recent, key) == key) ||
               (s->older && *find_slot(s->older, key) == key);
}

static int make_room(Seen *s) {
        uint64_t *table;

        if (s->recent && s->n < SEEN_MAX)
                return 0;
        table = calloc(SLOTS, sizeof(uint64_t));
        if (!table)
                return -ENOMEM;
        free(s->older);
        s->older = s->recent;
        s->recent = table;
        s->n = 0;
        return 0;
}

int seen_add(Seen *s, uint64_t key) {
        int r = make_room(s);

        if (r < 0)
                return r;
        if (seen_has(s, key))
                return 0;
        *find_slot(s->recent, key) = key;
        s->n++;
        return 1;
}

uint64_t seen_key(const char *run, uint64_t number) {
        /* FNV-1a, 64 bits. */
        uint64_t hash = 0xcbf29ce484222325;

        for (const char *p = run; *p; p++)
                hash = (hash ^ (unsigned char) *p) * 0x100000001b3;
        for (size_t i = 0; i < sizeof(number); i++)
                hash = (hash ^ (number >> 8 * i & 0xff)) * 0x100000001b3;
        return hash ?: 1;
}
