/*
 * rules.h - severity: which rule a change meets, and why.
 *
 * A rule is a JSON object; the first rule that matches a change decides:
 *
 *	{"name": "ca-state",                 optional; shown as "config:ca-state", "entra:ca-state";
 *	                                     else by its number from 1, "config:3", "entra:12"
 *	 "category": "conditionalAccess*",   glob or list of globs (case folded); default any
 *	 "key": "...",                       glob or list of globs on the resource's key; default any
 *	 "where": {"/roleTemplateId": P},    predicates on the resource's old or new value
 *	 "near": {"/Effect": "Deny"},        predicates on what stands near the value lost or gained
 *	 "path": "/conditions/users/exclude*\/\*",
 *	 "op": "created",                    or a list; default any
 *	 "from": P, "to": P,                 predicates on the value lost, the value gained
 *	 "casefold": true,                   names in `path`, texts in where, from and to in any case
 *	 "direction": "grows",               grows | shrinks | any (default)
 *	 "severity": "high",                 info | low | medium | high | critical | ignore
 *	 "reason": "...",                    one sentence for people
 *	 "controls": ["CIS 5.2.2.1"],        what it watches (control.h), each once, at most 16
 *	 "actor_not_in": ["id"],             it raises what was judged, by who made the change: the two members
 *	 "outside": "mon-fri 08:00-18:00"}   are judged by others (drift/config/maker_rules.h), when that is known
 *
 * `path` is a pattern (pattern.h), held against every place of a change: its own and, where a whole
 * value is new, gone or replaced by one of another type, each member and element inside it.  Each
 * place is judged by its own first matching rule, and the change takes the worst of them and names
 * that rule and place; so a policy whose `grantControls` becomes null has lost "mfa" all the same,
 * and a rule that is new opens what it opens.  Of places that are judged alike the first counts, the
 * outer before the inner.  A place without a rule of its own is under that of the nearest place
 * around it; a value under none has the default.  A text that becomes an element of a list, or the
 * other way round, was there before: it is not judged.
 *
 * A step on an element of an array is its index or, where elements are matched by key, its key as
 * in a canonical path: "/settings/[id=\"Sms\"]/state".
 * The old value at a place is lost, the new one is gained.  grows: something was gained; shrinks:
 * something was lost.  null, "", [] and {} are nothing.  One text in place of another is both; of a
 * number in place of another, written as a text of digits or not, it is which is larger.  `op` is that
 * of the place or of the change.
 * `from` must hold for a lost value, `to` for a gained one; where there is none, {"exists": false} holds
 * and nothing else.
 *
 * A predicate P is a scalar (equal), a list (one of them holds), or an object
 * {"is": "on"} (off, watched, deny, allow, anybody: in every spelling, meaning.h) |
 * {"match": glob or list} | {"contains": text} | {"exists": true|false} |
 * {"not": P} | {"above": number} | {"below": number}.  A masked value is the text "[masked]" to it.
 *
 * `near`: each pointer leads to what is nearest: from the value itself, else from the object or array
 * that it is in, and so on up to the resource; a value lost is looked at where it stood, a value
 * gained where it stands.  Values that are near something else are not seen by the rule: so "in a
 * statement that denies" and "of an object whose kind is Role" can be said in lists of any shape.
 *
 * "ignore" takes out its place and nothing inside it, where its path ends in "/\**" also all inside it
 * that no earlier rule speaks about.  A change with nothing else is left out of everything.  No rule:
 * RULE_DEFAULT_SEVERITY, by "default".
 *
 * A rule that raises takes no part in which is the first: it is only noted which of them speak about a place that is not
 * taken out (struct change, raisers).
 *
 * Rules times changes is what a comparison may cost (work.h), and no more: one that was asked for is
 * refused.  A pushed snapshot is not, for that would be blindness: of their share its rules may use half of what
 * is left for each resource, so that no resource takes it from all others; and from where that is used up on,
 * changes are "unjudged", and their reason says so.  Such a one has the worst severity that a rule of those that
 * can speak about its resource gives, at least the default: whoever makes the rules cost too much hides nothing.
 * A change of which some places were judged as bad as that keeps it, and is judged partly.
 *
 * Rule packs: rule_pack.h.
 */
#ifndef BSX_DRIFT_ENGINE_RULES_H
#define BSX_DRIFT_ENGINE_RULES_H

#include "core/json/field.h"
#include "core/base/work.h"
#include "drift/engine/resource.h"

/*      id                 wire        weight in a report's score */
#define SEVERITIES(X) \
	X(SEVERITY_INFO,     "info",     0) \
	X(SEVERITY_LOW,      "low",      1) \
	X(SEVERITY_MEDIUM,   "medium",   4) \
	X(SEVERITY_HIGH,     "high",     16) \
	X(SEVERITY_CRITICAL, "critical", 64)
enum severity {
#define X(id, wire, weight) id,
	SEVERITIES(X)
#undef X
	SEVERITY__MAX,
	SEVERITY_IGNORE = SEVERITY__MAX /* of a rule only: never of a change */
};
#define RULE_DEFAULT_SEVERITY SEVERITY_MEDIUM
#define RULES_MAX             1000 /* of one config, its packs included */
#define RULES_CONDITIONS_MAX  10000 /* globs and predicates of all of them */

