/*
 * format.h: the kind "email", a mail for each event to one address, text and HTML; all of an alert
 * are one thread.
 *
 * There is nothing in it that a mail program asks for: no image, no script, no style from
 * elsewhere.  What a link leads to changes nothing by being opened, since programs open links
 * before people do.
 */
#include <string.h>

#include "core/auth/ident.h"
#include "core/auth/mail/mail_queue.h"
#include "drift/deliver/email.h"
#include "drift/deliver/mail_post.h"

/* ---- what is written ---- */

/* A text in both forms, which says the same. */
struct both {
	struct buf text, html;
};

static void
both_puts(struct both *b, const char *text)
{
	buf_puts(&b->text, text);
	buf_html(&b->html, str_of(text));
}

static void
put_html(struct both *b, const char *html)
{
	buf_puts(&b->html, html);
}

static void
end_line(struct both *b, const char *html)
{
	buf_putc(&b->text, '\n');
	put_html(b, html);
}

static void
put_head(struct both *b, const struct words *w)
{
	put_html(b,
	    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	    "<meta name=\"color-scheme\" content=\"light dark\">"
	    "<meta name=\"supported-color-schemes\" content=\"light dark\"></head>"
	    "<body style=\"font-family:sans-serif;max-width:40em;margin:0 auto;padding:12px;"
	    "overflow-wrap:anywhere\"><h1 style=\"font-size:1.2em\">");
	both_puts(b, w->headline);
	end_line(b, "</h1><p>");
	end_line(b, "");
	both_puts(b, w->title);
	end_line(b, "</p><p>");
	end_line(b, "");
	for (size_t i = 0; i < w->facts_n; i++) {
		both_puts(b, w->facts[i].name);
		both_puts(b, ": ");
		both_puts(b, w->facts[i].text);
		end_line(b, "<br>");
	}
	put_html(b, "</p>");
}

static void
put_change(struct both *b, const struct words_change *c)
{
	put_html(b, "<li style=\"margin:0 0 .6em\">");
	end_line(b, "");
	both_puts(b, c->severity);
	both_puts(b, ": ");
	both_puts(b, c->where);
	end_line(b, "<br><strong>");
	buf_puts(&b->text, "  ");
	both_puts(b, c->what);
	end_line(b, "</strong>");
	if (c->why[0] != '\0') {
		put_html(b, "<br>");
		buf_puts(&b->text, "  ");
		both_puts(b, c->why);
		end_line(b, "");
	}
	put_html(b, "</li>");
}

static bool
put_changes(struct both *b, const struct words *w, struct err *e)
{
	const char *rest;

	if (!words_rest(b->text.mem, w, w->changes_n, &rest, e))
		return false;
	put_html(b, w->changes_n == 0 ? "" : "<ul style=\"padding-left:1.2em\">");
	for (size_t i = 0; i < w->changes_n; i++)
		put_change(b, &w->changes[i]);
	put_html(b, w->changes_n == 0 ? "" : "</ul>");
	if (rest == NULL)
		return true;
	put_html(b, "<p>");
	end_line(b, "");
	both_puts(b, rest);
	end_line(b, "</p>");
	return true;
}

static void
put_link(struct both *b, const struct words *w)
{
	end_line(b, "<p><a href=\"");
	buf_printf(&b->text, "%s: ", w->open);
	both_puts(b, w->link);
	put_html(b, "\">");
	put_html(b, w->open);
	end_line(b, "</a></p>");
}

/* Each leads to a page that asks once more. */
static void
put_answers(struct both *b, const struct words *w)
{
	put_html(b, w->answers_n == 0 ? "" : "<p>");
	for (size_t i = 0; i < w->answers_n; i++) {
		put_html(b, i == 0 ? "<a href=\"" : " &#183; <a href=\"");
		buf_printf(&b->text, "%s: ", w->answers[i].name);
		both_puts(b, w->answers[i].text);
		put_html(b, "\">");
		put_html(b, w->answers[i].name);
		end_line(b, "</a>");
	}
	put_html(b, w->answers_n == 0 ? "" : "</p>");
}

