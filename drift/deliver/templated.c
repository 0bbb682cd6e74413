#include "drift/deliver/templated.h"

#include <string.h>
#include <strings.h>

#include "drift/deliver/words.h"

#define CHANGES_MAX 4000 /* bytes of changes.text */
#define NAME_MAX_   40   /* of a variable */

/* ---- what there is to say ---- */

static const char *const names[] = { "event.id", "event.type", "event.time_s", "event.by",
	"event.note", "alert.id", "alert.title", "alert.headline", "alert.state", "alert.kind",
	"alert.severity", "alert.severity_before", "alert.status", "alert.opened_at", "alert.by",
	"alert.resolved_by", "tenant.id", "tenant.slug", "tenant.name", "config.id", "config.name",
	"changes.total", "changes.text", "link", "entry", "entry.chain", "entry.seq", "entry.id",
	"entry.at", "entry.time_s", "entry.action", "entry.outcome", "entry.actor_kind",
	"entry.actor_name", "entry.target_kind", "entry.target_id", "entry.address",
	"entry.details" };
#define N_VARIABLES (sizeof(names) / sizeof(names[0]))

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_JSON };
struct value {
	const char     *text; /* NULL: nothing to say */
	enum value_kind kind;
};
struct values {
	TALLOC_CTX  *mem;
	struct err  *e;
	struct value v[N_VARIABLES];
	bool         ok;
};

static void
put(struct values *w, const char *name, const char *text, enum value_kind kind)
{
	for (size_t i = 0; i < N_VARIABLES; i++)
		if (strcmp(names[i], name) == 0)
			w->v[i] = (struct value) { text, kind };
}

static void
put_number(struct values *w, const char *name, int64_t n)
{
	const char *text = talloc_asprintf(w->mem, "%lld", (long long)n);

	if (text == NULL)
		w->ok = err_memory(w->e);
	put(w, name, text, VALUE_NUMBER);
}

static void
put_id(struct values *w, const char *name, const struct uuid *id)
{
	char *text = talloc_size(w->mem, UUID_TEXT_MAX);

	if (text == NULL)
		w->ok = err_memory(w->e);
	else
		uuid_print(id, text);
	put(w, name, text, VALUE_TEXT);
}

/* What is a fact of it in words is plain text of one line. */
static const char *
changes_text(struct values *w, const struct words *words)
{
	const char *more = NULL;
	struct buf  b;
	size_t      told = 0;

	buf_make(&b, w->mem);
	for (; told < words->changes_n; told++) {
		const struct words_change *c = &words->changes[told];
		struct str                 where = str_of(c->where), what = str_of(c->what);

		if (buf_str(&b).n + where.n + what.n > CHANGES_MAX)
			break;
		buf_puts(&b, told > 0 ? "\n" : "");
		buf_puts(&b, c->severity);
		buf_puts(&b, ": ");
		buf_puts(&b, c->where);
		buf_puts(&b, ": ");
		buf_puts(&b, c->what);
	}
	if (!words_rest(w->mem, words, told, &more, w->e))
		w->ok = false;
	if (more != NULL) {
		buf_puts(&b, told > 0 ? "\n" : "");
		buf_puts(&b, more);
	}
	return buf_text(&b, w->e);
}

static void
put_alert(struct values *w, const struct event_alert *a)
{
	if (a == NULL)
		return;
	put_id(w, "alert.id", &a->id);
	put(w, "alert.kind", a->kind, VALUE_TEXT);
	put(w, "alert.severity", a->severity, VALUE_TEXT);
	put(w, "alert.severity_before", a->severity_before, VALUE_TEXT);
	put(w, "alert.status", a->status, VALUE_TEXT);
}

/* Who has done something with it, and with which words. */
static void
put_work(struct values *w, const struct words *words, const struct alert_event *ev)
{
	const char *by = event_kind_of(ev->type)->by;

	if (ev->work == NULL)
		return;
	put(w, "event.by", by == NULL ? NULL : words_fact(words, by), VALUE_TEXT);
	put(w, "event.note", words_fact(words, "Comment"), VALUE_TEXT);
}

