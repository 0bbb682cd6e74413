#include "core/store/marks.h"

#include <string.h>

/* A text being read: what is copied of it, and which members were named. */
struct reading {
	const struct sql *q;
	struct marks     *m;
	char             *out; /* never longer than what it is made of */
	bool              named[BIND_MAX];
};

static bool
wrong(const struct sql *q, const char *what, const char *at, struct err *e)
{
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "statement %s: %s: %.40s", q->name, what, at);
}

static bool
is_name_start(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_name(char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == '_';
}

static bool
is_word(char c)
{
	return is_name(c) || (c >= 'A' && c <= 'Z');
}

/* NULL: it has no end. */
static const char *
after_quoted(const char *z)
{
	char quote = *z++;

	while (*z != '\0' && *z != quote)
		z += *z == '\\' && quote != '`' && z[1] != '\0' ? 2 : 1;
	return *z == quote ? z + 1 : NULL;
}

/* What may not stand outside of quotes; NULL: nothing of the kind begins here. */
static const char *
refused_at(const char *text, const char *z)
{
	if (*z == '?')
		return "a mark without a name";
	if (*z == '#' || strncmp(z, "--", 2) == 0 || strncmp(z, "/*", 2) == 0)
		return "a comment";
	if (*z == ':' && (!is_name_start(z[1]) || (z > text && (is_word(z[-1])))))
		return "a colon that begins no mark";
	return NULL;
}

static const char *
mark_name(const struct field *f)
{
	const char *dot = strrchr(f->name, '.');

	return dot == NULL ? f->name : dot + 1;
}

static bool
name_member(struct reading *r, const char *name, size_t n, struct err *e)
{
	struct marks *m = r->m;
	unsigned      found = m->members_n;

	for (unsigned i = 0; i < m->members_n; i++) {
		const char *is = mark_name(m->members[i]);

		if (strncmp(is, name, n) != 0 || is[n] != '\0')
			continue;
		if (found < m->members_n)
			return wrong(r->q, "two members have the name of the mark", name, e);
		found = i;
	}
	if (found == m->members_n)
		return wrong(r->q, "no member has the name of the mark", name, e);
	if (m->n == BIND_MAX)
		return wrong(r->q, "too many marks", name, e);
	r->named[found] = true;
	m->at[m->n++] = (uint8_t)found;
	return true;
}

static bool
read_text(struct reading *r, struct err *e)
{
	for (const char *z = r->q->text, *end; *z != '\0'; z = end) {
		const char *why = refused_at(r->q->text, z);

		if (why != NULL)
			return wrong(r->q, why, z, e);
		end = z + 1;
		if (*z == '\'' || *z == '"' || *z == '`')
			end = after_quoted(z);
		if (end == NULL)
			return wrong(r->q, "quotes that do not end", z, e);
		if (*z != ':') {
			memcpy(r->out, z, (size_t)(end - z));
			r->out += end - z;
			continue;
		}
		while (is_name(*end))
			end++;
		if (!name_member(r, z + 1, (size_t)(end - z - 1), e))
			return false;
		*r->out++ = '?';
	}
	*r->out = '\0';
	return true;
}

static bool
all_are_named(const struct reading *r, struct err *e)
{
	for (unsigned i = 0; i < r->m->members_n; i++)
		if (!r->named[i])
			return wrong(r->q, "no mark names the member", r->m->members[i]->name, e);
	return true;
}

/* What *m points to is one piece of memory, or its child. */
static bool
resolve(TALLOC_CTX *mem, const struct sql *q, struct marks *m, struct err *e)
{
	const struct field *f[BIND_MAX];
	unsigned            n;
	char               *out = talloc_size(mem, strlen(q->text) + 1);
	struct reading      r = { .q = q, .m = m, .out = out };

	if (out == NULL)
		return err_memory(e);
	if (!bind_fields(q->in, f, &n, e)) {
		talloc_free(out);
		return err_note(e, "statement %s", q->name);
	}
	*m = (struct marks) { .members = talloc_memdup(out, f, sizeof(f[0]) * n),
		.members_n = n,
		.at = talloc_array(out, uint8_t, BIND_MAX) };
	if (m->members == NULL || m->at == NULL)
		err_memory(e);
	else if (read_text(&r, e) && all_are_named(&r, e))
		m->text = out;
	if (m->text == NULL)
		talloc_free(out);
	return m->text != NULL;
}

const struct marks *
marks_of(TALLOC_CTX *mem, const struct sql *q, struct err *e)
{
	struct marks *m = q->marks != NULL ? q->marks : talloc_zero(mem, struct marks);

	if (m == NULL) {
		err_memory(e);
		return NULL;
	}
	if (m->text == NULL && !resolve(q->marks != NULL ? NULL : mem, q, m, e))
		return NULL;
	return m;
}
