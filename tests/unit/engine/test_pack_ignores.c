/*
 * What the packs of etc/rules ignore: what stands there is a counter or a time and is not seen, and
 * what somebody calls by the same name, to be overlooked, is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/config/pack.h"
#include "drift/engine/diff.h"
#include "tests/unit/mem.h"

static const uint8_t key[HASH_LEN] = { 1 };

struct pair {
	const char *pack, *old, *new;
};

#define OPEN "{\"action\":\"accept\",\"source\":\"0.0.0.0/0\"}"

static const struct pair unseen[] = {
	{ "network", "{\"rules\":{\"10\":{\"action\":\"drop\",\"packets\":1,\"hits\":null}}}",
	    "{\"rules\":{\"10\":{\"action\":\"drop\",\"packets\":2,\"hits\":3}}}" },
	{ "network", "{\"rules\":[{\"name\":\"a\",\"counters\":{\"packets\":1,\"bytes\":5}}]}",
	    "{\"rules\":[{\"name\":\"a\",\"counters\":{\"packets\":2,\"bytes\":9}}]}" },
	{ "network", "{\"interfaces\":{\"e0\":{\"counters\":{\"rx_bytes\":1}}}}",
	    "{\"interfaces\":{\"e0\":{\"counters\":{\"rx_bytes\":2}}}}" },
	{ "aws", "{\"ResponseMetadata\":{\"RequestId\":\"a\"},\"LastModifiedTime\":\"1\"}",
	    "{\"ResponseMetadata\":{\"RequestId\":\"b\"},\"LastModifiedTime\":\"2\"}" },
	{ "aws", "{\"RoleLastUsed\":{\"LastUsedDate\":\"a\",\"Region\":\"eu-1\"}}",
	    "{\"RoleLastUsed\":{\"LastUsedDate\":\"b\",\"Region\":\"eu-2\"}}" },
	{ "gcp", "{\"generation\":\"1\",\"updated\":\"a\"}",
	    "{\"generation\":\"2\",\"updated\":\"b\"}" },
	{ "identity", "{\"created\":\"a\",\"lastUpdated\":1}",
	    "{\"created\":\"b\",\"lastUpdated\":2}" },
	{ "identity", "{\"users\":[{\"id\":\"1\",\"_links\":{\"suspend\":{\"href\":\"a\"}}}]}",
	    "{\"users\":[{\"id\":\"1\",\"_links\":{\"unsuspend\":{\"href\":\"b\"}}}]}" },
	{ "github", "{\"_links\":{\"self\":\"a\"},\"size\":1,\"last_response\":{\"code\":200}}",
	    "{\"_links\":{\"self\":\"b\"},\"size\":2,\"last_response\":{\"code\":500}}" },
	{ "host", "{\"load_average\":[1,2,3],\"uptime\":5}",
	    "{\"load_average\":[2,2,2],\"uptime\":6}" },
	{ "host", "{\"ansible_facts\":{\"ansible_date_time\":{\"day\":\"1\"}}}",
	    "{\"ansible_facts\":{\"ansible_date_time\":{\"day\":\"2\"}}}" },
	{ "kubernetes", "{\"kind\":\"Pod\",\"metadata\":{\"uid\":\"a\",\"generation\":1}}",
	    "{\"kind\":\"Pod\",\"metadata\":{\"uid\":\"b\",\"generation\":2}}" },
	{ "kubernetes", "{\"kind\":\"Pod\",\"status\":{\"phase\":\"Pending\"}}",
	    "{\"kind\":\"Pod\",\"status\":{\"phase\":\"Running\"}}" },
	{ "terraform", "{\"values\":{\"self_link\":\"a\"}}", "{\"values\":{\"self_link\":\"b\"}}" },
	{ "azure", "{\"etag\":\"a\"}", "{\"etag\":\"b\"}" },
	{ "entra", "{\"@odata.context\":\"a\",\"modifiedDateTime\":\"1\"}",
	    "{\"@odata.context\":\"b\",\"modifiedDateTime\":\"2\"}" },
	{ "entra", "{\"#microsoft.graph.delta\":{\"target\":\"a\"}}",
	    "{\"#microsoft.graph.delta\":{\"target\":\"b\"}}" },
	{ "terraform", "{\"values\":{\"timeouts\":{\"create\":\"1m\"},\"tags_all\":{\"a\":\"1\"}}}",
	    "{\"values\":{\"timeouts\":{\"create\":\"2m\"},\"tags_all\":{\"a\":\"2\"}}}" },
	{ "kubernetes", "{\"items\":[{\"metadata\":{\"managedFields\":[{\"manager\":\"a\"}]}}]}",
	    "{\"items\":[{\"metadata\":{\"managedFields\":[{\"manager\":\"b\"}]}}]}" },
};

static const struct pair seen[] = {
	{ "network", "{\"rules\":{\"10\":{}}}", "{\"rules\":{\"10\":{},\"counters\":" OPEN "}}" },
	{ "network", "{\"rules\":{\"10\":{}}}", "{\"rules\":{\"10\":{},\"bytes\":" OPEN "}}" },
	{ "network", "{\"rules\":{\"10\":{}}}", "{\"rules\":{\"10\":{},\"packets\":" OPEN "}}" },
	{ "network", "{\"rules\":{\"10\":{}}}", "{\"rules\":{\"10\":{},\"hits\":" OPEN "}}" },
	{ "network", "{\"groups\":{\"a\":[]}}",
	    "{\"groups\":{\"a\":[],\"hits\":[\"0.0.0.0/0\"]}}" },
	{ "aws", "{\"policies\":{}}",
	    "{\"policies\":{\"LastModifiedX\":{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*"
	    "\"}]}}}" },
	{ "aws", "{\"policies\":{}}",
	    "{\"policies\":{\"RoleLastUsed\":{\"Statement\":[{\"Effect\":\"Allow\"}]}}}" },
	{ "aws", "{}", "{\"ResponseMetadata\":{\"Statement\":[{\"Effect\":\"Allow\"}]}}" },
	{ "gcp", "{\"projects\":{}}",
	    "{\"projects\":{\"generation\":{\"bindings\":[{\"role\":\"roles/owner\"}]}}}" },
	{ "gcp", "{\"projects\":{}}", "{\"projects\":{\"updated\":[\"allUsers\"]}}" },
	{ "identity", "{\"clients\":{}}", "{\"clients\":{\"created\":{\"publicClient\":true}}}" },
	{ "identity", "{\"clients\":{}}", "{\"clients\":{\"_links\":{\"publicClient\":true}}}" },
	{ "identity", "{\"signing_keys\":[{\"cert\":\"a\"}]}",
	    "{\"signing_keys\":[{\"cert\":\"b\"}]}" },
	{ "github", "{\"teams\":{}}", "{\"teams\":{\"size\":{\"permission\":\"admin\"}}}" },
	{ "github", "{\"teams\":{}}", "{\"teams\":{\"_links\":{\"permission\":\"admin\"}}}" },
	{ "github", "{\"hooks\":{}}",
	    "{\"hooks\":{\"last_response\":{\"config\":{\"url\":\"https://x.invalid\"}}}}" },
	{ "host", "{\"users\":{}}", "{\"users\":{\"uptime\":{\"uid\":0}}}" },
	{ "host", "{\"users\":{}}", "{\"users\":{\"load_average\":{\"uid\":0}}}" },
	{ "host", "{\"users\":{}}", "{\"users\":{\"ansible_date_time\":{\"uid\":0}}}" },
	{ "kubernetes", "{\"kind\":\"ConfigMap\",\"data\":{\"status\":{\"phase\":1}}}",
	    "{\"kind\":\"ConfigMap\",\"data\":{\"status\":{\"phase\":2}}}" },
	{ "kubernetes", "{\"roles\":{\"metadata\":{}}}",
	    "{\"roles\":{\"metadata\":{\"uid\":{\"rules\":[{\"verbs\":[\"*\"]}]}}}}" },
	{ "kubernetes",
	    "{\"webhooks\":[{\"name\":\"a\",\"clientConfig\":{\"caBundle\":\"eA==\"}}]}",
	    "{\"webhooks\":[{\"name\":\"a\",\"clientConfig\":{\"caBundle\":\"eQ==\"}}]}" },
	{ "azure", "{\"tags\":{}}", "{\"tags\":{\"etag\":" OPEN "}}" },
	{ "azure", "{\"a\":{\"ChangedTime\":{\"b\":1}}}", "{\"a\":{\"ChangedTime\":{\"b\":2}}}" },
	{ "azure", "{\"properties\":{}}", "{\"properties\":{\"openTime\":" OPEN "}}" },
	{ "azure", "{\"systemData\":{}}", "{\"systemData\":{\"lastModifiedBy\":[" OPEN "]}}" },
	{ "entra", "{\"extension\":{}}", "{\"extension\":{\"x@odata.y\":" OPEN "}}" },
	{ "entra", "{\"a\":{}}", "{\"a\":{\"createdDateTime\":{\"excludeUsers\":[\"x\"]}}}" },
	{ "entra", "{\"#microsoft.graph.x\":{\"a\":" OPEN "}}", "{\"#microsoft.graph.x\":{}}" },
	{ "github", "{\"_links\":{\"self\":{\"href\":\"a\"}}}",
	    "{\"_links\":{\"self\":{\"href\":\"a\",\"permission\":\"admin\"}}}" },
	{ "terraform", "{\"values\":{\"tags_all\":{}}}",
	    "{\"values\":{\"tags_all\":{\"a\":" OPEN "}}}" },
	{ "terraform", "{\"values\":{\"timeouts\":{}}}",
	    "{\"values\":{\"timeouts\":{\"a\":[" OPEN "]}}}" },
	{ "terraform", "{}", "{\"serial\":{\"acl\":\"public-read\"}}" },
	{ "kubernetes", "{\"data\":{\"metadata\":{}}}",
	    "{\"data\":{\"metadata\":{\"managedFields\":[" OPEN "]}}}" },
	{ "terraform", "{\"values\":{}}",
	    "{\"values\":{\"self_link\":{\"acl\":\"public-read\"}}}" },
};

static struct resource
side(const struct compare_spec *spec, const char *text)
{
	struct err      e = { 0 };
	struct resource r = { STR("document"), STR("k"), json_parse(mem, str_of(text), &e) };

	assert_non_null(r.value);
	assert_true(resource_normalise(mem, spec, &r, RESOURCE_SOURCE, NULL, &e));
	return r;
}

static size_t
changes_of(const struct pair *p)
{
	const struct strings list = { (const char *[]) { p->pack }, 1 };
	struct compare_spec *spec;
	struct packs         packs;
	struct resource      from, to;
	struct err           e = { 0 };
	struct diff         *d;

	assert_true(packs_load(mem, "etc/rules", &list, &packs, &e));
	spec = compare_compile(mem, NULL, packs.items, packs.n, key, NULL, &e);
	assert_non_null(spec);
	from = side(spec, p->old);
	to = side(spec, p->new);
	d = diff_make(
	    mem, spec, rules_compile(mem, NULL, packs.items, packs.n, NULL, &e), NULL, &e);
	assert_non_null(d);
	assert_true(diff_resource(d, &from, &to, &e));
	return d->n;
}

static void
what_counts_and_what_is_dated_is_not_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(unseen); i++)
		if (changes_of(&unseen[i]) != 0)
			fail_msg("%s sees %s", unseen[i].pack, unseen[i].new);
}

static void
what_is_only_called_like_that_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(seen); i++)
		if (changes_of(&seen[i]) == 0)
			fail_msg("%s overlooks %s", seen[i].pack, seen[i].new);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_counts_and_what_is_dated_is_not_seen),
		TEST(what_is_only_called_like_that_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