static bool
make_values(TALLOC_CTX *mem, const struct alert_event *ev, struct values *w, struct err *e)
{
	struct words words;

	*w = (struct values) { .mem = mem, .e = e, .ok = true };
	if (!words_make(mem, ev, &words, e))
		return false;
	put(w, "event.type", ev->type, VALUE_TEXT);
	put_number(w, "event.time_s", ev->at.ms / 1000);
	put(w, "alert.title", words.title, VALUE_TEXT);
	put(w, "alert.headline", words.headline, VALUE_TEXT);
	put(w, "alert.state", words.state, VALUE_TEXT);
	put_alert(w, ev->alert);
	put_work(w, &words, ev);
	put_id(w, "tenant.id", &ev->tenant->id);
	put(w, "tenant.slug", ev->tenant->slug, VALUE_TEXT);
	put(w, "tenant.name", words_fact(&words, "Customer"), VALUE_TEXT);
	if (ev->config != NULL)
		put_id(w, "config.id", &ev->config->id);
	put(w, "alert.opened_at", words_fact(&words, "Since"), VALUE_TEXT);
	put(w, "alert.by", words_fact(&words, "By"), VALUE_TEXT);
	put(w, "alert.resolved_by", words_fact(&words, "Resolved by"), VALUE_TEXT);
	put(w, "config.name", words_fact(&words, "Config"), VALUE_TEXT);
	put_number(w, "changes.total", words.total);
	put(w, "changes.text", changes_text(w, &words), VALUE_TEXT);
	put(w, "link", words.link, VALUE_TEXT);
	return w->ok;
}

/* ---- filling ---- */

/* The name that begins behind a percent sign; n == 0: none does. */
static struct str
name_at(struct str rest)
{
	size_t n = strspn(rest.p, "abcdefghijklmnopqrstuvwxyz._");

	return n > 0 && n <= NAME_MAX_ && rest.p[n] == '%' ? (struct str) { rest.p, n }
							   : (struct str) { 0 };
}

static bool
refuse_name(TALLOC_CTX *mem, struct str name, struct err *e)
{
	const char *text;
	struct buf  b;

	buf_make(&b, mem);
	buf_putc(&b, '%');
	buf_add(&b, name.p, name.n);
	buf_puts(&b, "% is no variable; there are");
	for (size_t i = 0; i < N_VARIABLES; i++) {
		buf_puts(&b, i == 0 ? " " : ", ");
		buf_puts(&b, names[i]);
	}
	text = buf_text(&b, e);
	return text != NULL && err_set(e, ERR_INVALID, 0, text, "an unknown variable");
}

static bool
add_variable(struct buf *b, const struct values *w, struct str name, bool quoted, struct err *e)
{
	const struct value *v = NULL;

	for (size_t i = 0; i < N_VARIABLES; i++)
		if (str_eqz(name, names[i]))
			v = &w->v[i];
	if (v == NULL)
		return refuse_name(w->mem, name, e);
	if (v->text == NULL)
		buf_puts(b, quoted ? "" : "null");
	else if (v->kind == VALUE_NUMBER || (v->kind == VALUE_JSON && !quoted))
		buf_puts(b, v->text);
	else if (!quoted)
		buf_json(b, str_of(v->text));
	else {
		struct buf text;

		buf_make(&text, w->mem);
		buf_json(&text, str_of(v->text));
		if (!buf_ok(&text))
			return err_memory(e);
		buf_add(b, buf_str(&text).p + 1, buf_str(&text).n - 2);
	}
	return true;
}

/* What stands at a place of a template: a variable, or what goes out as it is. */
struct part {
	struct str variable, plain; /* the one that is not has n == 0 */
	bool       quoted;          /* the place is inside of a text */
};

static struct part
next_part(const char **at, bool *quoted)
{
	const char *p = *at;
	struct part is = { .plain = { p, 1 }, .quoted = *quoted };

	if (*p == '%')
		is.variable = name_at(str_of(p + 1));
	if (is.variable.n > 0) {
		is.plain.n = 0;
		*at += is.variable.n + 2;
		return is;
	}
	if (*quoted && *p == '\\' && p[1] != '\0')
		is.plain.n = 2;
	else if (*p == '"')
		*quoted = !*quoted;
	*at += *p == '%' && p[1] == '%' ? 2 : is.plain.n;
	return is;
}

static bool
fill(struct buf *b, const struct values *w, const char *p, struct err *e)
{
	size_t variables = 0;
	bool   quoted = false;

	while (*p != '\0') {
		const struct part is = next_part(&p, &quoted);

		buf_add(b, is.plain.p, is.plain.n);
		if (is.variable.n == 0)
			continue;
		if (++variables > TEMPLATED_VARIABLES_MAX)
			return err_set(
			    e, ERR_INVALID, 0, "has more than 64 variables", "too many variables");
		if (!add_variable(b, w, is.variable, is.quoted, e))
			return false;
	}
	return buf_ok(b) || err_memory(e);
}

bool
templated_fill(TALLOC_CTX *mem, const char *template, const struct alert_event *shown,
    const char *id, struct str *out, struct err *e)
{
	struct values w;
	struct buf    b;

	buf_make(&b, mem);
	if (!make_values(mem, shown, &w, e))
		return false;
	put(&w, "event.id", id, VALUE_TEXT);
	if (!fill(&b, &w, template, e))
		return false;
	*out = buf_str(&b);
	return true;
}

