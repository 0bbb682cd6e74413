#include "core/crypt/certificate.h"

#include <limits.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

bool
certificate_end(struct str pem, instant *end)
{
	BIO      *bio = pem.n > INT_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	X509     *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct tm tm;
	bool      ok = cert != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1;

	if (ok)
		end->ms = (int64_t)timegm(&tm) * 1000;
	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	return ok;
}
