// entra.mjs - Entra ID with Microsoft Graph beside it, as their documentation describes them, on this machine.
//
// A directory is one `tid`. Each behaviour names its document; titles are those of learn.microsoft.com.
import crypto from 'node:crypto';
import { Idp, now } from './idp.mjs';

export const personal = '9188040d-6c67-4c5b-b112-36a304b66dad';

export class Entra extends Idp {
  constructor(tid = crypto.randomUUID()) {
    super();
    this.tid = tid;
    this.groupsInToken = 200; // "Configure group claims for applications": 200 in a JWT
    this.consented = true; // to User.Read
    this.graph = null; // (request, response, person): true when it has answered in its own way
    this.userinfo = (who) => ({ sub: this.#subject(who), name: who.name, ...(who.email && { email: who.email }), picture: `${this.url}/v1.0/me/photo/$value` });
  }

  async start(keys = ['RS256', 'RS256', 'RS256']) {
    await super.start(keys);
    // "Signing key rollover" and "Secure applications by validating claims": of an endpoint that serves many directories, keys name
    // their issuers: of any directory, of personal accounts only, of this one
    [`${this.url}/{tenantid}/v2.0`, `${this.url}/${personal}/v2.0`, `${this.url}/${this.tid}/v2.0`].forEach((issuer, i) => { this.keys[i].jwk.issuer = issuer; });
    return this;
  }

  get issuer() { return `${this.url}/${this.tid}/v2.0`; }

  // "OpenID Connect on the Microsoft identity platform": what is said of itself; the UserInfo endpoint is Graph's ("UserInfo endpoint").
  document() {
    return this.discovery({ issuer: `${this.url}/{tenantid}/v2.0`, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`, jwks_uri: `${this.url}/keys`,
      userinfo_endpoint: `${this.url}/userinfo`, token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      response_modes_supported: ['query', 'fragment', 'form_post'], subject_types_supported: ['pairwise'], id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'], scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      request_uri_parameter_supported: false, tenant_region_scope: null, cloud_instance_name: 'microsoftonline.com', msgraph_host: new URL(this.url).host });
  }

  // "ID token claims reference": sub is pairwise, one for each application; oid is the person everywhere in the directory.
  #subject(who) {
    return crypto.createHash('sha256').update(`${this.tid} ${who.oid} ${this.clientId}`).digest('base64url');
  }

  // A person: { oid, upn, name, groups, roles, email, home }; what else there is are claims to be said instead.
  claims(code) {
    const { oid, upn, name, groups, roles, email, home, ...instead } = code.claims, who = code.claims;
    const claims = { aud: this.clientId, iss: `${this.url}/${instead.tid ?? this.tid}/v2.0`, iat: now(), nbf: now(), exp: now() + 300, aio: 'opaque', rh: 'opaque.', uti: 'opaque', ver: '2.0',
      tid: this.tid, oid, sub: this.#subject(who), nonce: code.nonce, name, preferred_username: upn };
    if (email)
      claims.email = email; // "Optional claims reference": only where the account has one; of guests always
    if (home)
      claims.idp = `${this.url}/${home}/`; // "ID token claims reference": of guests, who come from elsewhere
    if (roles?.length > 0)
      claims.roles = roles; // "Add app roles to your application": no claim when there is none
    if (groups?.length > this.groupsInToken) {
      // "Access token claims reference", groups overage: a pointer, and to the old Graph at that; it is not to be followed
      claims._claim_names = { groups: 'src1' };
      claims._claim_sources = { src1: { endpoint: `https://graph.windows.net/${this.tid}/users/${oid}/getMemberObjects` } };
    } else if (groups?.length > 0)
      claims.groups = groups;
    return { ...claims, ...instead };
  }

  other(q, a) {
    if (q.url !== '/v1.0/me/getMemberObjects')
      return false;
    this.seen.graph = (this.seen.graph ?? 0) + 1;
    const code = this.bearer(q), fail = (status, error) => { a.writeHead(status, { 'Content-Type': 'application/json' }); a.end(JSON.stringify({ error })); return true; };
    if (q.method !== 'POST' || !code)
      return fail(401, { code: 'InvalidAuthenticationToken', message: 'Access token is empty.' });
    if (this.graph?.(q, a, code.claims))
      return true;
    // "directoryObject: getMemberObjects": of the signed-in user, User.Read is enough; the answer has no order and no pages
    if (!this.consented || !code.scope.split(' ').includes('User.Read'))
      return fail(403, { code: 'Authorization_RequestDenied', message: 'Insufficient privileges to complete the operation.' });
    a.writeHead(200, { 'Content-Type': 'application/json;odata.metadata=minimal' });
    a.end(JSON.stringify({ '@odata.context': `${this.url}/v1.0/$metadata#Collection(Edm.String)`, value: code.claims.groups }));
    return true;
  }
}
