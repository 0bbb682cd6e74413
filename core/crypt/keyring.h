/*
 * keyring.h - the installation's secrets: several versions, in one file, 0600, or from a command.
 *
 * The newest version in use seals and derives; all that are in use or next open.  Nothing of it is
 * ever stored in the database.  Subkeys are HKDF-SHA-256 of a version's root
 * with the purpose and what it is bound to as info.
 *
 * File: lines "VERSION BASE64(32 bytes) [next|past]", comments with '#'.  One that is "next" opens and does not seal: it
 * is on its way to all hosts, so that none meets what it cannot open.  One that is "past" is there for what the trail has
 * of it (KEY_AUDIT, KEY_AUDIT_SIGN) and for nothing else: whoever has got hold of it opens nothing and makes nothing that
 * counts.  A file readable by group or others, of a strange owner, with a malformed line, or with no version in use is
 * refused.
 */
#ifndef BSX_CRYPT_KEYRING_H
#define BSX_CRYPT_KEYRING_H

#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/rand.h"
#include "core/base/str.h"

#define KEY_LEN 32

/*
 * What a subkey is for: a key never serves two purposes.  NAMED: a client says by which version (of a token, cookie or
 * link), so one that is not there is looked for in a file, and never by running a command.
 */
#define KEY_PURPOSES(X) \
	X(KEY_KEK,          "kek",            OURS)  /* wraps tenants' data keys */ \
	X(KEY_CONTROL_SEAL, "control-seal",   OURS)  /* sealed fields of the control schema */ \
	X(KEY_DB_ACCOUNT,   "db-account",     OURS)  /* passwords of tenant accounts; info: schema name */ \
	X(KEY_CSRF,         "csrf",           NAMED) \
	X(KEY_REFRESH,      "refresh-pepper", NAMED) \
	X(KEY_API_KEY,      "api-key",        OURS) \
	X(KEY_AUDIT,        "audit-mac",      OURS) \
	X(KEY_AUDIT_SIGN,   "audit-sign",     OURS)  /* the seed of the Ed25519 key of checkpoints */ \
	X(KEY_CURSOR,       "cursor",         NAMED) \
	X(KEY_RATE,         "rate-cells",     OURS)  /* hides which cell a client has */ \
	X(KEY_LOGIN,        "login-account",  OURS)  /* names accounts that may not exist */ \
	X(KEY_DEVICE,       "known-device",   NAMED) \
	X(KEY_RECOVERY,     "recovery-code",  OURS) \
	X(KEY_MAIL_TOKEN,   "mail-token",     NAMED) /* hashes of mailed links */ \
	X(KEY_ANSWER,       "answer-link",    NAMED) /* links by which alerts are answered */ \
	X(KEY_OIDC,         "oidc-state",     NAMED) /* the cookie of a sign-in under way at a provider */ \
	X(KEY_CONSENT,      "consent-state",  NAMED) /* links to a directory's administrator (drift/template/consent.h) */ \
	X(KEY_GOLDEN,       "golden-shared",  OURS)  /* templates that one tenant shares with all */
enum key_purpose {
#define X(id, text, by) id,
	KEY_PURPOSES(X)
#undef X
	KEY_PURPOSE__MAX
};

struct keyring;

/*
 * Makes the file with version 1; refuses to overwrite one.  Its name is there only when it is whole, and belongs to
 * `uid` and `gid` ((uid_t)-1: to the caller).  An interruption leaves at most a useless PATH.XXXXXX.
 */
MUST_USE bool keyring_create_for(const char *path, uid_t uid, gid_t gid, struct rand *r, struct err *e);
MUST_USE bool keyring_create(const char *path, struct rand *r, struct err *e);
/*
 * From where it comes: what a command prints, when there is one, else a file.  Both have the form above.
 * A command is run without a shell, with an empty environment, its input and what it says to stderr are /dev/null; it must
 * be whole within KEYRING_COMMAND_S, and end with status 0.  Its program's path is absolute, and nobody but root and the
 * caller may write it.
 */
#define KEYRING_COMMAND_S 10
struct keyring_source {
	struct strings command;    /* n == 0: there is none */
	int            command_s;  /* 0: KEYRING_COMMAND_S */
	const char    *path;       /* else */
	bool           credential; /* the file is one that systemd has made */
	uid_t          owner;      /* as of keyring_open_of() */
};
MUST_USE struct keyring *keyring_open_from(
    TALLOC_CTX *mem, const struct keyring_source *s, struct err *e);
/* A file of the caller or of root. */
MUST_USE struct keyring *keyring_open(TALLOC_CTX *mem, const char *path, struct err *e);
/* The same for root, who may read what belongs to the account of the services: `owner` may have it too. */
MUST_USE struct keyring *keyring_open_of(TALLOC_CTX *mem, const char *path, uid_t owner, struct err *e);
/*
 * What came there since it was read, if anything did: true.  A keyring that cannot be read, or has another key by a number
 * that was there, changes nothing.  A file is read only when it is another one; a command is run once a minute at most.
 * keyring_subkey() does it by itself for a version that it has not, and keyring_newest() once a second of a file; who tries
 * all versions does it when none fits.
 */
bool keyring_look_again(const struct keyring *k);
/* The same for what may be somebody's guess: never where it would run a command. */
bool keyring_has_more(const struct keyring *k);
/* `former` was loaded before: a number that both have is the same key in both, or what was loaded is a wrong keyring. */
MUST_USE bool keyring_follows(const struct keyring *k, const struct keyring *former, struct err *e);
bool        keyring_is_run(const struct keyring *k);  /* it comes from a command */
const char *keyring_name(const struct keyring *k);    /* its path, or "command PATH" */
/* The one that seals: the highest in use; a file that was changed is seen within a second. */
uint32_t keyring_newest(const struct keyring *k);
/* The highest version below `v`, whatever it is for; v == 0: the highest of all; 0: there is none.  For who tries them all. */
uint32_t keyring_below(const struct keyring *k, uint32_t v);
enum keyring_use { KEYRING_IN_USE, KEYRING_NEXT, KEYRING_PAST };
extern const char *const keyring_use_names[]; /* of the file; in use: "" */
/* What that version (one of keyring_below()) is for. */
enum keyring_use keyring_use_of(const struct keyring *k, uint32_t version);
/* False: there is no such version, or it is past and not for this. `bound` may be empty. */
MUST_USE bool keyring_subkey(const struct keyring *k, uint32_t version, enum key_purpose p,
    struct str bound, uint8_t out[static KEY_LEN], struct err *e);

/*
 * A change of the file: a version is added as "next", or that one is used from now on, is past, or is gone.  The file is
 * replaced whole, with its comments, owner and mode; who reads it meanwhile reads the one before or the one after.  Two
 * changes at the same time follow each other.  *version: that of the change.
 * ERR_CONFLICT: it is not what that may be done with; the sentence says what it is.
 */
enum keyring_turn { KEYRING_ADD, KEYRING_USE, KEYRING_RETIRE, KEYRING_FORGET };
struct keyring_change {
	const char       *path;
	uid_t             owner;   /* as of keyring_open_of() */
	enum keyring_turn turn;
	uint32_t          version; /* not of KEYRING_ADD */
};
MUST_USE bool keyring_change(const struct keyring_change *c, struct rand *r, uint32_t *version, struct err *e);

#endif
