/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* Keys by the names that tmux and Emacs users write: "C-c", "M-x", "Enter", "Up", "F5", "S-Tab", "C-Left",
 * and any single character. */
typedef enum KeyCode {
        KEY_CHARACTER, /* Key.character */
        KEY_ENTER,
        KEY_TAB,
        KEY_BACKSPACE,
        KEY_ESCAPE,
        KEY_UP,
        KEY_DOWN,
        KEY_LEFT,
        KEY_RIGHT,
        KEY_INSERT,
        KEY_DELETE,
        KEY_HOME,
        KEY_END,
        KEY_PAGE_UP,
        KEY_PAGE_DOWN,
        KEY_FUNCTION, /* Key.number */
} KeyCode;

enum { KEY_SHIFT = 1, KEY_META = 2, KEY_CONTROL = 4 };

typedef struct Key {
        KeyCode code;
        unsigned modifiers;
        uint32_t character;
        unsigned number; /* 1 for F1 */
} Key;

/* Return: 0; -EINVAL where it is no key's name. */
int key_from_string(const char *name, Key *ret);

/* Return: a name of a key that is near to what was written, in static memory; NULL where none is. */
const char *key_near(const char *name);

/* The byte that a terminal sends for it whatever its mode: for C-a to C-_, Enter, Tab, Esc, Backspace and
 * characters of ASCII without other modifiers.
 * Return: the byte; -EINVAL where there is no such one. */
int key_to_byte(const Key *k);

/* Reads keys in the form of --detach-keys: "C-b", or "ctrl-p,ctrl-q" as docker has it; at most `max` bytes.
 * Return: how many bytes; -EINVAL. */
int keys_to_bytes(const char *text, char *ret, size_t max);
