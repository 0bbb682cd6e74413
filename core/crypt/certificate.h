/*
 * certificate.h - what is read of a certificate (X.509), by OpenSSL.
 */
#ifndef BSX_CRYPT_CERTIFICATE_H
#define BSX_CRYPT_CERTIFICATE_H

#include "core/json/field.h"

/* When the first certificate of a PEM text ends; false: there is none that can be read. */
bool certificate_end(struct str pem, instant *end);

#endif
