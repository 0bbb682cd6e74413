/*
 * rule_pack.h - a rule pack: what somebody knows of one kind of configuration.
 *
 * A pack is a JSON text, and in an installation the file NAME.json of the rules folder:
 *
 *	{"name": "kubernetes",          1..64 of [a-z0-9_-], that of the file
 *	 "description": "...",          what it is for
 *	 "includes": ["generic"],       packs it builds on: they follow it, each once however often
 *	                                and wherever it is named; a circle is refused where packs are loaded
 *	 "suits": [S, ...],             by what its kind of configuration is known (below)
 *	 "compare": {...},              as of a drift config (compare.h); an entry may say "edition": 2
 *	 "rules": [R, ...]}             as of a drift config (rules.h)
 *
 * What is not one of these members is refused by its name.
 *
 * A sign S speaks about one resource, and holds when all it names does:
 *
 *	{"category": "clusterRoles*",           glob or list of globs (case folded)
 *	 "where": {"/kind": P, "/apiVersion": P},   JSON Pointers into the resource, each with a predicate
 *	                                        (rules.h); {"exists": true}: there is such a member
 *	 "path": "/bindings/\*\/role",           somewhere in it this path pattern (pattern.h) is met ...
 *	 "value": {"match": "roles/\*"}}        ... by a value for which this predicate holds; default any
 *
 * It names at least one of category, where and path.  A pack suits a resource when one of its signs
 * holds; it is suggested to a config that has none by the resources of its first snapshot.
 */
#ifndef BSX_DRIFT_ENGINE_RULE_PACK_H
#define BSX_DRIFT_ENGINE_RULE_PACK_H

#include "core/json/field.h"
#include "drift/engine/rules.h"

#define PACK_NAME_MAX     64
#define PACK_INCLUDES_MAX 16
#define PACK_SIGNS_MAX    20
#define PACK_SIGN_GLOBS   1000 /* globs and predicates of all signs of a pack */

/* A parsed rule pack.  The text it came from must outlive it. */
struct rule_pack {
	struct str         name;
	const struct json *compare;  /* NULL: none */
	const struct json *rules;    /* NULL: none */
	struct strings     includes; /* names, as they stand in the text */
	struct pack_sign  *signs;
	uint32_t           n_signs;
};
/* ERR_INVALID with a fault that points into the text; what stands in compare and rules is looked at
 * where they are compiled. */
MUST_USE struct rule_pack *rule_pack_parse(TALLOC_CTX *mem, struct str text, struct err *e);

bool rule_pack_name_ok(struct str name);

/* Does one of its signs hold for the resource?  Costs WORK_RULES of the matcher's work. */
MUST_USE bool rule_pack_suits(const struct rule_pack *pack, const struct resource *r,
    struct matcher *m, bool *yes, struct err *e);

#endif
