/* Archives: what was written is read again, and what is not as it was written is told, wherever it
 * differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <zstd.h>

#include "core/archive/archive.h"
#include "core/archive/stream.h"
#include "core/proof/note.h"
#include "tests/unit/mem.h"

#define LARGE_TEST(f) cmocka_unit_test_setup_teardown(f, make_large, free_mem)
#define SEED_LEN      ED25519_KEY_LEN
#define LARGE         ((size_t)3 * STREAM_CHUNK + 17)

static const uint8_t seed[SEED_LEN] = { 9, 9, 9 };

/* A pair of X25519: RFC 7748 section 6.1, Bob's. */
static const char private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEIF2rCH5iSopLeeF/i4OADuZvO7EpJhi2/RwviyffgODr\n"
    "-----END PRIVATE KEY-----\n";
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				 "MCowBQYDK2VuAyEACncTIpleN/jEceInKrUcqircL0lEhrtSFlisgocOtRc=\n"
				 "-----END PUBLIC KEY-----\n";

static int
new_file(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static const char *columns[] = { "id", "value" };
static char       *large;

static struct lock
to(void)
{
	struct err  e = { 0 };
	struct lock l;

	assert_true(lock_public_key(STR(public_pem), &l, &e));
	return l;
}

static struct lock
of(void)
{
	struct err  e = { 0 };
	struct lock l;

	assert_true(lock_private_key(STR(private_pem), &l, &e));
	return l;
}

static struct archive_table tables[] = {
	{ "empty", { columns, 2 }, 0 },
	{ "one", { columns, 2 }, 1 },
	{ "three", { columns, 2 }, 3 },
	{ "last", { columns, 1 }, 0 },
};

static struct archive_head
head_of(void)
{
	struct err          e = { 0 };
	uint8_t             key[ED25519_KEY_LEN];
	struct archive_head h = {
		.id = { { 1 } },
		.made_at = { 1750000000123 },
		.made_by = "0.1.0",
		.schema_version = 60,
		.tenant_id = { { 2 } },
		.slug = "acme",
		.name = "Acme \xc3\xa4",
		.settings = "{\"retention_days\":30}",
		.quota = "{}",
		.tenant_made_at = { 1700000000000 },
		.audit_entries = 7,
		.audit_mac = "",
		.tables = { tables, LEN(tables) },
	};

	assert_true(ed25519_public(seed, key, &e));
	h.signer = base64_print(mem, key, sizeof(key));
	return h;
}

/* All kinds: NULL, empty, with NUL, larger than a chunk. */
static void
put_rows(struct archive_writer *w, size_t big)
{
	const struct blob rows[][2] = {
		{ { (const uint8_t *)"1", 1 }, { NULL, 0 } },
		{ { (const uint8_t *)"a\0b", 3 }, { (const uint8_t *)"", 0 } },
		{ { (const uint8_t *)"2", 1 }, { (const uint8_t *)large, big } },
		{ { NULL, 0 }, { (const uint8_t *)"end", 3 } },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < LEN(rows); i++)
		assert_true(archive_put(w, rows[i], &e));
}

static int
written(const struct lock *l, size_t big)
{
	struct archive_head    h = head_of();
	struct archive_make    m = { new_file(), l, &h, &rand_system };
	struct err             e = { 0 };
	struct archive_writer *w = archive_writer_make(mem, &m, &e);

	assert_non_null(w);
	put_rows(w, big);
	assert_true(archive_end(w, seed, &e));
	talloc_free(w);
	assert_int_equal(lseek(m.fd, 0, SEEK_SET), 0);
	return m.fd;
}

/* Reads all of it: how many rows; -1: it was refused, and *e says why. */
static int
rows_read(int fd, const struct lock *l, struct err *e)
{
	struct archive_reader      *r = archive_reader_make(mem, fd, l, e);
	const struct archive_table *t = NULL;
	struct blob                *v;
	int                         n = 0;

	if (r == NULL)
		return -1;
	while (archive_get(r, r, &t, &v, e) && t != NULL)
		n++;
	if (t != NULL || e->code != ERR_OK || !archive_read_end(r, e))
		n = -1;
	talloc_free(r);
	return n;
}

static struct str
bytes_of(int fd)
{
	size_t     n = (size_t)lseek(fd, 0, SEEK_END), got;
	char      *p = talloc_size(mem, n);
	struct err e = { 0 };

	lseek(fd, 0, SEEK_SET);
	assert_true(file_read(fd, p, n, &got, &e) && got == n);
	close(fd);
	return (struct str) { p, n };
}

static int
file_of(const char *p, size_t n)
{
	int        fd = new_file();
	struct err e = { 0 };

	assert_true(file_write(fd, p, n, &e));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Refused, with a sentence; returns it. */
static const char *
refusal(const char *p, size_t n)
{
	struct lock l = of();
	int         fd = file_of(p, n);
	struct err  e = { 0 };

	assert_int_equal(rows_read(fd, &l, &e), -1);
	close(fd);
	assert_true(e.code == ERR_INVALID || e.code == ERR_FORBIDDEN);
	assert_true(strlen(e.pub) > 0);
	return talloc_strdup(mem, e.pub);
}

static void
what_was_written_is_read(void **state)
{
	const struct lock locks[] = { to(), { .kind = LOCK_PASSPHRASE, STR("correct horse") } };
	const struct lock keys[] = { of(), locks[1] };
	const struct archive_table *t;
	struct blob                *v;

	(void)state;
	for (size_t i = 0; i < LEN(locks); i++) {
		struct err             e = { 0 };
		int                    fd = written(&locks[i], LARGE);
		struct archive_reader *r = archive_reader_make(mem, fd, &keys[i], &e);

		assert_non_null(r);
		assert_string_equal(archive_head(r)->name, "Acme \xc3\xa4");
		assert_string_equal(archive_head(r)->settings, "{\"retention_days\":30}");
		assert_true(archive_get(r, mem, &t, &v, &e));
		assert_string_equal(t->name, "one");
		assert_true(v[1].p == NULL);
		assert_true(archive_get(r, mem, &t, &v, &e));
		assert_true(v[0].n == 3 && memcmp(v[0].p, "a\0b", 3) == 0);
		assert_true(v[1].p != NULL && v[1].n == 0);
		assert_true(archive_get(r, mem, &t, &v, &e));
		assert_true(v[1].n == LARGE && memcmp(v[1].p, large, LARGE) == 0);
		assert_true(archive_get(r, mem, &t, &v, &e) && v[0].p == NULL);
		assert_true(archive_get(r, mem, &t, &v, &e));
		assert_null(t);
		assert_true(archive_read_end(r, &e));
		close(fd);
	}
}

static void
each_byte_of_it_counts(void **state)
{
	struct lock l = to();
	struct str  all = bytes_of(written(&l, 40));
	char       *p = talloc_memdup(mem, all.p, all.n);

	(void)state;
	for (size_t i = 0; i < all.n; i++) {
		p[i] = (char)(all.p[i] ^ 1 << i % 8);
		(void)refusal(p, all.n);
		p[i] = all.p[i];
	}
}

static void
wherever_it_is_cut_that_is_told(void **state)
{
	struct lock l = to();
	struct str  all = bytes_of(written(&l, 40));

	(void)state;
	for (size_t n = 0; n < all.n; n++)
		(void)refusal(all.p, n);
	assert_string_equal(
	    refusal(all.p, all.n - 1), "The archive is cut off: its end is missing.");
}

/* Where its chunks begin and end: `at` gets one more than there are chunks. */
static size_t
chunks_of(struct str all, size_t *at, size_t room)
{
	size_t n = 0, i = 0;

	for (int lines = 0; lines < 3; i++)
		lines += all.p[i] == '\n';
	for (at[0] = i; i < all.n && n + 1 < room; at[++n] = i) {
		uint32_t length = 0;

		for (int k = 0; k < 4; k++)
			length = length << 8 | (uint8_t)all.p[i + (size_t)k];
		i += 4 + (length & 0x7fffffff);
	}
	assert_int_equal(i, all.n);
	return n;
}

static void
a_chunk_has_its_place(void **state)
{
	struct lock l = to();
	struct str  all = bytes_of(written(&l, LARGE));
	size_t      at[16], n = chunks_of(all, at, LEN(at));
	char       *p = talloc_size(mem, 2 * all.n);

	(void)state;
	assert_true(n >= 4);
	for (size_t i = 0; i + 1 < n; i++) { /* two that follow each other change places */
		size_t first = at[i + 1] - at[i], second = at[i + 2] - at[i + 1];

		memcpy(p, all.p, all.n);
		memcpy(p + at[i], all.p + at[i + 1], second);
		memcpy(p + at[i] + second, all.p + at[i], first);
		(void)refusal(p, all.n);
	}
	for (size_t i = 0; i < n; i++) {
		size_t rest = all.n - at[i + 1];

		memcpy(p, all.p, all.n); /* one is left out, */
		memcpy(p + at[i], all.p + at[i + 1], rest);
		(void)refusal(p, at[i] + rest);
		memcpy(p, all.p, at[i + 1]); /* one comes twice, */
		memcpy(p + at[i + 1], all.p + at[i], all.n - at[i]);
		(void)refusal(p, at[i + 1] + all.n - at[i]);
		if (at[i + 1] < all.n) /* and it ends between two */
			assert_string_equal(refusal(all.p, at[i + 1]),
			    "The archive is cut off: its end is missing.");
	}
	memcpy(p, all.p, all.n);
	p[all.n] = '\n';
	assert_string_equal(refusal(p, all.n + 1), "Something stands behind the archive's end.");
}

static void
it_opens_for_whom_it_was_made(void **state)
{
	const struct lock right = { .kind = LOCK_PASSPHRASE, STR("correct horse") };
	const struct lock wrong = { .kind = LOCK_PASSPHRASE, STR("correct house") };
	struct lock       mine = of(), other = of();
	const struct {
		struct lock closes, opens;
		const char *sentence;
	} rows[] = {
		{ right, wrong, "The passphrase or key is another one" },
		{ right, mine, "This archive is opened by a passphrase, not by a key." },
		{ to(), right, "This archive is opened by a private key, not by a passphrase." },
		{ to(), other, "This archive is for another key." },
	};

	(void)state;
	other.key[5] ^= 1;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct lock opens = i == 3 ? other : rows[i].opens;
		int         fd = written(&rows[i].closes, 3);
		struct err  e = { 0 };

		assert_int_equal(rows_read(fd, &opens, &e), -1);
		assert_int_equal(e.code, ERR_FORBIDDEN);
		assert_true(strncmp(e.pub, rows[i].sentence, strlen(rows[i].sentence)) == 0);
		close(fd);
	}
}

static void
what_is_no_archive_is_told(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{ "", "This is no archive of a tenant." },
		{ "PK\3\4", "This is no archive of a tenant." },
		{ "BlindSpotX archive 2\nx25519 a b\nc\n",
		    "This archive has another format than this program reads." },
		{ "BlindSpotX archive 1\n", "This is no archive of a tenant." },
		{ "BlindSpotX archive 1\n../../etc/passwd\n\n", "This is no archive of a tenant." },
		{ "BlindSpotX archive 1\npassphrase AA\nAA\n", "This is no archive of a tenant." },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_string_equal(refusal(rows[i].text, strlen(rows[i].text)), rows[i].sentence);
}

/* ---- made by somebody who has the public key, as anybody may ---- */

static struct stream *
forged(int *fd)
{
	struct lock l = to();
	struct err  e = { 0 };
	uint8_t     key[LOCK_KEY_LEN];
	char       *lines = lock_close(mem, &l, &rand_system, key, &e);

	*fd = new_file();
	assert_true(lines != NULL && file_write(*fd, lines, strlen(lines), &e));
	return stream_make(mem, *fd, key, &e);
}

static void
put(struct stream *s, const char *p, size_t n)
{
	struct err e = { 0 };

	assert_true(stream_write(s, p, n, &e));
}

static void
put_number(struct stream *s, uint32_t v)
{
	const char b[] = { (char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v };

	put(s, b, sizeof(b));
}

static void
put_head(struct stream *s, const char *text)
{
	put_number(s, (uint32_t)strlen(text));
	put(s, text, strlen(text));
}

#define HEAD(tables)                                                                               \
	"{\"id\":\"01890000-0000-7000-8000-000000000000\",\"made_at\":\"2026-01-01T00:00:00Z\","   \
	"\"made_by\":\"x\",\"schema_version\":1,"                                                  \
	"\"tenant_id\":\"01890000-0000-7000-8000-000000000000\",\"slug\":\"ab\",\"name\":\"x\","   \
	"\"settings\":\"{}\",\"quota\":\"{}\",\"tenant_made_at\":\"2026-01-01T00:00:00Z\","        \
	"\"signer\":\"\",\"audit_entries\":0,\"audit_mac\":\"\",\"tables\":" tables "}"

static const char *
forged_refusal(struct stream *s, int fd)
{
	struct str all;
	struct err e = { 0 };

	assert_true(stream_write_end(s, &e));
	all = bytes_of(fd);
	return refusal(all.p, all.n);
}

static void
sizes_that_lie_are_told_and_take_no_memory(void **state)
{
	static const struct {
		const char *head;
		uint32_t    head_n; /* 0: as long as it is */
		uint32_t    value_n;
		const char *sentence;
	} rows[] = {
		{ "", 0xfffffffe, 0, "The archive holds what none has." },
		{ "{}", 1 << 20, 0, "The archive holds less than it says." },
		{ "{}", 0, 0, "The archive's head cannot be read." },
		{ "[", 0, 0, "The archive's head cannot be read." },
		{ HEAD("[]"), 0, 0, "The archive's head cannot be read." },
		{ HEAD("[{\"name\":\"t\",\"columns\":[],\"rows\":1}]"), 0, 0,
		    "The archive's head cannot be read." },
		{ HEAD("[{\"name\":\"t\",\"columns\":[\"c\"],\"rows\":-1}]"), 0, 0,
		    "The archive's head cannot be read." },
		{ HEAD("[{\"name\":\"t\",\"columns\":[\"c\"],\"rows\":1}]"), 0, 0xfffffffe,
		    "The archive holds what none has." },
		{ HEAD("[{\"name\":\"t\",\"columns\":[\"c\"],\"rows\":1}]"), 0, 1 << 20,
		    "The archive holds less than it says." },
		{ HEAD("[{\"name\":\"t\",\"columns\":[\"c\"],\"rows\":9000000000000000000}]"), 0, 0,
		    "The archive holds less than it says." },
		{ HEAD("[{\"name\":\"t\",\"columns\":[\"c\"],\"rows\":0}]"), 0, 0,
		    "The archive holds what none has." }, /* and no key of who has signed it */
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		int            fd;
		struct stream *s = forged(&fd);

		if (rows[i].head_n == 0) {
			put_head(s, rows[i].head);
		} else {
			put_number(s, rows[i].head_n);
			put(s, rows[i].head, strlen(rows[i].head));
		}
		put_number(s, rows[i].value_n);
		assert_string_equal(forged_refusal(s, fd), rows[i].sentence);
	}
}

/* One chunk, the first and last, sealed as it should be, of which `n` bytes are zeros. */
static const char *
refusal_of_zeros(size_t n)
{
	static const uint8_t nonce[12] = { [11] = 1 };
	struct lock          l = to();
	struct err           e = { 0 };
	uint8_t              key[LOCK_KEY_LEN], tag[16], head[4], open[4096] = { 1 }, out[4096];
	char                *lines = lock_close(mem, &l, &rand_system, key, &e), *zeros, *all;
	EVP_CIPHER_CTX      *c = EVP_CIPHER_CTX_new();
	size_t               lines_n, packed;
	int                  done;

	assert_non_null(lines);
	zeros = talloc_zero_size(mem, n);
	packed = ZSTD_compress(open + 1, sizeof(open) - 1, zeros, n, 3);
	assert_false(ZSTD_isError(packed));
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(c, out, &done, open, (int)packed + 1), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, out + packed + 1, &done), 1);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, tag);
	EVP_CIPHER_CTX_free(c);
	for (int i = 0; i < 4; i++)
		head[i] = (uint8_t)((0x80000000u | (uint32_t)(packed + 17)) >> (24 - 8 * i));
	lines_n = strlen(lines);
	all = talloc_size(mem, lines_n + 4 + packed + 17);
	memcpy(all, lines, lines_n);
	memcpy(all + lines_n, head, 4);
	memcpy(all + lines_n + 4, out, packed + 1);
	memcpy(all + lines_n + 4 + packed + 1, tag, 16);
	return refusal(all, lines_n + 4 + packed + 17);
}

