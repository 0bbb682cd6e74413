#include "drift/engine/identity.h"

#include <string.h>

#include "drift/engine/diff.h"
#include "drift/engine/number.h"

#define LEN(a) ((uint32_t)(sizeof(a) / sizeof *(a)))
#define NAME(s)                                                                                    \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

static const struct str first[] = {
	NAME("id"),
	NAME("appId"),
	NAME("AppId"),
	NAME("Id"),
	NAME("roleTemplateId"),
	NAME("objectId"),
	NAME("policyDefinitionReferenceId"),
	NAME("name"),
	NAME("settingDefinitionId"),
	NAME("displayName"),
	NAME("value"),
	NAME("key"),
};
static const struct str second[] = {
	NAME("id"),
	NAME("appId"),
	NAME("AppId"),
	NAME("Id"),
	NAME("ID"),
	NAME("roleTemplateId"),
	NAME("objectId"),
	NAME("policyDefinitionReferenceId"),
	NAME("name"),
	NAME("Name"),
	NAME("settingDefinitionId"),
	NAME("displayName"),
	NAME("key"),
	NAME("Key"),
	NAME("uuid"),
	NAME("uid"),
	NAME("Uid"),
	NAME("Sid"),
	NAME("sid"),
	NAME("role"),
	NAME("alias"),
	NAME("clientId"),
	NAME("username"),
	NAME("login"),
	NAME("alert"),
	NAME("record"),
	NAME("rule"),
	NAME("macro"),
	NAME("list"),
	NAME("refId"),
	NAME("GroupId"),
	NAME("InstanceId"),
	NAME("Arn"),
	NAME("arn"),
	NAME("slug"),
	NAME("type"),
	NAME("context"),
	NAME("ip_prefix"),
	NAME("ipv6_prefix"),
	NAME("cidr"),
	NAME("CidrIp"),
	NAME("cidrAddress"),
	NAME("domain"),
	NAME("host"),
	NAME("mountPath"),
	NAME("containerPort"),
	NAME("authenticator"),
	NAME("title"),
	NAME("href"),
	NAME("value"),
};
static const struct str four[] = { NAME("group"), NAME("kind"), NAME("namespace"), NAME("name") };
#define FOUR 1 /* ranks of the second edition before those of its members */

/* ---- which there are ---- */

static bool
has(const struct json *object, struct str name)
{
	for (uint32_t i = 0; i < object->n; i++)
		if (str_eq(object->names[i], name))
			return true;
	return false;
}

/* The rank of a member, n if it has none. */
static uint32_t
rank_of(const struct str *list, uint32_t n, struct str member)
{
	uint32_t i = 0;

	while (i < n && (list[i].n != member.n || list[i].p[0] != member.p[0] ||
			    memcmp(list[i].p, member.p, member.n) != 0))
		i++;
	return i;
}

uint32_t
identity_ranks(
    enum compare_edition edition, const struct json *object, uint8_t ranks[static IDENTITY_RANKS])
{
	bool              old = edition == COMPARE_EDITION_1;
	const struct str *list = old ? first : second;
	uint32_t          n = old ? LEN(first) : LEN(second), base = old ? 0 : FOUR, found = 0;

	if (!old && has(object, STR("apiVersion")) && has(object, STR("metadata")))
		ranks[found++] = 0;
	for (uint32_t i = 0; i < object->n && found < IDENTITY_RANKS; i++) {
		struct str name = object->names[i];
		uint32_t   rank = name.n == 0 ? n : rank_of(list, n, name), at = found;

		if (rank == n)
			continue;
		for (; at > 0 && ranks[at - 1] > rank + base; at--)
			ranks[at] = ranks[at - 1];
		ranks[at] = (uint8_t)(rank + base);
		found++;
	}
	return found;
}

struct keys
identity_keys(enum compare_edition edition, uint32_t rank)
{
	if (edition == COMPARE_EDITION_1)
		return (struct keys) { &first[rank], 1, KEYS_INTEGER };
	if (rank < FOUR)
		return (struct keys) { four, LEN(four), KEYS_FOUR };
	return (struct keys) { &second[rank - FOUR], 1, KEYS_MEMBER };
}

