/*
 * pack.h - the installation's rule packs: files NAME.json of the rules folder.
 */
#ifndef BSX_DRIFT_CONFIG_PACK_H
#define BSX_DRIFT_CONFIG_PACK_H

#include "core/json/field.h"
#include "drift/engine/rules.h"

#define PACKS_MAX     16
#define PACK_FILE_MAX (4 << 20)

/* Reads and parses the named packs.  An unknown name is a fault at "/rule_packs/N". */
MUST_USE bool packs_load(TALLOC_CTX *mem, const char *dir, const struct strings *names,
    const struct rule_pack ***packs, struct err *e);

#endif
