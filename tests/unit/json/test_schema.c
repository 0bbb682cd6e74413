#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/schema.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct rule {
	char   *path;
	int64_t weight;
};

static const struct field rule_fields[] = {
	FIELD(struct rule, path, .min = 1, .max = 10, .flags = FIELD_REQUIRED, .doc = "Where."),
	FIELD(struct rule, weight, .min = 1, .max = 64),
	FIELD_END,
};
static const struct schema rule_schema = SCHEMA("Rule", struct rule, rule_fields);

static const char *const states[] = { "active", "disabled", NULL };

struct thing {
	struct uuid     id;
	char           *email;
	const char     *url;
	char           *state;
	char           *note;
	char           *password;
	int64_t         small;
	int64_t         any;
	uint64_t        count;
	bool            on;
	instant         at;
	struct uuid     owner;
	struct blob     hash;
	char           *row;
	struct raw_json value;
	struct strings  roles;
	struct items    rules;
	struct rule    *main_rule;
	uint64_t        given;
};

static const struct field thing_fields[] = {
	FIELD(struct thing, id, .flags = FIELD_READ_ONLY, .doc = "Number."),
	FIELD(
	    struct thing, email, .min = 3, .max = 254, .format = "email", .flags = FIELD_REQUIRED),
	FIELD(struct thing, url, .max = 100, .format = "uri", .flags = FIELD_NULLABLE),
	FIELD(struct thing, state, .choices = states, .flags = FIELD_OMIT_ZERO),
	FIELD(struct thing, note, .flags = FIELD_NULLABLE),
	FIELD(struct thing, password, .min = 8, .max = 1024, .flags = FIELD_SECRET),
	FIELD(struct thing, small, .min = -5, .max = 5),
	FIELD(struct thing, any, .doc = "Any."),
	FIELD(struct thing, count, .max = 10),
	FIELD_AS(struct thing, on, "2fa_enabled", .doc = "On."),
	FIELD(struct thing, at, .flags = FIELD_NULLABLE),
	FIELD(struct thing, owner, .flags = FIELD_NULLABLE),
	FIELD(struct thing, hash, .doc = "Hash."),
	FIELD(struct thing, row, .flags = FIELD_NO_JSON),
	FIELD(struct thing, value, .doc = "Value."),
	FIELD(struct thing, roles, .min = 1, .max = 3),
	FIELD(struct thing, rules, .max = 2, .item = &rule_schema),
	FIELD(struct thing, main_rule, .item = &rule_schema, .flags = FIELD_NULLABLE),
	FIELD_END,
};
static const struct schema thing_schema = SCHEMA_GIVEN("Thing", struct thing, thing_fields, given);

static bool
decode(TALLOC_CTX *mem, struct str text, struct thing *t, struct err *e)
{
	struct err   fault = { 0 };
	struct json *v = json_parse(mem, text, &fault);

	if (v == NULL)
		fail_msg("%s: %.*s", fault.pub, (int)text.n, text.p);
	return schema_decode(mem, &thing_schema, v, t, e);
}

/* "/email is required;/x unknown member;" */
static const char *
faults_text(TALLOC_CTX *mem, const struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	for (const struct fault *f = e->faults; f != NULL; f = f->next) {
		buf_puts(&b, f->pointer);
		buf_putc(&b, ' ');
		buf_puts(&b, f->detail);
		buf_putc(&b, ';');
	}
	return buf_str(&b).p;
}

