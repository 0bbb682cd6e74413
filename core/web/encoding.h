/*
 * encoding.h - which content codings a client takes (RFC 9110 section 12.5.3).
 */
#ifndef BSX_WEB_ENCODING_H
#define BSX_WEB_ENCODING_H

#include "core/base/str.h"

/*
 * The Accept-Encoding field (p == NULL: there is none) takes `coding`, by its name or by "*", with a
 * weight that is not 0.  What cannot be read as a weight takes nothing: plain bytes are always right.
 */
bool encoding_accepted(struct str field, const char *coding);

#endif
