// answers.mjs - what Graph and its gateway say when they refuse, in their own shapes.
//
// An answer is { status, headers, body }: body is a value that is sent as JSON, or a text that is sent as it is.
import { guid } from './names.mjs';

export const JSON_TYPE = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

// "Microsoft Graph error responses and resource types", Error resource type: the inner error carries date, request-id
// and client-request-id, the code is what a program looks at, the message is for people.
export function refusal(status, code, message, when, { headers = {}, inner = {} } = {}) {
  const id = guid(`request ${when.getTime()} ${code} ${Math.random()}`);
  return { status, headers: { 'Content-Type': 'application/json', 'request-id': id, 'client-request-id': id, ...headers },
    body: { error: { code, message, innerError: { date: when.toISOString().slice(0, 19), 'request-id': id, 'client-request-id': id, ...inner } } } };
}

// "Resolve Microsoft Graph authorization errors": 401, the token is missing, over or not for Graph.
export const unauthorized = (when, message = 'Access token has expired or is not yet valid.') =>
  refusal(401, 'InvalidAuthenticationToken', message, when);

// "Resolve Microsoft Graph authorization errors": 403, in the words of the service that stands behind the path.
export const DENIALS = {
  // directory objects
  directory: (when) => refusal(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.', when),
  // "conditionalAccessPolicy resource type" and the policies: the scopes are told apart from the directory's
  policies: (when) => refusal(403, 'AccessDenied', 'You cannot perform the requested operation, required scopes are missing in the token.', when),
  // audit logs, reports and security: the roles that would do stand in the message
  roles: (when, resource) => refusal(403, 'Forbidden', `Missing application roles. API required roles: ${(resource?.permissions ?? []).join(',')}, application roles: .`, when),
  // "Microsoft Entra licensing": what the directory did not buy is no missing permission
  licence: (when) => refusal(403, 'Forbidden', 'Your tenant is not licensed for this feature.', when),
  // "HTTP response codes in Application Gateway", 403: the gateway in front of Graph answers in HTML
  gateway: () => ({ status: 403, headers: { 'Content-Type': 'text/html', Server: 'Microsoft-Azure-Application-Gateway/v2' },
    body: '<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n' }),
  // the same, cut from a buffer that was not filled
  nul: () => ({ status: 403, headers: { 'Content-Type': 'application/json' }, body: '\0'.repeat(512) }),
};

// "Microsoft Graph throttling guidance", What happens when throttling occurs: 429, and Retry-After where the service has it.
export function throttled(when, retryAfter, headers = {}) {
  return refusal(429, 'TooManyRequests', 'Please retry again later.', when, {
    headers: { ...(retryAfter !== null && { 'Retry-After': String(retryAfter) }), ...headers },
    inner: { code: '429', message: 'Please retry after', status: '429' } });
}

// "Microsoft Graph error responses and resource types", HTTP status codes: 500, 502, 503, 504, 509.
const SENTENCES = { 500: ['InternalServerError', 'Internal server error.'], 502: ['BadGateway', 'Bad gateway.'], 503: ['ServiceUnavailable', 'The service is temporarily unavailable.'],
  504: ['GatewayTimeout', 'The gateway did not receive an answer in time.'], 509: ['BandwidthLimitExceeded', 'Bandwidth limit exceeded.'] };
export const unavailable = (when, status, retryAfter = null) =>
  refusal(status, ...(SENTENCES[status] ?? ['UnknownError', '']), when, { headers: retryAfter === null ? {} : { 'Retry-After': String(retryAfter) } });

export const missing = (when, what) => refusal(404, 'Request_ResourceNotFound', `Resource '${what}' does not exist or one of its queried reference-property objects are not present.`, when);
export const badRequest = (when, code, message) => refusal(400, code, message, when);
