/* SPDX-License-Identifier: MIT */
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sdbg/output/style.h"

size_t terminal_width(FILE *f) {
        struct winsize w;

        /* A terminal that does not know its size says 0. */
        if (!isatty(fileno(f)) || ioctl(fileno(f), TIOCGWINSZ, &w) < 0)
                return 0;
        return w.ws_col;
}

bool wants_color(FILE *f, bool refused) {
        const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

        return !refused && !(no_color && *no_color) && isatty(fileno(f)) && term && *term &&
               !streq(term, "dumb");
}

bool locale_is_utf8(void) {
        return streq(nl_langinfo(CODESET), "UTF-8");
}

void put_words(FILE *f, const char *words) {
        static const char ellipsis[] = "…";
        const char *next;

        for (; !locale_is_utf8() && (next = strstr(words, ellipsis)); words = next + strlen(ellipsis))
                fprintf(f, "%.*s...", (int) (next - words), words);
        fputs(words, f);
}
