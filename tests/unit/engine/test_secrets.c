/* What is masked without being told: by names, by pairs, by contents; and what is left readable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/meet.h"
#include "drift/engine/rule_pack.h"
#include "drift/engine/secret.h"
#include "tests/unit/engine.h"

#define B64 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY"

/* A value, and what people see of it. */
struct look {
	const char *value, *shown;
};

static void
check_looks(const char *how, const struct look *looks, size_t n)
{
	struct compare_spec *spec = spec_of(how, key);

	for (size_t i = 0; i < n; i++) {
		struct resource r = resource(spec, "c", looks[i].value), again = r;
		struct err      e = { 0 };
		struct str      text = canonical(&r);

		if (!str_eqz(shown(r.value), looks[i].shown))
			fail_msg("%s is shown as %.*s", looks[i].value, (int)shown(r.value).n,
			    shown(r.value).p);
		if (r.masks != (strstr(looks[i].shown, "[masked]") != NULL))
			fail_msg("%s: masks %d", looks[i].value, r.masks);
		again.value = json_parse(mem, text, &e);
		assert_true(resource_normalise(mem, spec, &again, RESOURCE_STORED, NULL, &e));
		if (!str_eq(canonical(&again), text) || again.masks != r.masks)
			fail_msg("%s comes back another", looks[i].value);
	}
}

/* ---- where in a text ---- */

/* A secret is found wherever it begins and however much stands behind it: texts are looked at many
 * bytes at a time. */
static void
a_secret_is_found_at_every_place_of_a_text(void **state)
{
	static const char *const secrets[] = { "ghp_Qw3rtyUiOpAsDf", "github_pat_Qw3rtyUiOp",
		"glpat-Qw3rtyUiOp", "xoxb-Qw3rtyUiOp", "sk_live_Qw3rtyUiOp", "AKIAIOSFODNN7EXAMPLE",
		"token=Qw3rtyUiOp", "eyJhbGciOi.eyJzdWIiOj.c2lnbmF0dXJl", "$6$salt$Qw3rtyUiOpAsDf",
		"https://u:Qw3rtyUiOp@h", "--password Qw3rtyUiOp", "Bearer Qw3rtyUiOp4sDfGh",
		"<password>Qw3rtyUiOp</password>", "-----BEGIN PRIVATE KEY-----" };
	char                     text[200];

	(void)state;
	for (size_t i = 0; i < LEN(secrets); i++)
		for (size_t before = 0; before < 40; before++)
			for (size_t behind = 0; behind < 40; behind += 3) {
				size_t             n = strlen(secrets[i]);
				struct secret_part part;

				memset(text, ' ', sizeof text);
				memcpy(text + before, secrets[i], n);
				if (!secret_next(
					(struct str) { text, before + n + behind }, 0, &part))
					fail_msg("%s, %zu before and %zu behind", secrets[i],
					    before, behind);
			}
}

/* ---- options ---- */

static void
a_word_behind_an_option_that_names_a_secret_is_masked(void **state)
{
	static const struct look looks[] = {
		{ "[\"run\",\"--password\",\"hunter2\",\"--port\",\"22\"]",
		    "[\"run\",\"--password\",\"[masked]\",\"--port\",\"22\"]" },
		{ "{\"command\":[\"x\",\"-token\",\"abc\",\"last\"]}",
		    "{\"command\":[\"x\",\"-token\",\"[masked]\",\"last\"]}" },
		{ "[\"--token=abcdefgh\",\"b\"]", "[\"--token=[masked]\",\"b\"]" },
		{ "[\"--password\",\"\",\"b\"]", "[\"--password\",\"\",\"b\"]" },
		{ "[\"--password\",\"--verbose\",\"b\"]", "[\"--password\",\"--verbose\",\"b\"]" },
		{ "[\"--use-token\",\"true\",\"b\"]", "[\"--use-token\",\"true\",\"b\"]" },
		{ "[\"-p\",\"8080:80\"]", "[\"-p\",\"8080:80\"]" },
		{ "[\"password\",\"username\"]", "[\"password\",\"username\"]" },
		{ "[\"---password\",\"b\"]", "[\"---password\",\"b\"]" },
		{ "[\"--password\",5,\"b\",{\"a\":\"--secret\"},\"c\"]",
		    "[\"--password\",5,\"b\",{\"a\":\"--secret\"},\"c\"]" },
		{ "[\"--password-file\",\"/run/secrets/x\"]",
		    "[\"--password-file\",\"/run/secrets/x\"]" },
	};
	static const struct look dropped[] = {
		{ "[\"--password\",\"\",\"b\"]", "[\"--password\",\"[masked]\"]" },
	};
	static const struct look unmasked[] = {
		{ "[\"--password\",\"b\"]", "[\"--password\",\"b\"]" },
	};

	(void)state;
	check_looks("{}", looks, LEN(looks));
	check_looks("{\"normalise\":[{\"how\":\"empty_is_absent\",\"path\":\"/**\"}]}", dropped,
	    LEN(dropped));
	check_looks(
	    "{\"normalise\":[{\"how\":\"unmask\",\"path\":\"/*\"}]}", unmasked, LEN(unmasked));
}

