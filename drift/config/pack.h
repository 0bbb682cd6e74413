/*
 * pack.h - the installation's rule packs: files NAME.json of the rules folder (rule_pack.h).
 *
 * Packs may be stacked: behind a pack come those that it includes, and what they include.  However
 * often a pack is named it counts once, and behind every pack that includes it, also where a config
 * names it before them: who builds on a pack knows better.
 */
#ifndef BSX_DRIFT_CONFIG_PACK_H
#define BSX_DRIFT_CONFIG_PACK_H

#include "drift/engine/rule_pack.h"

#define PACKS_MAX     16 /* that a config names */
#define PACKS_ALL_MAX 64 /* with those that they include; and in an installation */
#define PACK_FILE_MAX (4 << 20)

struct packs {
	const struct rule_pack **items;
	size_t                   n;
};

/*
 * Reads and parses the named packs, and those that they include, in the order of precedence.  A name
 * that is unknown, and packs that include each other in a circle, are a fault at "/rule_packs/N" (of
 * the name that led there); a pack that is broken is ERR_INTERNAL.
 */
MUST_USE bool packs_load(TALLOC_CTX *mem, const char *dir, const struct strings *names,
    struct packs *out, struct err *e);

/* Every pack of the installation by itself, in the order of the names.  One that is broken is left out. */
MUST_USE bool packs_all(TALLOC_CTX *mem, const char *dir, struct packs *out, struct err *e);

#endif
