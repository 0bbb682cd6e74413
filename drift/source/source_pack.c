#include "drift/source/source_pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drift/engine/rule_pack.h"
#include "drift/source/source_pack_priv.h"
#include "drift/source/url.h"

/* The pack `http`: its collections are the config's. */
static const char http_text[] =
    "{\"name\":\"http\",\"title\":\"Any API that answers JSON\","
    "\"parameters\":["
    "{\"name\":\"base_url\",\"doc\":\"Base URL of what is read.\",\"format\":\"url\","
    "\"required\":true},"
    "{\"name\":\"headers\",\"doc\":\"Header fields that every request has.\","
    "\"format\":\"headers\"}],"
    "\"hosts\":[{\"name\":\"api\",\"parameter\":\"base_url\"}],"
    "\"error_code\":[\"/error/code\",\"/error\",\"/code\"],"
    "\"error_message\":[\"/error/message\",\"/error_description\",\"/message\",\"/detail\","
    "\"/title\"]}";

static bool
name_ok(struct str name)
{
	return rule_pack_name_ok(name);
}

/* ---- reading ---- */

struct packing {
	TALLOC_CTX         *mem;
	struct pack_in      in;
	struct source_pack *out;
	struct err         *e;
};

static bool
refuse(const struct packing *p, const char *list, size_t i, const char *member, const char *what)
{
	char at[120];

	snprintf(at, sizeof at, "/%s/%zu%s", list, i, member);
	return err_fault(p->e, p->mem, at, "%s", what);
}

