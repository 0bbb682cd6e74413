/*
 * costly.h - the worst that a config and two documents may be, mechanism by mechanism: bodies of
 * POST /api/drift/compare as large as the documented limits allow, and smaller ones of the same
 * shape, to see how the cost grows.
 */
#ifndef BSX_TEST_COSTLY_H
#define BSX_TEST_COSTLY_H

#include <string.h>

#include "core/base/buf.h"
#include "drift/engine/diff.h"

/* The parts of one body, each a JSON text; `compare` and `rules` may stay empty. */
struct costly_parts {
	struct buf compare, rules, old, new;
};

/* `n`: how large; the mechanism's own measure. */
struct costly {
	const char *name, *what;
	unsigned    full; /* n at the documented limits */
	void (*make)(struct costly_parts *p, unsigned n);
};

/* ---- what they are made of ---- */

static inline void
costly_repeat(struct buf *b, const char *text, size_t times)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < times; i++)
		buf_add(b, text, n);
}

/* {"k0":1,"k1":1,...} */
static inline void
costly_members(struct buf *b, unsigned n, const char *value)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%s\"k%06u\":%s", i == 0 ? "{" : ",", i, value);
	buf_puts(b, "}");
}

/* An object of one string of n bytes, the same text again and again. */
static inline void
costly_text(struct buf *b, const char *text, size_t n)
{
	buf_puts(b, "{\"x\":\"");
	costly_repeat(b, text, n / strlen(text));
	buf_puts(b, "\"}");
}

static inline void
costly_rules(struct buf *b, unsigned n, const char *rule)
{
	buf_puts(b, "[");
	for (unsigned i = 0; i < n; i++) {
		buf_puts(b, i == 0 ? "" : ",");
		buf_puts(b, rule);
	}
	buf_puts(b, "]");
}

/* ["*aa..ab*0","*aa..ab*1",...]: globs of 250 bytes that are found nowhere in a text of a. */
static inline void
costly_globs(struct buf *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		buf_puts(b, i == 0 ? "[\"*" : ",\"*");
		costly_repeat(b, "a", 240);
		buf_printf(b, "b*%u*\"", i);
	}
	buf_puts(b, "]");
}

static inline void
costly_list(struct buf *b, unsigned n, const char *item)
{
	buf_puts(b, "[");
	for (unsigned i = 0; i < n; i++) {
		buf_puts(b, i == 0 ? "" : ",");
		buf_puts(b, item);
	}
	buf_puts(b, "]");
}

/* {"x":null} and {"x":"aaaa..."}: a text gained. */
static inline void
costly_gained(struct costly_parts *p, size_t bytes)
{
	buf_puts(&p->old, "{\"x\":null}");
	costly_text(&p->new, "a", bytes);
}

/* The normalisers, n of one kind; NULL and a text on the sides. */
static inline void
costly_normalise(struct costly_parts *p, unsigned n, const char *entry)
{
	buf_puts(&p->compare, "{\"normalise\":");
	costly_list(&p->compare, n, entry);
	buf_puts(&p->compare, "}");
	buf_puts(&p->old, "{\"x\":null}");
}

/* ---- rules ---- */

static inline void
costly_where(struct costly_parts *p, unsigned n)
{
	buf_puts(&p->rules, "[");
	for (unsigned i = 0; i < 450; i++) {
		buf_puts(&p->rules, i == 0 ? "" : ",");
		buf_puts(&p->rules, "{\"path\":\"/**\",\"severity\":\"low\",\"where\":{");
		for (unsigned j = 0; j < 10; j++)
			buf_printf(&p->rules, "%s\"/k%06u\":1", j == 0 ? "" : ",", n - 1 - j);
		buf_puts(&p->rules, ",\"/none\":1}}");
	}
	buf_puts(&p->rules, "]");
	costly_members(&p->old, n, "1");
	costly_members(&p->new, n, "1");
	p->new.p[p->new.n - 2] = '2';
}

static inline void
costly_match(struct costly_parts *p, unsigned globs, const char *rest, size_t bytes)
{
	buf_puts(&p->rules, "[{\"path\":\"/x\",\"severity\":\"low\",\"to\":{\"match\":");
	costly_globs(&p->rules, globs);
	buf_printf(&p->rules, "}%s}]", rest);
	costly_gained(p, bytes);
}

static inline void
costly_match_fold(struct costly_parts *p, unsigned n)
{
	costly_match(p, 1000, ",\"casefold\":true", n);
}

static inline void
costly_match_plain(struct costly_parts *p, unsigned n)
{
	costly_match(p, 1000, "", n);
}