static void
what_is_packed_too_tightly_is_refused(void **state)
{
	(void)state;
	/* So many are taken, and are no head; */
	assert_string_equal(refusal_of_zeros(500), "The archive's head cannot be read.");
	/* more than STREAM_RATIO for each byte are not, nor more than a chunk holds. */
	assert_string_equal(refusal_of_zeros(STREAM_CHUNK),
	    "The archive was changed: a part of it is not as it was sealed.");
	assert_string_equal(refusal_of_zeros(16 * STREAM_CHUNK),
	    "The archive was changed: a part of it is not as it was sealed.");
}

/* What is all alike is written so that it is read. */
static void
zeros_are_written_as_they_are(void **state)
{
	struct lock l = to(), key = of();
	struct err  e = { 0 };
	int         fd;

	(void)state;
	memset(large, 0, LARGE);
	fd = written(&l, LARGE);
	assert_int_equal(rows_read(fd, &key, &e), 4);
	close(fd);
}

static void
a_note_by_another_key_is_told(void **state)
{
	static const uint8_t   other[SEED_LEN] = { 8 };
	struct lock            l = to(), key = of();
	struct archive_head    h = head_of();
	struct archive_make    m = { new_file(), &l, &h, &rand_system };
	struct err             e = { 0 };
	struct archive_writer *w = archive_writer_make(mem, &m, &e);

	(void)state;
	assert_non_null(w);
	put_rows(w, 5);
	assert_true(archive_end(w, other, &e));
	lseek(m.fd, 0, SEEK_SET);
	assert_int_equal(rows_read(m.fd, &key, &e), -1);
	assert_string_equal(e.pub, "The archive is not signed by the key that it names.");
}

