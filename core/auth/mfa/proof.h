/*
 * proof.h - what shows that it is the user: a code of the authenticator, a
 * recovery code, or the password.
 *
 * First it is checked, then taken inside the transaction of the deed it is
 * shown for: a code's time step and a recovery code count once, whoever comes
 * at the same time.  Every try is counted before it is looked at; each one that
 * fails is audited.  SESSION_TRIES wrong ones in a row end the session that they
 * were shown through, and a wrong password counts like a failed sign-in.
 */
#ifndef BSX_AUTH_MFA_PROOF_H
#define BSX_AUTH_MFA_PROOF_H

#include "core/auth/audit.h"
#include "core/store/identity/factor.h"
#include "core/store/identity/user.h"

/* Codes and passwords of one user that may be tried in an hour, by whatever door; success forgets them. */
#define PROOF_TRIES_PER_HOUR 30

/* As typed: one of them is not NULL. */
struct proof {
	const char *code, *recovery_code, *password;
};

/* How it was shown, in the details of an entry; NULL: nothing to tell. */
struct proof_told {
	const char *method, *reason;
};
extern const struct schema proof_told;

struct proving {
	const struct deed_by *by;    /* without a caller: not signed in yet */
	const struct user   *user;
	bool                 pending; /* codes of the secret that is being set up count, and only those */
	/* found out by the check */
	struct factor        factor;
	const char          *method; /* "totp", "recovery_code", "password" */
	const struct proof  *shown;
	int64_t              step;
	struct audit_entry   used;     /* of a recovery code */
	const char          *outrun;   /* why it could not be taken after all */
	bool                 wrong;    /* it was refused: its try counts */
	struct audit_entry   end;      /* of the session; target_id nil: it goes on */
};

/*
 * ERR_CODE, ERR_CREDENTIALS: it is wrong; ERR_ATTEMPTS: too many were; ERR_UNAUTHENTICATED: the
 * session ends.  A recovery code is looked up only when it is taken, and its tries are not limited
 * here: it cannot be guessed.
 */
MUST_USE bool proof_check(struct proving *p, const struct proof *shown, struct err *e);
/* The usual deed with the proof taken first; an earlier one may have taken it: ERR_CODE. */
MUST_USE bool proof_deed(struct proving *p, tx_fn *body, void *arg, struct audit_entry *entry, struct err *e);

/* The parts of proof_deed, for deeds that are somebody else's: inside the transaction, and after it. */
MUST_USE bool proof_take(struct proving *p, struct err *e);
void          proof_taken(struct proving *p);
bool          proof_not_taken(struct proving *p, struct err *e); /* always false; keeps *e if that was not it */

#endif
