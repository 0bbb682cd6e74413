/*
 * outline.h - where in a JSON text a value stands, found without reading what is in it.
 *
 * What is found is the value only if the rest of the text, with another value in its place, is JSON, and the value itself
 * is: neither is looked at here.  Several times as fast as the reader, and nothing is made.
 */
#ifndef BSX_DRIFT_SOURCE_OUTLINE_H
#define BSX_DRIFT_SOURCE_OUTLINE_H

#include "core/base/str.h"

/* By a JSON Pointer of members alone, none of which is escaped.  False: it is not there, or not to be found so. */
bool outline_find(struct str text, struct str pointer, struct str *value);

#endif
