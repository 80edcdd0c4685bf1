/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "pipeline.h"

/* The input is a row of reads: a byte that says which stream and how long a pause goes before, a byte
 * that says how many bytes were read (in eights), and these bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        /* Microseconds: around what the coalescer waits for. */
        static const usec_t pauses[] = { 0, 1, 39000, 41000, 99000, 101000, 1000000 };
        static Pipeline p;

        p = (Pipeline){};
        while (size > 2) {
                Stream s = data[0] % STREAM_RECORD;
                usec_t pause = pauses[data[0] / STREAM_RECORD % ELEMENTSOF(pauses)];
                size_t len = MIN((size_t) data[1] * 8 + 1, size - 2);

                pipeline_wait(&p, pause);
                pipeline_print(&p, s, (const char *) data + 2, len);
                data += 2 + len;
                size -= 2 + len;
        }
        pipeline_finish(&p);
        return 0;
}
