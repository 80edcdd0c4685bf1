/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/text/escape.h"

/* Behind each byte: '.' text, 'e' ESC, 'm' its intermediate bytes, 'c' a control sequence, 's' a string. */
static void test_phases(void **state) {
        static const struct {
                const char *bytes, *phases;
        } rows[] = {
                { "text", "...." },
                { "a\033[1;31mb", ".eccccc.." },
                { "\033[?25h", "ecccc." },
                { "\033(Bx", "em.." },
                { "\0337\033c", "e.e." },
                { "\033]0;t\ax", "essss.." },
                { "\033P1$r\033\\x", "esssse.." },
                { "\033\033[m", "eec." },
                { "\033[3\030x", "ecc.." },
                { "\033]2;\032x", "esss.." },
                { "\033[1\n2m", "ecccc." },
        };
        static const char names[] = { [ESCAPE_NONE] = '.',
                                      [ESCAPE_BEGUN] = 'e',
                                      [ESCAPE_MORE] = 'm',
                                      [ESCAPE_CONTROL] = 'c',
                                      [ESCAPE_STRING] = 's' };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                EscapePhase phase = ESCAPE_NONE;
                char phases[32] = "";

                for (size_t k = 0; rows[i].bytes[k]; k++)
                        phases[k] = names[phase = escape_next(phase, rows[i].bytes[k])];
                assert_string_equal(phases, rows[i].phases);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_phases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
