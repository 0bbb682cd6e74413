/* What a config's source shows: sealed, kept while it goes where it went, and nowhere in clear. */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/store/drift/source_credential.h"
#include "drift/collect/run_credential.h"
#include "drift/service/config.h"
#include "tests/store/drift_world.h"
#include "tests/store/dump.h"

/* A kind that has one. */
#define SOURCES(X)                                                                                 \
	X(push, source_push, source_push_schema, "they are pushed")                                \
	X(shows, source_shows, source_shows_schema, "they are asked for")                          \
	X(other, source_other, source_other_schema, "the same elsewhere")
#include "drift/source/sources.c"
#undef SOURCES

struct shows_settings {
	struct source_settings s;
	const char            *url;
	struct raw_json        credential, collections;
};
static const struct field shows_fields[] = {
	FIELD_AS(struct shows_settings, s.kind, "kind", .flags = FIELD_REQUIRED),
	FIELD(struct shows_settings, url, .max = 200, .flags = FIELD_REQUIRED, .doc = "Where."),
	FIELD(struct shows_settings, credential, .flags = FIELD_SECRET | FIELD_NULLABLE,
	    .doc = "What is shown."),
	FIELD(struct shows_settings, collections, .flags = FIELD_NULLABLE, .doc = "What is read."),
	FIELD_END,
};
const struct schema source_shows_schema =
    SCHEMA("DriftSourceShows", struct shows_settings, shows_fields);
const struct schema source_other_schema =
    SCHEMA("DriftSourceOther", struct shows_settings, shows_fields);

static bool
shows_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	(void)mem, (void)s, (void)e;
	return true;
}
const struct source_ops source_shows = { .secret = "credential", .check = shows_check };
const struct source_ops source_other = { .secret = "credential", .check = shows_check };

/* ---- the caller ---- */

struct second {
	struct drift_world *x;
	struct auth         auth;
	struct caller       caller;
	struct work         work;
	struct deed_by      by;
};

static struct second *
second_make(struct drift_world *x)
{
	struct second *y = talloc_zero(x, struct second);

	x->env.keyring = x->w->env.keyring;
	y->x = x;
	y->auth = (struct auth) { .env = &x->env, .database = x->w->d };
	y->caller = (struct caller) {
		.kind = CALLER_SESSION,
		.user = uuid_make(&clock_system, &rand_system),
		.tenant = x->t->tenant->id,
		.name = "grace@acme.test",
	};
	y->by = (struct deed_by) { .auth = &y->auth, .mem = y, .t = x->t, .caller = &y->caller };
	return y;
}

static struct acting *
acts(struct second *y)
{
	struct err     e = { 0 };
	struct acting *a;

	work_begin(&y->work, WORK_REQUEST, &clock_system);
	a = acting_make(&y->by, y->x->d, &y->work, &e);
	assert_non_null(a);
	return a;
}

static bool
wish(struct second *y, const struct uuid *id, const char *name, const char *source,
    struct config_row *row, struct err *e)
{
	struct err           why = { 0 };
	const struct schema *s =
	    id == NULL ? &drift_config_create_schema : &drift_config_update_schema;
	char              *text = source == NULL
				      ? talloc_asprintf(y, "{\"name\":\"%s\"}", name)
				      : talloc_asprintf(y, "{\"name\":\"%s\",\"source\":%s}", name, source);
	struct json       *tree = json_parse(y, str_of(text), &why);
	struct spec_body   body;
	struct config_wish w = { .body = &body, .text = tree };

	assert_non_null(tree);
	assert_true(schema_decode(y, s, tree, &body, &why));
	return id == NULL ? config_make(acts(y), &w, row, e)
			  : config_alter(acts(y), id, &w, row, e);
}

static struct uuid
made(struct second *y, const char *name, const char *source)
{
	struct config_row row;
	struct err        e = { 0 };

	assert_ok(wish(y, NULL, name, source, &row, &e));
	return row.config.id;
}

/* As the collector will see it; "": there is none. */
static const char *
shown(struct second *y, const struct uuid *id)
{
	struct source_credential c;
	struct str               plain;
	struct err               e = { 0 };
	bool                     there;

	assert_ok(credential_by_config(y->x->t->db, y, id, &c, &there, &e));
	if (!there)
		return "";
	assert_ok(tenant_open(y->x->t, y, CREDENTIAL_PLACE(id), c.secret, &plain, &e));
	return str_dup(y, plain);
}

