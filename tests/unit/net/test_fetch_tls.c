/* Whom a request believes: the authorities of a file, as the file is when it is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/net/multi.h"
#include "tests/unit/mem.h"

/* One authority each, which has signed itself, and a server that shows it. */
static struct authority {
	EVP_PKEY *key;
	X509     *cert;
	uint16_t  port;
	pid_t     server;
} ours, others;

static char folder[] = "/tmp/bsx-tls.XXXXXX", *file;

static X509 *
make_cert(EVP_PKEY *key, const char *name)
{
	X509           *c = X509_new();
	X509_NAME      *n = X509_get_subject_name(c);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_subject_alt_name, talloc_asprintf(mem, "DNS:%s,IP:127.0.0.1", name));
	X509_EXTENSION *signs = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "CA:TRUE");

	assert_non_null(names);
	assert_non_null(signs);
	assert_int_equal(X509_set_version(c, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
	X509_gmtime_adj(X509_getm_notBefore(c), -60);
	X509_gmtime_adj(X509_getm_notAfter(c), 3600);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(c, n);
	X509_set_pubkey(c, key);
	X509_add_ext(c, names, -1);
	X509_EXTENSION_free(names);
	X509_add_ext(c, signs, -1);
	X509_EXTENSION_free(signs);
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	return c;
}

static void
show(const struct authority *a, int listening)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	signal(SIGPIPE, SIG_IGN);
	SSL_CTX_use_certificate(ctx, a->cert);
	SSL_CTX_use_PrivateKey(ctx, a->key);
	for (;;) {
		static const char answer[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";
		int               fd = accept(listening, NULL, NULL);
		SSL              *s = SSL_new(ctx);
		char              request[4096];

		SSL_set_fd(s, fd);
		if (SSL_accept(s) == 1 && SSL_read(s, request, sizeof(request)) > 0)
			SSL_write(s, answer, sizeof(answer) - 1);
		SSL_shutdown(s);
		SSL_free(s);
		close(fd);
	}
}

static void
begin(struct authority *a, const char *name)
{
	a->key = EVP_EC_gen("P-256");
	a->cert = make_cert(a->key, name);
}

static void
serve(struct authority *a)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t n = sizeof(sin);
	int       fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, n), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &n), 0);
	a->port = ntohs(sin.sin_port);
	a->server = fork();
	if (a->server == 0)
		show(a, fd);
	close(fd);
}

static void
end(struct authority *a)
{
	kill(a->server, SIGKILL);
	waitpid(a->server, NULL, 0);
	X509_free(a->cert);
	EVP_PKEY_free(a->key);
}

static int
start_servers(void **state)
{
	make_mem(state);
	if (mkdtemp(folder) == NULL || asprintf(&file, "%s/authorities.pem", folder) < 0)
		return 1;
	begin(&ours, "localhost");
	serve(&ours);
	begin(&others, "others");
	serve(&others);
	return free_mem(state);
}

static int
stop_servers(void **state)
{
	(void)state;
	end(&ours);
	end(&others);
	unlink(file);
	free(file);
	return rmdir(folder);
}

/* The file becomes another one, as update-ca-certificates makes it. */
static void
believe(const struct authority *a)
{
	const char *fresh = talloc_asprintf(mem, "%s.new", file);
	FILE       *f = fopen(fresh, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, a->cert), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(fresh, file), 0);
}

static struct fetch *
fetcher_with(const char *hashed)
{
	static const char      *ranges[] = { "127.0.0.0/8", "::1/128" };
	static struct cidr_list allow;
	static struct guard     guard = { &allow, true };
	struct err              e = { 0 };
	struct fetch           *f;

	assert_true(cidr_list_parse(mem, (struct strings) { ranges, 2 }, &allow, &e));
	f = fetch_make_trusting(mem, &guard, trust_make(mem, file, hashed), &e);
	assert_non_null(f);
	return f;
}

static struct fetch *
fetcher(void)
{
	return fetcher_with(NULL);
}

static void
try(struct fetch *f, const struct authority *a, const char *host, const char *refused)
{
	const struct fetch_request q = {
		.method = "GET",
		.url = talloc_asprintf(mem, "https://%s:%u/", host, (unsigned)a->port),
		.timeout_ms = 20000,
		.answer_max = 100,
	};
	struct fetch_answer answer;
	struct err          e = { 0 };
	bool                ok = fetch_run(f, mem, &q, &answer, &e);

	assert_string_equal(e.pub, refused);
	assert_int_equal(ok, refused[0] == '\0');
	if (ok)
		assert_true(str_eqz(answer.body, "hello"));
}

#define UNKNOWN "The certificate of the host is signed by itself alone."
#define OTHER   "The certificate of the host is for another name."

static void
who_is_signed_by_an_authority_of_the_file_is_believed_and_nobody_else(void **state)
{
	struct fetch *f;

	(void)state;
	believe(&ours);
	f = fetcher();
	try(f, &ours, "127.0.0.1", "");
	try(f, &others, "127.0.0.1", UNKNOWN);
	try(f, &ours, "127.0.0.1", "");
}

