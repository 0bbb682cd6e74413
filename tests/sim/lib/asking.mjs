// asking.mjs - what the simulator's tests share: a simulator with one directory, and somebody who reads it.
import { Sim } from './sim.mjs';

export const sim = await new Sim().start();

// A directory and a reader of it: get(path, headers) -> { status, headers, body }.
export async function reader(options = {}) {
  const tenant = sim.add({ tenantId: crypto.randomUUID(), users: 130, policies: 8, roles: 15, apps: 6, limits: false, ...options });
  const got = await token(tenant);
  const ask = (path, headers = {}, more = {}) => send(path.startsWith('http') ? path : `${sim.url}/v1.0/${path}`, { ...more, headers: { authorization: `Bearer ${got.body.access_token}`, ...headers } });
  // Every page of a list, as a client follows it.
  const all = async (path, headers) => {
    const objects = [];
    for (let next = path, pages = 0; next; pages++) {
      const page = await ask(next, headers);
      if (page.status !== 200 || pages > 100)
        return { objects, refused: page, pages };
      objects.push(...page.body.value);
      next = page.body['@odata.nextLink'];
    }
    return { objects };
  };
  return { tenant, get: ask, all, fault: (f) => tenant.faults.add(f, () => tenant.copy()) };
}

export const form = (tenant, more = {}) => ({ grant_type: 'client_credentials', client_id: tenant.reader.clientId, scope: 'https://graph.microsoft.com/.default', ...more });
export const token = (tenant, more = { client_secret: tenant.reader.secrets[0].secret }, name = tenant.tenantId) =>
  send(`${sim.url}/${name}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form(tenant, more)) });

async function send(url, options) {
  const a = await fetch(url, options), text = await a.text();
  let body = text;
  try { body = JSON.parse(text); } catch { /* it is no JSON, and the test looks */ }
  return { status: a.status, headers: a.headers, body };
}
