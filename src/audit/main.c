/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/jobdir.h"

#include "audit/audit.h"

/* While the job runs, the supervisor starts an auditor anew; at its end this one is the last. */
#define PATIENCE_RUNNING (2 * USEC_PER_SEC)
#define PATIENCE_FINAL (15 * USEC_PER_SEC)

static int run(Audit *a, int dir_fd, const char *service_result) {
        _cleanup_spec_ Spec spec = {};
        char id[33] = "";
        int r;

        r = ring_open(&a->ring, dir_fd, true);
        if (r < 0)
                return r;
        r = jobdir_read_spec(dir_fd, &spec);
        if (r < 0)
                return r;
        memcpy(id, a->ring.header.run, sizeof(a->ring.header.run));
        a->tag = (EntryTag){ .job = spec.name, .run = id, .labels = spec.labels };

        if (a->final) {
                /* A supervisor that never came so far left the ring of the run before. */
                if (!streq(strempty(getenv("INVOCATION_ID")), id))
                        return 0;
                r = audit_write_end(a, dir_fd, service_result);
                if (r < 0)
                        return r;
        }
        r = journal_reader_open(&a->reader, NULL);
        if (r >= 0)
                r = journal_reader_match(a->reader, "SDBG_RUN", id);
        if (r >= 0)
                r = audit_ring(a, a->final ? PATIENCE_FINAL : PATIENCE_RUNNING);
        if (r == -ENODATA) {
                a->ring.audit.unreadable = 1;
                return ring_store_audit(&a->ring);
        }
        /* Everything is in the journal: the ring has done its work. */
        if (r > 0 && a->final)
                (void) unlinkat(dir_fd, "ring", 0);
        return r;
}

int main(int argc, char *argv[]) {
        const char *service_result = getenv("SERVICE_RESULT");
        Audit a = { .ring = RING_INIT, .writer = JOURNAL_WRITER_INIT, .final = service_result };
        _cleanup_close_ int dir_fd = -EBADF;
        int r;

        if (argc != 2) {
                fprintf(stderr, "This compares a job's output with the journal, started by systemd and the "
                                "supervisor; see sdbg(1).\n");
                return EXIT_FAILURE;
        }
        dir_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir_fd < 0)
                return EXIT_FAILURE;
        r = run(&a, dir_fd, service_result);
        ring_done(&a.ring);
        journal_writer_done(&a.writer);
        if (a.reader)
                journal_reader_free(a.reader);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
