/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/base/parse.h"
#include "sdbg/text/errors.h"
#include "sdbg/text/regex.h"

/* The lines that look like errors, in Perl's syntax; tests/unit/text/errors/ holds output of the tools that
 * each is made for. `more` fits the lines behind one that belong to it. The first that fits counts. */
static const struct {
        const char *name, *pattern, *more;
} table[] = {
        /* gcc, clang, javac, tsc and most others: FILE:LINE:COLUMN: error, FILE(LINE,COLUMN): error */
        { "compiler", "[:(]\\d+(?:[:,]\\d+)?\\)?(?::| -) (?:fatal |internal compiler )?error\\b",
          "^\\s*\\d*\\s*\\||^\\s+[~^]|^  +(?:symbol|location|found|required|reason):" },
        /* go build and go vet do not say "error" */
        { "go", "^(?:vet: )?\\S+\\.go:\\d+:\\d+: ", "^\\t" },
        { "eslint", "^\\s+\\d+:\\d+\\s+error\\s", NULL },
        { "rustc",
          "^error(?:\\[E\\d+\\])?: ", "^\\s*(?:-->|:::|\\||\\d+ +[|~+]|=|\\.\\.\\.$)|^(?:note|help): " },
        { "linker",
          "undefined reference to |multiple definition of |cannot find -l|ld returned \\d+ exit status|"
          "linker command failed|[Uu]ndefined symbols? for |duplicate symbol ",
          "^\\s+\"|^\\s+\\S+ in \\S+\\.o" },
        { "python", "^\\s*Traceback \\(most recent call last\\):", "^\\s+\\S" },
        { "sanitizer", "^==\\d+==\\s*ERROR: |^SUMMARY: \\w+Sanitizer|: runtime error: ",
          "^\\s+#\\d+ |^(?:READ|WRITE) of " },
        { "rust-panic", "^thread '.*' (?:\\(\\d+\\) )?panicked at ", "^\\s+(?:left|right): " },
        { "go-panic", "^\\s*panic: |^fatal error: ",
          "^\\s*panic: |^\\[signal |^$|^goroutine |^created by |^\\t|^\\S+\\(.*\\)$" },
        /* Python, JavaScript, Java and others: the type, then what it says */
        { "exception",
          "^(?:Uncaught |Unhandled |Exception in thread \".*?\" |Caused by: |\\s+)?(?:[\\w$]+(?:\\.|::))*"
          "(?:[A-Z][\\w$]*)?(?:Error|Exception|KeyboardInterrupt)(?: \\[\\w+\\])?(?::|$)",
          "^\\s+at |^\\s+\\.\\.\\. \\d+ |^\\s+from |^\\s+>? *\\d+ \\||^\\s+\\| " },
        { "pytest", "^E   +\\S|^(?:FAILED|ERROR) \\S+(?:::| - )|^_{3,} ERROR at .* _{3,}$", "^E   " },
        { "go-test", "^\\s*--- FAIL: ", "^\\s{4,}\\S" },
        { "cargo-test", "^test .* \\.\\.\\. FAILED$|^test result: FAILED", NULL },
        { "jest", "^\\s*● (?!Console)\\S", "^\\s{4}|^$" },
        { "test",
          "^FAIL\\b|^not ok \\d|^\\s*[✕✗✖✘❌×] |\\*\\*\\*Failed|\\*\\*\\*Exception|\\bFAILED$|"
          "^FAILED \\(|^\\[  FAILED  \\] |^ *\\d+/\\d+ .* (?:FAIL|TIMEOUT) +\\d",
          NULL },
        { "npm", "^npm (?:ERR!|error) (?=[^\\s\\[])|\\bELIFECYCLE\\b|\\bERR_PNPM_", NULL },
        { "make",
          "^\\S*make(?:\\[\\d+\\])?: \\*\\*\\* |^ninja: (?:error|fatal|build stopped)|^FAILED: |^CMake "
          "Error\\b",
          "^  \\S" },
        { "bundler", "^ERROR in |^Failed to compile|Module not found: |^\\S+ \\[ERROR\\] ", NULL },
        /* "error: …", "clang: error: …", "git: fatal: …", "Error: …" */
        { "prefix",
          "^(?:[\\w./+-]+(?:\\[\\d+\\])?: )*(?:(?:PHP )?[Ff]atal |FATAL |[Pp]arse )?"
          "(?:[Ee]rror|ERROR|[Ff]atal|FATAL)(?: ?[\\[(][\\w-]+[\\])])?:\\s+\\S",
          NULL },
        /* The level in a program's own log, near the beginning of the line. */
        { "level",
          "^.{0,60}?(?<![\\w-])(?:ERROR|FATAL|CRITICAL|SEVERE|EMERG)(?![\\w-]|/\\d| in \\d)|"
          "\\blevel=(?:error|fatal|panic|critical)\\b|\"level\": ?\"(?:error|fatal|panic|critical)\"",
          NULL },
        { "shell",
          "^[\\w./-]+: (?:(?:line )?\\d+: )?.*(?:command not found(?:: \\S+)?|: not found|No such file or "
          "directory|"
          "Permission denied|Operation not permitted|No space left on device|Address already in use)$",
          NULL },
        { "crash",
          "\\b(?:Segmentation fault|Bus error|Illegal instruction|core dumped|stack smashing detected|"
          "double free or corruption|[Oo]ut of memory|heap out of memory)\\b|"
          "^(?:Killed|Aborted|Terminated)$|: \\d+ (?:Killed|Aborted)\\b",
          NULL },
        { "assertion", "\\b[Aa]ssertion\\b.* failed\\b|\\bassertion failed\\b", "^\\s+(?:left|right): " },
        { "result",
          "\\bBUILD FAIL(?:ED|URE)\\b|\\b[Bb]uild failed\\b|\\b[Ee]xit(?:ed with)? (?:status|code):? [1-9]|"
          "\\bnon-zero exit (?:status|code)|"
          "\\b[1-9]\\d* (?:\\w+ )?(?:errors?|failures?|failed|failing)\\b(?! (?:in|is|are) \\w+ "
          "(?:fixed|ignored))",
          NULL },
};