/* ---- an entry of the trail ---- */

static bool
put_entry(struct values *w, const struct trail_batch *in, const struct audit_out *x, struct err *e)
{
	char      *at = talloc_size(w->mem, TIME_TEXT_MAX);
	struct buf whole;

	buf_make(&whole, w->mem);
	if (at == NULL)
		return err_memory(e);
	if (!schema_encode(&whole, &audit_out_schema, x, e))
		return false;
	time_print(x->at.ms, at);
	put(w, "entry", buf_text(&whole, e), VALUE_JSON);
	put_number(w, "entry.chain", (int64_t)in->chain);
	put_number(w, "entry.seq", (int64_t)x->seq);
	put_id(w, "entry.id", &x->id);
	put(w, "entry.at", at, VALUE_TEXT);
	put_number(w, "entry.time_s", x->at.ms / 1000);
	put(w, "entry.action", x->action, VALUE_TEXT);
	put(w, "entry.outcome", x->outcome, VALUE_TEXT);
	put(w, "entry.actor_kind", x->actor_kind, VALUE_TEXT);
	put(w, "entry.actor_name", x->actor_name, VALUE_TEXT);
	put(w, "entry.target_kind", x->target_kind, VALUE_TEXT);
	put(w, "entry.target_id", x->target_id, VALUE_TEXT);
	put(w, "entry.address", x->address, VALUE_TEXT);
	put(w, "entry.details", x->details.text, VALUE_JSON);
	return w->ok;
}

bool
templated_fill_entry(TALLOC_CTX *mem, const char *template, const struct trail_batch *in,
    const struct audit_out *entry, struct buf *out, struct err *e)
{
	TALLOC_CTX   *tmp = talloc_new(mem);
	struct values w = { .mem = tmp, .e = e, .ok = true };
	bool          ok = tmp != NULL || err_memory(e);

	if (ok) {
		put(&w, "event.id", in->id, VALUE_TEXT);
		put(&w, "event.type", TRAIL_EVENT, VALUE_TEXT);
		put_number(&w, "event.time_s", entry->at.ms / 1000);
		put_id(&w, "tenant.id", &in->tenant.id);
		put(&w, "tenant.slug", in->tenant.slug, VALUE_TEXT);
		put(&w, "tenant.name", in->tenant.name, VALUE_TEXT);
		ok = put_entry(&w, in, entry, e) && fill(out, &w, template, e);
	}
	talloc_free(tmp);
	return ok;
}

/* ---- checking ---- */

/* What came of filling it. */
static bool
check_filled(
    TALLOC_CTX *mem, bool filled, struct str body, const char *type, struct err *why, struct err *e)
{
	if (!filled)
		return why->code == ERR_INVALID
			   ? err_fault(e, mem, "/template", "%s", why->pub)
			   : err_set(e, why->code, why->sys, "internal error", "a template");
	if (json_parse(mem, body, why) == NULL)
		return err_fault(
		    e, mem, "/template", "filled with %s it is no JSON: %s", type, why->pub);
	return true;
}

static bool
check_with(TALLOC_CTX *mem, const char *template, const char *type, struct err *e)
{
	struct event_tenant tenant = { .slug = "t", .name = { .text = "\"A \\\"name\\\" \\\\\"" } };
	struct event_config config = { .name = { .text = "\"A \\\"name\\\" \\\\\"" } };
	struct event_alert  alert = {
		 .kind = "drift",
		 .severity = "high",
		 .status = "open",
		 .title = { .text = "\"A \\\"title\\\" \\\\\"" },
	};
	struct event_links links = { .alert = "https://example.org/api/drift/alerts/1" };
	bool               test = strcmp(type, EVENT_TEST) == 0;
	struct alert_event ev = {
		.type = type,
		.tenant = &tenant,
		.config = test ? NULL : &config,
		.alert = test ? NULL : &alert,
		.links = test ? NULL : &links,
	};
	struct err why = { 0 };
	struct str body = { 0 };
	bool       filled = templated_fill(mem, template, &ev, "msg_1", &body, &why);

	return check_filled(mem, filled, body, type, &why, e);
}

bool
templated_check_entry(TALLOC_CTX *mem, const char *template, struct err *e)
{
	const struct audit_out entry = {
		.seq = 1,
		.action = "settings.update",
		.outcome = "success",
		.actor_kind = "user",
		.actor_name = "\"A\" \\",
		.target_kind = "tenant",
		.target_id = "",
		.address = "",
		.user_agent = "",
		.request_id = "",
		.details = { .text = "{\"a\":\"\\\"\"}" },
		.prev_mac = "",
		.mac = "",
		.salt = "",
	};
	const struct trail_batch batch = { .id = "msg_1",
		.tenant = { .slug = "t", .name = "A \"name\" \\" },
		.chain = 1,
		.entries = &entry,
		.n = 1 };
	struct err               why = { 0 };
	struct buf               b;
	bool                     filled;

	buf_make(&b, mem);
	filled = templated_fill_entry(mem, template, &batch, &entry, &b, &why);
	return check_filled(mem, filled, buf_str(&b), TRAIL_EVENT, &why, e);
}

