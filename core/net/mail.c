#include "core/net/mail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <curl/curl.h>

#include "core/base/secret.h"

#define CONNECT_MS   5000
#define PASSWORD_MAX 1024

struct mail_curl {
	struct mail         base;
	struct mail_options o;
	char               *password; /* NULL: none */
};

/* What libcurl reads from. */
struct upload {
	struct str rest;
};

static size_t
give(char *p, size_t size, size_t count, void *user)
{
	struct upload *u = user;
	size_t         n = size * count < u->rest.n ? size * count : u->rest.n;

	memcpy(p, u->rest.p, n);
	u->rest.p += n;
	u->rest.n -= n;
	return n;
}

/* ---- options ---- */

static bool
set_tls(CURL *c, const struct mail_options *o)
{
	return curl_easy_setopt(c, CURLOPT_USE_SSL,
		   o->in_clear ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       (*o->tls_ca == '\0' || curl_easy_setopt(c, CURLOPT_CAINFO, o->tls_ca) == CURLE_OK);
}

static bool
set_account(CURL *c, const struct mail_curl *m)
{
	return *m->o.user == '\0' ||
	       (curl_easy_setopt(c, CURLOPT_USERNAME, m->o.user) == CURLE_OK &&
		   curl_easy_setopt(c, CURLOPT_PASSWORD, m->password) == CURLE_OK);
}

/* The host that a server is greeted with: the sender's. */
static char *
greeting_url(TALLOC_CTX *mem, const struct mail_options *o, const char *from)
{
	return talloc_asprintf(mem, "%s/%s", o->url, strrchr(from, '@') + 1);
}

static bool
set_manners(CURL *c, const struct mail_curl *m, const char *url, char *error)
{
	long ms = (long)m->o.timeout_ms;

	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, ms < CONNECT_MS ? ms : CONNECT_MS) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error) == CURLE_OK && set_tls(c, &m->o) &&
	       set_account(c, m);
}

static bool
set_upload(CURL *c, const char *from, struct curl_slist *to, struct upload *u)
{
	return curl_easy_setopt(c, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_READFUNCTION, give) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_READDATA, u) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)u->rest.n) == CURLE_OK;
}

/* ---- sending ---- */

/* What of it was asked last: of a server's no before the mailbox is named the message is not the
 * cause. */
struct talk {
	bool mailbox;
};

static int
listen_in(CURL *c, curl_infotype type, char *p, size_t n, void *user)
{
	struct talk *t = user;

	(void)c;
	if (type == CURLINFO_HEADER_OUT && str_starts((struct str) { p, n }, "RCPT "))
		t->mailbox = true;
	return 0;
}

static bool
set_ear(CURL *c, struct talk *t)
{
	return curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, listen_in) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_DEBUGDATA, t) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_VERBOSE, 1L) == CURLE_OK;
}

/* What the server said no to for good: this mailbox, this size, this form (RFC 5321 section 4.2.3).
 * No to whoever greets it, or to the sender, is about us, and for somebody to put right. */
static bool
is_final(CURLcode rc, long status, const struct talk *t)
{
	return rc != CURLE_OPERATION_TIMEDOUT && t->mailbox && status >= 550 && status <= 553;
}

static bool
failed(CURL *c, CURLcode rc, const struct talk *t, const char *error, struct err *e)
{
	long        status = 0;
	const char *text = *error != '\0' ? error : curl_easy_strerror(rc);

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	if (rc == CURLE_USE_SSL_FAILED)
		return err_set(e, ERR_UNAVAILABLE, (int)rc,
		    "The mail server offers no TLS, without which nothing is sent.", "mail: %s",
		    text);
	if (rc == CURLE_SSL_CONNECT_ERROR || rc == CURLE_PEER_FAILED_VERIFICATION)
		return err_set(e, ERR_UNAVAILABLE, (int)rc,
		    "No secure connection to the mail server could be made.", "mail: %s", text);
	if (is_final(rc, status, t))
		return err_set(e, ERR_INVALID, (int)status, "The mail server refused the message.",
		    "mail: %ld: %s", status, text);
	return err_set(e, ERR_UNAVAILABLE, (int)rc, "The mail server did not take the message.",
	    "mail: %ld: %s", status, text);
}