/* ---- names ---- */

static void
names_of_secrets_are_known_in_any_spelling_and_by_their_end(void **state)
{
	static const char *const names[] = { "password", "PASSWORD", "dbPassword", "pass-word",
		"Passwd", "ssh.passphrase", "user_pwd", "secret", "client-secret", "clientSecret",
		"secretText", "secret_access_key", "AWS_SECRET_ACCESS_KEY", "private_key",
		"privateKey", "PrivateKeys", "api-key", "X-Api-Key", "APIKEY", "accountKey",
		"SharedKey", "preSharedKey", "wifi psk", "connectionString", "Connection_Strings",
		"accessToken", "refresh_token", "bearerToken", "sasToken", "authToken", "id_token",
		"API_TOKEN", "tokens", "credential", "credentials", "client_assertion", "passcode",
		"signing-key", "encryptionKey", "master.key", "hmacKey", "passwordHash",
		"communityString", "roCommunity", "rw_communities", "snmp-community" };
	static const char *const others[] = { "passwordReset", "tokenLifetime", "secretName",
		"secretKeyRef", "passwordPolicy", "/etc/passwd", "nextToken", "next_page_token",
		"NextTokens", "continueToken", "pageToken", "keys", "tokenEndpoint",
		"passwords_file", "wordpass", "community", "cred", "pw", "d", "" };

	(void)state;
	for (size_t i = 0; i < LEN(names); i++) {
		char *text = talloc_asprintf(
		    mem, "{\"a\":{\"%s\":\"hid\"},\"%s\":[\"hid\",[\"hid\"]]}", names[i], names[i]);
		struct resource r = resource(spec_of(NULL, key), "c", text);

		if (holds_text(canonical(&r), "hid"))
			fail_msg("%s is seen", names[i]);
	}
	for (size_t i = 0; i < LEN(others); i++) {
		struct resource r = resource(
		    spec_of(NULL, key), "c", talloc_asprintf(mem, "{\"%s\":\"seen\"}", others[i]));

		if (!holds_text(canonical(&r), "seen") || r.masks)
			fail_msg("%s is masked", others[i]);
	}
}

static void
only_texts_are_secret_and_what_is_below_a_name_is_a_setting(void **state)
{
	static const struct look looks[] = {
		{ "{\"password\":{\"minLength\":12,\"expires\":false}}",
		    "{\"password\":{\"minLength\":12,\"expires\":false}}" },
		{ "{\"password\":12,\"secret\":true,\"token\":null}",
		    "{\"password\":12,\"secret\":true,\"token\":null}" },
		{ "{\"tokens\":[\"a\",1,null,{\"n\":\"b\"},[\"c\"]]}",
		    "{\"tokens\":[\"[masked]\",1,null,{\"n\":\"b\"},[\"[masked]\"]]}" },
		{ "{\"secret\":{\"secretName\":\"keep\"}}",
		    "{\"secret\":{\"secretName\":\"keep\"}}" },
		{ "{\"password\":\"\",\"secret\":\"None\",\"token\":\"REQUIRED\"}",
		    "{\"password\":\"\",\"secret\":\"None\",\"token\":\"REQUIRED\"}" },
		{ "{\"password\":\"optional\",\"pwd\":\"yes\",\"psk\":\"inherit\"}",
		    "{\"password\":\"optional\",\"pwd\":\"yes\",\"psk\":\"inherit\"}" },
		{ "{\"password\":\"yes1\",\"pwd\":\" \"}",
		    "{\"password\":\"[masked]\",\"pwd\":\"[masked]\"}" },
	};

	(void)state;
	check_looks(NULL, looks, LEN(looks));
	check_changes(NULL, "{\"settings\":{\"password\":{\"complexity\":{\"minLength\":12}}}}",
	    "{\"settings\":{\"password\":{\"complexity\":{\"minLength\":4}}}}",
	    "~/settings/password/complexity/minLength");
}

