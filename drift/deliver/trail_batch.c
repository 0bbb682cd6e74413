#include "drift/deliver/trail_batch.h"

#include <string.h>

#include "core/base/hash.h"

#define UUID_OF_HASH 8 /* RFC 9562: its version */

struct uuid
trail_id(const struct uuid *channel, uint64_t chain, uint64_t first, uint64_t last)
{
	const uint64_t numbers[] = { chain, first, last };
	uint8_t        of[sizeof(*channel) + sizeof(numbers)], sum[HASH_LEN];
	struct uuid    id;

	memcpy(of, channel->b, sizeof(*channel));
	for (size_t i = 0; i < sizeof(numbers); i++)
		of[sizeof(*channel) + i] = (uint8_t)(numbers[i / 8] >> (56 - 8 * (i % 8)));
	hash_sha256(of, sizeof(of), sum);
	memcpy(id.b, sum, sizeof(id.b));
	id.b[6] = (uint8_t)((id.b[6] & 0x0f) | UUID_OF_HASH << 4);
	id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
	return id;
}

/* ---- the open form ---- */

static const struct field tenant_fields[] = {
	FIELD(struct trail_tenant, id),
	FIELD(struct trail_tenant, slug),
	FIELD(struct trail_tenant, name),
	FIELD_END,
};
static const struct schema trail_tenant_schema =
    SCHEMA("TrailTenant", struct trail_tenant, tenant_fields);

struct trail_lost {
	uint64_t first, last;
};
static const struct field lost_fields[] = {
	FIELD(struct trail_lost, first),
	FIELD(struct trail_lost, last),
	FIELD_END,
};
static const struct schema trail_lost_schema = SCHEMA("TrailLost", struct trail_lost, lost_fields);

struct trail_data {
	const struct trail_tenant *tenant;
	uint64_t                   chain, first, last;
	const struct trail_lost   *lost;
	struct items               entries;
};
static const struct field data_fields[] = {
	FIELD(struct trail_data, tenant, .item = &trail_tenant_schema),
	FIELD(struct trail_data, chain),
	FIELD(struct trail_data, first),
	FIELD(struct trail_data, last),
	FIELD(struct trail_data, lost, .item = &trail_lost_schema, .flags = FIELD_OMIT_ZERO),
	FIELD(struct trail_data, entries, .item = &audit_out_schema),
	FIELD_END,
};
static const struct schema trail_data_schema = SCHEMA("TrailData", struct trail_data, data_fields);

struct trail_envelope {
	const char              *type;
	instant                  timestamp;
	const struct trail_data *data;
};
static const struct field envelope_fields[] = {
	FIELD(struct trail_envelope, type),
	FIELD(struct trail_envelope, timestamp),
	FIELD(struct trail_envelope, data, .item = &trail_data_schema),
	FIELD_END,
};
static const struct schema trail_envelope_schema =
    SCHEMA("TrailEnvelope", struct trail_envelope, envelope_fields);

static bool
print(struct buf *b, const struct trail_batch *in, bool whole, struct err *e)
{
	const struct trail_lost lost = { in->lost_first, in->lost_last };
	const struct trail_data data = {
		.tenant = &in->tenant,
		.chain = in->chain,
		.first = in->entries[0].seq,
		.last = in->entries[in->n - 1].seq,
		.lost = in->lost_last != 0 ? &lost : NULL,
		.entries = { (void *)(uintptr_t)in->entries, in->n },
	};
	const struct trail_envelope envelope = { TRAIL_EVENT, in->entries[in->n - 1].at, &data };

	return whole ? schema_encode(b, &trail_envelope_schema, &envelope, e)
		     : schema_encode(b, &trail_data_schema, &data, e);
}

bool
trail_print(struct buf *b, const struct trail_batch *in, struct err *e)
{
	return print(b, in, true, e);
}

bool
trail_print_data(struct buf *b, const struct trail_batch *in, struct err *e)
{
	return print(b, in, false, e);
}