/* Of a template that is JSON when it is filled: a text, or a variable, is a name where a colon
 * follows. */
static bool
has_variable_name(const char *p)
{
	bool quoted = false, held = false;

	while (*p != '\0') {
		const struct part is = next_part(&p, &quoted);

		held = is.variable.n > 0 || (held && is.quoted);
		if (held && !quoted && p[strspn(p, " \t\r\n")] == ':')
			return true;
	}
	return false;
}

bool
templated_check(TALLOC_CTX *mem, const char *template, struct err *e)
{
	for (const struct event_kind *k = event_kinds; k->type != NULL; k++)
		if (!check_with(mem, template, k->type, e))
			return false;
	return !has_variable_name(template) ||
	       err_fault(e, mem, "/template", "a variable cannot be a member's name");
}

/* ---- headers ---- */

static const struct field header_fields[] = {
	FIELD(struct templated_header, name, .min = 1, .max = 64, .flags = FIELD_REQUIRED,
	    .doc = "Name of the header."),
	FIELD(struct templated_header, value, .min = 1, .max = 2000,
	    .flags = FIELD_REQUIRED | FIELD_SECRET,
	    .doc = "Its value, in printable ASCII; it is never shown."),
	FIELD_END,
};
const struct schema templated_header_schema =
    SCHEMA("ChannelHeader", struct templated_header, header_fields);
static const struct field kept_header_fields[] = {
	FIELD(struct templated_header, name, .max = 64, .flags = FIELD_REQUIRED),
	FIELD(struct templated_header, value, .max = 2000, .flags = FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema kept_header_schema =
    SCHEMA("KeptHeader", struct templated_header, kept_header_fields);

struct kept {
	struct items items;
};
static const struct field kept_fields[] = {
	FIELD(struct kept, items, .item = &kept_header_schema, .max = TEMPLATED_HEADERS_MAX),
	FIELD_END,
};
static const struct schema kept_schema = SCHEMA("KeptHeaders", struct kept, kept_fields);

/* What says how the request is framed, or where it goes, is ours. */
static bool
is_ours(const char *name)
{
	static const char *const ours[] = { "Host", "Content-Length", "Content-Type",
		"Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "TE",
		"Trailer", "Upgrade", "Expect", "User-Agent" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcasecmp(ours[i], name) == 0)
			return true;
	return strncasecmp(name, "Proxy-", 6) == 0;
}

static bool
check_header(TALLOC_CTX *mem, const struct templated_header *all, size_t i, struct err *e)
{
	const struct templated_header *h = &all[i];
	const char                    *at = talloc_asprintf(mem, "/headers/%zu/name", i);
	bool                           twice = false;

	if (at == NULL)
		return err_memory(e);
	for (size_t k = 0; k < i; k++)
		twice = twice || strcasecmp(all[k].name, h->name) == 0;
	if (twice)
		return err_fault(e, mem, at, "stands here twice");
	if (h->name[strspn(h->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_")] != '\0')
		return err_fault(e, mem, at, "is made of letters, digits, - and _");
	if (is_ours(h->name))
		return err_fault(e, mem, at, "is set by us");
	for (const char *p = h->value; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return err_fault(e, mem, talloc_asprintf(mem, "/headers/%zu/value", i),
			    "must be printable ASCII of one line");
	return true;
}

bool
templated_headers_print(
    TALLOC_CTX *mem, const struct items *headers, struct str *kept, struct err *e)
{
	const struct kept in = { *headers };
	struct buf        b;

	for (size_t i = 0; i < headers->n; i++)
		if (!check_header(mem, headers->p, i, e))
			return false;
	buf_make_secret(&b, mem);
	if (!schema_encode(&b, &kept_schema, &in, e))
		return false;
	*kept = buf_str(&b);
	return kept->n <= TEMPLATED_KEPT_MAX ||
	       err_fault(e, mem, "/headers", "are longer than 3800 bytes together");
}

bool
templated_headers_read(TALLOC_CTX *mem, struct str kept, struct items *out, struct err *e)
{
	const struct json *v = json_parse(mem, kept, e);
	struct kept        in;

	if (v == NULL || !schema_decode(mem, &kept_schema, v, &in, e))
		return false;
	*out = in.items;
	return true;
}