#define AT(kind, url, more) "{\"kind\":\"" kind "\",\"url\":\"" url "\"" more "}"
#define SHOWN(text)         ",\"credential\":{\"secret\":\"" text "\"}"

static void
it_is_sealed_and_nowhere_else(void **state)
{
	struct second *y = second_make(*state);
	struct uuid    id = made(y, "one", AT("shows", "https://a", SHOWN("needle-one")));

	assert_string_equal(shown(y, &id), "{\"secret\":\"needle-one\"}");
	assert_string_equal(drift_text(y->x, y, "SELECT spec FROM %s.drift_configs"),
	    "{\"source\":{\"kind\":\"shows\",\"url\":\"https://a\"}}");
	assert_true(dump_holds("https://a"));
	assert_false(dump_holds("needle-one"));
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.audit WHERE details LIKE '%%needle%%'"), 0);
}

static void
a_change_keeps_replaces_or_drops_it(void **state)
{
	static const struct {
		const char *source, *fault, *after; /* `after`: what is shown then */
	} rows[] = {
		{ NULL, NULL, "{\"secret\":\"a\"}" },
		{ AT("shows", "https://a", ""), NULL, "{\"secret\":\"a\"}" },
		{ AT("shows", "https://a", ",\"collections\":[1]"), "/source/credential",
		    "{\"secret\":\"a\"}" },
		{ AT("shows", "https://b", ""), "/source/credential", "{\"secret\":\"a\"}" },
		{ AT("shows", "https://b", SHOWN("b")), NULL, "{\"secret\":\"b\"}" },
		{ AT("shows", "https://a", SHOWN("b")), NULL, "{\"secret\":\"b\"}" },
		{ AT("shows", "https://b", ",\"credential\":null"), NULL, "" },
		{ AT("other", "https://a", ""), NULL, "" },
		{ AT("other", "https://a", SHOWN("c")), NULL, "{\"secret\":\"c\"}" },
		{ "{\"kind\":\"push\"}", NULL, "" },
	};
	struct second *y = second_make(*state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char       *name = talloc_asprintf(y, "row %zu", i);
		struct uuid       id = made(y, name, AT("shows", "https://a", SHOWN("a")));
		struct config_row row;
		struct err        e = { 0 };
		bool              ok = wish(y, &id, name, rows[i].source, &row, &e);

		assert_int_equal(ok, rows[i].fault == NULL);
		if (!ok)
			assert_string_equal(e.faults->pointer, rows[i].fault);
		assert_string_equal(shown(y, &id), rows[i].after);
		err_clear(&e);
		assert_ok(config_erase(acts(y), &id, &e));
		assert_string_equal(shown(y, &id), "");
	}
}

static void
configs_that_show_the_same_to_the_same_share_a_digest(void **state)
{
	struct second *y = second_make(*state);

	made(y, "1", AT("shows", "https://a", ",\"credential\":{\"id\":1,\"secret\":\"a\"}"));
	made(y, "2",
	    AT("shows", "https://a",
		",\"credential\":{\"secret\":\"a\",\"id\":1.0},\"collections\":[1]"));
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(DISTINCT digest) FROM %s.source_credentials"), 1);
	made(y, "3", AT("shows", "https://b", ",\"credential\":{\"id\":1,\"secret\":\"a\"}"));
	made(y, "4", AT("shows", "https://a", ",\"credential\":{\"id\":1,\"secret\":\"b\"}"));
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(DISTINCT digest) FROM %s.source_credentials"), 3);
}

/* As JSON text: a certificate that ends on 1 January 2030. */
static const char *
certificate(TALLOC_CTX *mem)
{
	EVP_PKEY  *key = EVP_EC_gen("P-256");
	X509      *c = X509_new();
	ASN1_TIME *end = ASN1_TIME_new();
	BIO       *bio = BIO_new(BIO_s_mem());
	struct buf b;
	char      *pem;
	long       n;

	assert_int_equal(ASN1_TIME_set_string(end, "20300101000000Z"), 1);
	X509_gmtime_adj(X509_getm_notBefore(c), 0);
	X509_set1_notAfter(c, end);
	X509_set_pubkey(c, key);
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, c), 1);
	n = BIO_get_mem_data(bio, &pem);
	buf_make(&b, mem);
	buf_json(&b, (struct str) { pem, (size_t)n });
	ASN1_TIME_free(end);
	BIO_free(bio);
	X509_free(c);
	EVP_PKEY_free(key);
	return b.p;
}

