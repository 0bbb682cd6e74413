// throttle.mjs - how much Graph answers, by the limits that it publishes.
//
// "Microsoft Graph service-specific throttling limits"
// - "Identity and access service limits": a bucket of resource units for each app and tenant, 3,500, 5,000 or 8,000 in 10 seconds
//   by the number of users (below 50, to 500, above); a read costs what its row says, $select 1 less, $expand 1 more, $top below
//   20 1 less, never less than 1; x-ms-resource-unit in every answer, x-ms-throttle-limit-percentage above 0.8
// - "Identity protection and conditional access service limits": one request a second in a tenant for all apps, and its 429 has no
//   Retry-After
// - "Identity and access reports service limits": 5 requests in 10 seconds for each app and tenant
export function costOf(row, q) {
  const top = q.has('$top') ? Number(q.get('$top')) : Infinity;
  return Math.max(1, row.cost - (q.has('$select') ? 1 : 0) + (q.has('$expand') ? 1 : 0) - (top < 20 ? 1 : 0));
}

class Bucket {
  constructor(perSecond, most, now) { Object.assign(this, { perSecond, most, has: most, at: now }); }

  // Milliseconds until it would do; 0: it was taken. A clock's grain is not held against anybody.
  take(cost, now) {
    this.has = Math.min(this.most, this.has + (now - this.at) * this.perSecond / 1000);
    this.at = now;
    if (this.has < cost - 0.05)
      return Math.ceil((cost - this.has) / this.perSecond * 1000);
    this.has -= cost;
    return 0;
  }
  get share() { return 1 - this.has / this.most; }
}

export class Limits {
  constructor() { this.buckets = new Map(); this.on = true; }

  #bucket(name, perSecond, most, now) {
    if (!this.buckets.has(name))
      this.buckets.set(name, new Bucket(perSecond, most, now));
    return this.buckets.get(name);
  }

  // What a request takes: { wait_ms, retryAfter (null: none is told), headers }.
  take(row, q, app, tenant, users, now) {
    const cost = costOf(row, q);
    if (row.bucket === 'conditionalAccess')
      return { wait_ms: this.on ? this.#bucket('ca', 1, 1, now).take(1, now) : 0, retryAfter: null, headers: {} };
    if (row.bucket === 'reports') {
      const wait = this.on ? this.#bucket(`reports ${app}`, 0.5, 5, now).take(1, now) : 0;
      return { wait_ms: wait, retryAfter: Math.ceil(wait / 1000), headers: {} };
    }
    const units = users < 50 ? 3500 : users <= 500 ? 5000 : 8000, bucket = this.#bucket(`identity ${app}`, units / 10, units, now), wait = this.on ? bucket.take(cost, now) : 0;
    const headers = wait > 0
      ? { 'x-ms-throttle-scope': `Tenant_Application/ReadWrite/${app}/${tenant}`, 'x-ms-throttle-information': 'ResourceUnitLimitExceeded' }
      : { 'x-ms-resource-unit': String(cost), ...(bucket.share > 0.8 && { 'x-ms-throttle-limit-percentage': bucket.share.toFixed(1) }) };
    return { wait_ms: wait, retryAfter: Math.ceil(wait / 1000), headers };
  }
}