static void
the_value_beside_such_a_name_is_secret(void **state)
{
	static const struct look looks[] = {
		{ "[{\"name\":\"API_TOKEN\",\"value\":\"x\"}]",
		    "[{\"name\":\"API_TOKEN\",\"value\":\"[masked]\"}]" },
		{ "[{\"value\":\"x\",\"key\":\"db-password\"}]",
		    "[{\"value\":\"[masked]\",\"key\":\"db-password\"}]" },
		{ "{\"Name\":\"Secret\",\"Value\":\"x\"}",
		    "{\"Name\":\"Secret\",\"Value\":\"[masked]\"}" },
		{ "{\"name\":\"tokens\",\"value\":[\"x\",7]}",
		    "{\"name\":\"tokens\",\"value\":[\"[masked]\",7]}" },
		{ "{\"name\":\"API_TOKEN\",\"value\":{\"n\":\"x\"}}",
		    "{\"name\":\"API_TOKEN\",\"value\":{\"n\":\"x\"}}" },
		{ "{\"name\":\"LOG_LEVEL\",\"value\":\"x\"}",
		    "{\"name\":\"LOG_LEVEL\",\"value\":\"x\"}" },
		{ "{\"name\":\"API_TOKEN\",\"values\":\"x\"}",
		    "{\"name\":\"API_TOKEN\",\"values\":\"x\"}" },
		{ "{\"title\":\"API_TOKEN\",\"value\":\"x\"}",
		    "{\"title\":\"API_TOKEN\",\"value\":\"x\"}" },
		{ "{\"name\":\"API_TOKEN\",\"value\":\"\"}",
		    "{\"name\":\"API_TOKEN\",\"value\":\"\"}" },
	};

	(void)state;
	check_looks(NULL, looks, LEN(looks));
}

/* ---- contents ---- */

