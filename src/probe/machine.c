/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "sdbg/base/fd.h"
#include "sdbg/probe/machine.h"

const char *machine_tag(void) {
        static char tag[9];
        _cleanup_free_ char *id = NULL;
        uint32_t hash = 2166136261; /* FNV-1a */

        if (*tag)
                return tag;
        if (read_file_at(AT_FDCWD, "/etc/machine-id", 4096, &id, NULL) < 0)
                return memcpy(tag, "00000000", sizeof(tag));
        for (const char *p = id; *p && *p != '\n'; p++)
                hash = (hash ^ (unsigned char) *p) * 16777619;
        snprintf(tag, sizeof(tag), "%08" PRIx32, hash);
        return tag;
}