static void
one_that_is_taken_out_of_the_folder_is_believed_no_longer(void **state)
{
	const char      *hashed = talloc_asprintf(mem, "%s/hashed", folder), *name;
	struct fetch    *f;
	FILE            *out;
	struct authority elsewhere = { 0 };

	(void)state;
	begin(&elsewhere, "elsewhere");
	serve(&elsewhere); /* the file must not know the name */
	believe(&elsewhere);
	assert_int_equal(mkdir(hashed, 0700), 0);
	name = talloc_asprintf(mem, "%s/%08lx.0", hashed, X509_subject_name_hash(ours.cert));
	out = fopen(name, "w");
	assert_non_null(out);
	assert_int_equal(PEM_write_X509(out, ours.cert), 1);
	assert_int_equal(fclose(out), 0);
	f = fetcher_with(hashed);
	try(f, &ours, "127.0.0.1", "");
	assert_int_equal(unlink(name), 0);
	try(f, &ours, "127.0.0.1", UNKNOWN);
	end(&elsewhere);
	assert_int_equal(rmdir(hashed), 0);
}

static void
a_certificate_is_for_its_names(void **state)
{
	struct fetch *f;

	(void)state;
	believe(&ours);
	f = fetcher();
	try(f, &ours, "localhost", "");
	try(f, &ours, "127.0.0.2", "No connection could be made.");
	try(f, &ours, "[::ffff:127.0.0.1]", OTHER);
}

/* A certificate of that name, signed by ours. */
static void
have_signed(struct authority *a, long from_s, long to_s)
{
	X509_set_issuer_name(a->cert, X509_get_subject_name(ours.cert));
	X509_gmtime_adj(X509_getm_notBefore(a->cert), from_s);
	X509_gmtime_adj(X509_getm_notAfter(a->cert), to_s);
	assert_true(X509_sign(a->cert, ours.key, EVP_sha256()) > 0);
}

static void
what_is_wrong_with_a_certificate_has_its_sentence(void **state)
{
	static const struct {
		const char *name, *said;
		long        from_s, to_s;
	} rows[] = {
		{ "signed", "", -60, 3600 },
		{ "over", "The certificate of the host has expired.", -7200, -3600 },
		{ "early", "The certificate of the host is not valid yet.", 3600, 7200 },
	};
	struct authority a;
	struct fetch    *f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		believe(&ours);
		f = fetcher();
		begin(&a, rows[i].name);
		have_signed(&a, rows[i].from_s, rows[i].to_s);
		serve(&a);
		try(f, &a, "127.0.0.1", rows[i].said);
		believe(&others);
		try(f, &a, "127.0.0.1",
		    "The certificate of the host is signed by an authority that is not believed "
		    "here.");
		end(&a);
	}
}

static void
a_file_that_becomes_another_one_is_read_again(void **state)
{
	struct fetch *f;

	(void)state;
	believe(&ours);
	f = fetcher();
	fetch_prepare(f);
	try(f, &ours, "127.0.0.1", "");
	believe(&others);
	try(f, &ours, "127.0.0.1", UNKNOWN);
	try(f, &others, "127.0.0.1", "");
}

static void
nobody_is_believed_where_the_file_is_away_or_is_none(void **state)
{
	struct fetch *f;

	(void)state;
	believe(&ours);
	f = fetcher();
	try(f, &ours, "127.0.0.1", "");
	assert_int_equal(unlink(file), 0);
	try(f, &ours, "127.0.0.1", UNKNOWN);
	assert_int_equal(close(creat(file, 0600)), 0);
	try(f, &ours, "127.0.0.1", UNKNOWN);
	believe(&ours);
	try(f, &ours, "127.0.0.1", "");
}

static void
the_system_believes_neither(void **state)
{
	static const char      *ranges[] = { "127.0.0.0/8" };
	static struct cidr_list allow;
	static struct guard     guard = { &allow, true };
	struct err              e = { 0 };
	struct fetch           *f;

	(void)state;
	assert_true(cidr_list_parse(mem, (struct strings) { ranges, 1 }, &allow, &e));
	f = fetch_make(mem, &guard, &e);
	assert_non_null(f);
	try(f, &ours, "127.0.0.1", UNKNOWN);
}

static void
note(void *owner, const struct multi_answer *a)
{
	const char **came = owner;

	came[a->id] = talloc_strdup(mem, a->ok ? a->answer->body.p : a->why->pub);
}

static void
of_many_at_once_each_believes_the_same(void **state)
{
	static struct cidr_list allow;
	static struct guard     guard = { &allow, true };
	static const char      *range = "127.0.0.0/8";
	const char             *came[2] = { NULL, NULL };
	struct err              e = { 0 };
	struct multi           *m;

	(void)state;
	believe(&ours);
	assert_true(cidr_list_parse(mem, (struct strings) { &range, 1 }, &allow, &e));
	m = multi_make(mem, &guard, trust_make(mem, file, NULL), &e);
	assert_non_null(m);
	for (uint64_t i = 0; i < 2; i++) {
		const struct authority    *a = i == 0 ? &ours : &others;
		const struct fetch_request q = {
			.method = "GET",
			.url = talloc_asprintf(mem, "https://127.0.0.1:%u/", (unsigned)a->port),
			.timeout_ms = 20000,
			.answer_max = 100,
		};

		assert_true(multi_send(m, &q, &(struct multi_from) { note, came, i }, &e));
	}
	while (multi_under_way(m) > 0)
		assert_true(multi_wait(m, 1000, NULL, 0, &e));
	assert_string_equal(came[0], "hello");
	assert_string_equal(came[1], UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_signed_by_an_authority_of_the_file_is_believed_and_nobody_else),
		TEST(one_that_is_taken_out_of_the_folder_is_believed_no_longer),
		TEST(a_certificate_is_for_its_names),
		TEST(what_is_wrong_with_a_certificate_has_its_sentence),
		TEST(a_file_that_becomes_another_one_is_read_again),
		TEST(nobody_is_believed_where_the_file_is_away_or_is_none),
		TEST(the_system_believes_neither),
		TEST(of_many_at_once_each_believes_the_same),
	};

	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
