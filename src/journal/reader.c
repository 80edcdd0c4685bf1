/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "sdbg/base/parse.h"
#include "sdbg/journal/reader.h"

/* Users up to here have no journal of their own: their entries are kept with the system's (systemd
 * v252 to v261, uid_for_system_journal()). */
#define SYSTEM_UID_MAX 999

struct JournalReader {
        sd_journal *journal;
};

/* sd-journal maps the journal's files. Where a page cannot be had, as of a file that was cut meanwhile, of a disk
 * that fails, or of one in memory that is full, there is a page of zeros instead, and sd-journal finds that the file
 * is not as it should be; so does journalctl (systemd, sigbus_install()). */
static void give_zeros(int signal_number, siginfo_t *info, void *context) {
        uintptr_t page = sysconf(_SC_PAGESIZE), address = (uintptr_t) info->si_addr & ~(page - 1);

        if (info->si_code != BUS_ADRERR || mmap((void *) address, page, PROT_READ,
                                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
                (void) signal(signal_number, SIG_DFL);
}

static bool has_files(sd_journal *j) {
        return sd_journal_has_runtime_files(j) > 0 || sd_journal_has_persistent_files(j) > 0;
}

static int open_files(sd_journal **ret) {
        int flags = SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_CURRENT_USER, r;

        if (geteuid() <= SYSTEM_UID_MAX)
                flags |= SD_JOURNAL_SYSTEM;
        r = sd_journal_open(ret, flags);
        if (r < 0 || has_files(*ret) || (flags & SD_JOURNAL_SYSTEM))
                return r;
        /* Members of the group systemd-journal may read the system's files. */
        sd_journal_close(*ret);
        return sd_journal_open(ret, flags | SD_JOURNAL_SYSTEM);
}

int journal_reader_open(JournalReader **ret, Error *reterr) {
        _cleanup_journal_reader_ JournalReader *reader = calloc(1, sizeof(JournalReader));
        const struct sigaction action = { .sa_sigaction = give_zeros, .sa_flags = SA_SIGINFO | SA_RESTART };
        int r;

        if (!reader)
                return error_oom(reterr);
        (void) sigaction(SIGBUS, &action, NULL);
        r = open_files(&reader->journal);
        if (r < 0) {
                error_set(reterr, ERROR_JOURNAL_UNREACHABLE, r, "cannot open the journal");
                error_hint(reterr, "'sdbg doctor' checks it");
                return r;
        }
        /* The default cuts fields at 64 KiB. */
        (void) sd_journal_set_data_threshold(reader->journal, 0);
        r = journal_reader_match(reader, NULL, NULL);
        if (r < 0)
                return error_oom(reterr);
        *ret = TAKE_PTR(reader);
        return 0;
}

void journal_reader_free(JournalReader *r) {
        sd_journal_close(r->journal);
        free(r);
}

bool journal_reader_is_readable(const JournalReader *r) {
        return has_files(r->journal);
}

static int add_match(JournalReader *r, const char *field, const char *value) {
        _cleanup_free_ char *match = NULL;

        if (asprintf(&match, "%s=%s", field, value) < 0) {
                match = NULL;
                return -ENOMEM;
        }
        return sd_journal_add_match(r->journal, match, 0);
}

int journal_reader_match(JournalReader *r, const char *field, const char *value) {
        char uid[24];

        if (value)
                return add_match(r, field, value);
        sd_journal_flush_matches(r->journal);
        snprintf(uid, sizeof(uid), "%u", (unsigned) geteuid());
        return add_match(r, "_UID", uid);
}

int journal_reader_seek_head(JournalReader *r) {
        return sd_journal_seek_head(r->journal);
}

int journal_reader_seek_tail(JournalReader *r) {
        return sd_journal_seek_tail(r->journal);
}

int journal_reader_seek_time(JournalReader *r, usec_t realtime) {
        return sd_journal_seek_realtime_usec(r->journal, realtime);
}

int journal_reader_seek_cursor(JournalReader *r, const char *cursor) {
        return sd_journal_seek_cursor(r->journal, cursor);
}

static int decode(JournalReader *r, Entry *e) {
        const void *data;
        size_t len;
        int k;

        entry_done(e);
        SD_JOURNAL_FOREACH_DATA (r->journal, data, len) {
                k = entry_decode_field(e, data, len);
                if (k < 0)
                        return k;
        }
        if (e->time == 0) {
                k = sd_journal_get_realtime_usec(r->journal, &e->time);
                if (k < 0)
                        return k;
        }
        k = sd_journal_get_cursor(r->journal, &e->cursor);
        return k < 0 ? k : entry_decode_finish(e);
}

int journal_reader_decode(JournalReader *r, Entry *e) {
        int k = decode(r, e);

        /* An entry in a damaged file, or one that was vacuumed meanwhile. */
        return k == -EBADMSG || k == -ENOENT || k == -EADDRNOTAVAIL ? 0 : k;
}

static int step(JournalReader *r, Entry *e, int (*move)(sd_journal *)) {
        for (;;) {
                int k = move(r->journal);

                if (k <= 0)
                        return k;
                k = journal_reader_decode(r, e);
                if (k != 0)
                        return k;
        }
}

int journal_reader_next(JournalReader *r, Entry *e) {
        return step(r, e, sd_journal_next);
}

int journal_reader_previous(JournalReader *r, Entry *e) {
        return step(r, e, sd_journal_previous);
}

int journal_reader_previous_job(JournalReader *r, char *buf, size_t size) {
        static const char field[] = "SDBG_JOB=";
        const void *data;
        size_t len;
        int k;

        k = sd_journal_previous(r->journal);
        if (k <= 0)
                return k;
        *buf = '\0';
        if (sd_journal_get_data(r->journal, "SDBG_JOB", &data, &len) >= 0)
                snprintf(buf, size, "%.*s", (int) (len - strlen(field)), (const char *) data + strlen(field));
        return 1;
}

/* The number in a field of the entry that the reader is at; 0 where there is none. */
static uint64_t number_of(JournalReader *r, const char *field) {
        size_t len, skipped = strlen(field) + 1;
        char text[24] = "";
        uint64_t n = 0;
        const void *data;

        if (sd_journal_get_data(r->journal, field, &data, &len) < 0)
                return 0;
        memcpy(text, (const char *) data + skipped, MIN(len - skipped, sizeof(text) - 1));
        (void) parse_u64(text, &n);
        return n;
}

int journal_reader_next_number(JournalReader *r, uint64_t *ret) {
        int k = sd_journal_next(r->journal);

        if (k > 0)
                *ret = number_of(r, "SDBG_ENTRY");
        return k;
}

int journal_reader_seek_line(JournalReader *r, uint64_t seq) {
        _cleanup_free_ char *cursor = NULL;
        int k;

        k = journal_reader_seek_tail(r);
        while (k >= 0 && (k = sd_journal_previous(r->journal)) > 0) {
                uint64_t first = number_of(r, "SDBG_SEQ");

                /* An entry that begins with this line may only go on with it. */
                if (first == 0 || first >= seq || number_of(r, "SDBG_REPAIRED") > 0)
                        continue;
                k = sd_journal_get_cursor(r->journal, &cursor);
                return k < 0 ? k : journal_reader_seek_cursor(r, cursor);
        }
        return k < 0 ? k : journal_reader_seek_head(r);
}

int journal_reader_wait(JournalReader *r, usec_t timeout) {
        int k = sd_journal_wait(r->journal, timeout);

        return k < 0 ? k : k != SD_JOURNAL_NOP;
}

int journal_reader_fd(JournalReader *r) {
        return sd_journal_get_fd(r->journal);
}

int journal_reader_process(JournalReader *r) {
        int k = sd_journal_process(r->journal);

        return MIN(k, 0);
}
