#include "core/auth/mail/mails.h"

#include <string.h>

#include "core/base/buf.h"

#define PARAGRAPHS 4

/* {name} stands for a fact; a paragraph that is "{link}" alone is the link. */
static const struct mail_texts {
	const char *event, *subject;
	const char *paragraphs[PARAGRAPHS];
} texts[MAIL_KIND__MAX] = {
	[MAIL_RESET] = { "mail.reset", "Reset your password at {tenant}",
	    { "Somebody, probably you, asked to reset the password of {address} in the tenant "
	      "{slug}.",
		"{link}",
		"The link works once, within one hour. All your sessions end when it is used.",
		"If it was not you, do nothing: your password stays as it is." } },
	[MAIL_INVITE] = { "mail.invite", "You are invited to {tenant}",
	    { "{by} invites you to {tenant} on BlindSpotX. You will sign in with the tenant {slug} "
	      "and "
	      "the address {address}.",
		"{link}", "The link lets you choose a password. It works once, within three days.",
		"If you did not expect this, do nothing." } },
	[MAIL_EMAIL_CONFIRM] = { "mail.email_confirm", "Confirm your new address at {tenant}",
	    { "Somebody, probably you, wants to sign in to {tenant} (tenant {slug}) with the "
	      "address "
	      "{other}.",
		"{link}", "The link works once, within a day. Until then the old address counts.",
		"If it was not you, do nothing." } },
	[MAIL_EMAIL_NOTICE] = { "mail.email_notice", "Your address at {tenant} is about to change",
	    { "Somebody signed in as you asked to change your address in the tenant {slug} from "
	      "{address} to {other}.",
		"If it was you, there is nothing to do here: the new address has got a link.",
		"If it was not you, sign out everywhere or change your password now: either makes "
		"that link void. Then tell your administrator: {site}" } },
	[MAIL_PASSWORD_CHANGED] = { "mail.password_changed",
	    "Your password at {tenant} was changed",
	    { "The password of {address} in the tenant {slug} was changed. Your other sessions "
	      "were "
	      "ended.",
		"If it was you, there is nothing to do.",
		"If it was not you, reset it now and tell your administrator: {site}" } },
	[MAIL_KEY_ENDING] = { "mail.key_ending", "An API key of {tenant} ends soon",
	    { "The service key {other} of the tenant {slug} ends at {by}. What uses it is refused "
	      "from "
	      "then on.",
		"If it is still needed, make another one, hand it to what uses it, and delete this "
		"one: "
		"{site}",
		"You are told because you are an administrator there." } },
	[MAIL_GRANT_MADE] = { "mail.grant_made", "Another tenant may work in {tenant}",
	    { "People of the tenant {other} may work in the tenant {slug} until {by}.",
		"Who gave it to them, why, and with which roles is in your audit trail, and so is "
		"what they do.",
		"Take it back at any time, where you manage your tenant: {site}",
		"You are told because you are an administrator there." } },
	[MAIL_GRANT_ENDED] = { "mail.grant_ended", "Another tenant no longer works in {tenant}",
	    { "{by} has ended what people of the tenant {other} might do in the tenant {slug}.",
		"Nothing of it counts any more.",
		"You are told because you are an administrator there: {site}" } },
	[MAIL_TEST] = { "mail.test", "A test of the mail of BlindSpotX",
	    { "{by} asked for this mail, to see that mail of {site} arrives.",
		"There is nothing to do." } },
};

const char *
mail_kind_text(enum mail_kind kind)
{
	return texts[kind].event;
}

bool
mail_kind_parse(const char *text, enum mail_kind *kind)
{
	for (enum mail_kind k = 0; k < MAIL_KIND__MAX; k++)
		if (strcmp(texts[k].event, text) == 0) {
			*kind = k;
			return true;
		}
	return false;
}

static const char *
fact(const struct mail_facts *f, struct str name)
{
	const struct {
		const char *name, *value;
	} all[] = { { "tenant", f->tenant }, { "slug", f->slug }, { "address", f->address },
		{ "by", f->by }, { "other", f->other }, { "site", f->site }, { "link", f->link } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (str_eqz(name, all[i].name))
			return all[i].value != NULL ? all[i].value : "";
	return "";
}

/* One line: what would end it, or hide it, becomes a space. */
static void
put_line(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_putc(b, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F ? ' ' : s.p[i]);
}

typedef void put_fn(struct buf *b, struct str s);

static void
expand(struct buf *b, const char *text, const struct mail_facts *f, put_fn *put)
{
	const char *open, *end;

	while ((open = strchr(text, '{')) != NULL && (end = strchr(open, '}')) != NULL) {
		put(b, (struct str) { text, (size_t)(open - text) });
		put(b, str_of(fact(f, (struct str) { open + 1, (size_t)(end - open - 1) })));
		text = end + 1;
	}
	put(b, str_of(text));
}

static void
put_html(struct buf *b, const char *paragraph, const struct mail_facts *f)
{
	if (strcmp(paragraph, "{link}") == 0) {
		buf_puts(b, "<p><a href=\"");
		buf_html(b, str_of(f->link));
		buf_puts(b, "\">");
		buf_html(b, str_of(f->link));
		buf_puts(b, "</a></p>\n");
		return;
	}
	buf_puts(b, "<p>");
	expand(b, paragraph, f, buf_html);
	buf_puts(b, "</p>\n");
}

bool
mail_write(TALLOC_CTX *mem, enum mail_kind kind, const struct mail_facts *f, struct mail_message *m,
    struct err *e)
{
	const struct mail_texts *t = &texts[kind];
	struct buf               subject, text, html;

	buf_make(&subject, mem);
	buf_make(&text, mem);
	buf_make(&html, mem);
	expand(&subject, t->subject, f, put_line);
	buf_puts(&html, "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
			"<body style=\"font-family: sans-serif; max-width: 40em\">\n");
	for (size_t i = 0; i < PARAGRAPHS && t->paragraphs[i] != NULL; i++) {
		expand(&text, t->paragraphs[i], f, put_line);
		buf_puts(&text, "\n\n");
		put_html(&html, t->paragraphs[i], f);
	}
	buf_puts(&text, "-- \nBlindSpotX at ");
	put_line(&text, str_of(f->site));
	buf_puts(&text, "\n");
	buf_puts(&html, "</body></html>\n");
	m->subject = buf_str(&subject).p;
	m->text = buf_str(&text);
	m->html = buf_str(&html);
	return (buf_ok(&subject) && buf_ok(&text) && buf_ok(&html)) || err_memory(e);
}
