#include "drift/service/channel_trail.h"

#include <string.h>

#include "core/base/hash.h"

#define DIGEST_BYTES 8

/* Scheme and authority as they are, without a user part; what follows by its digest. */
static char *
channel_target_shown(TALLOC_CTX *mem, const char *target, struct err *e)
{
	const char *authority = strstr(target, "://");
	size_t      scheme = authority == NULL ? 0 : (size_t)(authority + 3 - target), n;
	uint8_t     sum[HASH_LEN];
	char        hex[2 * DIGEST_BYTES + 1];
	const char *host = target + scheme, *rest, *at;
	char       *out;

	n = strcspn(host, "/?#\\");
	rest = host + n;
	for (at = memchr(host, '@', n); at != NULL; at = memchr(host, '@', n)) {
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	hash_sha256(rest, strlen(rest), sum);
	hex_print(sum, DIGEST_BYTES, hex);
	out = talloc_asprintf(mem, "%.*s%.*s%s%s", (int)scheme, target, (int)n, host,
	    strlen(rest) > 1 ? "/#" : "", strlen(rest) > 1 ? hex : "");
	if (out == NULL)
		err_memory(e);
	return out;
}

static bool
put_target(struct buf *b, TALLOC_CTX *mem, const char *target, struct err *e)
{
	char *shown = channel_target_shown(mem, target, e);

	if (shown != NULL)
		buf_json(b, str_of(shown));
	return shown != NULL;
}

static bool
put_one(struct buf *b, TALLOC_CTX *mem, const struct channel *c, struct err *e)
{
	buf_puts(b, ",\"target\":");
	if (!put_target(b, mem, c->target, e))
		return false;
	buf_printf(b, ",\"values\":%s", c->with_values ? "true" : "false");
	return true;
}

static void
put_texts(struct buf *b, const char *member, const char *from, const char *to)
{
	if (strcmp(from, to) == 0)
		return;
	buf_printf(b, ",\"%s\":{\"from\":", member);
	buf_json(b, str_of(from));
	buf_puts(b, ",\"to\":");
	buf_json(b, str_of(to));
	buf_putc(b, '}');
}

static bool
put_changes(struct buf *b, TALLOC_CTX *mem, const struct channel *was, const struct channel *now,
    struct err *e)
{
	put_texts(b, "renamed", was->name, now->name);
	put_texts(b, "status", was->status, now->status);
	if (was->with_values != now->with_values)
		buf_printf(b, ",\"values\":{\"from\":%s,\"to\":%s}",
		    was->with_values ? "true" : "false", now->with_values ? "true" : "false");
	if (strcmp(was->target, now->target) == 0)
		return true;
	buf_puts(b, ",\"target\":{\"from\":");
	if (!put_target(b, mem, was->target, e))
		return false;
	buf_puts(b, ",\"to\":");
	if (!put_target(b, mem, now->target, e))
		return false;
	buf_putc(b, '}');
	return true;
}

bool
channel_details(TALLOC_CTX *mem, const struct channel *was, const struct channel *now,
    bool new_secret, const char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"name\":");
	buf_json(&b, str_of(now != NULL ? now->name : was->name));
	if (was != NULL && now != NULL ? !put_changes(&b, mem, was, now, e)
				       : !put_one(&b, mem, now != NULL ? now : was, e))
		return false;
	if (new_secret)
		buf_puts(&b, ",\"secret\":\"new\"");
	buf_putc(&b, '}');
	*out = buf_text(&b, e);
	return *out != NULL;
}