static void
a_good_body_fills_every_kind_of_member(void **state)
{
	static const char text[] =
	    "{\"email\":\"ann@example.org\",\"url\":\"https://example.org/"
	    "x?y=1\",\"state\":\"active\","
	    "\"note\":\"a\\tb\\n\\u00e4\",\"password\":\"correct horse\",\"small\":-5,"
	    "\"any\":-9223372036854775808,\"count\":10,\"2fa_enabled\":true,"
	    "\"at\":\"2026-11-21T20:47:00.123+01:00\",\"owner\":\"0192f3a4-b5c6-7d8e-9fa0-"
	    "b1c2d3e4f506\","
	    "\"value\":{\"a\":[1.50,null]},\"roles\":[\"admin\",\"\"],"
	    "\"rules\":[{\"path\":\"/a\",\"weight\":64},{\"path\":\"/"
	    "b\"}],\"main_rule\":{\"path\":\"/c\"}}";
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct thing       t;
	struct err         e = { 0 };
	const struct rule *rules;

	(void)state;
	assert_true(decode(mem, str_of(text), &t, &e));
	assert_int_equal(e.code, ERR_OK);
	assert_string_equal(t.email, "ann@example.org");
	assert_string_equal(t.url, "https://example.org/x?y=1");
	assert_string_equal(t.state, "active");
	assert_string_equal(t.note, "a\tb\n\xC3\xA4");
	assert_string_equal(t.password, "correct horse");
	assert_int_equal(t.small, -5);
	assert_true(t.any == INT64_MIN);
	assert_int_equal(t.count, 10);
	assert_true(t.on);
	assert_int_equal(t.at.ms, INT64_C(1795290420123));
	assert_int_equal(t.owner.b[15], 0x06);
	assert_null(t.value.text);
	assert_string_equal("1.50", talloc_strndup(mem, json_at(t.value.tree, STR("/a/0"))->text.p,
					json_at(t.value.tree, STR("/a/0"))->text.n));
	assert_int_equal(t.roles.n, 2);
	assert_string_equal(t.roles.items[0], "admin");
	assert_null(t.roles.items[2]);
	assert_int_equal(t.rules.n, 2);
	rules = t.rules.p;
	assert_int_equal(rules[0].weight, 64);
	assert_string_equal(rules[1].path, "/b");
	assert_string_equal(t.main_rule->path, "/c");
	schema_wipe(&thing_schema, &t);
	assert_string_equal(t.password, "");
	assert_string_equal(t.email, "ann@example.org");
	talloc_free(mem);
}

