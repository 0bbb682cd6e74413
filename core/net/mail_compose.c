/* mail.h: the text of a mail, its fields and parts (RFC 5322, RFC 2047). */
#include <string.h>

#include "core/base/buf.h"
#include "core/net/mail.h"

#define LINE_MAX_  76 /* of base64, RFC 2045 */
#define WORD_BYTES 36 /* of one encoded word: 48 characters of base64, 12 around them */
#define PLAIN_MAX  70

/* ---- header fields ---- */

static bool
invalid(struct err *e, const char *pub)
{
	return err_set(e, ERR_INVALID, 0, pub, "mail: %s", pub);
}

/* An address as it may stand between < and >: nothing that ends it, one '@' with something around.
 */
static bool
is_address(const char *z)
{
	const char *at = z == NULL ? NULL : strchr(z, '@');

	if (at == NULL || at == z || at[1] == '\0' || strchr(at + 1, '@') != NULL)
		return false;
	for (const char *p = z; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7F || strchr("<>()[],;:\\\"", *p) != NULL)
			return false;
	return str_is_utf8(str_of(z));
}

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] > '~' || s.p[i] == '=' ||
		    s.p[i] == '"' || s.p[i] == '\\')
			return false;
	return s.n <= PLAIN_MAX;
}

/* Bytes of whole characters, at most `max`. */
static size_t
whole(struct str s, size_t max)
{
	size_t n = s.n < max ? s.n : max;

	while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n--;
	return n;
}

/* RFC 2047: words of at most 75 characters, each of whole characters, folded between. */
static bool
put_words(struct buf *b, struct str s, struct err *e)
{
	for (bool first = true; s.n > 0; first = false) {
		size_t n = whole(s, WORD_BYTES);
		char  *text = base64_print(b->mem, (const uint8_t *)s.p, n);

		if (text == NULL)
			return err_memory(e);
		buf_puts(b, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		buf_puts(b, text);
		buf_puts(b, "?=");
		talloc_free(text);
		s.p += n;
		s.n -= n;
	}
	return true;
}

/* Text of a field; `quoted` where it is a phrase before an address. */
static bool
put_text(struct buf *b, const char *z, bool quoted, struct err *e)
{
	struct str s = str_of(z);
	struct buf check;

	buf_make(&check, b->mem);
	if (!str_is_utf8(s) || !buf_header(&check, s))
		return invalid(e, "A header field holds a line break or no text.");
	if (!is_plain(s))
		return put_words(b, s, e);
	buf_puts(b, quoted ? "\"" : "");
	buf_add(b, s.p, s.n);
	buf_puts(b, quoted ? "\"" : "");
	return true;
}

static bool
put_address(struct buf *b, const char *field, const char *name, const char *address, struct err *e)
{
	if (!is_address(address))
		return invalid(e, "The address cannot be written to.");
	buf_puts(b, field);
	if (name != NULL && *name != '\0') {
		if (!put_text(b, name, true, e))
			return false;
		buf_puts(b, "\r\n ");
	}
	buf_putc(b, '<');
	buf_puts(b, address);
	buf_puts(b, ">\r\n");
	return true;
}

/* RFC 5322 section 3.3, from "2026-11-21T20:47:00.123Z". */
static void
put_date(struct buf *b, int64_t ms)
{
	static const char days[] = "ThuFriSatSunMonTueWed",
			  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char    t[TIME_TEXT_MAX];
	int64_t day = ms / 86400000;
	size_t  month;

	time_print(ms, t);
	month = (size_t)((t[5] - '0') * 10 + (t[6] - '0') - 1);
	buf_puts(b, "Date: ");
	buf_add(b, days + 3 * (day % 7), 3);
	buf_puts(b, ", ");
	buf_add(b, t + 8, 2);
	buf_putc(b, ' ');
	buf_add(b, months + 3 * month, 3);
	buf_putc(b, ' ');
	buf_add(b, t, 4);
	buf_putc(b, ' ');
	buf_add(b, t + 11, 8);
	buf_puts(b, " +0000\r\n");
}

static bool
is_id(const char *z)
{
	size_t n = strlen(z);

	return n > 0 && n <= 64 &&
	       strspn(z, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n;
}

/* ---- parts ---- */

/* Base64 holds no line that could be the boundary, nor a line that is a dot. */
static bool
put_part(struct buf *b, const char *id, const char *type, struct str body, struct err *e)
{
	char *text = base64_print(b->mem, (const uint8_t *)body.p, body.n);
	char *p = text;

	if (text == NULL)
		return err_memory(e);
	buf_puts(b, "--bsx-");
	buf_puts(b, id);
	buf_puts(b, "\r\nContent-Type: ");
	buf_puts(b, type);
	buf_puts(b, "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	for (size_t left = strlen(text); left > 0;) {
		size_t n = left < LINE_MAX_ ? left : LINE_MAX_;

		buf_add(b, p, n);
		buf_puts(b, "\r\n");
		p += n;
		left -= n;
	}
	talloc_free(text);
	return true;
}

/* "<left@host>", the host that of the sender. */
static void
put_id(struct buf *b, const char *field, const char *left, const char *from)
{
	buf_puts(b, field);
	buf_putc(b, '<');
	buf_puts(b, left);
	buf_puts(b, strrchr(from, '@'));
	buf_puts(b, ">\r\n");
}

/* A thread hangs on a message that was never sent, so that each of its mails may come first. */
static bool
put_belonging(struct buf *b, const struct mail_message *m, struct err *e)
{
	if ((m->thread != NULL && !is_id(m->thread)) || (m->list != NULL && !is_id(m->list)))
		return invalid(e, "The message's thread or list is malformed.");
	if (m->thread != NULL) {
		put_id(b, "In-Reply-To: ", m->thread, m->from);
		put_id(b, "References: ", m->thread, m->from);
	}
	if (m->list != NULL) {
		buf_puts(b, "List-Id: <");
		buf_puts(b, m->list);
		buf_putc(b, '.');
		buf_puts(b, strrchr(m->from, '@') + 1);
		buf_puts(b, ">\r\n");
	}
	return true;
}

static bool
put_head(struct buf *b, const struct mail_message *m, struct err *e)
{
	if (!is_id(m->id))
		return invalid(e, "The message's number is malformed.");
	put_date(b, m->at_ms);
	if (!put_address(b, "From: ", m->from_name, m->from, e) ||
	    (m->reply_to != NULL && !put_address(b, "Reply-To: ", NULL, m->reply_to, e)) ||
	    !put_address(b, "To: ", NULL, m->to, e))
		return false;
	buf_puts(b, "Subject: ");
	if (!put_text(b, m->subject, false, e))
		return false;
	buf_puts(b, "\r\n");
	put_id(b, "Message-ID: ", m->id, m->from);
	if (!put_belonging(b, m, e))
		return false;
	buf_puts(b, "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
		    "X-Auto-Response-Suppress: All\r\n"
		    "Content-Type: multipart/alternative; boundary=\"bsx-");
	buf_puts(b, m->id);
	buf_puts(b, "\"\r\n\r\n");
	return true;
}

bool
mail_compose(TALLOC_CTX *mem, const struct mail_message *m, struct str *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (!put_head(&b, m, e) || !put_part(&b, m->id, "text/plain", m->text, e) ||
	    !put_part(&b, m->id, "text/html", m->html, e))
		return false;
	buf_puts(&b, "--bsx-");
	buf_puts(&b, m->id);
	buf_puts(&b, "--\r\n");
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}
