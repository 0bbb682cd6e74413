/*
 * err.h - the one error type: what failed, who is to blame, and where.
 *
 * A struct err lives in the caller (usually in struct request) and is zeroed
 * before use.  The first failure fills it; callers on the way up may only add
 * context with err_note().  It never allocates, so it can report "out of
 * memory".  Every fallible function takes one last and returns bool or a
 * pointer, so that failing is one statement: return err_set(e, ...).
 *
 * `pub` may be shown to the client (RFC 9457 "detail"); `detail` is for the
 * log only.  The wire codes are those of the HTTP contract.
 */
#ifndef BSX_BASE_ERR_H
#define BSX_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_USE     __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/*       code                      HTTP  wire code                title */
#define ERR_CODES(X) \
	X(ERR_OK,                  200, "ok",                    "OK") \
	X(ERR_BAD_REQUEST,         400, "bad_request",           "Bad request") \
	X(ERR_MALFORMED,           400, "malformed_json",        "Malformed JSON") \
	X(ERR_UNAUTHENTICATED,     401, "unauthenticated",       "Sign-in required") \
	X(ERR_CREDENTIALS,         401, "invalid_credentials",   "Sign-in failed") \
	X(ERR_CODE,                401, "invalid_code",          "Code refused") \
	X(ERR_REFRESH_REUSED,      401, "refresh_token_reused",  "Session ended") \
	X(ERR_FORBIDDEN,           403, "forbidden",             "Not permitted") \
	X(ERR_CSRF,                403, "csrf_failed",           "Cross-site request refused") \
	X(ERR_STEP_UP,             403, "step_up_required",      "Fresh sign-in required") \
	X(ERR_MFA_ENROLLMENT,      403, "mfa_enrollment_required", "Second factor required") \
	X(ERR_ESCALATION,          403, "privilege_escalation",  "Privilege escalation refused") \
	X(ERR_PLACE,               403, "address_not_allowed",   "Address not allowed") \
	X(ERR_QUOTA,               403, "quota_exceeded",        "Quota exceeded") \
	X(ERR_MISSING,             404, "not_found",             "Not found") \
	X(ERR_METHOD,              405, "method_not_allowed",    "Method not allowed") \
	X(ERR_NOT_ACCEPTABLE,      406, "not_acceptable",        "Not acceptable") \
	X(ERR_TIMEOUT,             408, "request_timeout",       "Request timed out") \
	X(ERR_CONFLICT,            409, "conflict",              "Conflict") \
	X(ERR_IN_USE,              409, "in_use",                "In use") \
	X(ERR_LAST_ADMIN,          409, "last_admin",            "Last administrator") \
	X(ERR_BUILT_IN_ROLE,       409, "built_in_role",         "Built-in role") \
	X(ERR_PRECONDITION,        412, "precondition_failed",   "Precondition failed") \
	X(ERR_TOO_LARGE,           413, "payload_too_large",     "Payload too large") \
	X(ERR_URI_TOO_LONG,        414, "uri_too_long",          "URI too long") \
	X(ERR_MEDIA_TYPE,          415, "unsupported_media_type", "Unsupported media type") \
	X(ERR_INVALID,             422, "validation_failed",     "Validation failed") \
	X(ERR_TOO_COSTLY,          422, "too_costly",            "Too costly") \
	X(ERR_RATE,                429, "rate_limited",          "Too many requests") \
	X(ERR_ATTEMPTS,            429, "too_many_attempts",     "Too many attempts") \
	X(ERR_HEADERS,             431, "headers_too_large",     "Request header fields too large") \
	X(ERR_GONE,                499, "client_closed_request", "Client went away") \
	X(ERR_INTERNAL,            500, "internal",              "Internal error") \
	X(ERR_BUSY,                503, "busy",                  "Busy") \
	X(ERR_UNAVAILABLE,         503, "unavailable",           "Unavailable")

enum err_code {
#define X(code, status, wire, title) code,
	ERR_CODES(X)
#undef X
	ERR__MAX
};

/* One entry of the "errors" member of a problem: a fault of the input. */
struct fault {
	struct fault *next;
	char         *pointer; /* RFC 6901, e.g. "/email"; "" is the whole body */
	char         *detail;  /* a sentence for the client */
};

struct err {
	enum err_code code;
	int           sys;         /* errno or MariaDB error number; 0 if none */
	const char   *file;        /* static storage: place of the first cause */
	int           line;
	int           retry_s;     /* Retry-After in seconds; 0: none */
	char          pub[200];    /* may be shown to the client */
	char          detail[400]; /* log only: cause, then "; while ..." notes */
	struct fault *faults;      /* owned by the `mem` of the failing call; in input order */
};

/*
 * Fills *e unless it already holds a failure.  `pub` is a constant or already
 * harmless text; the rest is a printf format and its arguments for the log.
 * Always returns false.
 */
#define err_set(e, code, sys, pub, ...) \
	err_set_at((e), (code), (sys), (pub), __FILE__, __LINE__, __VA_ARGS__)

bool err_set_at(struct err *e, enum err_code code, int sys, const char *pub,
    const char *file, int line, const char *fmt, ...) PRINTF(7, 8);

/* "out of memory", as ERR_INTERNAL. Always returns false. */
#define err_memory(e) err_set((e), ERR_INTERNAL, 12, "internal error", "out of memory")

/* Appends "; while ..." to the log-only detail.  Always returns false. */
bool err_note(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/*
 * Adds one fault of the input and makes *e an ERR_INVALID (or keeps an earlier
 * ERR_INVALID).  `mem` owns the copy.  Always returns false, but decoding may
 * go on to collect more faults.
 */
bool err_fault(struct err *e, void *mem, const char *pointer, const char *fmt, ...)
    PRINTF(4, 5);

/* Forgets the failure, to try again. */
void err_clear(struct err *e);
/* True, and forgotten: the failure was this one, which the caller takes for an answer (e.g. ERR_MISSING). */
MUST_USE bool err_take(struct err *e, enum err_code code);

int         err_status(enum err_code code); /* HTTP status */
const char *err_wire(enum err_code code);   /* "malformed_json", ... */
const char *err_title(enum err_code code);

#endif
