#include "core/crypt/at_hash.h"

#include <openssl/evp.h>

#include "core/base/buf.h"
#include "core/base/secret.h"
#include "core/crypt/jws.h"

/* That of the algorithm; Ed25519's own is SHA-512 (RFC 8032 section 5.1). */
static const EVP_MD *
hash_of(struct str name)
{
	const struct jws_alg *a = jws_by_name(name);

	return a == NULL ? NULL : EVP_get_digestbyname(a->digest != NULL ? a->digest : "SHA512");
}

bool
at_hash_fits(struct str alg, struct str access_token, struct str at_hash)
{
	const EVP_MD *md = hash_of(alg);
	uint8_t       hash[EVP_MAX_MD_SIZE];
	unsigned      n = 0;
	char         *want;
	bool          fits;

	if (md == NULL || EVP_Digest(access_token.p, access_token.n, hash, &n, md, NULL) != 1)
		return false;
	want = base64url_print(NULL, hash, n / 2);
	fits = want != NULL && str_eqz(at_hash, want);
	talloc_free(want);
	return fits;
}
