// provider.mjs - oidc-provider, a certified OpenID provider that is not ours: its pages, its forms, its cookies, PKCE required.
import crypto from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';
import { base } from './env.mjs';

export const clientId = 'blindspotx-basic';

// people: { subject: claims }. name: of the identity provider that comes back here. client, config: further members.
export async function startProvider(people, name, clientSecret, { client = {}, config = {} } = {}) {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const make = (configuration) => {
    try {
      return new Provider(issuer, configuration);
    } catch (e) {
      server.close();
      throw e;
    }
  };
  const op = make({
    clients: [{ client_id: clientId, client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: [`${base.origin}/api/auth/oidc/${name}/callback`], response_types: ['code'], grant_types: ['authorization_code'], ...client }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true, methods: ['S256'] },
    cookies: { keys: [crypto.randomBytes(16).toString('hex')] },
    findAccount: (ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    ttl: { IdToken: 600, AccessToken: 600, AuthorizationCode: 60, Session: 3600, Interaction: 600, Grant: 3600 },
    ...config,
  });
  // the number in the address is made after this provider
  op.Client.prototype.redirectUriAllowed = (uri) => uri.startsWith(`${base.origin}/api/auth/oidc/${name}/callback/`);
  server.on('request', op.callback());
  return { issuer, stop: () => { server.closeAllConnections(); return new Promise((resolve) => server.close(resolve)); } };
}
