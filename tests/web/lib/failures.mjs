// failures.mjs - what an API can answer instead of doing it, and the sentence that a page has for each.
export const failures = {
  401: { code: 'unauthenticated', says: /not signed in any more|session has ended/ },
  403: { code: 'forbidden', says: /You may not do this/ },
  409: { code: 'conflict', says: /Somebody changed this at the same time/ },
  412: { code: 'precondition_failed', says: /Somebody changed this meanwhile/ },
  429: { code: 'rate_limited', says: /Too many requests.*(try again in 7 seconds)?/s, retry: 7 },
  503: { code: 'unavailable', says: /cannot reach its database.*(try again in 7 seconds)?/s, retry: 7 },
  gateway: { status: 502, says: /what stands behind it did not/ },
  cut: { cut: true, says: /could not be reached/ },
};

// Answers so in place of what `pattern` and `method` name, until the returned function is called.
export async function fail(v, kind, { pattern, method }) {
  const f = failures[kind], status = f.status ?? Number(kind);
  const answer = (route) => {
    if (method !== undefined && route.request().method() !== method)
      return route.fallback();
    if (f.cut)
      return route.abort('connectionreset');
    if (f.code === undefined)
      return route.fulfill({ status, contentType: 'text/html', body: '<h1>Bad gateway</h1>' });
    return route.fulfill({ status, contentType: 'application/problem+json', headers: f.retry ? { 'Retry-After': String(f.retry) } : {},
      body: JSON.stringify({ type: 'about:blank', title: 'Refused', status, code: f.code, request_id: 'r-1' }) });
  };
  const refresh = (route) => answer(route);
  await v.context.route(pattern, answer);
  if (kind === '401') // renewing the session does not help either
    await v.context.route('**/api/auth/refresh', refresh);
  return async () => {
    await v.context.unroute(pattern, answer);
    await v.context.unroute('**/api/auth/refresh', refresh);
  };
}