static void
its_end_is_known_where_it_says_so(void **state)
{
	struct second    *y = second_make(*state);
	struct config_row row;
	struct err        e = { 0 };

	made(y, "said",
	    AT("shows", "https://a",
		",\"credential\":{\"secret\":\"a\",\"expires_at\":\"2031-02-03T04:05:06Z\"}"));
	made(y, "certificate",
	    talloc_asprintf(y, AT("shows", "https://a", ",\"credential\":{\"certificate\":%s}"),
		certificate(y)));
	made(y, "none", AT("shows", "https://a", SHOWN("c")));
	assert_string_equal(drift_text(y->x, y,
				"SELECT GROUP_CONCAT(COALESCE(c.ends_at, '-') ORDER BY d.name)"
				" FROM %s.source_credentials c"
				" JOIN %s.drift_configs d ON d.id = c.config_id"),
	    "2030-01-01 00:00:00.000,-,2031-02-03 04:05:06.000");
	assert_false(wish(y, NULL, "bad",
	    AT("shows", "https://a", ",\"credential\":{\"expires_at\":\"soon\"}"), &row, &e));
	assert_string_equal(e.faults->pointer, "/source/credential/expires_at");
}

static void
one_that_is_too_long_is_refused(void **state)
{
	struct second    *y = second_make(*state);
	char             *much = talloc_size(y, CREDENTIAL_MAX);
	struct config_row row;
	struct err        e = { 0 };

	memset(much, 'x', CREDENTIAL_MAX);
	much[CREDENTIAL_MAX - 1] = '\0';
	assert_false(wish(y, NULL, "much",
	    talloc_asprintf(y, AT("shows", "https://a", SHOWN("%s")), much), &row, &e));
	assert_string_equal(e.faults->pointer, "/source/credential");
}

/* ---- what was told of it ---- */

/* As a collector that it was refused to. */
static void
refuse(struct second *y, const struct uuid *id)
{
	struct drift_config   config;
	struct run_credential c;
	struct work           work;
	const struct run_of   of = { y->x->d, y->x->t, y, &work, &config };
	struct err            e = { 0 };
	int64_t               wait_ms;

	work_begin(&work, WORK_TASK, &clock_system);
	assert_ok(config_by_id(y->x->t, y, id, &config, &e));
	assert_ok(run_credential_read(y->x->t, y, id, &c, &e));
	assert_ok(run_credential_refused(&of, &c, "Away with it.", &wait_ms, &e));
}

static int64_t
told(struct second *y, const char *status)
{
	return drift_count(y->x,
	    talloc_asprintf(y,
		"SELECT COUNT(*) FROM %%s.alerts WHERE kind = 'system' AND status = '%s'", status));
}

static void
what_is_told_of_one_ends_when_another_takes_its_place(void **state)
{
	static const struct {
		const char *source;
		bool        ends;
	} rows[] = {
		{ NULL, false },
		{ AT("shows", "https://a", ""), false },
		{ AT("shows", "https://a", SHOWN("a")), false },
		{ AT("shows", "https://a", SHOWN("b")), true },
		{ AT("shows", "https://b", SHOWN("a")), true },
		{ AT("shows", "https://a", ",\"credential\":null"), true },
		{ "{\"kind\":\"push\"}", true },
	};
	struct second *y = second_make(*state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char       *name = talloc_asprintf(y, "row %zu", i);
		struct uuid       id = made(y, name, AT("shows", "https://a", SHOWN("a")));
		struct config_row row;
		struct err        e = { 0 };

		refuse(y, &id);
		assert_int_equal(told(y, "open"), 1);
		assert_ok(wish(y, &id, name, rows[i].source, &row, &e));
		assert_int_equal(told(y, "open"), rows[i].ends ? 0 : 1);
		assert_ok(config_erase(acts(y), &id, &e));
		assert_int_equal(told(y, "open"), 0);
		drift_sql(y->x, "DELETE FROM %s.alerts");
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_sealed_and_nowhere_else),
		TEST(a_change_keeps_replaces_or_drops_it),
		TEST(configs_that_show_the_same_to_the_same_share_a_digest),
		TEST(its_end_is_known_where_it_says_so),
		TEST(one_that_is_too_long_is_refused),
		TEST(what_is_told_of_one_ends_when_another_takes_its_place),
	};

	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
