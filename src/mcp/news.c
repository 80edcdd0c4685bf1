/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "mcp/news.h"

#define ITEMS_MAX 200
#define TOLD_AT_ONCE 20

static void item_done(NewsItem *i) {
        free(i->job);
        free(i->run);
        free(i->text);
}

void news_done(News *n) {
        for (size_t i = 0; i < n->n; i++)
                item_done(&n->items[i]);
        free(n->items);
        *n = (News){};
}

static NewsItem *find(const News *n, const char *job, const char *run, JobState state) {
        for (size_t i = 0; i < n->n; i++)
                if (streq(n->items[i].job, job) && streq(n->items[i].run, strempty(run)) &&
                    n->items[i].state == state)
                        return &n->items[i];
        return NULL;
}

/* Takes the text over, also on failure. */
static int add(News *n, const char *job, const char *run, JobState state, bool told, char *text) {
        NewsItem item = { strdup(job), strdup(strempty(run)), text, state, told };

        if (!GROW(n->items, n->n) || !item.job || !item.run || !item.text) {
                item_done(&item);
                return -ENOMEM;
        }
        if (n->n == ITEMS_MAX) {
                item_done(&n->items[0]);
                memmove(n->items, n->items + 1, --n->n * sizeof(NewsItem));
        }
        n->items[n->n++] = item;
        return 0;
}

static char *end_text(const Job *j) {
        char span[32], *text;

        if (asprintf(&text, "%s %s: %s (ran %s)", j->name, job_state_to_string(j->state), strempty(j->reason),
                     j->duration == USEC_INFINITY ? "?" : format_duration(span, sizeof(span), j->duration)) <
            0)
                return NULL;
        return text;
}

static char *ready_text(const Job *j) {
        char span[32], *text;

        if (asprintf(&text, "%s is ready (after %s)", j->name,
                     format_duration(span, sizeof(span), usec_sub(j->ready_at, j->started_at))) < 0)
                return NULL;
        return text;
}

const NewsItem *news_look(News *n, const Job *j) {
        bool ended = job_has_ended(j) && j->ended_at >= n->since;
        bool ready = j->state == JOB_READY && j->ready_at >= n->since;

        if ((!ended && !ready) || find(n, j->name, j->run, j->state) ||
            add(n, j->name, j->run, j->state, false, ended ? end_text(j) : ready_text(j)) < 0)
                return NULL;
        return &n->items[n->n - 1];
}

int news_seen(News *n, const char *job, const char *run, JobState state) {
        NewsItem *item = find(n, job, run, state);

        if (!item)
                return add(n, job, run, state, true, strdup(""));
        item->told = true;
        return 0;
}

Json *news_take(News *n) {
        _cleanup_json_ Json *array = NULL;
        size_t waiting = 0;

        for (size_t i = 0; i < n->n; i++)
                waiting += !n->items[i].told;
        if (waiting == 0 || !(array = json_new_array()))
                return NULL;
        if (waiting > TOLD_AT_ONCE) {
                char more[64];

                snprintf(more, sizeof(more), "%zu earlier ones are not shown: see job_list",
                         waiting - TOLD_AT_ONCE);
                (void) json_append(array, json_new_string(more));
        }
        for (size_t i = 0; i < n->n; i++) {
                if (n->items[i].told)
                        continue;
                n->items[i].told = true;
                if (waiting-- <= TOLD_AT_ONCE && json_append(array, json_new_string(n->items[i].text)) < 0)
                        return NULL;
        }
        return TAKE_PTR(array);
}
