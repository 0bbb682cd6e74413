/*
 * compare.h - how values are compared: array modes and normalisers, compiled.
 *
 * The source is the `compare` member of a drift config (and of rule packs):
 *
 *	{"arrays":    [{"path": "/ipRanges", "category"?: "named*", "mode": "keyed",
 *	                "keys": ["@odata.type", "cidrAddress"]}],
 *	 "normalise": [{"how": "ignore", "path": "/modifiedDateTime", "category"?: "..."},
 *	               {"how": "ignore", "names": ["@odata.*"], "except": ["@odata.type"]},
 *	               {"how": "ignore", "names": ["uptime", "etag"], "scalars": true},
 *	               {"how": "mask",   "names": ["password"], "casefold": true}]}
 *
 * An entry names places either by `path` (pattern.h) or by `names`: globs on
 * the member name at any depth, `except` taking names out again.  `category` is
 * a glob or a list of globs, case folded; default any.  The config's entries
 * come before its packs'; of array entries the first match decides, of
 * normalisers all that match apply (an ignored value is gone before others).
 *
 * Array modes: COMPARE_AUTO is the default.
 *   auto      by the first identity (identity.h) that is in all elements of both sides and unique on
 *             each; where none is, what is equal goes, then each object is known by the first identity
 *             that it has and that stands at most once on each side among what is left, then what is
 *             left is paired by likeness (likeness.h), and what is left after that counts
 *   set       multiset with repeats folded
 *   multiset  order does not count, repeats do: the value is the identity
 *   paired    what is equal goes, what is left is paired by likeness
 *   list      order counts: what is not in a longest common subsequence of equal elements is
 *             deleted or created (past a bound on the work: in some common subsequence)
 *   keyed     as auto, with one identity: the members `keys` (one or several), each a name or a JSON
 *             Pointer into the element
 *   ordered   as auto (with `keys`: as keyed), and the order counts: what stands elsewhere among the
 *             elements that have a partner has moved; of equal elements those are partners that stay
 *             where they are, so that as few as may be have
 * In the first edition auto and keyed know an element only if all are known by the same members
 * (auto: strings and integers), else they are as multiset.
 *
 * Always masked, where the config does not `unmask` it: strings that are secrets by their name, by the
 * name beside them ({"name": "API_TOKEN", "value": ...}; `key` for `name`) or by their content, of a
 * content the part that is one (secret.h); in lists by name too; `data` and `stringData` of a Kubernetes
 * Secret, also in the text of kubectl.kubernetes.io/last-applied-configuration, which is read as JSON.
 * Numbers, booleans and what lies below an object of such a name are settings and stay
 * ({"password": {"minLength": 12}}), and so do texts that say there is no secret ("none", "required").
 * Edition 1: all scalars of members named password, secret, secretText, clientSecret, client_secret,
 * privateKey, private_key, connectionString, accessToken, refreshToken (case folded), and below them.
 * null stays null everywhere.
 *
 * Strings that are instants (RFC 3339) are equal where the instant is, when a config says
 * "instants": true, or nothing from the second edition on: 2026-01-01T00:00:00Z is
 * 2026-01-01T01:00:00.000+01:00.  What is stored and shown stays as it came.
 *
 * Normalisers:
 *   ignore           the value is left out; with `scalars` only where it is no object and no array: where
 *                    names are free, a rule or a client called "counters" is not what a counter is
 *   mask             scalars are replaced by their HMAC (resource.h): by `path` all at and below the place;
 *                    by `names` strings, and strings in a list (edition 1: as by path)
 *   unmask           what is always masked, or masked by an entry, is left readable at this place: of a
 *                    list its scalars and lists too, of an object nothing below it; not for packs
 *   empty_is_absent  null, "", [] and {} are left out
 *   casefold         strings as Unicode NFKC_Casefold, nfc: as Unicode NFC; that does not fit
 *                    where more than 30 combining marks follow one another, nor a text of more than
 *                    16,777,216 characters when they are taken apart
 *   split            a string becomes the list of its different parts ("separator", default a
 *                    space): a set inside a string
 *   embedded_json    a string that holds a JSON object or array becomes that
 *   round            numbers to "digits" behind the point (half away from zero), or with "seconds"
 *                    RFC 3339 times cut to a multiple of that many seconds, in UTC
 *   as_array         a value that is no array becomes the list of it; null stays null, and so do
 *                    the elements of arrays
 *   cidr             an address or range of addresses becomes a range without bits beyond its
 *                    prefix: 10.1.2.3/8 is 10.0.0.0/8, 10.0.0.1 is 10.0.0.1/32, 2001:DB8::/32 is
 *                    2001:db8::/32
 *   quantity         1000m, 1Gi, 1e3 become the number: 1Gi is 1024Mi (Kubernetes; exact)
 *   duration         PT60M, 60m and 01:00:00 become PT1H; days are 24 hours, weeks seven days
 *   eol              CR LF, and CR alone, become LF
 *   url_decoded      %XX becomes that byte, until there is none (%2541 is A); + stays +
 *   boolean_text     "true", "yes", "on" become true, "false", "no", "off" false, in any case
 * The forms that these take, and what looks like one and is not, are in spelling.h.
 * A value a normaliser does not fit stays as it is.  They are applied in the order of the entries,
 * again while one changes what another left; of two that cut times the first counts.  An element
 * of an array that is ignored (or empty) by its index has null in its place, so that those behind
 * it keep theirs; `*` and `**` leave elements out.  The path "" is the resource itself, which is there
 * whatever is in it: ignored, or empty where that is as good as absent, it is null (in edition 1 it stays
 * as it is); what leads there by `**` is about what is in it.
 */
