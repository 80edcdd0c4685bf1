/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/job/job.h"
#include "sdbg/manager/manager.h"
#include "sdbg/ops/param.h"

/* The jobs there are: what runs is what the user manager says, what ended is what the journal's records
 * say; the state files of the runtime directory add what neither tells. */

typedef struct JobList {
        Job *jobs;
        size_t n;
} JobList;

/* Frees what it holds; it is then empty. */
void job_list_done(JobList *l);
#define _cleanup_job_list_ _cleanup_(job_list_done)

/* Takes out one job. */
void job_list_remove(JobList *l, size_t i);

/* Which jobs an op is for. Names may be globs (glob(7)); several criteria add up for names and narrow
 * down for groups and labels. */
typedef struct JobSelection {
        char **names;
        char *group;
        char **labels; /* key=value, all of which must fit */
        bool here;     /* those whose directory is in the project of the current one */
        bool all;
} JobSelection;

/* The parameters of a request that has a JobSelection `select`: the first three narrow down, the last one
 * stands for no narrowing at all. */
/* clang-format off */
#define JOB_NARROWING_PARAMS(request)                                                                        \
        { "group", 'g', PARAM_STRING, offsetof(request, select.group), "GROUP", "jobs of this group", NULL }, \
        { "label", 'l', PARAM_LIST, offsetof(request, select.labels), "KEY=VALUE", "jobs with this label",   \
          NULL },                                                                                            \
        { "here", 0, PARAM_FLAG, offsetof(request, select.here), NULL,                                       \
          "jobs of this project (the git work tree, or the directory)", NULL }
#define JOB_SELECTION_PARAMS(request)                                                                        \
        JOB_NARROWING_PARAMS(request),                                                                       \
        { "all", 0, PARAM_FLAG, offsetof(request, select.all), NULL, "all running jobs", NULL }
/* clang-format on */

/* Return: whether nothing was selected at all. */
bool job_selection_is_empty(const JobSelection *s);

/* Whether a job is one of those selected; names are compared only where there are some.
 * project: of project_directory(), needed where s->here. */
bool job_is_selected(const Job *j, const JobSelection *s, const char *project);

/* The project's directory where the selection is about it, else NULL.
 * Return: 0 and a path that the caller frees; negative errno with reterr said. */
int job_selection_project(const JobSelection *s, char **ret, Error *reterr);

/* How much is asked for: reading a thousand jobs' output takes its time. */
typedef enum JobDetail {
        JOB_STATE, /* how it stands; nothing is measured */
        JOB_BRIEF, /* and what the table of `sdbg list` shows: CPU, memory, TCP ports */
        JOB_FULL,  /* and all that there is: tasks, I/O, lines, bytes, the last line, all sockets */
} JobDetail;

/* All running jobs, sorted by name, with their present figures. Return: 0, negative errno with reterr
 * said. */
int jobs_running(Manager *m, JobDetail detail, JobList *ret, Error *reterr);

/* Adds to running jobs that were asked for in brief their tasks, lines, bytes, last line and TCP ports: for
 * whoever shows some of many. */
void jobs_add_detail(Job *jobs, size_t n);

/* The selected jobs out of those running and ended (ended: where `ended` is set). A name without a
 * glob that fits none is an error, with near names offered; a glob that fits none is not.
 * Return: 0, negative errno with reterr said (no-such-job). */
int jobs_select(Manager *m, const JobSelection *s, JobDetail detail, bool ended, JobList *ret, Error *reterr);

/* One job by its name, running or ended. Return: 0; -ENOENT with reterr said. */
int job_find(Manager *m, const char *name, Job *ret, Error *reterr);

/* The job's state as its runtime files tell, without asking the manager; a run whose supervisor is gone
 * without a word is `lost`.
 * Return: 1 it has not ended; 0 it has; -ENOENT no run is known; negative errno. */
int job_read_state(const char *name, Job *ret);