/* Stars upon stars. */
static inline void
costly_match_stars(struct costly_parts *p, unsigned n)
{
	buf_puts(&p->rules, "[{\"path\":\"/x\",\"severity\":\"low\",\"to\":{\"match\":[");
	for (unsigned i = 0; i < 1000; i++) {
		buf_puts(&p->rules, i == 0 ? "\"" : ",\"");
		costly_repeat(&p->rules, "*a", 120);
		buf_printf(&p->rules, "*b%u*\"", i);
	}
	buf_puts(&p->rules, "]}}]");
	costly_gained(p, n);
}

static inline void
costly_contains(struct costly_parts *p, unsigned n)
{
	struct buf rule;

	buf_make(&rule, p->old.mem);
	buf_puts(&rule, "{\"path\":\"/x\",\"severity\":\"low\",\"casefold\":true,\"to\":{\"contains\":\"");
	costly_repeat(&rule, "A", 254);
	buf_puts(&rule, "b\"}}");
	costly_rules(&p->rules, 1000, rule.p);
	costly_gained(p, n);
}

static inline void
costly_equal(struct costly_parts *p, unsigned n)
{
	buf_puts(&p->rules, "[");
	for (unsigned i = 0; i < 9; i++) {
		buf_puts(&p->rules, i == 0 ? "" : ",");
		buf_puts(&p->rules, "{\"path\":\"/**\",\"severity\":\"low\",\"to\":[");
		for (unsigned j = 0; j < 1000; j++)
			buf_printf(&p->rules, "%s\"%u-%u\"", j == 0 ? "" : ",", i, j);
		buf_puts(&p->rules, "]}");
	}
	buf_puts(&p->rules, "]");
	costly_members(&p->old, n, "\"1-x\"");
	costly_members(&p->new, n, "\"8-y\"");
}

static inline void
costly_numbers(struct costly_parts *p, unsigned n)
{
	struct buf number, rule;

	buf_make(&number, p->old.mem);
	costly_repeat(&number, "7", 4000);
	buf_make(&rule, p->old.mem);
	buf_printf(&rule, "{\"path\":\"/**\",\"severity\":\"low\",\"to\":{\"above\":%s8}}", number.p);
	costly_rules(&p->rules, 900, rule.p);
	costly_members(&p->old, n, "0");
	buf_puts(&number, "7");
	costly_members(&p->new, n, number.p);
}

/* Rules that look everywhere inside a value that is new. */
static inline void
costly_places(struct costly_parts *p, unsigned n)
{
	costly_rules(&p->rules, 1000, "{\"path\":\"/**/z\",\"severity\":\"low\"}");
	buf_puts(&p->old, "{}");
	buf_puts(&p->new, "{\"x\":");
	costly_members(&p->new, n, "1");
	buf_puts(&p->new, "}");
}

static inline void
costly_changes(struct costly_parts *p, unsigned n)
{
	costly_rules(&p->rules, 1000, "{\"path\":\"/**/z\",\"severity\":\"low\"}");
	costly_members(&p->old, n, "1");
	costly_members(&p->new, n, "2");
}

/* Patterns with as many states alive as a pattern can have, on long names. */
static inline void
costly_states(struct costly_parts *p, unsigned n)
{
	struct buf rule;

	buf_make(&rule, p->old.mem);
	buf_puts(&rule, "{\"severity\":\"low\",\"path\":\"");
	costly_repeat(&rule, "/**/*aaaaaaaaab*", 29);
	buf_puts(&rule, "\"}");
	costly_rules(&p->rules, 1000, rule.p);
	costly_members(&p->old, n, "1");
	buf_puts(&p->new, "{");
	for (unsigned i = 0; i < n; i++) {
		buf_puts(&p->new, i == 0 ? "\"" : ",\"");
		costly_repeat(&p->new, "a", 200);
		buf_printf(&p->new, "%u\":2", i);
	}
	buf_puts(&p->new, "}");
}

/* ---- normalisers ---- */

static inline void
costly_path_entries(struct costly_parts *p, unsigned n)
{
	buf_puts(&p->compare, "{\"normalise\":[");
	for (unsigned i = 0; i < 500; i++)
		buf_printf(&p->compare, "%s{\"how\":\"ignore\",\"path\":\"/a%u/*/c\"}",
		    i == 0 ? "" : ",", i);
	buf_puts(&p->compare, "]}");
	costly_members(&p->old, n, "1");
	costly_members(&p->new, n, "1");
}

static inline void
costly_star_entries(struct costly_parts *p, unsigned n)
{
	buf_puts(&p->compare, "{\"normalise\":[");
	for (unsigned i = 0; i < 500; i++)
		buf_printf(&p->compare, "%s{\"how\":\"ignore\",\"path\":\"/**/*a%u*/c\"}",
		    i == 0 ? "" : ",", i);
	buf_puts(&p->compare, "]}");
	costly_members(&p->old, n, "1");
	costly_members(&p->new, n, "1");
}

