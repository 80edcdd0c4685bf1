/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "sdbg/base/buf.h"

#include "terminal/store.h"

/* Smaller ones are left to malloc(3). */
#define LARGE ((size_t) 16 * 1024)

struct Block {
        Block *next;
        uint32_t *words;
        size_t n;
        size_t distance; /* of the words that are compared when it is packed: a cell's size */
        Buf packed;      /* empty: the words are where they are */
};

/* Of what is packed: so many words as those a cell before, then so many that follow. */
typedef struct Run {
        uint32_t same, other;
} Run;

static void *store_alloc(size_t size, void *userdata) {
        Store *s = userdata;
        Block *b;
        void *p;

        if (size < LARGE)
                return calloc(1, size);
        b = calloc(1, sizeof(Block));
        p = b ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
        if (p == MAP_FAILED) {
                free(b);
                return NULL;
        }
        *b = (Block){ .next = s->blocks, .words = p, .n = (size + 3) / 4 };
        s->blocks = b;
        return p;
}

static void store_free(void *p, void *userdata) {
        Store *s = userdata;

        for (Block **b = &s->blocks; *b; b = &(*b)->next)
                if ((*b)->words == p) {
                        Block *gone = *b;

                        *b = gone->next;
                        (void) munmap(p, gone->n * 4);
                        buf_done(&gone->packed);
                        free(gone);
                        return;
                }
        free(p);
}

VTermAllocatorFunctions store_functions = { .malloc = store_alloc, .free = store_free };

static bool is_same(const Block *b, size_t i) {
        return i >= b->distance && b->words[i] == b->words[i - b->distance];
}

static void pack(Block *b) {
        size_t i = 0;

        while (i < b->n && b->packed.len < b->n * 2 && !b->packed.oom) {
                size_t begin = i, other;

                while (i < b->n && is_same(b, i))
                        i++;
                other = i;
                while (i < b->n && !is_same(b, i))
                        i++;
                buf_append(&b->packed, &(Run){ other - begin, i - other }, sizeof(Run));
                buf_append(&b->packed, b->words + other, (i - other) * 4);
        }
        if (i < b->n || b->packed.oom || madvise(b->words, b->n * 4, MADV_DONTNEED) < 0)
                buf_done(&b->packed);
        else {
                char *p = realloc(b->packed.data, b->packed.len);

                b->packed.data = p ?: b->packed.data;
        }
}

static void unpack(Block *b) {
        size_t i = 0;

        for (size_t at = 0; at < b->packed.len;) {
                Run r;

                memcpy(&r, b->packed.data + at, sizeof(r));
                at += sizeof(r);
                for (uint32_t k = 0; k < r.same; k++, i++)
                        b->words[i] = b->words[i - b->distance];
                memcpy(b->words + i, b->packed.data + at, (size_t) r.other * 4);
                i += r.other;
                at += (size_t) r.other * 4;
        }
        buf_done(&b->packed);
}

void store_pack(Store *s, size_t cells) {
        if (s->is_packed)
                return;
        for (Block *b = s->blocks; b; b = b->next) {
                b->distance = MAX(b->n / cells, (size_t) 1);
                pack(b);
        }
        s->is_packed = true;
}

void store_unpack(Store *s) {
        if (!s->is_packed)
                return;
        for (Block *b = s->blocks; b; b = b->next)
                unpack(b);
        s->is_packed = false;
}
