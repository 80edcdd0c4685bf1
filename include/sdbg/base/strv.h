/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* String vectors: NULL-terminated arrays of owned strings; NULL is an empty one. */

/* Return: how many strings there are, without the NULL. */
size_t strv_length(char *const *v);

/* Frees the strings and the array; NULL is none. */
void strv_free(char **v);

/* Appends a copy of s. Return: 0, -ENOMEM (the vector is as before). */
int strv_extend(char ***v, const char *s);

/* Appends s itself, which the vector owns from then on, also on failure (then it is freed).
 * Return: 0, -ENOMEM. */
int strv_consume(char ***v, char *s);

/* Return: a deep copy that the caller frees, or NULL without memory. */
char **strv_copy(char *const *v);

/* Return: whether one of the strings is equal to s. */
bool strv_contains(char *const *v, const char *s);

/* Return: whether s has a character by which fnmatch(3) fits more than one string. */
bool is_glob(const char *s);

/* Return: whether one of the globs fits s, by fnmatch(3) without flags; an empty vector fits nothing. */
bool strv_fnmatch(char *const *globs, const char *s);

/* Takes out and frees the first string that is equal to s, where there is one, keeping the order of the others. */
void strv_remove(char **v, const char *s);

/* Joins with `separator`. Return: a string that the caller frees, or NULL without memory. */
char *strv_join(char *const *v, const char *separator);

/* The value of NAME in a vector of NAME=VALUE. Return: points into v; NULL where it is not there. */
const char *strv_env_get(char *const *v, const char *name);

/* Sets NAME=VALUE (`assignment`, which is copied), replacing an earlier value. Return: 0, -ENOMEM. */
int strv_env_set(char ***v, const char *assignment);

/* Takes the assignment of NAME out and frees it, where there is one. */
void strv_env_unset(char **v, const char *name);

/* Walks the vector, NULL too: s is a char ** to each string. */
#define STRV_FOREACH(s, v) for (typeof(*(v)) *s = (v); s && *s; s++)

DEFINE_CLEANUP_FUNC(char **, strv_free);
#define _cleanup_strv_free_ _cleanup_(strv_freep)
