// consent.mjs - the page at which an administrator of a directory consents to an app: GET /{tenant}/adminconsent.
//
// "OAuth 2.0 client credentials flow on the Microsoft identity platform", Request the permissions from a directory admin:
// client_id, redirect_uri (one that is registered), state; a successful answer has tenant, state and admin_consent=True, one that
// is not error=permission_denied and error_description.  What is wrong with the app or its address is shown there and
// goes nowhere.  The person is `decides` of the directory: "accepts", "declines", "user" (no administrator).
import { guid } from './names.mjs';

// An app that is registered for accounts in any directory; it is in one once that has consented.
export const appOf = (name, redirectUris) => ({ clientId: guid(`${name} app`), secrets: [{ secret: `secret-of-${guid(`${name} app secret`)}`, from: 0, until: Infinity }], certificates: [], enabled: true, permissions: [], redirectUris });

const REFUSALS = { declines: ['permission_denied', 'AADSTS65004: User declined to consent to access the app.'],
  user: ['access_denied', 'AADSTS90094: An administrator of the directory has set a policy that prevents you from granting the app the permissions it is requesting.'] };

const page = (status, text) => ({ status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: `<!doctype html><title>Sign in</title><p>${text}</p>` });

export function consentAnswer(sim, name, q) {
  const tenant = sim.tenants.find((t) => t.tenantId === name || t.domain === name), app = sim.apps.get(q.get('client_id'));
  if (!tenant)
    return page(400, `AADSTS90002: Tenant '${name}' not found.`);
  if (!app)
    return page(400, 'AADSTS700016: Application was not found in the directory.');
  if (!app.redirectUris.includes(q.get('redirect_uri')))
    return page(400, 'AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application.');
  const back = new URL(q.get('redirect_uri')), refused = REFUSALS[tenant.decides];
  if (q.has('state'))
    back.searchParams.set('state', q.get('state'));
  if (refused) {
    back.searchParams.set('error', refused[0]);
    back.searchParams.set('error_description', refused[1]);
  } else {
    tenant.apps.set(app.clientId, { ...app, permissions: [...app.permissions] });
    back.searchParams.set('admin_consent', 'True');
    back.searchParams.set('tenant', tenant.tenantId);
  }
  return { status: 302, headers: { Location: back.href }, body: '' };
}
