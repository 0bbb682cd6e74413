/*
 * collect_recall.h - what a run knows before it has read anything, and what is known after it (recalls.h).  For
 * collect_run.c and collect_write.c alone.
 */
#ifndef BSX_DRIFT_COLLECT_COLLECT_RECALL_H
#define BSX_DRIFT_COLLECT_COLLECT_RECALL_H

#include "drift/collect/collect_run.h"

/* Where its source can tell: looks for what is known under the terms of this run. */
void collect_recall_begin(struct collect_run *r, int64_t now_ms);
/* It came to this under this spec: `head` NULL: that is not known. */
void collect_recall_learn(
    struct collect_run *r, const struct drift_spec *spec, const struct snapshot_head *head);
/* What it came to before; NULL: under another spec. */
const struct snapshot_head *collect_recall_head(
    const struct collect_run *r, const struct drift_spec *spec);
/* The run is over: what is known of the config is there for the next one. */
void collect_recall_end(struct collect_run *r);

/* Of a process that is forked to write: what it learns is told to its parent.  Where there is no room nothing is. */
void collect_recall_share(struct collect_run *r);
void collect_recall_hear(struct collect_run *r);

#endif