const char *severity_name(enum severity s);                        /* "info" .. "critical", "ignore" */
bool        severity_parse(struct str s, enum severity *out);      /* without "ignore" */
enum severity severity_worse(enum severity a, enum severity b); /* "ignore" is none */
int64_t     severity_weight(enum severity s);
/* {"info": 0, ..., "critical": 2}: how many of each; `n` NULL: none of any. */
MUST_USE bool severities_print(TALLOC_CTX *mem, const int64_t *n, struct raw_json *out, struct err *e);

enum change_op { CHANGE_CREATED, CHANGE_DELETED, CHANGE_MODIFIED, CHANGE_MOVED, CHANGE_OP__MAX };
const char *change_op_name(enum change_op op); /* "created", "deleted", "modified", "moved" */

/* Where a rule or normaliser stands, as it was written. */
struct rule_origin {
	struct str         pack;  /* n == 0: the config's own */
	uint32_t           index; /* in that list, from 0 */
	const struct json *text;
};

struct rule_pack;
struct rules; /* compiled; owns nothing of the JSON, which must outlive it */

/*
 * Compiles the config's own rules (a JSON array, or NULL), then those of its packs in order.
 * Faults (ERR_INVALID) point into the config's: "/rules/3/severity"; a fault of a pack names it.
 */
MUST_USE struct rules *rules_compile(TALLOC_CTX *mem, const struct json *config,
    const struct rule_pack *const *packs, size_t n, struct work *work, struct err *e);

/* All of them in the order of precedence: the config's, then each pack's. `rules` NULL: none. */
uint32_t                  rules_count(const struct rules *rules);
const struct rule_origin *rules_origin(const struct rules *rules, uint32_t i);
const char               *rules_name(const struct rules *rules, uint32_t i); /* as in a change */

/* The i-th rule that raises, as far as others judge it; false: there are no more.  They are checked: a list of 1 to
 * RULE_ACTORS_MAX texts, and a text or a list of 1 to RULE_WINDOWS_MAX of them; NULL: not given. */
#define RAISERS_MAX      64 /* rules that raise, of one config */
#define RULE_ACTORS_MAX  500
#define RULE_WINDOWS_MAX 20

/* The rules that can speak about one resource: category, key and `where` hold. */
struct rule;
struct matcher;
struct lookup;
struct places;
struct row;
struct rule_pick {
	const struct rule **items; /* in the order of precedence */
	size_t              n;
	struct matcher     *matcher;
	struct lookup      *lookup;
	struct places      *places; /* of their paths */
	struct row         *start;
	struct buf         *place; /* of the last verdict */
	size_t              raisers_n; /* of them, those that raise */
	bool                partly; /* they cost too much: the changes are unjudged */
	enum severity       worst;  /* that one of them gives; of all rules where they cost too much */
};
/*
 * `from`, `to`: the resource's two sides, NULL where it is not.  `rules` NULL: none.  `matcher`: of
 * all the resources of a comparison, with the budget of the request; NULL: one that counts nothing.
 */
MUST_USE bool rules_pick(TALLOC_CTX *mem, const struct rules *rules, const struct resource *from,
    const struct resource *to, struct rule_pick *out, struct matcher *matcher,
    struct err *e);

/* One change as rules see it. */
struct rule_subject {
	enum change_op     op;
	const struct str  *steps;                 /* of its path, unescaped; NULL when there are none */
	size_t             n_steps;
	const struct str  *labels;                /* of keyed elements "[id=\"x\"]", else empty; NULL: none */
	const struct json *old_value, *new_value; /* NULL: not on that side */
	const struct str  *spoken;                /* labels of long keys, without hashes; as labels */
	const struct json *const *around[2];      /* what it stands in on the old and the new side, the
						   * resource first, one for each step, of what
						   * moved the element too; NULL: unknown */
	uint32_t          *taken_out;             /* by rule, among all: places that it ignored; NULL: nobody asks */
};
#define RULE_NONE UINT32_MAX
struct rule_verdict {
	enum severity severity;
	const char   *rule;   /* "config:3", "entra:ca-state"; "default" when none matched; "unjudged" */
	const char   *reason; /* never NULL; "" when the rule gives none */
	uint32_t      index;  /* of the rule among all; RULE_NONE: none matched */
	struct str    place;  /* JSON Pointer from the change's own place to that which was judged so; "":
			       * itself.  One of more than RULE_PLACE_MAX bytes is left out. */
	const struct strings *controls; /* what the rule names; NULL: none */
	bool          partly; /* the work ended before every place was judged */
	uint64_t      raisers; /* bits of those that speak about it */
};
#define RULE_PLACE_MAX 1024
/* Strings of the verdict live as long as the rules; its place, until the next call with this pick. */
MUST_USE bool rules_classify(const struct rule_pick *pick, const struct rule_subject *s,
    struct rule_verdict *v, struct err *e);

/* As said above RAISERS_MAX. */
struct rule_raiser {
	uint64_t            bit;
	uint32_t            rule; /* among all */
	const struct json  *actor_not_in, *outside;
	struct rule_verdict says; /* where it holds */
};
bool rules_raiser(const struct rules *rules, uint32_t i, struct rule_raiser *out);

#endif
