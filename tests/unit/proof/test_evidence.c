/* Audit paths in trees of every size, and evidence that was signed, changed, or put together of
 * what does not belong together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/proof/evidence.h"
#include "core/proof/line.h"
#include "core/proof/path.h"
#include "tests/unit/mem.h"

/* ---- paths ---- */

#define LEAVES 130

static struct tree_nodes nodes[LEAVES + 1];
static uint8_t           roots[LEAVES + 1][HASH_LEN];

static void
grow(void)
{
	struct tree t = { 0 };

	for (size_t i = 1; i <= LEAVES; i++) {
		uint8_t leaf[HASH_LEN];

		hash_sha256(&i, sizeof(i), leaf);
		tree_add(&t, leaf, &nodes[i]);
		tree_root(&t, roots[i]);
	}
}

static bool
node_of(void *asked, uint64_t end, size_t level, uint8_t out[static HASH_LEN], struct err *e)
{
	(void)e;
	assert_in_range(end, 1, LEAVES);
	assert_true(level < nodes[end].n);
	(*(size_t *)asked)++;
	memcpy(out, nodes[end].hash[level], HASH_LEN);
	return true;
}

static bool
leads(uint64_t leaf, uint64_t seq, uint64_t size, const struct tree_path *p)
{
	uint8_t root[HASH_LEN];

	return tree_path_root(nodes[leaf].hash[0], seq, size, p, root) &&
	       memcmp(root, roots[size], HASH_LEN) == 0;
}

static void
each_leaf_of_each_tree_has_a_path_to_its_root_and_to_no_other(void **state)
{
	struct err e = { 0 };

	(void)state;
	grow();
	for (uint64_t size = 1; size <= LEAVES; size++)
		for (uint64_t seq = 1; seq <= size; seq++) {
			struct tree_path p, other;
			size_t           asked = 0;

			assert_true(tree_path_make(seq, size, node_of, &asked, &p, &e));
			assert_true(asked <= 2 * 8);
			assert_true(leads(seq, seq, size, &p));
			for (uint64_t x = 1; x <= size; x++)
				assert_int_equal(
				    leads(x, seq, size, &p) || leads(seq, x, size, &p), x == seq);
			if (size < LEAVES)
				assert_false(leads(seq, seq, size + 1, &p));
			other = p;
			other.n++;
			memcpy(other.hash[p.n], roots[1], HASH_LEN);
			assert_false(leads(seq, seq, size, &other));
			if (p.n > 0) {
				other.n = p.n - 1;
				assert_false(leads(seq, seq, size, &other));
			}
		}
	assert_false(leads(1, 0, 1, &(struct tree_path) { 0 }));
	assert_false(leads(1, 2, 1, &(struct tree_path) { 0 }));
}

/* ---- evidence ---- */

#define TENANT  "00000000-0000-0000-0000-0000000000aa"
#define OTHER   "00000000-0000-0000-0000-0000000000bb"
#define ENTRIES 5
#define COVERED 4

static const uint8_t   seed[ED25519_KEY_LEN] = { 1, 2, 3 }, other_seed[ED25519_KEY_LEN] = { 9 };
static char           *entry[ENTRIES + 1], *path[COVERED + 1];
static struct tree     tree;
static struct note_key key;

static char *
entry_of(uint64_t seq)
{
	return talloc_asprintf(mem,
	    "{\"seq\":%d,\"id\":\"00000000-0000-0000-0000-%012d\",\"at\":\"2026-01-01T00:00:00."
	    "000Z\","
	    "\"action\":\"alert.update\",\"outcome\":\"success\",\"actor_kind\":\"user\",\"actor_"
	    "id\":null,"
	    "\"actor_name\":\"ada@example.com\",\"acting_tenant\":null,\"target_kind\":\"alert\","
	    "\"target_id\":\"x\",\"address\":\"192.0.2.1\",\"user_agent\":\"\",\"request_id\":"
	    "\"r\","
	    "\"details\":{\"n\":%d},\"prev_mac\":\"%064d\",\"mac\":\"%064d\",\"salt\":\"%032d\"}",
	    (int)seq, (int)seq, (int)seq, (int)seq - 1, (int)seq, (int)seq);
}

