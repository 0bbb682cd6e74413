/* format.h: the kind "digest", a digest (digest.h) in text and HTML, to a channel of the kind
 * "email". */
#include "drift/deliver/digest.h"
#include "drift/deliver/email.h"
#include "drift/deliver/mail_post.h"

struct writing {
	TALLOC_CTX          *mem;
	const struct digest *d;
	struct words        *w;
	bool                 ok;
};

static const char *
finish(struct writing *x, const struct buf *b)
{
	struct err  e = { 0 };
	const char *text = b->n == 0 ? "none" : buf_text(b, &e);

	x->ok = x->ok && buf_ok(b) && text != NULL;
	return text;
}

static void
put_count(struct buf *b, int64_t n, const char *name)
{
	if (n > 0)
		buf_printf(b, "%s%lld %s", b->n == 0 ? "" : ", ", (long long)n, name);
}

static const char *
say_counts(struct writing *x, const struct digest_counts *c)
{
	struct buf b;

	buf_make(&b, x->mem);
	put_count(&b, c->critical, "critical");
	put_count(&b, c->high, "high");
	put_count(&b, c->medium, "medium");
	put_count(&b, c->low, "low");
	put_count(&b, c->info, "info");
	return finish(x, &b);
}

static const char *
say_ages(struct writing *x)
{
	const struct digest *d = x->d;
	struct buf           b;

	buf_make(&b, x->mem);
	put_count(&b, d->older, "for more than 30 days");
	put_count(&b, d->under_30d, "for less than 30 days");
	put_count(&b, d->under_7d, "for less than 7 days");
	put_count(&b, d->under_1d, "for less than a day");
	put_count(&b, d->under_1h, "for less than an hour");
	return finish(x, &b);
}

static const char *
say_acceptances(struct writing *x)
{
	const struct digest *d = x->d;
	struct buf           b;

	buf_make(&b, x->mem);
	put_count(&b, d->accepted, "in force");
	put_count(&b, d->expiring, "end within 7 days");
	put_count(&b, d->expired, "have ended");
	return finish(x, &b);
}

static const char *
say_blind(struct writing *x)
{
	const struct digest *d = x->d;
	struct buf           b;

	buf_make(&b, x->mem);
	for (size_t i = 0; i < d->blind.n; i++) {
		buf_puts(&b, i == 0 ? "" : ", ");
		buf_puts(&b, d->blind.items[i]);
	}
	if (d->blind_total > (int64_t)d->blind.n)
		buf_printf(&b, " and %lld more", (long long)d->blind_total - (long long)d->blind.n);
	return finish(x, &b);
}

static const char *
say_quiet(struct writing *x)
{
	const struct digest_why *rows = x->d->quiet.p;
	struct buf               b;

	buf_make(&b, x->mem);
	for (size_t i = 0; i < x->d->quiet.n; i++) {
		buf_printf(&b, "%s%lld by ", i == 0 ? "" : ", ", (long long)rows[i].n);
		buf_puts(&b, rows[i].why);
	}
	return finish(x, &b);
}

static void
add_fact(struct writing *x, const char *name, const char *text)
{
	x->w->facts[x->w->facts_n++] = (struct words_named) { name, text };
}

/* What drifted most stands where an alert's changes do. */
static void
list_resources(struct writing *x)
{
	const struct digest_resource *rows = x->d->resources.p;
	struct words                 *w = x->w;

	w->changes_n = x->d->resources.n;
	w->total = (int64_t)w->changes_n;
	w->changes = talloc_zero_size(x->mem, (w->changes_n + 1) * sizeof(w->changes[0]));
	x->ok = x->ok && w->changes != NULL;
	for (size_t i = 0; x->ok && i < w->changes_n; i++) {
		char *where = talloc_asprintf(x->mem, "%s/%s", rows[i].category, rows[i].key);
		char *what = talloc_asprintf(x->mem, "%lld new %s", (long long)rows[i].findings,
		    rows[i].findings == 1 ? "finding" : "findings");

		x->ok = where != NULL && what != NULL;
		w->changes[i] = (struct words_change) { rows[i].config, where, what, "" };
	}
}

/* "Digest · Example Ltd · 3 new findings, 2 open alerts" */
static void
put_headline(struct writing *x)
{
	const struct digest *d = x->d;
	const struct str     who = str_head(str_of(d->customer), 40);

	x->w->headline = talloc_asprintf(x->mem,
	    "Digest \xc2\xb7 %.*s \xc2\xb7 %lld new %s, %lld open %s", (int)who.n, who.p,
	    (long long)d->findings->total, d->findings->total == 1 ? "finding" : "findings",
	    (long long)d->open->total, d->open->total == 1 ? "alert" : "alerts");
	x->w->title = talloc_asprintf(x->mem,
	    "What drifted from %s to %s (days of UTC), and what is open now.", d->from, d->until);
	x->ok = x->ok && x->w->headline != NULL && x->w->title != NULL;
}

static bool
write_digest(TALLOC_CTX *mem, const struct digest *d, struct words *w, struct err *e)
{
	struct writing x = { mem, d, w, true };

	*w = (struct words) { .state = "Digest", .link = d->link, .open = "Open the alerts" };
	put_headline(&x);
	add_fact(&x, "Customer", d->customer);
	add_fact(&x, "New findings", say_counts(&x, d->findings));
	add_fact(&x, "Changes in reports", say_counts(&x, d->changes));
	add_fact(&x, "Open alerts", say_counts(&x, d->open));
	add_fact(&x, "Open", say_ages(&x));
	add_fact(&x, "Acceptances", say_acceptances(&x));
	add_fact(&x, "Blind configs", say_blind(&x));
	add_fact(&x, "Told to nobody", say_quiet(&x));
	list_resources(&x);
	return x.ok || err_memory(e);
}

static bool
prepare(const struct attempt *a, TALLOC_CTX *mem, struct mail_message *m, struct err *e)
{
	struct digest d;
	struct words  w;

	return digest_open(a->t, mem, &a->message, &d, e) && write_digest(mem, &d, &w, e) &&
	       email_address(a, mem, d.at.ms, m, e) && email_write(a, mem, &w, m, e);
}

static void
send_digest(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out)
{
	struct mail_message m = { 0 };
	struct err          e = { 0 };

	*out = mail_unsendable(a);
	if (out->outcome != NULL)
		return;
	if (prepare(a, mem, &m, &e))
		mail_post(a, mem, &m, out);
	else
		*out = mail_failed(a, mem, &e);
}

const struct format_ops digest_mail = {
	.has_channels = true,
	.by_address = true,
	.rate = { 6, 10 },
	.rate_is_most = true,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = mail_delays_s,
	.send = send_digest,
};
