#include "core/auth/keys_from.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
/* systemd makes it for that unit; root may read it. */
#define OF_RESPONDER "/run/credentials/blindspotx.service"

const char *
keys_kind(const struct conf *c)
{
	return c->keyring_command.n > 0           ? "command"
	       : c->keyring_credential[0] != '\0' ? "credential"
						  : "file";
}

bool
keys_are_ours(const struct conf *c)
{
	return c->keyring_command.n == 0 && c->keyring_credential[0] == '\0';
}

static bool
check_conf(const struct conf *c, struct err *e)
{
	const char *name = c->keyring_credential;

	if (c->keyring_command.n > 0 && *name != '\0')
		return err_set(e, ERR_INTERNAL, 0, "The keyring cannot be used.",
		    "keyring_command and keyring_credential are both set: leave one out");
	if (name[strspn(name, NAME_BYTES)] != '\0' || name[0] == '.')
		return err_set(e, ERR_INTERNAL, 0, "The keyring cannot be used.",
		    "keyring_credential is no name of a credential: letters, digits, '_', '-' "
		    "and '.', and no '.' first");
	return true;
}

static char *
credential_path(TALLOC_CTX *mem, const char *name)
{
	const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");

	if (folder == NULL || folder[0] != '/')
		folder = OF_RESPONDER;
	return talloc_asprintf(mem, "%s/%s", folder, name);
}

struct keyring *
keys_open(TALLOC_CTX *mem, const struct conf *c, uid_t owner, struct err *e)
{
	struct keyring_source s = { .command = c->keyring_command,
		.path = c->keyring,
		.credential = c->keyring_command.n == 0 && c->keyring_credential[0] != '\0',
		.owner = owner };
	char                 *path = NULL;
	struct keyring       *k;

	if (!check_conf(c, e))
		return NULL;
	if (s.credential) {
		path = credential_path(mem, c->keyring_credential);
		if (path == NULL) {
			err_memory(e);
			return NULL;
		}
		s.path = path;
	}
	k = keyring_open_from(mem, &s, e);
	talloc_free(path);
	return k;
}

struct keyring *
keys_open_again(TALLOC_CTX *mem, const struct conf *c, const struct keyring *former, struct err *e)
{
	struct keyring *k = keys_open(mem, c, geteuid(), e);

	if (k == NULL || keyring_follows(k, former, e))
		return k;
	talloc_free(k);
	return NULL;
}