static bool
word_ok(const char *z)
{
	return z[strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static struct source_parameter *
parameter_of(const struct source_pack *pack, const char *name)
{
	for (size_t i = 0; i < pack->parameters_n; i++)
		if (strcmp(pack->parameters[i].name, name) == 0)
			return &pack->parameters[i];
	return NULL;
}

static bool
has_format(const struct source_parameter *p, const char *format)
{
	return strcmp(p->format != NULL ? p->format : "text", format) == 0;
}

static bool
check_parameter(const struct packing *p, size_t i)
{
	const struct source_parameter *q = &p->out->parameters[i];

	if (!word_ok(q->name))
		return refuse(p, "parameters", i, "/name", "may hold a-z, 0-9 and _ only");
	if (parameter_of(p->out, q->name) != q)
		return refuse(p, "parameters", i, "/name", "is the name of another parameter too");
	if (q->required && q->fallback != NULL)
		return refuse(p, "parameters", i, "/default", "goes with one that is not required");
	if (q->choices.n > 0 && !has_format(q, "text"))
		return refuse(p, "parameters", i, "/choices", "go with format text");
	if (q->fallback != NULL && q->choices.n > 0 && !strings_have(q->choices, q->fallback))
		return refuse(p, "parameters", i, "/default", "is none of the choices");
	return true;
}

static bool
set_parameters(struct packing *p)
{
	struct source_pack *out = p->out;
	struct str *names = talloc_array(p->mem, struct str, (unsigned)p->in.parameters.n + 1);

	if (names == NULL)
		return err_memory(p->e);
	out->parameters = p->in.parameters.p;
	out->parameters_n = p->in.parameters.n;
	for (size_t i = 0; i < out->parameters_n; i++) {
		if (!check_parameter(p, i))
			return false;
		names[i] = str_of(out->parameters[i].name);
	}
	out->names.parameters = names;
	out->names.parameters_n = out->parameters_n;
	return true;
}

/* ---- hosts ---- */

static bool
check_urls(const struct packing *p, size_t i)
{
	const struct source_host      *h = &p->out->hosts[i];
	const struct json             *urls = h->urls.tree;
	const struct source_parameter *by = h->by == NULL ? NULL : parameter_of(p->out, h->by);

	if ((h->by == NULL) != (urls == NULL))
		return refuse(p, "hosts", i, "/by", "goes with urls");
	if (urls == NULL)
		return true;
	if (by == NULL || by->choices.n == 0)
		return refuse(p, "hosts", i, "/by", "must be a parameter with choices");
	if (urls->type != JSON_OBJECT)
		return refuse(p, "hosts", i, "/urls", "must be an object");
	for (size_t k = 0; k < by->choices.n; k++) {
		const struct json *url = json_get(urls, by->choices.items[k]);

		if (url == NULL || url->type != JSON_STRING || url_base_fault(url->text) != NULL)
			return refuse(
			    p, "hosts", i, "/urls", "must have a base URL for each of the choices");
	}
	return true;
}

static bool
check_host(const struct packing *p, size_t i)
{
	const struct source_host *h = &p->out->hosts[i];
	struct source_parameter  *q =
            h->parameter == NULL ? NULL : parameter_of(p->out, h->parameter);
	char at[60];

	if (!word_ok(h->name))
		return refuse(p, "hosts", i, "/name", "may hold a-z, 0-9 and _ only");
	for (size_t k = 0; k < i; k++)
		if (strcmp(p->out->hosts[k].name, h->name) == 0)
			return refuse(p, "hosts", i, "/name", "is the name of another host too");
	if (h->parameter != NULL && (q == NULL || !has_format(q, "url")))
		return refuse(p, "hosts", i, "/parameter", "must be a parameter of format url");
	if (h->url == NULL && h->by == NULL && (q == NULL || !q->required))
		return refuse(
		    p, "hosts", i, "", "needs url, urls, or a parameter that is required");
	if (!check_urls(p, i))
		return false;
	if (h->url == NULL)
		return true;
	if (strstr(h->url, "{") == NULL && url_base_fault(str_of(h->url)) != NULL)
		return refuse(p, "hosts", i, "/url", url_base_fault(str_of(h->url)));
	snprintf(at, sizeof at, "/hosts/%zu/url", i);
	return form_parse(p->mem, str_of(h->url), &p->out->names, at, &p->out->host_urls[i], p->e);
}

static bool
set_hosts(struct packing *p)
{
	struct source_pack *out = p->out;
	struct str         *names = talloc_array(p->mem, struct str, (unsigned)p->in.hosts.n + 1);

	out->hosts = p->in.hosts.p;
	out->hosts_n = p->in.hosts.n;
	out->host_urls = talloc_zero_array(p->mem, struct form, (unsigned)out->hosts_n + 1);
	if (names == NULL || out->host_urls == NULL)
		return err_memory(p->e);
	for (size_t i = 0; i < out->hosts_n; i++) {
		if (!check_host(p, i))
			return false;
		names[i] = str_of(out->hosts[i].name);
	}
	out->names.hosts = names;
	out->names.hosts_n = out->hosts_n;
	return true;
}

/* ---- the rest ---- */

static bool
check_auth_host(const struct packing *p, const struct source_auth *a)
{
	for (size_t i = 0; i < p->out->hosts_n; i++)
		if (strcmp(p->out->hosts[i].name, a->host) == 0)
			return true;
	return err_fault(p->e, p->mem, "/auth/host", "names a host that the pack does not have");
}

static bool
set_auth(struct packing *p)
{
	const struct source_auth *a = p->in.auth;
	const char               *fault;
	bool                      asks;

	p->out->auth = p->in.auth;
	if (a == NULL)
		return true;
	asks = strcmp(a->kind, "oauth2_client_credentials") == 0;
	if (asks != (a->host != NULL) || asks != (a->path != NULL) ||
	    (!asks && (a->scope != NULL || a->forms.n > 0)))
		return err_fault(p->e, p->mem, "/auth",
		    "host and path go with oauth2_client_credentials, which needs them");
	if ((a->header != NULL) != (strcmp(a->kind, "header") == 0))
		return err_fault(p->e, p->mem, "/auth/header", "goes with header, which needs it");
	if (!asks)
		return true;
	fault = url_path_fault(str_of(a->path));
	if (fault != NULL)
		return err_fault(p->e, p->mem, "/auth/path", "%s", fault);
	return check_auth_host(p, a) &&
	       form_parse(p->mem, str_of(a->path), &p->out->names, "/auth/path", &p->out->auth_path,
		   p->e) &&
	       form_parse(p->mem, str_of(a->scope), &p->out->names, "/auth/scope",
		   &p->out->auth_scope, p->e);
}

static bool
is_positive(const struct json *v)
{
	char   text[40];
	double d;

	if (v == NULL || v->type != JSON_NUMBER || v->text.n >= sizeof text)
		return false;
	memcpy(text, v->text.p, v->text.n);
	text[v->text.n] = '\0';
	d = strtod(text, NULL);
	return d > 0 && d <= 1e6;
}

static bool
set_limits(struct packing *p)
{
	p->out->limits = p->in.limits.p;
	p->out->limits_n = p->in.limits.n;
	for (size_t i = 0; i < p->out->limits_n; i++) {
		if (!is_positive(p->out->limits[i].per_s.tree))
			return refuse(
			    p, "limits", i, "/per_s", "must be a number above 0, at most 1000000");
		for (size_t k = 0; k < i; k++)
			if (strcmp(p->out->limits[k].bucket, p->out->limits[i].bucket) == 0)
				return refuse(
				    p, "limits", i, "/bucket", "is the name of another bucket too");
	}
	return true;
}

static bool
check_error_pointers(const struct packing *p, const char *list, const struct strings *pointers)
{
	for (size_t i = 0; i < pointers->n; i++)
		if (pointers->items[i][0] != '/')
			return refuse(p, list, i, "", "must be a JSON Pointer, beginning with /");
	return true;
}

static bool
set_errors(struct packing *p)
{
	p->out->errors = p->in.errors.p;
	p->out->errors_n = p->in.errors.n;
	p->out->error_code = p->in.error_code;
	p->out->error_message = p->in.error_message;
	p->out->retry = p->in.retry;
	for (size_t i = 0; i < p->out->errors_n; i++) {
		const struct source_error *x = &p->out->errors[i];

		if (x->status == 0 && x->code == NULL && x->text == NULL && x->header == NULL)
			return refuse(p, "errors", i, "", "needs a status, code, text or header");
		if (x->licence && strcmp(x->as, "forbidden") != 0)
			return refuse(p, "errors", i, "/licence", "goes with as: forbidden");
	}
	return check_error_pointers(p, "error_code", &p->out->error_code) &&
	       check_error_pointers(p, "error_message", &p->out->error_message);
}

static bool
set_identity(struct packing *p, const char *name)
{
	p->out->name = p->in.name;
	p->out->title = p->in.title;
	p->out->documents = p->in.documents;
	p->out->rule_packs = p->in.rule_packs;
	if (!name_ok(str_of(p->in.name)))
		return err_fault(p->e, p->mem, "/name", "may hold a-z, 0-9, _ and - only");
	return name == NULL || strcmp(name, p->in.name) == 0 ||
	       err_fault(p->e, p->mem, "/name", "must be %s, as the file is called", name);
}

static bool
set_all(struct packing *p, const char *name)
{
	bool http = str_eqz(str_of(p->in.name), "http");

	if (!set_identity(p, name) || !set_parameters(p) || !set_hosts(p) || !set_auth(p) ||
	    !set_limits(p) || !set_errors(p) ||
	    !pack_headers_read(
		p->mem, p->in.headers.tree, &p->out->names, "/headers", &p->out->headers, p->e))
		return false;
	if (p->in.collections.n == 0)
		return http || err_fault(p->e, p->mem, "/collections", "is required");
	return pack_collections_read(p->mem, p->out, &p->in.collections, "/collections", p->e) &&
	       pack_derived_read(p->mem, p->out, &p->in.derived, p->e) &&
	       pack_attribution_read(p->mem, p->out, p->in.attribution, p->e) &&
	       pack_watch_check(p->mem, p->out, p->in.watch, p->e);
}

struct source_pack *
source_pack_parse(TALLOC_CTX *mem, struct str text, const char *name, struct err *e)
{
	struct packing p = { .mem = mem, .e = e };
	struct json   *tree = NULL;

	p.out = talloc_zero(mem, struct source_pack);
	if (p.out == NULL)
		(void)err_memory(e);
	else if (json_decode_utf8(text, &text, e))
		tree = json_parse(mem, text, e);
	if (tree == NULL || !schema_decode(mem, &source_pack_schema, tree, &p.in, e) ||
	    !set_all(&p, name))
		return NULL;
	hash_sha256(text.p, text.n, p.out->digest);
	return p.out;
}

bool
source_pack_collections(TALLOC_CTX *mem, struct source_pack *pack, const struct items *in,
    const char *at, struct err *e)
{
	return pack_collections_read(mem, pack, in, at, e);
}

/* ---- files ---- */

static bool
read_all(TALLOC_CTX *mem, int fd, struct str *text, struct err *e)
{
	struct stat st;
	size_t      got = 0;
	ssize_t     n;
	char       *p;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > SOURCE_PACK_FILE_MAX)
		return err_set(e, ERR_INVALID, errno, "no plain file of at most 1 MiB",
		    "no plain file of at most %d bytes", SOURCE_PACK_FILE_MAX);
	p = talloc_size(mem, (size_t)st.st_size + 1);
	if (p == NULL)
		return err_memory(e);
	while (got < (size_t)st.st_size) {
		n = read(fd, p + got, (size_t)st.st_size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, ERR_INVALID, errno, "cannot be read", "cannot be read");
		got += (size_t)n;
	}
	*text = (struct str) { p, got };
	return true;
}

static struct source_pack *
read_fd(TALLOC_CTX *mem, int fd, const char *name, struct err *e)
{
	struct str text;

	return read_all(mem, fd, &text, e) ? source_pack_parse(mem, text, name, e) : NULL;
}

struct source_pack *
source_pack_file(TALLOC_CTX *mem, const char *path, const char *name, struct err *e)
{
	int                 fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct source_pack *pack;

	if (fd < 0) {
		(void)err_set(e, ERR_MISSING, errno, "cannot be opened", "cannot be opened");
		return NULL;
	}
	pack = read_fd(mem, fd, name, e);
	close(fd);
	return pack;
}

struct source_pack *
source_pack_load(TALLOC_CTX *mem, const char *dir, const char *name, struct err *e)
{
	char               *path = talloc_asprintf(mem, "%s/%s.json", dir, name);
	struct err          why = { 0 };
	struct source_pack *pack;
	int                 fd = -1;

	if (strcmp(name, "http") == 0)
		return source_pack_parse(mem, STR(http_text), "http", e);
	if (path == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	if (name_ok(str_of(name)))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		(void)err_set(e, ERR_MISSING, 0, "there is no such source pack", "no source pack");
		return NULL;
	}
	pack = read_fd(mem, fd, name, &why);
	close(fd);
	if (pack == NULL)
		(void)err_set(e, ERR_INTERNAL, why.sys, "internal error", "source pack %s: %s%s%s",
		    name, why.detail, why.faults == NULL ? "" : why.faults->pointer,
		    why.faults == NULL ? "" : why.faults->detail);
	return pack;
}

static int
is_pack_file(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && strcmp(d->d_name + n - 5, ".json") == 0 &&
	       name_ok((struct str) { d->d_name, n - 5 });
}

bool
source_pack_names(TALLOC_CTX *mem, const char *dir, struct strings *out, struct err *e)
{
	struct dirent **found = NULL;
	int             n = scandir(dir, &found, is_pack_file, alphasort);
	bool            ok = true;

	*out = (struct strings) { 0 };
	if (n < 0)
		return true;
	out->items = talloc_array(mem, const char *, (unsigned)n + 1);
	for (int i = 0; i < n; i++) {
		struct str name = { found[i]->d_name, strlen(found[i]->d_name) - 5 };

		if (out->items != NULL) {
			out->items[out->n] = str_dup(mem, name);
			ok = ok && out->items[out->n++] != NULL;
		}
		free(found[i]);
	}
	free(found);
	return (ok && out->items != NULL) || err_memory(e);
}