static void
put_foot(struct both *b, const struct attempt *a, const struct words *w)
{
	end_line(b, "<hr><p style=\"font-size:.85em\">");
	buf_puts(&b->text, "-- \n");
	both_puts(b, "You get this because the channel ");
	buf_line(&b->text, str_of(a->channel.name), 200);
	buf_html(&b->html, str_of(a->channel.name));
	both_puts(b, " of ");
	both_puts(b, words_fact(w, "Customer"));
	both_puts(b, " names this address. Whoever manages channels there can take it out.");
	end_line(b, "</p></body></html>");
}

bool
email_write(const struct attempt *a, TALLOC_CTX *mem, const struct words *w, struct mail_message *m,
    struct err *e)
{
	struct both b;

	m->subject = w->headline;
	buf_make(&b.text, mem);
	buf_make(&b.html, mem);
	put_head(&b, w);
	if (!put_changes(&b, w, e))
		return false;
	if (w->link != NULL)
		put_link(&b, w);
	put_answers(&b, w);
	put_foot(&b, a, w);
	m->text = buf_str(&b.text);
	m->html = buf_str(&b.html);
	return (buf_ok(&b.text) && buf_ok(&b.html)) || err_memory(e);
}

/* ---- its fields ---- */

/* "alert-" and the number, of its parts that a mail's numbers are made of. */
static const char *
mail_id(TALLOC_CTX *mem, const char *word, const struct uuid *id, struct err *e)
{
	char  text[UUID_TEXT_MAX];
	char *out;

	uuid_print(id, text);
	out = talloc_asprintf(mem, "%s%s", word, text);
	if (out == NULL)
		err_memory(e);
	return out;
}

bool
email_address(
    const struct attempt *a, TALLOC_CTX *mem, int64_t at_ms, struct mail_message *m, struct err *e)
{
	if (!mail_sender_of(&a->d->auth, mem, a->t->tenant, m, e))
		return false;
	m->to = a->channel.target;
	m->at_ms = at_ms;
	m->id = mail_id(mem, "", &a->row.wire_id, e);
	m->list = mail_id(mem, "alerts-", &a->channel.id, e);
	return m->id != NULL && m->list != NULL;
}

static bool
put_fields(const struct attempt *a, TALLOC_CTX *mem, const struct alert_event *shown,
    struct mail_message *m, struct err *e)
{
	if (!email_address(a, mem, shown->at.ms, m, e))
		return false;
	if (shown->alert != NULL)
		m->thread = mail_id(mem, "alert-", &shown->alert->id, e);
	return shown->alert == NULL || m->thread != NULL;
}

static bool
prepare_alert(const struct attempt *a, TALLOC_CTX *mem, struct mail_message *m, struct err *e)
{
	struct alert_event shown;
	struct words       w;

	return attempt_event(a, mem, &shown, e) && words_make(mem, &shown, &w, e) &&
	       put_fields(a, mem, &shown, m, e) && email_write(a, mem, &w, m, e);
}

static void
send_alert(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out)
{
	struct mail_message m = { 0 };
	struct err          e = { 0 };

	*out = mail_unsendable(a);
	if (out->outcome != NULL)
		return;
	if (prepare_alert(a, mem, &m, &e))
		mail_post(a, mem, &m, out);
	else
		*out = mail_failed(a, mem, &e);
}

/* ---- its channels ---- */

static bool
check_address(TALLOC_CTX *mem, const struct guard *g, const struct format_target *in,
    const char **target, struct err *e)
{
	struct err why = { 0 };

	(void)g;
	if (in->url != NULL)
		return err_fault(e, mem, "/url", "a channel of this kind has an address, no url");
	if (in->to == NULL)
		return err_fault(e, mem, "/to", "is required");
	if (!ident_new_email(mem, str_of(in->to), target, &why))
		return err_fault(e, mem, "/to", "%s", why.pub);
	return true;
}

const struct format_ops alert_email = {
	.has_channels = true,
	.by_address = true,
	.answers = true,
	.check_target = check_address,
	.rate = { 6, 10 },
	.rate_is_most = true,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = mail_delays_s,
	.send = send_alert,
};
