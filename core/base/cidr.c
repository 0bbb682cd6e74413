#include "core/base/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

bool
addr_parse(struct str s, struct addr *a)
{
	char z[ADDR_TEXT_MAX];

	if (s.n == 0 || s.n >= sizeof(z) || memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	if (inet_pton(AF_INET6, z, a->b) == 1)
		return true;
	memcpy(a->b, mapped, sizeof(mapped));
	return inet_pton(AF_INET, z, a->b + sizeof(mapped)) == 1;
}

bool
addr_of(const struct sockaddr *sa, struct addr *a)
{
	struct sockaddr_in  v4;
	struct sockaddr_in6 v6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&v4, sa, sizeof(v4));
		memcpy(a->b, mapped, sizeof(mapped));
		memcpy(a->b + sizeof(mapped), &v4.sin_addr, 4);
		return true;
	case AF_INET6:
		memcpy(&v6, sa, sizeof(v6));
		memcpy(a->b, &v6.sin6_addr, 16);
		return true;
	default:
		return false;
	}
}

bool
addr_is_ipv4(const struct addr *a)
{
	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

void
addr_print(const struct addr *a, char out[static ADDR_TEXT_MAX])
{
	bool v4 = addr_is_ipv4(a);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + sizeof(mapped) : a->b, out, ADDR_TEXT_MAX);
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

struct cidr
cidr_around(const struct addr *a, unsigned prefix)
{
	struct cidr c = { *a, prefix };

	for (unsigned i = 0; i < sizeof(c.addr.b); i++) {
		unsigned kept = prefix <= 8 * i ? 0 : prefix - 8 * i;

		if (kept < 8)
			c.addr.b[i] &= (uint8_t)(0xFF00u >> kept);
	}
	return c;
}

bool
cidr_match(const struct cidr *c, const struct addr *a)
{
	struct cidr around = cidr_around(a, c->prefix);

	return addr_eq(&around.addr, &c->addr);
}

static bool
read_range(struct str s, struct addr *a, uint64_t *prefix)
{
	struct str address, rest = str_cut(s, '/', &address);
	bool       dotted = address.n > 0 && memchr(address.p, ':', address.n) == NULL;

	*prefix = 128;
	if (!addr_parse(address, a))
		return false;
	if (rest.p == NULL)
		return true;
	if (rest.n > 3 || (rest.n > 1 && rest.p[0] == '0') || !str_to_u64(rest, prefix) ||
	    *prefix > (dotted ? 32 : 128))
		return false;
	*prefix += dotted ? 96 : 0;
	return true;
}

bool
cidr_parse_around(struct str s, struct cidr *c)
{
	struct addr a;
	uint64_t    prefix;

	if (!read_range(s, &a, &prefix))
		return false;
	*c = cidr_around(&a, (unsigned)prefix);
	return true;
}

bool
cidr_parse(struct str s, struct cidr *c)
{
	struct addr a;
	uint64_t    prefix;

	if (!read_range(s, &a, &prefix))
		return false;
	*c = cidr_around(&a, (unsigned)prefix);
	return addr_eq(&c->addr, &a);
}

void
cidr_print(const struct cidr *c, char out[static CIDR_TEXT_MAX])
{
	bool v4 = addr_is_ipv4(&c->addr) && c->prefix >= 96;

	addr_print(&c->addr, out);
	snprintf(out + strlen(out), 5, "/%u", (v4 ? c->prefix - 96 : c->prefix) % 1000);
}

bool
cidr_list_parse(TALLOC_CTX *mem, struct strings texts, struct cidr_list *out, struct err *e)
{
	out->n = 0;
	out->items = talloc_zero_size(mem, (texts.n + 1) * sizeof(*out->items));
	if (out->items == NULL)
		return err_memory(e);
	for (size_t i = 0; i < texts.n; i++) {
		if (!cidr_parse(str_of(texts.items[i]), &out->items[i]))
			return err_set(e, ERR_INVALID, 0, "Not an address or a range of addresses.",
			    "\"%s\" is no address and no range (like 10.0.0.0/8 or fd00::/8)",
			    texts.items[i]);
		out->n++;
	}
	return true;
}

bool
cidr_list_match(const struct cidr_list *l, const struct addr *a)
{
	for (size_t i = 0; i < l->n; i++)
		if (cidr_match(&l->items[i], a))
			return true;
	return false;
}
