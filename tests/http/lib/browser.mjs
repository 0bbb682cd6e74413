// browser.mjs - a browser of somebody who signs in by a provider's own pages: follows redirects, keeps cookies by origin, sends forms.
import assert from 'node:assert/strict';
import { call, send } from './client.mjs';
import { base } from './env.mjs';

const cookieField = (jar) => [...jar].map(([k, v]) => `${k}=${v}`).join('; ');

export class Browser {
  // edit: (what the address bar shows of the provider's authorization endpoint): what is sent there instead
  constructor(tenant, edit = null) { Object.assign(this, { tenant, edit, jar: new Map(), forms: 0 }); }

  async go(url, form = null) {
    for (let hops = 0; hops < 20; hops++) {
      const u = new URL(url), jar = this.jar.get(u.origin) ?? new Map();
      if (u.pathname === '/auth') {
        this.asked = u.searchParams.get('scope');
        this.edit?.(u.searchParams);
      }
      this.jar.set(u.origin, jar);
      const a = await send(form ? 'POST' : 'GET', u.pathname + u.search, { port: u.port,
        body: form ? String(new URLSearchParams(form)) : undefined,
        headers: { Cookie: cookieField(jar), 'Content-Type': form ? 'application/x-www-form-urlencoded' : undefined } });
      for (const c of a.cookies) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(c);
        if (value === '' || /expires=Thu, 01 Jan 1970/i.test(c))
          jar.delete(name);
        else
          jar.set(name, value);
      }
      if (a.status < 300 || a.status >= 400)
        return { url: u, answer: a, text: a.text };
      const next = new URL(a.headers.location, u);
      if (u.origin === base.origin && next.origin === base.origin)
        return { url: next, answer: a, text: '' }; // back from the callback
      form = null;
      url = next;
    }
    throw new Error('too many redirects');
  }

  // Through the provider's own pages: its sign-in form and its consent form.
  async signIn(name, login, query = {}) {
    let page = await this.go(`${base.origin}/api/auth/oidc/${name}/start?${new URLSearchParams({ tenant: this.tenant, ...query })}`);
    for (this.forms = 0; page.url.origin !== base.origin && this.forms < 4; this.forms++) {
      const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1], prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1];
      assert.ok(action, page.text.slice(0, 2000));
      page = await this.go(new URL(action, page.url), prompt === 'login' ? { prompt, login, password: 'any' } : { prompt });
    }
    return page;
  }

  async me() {
    const a = await call('GET', '/api/auth/me', { headers: { Cookie: cookieField(this.jar.get(base.origin)) } });
    return { status: a.status, json: a.json };
  }
}
