/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "check.h"
#include "fuzz.h"

#include "sdbg/base/fd.h"

/* Runs a fuzz target on the files of a corpus, without a fuzzer: standalone DIRECTORY… */

static int is_input(const struct dirent *de) {
        return de->d_name[0] != '.';
}

static void replay(int dirfd, const char *name) {
        _cleanup_free_ char *data = NULL;
        size_t len;

        CHECK(read_file_at(dirfd, name, SIZE_MAX, &data, &len) == 0);
        LLVMFuzzerTestOneInput((const uint8_t *) data, len);
}

static void replay_directory(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct dirent **inputs;
        int n = scandir(path, &inputs, is_input, alphasort);

        CHECK(fd >= 0 && n > 0);
        for (int i = 0; i < n; i++) {
                fprintf(stderr, "%s/%s\n", path, inputs[i]->d_name);
                replay(fd, inputs[i]->d_name);
                free(inputs[i]);
        }
        free(inputs);
}

int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++)
                if (argv[i][0] != '-') /* an option of libFuzzer */
                        replay_directory(argv[i]);
        return 0;
}
