#include "drift/service/channel_trail.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/base/hash.h"

#define DIGEST_BYTES 8

/* "/#" and a digest: what was made here already. */
static bool
is_digest(const char *rest)
{
	return rest[0] == '/' && rest[1] == '#' && strlen(rest) == 2 + 2 * DIGEST_BYTES &&
	       strspn(rest + 2, "0123456789abcdef") == 2 * DIGEST_BYTES;
}

char *
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
	if (is_digest(rest)) {
		out = talloc_strdup(mem, target);
		if (out == NULL)
			err_memory(e);
		return out;
	}
	hash_sha256(rest, strlen(rest), sum);
	hex_print(sum, DIGEST_BYTES, hex);
	out = talloc_asprintf(mem, "%.*s%.*s%s%s", (int)scheme, target, (int)n, host,
	    strlen(rest) > 1 ? "/#" : "", strlen(rest) > 1 ? hex : "");
	if (out == NULL)
		err_memory(e);
	return out;
}

/* ---- what is told ---- */

struct flag_change {
	bool from, to;
};
static const struct field flag_change_fields[] = {
	TOLD(struct flag_change, from),
	TOLD(struct flag_change, to),
	FIELD_END,
};
static const struct schema flag_change_schema =
    SCHEMA("FlagChange", struct flag_change, flag_change_fields);

/* Made or dropped. */
struct channel_told {
	const char *name, *target;
	bool        values, audit;
};
static const struct field told_fields[] = {
	TOLD(struct channel_told, name),
	TOLD(struct channel_told, target),
	TOLD(struct channel_told, values),
	TOLD_IF(struct channel_told, audit),
	FIELD_END,
};
static const struct schema told_schema = SCHEMA("ChannelTold", struct channel_told, told_fields);

/* What is not told is the same. */
struct channel_changed {
	const char               *name;
	const struct text_change *renamed, *status, *target, *rate;
	const struct flag_change *values;
	const struct flag_change *audit; /* NULL: it was not told the trail, and is not */
	const char               *secret, *template, *ca, *digest;
	instant                   former_secret_until;
};
static const struct field changed_fields[] = {
	TOLD(struct channel_changed, name),
	TOLD_ITEM_IF(struct channel_changed, renamed, &text_change_schema),
	TOLD_ITEM_IF(struct channel_changed, status, &text_change_schema),
	TOLD_ITEM_IF(struct channel_changed, values, &flag_change_schema),
	TOLD_ITEM_IF(struct channel_changed, audit, &flag_change_schema),
	TOLD_ITEM_IF(struct channel_changed, target, &text_change_schema),
	TOLD_ITEM_IF(struct channel_changed, rate, &text_change_schema),
	TOLD_IF(struct channel_changed, secret),
	TOLD_IF(struct channel_changed, former_secret_until),
	TOLD_IF(struct channel_changed, template),
	TOLD_IF(struct channel_changed, ca),
	TOLD_IF(struct channel_changed, digest),
	FIELD_END,
};
static const struct schema changed_schema =
    SCHEMA("ChannelChanged", struct channel_changed, changed_fields);

/* ---- telling ---- */

static const char *
tell_one(TALLOC_CTX *mem, const struct channel *c, struct err *e)
{
	const struct channel_told told = {
		.name = c->name,
		.target = channel_target_shown(mem, c->target, e),
		.values = c->with_values,
		.audit = c->tells_trail,
	};

	return told.target == NULL ? NULL : audit_details(mem, &told_schema, &told, e);
}

/* "20 a minute, 10 at once" */
static const char *
tell_rate(TALLOC_CTX *mem, const struct channel_rate *r, struct err *e)
{
	const char *out = r->per_minute == 0 ? "that of its kind"
					     : talloc_asprintf(mem, "%lld a minute, %lld at once",
						   (long long)r->per_minute, (long long)r->burst);

	if (out == NULL)
		err_memory(e);
	return out;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const char *
tell_changes(TALLOC_CTX *mem, const struct channel *was, const struct channel *now, bool new_secret,
    struct err *e)
{
	const struct flag_change values = { was->with_values, now->with_values };
	const struct flag_change audit = { was->tells_trail, now->tells_trail };
	const struct text_change target = { channel_target_shown(mem, was->target, e),
		channel_target_shown(mem, now->target, e) };
	const char *slow = tell_rate(mem, &was->rate, e), *fast = tell_rate(mem, &now->rate, e);
	struct text_change           renamed, status, rate;
	const struct channel_changed changed = {
		.name = now->name,
		.renamed = text_change(&renamed, was->name, now->name),
		.status = text_change(&status, channel_state(was), channel_state(now)),
		.values = was->with_values == now->with_values ? NULL : &values,
		.audit = was->tells_trail || now->tells_trail ? &audit : NULL,
		.target = strcmp(was->target, now->target) == 0 ? NULL : &target,
		.rate = slow == NULL || fast == NULL ? NULL : text_change(&rate, slow, fast),
		.secret = new_secret ? "new" : NULL,
		.former_secret_until = now->former_until,
		.template = is_same(was->template, now->template) ? NULL : "new",
		.ca = is_same(was->ca, now->ca) ? NULL
		      : now->ca == NULL         ? "none"
						: "new",
		.digest = is_same(was->digest, now->digest) ? NULL
			  : now->digest == NULL             ? "none"
							    : "new",
	};

	return target.from == NULL || target.to == NULL || slow == NULL || fast == NULL
		   ? NULL
		   : audit_details(mem, &changed_schema, &changed, e);
}

bool
channel_details(TALLOC_CTX *mem, const struct channel *was, const struct channel *now,
    bool new_secret, const char **out, struct err *e)
{
	*out = was != NULL && now != NULL ? tell_changes(mem, was, now, new_secret, e)
					  : tell_one(mem, now != NULL ? now : was, e);
	return *out != NULL;
}