static void
each_fault_of_a_body_is_told_with_its_place(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "[]", " must be an object;" },
		{ "null", " must be an object;" },
		{ "{}", "/email is required;" },
		{ "{\"email\":null}", "/email must not be null;" },
		{ "{\"email\":7}", "/email must be a string;" },
		{ "{\"email\":\"a@\"}", "/email must be at least 3 bytes long;" },
		{ "{\"email\":\"a b@c\"}", "/email must be an email address;" },
		{ "{\"email\":\"a@b@c\"}", "/email must be an email address;" },
		{ "{\"email\":\"abc\"}", "/email must be an email address;" },
		{ "{\"email\":\"@bc\"}", "/email must be an email address;" },
		{ "{\"email\":\"bc@\"}", "/email must be an email address;" },
		{ "{\"email\":\"a@b\\u0000c\"}", "/email control characters are not allowed;" },
		{ "{\"email\":\"a@b\",\"id\":\"x\"}", "/id unknown member;" },
		{ "{\"email\":\"a@b\",\"hash\":\"x\",\"row\":\"y\"}",
		    "/hash unknown member;/row unknown member;" },
		{ "{\"email\":\"a@b\",\"Email\":\"a@b\"}", "/Email unknown member;" },
		{ "{\"email\":\"a@b\",\"a/b~c\\u0000d\":1}", "/a~1b~0c unknown member;" },
		{ "{\"email\":\"a@b\",\"url\":\"ftp://x\"}", "/url must be an http or https URL;" },
		{ "{\"email\":\"a@b\",\"url\":\"https://\"}",
		    "/url must be an http or https URL;" },
		{ "{\"email\":\"a@b\",\"url\":\"https:///x\"}",
		    "/url must be an http or https URL;" },
		{ "{\"email\":\"a@b\",\"url\":\"javascript:alert(1)\"}",
		    "/url must be an http or https URL;" },
		{ "{\"email\":\"a@b\",\"state\":\"Active\"}",
		    "/state must be one of: active, disabled;" },
		{ "{\"email\":\"a@b\",\"state\":null}", "/state must not be null;" },
		{ "{\"email\":\"a@b\",\"note\":\"a\\rb\"}",
		    "/note control characters are not allowed;" },
		{ "{\"email\":\"a@b\",\"note\":\"\\u007f\"}",
		    "/note control characters are not allowed;" },
		{ "{\"email\":\"a@b\",\"note\":\"\\u009b\"}",
		    "/note control characters are not allowed;" },
		{ "{\"email\":\"a@b\",\"password\":\"short\"}",
		    "/password must be at least 8 bytes long;" },
		{ "{\"email\":\"a@b\",\"small\":6}", "/small must be at most 5;" },
		{ "{\"email\":\"a@b\",\"small\":-6}", "/small must be at least -5;" },
		{ "{\"email\":\"a@b\",\"small\":\"1\"}", "/small must be an integer;" },
		{ "{\"email\":\"a@b\",\"small\":1.0}",
		    "/small must be an integer of 64 bits, without fraction or exponent;" },
		{ "{\"email\":\"a@b\",\"any\":9223372036854775808}",
		    "/any must be an integer of 64 bits, without fraction or exponent;" },
		{ "{\"email\":\"a@b\",\"count\":-1}", "/count must be a non-negative integer of 64 "
						      "bits, without fraction or exponent;" },
		{ "{\"email\":\"a@b\",\"count\":18446744073709551615}",
		    "/count must be at most 10;" },
		{ "{\"email\":\"a@b\",\"2fa_enabled\":1}", "/2fa_enabled must be true or false;" },
		{ "{\"email\":\"a@b\",\"on\":true}", "/on unknown member;" },
		{ "{\"email\":\"a@b\",\"at\":\"yesterday\"}",
		    "/at must be an RFC 3339 time, e.g. 2026-11-21T20:47:00.123Z;" },
		{ "{\"email\":\"a@b\",\"owner\":\"\"}", "/owner must be a UUID;" },
		{ "{\"email\":\"a@b\",\"roles\":[]}", "/roles must have at least 1 elements;" },
		{ "{\"email\":\"a@b\",\"roles\":{}}", "/roles must be an array;" },
		{ "{\"email\":\"a@b\",\"roles\":[\"a\",1,\"\\u0001\"]}",
		    "/roles/1 must be a string;/roles/2 control characters are not allowed;" },
		{ "{\"email\":\"a@b\",\"roles\":[\"1\",\"2\",\"3\",\"4\"]}",
		    "/roles must have at most 3 elements;" },
		{ "{\"email\":\"a@b\",\"rules\":[{\"path\":\"p\"},{\"weight\":0,\"x\":1}]}",
		    "/rules/1/weight must be at least 1;/rules/1/x unknown member;"
		    "/rules/1/path is required;" },
		{ "{\"email\":\"a@b\",\"rules\":[1]}", "/rules/0 must be an object;" },
		{ "{\"email\":\"a@b\",\"main_rule\":{\"path\":\"\"}}",
		    "/main_rule/path must be at least 1 bytes long;" },
		{ "{\"x\":1,\"small\":true}",
		    "/x unknown member;/small must be an integer;/email is required;" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		TALLOC_CTX  *mem = talloc_new(NULL);
		struct thing t;
		struct err   e = { 0 };

		assert_false(decode(mem, str_of(rows[i].text), &t, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(faults_text(mem, &e), rows[i].want);
		talloc_free(mem);
	}
}

/* ---- one of several objects ---- */

struct shape {
	const char *kind;
};
struct circle {
	struct shape s;
	int64_t      radius;
};
struct box {
	struct shape s;
	int64_t      width, height;
	const char  *label;
};
static const struct field circle_fields[] = {
	FIELD_AS(struct circle, s.kind, "kind", .flags = FIELD_REQUIRED),
	FIELD(struct circle, radius, .min = 1, .max = 9, .flags = FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema circle_schema = SCHEMA("Circle", struct circle, circle_fields);
static const struct field  box_fields[] = {
	 FIELD_AS(struct box, s.kind, "kind", .flags = FIELD_REQUIRED),
	 FIELD(struct box, width),
	 FIELD(struct box, height),
	 FIELD(struct box, label, .flags = FIELD_SECRET),
	 FIELD_END,
};
static const struct schema        box_schema = SCHEMA("Box", struct box, box_fields);
static const char *const          shape_kinds[] = { "circle", "box", NULL };
static const struct schema *const shapes[] = { &circle_schema, &box_schema, NULL };
static const struct field         shape_fields[] = {
		FIELD(struct shape, kind, .choices = shape_kinds, .flags = FIELD_REQUIRED),
		FIELD_END,
};
static const struct schema shape_schema =
    SCHEMA_VARIANTS("Shape", struct shape, shape_fields, shapes);
struct drawing {
	struct shape *shape;
};
static const struct field drawing_fields[] = {
	FIELD(struct drawing, shape, .item = &shape_schema, .flags = FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema drawing_schema = SCHEMA("Drawing", struct drawing, drawing_fields);

static void
an_object_is_read_and_shown_as_the_one_that_it_names(void **state)
{
	static const struct {
		const char *text, *want; /* "{": what it is shown as; else its faults */
	} rows[] = {
		{ "{\"shape\":{\"radius\":3,\"kind\":\"circle\"}}",
		    "{\"shape\":{\"kind\":\"circle\",\"radius\":3}}" },
		{ "{\"shape\":{\"kind\":\"box\",\"height\":2,\"label\":\"x\"}}",
		    "{\"shape\":{\"kind\":\"box\",\"width\":0,\"height\":2}}" },
		{ "{\"shape\":{\"kind\":\"circle\",\"width\":2}}",
		    "/shape/width unknown member;/shape/radius is required;" },
		{ "{\"shape\":{\"kind\":\"line\",\"width\":2}}",
		    "/shape/kind must be one of: circle, box;" },
		{ "{\"shape\":{\"width\":2}}", "/shape/kind is required;" },
		{ "{\"shape\":{\"kind\":null}}", "/shape/kind must not be null;" },
		{ "{\"shape\":7}", "/shape must be an object;" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		TALLOC_CTX    *mem = talloc_new(NULL);
		struct drawing d;
		struct err     e = { 0 };
		struct json   *v = json_parse(mem, str_of(rows[i].text), &e);
		struct buf     b;

		assert_non_null(v);
		buf_make(&b, mem);
		if (schema_decode(mem, &drawing_schema, v, &d, &e))
			assert_true(schema_encode(&b, &drawing_schema, &d, &e));
		assert_string_equal(b.n > 0 ? b.p : faults_text(mem, &e), rows[i].want);
		talloc_free(mem);
	}
}

static void
the_contract_has_one_object_with_the_members_of_all(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct buf  b;

	(void)state;
	buf_make(&b, mem);
	schema_openapi(&b, &shape_schema, SCHEMA_ANSWER);
	assert_string_equal(buf_str(&b).p,
	    "{\"type\":\"object\",\"properties\":{"
	    "\"kind\":{\"type\":\"string\",\"enum\":[\"circle\",\"box\"]},"
	    "\"radius\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1,\"maximum\":9},"
	    "\"width\":{\"type\":\"integer\",\"format\":\"int64\"},"
	    "\"height\":{\"type\":\"integer\",\"format\":\"int64\"}},"
	    "\"required\":[\"kind\"]}");
	talloc_free(mem);
}

static void
strings_without_a_limit_end_at_65535_bytes(void **state)
{
	(void)state;
	for (size_t n = 65535; n <= 65536; n++) {
		TALLOC_CTX  *mem = talloc_new(NULL);
		struct err   e = { 0 };
		struct thing t;
		struct buf   b;

		buf_make(&b, mem);
		buf_puts(&b, "{\"email\":\"a@b\",\"note\":\"");
		for (size_t i = 0; i < n; i++)
			buf_putc(&b, 'x');
		buf_puts(&b, "\"}");
		assert_int_equal(decode(mem, buf_str(&b), &t, &e), n == 65535);
		talloc_free(mem);
	}
}

static void
a_body_full_of_faults_tells_the_first_of_them(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct thing t;
	struct buf   b;
	size_t       n = 0;

	(void)state;
	buf_make(&b, mem);
	buf_puts(&b, "{\"email\":\"a@b\"");
	for (int i = 0; i < 50000; i++)
		buf_printf(&b, ",\"x%d\":0", i);
	buf_puts(&b, "}");
	assert_false(decode(mem, buf_str(&b), &t, &e));
	for (const struct fault *f = e.faults; f != NULL; f = f->next)
		n++;
	assert_int_equal(n, SCHEMA_FAULTS_MAX);
	talloc_free(mem);
}

static void
a_monstrous_member_name_is_cut_in_its_pointer(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct thing t;
	struct buf   b;

	(void)state;
	buf_make(&b, mem);
	buf_puts(&b, "{\"email\":\"a@b\",\"");
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "\xE2\x82\xAC");
	buf_puts(&b, "\":1}");
	assert_false(decode(mem, buf_str(&b), &t, &e));
	assert_true(strlen(e.faults->pointer) <= 1024);
	assert_true(str_is_utf8(str_of(e.faults->pointer)));
	talloc_free(mem);
}

static void
pointers_start_where_the_caller_says(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct rule  r;
	struct json *v = json_parse(mem, STR("{\"weight\":0}"), &e);

	(void)state;
	assert_false(schema_decode_at(mem, &rule_schema, v, "/rules/3", &r, &e));
	assert_string_equal(
	    faults_text(mem, &e), "/rules/3/weight must be at least 1;/rules/3/path is required;");
	talloc_free(mem);
}

static void
given_tells_absent_from_null_and_from_zero(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct thing t;

	(void)state;
	assert_true(decode(mem,
	    STR("{\"email\":\"a@b\",\"url\":null,\"small\":0,\"value\":null,\"main_rule\":null}"),
	    &t, &e));
	assert_int_equal(
	    t.given, schema_bit(&thing_schema, "email") | schema_bit(&thing_schema, "url") |
			 schema_bit(&thing_schema, "small") | schema_bit(&thing_schema, "value") |
			 schema_bit(&thing_schema, "main_rule"));
	assert_null(t.url);
	assert_null(t.main_rule);
	assert_non_null(t.value.tree); /* null is a JSON value, too */
	assert_int_equal(t.value.tree->type, JSON_NULL);
	assert_int_equal(schema_bit(&thing_schema, "nonsense"), 0);
	talloc_free(mem);
}

static void
an_answer_holds_everything_but_the_secrets(void **state)
{
	const char  *roles[] = { "a\"\\/<", "\x01\xE2\x80\xA8\xFF\n" };
	struct rule  rules[] = { { (char[]) { "/a" }, 1 }, { NULL, -2 } };
	struct thing t = {
		.email = (char[]) { "a@b" },
		.password = (char[]) { "hunter22" },
		.any = INT64_MIN,
		.count = UINT64_MAX,
		.on = true,
		.at = { 1795290420123 },
		.hash = { (const uint8_t *)"x", 1 },
		.row = (char[]) { "row" },
		.value = { "{\"b\": 1.50,\"a\":18446744073709551616}", NULL },
		.roles = { roles, 2 },
		.rules = { rules, 2 },
		.main_rule = &rules[0],
	};
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	struct buf  b;

	(void)state;
	buf_make(&b, mem);
	buf_puts(&b, "before:");
	assert_true(schema_encode(&b, &thing_schema, &t, &e));
	assert_string_equal(b.p,
	    "before:{\"id\":\"00000000-0000-0000-0000-000000000000\",\"email\":\"a@b\",\"url\":"
	    "null,"
	    "\"note\":null,\"small\":0,\"any\":-9223372036854775808,\"count\":18446744073709551615,"
	    "\"2fa_enabled\":true,\"at\":\"2026-11-21T19:47:00.123Z\",\"owner\":null,"
	    "\"value\":{\"b\": 1.50,\"a\":18446744073709551616},"
	    "\"roles\":[\"a\\\"\\\\/<\",\"\\u0001\\u2028\xEF\xBF\xBD\\n\"],"
	    "\"rules\":[{\"path\":\"/a\",\"weight\":1},{\"path\":null,\"weight\":-2}],"
	    "\"main_rule\":{\"path\":\"/a\",\"weight\":1}}");
	talloc_free(mem);
}

static void
a_decoded_value_is_encoded_as_it_came(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct thing t;
	struct buf   b;

	(void)state;
	assert_true(decode(
	    mem, STR("{\"email\":\"a@b\",\"value\":[1.0,{\"z\":1,\"a\":\"\\u0001\"}]}"), &t, &e));
	buf_make(&b, mem);
	assert_true(schema_encode(&b, &thing_schema, &t, &e));
	assert_non_null(strstr(b.p, "\"value\":[1.0,{\"z\":1,\"a\":\"\\u0001\"}]"));
	talloc_free(mem);
}

static void
a_large_answer_comes_out_whole(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	size_t       n = 20000;
	struct rule *rules = talloc_zero_size(mem, n * sizeof(*rules));
	struct thing t = { .rules = { rules, n } };
	struct err   e = { 0 };
	struct buf   b;
	struct json *v;

	(void)state;
	for (size_t i = 0; i < n; i++)
		rules[i] =
		    (struct rule) { talloc_asprintf(rules, "/%zu/\x01\"\\\xFF", i), (int64_t)i };
	buf_make(&b, mem);
	assert_true(schema_encode(&b, &thing_schema, &t, &e));
	v = json_parse(mem, buf_str(&b), &e);
	assert_non_null(v);
	assert_int_equal(json_get(v, "rules")->n, n);
	assert_true(str_eqz(json_at(v, STR("/rules/19999/weight"))->text, "19999"));
	talloc_free(mem);
}

static const char *
openapi(TALLOC_CTX *mem, const struct schema *s, enum schema_side side)
{
	struct err e = { 0 };
	struct buf b;

	buf_make(&b, mem);
	schema_openapi(&b, s, side);
	assert_non_null(json_parse(mem, buf_str(&b), &e));
	return buf_str(&b).p;
}

static void
the_table_is_its_own_openapi_schema(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	assert_string_equal(openapi(mem, &rule_schema, SCHEMA_BODY),
	    "{\"type\":\"object\",\"properties\":{"
	    "\"path\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":10,\"description\":"
	    "\"Where.\"},"
	    "\"weight\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1,\"maximum\":64}},"
	    "\"required\":[\"path\"],\"additionalProperties\":false}");
	assert_string_equal(openapi(mem, &rule_schema, SCHEMA_ANSWER),
	    "{\"type\":\"object\",\"properties\":{"
	    "\"path\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":10,\"description\":"
	    "\"Where.\"},"
	    "\"weight\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1,\"maximum\":64}},"
	    "\"required\":[\"path\",\"weight\"]}");
	talloc_free(mem);
}

static void
each_side_shows_the_members_it_has(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	const char *body = openapi(mem, &thing_schema, SCHEMA_BODY);
	const char *answer = openapi(mem, &thing_schema, SCHEMA_ANSWER);

	(void)state;
	assert_null(strstr(body, "\"id\":"));
	assert_non_null(strstr(body, "\"password\":"));
	assert_non_null(strstr(answer, "\"id\":{\"type\":\"string\",\"format\":\"uuid\""));
	assert_null(strstr(answer, "\"password\":"));
	assert_null(strstr(body, "\"row\""));
	assert_null(strstr(body, "\"hash\""));
	assert_null(strstr(answer, "\"row\""));
	assert_null(strstr(answer, "\"hash\""));
	assert_non_null(strstr(body, "\"url\":{\"type\":[\"string\",\"null\"],\"maxLength\":100,"
				     "\"format\":\"uri\"}"));
	assert_non_null(strstr(body, "\"enum\":[\"active\",\"disabled\"]"));
	assert_non_null(
	    strstr(body, "\"at\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"));
	assert_non_null(strstr(body, "\"roles\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,"
				     "\"items\":{\"type\":\"string\"}}"));
	assert_non_null(strstr(body, "\"items\":{\"$ref\":\"#/components/schemas/RuleInput\"}"));
	assert_non_null(strstr(answer, "\"items\":{\"$ref\":\"#/components/schemas/Rule\"}"));
	assert_non_null(
	    strstr(answer, "\"main_rule\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/Rule\"},"
			   "{\"type\":\"null\"}]}"));
	assert_null(strstr(answer, "additionalProperties"));
	assert_null(strstr(strstr(answer, "\"required\""), "\"state\"")); /* may be left out */
	talloc_free(mem);
}

static void
count_rule(void *arg, const struct schema *item)
{
	assert_ptr_equal(item, &rule_schema);
	++*(int *)arg;
}

static void
nested_schemas_are_listed(void **state)
{
	int n = 0;

	(void)state;
	schema_refs(&thing_schema, SCHEMA_ANSWER, count_rule, &n);
	assert_int_equal(n, 2);
	schema_refs(&rule_schema, SCHEMA_BODY, count_rule, &n);
	assert_int_equal(n, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_body_fills_every_kind_of_member),
		cmocka_unit_test(each_fault_of_a_body_is_told_with_its_place),
		cmocka_unit_test(strings_without_a_limit_end_at_65535_bytes),
		cmocka_unit_test(a_body_full_of_faults_tells_the_first_of_them),
		cmocka_unit_test(a_monstrous_member_name_is_cut_in_its_pointer),
		cmocka_unit_test(pointers_start_where_the_caller_says),
		cmocka_unit_test(given_tells_absent_from_null_and_from_zero),
		cmocka_unit_test(an_answer_holds_everything_but_the_secrets),
		cmocka_unit_test(a_decoded_value_is_encoded_as_it_came),
		cmocka_unit_test(a_large_answer_comes_out_whole),
		cmocka_unit_test(the_table_is_its_own_openapi_schema),
		cmocka_unit_test(each_side_shows_the_members_it_has),
		cmocka_unit_test(nested_schemas_are_listed),
		cmocka_unit_test(an_object_is_read_and_shown_as_the_one_that_it_names),
		cmocka_unit_test(the_contract_has_one_object_with_the_members_of_all),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
