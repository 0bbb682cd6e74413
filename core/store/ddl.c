#include "core/store/ddl.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/secret.h"
#include "core/store/db_priv.h"

#define VERSIONS_MAX 8

static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* A name, its place in struct ddl, and what it may be made of. */
static const struct part {
	const char *mark;
	size_t      offset;
	bool        capitals;
	const char *others;
	size_t      max;
} parts[] = {
	{ "schema", offsetof(struct ddl, schema), false, "", DDL_SCHEMA_MAX },
	{ "control", offsetof(struct ddl, control), false, "", DDL_SCHEMA_MAX },
	{ "user", offsetof(struct ddl, user), true, "_.-", 80 },
	{ "host", offsetof(struct ddl, host), true, "_.:%/-", 255 },
	{ "password", offsetof(struct ddl, password), true, "_-", 255 },
	{ "routine", offsetof(struct ddl, routine), false, "_", 64 },
};
#define PARTS (sizeof(parts) / sizeof(*parts))

/* A schema, or the control schema, of a host where nothing is granted. */
static const struct part place = { "", 0, true, "_", DDL_PLACE_MAX };

static bool
is_made_of(const char *z, const struct part *p)
{
	size_t n = 0;

	if (z == NULL)
		return false;
	for (; z[n] != '\0'; n++)
		if (strchr(lower, z[n]) == NULL && strchr(p->others, z[n]) == NULL &&
		    !(p->capitals && strchr(upper, z[n]) != NULL))
			return false;
	return n >= 1 && n <= p->max;
}

bool
ddl_is_schema(const char *name)
{
	return is_made_of(name, &parts[0]);
}

bool
ddl_is_place(const char *name)
{
	return is_made_of(name, &place);
}

static const struct part *
rule_of(const struct ddl *d, const struct part *p)
{
	bool schema =
	    p->offset == offsetof(struct ddl, schema) || p->offset == offsetof(struct ddl, control);

	return schema && d->one_account ? &place : p;
}

static bool
add_part(struct buf *b, const struct ddl *d, struct str mark, struct err *e)
{
	for (size_t i = 0; i < PARTS; i++) {
		const char *name;

		if (!str_eqz(mark, parts[i].mark))
			continue;
		memcpy(&name, (const char *)d + parts[i].offset, sizeof(name));
		if (!is_made_of(name, rule_of(d, &parts[i])))
			return err_set(e, ERR_INTERNAL, 0,
			    "a name in the configuration is not allowed",
			    "the %s is no name that may stand in a statement", parts[i].mark);
		buf_puts(b, name);
		return true;
	}
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "unknown mark {%.*s}", (int)mark.n, mark.p);
}

char *
ddl_text(TALLOC_CTX *mem, const struct ddl *d, const char *text, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	while (*text != '\0') {
		size_t plain = strcspn(text, "{");
		size_t mark = text[plain] == '{' ? strspn(text + plain + 1, lower) : 0;

		buf_add(&b, text, plain);
		text += plain;
		if (mark > 0 && text[mark + 1] == '}') {
			if (!add_part(&b, d, (struct str) { text + 1, mark }, e))
				return NULL;
			text += mark + 2;
		} else if (*text == '{') {
			buf_putc(&b, *text++);
		}
	}
	if (!buf_ok(&b))
		err_memory(e);
	return buf_ok(&b) ? b.p : NULL;
}

bool
ddl_run(struct db *db, const char *name, const struct ddl *d, const char *text, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(db);
	char       *full = ddl_text(tmp, d, text, e);
	bool        secret = strstr(text, "{password}") != NULL;
	bool        ok = full != NULL && db_exec(db, name, full, e);

	if (!ok && secret && full != NULL) /* MariaDB quotes the statement in some errors */
		snprintf(e->detail, sizeof(e->detail), "%s: %d", name, e->sys);
	if (full != NULL)
		secret_wipe(full, strlen(full));
	talloc_free(tmp);
	return ok;
}

static const char *
derive(TALLOC_CTX *mem, const struct keyring *k, uint32_t version, const char *account)
{
	struct err why = { 0 };
	uint8_t    key[KEY_LEN];
	char      *text = NULL;

	if (!keyring_subkey(k, version, KEY_DB_ACCOUNT, str_of(account), key, &why))
		return NULL;
	text = base64url_print(mem, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	if (text != NULL)
		secret_guard(text);
	return text;
}

const char **
account_passwords(TALLOC_CTX *mem, const struct keyring *k, const char *account, struct err *e)
{
	const char **list = talloc_zero_array(mem, const char *, VERSIONS_MAX + 2);
	uint32_t     newest = keyring_newest(k);
	int          n = 0;

	if (list == NULL) {
		err_memory(e);
		return NULL;
	}
	if ((list[n] = derive(list, k, newest, account)) != NULL)
		n++;
	for (uint32_t v = keyring_below(k, 0); n <= VERSIONS_MAX && v > 0; v = keyring_below(k, v))
		if (v != newest && (list[n] = derive(list, k, v, account)) != NULL)
			n++;
	if (n > 0)
		return list;
	talloc_free(list);
	err_set(e, ERR_INTERNAL, 0, "internal error", "no password of %s can be derived", account);
	return NULL;
}
