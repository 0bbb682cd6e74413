/*
 * oidc_reason.h - why a sign-in by an identity provider is refused: the word of
 * the audit trail, and the code that the browser is told.
 *
 * An attacker learns from the code what the person at the keyboard must know
 * (ask your administrator, try again), and not which check caught it.
 */
#ifndef BSX_AUTH_OIDC_OIDC_REASON_H
#define BSX_AUTH_OIDC_OIDC_REASON_H

/*      id                    audit word               code */
#define OIDC_REASONS(X) \
	X(OIDC_OK,             "",                      "") \
	X(OIDC_STATE,          "state",                 "oidc_state") \
	X(OIDC_REPLAY,         "replayed",              "oidc_state") \
	X(OIDC_DENIED,         "denied_at_provider",    "access_denied") \
	X(OIDC_PROVIDER_ERROR, "error_at_provider",     "oidc_failed") \
	X(OIDC_RESPONSE_ISS,   "response_issuer",       "oidc_failed") \
	X(OIDC_UNAVAILABLE,    "provider_unavailable",  "oidc_unavailable") \
	X(OIDC_CODE,           "code_refused",          "oidc_failed") \
	X(OIDC_TOKEN_FORM,     "token_form",            "oidc_failed") \
	X(OIDC_TOKEN_ALG,      "token_algorithm",       "oidc_failed") \
	X(OIDC_TOKEN_KEY,      "token_key",             "oidc_failed") \
	X(OIDC_KEY_UNUSABLE,   "key_unusable",          "oidc_failed") \
	X(OIDC_TOKEN_SIGNATURE,"token_signature",       "oidc_failed") \
	X(OIDC_TOKEN_ISSUER,   "token_issuer",          "oidc_failed") \
	X(OIDC_TOKEN_AUDIENCE, "token_audience",        "oidc_failed") \
	X(OIDC_TOKEN_TIME,     "token_time",            "oidc_failed") \
	X(OIDC_TOKEN_NONCE,    "token_nonce",           "oidc_failed") \
	X(OIDC_TOKEN_SUBJECT,  "token_subject",         "oidc_failed") \
	X(OIDC_TOKEN_VERSION,  "token_version",         "oidc_failed") \
	X(OIDC_STALE,          "not_fresh",             "not_fresh") \
	X(OIDC_DIRECTORY,      "other_directory",       "not_allowed") \
	X(OIDC_DOMAIN,         "other_domain",          "not_allowed") \
	X(OIDC_UNKNOWN,        "unknown_user",          "not_linked") \
	X(OIDC_UNVERIFIED,     "email_not_verified",    "not_linked") \
	X(OIDC_TAKEN,          "email_taken",           "not_linked") \
	X(OIDC_INACTIVE,       "user_not_active",       "not_allowed") \
	X(OIDC_SCOPE,          "scope_withheld",        "scope_withheld") \
	X(OIDC_OVERAGE,        "group_overage",         "group_overage") \
	X(OIDC_NO_ROLE,        "no_role",               "no_role")
enum oidc_reason {
#define X(id, word, code) id,
	OIDC_REASONS(X)
#undef X
	OIDC__MAX
};

const char *oidc_reason_word(enum oidc_reason why);
const char *oidc_reason_code(enum oidc_reason why);

#endif
