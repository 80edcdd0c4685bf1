/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/job.h"

/* What has happened to jobs since the client was last told, each thing once. */

typedef struct NewsItem {
        char *job, *run, *text;
        JobState state;
        bool told;
} NewsItem;

typedef struct News {
        NewsItem *items; /* those told already stay, so that they are not told again */
        size_t n;
        usec_t since; /* CLOCK_REALTIME: what was before is no news */
} News;

void news_done(News *n);

/* Looks at how a job stands: an end and a readiness are news. Return: what is new, borrowed until the next look;
 * NULL where nothing is, and without memory. */
const NewsItem *news_look(News *n, const Job *j);

/* The client has seen itself that this job stands so. Return: 0, -ENOMEM. */
int news_seen(News *n, const char *job, const char *run, JobState state);

/* What there is to tell, as an array of sentences, which counts as told then; NULL where there is nothing.
 * The caller frees it. */
Json *news_take(News *n);
