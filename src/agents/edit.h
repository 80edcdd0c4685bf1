/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* Edits of a configuration as text: what is not touched stays to the byte. Texts are NUL-terminated; *ret is
 * the caller's to free. */

/* JSON, also with comments and commas at the end as VS Code writes it. An entry is the member `key` of the root's
 * member `section`, both plain words; `value` is JSON on one line.
 * Return: 1; 0 where it is there (add) or is not (remove, has); -EBADMSG for what is no JSON, or where the root
 * or the section is no object; -ENOMEM. */
int json_entry_has(const char *text, const char *section, const char *key);
int json_entry_add(const char *text, const char *section, const char *key, const char *value, char **ret);
int json_entry_remove(const char *text, const char *section, const char *key, char **ret);

/* TOML: the entry is the table [section.key]; `body` is its lines, each with a newline.
 * Return: as above; -EBADMSG where a string or bracket has no end; -EEXIST where the section is no table of
 * tables to which one can be added (it is written `section = { … }`). */
int toml_entry_has(const char *text, const char *section, const char *key);
int toml_entry_add(const char *text, const char *section, const char *key, const char *body, char **ret);
int toml_entry_remove(const char *text, const char *section, const char *key, char **ret);
