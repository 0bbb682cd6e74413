#include "core/crypt/at_hash.h"

#include <openssl/evp.h>

#include "core/base/buf.h"
#include "core/base/secret.h"

/* Ed25519 hashes with SHA-512 (RFC 8032 section 5.1). */
static const EVP_MD *
hash_of(struct str alg)
{
	if (str_eqz(alg, "EdDSA") || str_eqz(alg, "Ed25519"))
		return EVP_sha512();
	if (alg.n < 3)
		return NULL;
	alg = (struct str) { alg.p + alg.n - 3, 3 };
	return str_eqz(alg, "256")   ? EVP_sha256()
	       : str_eqz(alg, "384") ? EVP_sha384()
	       : str_eqz(alg, "512") ? EVP_sha512()
				     : NULL;
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
