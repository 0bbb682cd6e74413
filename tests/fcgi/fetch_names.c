/*
 * fetch_names - bsx-fetch with a resolver that is slow, or lies, by the name that it is asked for.
 *
 *	slow.test      never answers
 *	good.test      leads to loopback
 *	moves.test     leads to loopback when it is first asked for, and elsewhere from then on
 *	mixed.test     leads to loopback, and to an address that is nobody's business
 *	inner.test     leads to such an address only
 *	mapped.test    the same, written as IPv6
 *	many.test      leads to loopback a thousand times, and then to such an address
 *	strange.test   leads to something that is no address of the Internet
 *	empty.test     is there, and leads nowhere
 *
 * Others are not there.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GOOD  "127.0.0.1"
#define INNER "169.254.169.254"
#define MANY  1000

struct node {
	struct addrinfo         info;
	struct sockaddr_storage addr;
};

/* In front of the list; `text` NULL: no address of the Internet. */
static struct addrinfo *
add(struct addrinfo *rest, const char *text)
{
	struct node         *n = calloc(1, sizeof(*n));
	struct sockaddr_in  *four = (struct sockaddr_in *)(void *)&n->addr;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&n->addr;

	if (n == NULL)
		abort();
	n->addr.ss_family = AF_UNIX;
	if (text != NULL && inet_pton(AF_INET, text, &four->sin_addr) == 1)
		n->addr.ss_family = AF_INET;
	else if (text != NULL && inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
		n->addr.ss_family = AF_INET6;
	n->info = (struct addrinfo) {
		.ai_family = n->addr.ss_family,
		.ai_socktype = SOCK_STREAM,
		.ai_addrlen = n->addr.ss_family == AF_INET ? sizeof(*four) : sizeof(*six),
		.ai_addr = (struct sockaddr *)&n->addr,
		.ai_next = rest,
	};
	return &n->info;
}

void
freeaddrinfo(struct addrinfo *list)
{
	while (list != NULL) {
		struct addrinfo *next = list->ai_next;

		free(list);
		list = next;
	}
}

static struct addrinfo *
answer(const char *name)
{
	static int       asked;
	struct addrinfo *list = NULL;

	if (strcmp(name, "slow.test") == 0)
		for (;;)
			pause();
	if (strcmp(name, "good.test") == 0)
		return add(NULL, GOOD);
	if (strcmp(name, "moves.test") == 0)
		return add(NULL, asked++ == 0 ? GOOD : INNER);
	if (strcmp(name, "mixed.test") == 0)
		return add(add(NULL, INNER), GOOD);
	if (strcmp(name, "inner.test") == 0)
		return add(NULL, INNER);
	if (strcmp(name, "mapped.test") == 0)
		return add(NULL, "::ffff:" INNER);
	if (strcmp(name, "strange.test") == 0)
		return add(NULL, NULL);
	if (strcmp(name, "many.test") == 0)
		list = add(NULL, INNER);
	for (int i = 0; list != NULL && i < MANY; i++)
		list = add(list, GOOD);
	return list;
}

int
getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	(void)hints;
	*list = answer(name);
	for (struct addrinfo *i = *list; i != NULL && service != NULL; i = i->ai_next)
		((struct sockaddr_in *)(void *)i->ai_addr)->sin_port = /* where IPv6 has it too */
		    htons((uint16_t)atoi(service));
	return *list != NULL || strcmp(name, "empty.test") == 0 ? 0 : EAI_NONAME;
}
