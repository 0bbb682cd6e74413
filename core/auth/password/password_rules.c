#include "core/auth/password/password_rules.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/ident.h"
#include "core/base/secret.h"
#include "core/base/unicode.h"
#include "core/crypt/password.h"

#define RUN_MIN     3
#define RUN_PERCENT 80
#define WORD_MIN    3 /* bytes of a context word */
#define WORDS_MAX   48
#define FORMS       6

/* core/auth/password/data/common-passwords.txt: sorted lines. */
extern const char   common_passwords[];
extern const size_t common_passwords_n;

/* ---- the list ---- */

/* The line around `at`. */
static struct str
line_at(size_t at, size_t *begin)
{
	const char *end = memchr(common_passwords + at, '\n', common_passwords_n - at);

	while (at > 0 && common_passwords[at - 1] != '\n')
		at--;
	*begin = at;
	return (struct str) { common_passwords + at, (size_t)(end - (common_passwords + at)) };
}

bool
password_is_common(struct str folded)
{
	size_t low = 0, high = common_passwords_n;

	while (low < high) {
		size_t     begin;
		struct str line = line_at(low + (high - low) / 2, &begin);
		size_t     n = line.n < folded.n ? line.n : folded.n;
		int        d = n == 0 ? 0 : memcmp(folded.p, line.p, n);

		if (d == 0 && line.n == folded.n)
			return true;
		if (d < 0 || (d == 0 && folded.n < line.n))
			high = begin;
		else
			low = begin + line.n + 1;
	}
	return false;
}

/* ---- forms of one password ---- */

static bool
is_digit_or_punctuation(char c)
{
	return c > 0x20 && c < 0x7F && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
}

static struct str
without_tail(struct str s)
{
	while (s.n > 0 && (is_digit_or_punctuation(s.p[s.n - 1]) || s.p[s.n - 1] == ' '))
		s.n--;
	return s;
}

/*
 * The shortest text that, repeated and then cut, gives s: its length is the least period. border[i]
 * is the longest proper prefix of s[0..i] that also ends it (Knuth, Morris and Pratt).
 */
static struct str
repeating_unit(struct str s)
{
	uint16_t border[PASSWORD_BYTES_MAX * 4];
	size_t   k = 0;

	if (s.n == 0 || s.n > sizeof(border) / sizeof(border[0]))
		return s;
	border[0] = 0;
	for (size_t i = 1; i < s.n; i++) {
		while (k > 0 && s.p[i] != s.p[k])
			k = border[k - 1];
		k += s.p[i] == s.p[k];
		border[i] = (uint16_t)k;
	}
	secret_wipe(border, sizeof(border[0]) * (s.n - 1));
	return (struct str) { s.p, s.n - k };
}

static void
forms_of(struct str s, struct str out[static FORMS])
{
	out[0] = s;
	out[1] = without_tail(s);
	out[2] = repeating_unit(s);
	out[3] = without_tail(out[2]);
	out[4] = repeating_unit(out[1]);
	out[5] = without_tail(out[4]);
}

/* ---- context words ---- */

struct words {
	struct str w[WORDS_MAX];
	size_t     n;
};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static void
add_word(struct words *ws, struct str s)
{
	if (s.n >= WORD_MIN && ws->n < WORDS_MAX)
		ws->w[ws->n++] = s;
}

/* A text's words, and all of them as one: "Ada Lovelace" gives ada, lovelace, adalovelace. */
static bool
add_words(TALLOC_CTX *mem, struct words *ws, const char *text, struct err *e)
{
	struct str folded;
	char      *joined;
	size_t     n = 0, start = 0;

	if (text == NULL)
		return true;
	if (!unicode_nfkc_casefold(mem, str_of(text), &folded, e))
		return false;
	joined = talloc_size(mem, folded.n + 1);
	if (joined == NULL)
		return err_memory(e);
	for (size_t i = 0; i <= folded.n; i++) {
		if (i < folded.n && is_letter(folded.p[i])) {
			joined[n++] = folded.p[i];
			continue;
		}
		add_word(ws, (struct str) { folded.p + start, i - start });
		start = i + 1;
	}
	add_word(ws, (struct str) { joined, n });
	return true;
}

static bool
context_words(TALLOC_CTX *mem, const struct password_about *a, struct words *ws, struct err *e)
{
	const char *at = a->email == NULL ? NULL : strchr(a->email, '@');
	const char *local =
	    at == NULL ? NULL : talloc_strndup(mem, a->email, (size_t)(at - a->email));

	if (at != NULL && local == NULL)
		return err_memory(e);
	return add_words(mem, ws, "blind spot x blindspot", e) &&
	       add_words(mem, ws, "BlindSpotX", e) && add_words(mem, ws, a->tenant_slug, e) &&
	       add_words(mem, ws, a->tenant_name, e) && add_words(mem, ws, local, e) &&
	       add_words(mem, ws, a->email, e) && add_words(mem, ws, a->display_name, e);
}

/* Nothing but context words, one after the other; what separates them was taken out. */
static bool
is_made_of(const struct words *ws, struct str s)
{
	bool reach[PASSWORD_BYTES_MAX * 4 + 1];

	if (s.n == 0 || s.n >= sizeof(reach))
		return false;
	memset(reach, 0, s.n + 1);
	reach[0] = true;
	for (size_t i = 0; i < s.n; i++)
		for (size_t j = 0; reach[i] && j < ws->n; j++)
			if (ws->w[j].n <= s.n - i && memcmp(s.p + i, ws->w[j].p, ws->w[j].n) == 0)
				reach[i + ws->w[j].n] = true;
	return reach[s.n];
}