static void
only_keys_of_x25519_are_taken(void **state)
{
	static const char ed25519[] =
	    "-----BEGIN PUBLIC KEY-----\n"
	    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
	    "-----END PUBLIC KEY-----\n";
	const char *const no[] = { "", "x", ed25519, private_pem };

	(void)state;
	for (size_t i = 0; i < LEN(no); i++) {
		struct err  e = { 0 };
		struct lock l;

		assert_false(lock_public_key(str_of(no[i]), &l, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	for (size_t i = 0; i < LEN(no) - 1; i++) {
		struct err  e = { 0 };
		struct lock l;

		assert_false(lock_private_key(str_of(no[i]), &l, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

/* A key with which everybody would agree on nothing. */
static void
a_key_of_small_order_is_refused(void **state)
{
	struct lock l = { .kind = LOCK_X25519 };
	uint8_t     key[LOCK_KEY_LEN];
	struct err  e = { 0 };

	(void)state;
	assert_null(lock_close(mem, &l, &rand_system, key, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

static int
make_large(void **state)
{
	int bad = make_mem(state);

	large = talloc_size(mem, LARGE);
	rand_fill(&rand_system, large, LARGE);
	return bad;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LARGE_TEST(what_was_written_is_read),
		LARGE_TEST(each_byte_of_it_counts),
		LARGE_TEST(wherever_it_is_cut_that_is_told),
		LARGE_TEST(a_chunk_has_its_place),
		LARGE_TEST(it_opens_for_whom_it_was_made),
		LARGE_TEST(what_is_no_archive_is_told),
		LARGE_TEST(sizes_that_lie_are_told_and_take_no_memory),
		LARGE_TEST(what_is_packed_too_tightly_is_refused),
		LARGE_TEST(zeros_are_written_as_they_are),
		LARGE_TEST(a_note_by_another_key_is_told),
		LARGE_TEST(only_keys_of_x25519_are_taken),
		LARGE_TEST(a_key_of_small_order_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
