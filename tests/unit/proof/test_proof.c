/* What an auditor checks alone: trees, notes and exports against published vectors, and what each
 * kind of forgery is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/proof/check.h"
#include "core/proof/entry.h"
#include "tests/unit/mem.h"

/* ---- trees ---- */

/* The leaves and roots that implementations of RFC 6962 hold each other to. */
static const struct {
	const char *leaf, *root;
} trees[] = {
	{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "606162636465666768696a6b6c6d6e6f",
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void
the_roots_of_rfc_6962(void **state)
{
	struct tree       t = { 0 };
	struct tree_nodes done;
	uint8_t           root[HASH_LEN];
	char              text[2 * HASH_LEN + 1];

	(void)state;
	tree_root(&t, root);
	hex_print(root, HASH_LEN, text);
	assert_string_equal(
	    text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < LEN(trees); i++) {
		uint8_t data[17] = { 0 }, leaf[HASH_LEN];
		size_t  n = strlen(trees[i].leaf) / 2;

		assert_true(hex_parse(str_of(trees[i].leaf), data + 1, n));
		hash_sha256(data, n + 1, leaf);
		tree_add(&t, leaf, &done);
		assert_int_equal(done.n, tree_completes(i + 1));
		assert_memory_equal(done.hash[0], leaf, HASH_LEN);
		tree_root(&t, root);
		hex_print(root, HASH_LEN, text);
		assert_string_equal(text, trees[i].root);
	}
	assert_int_equal(done.n, 4);
	assert_memory_equal(done.hash[3], root, HASH_LEN);
}

/* ---- keys and notes ---- */

static const uint8_t seed[ED25519_KEY_LEN] = { 1, 2, 3 }, other_seed[ED25519_KEY_LEN] = { 9 };

static void
a_signature_of_rfc_8032(void **state)
{
	uint8_t    private_key[32], key[32], sig[64], want[64];
	struct err e = { 0 };

	(void)state;
	assert_true(
	    hex_parse(STR("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
		private_key, 32));
	assert_true(hex_parse(
	    STR("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a3"
		"3bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
	    want, 64));
	assert_true(ed25519_public(private_key, key, &e));
	assert_true(ed25519_sign(private_key, STR(""), sig, &e));
	assert_memory_equal(sig, want, 64);
	assert_true(ed25519_verify(key, STR(""), sig));
	assert_false(ed25519_verify(key, STR(" "), sig));
	sig[0] ^= 1;
	assert_false(ed25519_verify(key, STR(""), sig));
}

/* The example of the signed-note specification. */
#define NEUMANN "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define SAYING                                                                                     \
	"If you think cryptography is the answer to your problem,\nthen you don't know what your " \
	"problem is.\n"

static void
a_key_and_a_signature_of_a_signed_note(void **state)
{
	struct note_key k;
	struct err      e = { 0 };
	uint8_t         both[68];
	size_t          n;

	(void)state;
	assert_true(note_key_parse(STR(NEUMANN), &k, &e));
	assert_string_equal(k.name, "PeterNeumann");
	assert_string_equal(note_key_print(mem, &k), NEUMANN);
	assert_true(base64_parse(
	    STR("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
		"otpRZb6KE6RyyBwJnAM="),
	    both, sizeof(both), &n));
	assert_int_equal(n, 68);
	assert_true(ed25519_verify(k.key, STR(SAYING), both + 4));
}

static void
what_is_no_key_is_said_to_be_none(void **state)
{
	static const char *const wrong[] = { "", "x", "PeterNeumann",
		"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+AhpcZQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3", "PeterNeumann+c74f20a3+", "AAAA" };

	(void)state;
	for (size_t i = 0; i < LEN(wrong); i++) {
		struct note_key k;
		struct err      e = { 0 };

		if (note_key_parse(str_of(wrong[i]), &k, &e))
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

/* ---- an export ---- */

#define ENTRIES 7
#define ORIGIN  "blindspotx.audit/00000000-0000-0000-0000-0000000000aa/1"

static const uint8_t no_mac[HASH_LEN];

static struct proof_entry
entry_of(uint64_t seq, const uint8_t *prev)
{
	struct proof_entry x = {
		.seq = seq,
		.at_ms = INT64_C(1780000000000) + (int64_t)seq,
		.id = { { (uint8_t)seq } },
		.actor_id = { { seq == 3 ? 0 : 7 } },
		.acting_tenant = { { seq == 4 ? 5 : 0 } },
		.salt = { (uint8_t)seq, 0xff },
		.mac = { (uint8_t)seq, 1 },
		.texts = { STR("user.update"), STR("success"), STR("user"),
		    STR("Ada \"x\" \xC3\xA9"), STR("user"), STR("t"), STR("192.0.2.7"),
		    STR("Test/1.0"), STR("r1"),
		    STR("{\"a\":[{\"details\":{}},\"}\\\"\"],\"u\":\"\\u00e9/\\/\",\"n\":1.50}") },
	};

	memcpy(x.prev_mac, prev, HASH_LEN);
	return x;
}

static void
put_hex(struct buf *b, const char *name, const uint8_t *p, size_t n)
{
	char text[2 * HASH_LEN + 1];

	hex_print(p, n, text);
	buf_printf(b, ",\"%s\":\"%s\"", name, text);
}

static void
put_id(struct buf *b, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_MAX];

	uuid_print(id, text);
	buf_printf(b, uuid_is_nil(id) ? ",\"%s\":null" : ",\"%s\":\"%s\"", name, text);
}

static void
put_entry(struct buf *b, const struct proof_entry *x, const uint8_t *leaf)
{
	static const char *const names[] = { "action", "outcome", "actor_kind", "actor_name",
		"target_kind", "target_id", "address", "user_agent", "request_id" };
	char                     at[TIME_TEXT_MAX];

	time_print(x->at_ms, at);
	buf_printf(b, "{\"seq\":%d", (int)x->seq);
	put_id(b, "id", &x->id);
	buf_printf(b, ",\"at\":\"%s\"", at);
	for (size_t i = 0; i < LEN(names); i++) {
		buf_printf(b, ",\"%s\":", names[i]);
		buf_json(b, x->texts[i]);
	}
	put_id(b, "actor_id", &x->actor_id);
	put_id(b, "acting_tenant", &x->acting_tenant);
	buf_printf(b, ",\"details\":%s", x->texts[PROOF_DETAILS].p);
	put_hex(b, "prev_mac", x->prev_mac, HASH_LEN);
	put_hex(b, "mac", x->mac, HASH_LEN);
	put_hex(b, "salt", x->salt, PROOF_SALT_LEN);
	if (leaf != NULL)
		put_hex(b, "leaf", leaf, HASH_LEN);
	buf_puts(b, "}");
}

/* The lines of an export: begin, 1 .. 4, a checkpoint of 4, 5 .. 7, one of 7, end. */
struct export
{
	char           *lines[ENTRIES + 4];
	size_t          n;
	char           *notes[ENTRIES + 1];
	struct note_key key;
};
enum line { BEGIN, E1, E2, E3, E4, C4, E5, E6, E7, C7, END };

static char *
note_of(const struct tree *t, const uint8_t *mac, const char *origin, const uint8_t *by)
{
	struct checkpoint c = { .size = t->size, .at_ms = 1780000000000, .chains = 1 };
	struct err        e = { 0 };
	char             *text;

	(void)snprintf(c.origin, sizeof(c.origin), "%s", origin);
	memcpy(c.head, mac, HASH_LEN);
	tree_root(t, c.root);
	text = note_sign(mem, &c, by, &e);
	assert_non_null(text);
	return text;
}

static char *
line_of(const char *name, const char *text)
{
	struct buf b;

	buf_make(&b, mem);
	buf_printf(&b, "{\"%s\":", name);
	buf_json(&b, str_of(text));
	buf_putc(&b, '}');
	return b.p;
}

static struct export export_of(const char *origin, const uint8_t *by, bool leaves)
{
	struct export x = { 0 };
	struct tree    t = { 0 };
	const uint8_t *prev = no_mac;
	struct err     e = { 0 };

	x.lines[x.n++] = talloc_asprintf(
	    mem, "{\"format\":\"%s\",\"origin\":\"%s\",\"after\":0}", PROOF_FORMAT, origin);
	for (uint64_t seq = 1; seq <= ENTRIES; seq++) {
		struct proof_entry *entry = talloc(mem, struct proof_entry);
		uint8_t             leaf[HASH_LEN];
		struct buf          b;

		*entry = entry_of(seq, prev);
		assert_true(proof_leaf(mem, entry, leaf, &e));
		buf_make(&b, mem);
		put_entry(&b, entry, leaves ? leaf : NULL);
		x.lines[x.n++] = b.p;
		tree_add(&t, leaf, NULL);
		prev = entry->mac;
		x.notes[seq] = note_of(&t, prev, origin, by);
		if (seq == 4 || seq == ENTRIES)
			x.lines[x.n++] = line_of("checkpoint", x.notes[seq]);
	}
	x.lines[x.n++] = talloc_asprintf(mem, "{\"end\":%d}", ENTRIES);
	assert_true(ed25519_public(by, x.key.key, &e));
	(void)snprintf(x.key.name, sizeof(x.key.name), "%s", origin);
	return x;
}

static struct proof_verdict
check(const struct export *x, const struct note_key *key, const char *kept)
{
	struct proof_check  *c = proof_check_make(mem, key, 1);
	struct proof_verdict v;
	struct err           e = { 0 };

	if (kept != NULL)
		assert_true(proof_check_note(c, str_of(kept), &e));
	for (size_t i = 0; i < x->n; i++)
		if (x->lines[i] != NULL && !proof_check_line(c, str_of(x->lines[i]), &e))
			break;
	assert_int_equal(e.code, ERR_OK);
	proof_check_end(c, &v);
	return v;
}

static char *
edited(const char *line, const char *from, const char *to)
{
	const char *at = strstr(line, from);

	assert_non_null(at);
	return talloc_asprintf(mem, "%.*s%s%s", (int)(at - line), line, to, at + strlen(from));
}

static void
is(const char *what, struct proof_verdict v, enum proof_fault fault, uint64_t seq)
{
	if (v.fault != fault || v.seq != seq)
		fail_msg("%s: %s at %d, line %d; not %s at %d", what, proof_fault_word(v.fault),
		    (int)v.seq, (int)v.line, proof_fault_word(fault), (int)seq);
}

static void
an_export_fits(void **state)
{
	struct export x = export_of(ORIGIN, seed, true);
	struct proof_verdict v = check(&x, &x.key, x.notes[6]);
	struct note_key      bare = x.key;
	char                 origin[NOTE_ORIGIN_MAX];

	(void)state;
	note_origin(&(struct uuid) { .b[15] = 0xaa }, 1, origin);
	assert_string_equal(origin, ORIGIN);
	is("whole", v, PROOF_FITS, 0);
	assert_int_equal(v.last, ENTRIES);
	assert_int_equal(v.proven, ENTRIES);
	assert_int_equal(v.checkpoints, 3);
	assert_string_equal(v.origin, ORIGIN);
	bare.name[0] = '\0';
	is("by a key without a name", check(&x, &bare, NULL), PROOF_FITS, 0);
	x.lines[BEGIN] = x.lines[C4] = x.lines[C7] = x.lines[END] = NULL;
	v = check(&x, &x.key, x.notes[5]);
	is("entries and a checkpoint kept elsewhere", v, PROOF_FITS, 0);
	assert_int_equal(v.proven, 5);
	is("nothing else", check(&x, &x.key, NULL), PROOF_UNPROVEN, 0);
}

/* Each member of an entry, with a leaf and without. */
static void
a_change_of_any_member_is_named(void **state)
{
	static const struct {
		const char *from, *to;
	} edits[] = {
		{ "\"id\":\"02", "\"id\":\"03" },
		{ "\"at\":\"2026", "\"at\":\"2027" },
		{ "user.update", "user.updatf" },
		{ "success", "failure" },
		{ "\"actor_kind\":\"user\"", "\"actor_kind\":\"api_key\"" },
		{ "Ada", "Bob" },
		{ "\"actor_id\":\"07", "\"actor_id\":\"08" },
		{ "\"acting_tenant\":null",
		    "\"acting_tenant\":\"07000000-0000-0000-0000-000000000000\"" },
		{ "\"target_kind\":\"user\"", "\"target_kind\":\"role\"" },
		{ "\"target_id\":\"t\"", "\"target_id\":\"u\"" },
		{ "192.0.2.7", "192.0.2.8" },
		{ "Test/1.0", "Test/1.1" },
		{ "\"r1\"", "\"r2\"" },
		{ "\"n\":1.50", "\"n\":1.5" },
		{ "\\u00e9", "\xC3\xA9" },
		{ "\"mac\":\"02", "\"mac\":\"03" },
		{ "\"salt\":\"02", "\"salt\":\"03" },
		{ "\"prev_mac\":\"01", "\"prev_mac\":\"00" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(edits); i++) {
		struct export x = export_of(ORIGIN, seed, true),
			      bare = export_of(ORIGIN, seed, false);

		x.lines[E2] = edited(x.lines[E2], edits[i].from, edits[i].to);
		is(edits[i].to, check(&x, &x.key, NULL), PROOF_ALTERED, 2);
		bare.lines[E2] = edited(bare.lines[E2], edits[i].from, edits[i].to);
		assert_true(check(&bare, &bare.key, NULL).fault != PROOF_FITS);
	}
	print_message("%d members\n", (int)LEN(edits));
}

static void
with_edit(enum line i, const char *from, const char *to, enum proof_fault fault, uint64_t seq)
{
	struct export x = export_of(ORIGIN, seed, true);

	x.lines[i] = edited(x.lines[i], from, to);
	is(to, check(&x, &x.key, NULL), fault, seq);
}

static void
without(enum line from, enum line to, enum proof_fault fault, uint64_t seq)
{
	struct export x = export_of(ORIGIN, seed, true);

	for (size_t i = from; i <= to; i++)
		x.lines[i] = NULL;
	is("removed", check(&x, &x.key, NULL), fault, seq);
}

static void
what_is_removed_or_swapped_is_named(void **state)
{
	struct export x = export_of(ORIGIN, seed, true);
	char *was = x.lines[E5];

	(void)state;
	without(E1, E1, PROOF_MISSING, 1);
	without(E3, E3, PROOF_MISSING, 3);
	without(E4, E4, PROOF_MISSING, 4);
	without(E7, E7, PROOF_MISSING, 7);
	without(E5, C7, PROOF_MISSING, 5);
	without(C7, END, PROOF_TRUNCATED, 8);
	x.lines[E5] = x.lines[E6];
	x.lines[E6] = was;
	is("swapped", check(&x, &x.key, NULL), PROOF_MISSING, 5);
	x.lines[E5] = edited(x.lines[E5], "\"seq\":6", "\"seq\":5");
	x.lines[E6] = edited(x.lines[E6], "\"seq\":5", "\"seq\":6");
	is("swapped with their numbers", check(&x, &x.key, NULL), PROOF_ALTERED, 5);
	x = export_of(ORIGIN, seed, true);
	x.lines[E6] = x.lines[E5];
	is("twice", check(&x, &x.key, NULL), PROOF_ORDER, 5);
}

/* Whoever rewrites the whole export has no checkpoint that was kept elsewhere. */
static void
a_cut_tail_is_seen_by_an_old_checkpoint(void **state)
{
	struct export x = export_of(ORIGIN, seed, true);
	struct proof_verdict v;

	(void)state;
	x.lines[E5] = x.lines[E6] = x.lines[E7] = x.lines[C7] = NULL;
	x.lines[END] = edited(x.lines[END], "7", "4");
	is("cut, and all of it says so", check(&x, &x.key, NULL), PROOF_FITS, 0);
	is("cut", check(&x, &x.key, x.notes[6]), PROOF_CUT, 5);
	x = export_of(ORIGIN, seed, false);
	x.lines[E5] = edited(x.lines[E5], "Ada", "Bob");
	x.lines[C7] = NULL;
	v = check(&x, &x.key, x.notes[6]);
	is("changed without leaves", v, PROOF_SIGNED, 6);
	assert_int_equal(v.proven, 4);
}

static void
a_checkpoint_that_is_not_this_trails_is_named(void **state)
{
	static const char other[] = "blindspotx.audit/00000000-0000-0000-0000-0000000000bb/1";
	struct export x = export_of(ORIGIN, seed, true), theirs = export_of(other, seed, true),
		      swapped = export_of(ORIGIN, other_seed, true);
	struct note_key bare = x.key;

	(void)state;
	with_edit(C4, "\\n4\\n", "\\n5\\n", PROOF_FORGED, 0);
	with_edit(C4, "chains 1", "chains 2", PROOF_FORGED, 4);
	with_edit(C4, "at 2026", "at 2025", PROOF_FORGED, 4);
	with_edit(C7, "\\nhead", "\\nfoot", PROOF_FORGED, 7);
	with_edit(C4, "blindspotx.audit/", "blindspotx.audit/x", PROOF_ORIGIN, 4);
	x.lines[C7] = theirs.lines[C7];
	is("another tenant's", check(&x, &x.key, NULL), PROOF_ORIGIN, 7);
	is("another tenant's kept", check(&theirs, &theirs.key, x.notes[4]), PROOF_ORIGIN, 4);
	is("an export of another tenant", check(&theirs, &x.key, NULL), PROOF_ORIGIN, 0);
	bare.name[0] = '\0';
	x.lines[C7] = swapped.lines[C7];
	is("signed by another key", check(&x, &x.key, NULL), PROOF_OTHER_KEY, 7);
	is("all of it by another key", check(&swapped, &bare, NULL), PROOF_OTHER_KEY, 4);
	x.lines[C7] = line_of("checkpoint", x.notes[6]);
	is("out of its place", check(&x, &x.key, NULL), PROOF_ORDER, 6);
}

/* From behind entry 4 on, with the peaks of what is before; and with entries that were deleted by
 * age. */
static void
a_part_and_what_was_deleted_by_age_are_checked_too(void **state)
{
	struct export x = export_of(ORIGIN, seed, true), gone = x;
	struct proof_verdict v;
	struct tree          t = { 0 };
	uint8_t              leaf[HASH_LEN];
	char                 hex[2 * HASH_LEN + 1];

	(void)state;
	for (enum line i = E1; i <= E4; i++) {
		const char *at = strstr(x.lines[i], "\"leaf\":\"");

		assert_true(hex_parse((struct str) { at + 8, 64 }, leaf, HASH_LEN));
		tree_add(&t, leaf, NULL);
		gone.lines[i] = talloc_asprintf(mem, "{\"seq\":%d,%s", (int)i, at);
	}
	v = check(&gone, &gone.key, NULL);
	is("deleted by age", v, PROOF_FITS, 0);
	assert_int_equal(v.gone, 4);
	gone.lines[E2] = edited(gone.lines[E2], "\"leaf\":\"", "\"leaf\":\"00");
	is("no leaf", check(&gone, &gone.key, NULL), PROOF_MALFORMED, 0);
	hex_print(t.peaks[2], HASH_LEN, hex);
	x.lines[BEGIN] = talloc_asprintf(mem,
	    "{\"format\":\"%s\",\"origin\":\"%s\",\"after\":4,\"peaks\":[\"%s\"]}", PROOF_FORMAT,
	    ORIGIN, hex);
	x.lines[E1] = x.lines[E2] = x.lines[E3] = x.lines[E4] = x.lines[C4] = NULL;
	v = check(&x, &x.key, x.notes[2]);
	is("a part", v, PROOF_FITS, 0);
	assert_int_equal(v.after, 4);
	assert_int_equal(v.before, 1);
	x.lines[BEGIN] = edited(x.lines[BEGIN], hex,
	    "0000000000000000000000000000000000000000000000000000000000000000");
	is("other peaks", check(&x, &x.key, NULL), PROOF_SIGNED, 7);
}

static void
a_hostile_line_is_named_by_its_number(void **state)
{
	static const char *const lines[] = { "", "{", "[]", "null", "{}", "\xff", "{\"seq\":2}",
		"{\"seq\":-1}", "{\"seq\":18446744073709551616}", "{\"seq\":2,\"leaf\":\"\"}",
		"{\"seq\":2,\"seq\":2}",
		"{\"seq\":0,\"leaf\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		"{\"checkpoint\":1}", "{\"end\":\"7\"}", "{\"format\":1}",
		"{\"format\":\"blindspotx-audit/2\",\"origin\":\"x\",\"after\":0}",
		"{\"error\":{\"code\":\"busy\"}}" };

	(void)state;
	for (size_t i = 0; i < LEN(lines); i++) {
		struct export x = export_of(ORIGIN, seed, true);
		struct proof_verdict v;

		x.lines[E2] = talloc_strdup(mem, lines[i]);
		v = check(&x, &x.key, NULL);
		is(lines[i], v, PROOF_MALFORMED, 0);
		assert_int_equal(v.line, 3);
	}
	with_edit(E2, "\"details\":{", "\"details\": {", PROOF_MALFORMED, 0);
	with_edit(E2, "\"details\":{", "\"d\\u0065tails\":{", PROOF_MALFORMED, 0);
	with_edit(E2, "\"details\":{", "\"details\":[],\"x\":{", PROOF_MALFORMED, 0);
	with_edit(E2, "\"action\"", "\"axtion\"", PROOF_MALFORMED, 0);
	with_edit(E2, "\"salt\":\"02", "\"salt\":\"", PROOF_MALFORMED, 0);
	with_edit(END, "7", "8", PROOF_MISSING, 8);
	with_edit(END, "{\"end\":7}", "{\"end\":6}", PROOF_ORDER, 8);
	with_edit(BEGIN, "\"after\":0", "\"after\":3", PROOF_MALFORMED, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_roots_of_rfc_6962),
		TEST(a_signature_of_rfc_8032),
		TEST(a_key_and_a_signature_of_a_signed_note),
		TEST(what_is_no_key_is_said_to_be_none),
		TEST(an_export_fits),
		TEST(a_change_of_any_member_is_named),
		TEST(what_is_removed_or_swapped_is_named),
		TEST(a_cut_tail_is_seen_by_an_old_checkpoint),
		TEST(a_checkpoint_that_is_not_this_trails_is_named),
		TEST(a_part_and_what_was_deleted_by_age_are_checked_too),
		TEST(a_hostile_line_is_named_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
