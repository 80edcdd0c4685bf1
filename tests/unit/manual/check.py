#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether the manual pages hold all that there is, and nothing else: the verbs and options of `sdbg help` in
sdbg(1), what others rely on in sdbg.interfaces(7), the settings in sdbg.conf(5).

usage: check.py [--write] SDBG TOP

--write puts missing verbs and options into sdbg(1), with their line of help, and takes those out that are gone."""

import pathlib
import re
import subprocess
import sys

PAGES = "packaging/man"
OPTION = re.compile(r"  (-\w, |    )(--[a-z-]+(?:\[=\S+\]| \S+)?)(?:  +(.*))?$")
GLOBAL = "--json", "-q, --quiet", "--no-color", "-h, --help"
CHOOSING = "stop"  # has all of the options that choose jobs
BASED_ON = {"run": "start"}  # takes the other's options, too


def roff(text):
    """Text as it stands in a page."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("…", "\\[u2026]")


def plain(text):
    """The reverse, without fonts."""
    text = re.sub(r"\\f[BIR]", "", text)
    return text.replace("\\[u2026]", "…").replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def tag_line(tag):
    """ "-n, --name NAME" with its fonts."""
    words = [re.sub(r"^(-[\w-]+)(,?)", r"\\fB\1\\fR\2", w) if w.startswith("-") else f"\\fI{w}\\fR" for w in tag.split()]
    words = [re.sub(r"\[=(\w+)\]$", r"[=\\fI\1\\fR]", w) for w in words]
    return " ".join(words).replace("-", "\\-")


class Help:
    """What a verb says of itself."""

    def __init__(self, sdbg, verb):
        lines = subprocess.run([sdbg, "help", verb], check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
        self.usage = lines[0].removeprefix("usage: sdbg ").strip()
        self.summary = lines[2]
        self.options = {}
        for line, after in zip(lines, [*lines[1:], ""]):
            match = OPTION.match(line)
            if match:
                tag = match[1].strip() + " " * bool(match[1].strip()) + match[2]
                self.options[tag] = match[3] or after.strip()
        for tag in GLOBAL:
            del self.options[tag]


class Page:
    """sdbg(1), taken apart: what is before the verbs, each verb's prose and options, what is behind."""

    def __init__(self, path):
        self.path = path
        text = path.read_text()
        begin, end = text.index(".SH VERBS\n"), text.index(".SH CHOOSING JOBS\n")
        self.before, self.behind = text[:begin], text[end:]
        self.intro, *sections = re.split(r"(?m)^(?=\.SS )", text[begin:end])
        self.sections = {}
        for section in sections:
            head, *entries = re.split(r"(?m)^\.TP\n", section)
            title, _, prose = head.partition("\n")
            usage = plain(title.removeprefix(".SS ").strip('"'))
            self.sections[usage.split()[0]] = [usage, prose, dict(map(self.entry, entries))]

    @staticmethod
    def entry(text):
        tag, _, description = text.partition("\n")
        return plain(tag), description

    def write(self):
        parts = [self.before, self.intro]
        for usage, prose, entries in self.sections.values():
            parts.append(f'.SS "{roff(usage)}"\n{prose}')
            parts += [f".TP\n{tag_line(tag)}\n{description}" for tag, description in entries.items()]
        self.path.write_text("".join(parts) + self.behind)


def verbs(sdbg):
    text = subprocess.run([sdbg, "help"], check=True, text=True, stdout=subprocess.PIPE).stdout
    return re.findall(r"(?m)^  ([a-z-]+) +\S", text.partition("Verbs:\n")[2].partition("\n\n")[0])


def sentence(text):
    return roff(text[0].upper() + text[1:]) + ".\n"


def check_options(sdbg, page, write):
    helps = {verb: Help(sdbg, verb) for verb in verbs(sdbg)}
    choosing = helps[CHOOSING].options
    choosing = {tag: text for tag, text in choosing.items() if helps["pause"].options.get(tag) == text}
    for tag in choosing:
        if tag_line(tag) not in page.behind:
            yield f"sdbg.1: {tag} is not under CHOOSING JOBS"
    if write:
        page.sections = {verb: page.sections.get(verb) or ["", sentence(shown.summary.removesuffix(".")), {}]
                         for verb, shown in helps.items()}
    for verb in page.sections.keys() - helps.keys():
        yield f"sdbg.1: there is no verb {verb}"
    for verb, shown in helps.items():
        if verb not in page.sections:
            yield f"sdbg.1: verb {verb} has no section"
            continue
        section = page.sections[verb]
        based = helps[BASED_ON[verb]].options if verb in BASED_ON else {}
        own = {tag: text for tag, text in shown.options.items()
               if choosing.get(tag) != text and based.get(tag) != text}
        if write:
            section[0] = shown.usage
            section[2] = {tag: section[2].get(tag, sentence(text)) for tag, text in own.items()}
        if section[0] != shown.usage:
            yield f"sdbg.1: {verb}: the usage is '{shown.usage}'"
        for tag in own.keys() - section[2].keys():
            yield f"sdbg.1: {verb}: {tag} is missing"
        for tag in section[2].keys() - own.keys():
            yield f"sdbg.1: {verb}: there is no {tag}"


# What stands in the sources as data and in a page: the page, the file, and what finds each of them there.
INTERFACES = (
    ("sdbg.interfaces.7", "src/wire/entry.c", r'"(SDBG(?:_[A-Z]+)?)"'),
    ("sdbg.interfaces.7", "src/wire/entry.c", r'\[RECORD_[A-Z]+\] = \{ "([a-z]+)"'),
    ("sdbg.interfaces.7", "src/wire/entry.c", r'"([0-9a-f]{32})"'),
    ("sdbg.interfaces.7", "src/job/job.c", r'FIELD(?:_ENUM)?\("(\w+)"'),
    ("sdbg.interfaces.7", "src/job/job.c", r'\[(?:JOB|RESULT)_[A-Z_]+\] = "([a-z-]+)"'),
    ("sdbg.interfaces.7", "include/sdbg/base/error.h", r'#define ERROR_\w+ "([a-z-]+)"'),
    ("sdbg.conf.5", "packaging/sdbg.conf", r"(?m)^#?(\[?[A-Z]\w+(?:=|\]))"),
)


def check_interfaces(top):
    for page, source, pattern in INTERFACES:
        text = plain((top / PAGES / page).read_text())
        names = set(re.findall(pattern, (top / source).read_text()))
        if not names:
            yield f"{source}: nothing fits {pattern}"
        for name in sorted(names):
            if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])" if name[-1] not in "=]" else re.escape(name), text):
                yield f"{page}: '{name}' of {source} is missing"


def main():
    write = "--write" in sys.argv
    sdbg, top = [word for word in sys.argv[1:] if word != "--write"]
    top = pathlib.Path(top)
    page = Page(top / PAGES / "sdbg.1")
    faults = [*check_options(sdbg, page, write), *check_interfaces(top)]
    if write:
        page.write()
    for fault in faults:
        print(fault)
    if faults:
        print(f"'{sys.argv[0]} --write {sdbg} {top}' mends options; the rest is to be written")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