static void
secrets_are_known_by_their_content_and_what_is_around_them_stays(void **state)
{
	static const struct look looks[] = {
		{ "\"Server=db;User=u;Password=a b;Encrypt=yes\"",
		    "\"Server=db;User=u;Password=[masked];Encrypt=yes\"" },
		{ "\"Password = x ; Server = db\"", "\"Password = [masked] ; Server = db\"" },
		{ "\"AccountName=n;AccountKey=" B64 "==;Suffix=s\"",
		    "\"AccountName=n;AccountKey=[masked];Suffix=s\"" },
		{ "\"SharedAccessKeyName=Root;SharedAccessKey=" B64 "=\"",
		    "\"SharedAccessKeyName=Root;SharedAccessKey=[masked]\"" },
		{ "\"Pwd='a;b';X=1\"", "\"Pwd='[masked]';X=1\"" },
		{ "\"host=db password=abc user=x\"", "\"host=db password=[masked] user=x\"" },
		{ "\"Server=db;Account Key=a b;X=1\"", "\"Server=db;Account Key=[masked];X=1\"" },
		{ "\"run --client-secret=abc --v\"", "\"run --client-secret=[masked] --v\"" },
		{ "\"jdbc:x://h/db?user=u&password=p&z=1\"",
		    "\"jdbc:x://h/db?user=u&password=[masked]&z=1\"" },
		{ "\"A=1\\nDB_PASSWORD=x y\\nB=2\"", "\"A=1\\nDB_PASSWORD=[masked]\\nB=2\"" },
		{ "\"Password=;Server=db\"", "\"Password=;Server=db\"" },
		{ "\"PermitEmptyPasswords=no\"", "\"PermitEmptyPasswords=no\"" },
		{ "\"token == secret\"", "\"token == secret\"" },
		{ "\"token => x\"", "\"token => x\"" },
		{ "\"passwordReset=1;tokenLifetime=2\"", "\"passwordReset=1;tokenLifetime=2\"" },
		{ "\"mysql://u:p@db/x\"", "\"mysql://u:[masked]@db/x\"" },
		{ "\"see amqps://a.b:c%40d@h:5671/v now\"",
		    "\"see amqps://a.b:[masked]@h:5671/v now\"" },
		{ "\"https://host:8080/a@b\"", "\"https://host:8080/a@b\"" },
		{ "\"https://user@host/\"", "\"https://user@host/\"" },
		{ "\"mailto:a:b@c\"", "\"mailto:a:b@c\"" },
		{ "\"https://x.blob/c?sv=1&sig=ab%2Fc&se=2\"",
		    "\"https://x.blob/c?sv=1&sig=[masked]&se=2\"" },
		{ "\"https://x/?sig=abc#f\"", "\"https://x/?sig=[masked]#f\"" },
		{ "\"https://x/?design=abc\"", "\"https://x/?design=abc\"" },
		{ "\"eyJhbGciOi.eyJzdWIiOi.c2ln-_\"", "\"[masked]\"" },
		{ "\"t: eyJhbGciOi.eyJzdWIiOi.c2ln, u\"", "\"t: [masked], u\"" },
		{ "\"eyJhbGciOi.eyJzdWIiOi\"", "\"eyJhbGciOi.eyJzdWIiOi\"" },
		{ "\"heyJude.eyJ.x\"", "\"heyJude.eyJ.x\"" },
		{ "\"$6$salt$hash.hash/hash\"", "\"[masked]\"" },
		{ "\"root:$6$salt$hash.hash:19000:0\"", "\"root:[masked]:19000:0\"" },
		{ "\"$2y$10$abcdefghijklmnopqrstuv\"", "\"[masked]\"" },
		{ "\"$1$ab$cdefgh\"", "\"[masked]\"" },
		{ "\"$y$j9T$abc$defghi\"", "\"[masked]\"" },
		{ "\"$argon2id$v=19$m=65536,t=3$c2FsdA$aGFzaA\"", "\"[masked]\"" },
		{ "\"$1$2\"", "\"$1$2\"" },
		{ "\"costs $5$ or $6\"", "\"costs $5$ or $6\"" },
		{ "\"AKIAIOSFODNN7EXAMPLE\"", "\"[masked]\"" },
		{ "\"id AKIAIOSFODNN7EXAMPLE.\"", "\"id [masked].\"" },
		{ "\"AKIA\"", "\"AKIA\"" },
		{ "\"XAKIAIOSFODNN7EXAMPLE\"", "\"XAKIAIOSFODNN7EXAMPLE\"" },
		{ "\"ghp_abcdef0123\"", "\"[masked]\"" },
		{ "\"ghp_\"", "\"ghp_\"" },
		{ "\"xghp_abcdef0123\"", "\"xghp_abcdef0123\"" },
		{ "\"github_pat_11AB_cd\"", "\"[masked]\"" },
		{ "\"xoxb-12-ab\"", "\"[masked]\"" },
		{ "\"xoxa-12-ab xoxp-34-cd xoxc-56-ef\"", "\"[masked] [masked] xoxc-56-ef\"" },
		{ "\"key=sk_live_0123abcd\"", "\"key=[masked]\"" },
		{ "\"sk_test_0123abcd\"", "\"sk_test_0123abcd\"" },
		{ "\"glpat-0123abcd_\"", "\"[masked]\"" },
		{ "\"Bearer abc123\"", "\"Bearer [masked]\"" },
		{ "\"Authorization: bearer abc123==, x\"",
		    "\"Authorization: bearer [masked], x\"" },
		{ "\"Bearer token\"", "\"Bearer token\"" },
		{ "\"the Bearer scheme of RFC 6750\"", "\"the Bearer scheme of RFC 6750\"" },
		{ "\"Basic dXNlcjpwYXNz\"", "\"Basic [masked]\"" },
		{ "\"Basic authentication\"", "\"Basic authentication\"" },
		{ "\"Basic B1\"", "\"Basic B1\"" },
		{ "\"-----BEGIN PRIVATE KEY-----\\nMIIB\\n-----END PRIVATE KEY-----\\n\"",
		    "\"[masked]\\n\"" },
		{ "\"c\\n-----BEGIN RSA PRIVATE KEY-----\\nMIIB\\n-----END RSA PRIVATE "
		  "KEY-----\\nd\"",
		    "\"c\\n[masked]\\nd\"" },
		{ "\"-----BEGIN OPENSSH PRIVATE KEY-----\\nb3Bl\"", "\"[masked]\"" },
		{ "\"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\"",
		    "\"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\"" },
		{ "\"-----BEGIN PUBLIC KEY-----\\nMIIB\"",
		    "\"-----BEGIN PUBLIC KEY-----\\nMIIB\"" },
		{ "{\"connectionString\":\"Server=db;Password=x;Encrypt=yes\"}",
		    "{\"connectionString\":\"Server=db;Password=[masked];Encrypt=yes\"}" },
		{ "{\"connectionString\":\"something\"}", "{\"connectionString\":\"[masked]\"}" },
		{ "{\"password\":\"Password=x;\"}", "{\"password\":\"[masked]\"}" },
		{ "[[\"ghp_abcdef0123\",\"plain\"]]", "[[\"[masked]\",\"plain\"]]" },
		{ "\"a\\u0000b Bearer abc123 \\u0000c\"",
		    "\"a\\u0000b Bearer [masked] \\u0000c\"" },
		{ "\"\\u0000Bearer abc123\"", "\"\\u0000Bearer [masked]\"" },
		{ "\"\\u0000masked:Bearer abc\"", "\"\\u0000masked:Bearer abc\"" },
	};

	(void)state;
	check_looks(NULL, looks, LEN(looks));
}

