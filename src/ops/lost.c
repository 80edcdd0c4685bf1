/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "sdbg/base/fd.h"
#include "sdbg/journal/reader.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/internal.h"

#define LOOK_MSEC 5

/* Whether the cursor ("s=…;i=…;b=BOOT;…", sd_journal_get_cursor(3)) is of the machine's present boot. */
static bool is_of_this_boot(const char *cursor) {
        _cleanup_free_ char *boot = NULL;
        const char *b = cursor ? strstr(cursor, ";b=") : NULL;
        char id[64] = ";b=";
        size_t n = strlen(id);

        if (!b || read_file_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, &boot, NULL) < 0)
                return true;
        for (const char *p = boot; *p && n < sizeof(id) - 1; p++)
                if (*p != '-' && *p != '\n')
                        id[n++] = *p;
        id[n] = '\0';
        return strncmp(b, id, n) == 0;
}

/* The last that the journal has of the run. Return: whether there is any. */
static bool find_last(const char *run, Entry *e) {
        _cleanup_journal_reader_ JournalReader *reader = NULL;

        return run && journal_reader_open(&reader, NULL) >= 0 &&
               journal_reader_match(reader, "SDBG_RUN", run) >= 0 && journal_reader_seek_tail(reader) >= 0 &&
               journal_reader_previous(reader, e) > 0;
}

int job_mark_lost(Job *j) {
        char time[LOCAL_TIME_MAX], *reason;
        _cleanup_entry_ Entry e = {};
        int r;

        if (find_last(j->run, &e)) {
                r = asprintf(&reason, "its end was never written: the %s; last seen %s",
                             is_of_this_boot(e.cursor) ? "user manager went away, by a logout or a crash"
                                                       : "machine was started anew while it ran",
                             format_local_time(time, sizeof(time), e.time));
        } else
                r = asprintf(&reason, "its end was never written: the user manager or the machine went away");
        if (r < 0)
                return -ENOMEM;
        free(j->reason);
        j->reason = reason;
        job_set_ended(j, JOB_FAILED);
        j->result = RESULT_LOST;
        return 0;
}

int job_read_exit(Job *j) {
        _cleanup_journal_reader_ JournalReader *reader = NULL;
        _cleanup_entry_ Entry e = {};
        Job ended = JOB_INIT;

        if (!j->run || journal_reader_open(&reader, NULL) < 0 ||
            journal_reader_match(reader, "SDBG_RUN", j->run) < 0 ||
            journal_reader_match(reader, "SDBG_EVENT", "exit") < 0 || journal_reader_seek_tail(reader) < 0 ||
            journal_reader_previous(reader, &e) <= 0 || !e.record)
                return 0;
        if (job_from_record(&ended, e.record) < 0 || !job_has_ended(&ended)) {
                job_done(&ended);
                return 0;
        }
        job_done(j);
        *j = ended;
        return 1;
}

/* A run that is over although its state does not say so: the journal may know more. */
static int read_end(Job *j) {
        return job_read_exit(j) > 0 ? 0 : job_mark_lost(j);
}

/* A supervisor that is gone may just have written its end, or the auditor is about to, while the unit is still
 * there. Reads the state anew. Return: as jobdir_read_state(). */
static int await_last_word(int dir_fd, Job *j) {
        usec_t until = now_usec(CLOCK_MONOTONIC) + LAST_WORD_USEC;

        for (;;) {
                _cleanup_close_ int unit = j->cgroup ? cgroup_open(j->cgroup) : -EBADF;
                int r;

                job_done(j);
                r = jobdir_read_state(dir_fd, j);
                if (r < 0 || job_has_ended(j) || unit < 0 || now_usec(CLOCK_MONOTONIC) >= until)
                        return r;
                (void) poll(NULL, 0, LOOK_MSEC);
        }
}

int job_read_end(int dir_fd, Job *j) {
        int r = await_last_word(dir_fd, j);

        return r < 0 ? r : job_has_ended(j) ? 0 : read_end(j);
}