static inline void
costly_name_entries(struct costly_parts *p, unsigned n)
{
	buf_puts(&p->compare, "{\"normalise\":[");
	for (unsigned i = 0; i < 490; i++)
		buf_printf(&p->compare,
		    "%s{\"how\":\"ignore\",\"casefold\":true,\"names\":[\"*a%u*b*\",\"*c%u*\"]}",
		    i == 0 ? "" : ",", i, i);
	buf_puts(&p->compare, "]}");
	costly_members(&p->old, n, "1");
	costly_members(&p->new, n, "1");
}

static inline void
costly_array_entries(struct costly_parts *p, unsigned n)
{
	buf_puts(&p->compare, "{\"arrays\":[");
	for (unsigned i = 0; i < 490; i++)
		buf_printf(&p->compare, "%s{\"mode\":\"set\",\"names\":[\"*a%u*b*\",\"*c%u*\"]}",
		    i == 0 ? "" : ",", i, i);
	buf_puts(&p->compare, "]}");
	costly_members(&p->old, n, "[1]");
	costly_members(&p->new, n, "[2]");
}

static inline void
costly_split(struct costly_parts *p, unsigned n)
{
	costly_normalise(p, 1, "{\"how\":\"split\",\"path\":\"/x\"}");
	buf_puts(&p->new, "{\"x\":\"");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&p->new, "%x ", i);
	buf_puts(&p->new, "\"}");
}

static inline void
costly_separators(struct costly_parts *p, unsigned n)
{
	costly_normalise(p, 500, "{\"how\":\"split\",\"path\":\"/**\"}");
	costly_text(&p->new, " ", n);
}

static inline void
costly_embedded(struct costly_parts *p, unsigned n)
{
	costly_normalise(p, 1, "{\"how\":\"embedded_json\",\"path\":\"/**\"}");
	buf_puts(&p->new, "[\"[0");
	for (unsigned i = 1; i < n; i++)
		buf_puts(&p->new, i % 1900000 == 0 ? "]\",\"[0" : ",0");
	buf_puts(&p->new, "]\"]");
}

/* Read to its end, and wrong there. */
static inline void
costly_embedded_wrong(struct costly_parts *p, unsigned n)
{
	costly_normalise(p, 500, "{\"how\":\"embedded_json\",\"path\":\"/**\"}");
	buf_puts(&p->new, "{\"x\":\"[0");
	costly_repeat(&p->new, ",0", n / 2);
	buf_puts(&p->new, "!\"}");
}

static inline void
costly_nested(struct costly_parts *p, unsigned n)
{
	costly_normalise(p, 1, "{\"how\":\"embedded_json\",\"path\":\"/**\"}");
	buf_puts(&p->new, "[");
	for (unsigned i = 0; i < n; i++)
		buf_puts(&p->new, i == 0 ? "" : ","),
		    buf_puts(&p->new, "\"[\\\"[\\\\\\\"[[[]]]\\\\\\\"]\\\"]\"");
	buf_puts(&p->new, "]");
}

static inline void
costly_casefold(struct costly_parts *p, unsigned n)
{
	costly_normalise(p, 250,
	    "{\"how\":\"casefold\",\"path\":\"/x\"},{\"how\":\"nfc\",\"path\":\"/**\"}");
	costly_text(&p->new, "\xEF\xB7\xBA", n); /* one character that becomes eighteen */
}

/* As far out of order as marks can be. */
static inline void
costly_marks(struct costly_parts *p, unsigned n)
{
	costly_normalise(p, 1, "{\"how\":\"nfc\",\"path\":\"/x\"}");
	buf_puts(&p->new, "{\"x\":\"a");
	costly_repeat(&p->new, "\xCC\x95", n / 4);
	costly_repeat(&p->new, "\xCC\x96", n / 4);
	buf_puts(&p->new, "\"}");
}

static inline void
costly_round(struct costly_parts *p, unsigned n)
{
	struct buf number;

	buf_puts(&p->compare, "{\"normalise\":[");
	for (unsigned i = 0; i < 500; i++)
		buf_printf(&p->compare, "%s{\"how\":\"round\",\"path\":\"/*\",\"digits\":%u}",
		    i == 0 ? "" : ",", 30 - i % 31);
	buf_puts(&p->compare, "]}");
	buf_puts(&p->old, "{}");
	buf_make(&number, p->old.mem);
	buf_puts(&number, "1.");
	costly_repeat(&number, "3", 4000);
	costly_members(&p->new, n, number.p);
}

static inline void
costly_mask(struct costly_parts *p, unsigned n)
{
	costly_normalise(p, 1, "{\"how\":\"mask\",\"path\":\"/**\"}");
	costly_members(&p->new, n, "1");
}

