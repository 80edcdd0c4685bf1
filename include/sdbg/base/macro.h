/* SPDX-License-Identifier: MIT */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Small language helpers in the style of systemd's code: cleanup on scope exit, ownership made
 * visible with TAKE_PTR() and TAKE_FD(), and array sizes. */

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Hands the pointer on and forgets it here, so that cleanup does not free what was given away. */
#define TAKE_PTR(p)                                                                                          \
        ({                                                                                                   \
                typeof(p) *_pp = &(p);                                                                       \
                typeof(p) _v = *_pp;                                                                         \
                *_pp = NULL;                                                                                 \
                _v;                                                                                          \
        })

/* As TAKE_PTR(), for file descriptors: what stays behind is -EBADF, which close_fd() ignores. */
#define TAKE_FD(fd)                                                                                          \
        ({                                                                                                   \
                int *_pfd = &(fd);                                                                           \
                int _fd = *_pfd;                                                                             \
                *_pfd = -EBADF;                                                                              \
                _fd;                                                                                         \
        })

/* Makes room for one more in an array of n, NULL at first: it grows by doubling, at powers of two. Gives whether there
 * is room; without memory the array is as it was. */
#define GROW(array, n)                                                                                       \
        ({                                                                                                   \
                typeof(array) _grown = (array);                                                              \
                size_t _n = (n);                                                                             \
                if ((_n & (_n - 1)) == 0)                                                                    \
                        _grown = reallocarray(_grown, _n > 0 ? _n * 2 : 1, sizeof(*_grown));                 \
                if (_grown)                                                                                  \
                        (array) = _grown;                                                                    \
                _grown != NULL;                                                                              \
        })

/* Defines func##p() for _cleanup_(): calls func() on a pointer that is set. */
#define DEFINE_CLEANUP_FUNC(type, func)                                                                      \
        static inline void func##p(type *p) {                                                                \
                if (*p)                                                                                      \
                        func(*p);                                                                            \
        }

static inline void freep(void *p) {
        free(*(void **) p);
}

#define _cleanup_free_ _cleanup_(freep)

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

static inline bool streq_ptr(const char *a, const char *b) {
        return a && b ? streq(a, b) : a == b;
}

/* The rest of s after prefix, or NULL where s does not begin with it. */
static inline const char *startswith(const char *s, const char *prefix) {
        size_t l = strlen(prefix);
        return strncmp(s, prefix, l) == 0 ? s + l : NULL;
}

static inline const char *strempty(const char *s) {
        return s ?: "";
}