/* Quotes, braces and what is escaped in them do not end a value early. */
static void
all_of_a_value_is_masked_however_it_is_quoted(void **state)
{
	static const struct look looks[] = {
		{ "\"PWD={abc;REST};Server=x\"", "\"PWD={[masked]};Server=x\"" },
		{ "\"PWD={a}};REST};Server=x\"", "\"PWD={[masked]};Server=x\"" },
		{ "\"Pwd={abc;REST\"", "\"Pwd={[masked]\"" },
		{ "\"Password='it''s;REST';Db=y\"", "\"Password='[masked]';Db=y\"" },
		{ "\"password=\\\"abc\\\\\\\"REST\\\" x\"", "\"password=\\\"[masked]\\\" x\"" },
		{ "\"host=db password='a b REST' user=x\"",
		    "\"host=db password='[masked]' user=x\"" },
		{ "\"Password='';Server=db\"", "\"Password='';Server=db\"" },
		{ "\"postgres://u:pa/REST@h/db\"", "\"postgres://u:[masked]@h/db\"" },
		{ "\"postgres://u:p@h/a@b\"", "\"postgres://u:[masked]@h/a@b\"" },
		{ "\"https://[::1]/a@b https://h:80/a:b@c\"",
		    "\"https://[::1]/a@b https://h:80/a:b@c\"" },
		{ "\"https://h/?x=1&amp;sig=ab&amp;y=2\"",
		    "\"https://h/?x=1&amp;sig=[masked]&amp;y=2\"" },
		{ "\"a:\\n  password: x y\\n  port: 1\"",
		    "\"a:\\n  password: [masked]\\n  port: 1\"" },
		{ "\"- token: 'x'\"", "\"- token: '[masked]'\"" },
		{ "\"the password: see wiki\"", "\"the password: see wiki\"" },
		{ "\"password: none\"", "\"password: none\"" },
		{ "\"password:\\nport: 1\"", "\"password:\\nport: 1\"" },
		{ "\"urn:secret:a\"", "\"urn:secret:a\"" },
		{ "\"{\\\"password\\\":\\\"x\\\",\\\"n\\\":\\\"y\\\"}\"",
		    "\"{\\\"password\\\":\\\"[masked]\\\",\\\"n\\\":\\\"y\\\"}\"" },
		{ "\"{\\\"password\\\":true,\\\"n\\\":\\\"y\\\"}\"",
		    "\"{\\\"password\\\":true,\\\"n\\\":\\\"y\\\"}\"" },
		{ "\"'password' => 'x', 'n' => 'y'\"", "\"'password' => '[masked]', 'n' => 'y'\"" },
		{ "\"password => 'x'\"", "\"password => '[masked]'\"" },
		{ "\"password => x\"", "\"password => x\"" },
	};

	(void)state;
	check_looks(NULL, looks, LEN(looks));
}

/* A text that is lower case, or cut into parts, after it was read. */
static void
no_normaliser_hides_a_secret_from_the_mask(void **state)
{
	static const struct look looks[] = {
		{ "{\"a\":\"AKIAIOSFODNN7EXAMPLE\"}", "{\"a\":\"[masked]\"}" },
		{ "{\"a\":\"Server=DB;Password=X\"}", "{\"a\":\"server=db;password=[masked]\"}" },
		{ "{\"s\":\"Bearer abc123\"}", "{\"s\":[\"[masked]\",\"[masked]\"]}" },
		{ "{\"s\":\"b a\"}", "{\"s\":[\"b\",\"a\"]}" },
		{ "{\"j\":\"{\\\"url\\\":\\\"x://u:p@h\\\",\\\"n\\\":1}\"}",
		    "{\"j\":{\"url\":\"x://u:[masked]@h\",\"n\":1}}" },
	};

	(void)state;
	check_looks("{\"normalise\":[{\"how\":\"casefold\",\"path\":\"/a\"},"
		    "{\"how\":\"split\",\"path\":\"/s\"},"
		    "{\"how\":\"embedded_json\",\"path\":\"/j\"}]}",
	    looks, LEN(looks));
}

/* ---- Kubernetes ---- */