struct ErrorPatterns {
        Regex *all; /* marks which of the table fits */
        Regex *more[ELEMENTSOF(table)];
};

int error_patterns_new(ErrorPatterns **ret, Error *reterr) {
        _cleanup_error_patterns_ ErrorPatterns *p = calloc(1, sizeof(ErrorPatterns));
        _cleanup_free_ char *pattern = NULL;
        _cleanup_buf_ Buf all = {};
        int r;

        if (!p)
                return error_oom(reterr);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                buf_printf(&all, "%s(?:%s)(*MARK:%zu)", i > 0 ? "|" : "", table[i].pattern, i);
                if (!table[i].more)
                        continue;
                r = regex_compile(table[i].more, false, &p->more[i], reterr);
                if (r < 0)
                        return r;
        }
        pattern = buf_take(&all);
        if (!pattern)
                return error_oom(reterr);
        r = regex_compile(pattern, false, &p->all, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

void error_patterns_free(ErrorPatterns *p) {
        regex_freep(&p->all);
        for (size_t i = 0; i < ELEMENTSOF(p->more); i++)
                regex_freep(&p->more[i]);
        free(p);
}

int error_patterns_match(const ErrorPatterns *p, const char *text, size_t len) {
        const char *mark;
        int pattern;

        /* Where the search is given up, on a line of a megabyte perhaps, nothing is known against it. */
        if (regex_match(p->all, text, len) <= 0)
                return -ENOENT;
        mark = regex_mark(p->all);
        return mark && parse_int(mark, &pattern) >= 0 ? pattern : -ENOENT;
}

bool error_patterns_goes_on(const ErrorPatterns *p, int pattern, const char *text, size_t len) {
        return p->more[pattern] && regex_match(p->more[pattern], text, len) > 0;
}

const char *error_patterns_name(int pattern) {
        return table[pattern].name;
}
