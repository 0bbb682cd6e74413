/*
 * automaton.h - a list of globs compiled to one automaton: held against a text in one pass, however
 * many they are.  For matcher.c only.
 *
 * The pieces between the stars of all globs are one automaton (Aho and Corasick, Efficient string
 * matching, 1975).  Each glob waits for its next piece behind the one before, and takes the first
 * that comes: so a pass takes a step for each byte, one for each piece that a glob gets, and one for
 * each piece that ends at a byte and is looked at.
 */
#ifndef BSX_DRIFT_ENGINE_AUTOMATON_H
#define BSX_DRIFT_ENGINE_AUTOMATON_H

#include "core/base/work.h"
#include "drift/engine/glob.h"

struct automaton;

/* Bytes between the first and the last stars of all of them: what making it costs. */
size_t automaton_size(const struct globs *g);

/* `g` must outlive it.  *bytes: what it takes of memory. */
MUST_USE struct automaton *automaton_make(
    TALLOC_CTX *mem, const struct globs *g, size_t *bytes, struct err *e);
/* Does one of them match?  What it takes is spent.  Not to be called from two threads. */
MUST_USE bool automaton_match(struct automaton *a, struct str s, struct work *work,
    enum work_kind kind, bool *yes, struct err *e);

#endif