static const struct costly costly_all[] = {
	{ "where", "450 rules x 10 pointers x n members", 200000, costly_where },
	{ "match-fold", "1,000 folded globs of 250 bytes on n bytes", 15000000, costly_match_fold },
	{ "match", "1,000 globs of 250 bytes on n bytes", 15000000, costly_match_plain },
	{ "match-stars", "1,000 globs of 120 stars on n bytes", 15000000, costly_match_stars },
	{ "contains", "1,000 folded texts of 255 bytes in n bytes", 15000000, costly_contains },
	{ "equal", "9 lists of 1,000 texts on n values", 50000, costly_equal },
	{ "numbers", "900 limits of 4,000 digits on n numbers", 2500, costly_numbers },
	{ "places", "1,000 rules that look everywhere in n places", 1000000, costly_places },
	{ "changes", "1,000 rules on n changes", 400000, costly_changes },
	{ "states", "1,000 patterns of 58 steps on n names of 200 bytes", 30000, costly_states },
	{ "paths", "500 literal paths on n members", 500000, costly_path_entries },
	{ "stars", "500 paths with stars on n members", 500000, costly_star_entries },
	{ "names", "980 folded globs on n names", 500000, costly_name_entries },
	{ "arrays", "980 globs on the names of n arrays", 400000, costly_array_entries },
	{ "split", "a text of n parts", 2000000, costly_split },
	{ "separators", "500 entries on a text of n blanks", 15000000, costly_separators },
	{ "embedded", "texts that hold n values", 7000000, costly_embedded },
	{ "embedded-wrong", "500 entries on a text of n bytes that is no JSON in the end", 15000000,
	    costly_embedded_wrong },
	{ "embedded-nested", "n texts in texts in texts", 400000, costly_nested },
	{ "casefold", "500 foldings of n bytes", 15000000, costly_casefold },
	{ "marks", "one text of n bytes of marks in the wrong order", 1000000, costly_marks },
	{ "round", "500 roundings of n numbers of 4,000 digits", 3500, costly_round },
	{ "mask", "n masked numbers", 1000000, costly_mask },
};
#define COSTLY (sizeof costly_all / sizeof *costly_all)

static inline void
costly_make(TALLOC_CTX *mem, const struct costly *c, unsigned n, struct costly_parts *p)
{
	buf_make(&p->compare, mem);
	buf_make(&p->rules, mem);
	buf_make(&p->old, mem);
	buf_make(&p->new, mem);
	c->make(p, n);
}

/* The body of a request of it. */
static inline void
costly_body(TALLOC_CTX *mem, const struct costly *c, unsigned n, struct buf *out)
{
	struct costly_parts p;

	costly_make(mem, c, n, &p);
	buf_make(out, mem);
	buf_puts(out, "{\"left\":{\"value\":");
	buf_add(out, p.old.p, p.old.n);
	buf_puts(out, "},\"right\":{\"value\":");
	buf_add(out, p.new.p, p.new.n);
	buf_puts(out, "}");
	if (p.compare.n > 0) {
		buf_puts(out, ",\"compare\":");
		buf_add(out, p.compare.p, p.compare.n);
	}
	if (p.rules.n > 0) {
		buf_puts(out, ",\"rules\":");
		buf_add(out, p.rules.p, p.rules.n);
	}
	buf_puts(out, "}");
}

static inline const struct json *
costly_tree(TALLOC_CTX *mem, const struct buf *b, struct err *e)
{
	return b->n == 0 ? NULL : json_parse(mem, buf_str(b), e);
}

/* What a request does with them. */
static inline bool
costly_compare(
    TALLOC_CTX *mem, const struct costly_parts *p, struct work *work, struct err *e)
{
	static const uint8_t key[HASH_LEN] = { 7 };
	const struct json   *how = costly_tree(mem, &p->compare, e);
	const struct json   *list = costly_tree(mem, &p->rules, e);
	struct resource      a = { STR("c"), STR("k"), costly_tree(mem, &p->old, e) };
	struct resource      b = { STR("c"), STR("k"), costly_tree(mem, &p->new, e) };
	struct compare_spec *spec = NULL;
	struct rules        *rules = NULL;
	struct diff         *d = NULL;

	if (e->code == ERR_OK)
		spec = compare_compile(mem, how, NULL, 0, key, work, e);
	if (spec != NULL)
		rules = rules_compile(mem, list, NULL, 0, work, e);
	if (rules != NULL)
		d = diff_make(mem, spec, rules, work, e);
	return d != NULL && resource_normalise(mem, spec, &a, RESOURCE_SOURCE, work, e) &&
	       resource_normalise(mem, spec, &b, RESOURCE_SOURCE, work, e) &&
	       diff_resource(d, &a, &b, e);
}

#endif