#ifndef BSX_DRIFT_ENGINE_COMPARE_H
#define BSX_DRIFT_ENGINE_COMPARE_H

#include "core/json/field.h"
#include "core/base/hash.h"
#include "drift/engine/rules.h"

/*      id                 wire */
#define COMPARE_MODES(X) \
	X(COMPARE_AUTO,     "auto") \
	X(COMPARE_SET,      "set") \
	X(COMPARE_MULTISET, "multiset") \
	X(COMPARE_LIST,     "list") \
	X(COMPARE_KEYED,    "keyed") \
	X(COMPARE_PAIRED,   "paired") \
	X(COMPARE_ORDERED,  "ordered")
enum compare_mode {
#define X(id, wire) id,
	COMPARE_MODES(X)
#undef X
	COMPARE_MODE__MAX
};

/*      id                         wire */
#define NORMALISERS(X) \
	X(NORMALISE_IGNORE,          "ignore") \
	X(NORMALISE_MASK,            "mask") \
	X(NORMALISE_EMPTY_IS_ABSENT, "empty_is_absent") \
	X(NORMALISE_CASEFOLD,        "casefold") \
	X(NORMALISE_NFC,             "nfc") \
	X(NORMALISE_SPLIT,           "split") \
	X(NORMALISE_EMBEDDED_JSON,   "embedded_json") \
	X(NORMALISE_ROUND,           "round") \
	X(NORMALISE_AS_ARRAY,        "as_array") \
	X(NORMALISE_CIDR,            "cidr") \
	X(NORMALISE_QUANTITY,        "quantity") \
	X(NORMALISE_DURATION,        "duration") \
	X(NORMALISE_EOL,             "eol") \
	X(NORMALISE_URL_DECODED,     "url_decoded") \
	X(NORMALISE_BOOLEAN_TEXT,    "boolean_text") \
	X(NORMALISE_UNMASK,          "unmask")
enum normaliser {
#define X(id, wire) id,
	NORMALISERS(X)
#undef X
	NORMALISER__MAX
};

#define COMPARE_ENTRIES_MAX 500 /* arrays or normalisers of one config, its packs included */
#define COMPARE_KEYS_MAX    8   /* members of a composite key */
#define COMPARE_GLOBS_MAX   1000 /* on names and categories, of all entries together */

/*
 * The edition of what this header says: how arrays are matched, what is always masked, and what paths
 * and fingerprints are made of.  Findings and decisions are known by fingerprints, so a config keeps
 * the edition that they were made under until they are taken over to the next (struct drift_config).
 * An entry of a pack may say "edition": N; it is left out of comparisons under an earlier one.
 */
enum compare_edition { COMPARE_EDITION_1 = 1, COMPARE_EDITION_2 = 2 };
#define COMPARE_EDITION COMPARE_EDITION_2 /* of configs that are made now */

struct compare_spec; /* compiled; the JSON it came from must outlive it */

/* What a spec is made of. */
struct compare_terms {
	const struct json             *config; /* its `compare` object; NULL: none */
	const struct rule_pack *const *packs;
	size_t                         packs_n;
	const uint8_t                 *key; /* HASH_LEN bytes: the tenant's content key */
	enum compare_edition           edition;
	bool                           masks_only; /* of the entries, those alone that mask or unmask */
	bool                           instants; /* what `instants` is when the config says nothing */
};

/*
 * Compiles the config's `compare` object and those of its packs.
 * Masks, fingerprints, value hashes and element hashes are HMAC-SHA-256 under subkeys of the content
 * key; it is copied and wiped with the spec.
 * Faults (ERR_INVALID) point into the config's: "/compare/arrays/0/mode".
 */
MUST_USE struct compare_spec *compare_compile_terms(
    TALLOC_CTX *mem, const struct compare_terms *terms, struct work *work, struct err *e);
/* The same under the edition of now, and instants are texts like others where `config` says nothing. */
MUST_USE struct compare_spec *compare_compile(TALLOC_CTX *mem, const struct json *config,
    const struct rule_pack *const *packs, size_t n, const uint8_t key[static HASH_LEN],
    struct work *work, struct err *e);

/*
 * Whose it is: a config's id.  What elements with masked values are called in paths, and with it the
 * fingerprints of changes there, is of that owner only.  Not said: of nobody.
 */
#define COMPARE_OWNER_LEN 16
void compare_bind(struct compare_spec *spec, const uint8_t owner[static COMPARE_OWNER_LEN]);

/* Is this place of a resource masked, whatever its content?  By its steps, unescaped; category "": of
 * any. */
bool compare_masks(
    const struct compare_spec *spec, struct str category, const struct str *steps, uint32_t n);

/*
 * The normalisers in their order, the config's, then its packs'; what is always masked is not among
 * them.
 */
uint32_t                  compare_count(const struct compare_spec *spec);
const struct rule_origin *compare_origin(const struct compare_spec *spec, uint32_t i);

/*
 * How often each of them has met its place in resource_normalise since the last clear, in the order
 * of compare_origin: a tally of whoever uses the spec at the time.  A member that an `ignore` left
 * out is not looked into: what else speaks about places inside it meets nothing.
 */
void compare_hits_clear(const struct compare_spec *spec);
/* As they are now, owned by `mem`. */
MUST_USE uint32_t *compare_hits_copy(
    TALLOC_CTX *mem, const struct compare_spec *spec, struct err *e);

#endif
