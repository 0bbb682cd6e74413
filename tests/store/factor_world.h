/*
 * factor_world.h - a person with an authenticator app.
 */
#ifndef BSX_TESTS_STORE_FACTOR_WORLD_H
#define BSX_TESTS_STORE_FACTOR_WORLD_H

#include "tests/store/people.h"

#include "core/auth/mfa/challenge.h"
#include "core/auth/mfa/mfa.h"
#include "core/auth/mfa/recovery.h"
#include "core/crypt/totp.h"

#define STEP_MS (TOTP_PERIOD_S * 1000)

extern TALLOC_CTX         *factor_mem; /* of the test that runs */
extern const struct origin factor_origin;

struct person {
	struct auth         *a;
	struct tenant_db    *t;
	struct session_grant g;
	struct permit        permit;
	struct deed_by       by;
	struct strings       codes;
	char                 secret[TOTP_SECRET_LEN];
};

/* For cmocka: nobody has a factor. */
int factor_begin(void **state);
int factor_finish(void **state);

void person_sign_in(struct people *p, struct person *o, const char *email);
/* The secret that was set up and not yet taken. */
void person_read_secret(struct person *o);
/* The code so many steps from now. */
const char *person_code(const struct person *o, int64_t offset);
const char *person_wrong_code(const struct person *o);
/* Signs in and has a factor from then on. */
void person_enrol(struct people *p, struct person *o, const char *email);

/* What the password alone gives once there is a factor. */
const char   *challenge_of(struct people *p, const char *email);
enum err_code challenge_answers(struct auth *a, const char *token, const char *code,
    const char *recovery, struct session_grant *g);
/* How many audit entries fit a condition. */
int64_t factor_audited(struct people *p, const char *what);

#endif