static bool
is_context(const struct words *ws, TALLOC_CTX *mem, struct str s, bool *yes, struct err *e)
{
	char  *joined = secret_alloc(mem, s.n + 1);
	size_t n = 0;

	if (joined == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s.n; i++)
		if (is_letter(s.p[i]))
			joined[n++] = s.p[i];
	*yes = is_made_of(ws, (struct str) { joined, n });
	talloc_free(joined);
	return true;
}

/* ---- runs ---- */

/* Rows and columns of the usual keyboards; a run follows one of them, either way. */
static const char *const keys[] = { "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm,./",
	"qwertzuiop", "yxcvbnm,.-", "azertyuiop", "qsdfghjklm", "wxcvbn", "!@#$%^&*()", "1qaz",
	"2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.", "0p;/" };
#define KEYS (sizeof(keys) / sizeof(keys[0]))

#define COUNTS_UP   1u /* the next code point, or the same again: 1123 */
#define COUNTS_DOWN 2u

/* In which ways b follows a: a bit each. */
static uint64_t
steps(char a, char b)
{
	uint64_t bits = 0;

	if (b == a || b == a + 1)
		bits |= COUNTS_UP;
	if (b == a || b == a - 1)
		bits |= COUNTS_DOWN;
	for (size_t i = 0; i < KEYS; i++) {
		const char *at = strchr(keys[i], a), *to = strchr(keys[i], b);

		if (at == NULL || to == NULL)
			continue;
		if (to == at + 1)
			bits |= UINT64_C(4) << (2 * i);
		if (to == at - 1)
			bits |= UINT64_C(8) << (2 * i);
	}
	return bits;
}

unsigned
password_run_percent(struct str s)
{
	size_t in_runs = 0, start = 0;

	while (start < s.n) {
		uint64_t ways = UINT64_MAX, more;
		size_t   i = start;

		while (i + 1 < s.n && s.p[i] != '\0' && s.p[i + 1] != '\0' &&
		       (more = ways & steps(s.p[i], s.p[i + 1])) != 0) {
			ways = more;
			i++;
		}
		if (i + 1 - start >= RUN_MIN)
			in_runs += i + 1 - start;
		start = i + 1;
	}
	return s.n == 0 ? 0 : (unsigned)(in_runs * 100 / s.n);
}

/* ---- the judgement ---- */

static size_t
characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
	return n;
}

static const char *
too_short(TALLOC_CTX *mem, int64_t min)
{
	return talloc_asprintf(mem, "must have at least %lld characters", (long long)min);
}

static bool
judge_folded(TALLOC_CTX *mem, struct str folded, const struct password_about *about,
    const char **why, struct err *e)
{
	struct words ws = { .n = 0 };
	struct str   forms[FORMS];

	if (!context_words(mem, about, &ws, e))
		return false;
	forms_of(folded, forms);
	for (size_t i = 0; i < FORMS && *why == NULL; i++) {
		bool context = false;

		if (password_is_common(forms[i]))
			*why = "is among the most common passwords, or one with something added or "
			       "repeated";
		else if (!is_context(&ws, mem, forms[i], &context, e))
			return false;
		else if (context)
			*why = "is made of names that others know: yours, your organisation's or "
			       "this product's";
	}
	if (*why == NULL && password_run_percent(folded) >= RUN_PERCENT)
		*why = "is mostly characters that count, repeat or lie side by side on a keyboard";
	return true;
}

bool
password_judge(TALLOC_CTX *mem, struct str password, const struct password_about *about,
    const char **why, struct err *e)
{
	struct str folded;
	int64_t    min = about->has_factor || about->min_length < PASSWORD_MIN_WITH_FACTOR
			     ? PASSWORD_MIN_WITH_FACTOR
			     : about->min_length;
	bool       ok;

	*why = NULL;
	if (password.n > PASSWORD_BYTES_MAX) {
		*why = "must have at most 1,024 bytes";
		return true;
	}
	if (characters(password) < (size_t)min) {
		*why = too_short(mem, min);
		return *why != NULL || err_memory(e);
	}
	if (!unicode_nfkc_casefold(mem, password, &folded, e))
		return false;
	ok = judge_folded(mem, folded, about, why, e);
	talloc_free((void *)(uintptr_t)folded.p);
	return ok;
}

struct password_about
password_about(const struct tenant *t, const struct user *u, int64_t min_length)
{
	return (struct password_about) {
		t->slug,
		t->name,
		u->email,
		u->display_name,
		u->two_factor,
		min_length,
	};
}

bool
password_accept(TALLOC_CTX *mem, struct str typed, const struct password_about *about,
    const char *pointer, struct str *password, struct err *e)
{
	const char *why = NULL;

	if (!unicode_nfkc(mem, typed, password, e)) {
		if (!err_take(e, ERR_INVALID))
			return false;
		return err_fault(e, mem, pointer, "is not valid text");
	}
	if (!password_judge(mem, *password, about, &why, e))
		return false;
	return why == NULL || err_fault(e, mem, pointer, "%s", why);
}
