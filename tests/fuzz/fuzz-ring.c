/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "fuzz.h"

#include "sdbg/base/fd.h"
#include "sdbg/runtime/ring.h"
#include "sdbg/wire/entry.h"

static const EntryTag tag = { .job = "web", .run = "0123456789abcdef0123456789abcdef" };

/* What is done with each batch: it is shown, and sent again. */
static void use_batch(const Batch *b) {
        _cleanup_entry_ Entry e = {};
        _cleanup_buf_ Buf out = {};

        (void) entry_from_batch(&e, &tag, b);
        entry_encode_batch(&out, &tag, b, POOL_DEBUG);
}

static void read_all(const Ring *r) {
        _cleanup_free_ char *data = NULL;
        uint64_t pos = r->header.tail;
        size_t size = 0;
        Batch b;

        while (ring_read(r, &pos, &b, &data, &size) > 0)
                use_batch(&b);
}

static void read_snapshot(Ring *r) {
        _cleanup_buf_ Buf snapshot = {};
        size_t offset = 0;
        uint64_t from;
        Batch b;

        if (ring_snapshot(r, 0, &snapshot, &from) < 0)
                return;
        while (ring_parse(&snapshot, &offset, &b) > 0)
                use_batch(&b);
}

/* The input is a ring file that holds anything; what is missing of the 4096 bytes before the data is
 * filled up, so that inputs stay small. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t header = MIN(size, sizeof(RingHeader));
        _cleanup_ring_ Ring r = { .fd = memfd_create("ring", MFD_CLOEXEC) };

        CHECK(r.fd >= 0);
        CHECK(ftruncate(r.fd, RING_DATA) == 0);
        CHECK(pwrite(r.fd, data, header, 0) == (ssize_t) header);
        CHECK(pwrite(r.fd, data + header, size - header, RING_DATA) == (ssize_t) (size - header));
        if (ring_refresh(&r) >= 0) {
                _cleanup_free_ char *line = ring_last_line(&r, 80);

                read_all(&r);
                read_snapshot(&r);
        }
        return 0;
}
