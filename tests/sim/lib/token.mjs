// token.mjs - the token endpoint: POST /{tenant}/oauth2/v2.0/token, for apps.
//
// "OAuth 2.0 client credentials flow on the Microsoft identity platform", Get a token: a shared secret or a certificate, and a
// scope that ends in /.default. "Microsoft Entra authentication and authorization error codes": error_codes is what a program
// looks at; texts change.
import crypto from 'node:crypto';
import { guid } from './names.mjs';

// code: [status, error, text]
const ERRORS = {
  7000215: [401, 'invalid_client', (c) => `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${c}'.`],
  7000222: [401, 'invalid_client', (c) => `The provided client secret keys for app '${c}' are expired. Visit the portal to create new keys for your app, or consider using certificate credentials for added security.`],
  700016: [400, 'unauthorized_client', (c) => `Application with identifier '${c}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`],
  7000112: [401, 'unauthorized_client', (c) => `Application '${c}' is disabled.`],
  90002: [400, 'invalid_request', (c) => `Tenant '${c}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`],
  900023: [400, 'invalid_request', (c) => `Specified tenant identifier '${c}' is neither a valid DNS name, nor a valid external domain.`],
  900144: [400, 'invalid_request', (c) => `The request body must contain the following parameter: '${c}'.`],
  70003: [400, 'unsupported_grant_type', () => 'The app requested an unsupported grant type.'],
  1002012: [400, 'invalid_scope', (c) => `The provided value for scope ${c} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`],
  7000216: [401, 'invalid_client', () => "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."],
  700027: [401, 'invalid_client', () => 'The certificate with identifier used to sign the client assertion is not registered on application, or the signature is not valid.'],
  700021: [401, 'invalid_client', () => "Client assertion application identifier doesn't match 'client_id' parameter."],
  700023: [401, 'invalid_client', () => 'Client assertion audience claim does not match Realm issuer.'],
  700024: [401, 'invalid_client', () => 'Client assertion is not within its valid time range.'],
  50013: [400, 'invalid_grant', () => 'Assertion failed signature validation.'],
};

export function tokenError(code, subject, when) {
  const [status, error, text] = ERRORS[code] ?? [400, 'invalid_request', () => 'The request failed.'];
  const trace = guid(`trace ${when.getTime()} ${code}`), stamp = `${when.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return { status, headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache' },
    body: { error, error_description: `AADSTS${code}: ${text(subject)} Trace ID: ${trace} Correlation ID: ${trace} Timestamp: ${stamp}`, error_codes: [Number(code)],
      timestamp: stamp, trace_id: trace, correlation_id: trace, error_uri: `https://login.microsoftonline.com/error?code=${code}` } };
}

// { tenant, form, url }: url is that of the endpoint as the client sees it.
export function tokenAnswer(tenants, name, form, url, when) {
  if (!/^[\w.-]+$/.test(name))
    return tokenError(900023, name, when);
  const tenant = tenants.find((t) => t.tenantId === name || t.domain === name);
  if (!tenant)
    return tokenError(90002, name, when);
  tenant.counts.tokens++;
  const fault = tenant.faults.hit('token').find((f) => f.kind === 'token_error');
  if (fault)
    return tokenError(fault.code ?? 7000215, form.get('client_id'), when);
  const wrong = formFault(form) ?? credentialFault(tenant, form, url);
  return wrong ? tokenError(...wrong, when) : granted(tenant, tenant.apps.get(form.get('client_id')), when);
}

function formFault(form) {
  for (const name of ['grant_type', 'client_id', 'scope'])
    if (!form.get(name))
      return [900144, name];
  if (form.get('grant_type') !== 'client_credentials')
    return [70003, ''];
  return form.get('scope').endsWith('/.default') ? null : [1002012, form.get('scope')];
}

function credentialFault(tenant, form, url) {
  const id = form.get('client_id'), app = tenant.apps.get(id);
  if (!app)
    return [700016, id];
  if (!app.enabled)
    return [7000112, id];
  if (form.get('client_assertion'))
    return form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' ? assertionFault(tenant, app, form.get('client_assertion'), url) : [900144, 'client_assertion_type'];
  if (!form.get('client_secret'))
    return [7000216, ''];
  // A secret that was just made is not everywhere at once: until then it is as wrong as any other.
  const secret = app.secrets.find((s) => s.secret === form.get('client_secret'));
  if (!secret || tenant.now < secret.from)
    return [7000215, id];
  return tenant.now >= secret.until ? [7000222, id] : null;
}

// "Microsoft identity platform application authentication certificate credentials", Assertion format: PS256 or RS256, the
// certificate by x5t#S256 (or x5t, SHA-1); aud is the token endpoint, iss and sub the app, exp and nbf as in RFC 7519.
function assertionFault(tenant, app, text, url) {
  const [head, claims] = text.split('.').slice(0, 2).map((part) => { try { return JSON.parse(Buffer.from(part, 'base64url')); } catch { return {}; } });
  const certificate = app.certificates.map((pem) => new crypto.X509Certificate(pem)).find((c) => thumb(c, 'sha256') === head['x5t#S256'] || (head.x5t !== undefined && thumb(c, 'sha1') === head.x5t));
  if (!certificate || !signed(text, head, certificate))
    return [700027, ''];
  const now = tenant.now / 1000;
  if (Date.parse(certificate.validTo) / 1000 < now || Date.parse(certificate.validFrom) / 1000 > now)
    return [700027, ''];
  if (claims.iss !== app.clientId || claims.sub !== app.clientId)
    return [700021, ''];
  const audience = new URL(url).origin;
  if (![url, `${audience}/${tenant.tenantId}/v2.0`, `${audience}/${tenant.tenantId}/oauth2/v2.0/token`].includes(claims.aud))
    return [700023, ''];
  return typeof claims.exp !== 'number' || claims.exp <= now || (claims.nbf ?? 0) > now + 300 || !claims.jti ? [700024, ''] : null;
}

const thumb = (certificate, hash) => crypto.createHash(hash).update(certificate.raw).digest('base64url');

function signed(text, head, certificate) {
  const cut = text.lastIndexOf('.'), key = { key: certificate.publicKey };
  if (head.alg === 'PS256')
    Object.assign(key, { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  else if (head.alg !== 'RS256')
    return false;
  return crypto.verify('sha256', Buffer.from(text.slice(0, cut)), key, Buffer.from(text.slice(cut + 1), 'base64url'));
}

// "Access tokens in the Microsoft identity platform": opaque to who asked for it; roles are the permissions that were consented to.
function granted(tenant, app, when) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url'), now = Math.floor(when.getTime() / 1000), lives = app.lives_s ?? 3599;
  const token = `${part({ typ: 'JWT', alg: 'RS256' })}.${part({ aud: 'https://graph.microsoft.com', tid: tenant.tenantId, appid: app.clientId, roles: app.permissions, iat: now, nbf: now, exp: now + lives })}.${crypto.randomBytes(32).toString('base64url')}`;
  tenant.tokens.set(token, { app, until: when.getTime() + lives * 1000, roles: [...app.permissions] });
  return { status: 200, headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache' },
    body: { token_type: 'Bearer', expires_in: lives, ext_expires_in: lives, access_token: token } };
}