struct keys
keys_of_entry(const struct compare_entry *entry, struct str room[static COMPARE_KEYS_MAX])
{
	for (size_t i = 0; i < entry->keys.n; i++)
		room[i] = str_of(entry->keys.items[i]);
	return (struct keys) { room, (uint32_t)entry->keys.n, KEYS_SPEC };
}

bool
diff_identity(struct str member)
{
	return member.n > 0 && (rank_of(second, LEN(second), member) < LEN(second) ||
				   rank_of(four, LEN(four), member) < LEN(four));
}

/* ---- their values ---- */

/* Elements of one array mostly have a member at the same index. */
static const struct json *
member_of(const struct json *object, struct str name, uint32_t *hint)
{
	if (*hint < object->n && str_eq(object->names[*hint], name))
		return &object->items[*hint];
	for (uint32_t i = 0; i < object->n; i++)
		if (str_eq(object->names[i], name)) {
			*hint = i;
			return &object->items[i];
		}
	return NULL;
}

/* The four, each a string; NULL: there is none such.  `room`: of what is not there as it is called.
 */
static const struct json *
one_of_four(const struct json *object, uint32_t i, struct json *room)
{
	static const char *const where[] = { "apiVersion", "kind", "namespace", "name" };
	const struct json       *in = i < 2 ? object : json_get(object, "metadata");
	const struct json       *v = in != NULL ? json_get(in, where[i]) : NULL;
	const char              *slash;

	*room = (struct json) { .type = JSON_STRING, .text = STR("") };
	if (in == NULL || in->type != JSON_OBJECT)
		return NULL;
	if (i == 2 && (v == NULL || v->type == JSON_NULL))
		return room;
	if (v == NULL || v->type != JSON_STRING)
		return NULL;
	if (i > 0)
		return v;
	slash = memchr(v->text.p, '/', v->text.n);
	if (slash != NULL)
		room->text = (struct str) { v->text.p, (size_t)(slash - v->text.p) };
	return room;
}

static const struct json *
value_of(
    const struct keys *k, uint32_t i, const struct json *element, uint32_t *hint, struct json *room)
{
	if (element->type != JSON_OBJECT)
		return NULL;
	if (k->kind == KEYS_FOUR)
		return one_of_four(element, i, room);
	if (k->names[i].n > 0 && k->names[i].p[0] == '/')
		return json_at(element, k->names[i]);
	return member_of(element, k->names[i], hint);
}

const struct json *
keys_value(const struct keys *k, uint32_t i, const struct json *element, struct json *room)
{
	uint32_t hint = 0;

	return value_of(k, i, element, &hint, room);
}

static bool
identifies(const struct keys *k, const struct json *v)
{
	if (v == NULL)
		return false;
	if (k->kind == KEYS_SPEC)
		return v->type != JSON_ARRAY && v->type != JSON_OBJECT;
	return v->type == JSON_STRING ||
	       (v->type == JSON_NUMBER && (k->kind != KEYS_INTEGER || number_is_integer(v->text)));
}

bool
keys_text(struct buf *b, const struct keys *k, const struct json *element, uint32_t *hint,
    struct keys_text *out, bool *yes, struct err *e)
{
	size_t before = b->n;
	bool   one = k->n == 1 && k->kind != KEYS_SPEC;

	for (uint32_t i = 0; i < k->n; i++) {
		struct json        room;
		const struct json *v = value_of(k, i, element, hint, &room);

		*yes = identifies(k, v);
		if (!*yes)
			return true;
		*out = (struct keys_text) { v->text, v->type, false };
		if (one && v->type == JSON_STRING)
			return true;
		if (!json_canonical(b, v, e))
			return false;
		if (!one)
			buf_putc(b, ',');
	}
	*out = (struct keys_text) { { NULL, b->n - before }, one ? out->tag : 0, true };
	return true;
}
