/* bsxctl_source.h: what is answered, kept as fixtures. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/json/schema.h"
#include "drift/engine/compare.h"
#include "drift/engine/resource.h"
#include "tools/bsxctl_source.h"

#define ANSWERS_MAX 9999
#define SECRET_MIN  4 /* bytes of what is looked for inside a text */

struct source_record {
	struct ctl          *c;
	const char          *folder;
	struct compare_spec *masks;
	struct str *secrets; /* texts of the credential, header fields and tokens in all spellings,
				the longest first */
	size_t     secrets_n;
	unsigned   n;
	struct err why; /* the first that could not be kept */
};

struct kept_header {
	const char *name, *value;
};
static const struct field header_fields[] = {
	FIELD(struct kept_header, name),
	FIELD(struct kept_header, value),
	FIELD_END,
};
static const struct schema header_schema =
    SCHEMA("RecordedHeader", struct kept_header, header_fields);

struct kept_answer {
	const char     *method, *url, *why, *text;
	int64_t         status;
	struct items    headers;
	struct raw_json body;
};
static const struct field answer_fields[] = {
	FIELD(struct kept_answer, method),
	FIELD(struct kept_answer, url),
	FIELD(struct kept_answer, status),
	FIELD(struct kept_answer, why, .flags = FIELD_OMIT_ZERO),
	FIELD(struct kept_answer, headers, .item = &header_schema),
	FIELD(struct kept_answer, body, .flags = FIELD_OMIT_ZERO),
	FIELD(struct kept_answer, text, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema answer_schema =
    SCHEMA("RecordedAnswer", struct kept_answer, answer_fields);

/* ---- what is looked for ---- */

static int
longest_first(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return x->n < y->n ? 1 : x->n > y->n ? -1 : 0;
}

static bool
add_spelling(struct source_record *r, struct str text, struct err *e)
{
	struct str *more = talloc_realloc_size(r, r->secrets, (r->secrets_n + 1) * sizeof(more[0]));
	char       *copy = str_dup(r, text);

	if (more == NULL || copy == NULL)
		return err_memory(e);
	secret_guard(copy);
	r->secrets = more;
	r->secrets[r->secrets_n++] = (struct str) { copy, text.n };
	return true;
}

/* As JSON and URLs write it, the latter with small letters too, and as base64 with either alphabet.
 */
static bool
add_spellings(struct source_record *r, struct str text, struct err *e)
{
	struct buf json, url;
	char      *wide, *narrow;

	buf_make_secret(&json, r);
	buf_make_secret(&url, r);
	buf_json(&json, text);
	buf_url(&url, text);
	wide = base64_print(r, (const uint8_t *)text.p, text.n);
	narrow = base64url_print(r, (const uint8_t *)text.p, text.n);
	if (!buf_ok(&json) || !buf_ok(&url) || wide == NULL || narrow == NULL)
		return err_memory(e);
	secret_guard(wide);
	secret_guard(narrow);
	if (!add_spelling(r, (struct str) { json.p + 1, json.n - 2 }, e) ||
	    !add_spelling(r, buf_str(&url), e) ||
	    !add_spelling(r, (struct str) { wide, strcspn(wide, "=") }, e) ||
	    !add_spelling(r, str_of(narrow), e))
		return false;
	for (size_t i = 0; i + 2 < url.n; i++)
		for (size_t k = 1; url.p[i] == '%' && k <= 2; k++)
			if (url.p[i + k] >= 'A' && url.p[i + k] <= 'F')
				url.p[i + k] = (char)(url.p[i + k] + 32);
	return add_spelling(r, buf_str(&url), e);
}

static bool
add_secret(struct source_record *r, struct str text, struct err *e)
{
	if (text.n == 0)
		return true;
	if (!add_spelling(r, text, e) || (text.n >= SECRET_MIN && !add_spellings(r, text, e)))
		return false;
	qsort(r->secrets, r->secrets_n, sizeof(r->secrets[0]), longest_first);
	return true;
}

/* What a name and a password are sent as. */
static bool
add_basic(struct source_record *r, const struct json *v, struct err *e)
{
	const struct json *user = json_get(v, "user"), *password = json_get(v, "password");
	struct buf         b;

	if (user == NULL || password == NULL || user->type != JSON_STRING ||
	    password->type != JSON_STRING)
		return true;
	buf_make_secret(&b, r);
	buf_add(&b, user->text.p, user->text.n);
	buf_putc(&b, ':');
	buf_add(&b, password->text.p, password->text.n);
	return buf_ok(&b) ? add_secret(r, buf_str(&b), e) : err_memory(e);
}

/* The texts of an object, but the word that says its kind. */
static bool
learn(struct source_record *r, struct str secret, struct err *e)
{
	struct json *v = json_parse(r, secret, e);

	if (v == NULL || !add_basic(r, v, e))
		return false;
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		if (!str_eqz(v->names[i], "kind") && v->items[i].type == JSON_STRING &&
		    !add_secret(r, v->items[i].text, e))
			return false;
	return true;
}

/* Of the parameters those that are header fields, which may hold secrets. */
static bool
learn_headers(struct source_record *r, const struct json *parameters, struct err *e)
{
	for (uint32_t i = 0;
	     parameters != NULL && parameters->type == JSON_OBJECT && i < parameters->n; i++) {
		const struct json *v = &parameters->items[i];

		for (uint32_t k = 0; v->type == JSON_OBJECT && k < v->n; k++)
			if (v->items[k].type == JSON_STRING && !add_secret(r, v->items[k].text, e))
				return false;
	}
	return true;
}

/* Of an answer that grants tokens all of them; another asking may bring others. */
static bool
learn_tokens(struct source_record *r, struct str answer, struct err *e)
{
	static const char *const members[] = { "access_token", "refresh_token", "id_token", NULL };
	struct err               none = { 0 };
	const struct json       *v = json_parse(r, answer, &none);

	for (size_t i = 0; v != NULL && members[i] != NULL; i++) {
		const struct json *token = json_get(v, members[i]);

		if (token != NULL && token->type == JSON_STRING && !add_secret(r, token->text, e))
			return false;
	}
	return true;
}

/* ---- masks ---- */

#define MASKED "[masked]"

/* A secret that is so short stands in anything: only a text that is nothing else is one. */
static const struct str *
secret_at(const struct source_record *r, struct str text, size_t i)
{
	for (size_t hit = 0; hit < r->secrets_n; hit++) {
		const struct str *s = &r->secrets[hit];

		if (text.n - i >= s->n && memcmp(text.p + i, s->p, s->n) == 0 &&
		    (s->n >= SECRET_MIN || s->n == text.n))
			return s;
	}
	return NULL;
}

static bool
clean_text(
    const struct source_record *r, TALLOC_CTX *mem, struct str text, struct str *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < text.n;) {
		const struct str *s = secret_at(r, text, i);

		if (s == NULL) {
			buf_putc(&b, text.p[i++]);
			continue;
		}
		buf_puts(&b, MASKED);
		i += s->n;
	}
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

/* Names that have become alike are told apart by their number. */
static bool
clean_name(const struct source_record *r, TALLOC_CTX *mem, const struct json *v, uint32_t i,
    struct str *out, struct err *e)
{
	char *numbered;

	if (!clean_text(r, mem, v->names[i], out, e))
		return false;
	if (str_eq(*out, v->names[i]))
		return true;
	numbered = talloc_asprintf(mem, "%.*s %u", (int)out->n, out->p, (unsigned)i);
	*out = str_of(numbered);
	return numbered != NULL || err_memory(e);
}

/* Texts and names in a tree: whatever they are, it is printed as JSON. */
static bool
clean_tree(const struct source_record *r, TALLOC_CTX *mem, const struct json *v, struct json *out,
    struct err *e)
{
	struct str *names = NULL;

	*out = *v;
	if (v->type == JSON_STRING || v->type == JSON_NUMBER) {
		if (!clean_text(r, mem, v->text, &out->text, e))
			return false;
		if (!str_eq(out->text, v->text))
			out->type = JSON_STRING;
		return true;
	}
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return true;
	out->items = talloc_zero_array(mem, struct json, v->n + 1);
	if (v->type == JSON_OBJECT)
		names = talloc_zero_array(mem, struct str, v->n + 1);
	out->names = names;
	if (out->items == NULL || (v->type == JSON_OBJECT && names == NULL))
		return err_memory(e);
	for (uint32_t i = 0; i < v->n; i++)
		if ((names != NULL && !clean_name(r, mem, v, i, &names[i], e)) ||
		    !clean_tree(r, mem, &v->items[i], &out->items[i], e))
			return false;
	return true;
}

/* As a config masks it that says nothing of masks, and without what the credential has. */
static const struct json *
masked(const struct source_record *r, TALLOC_CTX *mem, const struct json *v, struct err *e)
{
	struct resource x = { STR("page"), STR(""), v, false };
	struct json    *out = talloc_zero(mem, struct json);
	struct work     work;

	work_begin(&work, WORK_TASK, &clock_system);
	if (out == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	return resource_normalise(mem, r->masks, &x, RESOURCE_SOURCE, &work, e) &&
		       clean_tree(r, mem, x.value, out, e)
		   ? out
		   : NULL;
}

static const char *
masked_json(const struct source_record *r, TALLOC_CTX *mem, const struct json *v, struct err *e)
{
	const struct json *out = masked(r, mem, v, e);
	struct buf         b;

	if (out == NULL)
		return NULL;
	buf_make(&b, mem);
	resource_print(&b, out);
	return buf_text(&b, e);
}

static const char *
masked_text(const struct source_record *r, TALLOC_CTX *mem, struct str text, struct err *e)
{
	struct json        v = { .type = JSON_STRING, .text = text };
	const struct json *out = masked(r, mem, &v, e);
	char              *copy;

	if (out == NULL)
		return NULL;
	copy = str_dup(mem, out->text);
	if (copy == NULL)
		(void)err_memory(e);
	return copy;
}

/* ---- one answer ---- */

/* Of its header fields those that say what follows, and whether to wait. */
static bool
is_told(const char *name)
{
	static const char *const told[] = { "Content-Type", "Link", "Retry-After" };

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (str_caseeqz(str_of(name), told[i]))
			return true;
	return false;
}

static bool
keep_headers(const struct source_record *r, TALLOC_CTX *mem, const struct multi_answer *a,
    struct items *out, struct err *e)
{
	struct kept_header *rows =
	    talloc_zero_array(mem, struct kept_header, (unsigned)a->fields_n + 1);

	if (rows == NULL)
		return err_memory(e);
	*out = (struct items) { rows, 0 };
	for (size_t i = 0; i < a->fields_n; i++) {
		if (!is_told(a->fields[i].name))
			continue;
		rows[out->n].name = talloc_strdup(mem, a->fields[i].name);
		rows[out->n].value = masked_text(r, mem, str_of(a->fields[i].value), e);
		if (rows[out->n].name == NULL || rows[out->n].value == NULL)
			return rows[out->n].name != NULL ? false : err_memory(e);
		out->n++;
	}
	return true;
}

static bool
keep_body(struct source_record *r, TALLOC_CTX *mem, const struct drive_seen *s,
    struct kept_answer *out, struct err *e)
{
	struct err   none = { 0 };
	struct str   text = s->answer->answer->body;
	struct json *v;

	if (s->is_token) {
		out->text = MASKED;
		return learn_tokens(r, text, e);
	}
	v = json_parse(mem, text, &none);
	if (v != NULL)
		out->body.text = masked_json(r, mem, v, e);
	else
		out->text = masked_text(r, mem, text, e);
	return out->body.text != NULL || out->text != NULL;
}

static bool
write_file(const struct source_record *r, const char *path, struct str text, struct err *e)
{
	int  fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;

	if (fd >= 0 && close(fd) != 0)
		ok = false;
	return ok || err_set(e, ERR_INTERNAL, errno, "What was answered could not be kept.",
			 "%s: %s", ctl_text(r->c, path), strerror(errno));
}

static bool
keep(struct source_record *r, TALLOC_CTX *mem, const struct drive_seen *s, struct err *e)
{
	const struct multi_answer *a = s->answer;
	struct kept_answer         out = { .method = s->method,
			.status = a->ok ? a->answer->status : 0,
			.why = a->ok ? NULL : a->why->pub };
	struct buf                 b;
	char                      *path;

	if (r->n == ANSWERS_MAX)
		return err_set(
		    e, ERR_UNAVAILABLE, 0, "Only the first 9999 answers were kept.", "a record");
	path = talloc_asprintf(mem, "%s/%04u.json", r->folder, ++r->n);
	out.url = masked_text(r, mem, str_of(s->url), e);
	if (out.why != NULL)
		out.why = masked_text(r, mem, str_of(out.why), e);
	if (path == NULL || out.url == NULL || (!a->ok && out.why == NULL))
		return path == NULL ? err_memory(e) : false;
	buf_make(&b, mem);
	if ((a->ok &&
		(!keep_headers(r, mem, a, &out.headers, e) || !keep_body(r, mem, s, &out, e))) ||
	    !schema_encode(&b, &answer_schema, &out, e))
		return false;
	buf_putc(&b, '\n');
	return buf_ok(&b) ? write_file(r, path, buf_str(&b), e) : err_memory(e);
}

static void
seen(void *arg, const struct drive_seen *s)
{
	struct source_record *r = arg;
	TALLOC_CTX           *mem = talloc_new(r);

	if (r->why.code == ERR_OK && (mem == NULL || !keep(r, mem, s, &r->why)) &&
	    r->why.code == ERR_OK)
		(void)err_memory(&r->why);
	talloc_free(mem);
}

/* ---- its life ---- */

struct source_record *
source_record_make(struct ctl *c, const char *folder, struct str secret,
    const struct json *parameters, struct err *e)
{
	struct source_record *r = talloc_zero(c->mem, struct source_record);
	uint8_t               key[HASH_LEN];
	struct compare_terms terms = { .key = key, .edition = COMPARE_EDITION, .masks_only = true };
	struct work          work;

	if (r == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	*r = (struct source_record) { .c = c, .folder = folder };
	rand_fill(&rand_system, key, sizeof(key));
	work_begin(&work, WORK_TASK, &clock_system);
	r->masks = compare_compile_terms(r, &terms, &work, e);
	if (r->masks == NULL || (secret.n > 0 && !learn(r, secret, e)) ||
	    !learn_headers(r, parameters, e))
		return NULL;
	if (mkdir(folder, 0700) == 0)
		return r;
	(void)err_set(e, ERR_CONFLICT, errno,
	    "The folder of the record cannot be made: name a new one.", "%s: %s",
	    ctl_text(c, folder), strerror(errno));
	return NULL;
}

struct drive_watch
source_record_watch(struct source_record *r)
{
	return (struct drive_watch) { seen, r };
}

bool
source_record_end(const struct source_record *r, struct err *e)
{
	if (r->why.code == ERR_OK) {
		ctl_say("%u answers are kept in %s", r->n, ctl_text(r->c, r->folder));
		return true;
	}
	*e = r->why;
	return false;
}
