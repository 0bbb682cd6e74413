/*
 * bsxctl_source.h - what the files of `bsxctl source` share.
 */
#ifndef BSX_TOOLS_BSXCTL_SOURCE_H
#define BSX_TOOLS_BSXCTL_SOURCE_H

#include "core/base/buf.h"

/* The members of a source pack, as mdoc(7). */
void source_man(struct buf *b);

#endif
