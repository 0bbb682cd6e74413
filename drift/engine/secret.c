#include "drift/engine/secret.h"

#include <string.h>

#include "drift/engine/glob.h"

#define NAME_LOOK 96 /* last bytes of a name that are looked at */

/* Folded endings of names. */
#define W(lit)                                                                                     \
	{                                                                                          \
		lit, sizeof(lit) - 1                                                               \
	}
static const struct str words[] = { W("password"), W("passwd"), W("passphrase"), W("pwd"),
	W("secret"), W("secrettext"), W("secretkey"), W("privatekey"), W("apikey"), W("accesskey"),
	W("accountkey"), W("sharedkey"), W("presharedkey"), W("psk"), W("connectionstring"),
	W("accesstoken"), W("refreshtoken"), W("bearertoken"), W("sastoken"), W("authtoken"),
	W("token"), W("credential"), W("clientassertion"), W("passcode"), W("signingkey"),
	W("encryptionkey"), W("masterkey"), W("hmackey"), W("passwordhash"), W("communitystring"),
	W("rocommunity"), W("rwcommunity"), W("snmpcommunity") };
/* Of these, what is none: places in a list of pages, and the file of accounts, which holds no
 * password. */
static const struct str harmless[] = { W("nexttoken"), W("pagetoken"), W("continuetoken"),
	W("/etc/passwd") };
static const struct str connection = W("connectionstring");
/* Texts that are no secret, in any case. */
static const struct str none[] = { W("true"), W("false"), W("yes"), W("no"), W("on"), W("off"),
	W("enabled"), W("disabled"), W("required"), W("optional"), W("none"), W("never"),
	W("always"), W("prompt"), W("default"), W("inherit") };

#define LEN(a) (sizeof(a) / sizeof *(a))

static bool
ends_with(struct str s, struct str word)
{
	return s.n >= word.n && s.p[s.n - 1] == word.p[word.n - 1] &&
	       memcmp(s.p + s.n - word.n, word.p, word.n) == 0;
}

static bool
ends_with_any(struct str s, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ends_with(s, list[i]))
			return true;
	return false;
}

/* What names are written with between their words. */
static bool
is_between(char c)
{
	return c == '_' || c == '-' || c == '.' || c == ' ';
}

/* The end of a name, folded, into `room`; one of them where it says many ("keys", "communities").
 */
static struct str
fold(struct str name, char room[static NAME_LOOK])
{
	size_t     at = NAME_LOOK, i = name.n, least = name.n > NAME_LOOK ? name.n - NAME_LOOK : 0;
	struct str s;

	while (i > least) {
		char c = name.p[--i];

		if (!is_between(c))
			room[--at] = glob_lower(c);
	}
	s = (struct str) { room + at, NAME_LOOK - at };
	if (s.n > 3 && ends_with(s, STR("ies"))) {
		room[NAME_LOOK - 3] = 'y';
		s.n -= 2;
	} else if (s.n > 0 && s.p[s.n - 1] == 's') {
		s.n--;
	}
	return s;
}

#define ENDS(b, c) ((uint8_t)(b) << 8 | (uint8_t)(c))

/* Most names end with no two letters that a word ends with. */
static bool
may_be_secret(struct str name)
{
	const char *end = name.p + name.n;

	if (name.n < 4)
		return name.n == 3;
	end -= glob_lower(end[-1]) == 's';
	switch (ENDS(glob_lower(end[-2]), glob_lower(end[-1]))) {
	case ENDS('r', 'd'):
	case ENDS('w', 'd'):
	case ENDS('s', 'e'):
	case ENDS('e', 't'):
	case ENDS('x', 't'):
	case ENDS('e', 'y'):
	case ENDS('s', 'k'):
	case ENDS('n', 'g'):
	case ENDS('e', 'n'):
	case ENDS('a', 'l'):
	case ENDS('o', 'n'):
	case ENDS('d', 'e'):
	case ENDS('s', 'h'):
	case ENDS('t', 'y'):
	case ENDS('i', 'e'):
		return true;
	default:
		break;
	}
	return is_between(end[-2]) || is_between(end[-1]);
}

enum secret_name
secret_name(struct str name)
{
	char       room[NAME_LOOK];
	struct str s;

	if (!may_be_secret(name))
		return SECRET_NAME_NONE;
	s = fold(name, room);
	if (!ends_with_any(s, words, LEN(words)) || ends_with_any(s, harmless, LEN(harmless)))
		return SECRET_NAME_NONE;
	return ends_with(s, connection) ? SECRET_NAME_CONNECTION : SECRET_NAME_WHOLE;
}

bool
secret_option(struct str word)
{
	size_t dashes = 0;

	while (dashes < word.n && dashes < 3 && word.p[dashes] == '-')
		dashes++;
	return (dashes == 1 || dashes == 2) && memchr(word.p, '=', word.n) == NULL &&
	       secret_name((struct str) { word.p + dashes, word.n - dashes }) != SECRET_NAME_NONE;
}

/* "[masked]", "[masked:<16 hex>]": what was left of one. */
static bool
is_left(struct str text)
{
	static const char left[] = "[masked";

	return text.n > sizeof left - 1 && memcmp(text.p, left, sizeof left - 1) == 0 &&
	       memchr(text.p, ']', text.n) == text.p + text.n - 1;
}

bool
secret_is_none(struct str text)
{
	if (is_left(text))
		return true;
	for (size_t i = 0; i < LEN(none); i++)
		if (text.n == none[i].n && text_same(true, text.p, none[i].p, text.n))
			return true;
	return text.n == 0;
}