static int
make_all(void **state)
{
	struct err e = { 0 };

	assert_int_equal(make_mem(state), 0);
	for (uint64_t seq = 1; seq <= ENTRIES; seq++) {
		struct proof_line l;
		uint8_t           leaf[HASH_LEN];

		entry[seq] = entry_of(seq);
		proof_line_read(mem, str_of(entry[seq]), &l);
		assert_int_equal(l.kind, PROOF_ENTRY);
		assert_true(proof_leaf(mem, &l.entry, leaf, &e));
		if (seq <= COVERED)
			tree_add(&tree, leaf, &nodes[seq]);
	}
	for (uint64_t seq = 1; seq <= COVERED; seq++) {
		struct tree_path p;
		size_t           asked = 0;
		char             hex[2 * HASH_LEN + 1];

		assert_true(tree_path_make(seq, COVERED, node_of, &asked, &p, &e));
		path[seq] = talloc_strdup(mem, "{\"path\":[");
		for (size_t i = 0; i < p.n; i++) {
			hex_print(p.hash[i], HASH_LEN, hex);
			path[seq] =
			    talloc_asprintf(mem, "%s%s\"%s\"", path[seq], i == 0 ? "" : ",", hex);
		}
		path[seq] = talloc_asprintf(mem, "%s]}", path[seq]);
	}
	assert_true(ed25519_public(seed, key.key, &e));
	return 0;
}

static char *
point_of(const char *tenant, const uint8_t *by)
{
	struct checkpoint c = { .size = COVERED, .at_ms = 1780000000000, .chains = 1 };
	struct err        e = { 0 };
	struct buf        b;

	(void)snprintf(c.origin, sizeof(c.origin), "blindspotx.audit/%s/1", tenant);
	tree_root(&tree, c.root);
	buf_make(&b, mem);
	buf_puts(&b, "{\"checkpoint\":");
	buf_json(&b, str_of(note_sign(mem, &c, by, &e)));
	buf_putc(&b, '}');
	return buf_text(&b, &e);
}

static struct str
signed_file(const char *name, const char *const *lines, const uint8_t *by)
{
	struct err e = { 0 };
	struct buf b;
	char      *note;

	buf_make(&b, mem);
	buf_printf(&b, "%s\n", name);
	for (; *lines != NULL; lines++)
		buf_printf(&b, "%s\n", *lines);
	note = note_sign_text(mem, buf_str(&b), by, &e);
	assert_non_null(note);
	return str_of(note);
}

static struct evidence_verdict
verdict_of(struct str file)
{
	struct evidence_verdict v;
	struct err              e = { 0 };

	assert_true(evidence_check(mem, file, &key, 1, &v, &e));
	return v;
}

#define NAME "blindspotx.evidence/" TENANT
#define HEAD "{\"format\":\"" EVIDENCE_FORMAT "\"}"

static void
what_was_signed_fits_and_says_what_is_proven(void **state)
{
	const char *const lines[] = { HEAD, "{\"alert\":{}}", "{\"change\":{}}", "{\"change\":{}}",
		point_of(TENANT, seed), entry[2], path[2], entry[4], path[4], entry[5],
		"{\"end\":10}", NULL };
	struct evidence_verdict v = verdict_of(signed_file(NAME, lines, seed));
	struct buf              b;

	(void)state;
	assert_int_equal(v.fault, PROOF_FITS);
	assert_int_equal(v.changes, 2);
	assert_int_equal(v.entries, 3);
	assert_int_equal(v.proven, 2);
	assert_int_equal(v.size, COVERED);
	buf_make(&b, mem);
	evidence_verdict_print(&b, &v);
	assert_string_equal(b.p,
	    "ok    " NAME ": as it was signed; changes 2, entries 3, of them 2 in the "
	    "trail's checkpoint of 4");
}

