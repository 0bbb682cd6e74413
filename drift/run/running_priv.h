/*
 * running_priv.h - what the files of running.h share.
 */
#ifndef BSX_DRIFT_RUN_RUNNING_PRIV_H
#define BSX_DRIFT_RUN_RUNNING_PRIV_H

#include "drift/run/running.h"

/* When the config of a run that is over is due next: what has come meanwhile at once, after failures later. */
instant running_next(const struct running *r, instant now);

/* Why it came to nothing, or waits: for people, bounded. */
MUST_USE bool running_say(TALLOC_CTX *mem, const struct run_failure *f, struct run *run, struct err *e);

/* `to` reads what `more` does, too; the text is a child of `mem`. */
MUST_USE bool running_widen(TALLOC_CTX *mem, struct run *to, const struct run *more, struct err *e);

/* r->more and r->heir: what is live of the config and not this run itself; the rows outlive `r`. */
void running_look_behind(struct running *r, struct run *live, size_t n);

#endif
