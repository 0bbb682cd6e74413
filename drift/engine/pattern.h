/*
 * pattern.h - path patterns.  No backtracking that input could blow up.
 *
 * A path pattern is a JSON Pointer (RFC 6901) of steps: a step is a
 * glob on one member name or array index, `*` is any one step, `**` any number
 * of steps, none included.  "" is the value itself.  At most PATTERN_STEPS_MAX.
 * A step {GLOB,GLOB,...} of two or more is one of them: "/login/{*mfa*,*2fa*}".
 */
#ifndef BSX_DRIFT_ENGINE_PATTERN_H
#define BSX_DRIFT_ENGINE_PATTERN_H

#include "drift/engine/glob.h"

#define PATTERN_STEPS_MAX 60
#define PATTERN_TEXT_MAX  1024 /* bytes of a path pattern */

struct pattern {
	struct glob *steps;
	uint64_t      any;     /* bit i: step i is `**` */
	struct globs *choices; /* by step, n == 0: it has none; NULL: no step has */
	uint32_t     n;
};
/* `text` is a JSON Pointer whose steps are globs.  A fault is added at `pointer`. */
MUST_USE bool pattern_compile(TALLOC_CTX *mem, struct str text, const char *pointer,
    struct pattern *out, struct err *e);

/* Names match in upper and lower case (ASCII) from now on. */
void pattern_fold(struct pattern *p);

/*
 * Walking: a set of states, one bit a step.  Start with pattern_start, go down by pattern_step;
 * the place is matched when pattern_done, and nothing below can match when the set is 0.
 */
uint64_t pattern_start(const struct pattern *p);
uint64_t pattern_step(const struct pattern *p, uint64_t states, struct str name);
/* The same, and adds to *steps what it was worth (work.h). */
uint64_t pattern_step_counted(
    const struct pattern *p, uint64_t states, struct str name, uint64_t *steps);
bool     pattern_done(const struct pattern *p, uint64_t states);

#endif
