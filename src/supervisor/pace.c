/* SPDX-License-Identifier: MIT */
#include "supervisor/pace.h"

/* No nap is longer than a window, and in a window a quiet job does not fill half of its pipe. */
#define WINDOW_USEC (100 * USEC_PER_MSEC)
#define QUIET_BYTES (PIPE_DEFAULT / 2)

#define FLOOD_BYTES (PIPE_LARGE / 4)
#define FLOOD_USEC (20 * USEC_PER_MSEC)
/* In a flood of small writes some are left to come together. */
#define FLOOD_NAP_USEC (USEC_PER_MSEC / 2)

void pace_count(Pace *p, size_t n, usec_t now) {
        if (now != p->turn)
                p->turn_bytes = 0;
        p->turn = now;
        p->turn_bytes += n;

        if (now >= p->window + WINDOW_USEC) {
                /* The first window has none before it. */
                p->before = p->window > 0 ? p->bytes : SIZE_MAX;
                p->bytes = 0;
                p->window = now;
        }
        p->bytes += n;
        if (p->bytes >= FLOOD_BYTES)
                p->flood_until = now + FLOOD_USEC;
}

bool pace_wants_large_pipe(const Pace *p) {
        return p->bytes >= PIPE_DEFAULT;
}

bool pace_is_flood(const Pace *p, usec_t now) {
        return now < p->flood_until;
}

usec_t pace_nap(const Pace *p, usec_t held_until, usec_t now) {
        usec_t until = 0;

        if (MAX(p->bytes, p->before) < QUIET_BYTES && held_until != USEC_INFINITY)
                until = MIN(held_until, p->turn + WINDOW_USEC);
        else if (pace_is_flood(p, now) && p->turn_bytes < FLOOD_BYTES)
                until = p->turn + FLOOD_NAP_USEC;
        return now < until ? until : 0;
}