static void
the_data_of_a_kubernetes_secret_are_masked_wherever_it_stands(void **state)
{
#define APPLIED "kubectl.kubernetes.io/last-applied-configuration"
	static const struct look looks[] = {
		{ "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"type\":\"Opaque\",\"data\":{\"ca."
		  "crt\":\"QQ==\"}}",
		    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"type\":\"Opaque\",\"data\":{\"ca."
		    "crt\":\"[masked]\"}}" },
		{ "{\"stringData\":{\"u\":\"x\",\"on\":\"true\"},\"kind\":\"Secret\"}",
		    "{\"stringData\":{\"u\":\"[masked]\",\"on\":\"true\"},\"kind\":\"Secret\"}" },
		{ "{\"kind\":\"ConfigMap\",\"data\":{\"u\":\"x\"}}",
		    "{\"kind\":\"ConfigMap\",\"data\":{\"u\":\"x\"}}" },
		{ "{\"kind\":\"List\",\"items\":[{\"kind\":\"Secret\",\"data\":{\"u\":\"x\"}}]}",
		    "{\"kind\":\"List\",\"items\":[{\"kind\":\"Secret\",\"data\":{\"u\":\"[masked]"
		    "\"}}]}" },
		{ "{\"kind\":\"SecretList\",\"items\":[{\"data\":{\"u\":\"x\"},\"type\":\"t\"}]}",
		    "{\"kind\":\"SecretList\",\"items\":[{\"data\":{\"u\":\"[masked]\"},\"type\":"
		    "\"t\"}]}" },
		{ "{\"metadata\":{\"annotations\":{\"" APPLIED
		  "\":\"{\\\"kind\\\":\\\"Secret\\\",\\\"data\\\":{\\\"u\\\":\\\"x\\\"},\\\"n\\\":"
		  "1}\"}}}",
		    "{\"metadata\":{\"annotations\":{\"" APPLIED
		    "\":{\"kind\":\"Secret\",\"data\":{\"u\":\"[masked]\"},\"n\":1}}}}" },
	};

	(void)state;
	check_looks(NULL, looks, LEN(looks));
}

/* ---- unmask ---- */

static bool
masks(const struct compare_spec *spec, const char *first, const char *then)
{
	const struct str steps[] = { str_of(first), str_of(then) };

	return compare_masks(spec, STR("c"), steps, then != NULL ? 2 : 1);
}

static void
a_config_can_unmask_what_it_names_and_nothing_else(void **state)
{
	static const char how[] =
	    "{\"normalise\":[{\"how\":\"unmask\",\"path\":\"/a/token\"},"
	    "{\"how\":\"unmask\",\"names\":[\"publicKeys\",\"note\"]},"
	    "{\"how\":\"mask\",\"path\":\"/vault\"},{\"how\":\"unmask\",\"path\":\"/vault/label\"},"
	    "{\"how\":\"unmask\",\"path\":\"/env/*/"
	    "value\"},{\"how\":\"mask\",\"names\":[\"pin\"]}]}";
	static const struct look looks[] = {
		{ "{\"a\":{\"token\":\"x\"},\"token\":\"y\"}",
		    "{\"a\":{\"token\":\"x\"},\"token\":\"[masked]\"}" },
		{ "{\"note\":\"Bearer abc123\",\"other\":\"Bearer abc123\"}",
		    "{\"note\":\"Bearer abc123\",\"other\":\"Bearer [masked]\"}" },
		{ "{\"note\":[\"ghp_abcdef\",{\"token\":\"x\"}]}",
		    "{\"note\":[\"ghp_abcdef\",{\"token\":\"[masked]\"}]}" },
		{ "{\"vault\":{\"label\":{\"x\":1}}}",
		    "{\"vault\":{\"label\":{\"x\":\"[masked]\"}}}" },
		{ "{\"vault\":{\"label\":\"l\",\"pin\":1,\"no\":null}}",
		    "{\"vault\":{\"label\":\"l\",\"pin\":\"[masked]\",\"no\":null}}" },
		{ "{\"env\":[{\"name\":\"TOKEN\",\"value\":\"x\"}]}",
		    "{\"env\":[{\"name\":\"TOKEN\",\"value\":\"x\"}]}" },
		{ "{\"pin\":[\"a\",1]}", "{\"pin\":[\"[masked]\",1]}" },
	};
	struct compare_spec *spec = spec_of(how, key);

	(void)state;
	check_looks(how, looks, LEN(looks));
	assert_true(masks(spec, "pin", NULL));
	assert_true(masks(spec, "env", "dbPassword"));
	assert_true(masks(spec, "tokens", "0"));
	assert_true(masks(spec, "vault", "x"));
	assert_false(masks(spec, "vault", "label"));
	assert_false(masks(spec, "a", "token"));
	assert_false(masks(spec, "password", "minLength"));
	assert_false(masks(spec, "note", NULL));
	assert_false(masks(spec, "id", NULL));
}

