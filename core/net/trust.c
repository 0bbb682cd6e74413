#include "core/net/trust.h"

#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

struct trust {
	const char *file, *folder; /* NULL: they were given, and stay */
	struct stat seen[2];       /* of file and folder, when they were read */
	X509_STORE *store;         /* NULL: not read yet, or it could not be */
};

static int
trust_free(struct trust *t)
{
	X509_STORE_free(t->store);
	return 0;
}

struct trust *
trust_make(TALLOC_CTX *mem, const char *file, const char *folder)
{
	struct trust *t = talloc_zero(mem, struct trust);

	if (t == NULL)
		return NULL;
	t->file = talloc_strdup(t, file);
	t->folder = folder == NULL ? NULL : talloc_strdup(t, folder);
	talloc_set_destructor(t, trust_free);
	if (t->file != NULL && (folder == NULL || t->folder != NULL))
		return t;
	talloc_free(t);
	return NULL;
}

/* The next one; *more false: there is none. */
static bool
add_next(X509_STORE *s, BIO *text, bool *more)
{
	X509 *one = PEM_read_bio_X509(text, NULL, NULL, NULL);
	bool  ok = one != NULL && X509_STORE_add_cert(s, one) == 1;

	*more = one != NULL;
	if (one == NULL) /* the end is no fault */
		ok = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	X509_free(one);
	ERR_clear_error();
	return ok;
}

static bool
read_text(struct trust *t, BIO *text)
{
	size_t n = 0;
	bool   more = true;

	t->store = X509_STORE_new();
	while (t->store != NULL && more) {
		if (!add_next(t->store, text, &more))
			return false;
		n += more;
	}
	return n > 0 && X509_STORE_set_flags(
			    t->store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

struct trust *
trust_make_text(TALLOC_CTX *mem, const char *pem)
{
	struct trust *t = talloc_zero(mem, struct trust);
	BIO          *text = BIO_new_mem_buf(pem, -1);
	bool          ok;

	if (t != NULL)
		talloc_set_destructor(t, trust_free);
	ERR_clear_error();
	ok = t != NULL && text != NULL && read_text(t, text);
	BIO_free(text);
	if (ok)
		return t;
	talloc_free(t);
	return NULL;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Zeroes where there is none. */
static struct stat
look(const char *path)
{
	struct stat s;

	if (path == NULL || stat(path, &s) != 0)
		memset(&s, 0, sizeof(s));
	return s;
}

/* What libcurl does with them (lib/vtls/openssl.c, populate_x509_store). */
static X509_STORE *
read_store(const struct trust *t)
{
	X509_STORE *s = X509_STORE_new();

	if (s != NULL && X509_STORE_load_file(s, t->file) == 1 &&
	    (t->folder == NULL || X509_STORE_load_path(s, t->folder) == 1) &&
	    X509_STORE_set_flags(s, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) == 1)
		return s;
	X509_STORE_free(s);
	return NULL;
}

bool
trust_read(struct trust *t)
{
	struct stat now[2] = { look(t->file), look(t->folder) };

	if (t->file == NULL)
		return t->store != NULL;
	if (t->store != NULL && is_same(&now[0], &t->seen[0]) && is_same(&now[1], &t->seen[1]))
		return true;
	X509_STORE_free(t->store);
	t->store = read_store(t);
	memcpy(t->seen, now, sizeof(now));
	return t->store != NULL;
}

void
trust_give(const struct trust *t, void *ssl_ctx)
{
	SSL_CTX_set1_cert_store(ssl_ctx, t->store);
}

/* Why a certificate is not believed.  libcurl looks at its names itself, before it asks OpenSSL for
 * more. */
static const struct {
	long        why;
	const char *pub;
} doubts[] = {
	{ X509_V_OK, "The certificate of the host is for another name." },
	{ X509_V_ERR_UNSPECIFIED, "The certificate of the host is for another name." },
	{ X509_V_ERR_HOSTNAME_MISMATCH, "The certificate of the host is for another name." },
	{ X509_V_ERR_CERT_HAS_EXPIRED, "The certificate of the host has expired." },
	{ X509_V_ERR_CERT_NOT_YET_VALID, "The certificate of the host is not valid yet." },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
	    "The certificate of the host is signed by itself alone." },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
	    "The certificate of the host is signed by an authority that is not believed here." },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
	    "The certificate of the host is signed by an authority that is not believed here." },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	    "The certificate of the host is signed by an authority that is not believed here." },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
	    "The certificate of the host is signed by an authority that is not believed here." },
};

const char *
trust_doubt(long why)
{
	for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++)
		if (doubts[i].why == why)
			return doubts[i].pub;
	return "The certificate of the host cannot be believed.";
}
