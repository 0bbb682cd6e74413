/* bsxctl_source.h: what is answered, kept as fixtures. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/json/schema.h"
#include "drift/engine/compare.h"
#include "drift/engine/resource.h"
#include "tools/bsxctl_source.h"

#define ANSWERS_MAX 9999
#define SECRET_MIN  4 /* bytes of what is looked for in a text */
#define SECRETS_MAX 20

struct source_record {
	struct ctl          *c;
	const char          *folder;
	struct compare_spec *masks;
	struct str           secrets[SECRETS_MAX]; /* texts of the credential, and tokens */
	size_t               secrets_n;
	unsigned             n;
	struct err           why; /* the first that could not be kept */
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

/* The texts of an object, but the word that says its kind. */
static bool
learn(struct source_record *r, struct str secret, struct err *e)
{
	struct json *v = json_parse(r, secret, e);

	for (uint32_t i = 0; v != NULL && v->type == JSON_OBJECT && i < v->n; i++) {
		const struct json *text = &v->items[i];
		char              *copy;

		if (str_eqz(v->names[i], "kind") || text->type != JSON_STRING ||
		    text->text.n < SECRET_MIN || r->secrets_n == SECRETS_MAX)
			continue;
		copy = str_dup(r, text->text);
		if (copy == NULL)
			return err_memory(e);
		secret_guard(copy);
		r->secrets[r->secrets_n++] = (struct str) { copy, text->text.n };
	}
	return v != NULL;
}

/* Of an answer with a token the token alone; another asking may bring another. */
static void
learn_token(struct source_record *r, struct str answer)
{
	struct err         none = { 0 };
	const struct json *v = json_parse(r, answer, &none);
	const struct json *token = v == NULL ? NULL : json_get(v, "access_token");
	char              *copy;

	if (token == NULL || token->type != JSON_STRING || token->text.n < SECRET_MIN)
		return;
	if (r->secrets_n == SECRETS_MAX)
		r->secrets_n--;
	copy = str_dup(r, token->text);
	if (copy == NULL)
		return;
	secret_guard(copy);
	r->secrets[r->secrets_n++] = (struct str) { copy, token->text.n };
}

/* ---- masks ---- */

/* What the credential has, where it stands as it is. */
static char *
without_secrets(const struct source_record *r, TALLOC_CTX *mem, struct str text, struct err *e)
{
	struct buf b;
	size_t     hit, i = 0;

	buf_make(&b, mem);
	while (i < text.n) {
		for (hit = 0; hit < r->secrets_n; hit++)
			if (text.n - i >= r->secrets[hit].n &&
			    memcmp(text.p + i, r->secrets[hit].p, r->secrets[hit].n) == 0)
				break;
		if (hit == r->secrets_n) {
			buf_putc(&b, text.p[i++]);
			continue;
		}
		buf_puts(&b, "[masked]");
		i += r->secrets[hit].n;
	}
	return buf_text(&b, e);
}

/* As a config masks it that says nothing of masks. */
static char *
masked(const struct source_record *r, TALLOC_CTX *mem, const struct json *v, struct err *e)
{
	struct resource x = { STR("page"), STR(""), v, false };
	struct work     work;
	struct buf      b;

	work_begin(&work, WORK_TASK, &clock_system);
	if (!resource_normalise(mem, r->masks, &x, RESOURCE_SOURCE, &work, e))
		return NULL;
	buf_make(&b, mem);
	resource_print(&b, x.value);
	if (!buf_ok(&b)) {
		(void)err_memory(e);
		return NULL;
	}
	return without_secrets(r, mem, buf_str(&b), e);
}

static char *
masked_text(const struct source_record *r, TALLOC_CTX *mem, struct str text, struct err *e)
{
	struct json  v = { .type = JSON_STRING, .text = text };
	struct json *read;
	char        *out = masked(r, mem, &v, e);

	read = out == NULL ? NULL : json_parse(mem, str_of(out), e);
	return read == NULL ? NULL : str_dup(mem, read->text);
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
		learn_token(r, text);
		out->text = "[masked]";
		return true;
	}
	v = json_parse(mem, text, &none);
	if (v != NULL)
		out->body.text = masked(r, mem, v, e);
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
	if (path == NULL || out.url == NULL)
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
source_record_make(struct ctl *c, const char *folder, struct str secret, struct err *e)
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
	if (r->masks == NULL || (secret.n > 0 && !learn(r, secret, e)))
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