static void
what_does_not_belong_together_is_called_by_its_name(void **state)
{
	const char *const ours = point_of(TENANT, seed), *const theirs = point_of(OTHER, seed);
	const char *const foreign = point_of(TENANT, other_seed);
	const struct {
		enum proof_fault  fault;
		uint64_t          line;
		const char *const lines[6];
	} rows[] = {
		{ PROOF_FITS, 0, { HEAD, ours, entry[1], path[1], "{\"end\":4}" } },
		{ PROOF_FITS, 0, { HEAD, "{\"end\":1}" } },
		{ PROOF_ALTERED, 5, { HEAD, ours, entry[1], path[2], "{\"end\":4}" } },
		{ PROOF_ALTERED, 5, { HEAD, ours, entry[5], path[4], "{\"end\":4}" } },
		{ PROOF_ALTERED, 5, { HEAD, ours, entry[1], "{\"path\":[]}", "{\"end\":4}" } },
		{ PROOF_MALFORMED, 4, { HEAD, ours, path[1], "{\"end\":3}" } },
		{ PROOF_MALFORMED, 6, { HEAD, ours, entry[1], path[1], path[1], "{\"end\":5}" } },
		{ PROOF_MALFORMED, 4, { HEAD, entry[1], path[1], ours, "{\"end\":4}" } },
		{ PROOF_MALFORMED, 4, { HEAD, ours, ours, "{\"end\":3}" } },
		{ PROOF_ORIGIN, 3, { HEAD, theirs, "{\"end\":2}" } },
		{ PROOF_OTHER_KEY, 3, { HEAD, foreign, "{\"end\":2}" } },
		{ PROOF_FORGED, 3, { HEAD, "{\"checkpoint\":\"x\"}", "{\"end\":2}" } },
		{ PROOF_MISSING, 4, { HEAD, ours, "{\"end\":3}" } },
		{ PROOF_TRUNCATED, 0, { HEAD, ours } },
		{ PROOF_MALFORMED, 4, { HEAD, "{\"end\":1}", "{\"alert\":{}}" } },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const char *const lines[] = { rows[i].lines[0], rows[i].lines[1], rows[i].lines[2],
			rows[i].lines[3], rows[i].lines[4], rows[i].lines[5], NULL };
		struct evidence_verdict v = verdict_of(signed_file(NAME, lines, seed));

		if (v.fault != rows[i].fault || v.line != rows[i].line)
			fail_msg(
			    "row %zu: %s in line %d", i, proof_fault_word(v.fault), (int)v.line);
	}
}

static void
no_byte_can_be_changed_and_no_other_key_signs(void **state)
{
	const char *const lines[] = { HEAD, point_of(TENANT, seed), entry[1], path[1],
		"{\"end\":4}", NULL };
	struct str        file = signed_file(NAME, lines, seed);
	char             *copy = talloc_strndup(mem, file.p, file.n);

	(void)state;
	assert_int_equal(verdict_of(signed_file(NAME, lines, other_seed)).fault, PROOF_OTHER_KEY);
	for (size_t i = 0; i < file.n; i++) {
		copy[i] ^= 1;
		if (verdict_of((struct str) { copy, file.n }).fault == PROOF_FITS)
			fail_msg("byte %zu", i);
		copy[i] ^= 1;
		if (i < file.n - 1 && verdict_of((struct str) { copy, i }).fault == PROOF_FITS)
			fail_msg("cut at %zu", i);
	}
}

static void
what_is_no_evidence_is_said_to_be_none(void **state)
{
	const char *const none[] = { NULL }, *const two[] = { HEAD, "{\"end\":1}", NULL };

	(void)state;
	assert_int_equal(verdict_of(STR("")).fault, PROOF_MALFORMED);
	assert_int_equal(verdict_of(STR("\n\n")).fault, PROOF_MALFORMED);
	assert_int_equal(verdict_of(STR(NAME "\n")).fault, PROOF_FORGED);
	assert_int_equal(verdict_of(signed_file(NAME, none, seed)).fault, PROOF_TRUNCATED);
	assert_int_equal(
	    verdict_of(signed_file("blindspotx.evidence/x", two, seed)).fault, PROOF_MALFORMED);
	assert_int_equal(verdict_of(signed_file("blindspotx.erasure/" TENANT, two, seed)).fault,
	    PROOF_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_leaf_of_each_tree_has_a_path_to_its_root_and_to_no_other),
		cmocka_unit_test(what_was_signed_fits_and_says_what_is_proven),
		cmocka_unit_test(what_does_not_belong_together_is_called_by_its_name),
		cmocka_unit_test(no_byte_can_be_changed_and_no_other_key_signs),
		cmocka_unit_test(what_is_no_evidence_is_said_to_be_none),
	};

	return cmocka_run_group_tests(tests, make_all, free_mem);
}