static bool
hand_over(CURL *c, const struct mail_curl *m, TALLOC_CTX *mem, const struct mail_message *msg,
    struct str bytes, struct err *e)
{
	char               error[CURL_ERROR_SIZE] = "";
	char              *url = greeting_url(mem, &m->o, msg->from);
	char              *from = talloc_asprintf(mem, "<%s>", msg->from);
	char              *rcpt = talloc_asprintf(mem, "<%s>", msg->to);
	struct curl_slist *to = rcpt == NULL ? NULL : curl_slist_append(NULL, rcpt);
	struct upload      u = { bytes };
	struct talk        t = { 0 };
	bool               ok = false;
	CURLcode           rc;

	if (url == NULL || from == NULL || to == NULL) {
		err_memory(e);
	} else if (!set_manners(c, m, url, error) || !set_upload(c, from, to, &u) ||
		   !set_ear(c, &t)) {
		err_set(e, ERR_INTERNAL, 0, "internal error", "mail: libcurl refused an option");
	} else {
		rc = curl_easy_perform(c);
		ok = rc == CURLE_OK || failed(c, rc, &t, error, e);
	}
	curl_slist_free_all(to);
	return ok;
}

static bool
send_one(struct mail *base, TALLOC_CTX *mem, const struct mail_message *msg, struct err *e)
{
	struct mail_curl *m = (struct mail_curl *)base;
	TALLOC_CTX       *tmp = talloc_new(mem);
	struct str        bytes;
	CURL             *c;
	bool              ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = mail_compose(tmp, msg, &bytes, e);
	c = ok ? curl_easy_init() : NULL;
	if (ok)
		ok = c != NULL ? hand_over(c, m, tmp, msg, bytes, e) : err_memory(e);
	curl_easy_cleanup(c);
	talloc_free(tmp);
	return ok;
}

/* ---- making ---- */

static bool
read_password(struct mail_curl *m, struct err *e)
{
	FILE       *f = fopen(m->o.password_file, "re");
	struct stat st;
	bool        ok;

	if (f == NULL)
		return err_set(e, ERR_INTERNAL, errno, "internal error",
		    "smtp.password_file %s: %s", m->o.password_file, strerror(errno));
	m->password = secret_alloc(m, PASSWORD_MAX);
	ok = m->password != NULL && fstat(fileno(f), &st) == 0;
	if (ok && (st.st_mode & 007) != 0)
		err_set(e, ERR_INTERNAL, 0, "internal error",
		    "smtp.password_file %s can be read by others", m->o.password_file);
	else if (!ok || fgets(m->password, PASSWORD_MAX, f) == NULL)
		err_set(e, ERR_INTERNAL, 0, "internal error", "smtp.password_file %s is empty",
		    m->o.password_file);
	else
		m->password[strcspn(m->password, "\r\n")] = '\0';
	if (e->code == ERR_OK)
		str_drop_bom(m->password);
	fclose(f);
	return e->code == ERR_OK;
}

static bool
check_account(struct mail_curl *m, struct err *e)
{
	if (*m->o.user == '\0')
		return true;
	if (m->o.in_clear && !str_starts(str_of(m->o.url), "smtps://"))
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "smtp.user needs TLS: smtps:// or smtp.starttls = \"required\"");
	return read_password(m, e);
}

static int
mail_free(struct mail_curl *m)
{
	(void)m;
	curl_global_cleanup();
	return 0;
}

static const struct mail_ops ops = { send_one };

struct mail *
mail_make(TALLOC_CTX *mem, const struct mail_options *o, struct err *e)
{
	struct mail_curl *m = talloc_zero(mem, struct mail_curl);

	if (m == NULL) {
		err_memory(e);
		return NULL;
	}
	m->base.ops = &ops;
	m->o = *o;
	if (!check_account(m, e) || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(e, ERR_INTERNAL, 0, "internal error", "libcurl could not start");
		talloc_free(m);
		return NULL;
	}
	talloc_set_destructor(m, mail_free);
	return &m->base;
}