/* Also of what a text of the list turns out to be: it is that, and no text, when it comes back. */
static void
a_list_that_is_unmasked_is_so_but_for_what_is_in_objects(void **state)
{
	static const struct {
		const char *how, *text, *want;
	} cases[] = {
		{ "\"quantity\"", "{\"a\":[\"5k\",5,true,{\"b\":1}]}",
		    "{\"a\":[5000,5,true,{\"b\":\"[masked]\"}]}" },
		{ "\"boolean_text\"", "{\"a\":[\"on\",[\"off\"]]}", "{\"a\":[true,[\"off\"]]}" },
		{ "\"split\"", "{\"a\":[\"x y\"]}", "{\"a\":[[\"x\",\"y\"]]}" },
		{ "\"embedded_json\"", "{\"a\":[\"{\\\"b\\\":1}\",\"[2,{\\\"c\\\":3}]\"]}",
		    "{\"a\":[{\"b\":\"[masked]\"},[2,{\"c\":\"[masked]\"}]]}" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct compare_spec *spec =
		    spec_of(talloc_asprintf(mem,
				"{\"normalise\":[{\"how\":%s,\"path\":\"/a/*\"},"
				"{\"how\":\"mask\",\"path\":\"/a/"
				"**\"},{\"how\":\"unmask\",\"path\":\"/a\"}]}",
				cases[i].how),
			key);
		struct resource r = resource(spec, "c", cases[i].text), again = r;
		struct err      e = { 0 };

		assert_string_equal(
		    talloc_strndup(mem, shown(r.value).p, shown(r.value).n), cases[i].want);
		again.value = json_parse(mem, canonical(&r), &e);
		assert_true(resource_normalise(mem, spec, &again, RESOURCE_STORED, NULL, &e));
		assert_true(str_eq(canonical(&r), canonical(&again)));
	}
}

static void
a_pack_cannot_unmask(void **state)
{
	struct rule_pack        pack = { .name = STR("p"),
		       .compare = parse("{\"normalise\":[{\"how\":\"unmask\",\"names\":[\"x\"]}]}") };
	const struct rule_pack *packs[] = { &pack };
	struct err              e = { 0 };

	(void)state;
	assert_null(compare_compile(mem, NULL, packs, 1, key, NULL, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

/* ---- keys ---- */

static void
a_key_that_holds_a_secret_keeps_its_resource_apart_without_it(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      a = { STR("c"), STR("x://u:one@h"), parse("{}") };
	struct resource      b = { STR("c"), STR("x://u:two@h"), parse("{}") };
	struct err           e = { 0 };

	(void)state;
	assert_true(resource_normalise(mem, spec, &a, RESOURCE_SOURCE, NULL, &e));
	assert_true(resource_normalise(mem, spec, &b, RESOURCE_SOURCE, NULL, &e));
	assert_false(str_eq(a.key, b.key));
	assert_true(str_starts(a.key, "x://u:[masked:") && !holds_text(a.key, "one"));
	assert_int_equal(a.key.n, strlen("x://u:[masked:0123456789abcdef]@h"));
}

/* ---- a mask and the clear value it is of ---- */

static const char *
changes_between(const char *before, const char *old, const char *after, const char *new)
{
	struct compare_spec *was = spec_of(before, key), *is = spec_of(after, key);
	struct resource      a = resource(was, "c", old), b = resource(is, "c", new);
	struct err           e = { 0 };
	struct diff         *d = diff_make(mem, is, NULL, NULL, &e);

	a.value = json_parse(mem, canonical(&a), &e);
	assert_true(resource_normalise(mem, is, &a, RESOURCE_STORED, NULL, &e));
	assert_true(diff_resource(d, &a, &b, &e));
	return listed(d);
}

static void
a_mask_equals_the_clear_value_it_is_of_wherever_it_stands(void **state)
{
#define UNMASK "{\"normalise\":[{\"how\":\"unmask\",\"path\":\"/**\"}]}"
#define MASKS  "{\"normalise\":[{\"how\":\"mask\",\"path\":\"/**\"}]}"
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		{ "{\"token\":\"a\"}", "{\"token\":\"a\"}", "" },
		{ "{\"token\":\"a\"}", "{\"token\":\"b\"}", "~/token" },
		{ "{\"tokens\":[\"a\",\"b\"]}", "{\"tokens\":[\"b\",\"a\"]}", "" },
		{ "{\"tokens\":[\"a\",\"b\"]}", "{\"tokens\":[\"b\",\"c\",\"a\"]}", "+/tokens/1" },
		{ "{\"l\":[{\"id\":\"ghp_0123abcd\",\"v\":1},{\"id\":\"y\",\"v\":1}]}",
		    "{\"l\":[{\"id\":\"y\",\"v\":1},{\"id\":\"ghp_0123abcd\",\"v\":2}]}",
		    "~/l/1/v" },
		{ "{\"u\":[\"x://u:p@h\",\"z\"]}", "{\"u\":[\"z\",\"x://u:p@h\"]}", "" },
		{ "{\"u\":\"\\u0000Bearer abc123\"}", "{\"u\":\"\\u0000Bearer abc123\"}", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *old = cases[i].old, *new = cases[i].new;

		assert_string_equal(changes_between(NULL, old, UNMASK, new), cases[i].want);
		assert_string_equal(changes_between(UNMASK, old, NULL, new), cases[i].want);
		assert_string_equal(changes_between(MASKS, old, NULL, new), cases[i].want);
		assert_string_equal(changes_between(NULL, old, MASKS, new), cases[i].want);
	}
}

/* Who sets many values finds none of a mask by that. */
static void
many_texts_are_not_tried_against_a_mask(void **state)
{
	char *many = talloc_strdup(mem, "{\"tokens\":[\"a\"");

	(void)state;
	for (int i = 0; i < MEET_TRIES_MAX + 1; i++)
		many = talloc_asprintf_append(many, ",\"g%d\"", i);
	many = talloc_strdup_append(many, "]}");
	assert_non_null(
	    strstr(changes_between(NULL, "{\"tokens\":[\"a\"]}", UNMASK, many), "-/tokens/0"));
}

/* ---- cases from a file of one's own: test_secrets FILE ---- */

static const char *cases_file;

static void
the_cases_of_the_file_are_hidden_and_kept(void **state)
{
	static char        text[1 << 20];
	FILE              *f = fopen(cases_file, "r");
	struct err         e = { 0 };
	const struct json *v, *hide, *keep;
	struct resource    r = { STR("c"), STR("k"), NULL };
	struct str         seen;

	(void)state;
	assert_non_null(f);
	v = json_parse(mem, (struct str) { text, fread(text, 1, sizeof text, f) }, &e);
	fclose(f);
	assert_non_null(v);
	r.value = json_get(v, "document");
	hide = json_get(v, "hide");
	keep = json_get(v, "keep");
	assert_true(hide != NULL && hide->n > 0 && keep != NULL && keep->n > 0);
	assert_true(resource_normalise(mem, spec_of(NULL, key), &r, RESOURCE_SOURCE, NULL, &e));
	seen = shown(r.value);
	for (uint32_t i = 0; i < hide->n; i++)
		assert_null(memmem(seen.p, seen.n, hide->items[i].text.p, hide->items[i].text.n));
	for (uint32_t i = 0; i < keep->n; i++)
		assert_non_null(
		    memmem(seen.p, seen.n, keep->items[i].text.p, keep->items[i].text.n));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest given[] = { TEST(the_cases_of_the_file_are_hidden_and_kept) };
	const struct CMUnitTest tests[] = {
		TEST(a_secret_is_found_at_every_place_of_a_text),
		TEST(a_word_behind_an_option_that_names_a_secret_is_masked),
		TEST(names_of_secrets_are_known_in_any_spelling_and_by_their_end),
		TEST(only_texts_are_secret_and_what_is_below_a_name_is_a_setting),
		TEST(the_value_beside_such_a_name_is_secret),
		TEST(secrets_are_known_by_their_content_and_what_is_around_them_stays),
		TEST(all_of_a_value_is_masked_however_it_is_quoted),
		TEST(no_normaliser_hides_a_secret_from_the_mask),
		TEST(the_data_of_a_kubernetes_secret_are_masked_wherever_it_stands),
		TEST(a_config_can_unmask_what_it_names_and_nothing_else),
		TEST(a_list_that_is_unmasked_is_so_but_for_what_is_in_objects),
		TEST(a_pack_cannot_unmask),
		TEST(a_mask_equals_the_clear_value_it_is_of_wherever_it_stands),
		TEST(many_texts_are_not_tried_against_a_mask),
		TEST(a_key_that_holds_a_secret_keeps_its_resource_apart_without_it),
	};

	cases_file = argc > 1 ? argv[1] : NULL;
	return cases_file != NULL ? cmocka_run_group_tests(given, NULL, NULL)
				  : cmocka_run_group_tests(tests, NULL, NULL);
}
