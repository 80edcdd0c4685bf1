/* SPDX-License-Identifier: MIT */
#include "sdbg/wire/batch.h"

static const char *const stream_names[_STREAM_MAX] = {
        [STREAM_STDOUT] = "stdout",
        [STREAM_STDERR] = "stderr",
        [STREAM_PTY] = "pty",
        [STREAM_RECORD] = "record",
};

const char *stream_to_string(Stream s) {
        return s >= 0 && s < _STREAM_MAX ? stream_names[s] : NULL;
}

Stream stream_from_string(const char *s) {
        for (Stream i = 0; i < _STREAM_MAX; i++)
                if (streq(stream_names[i], s))
                        return i;
        return _STREAM_INVALID;
}
