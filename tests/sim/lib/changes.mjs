// changes.mjs - what an administrator, or somebody in their place, does to a directory: one deed a row.
//
// Each says what it does, where it is seen (the path below /v1.0 of the list or object that is read) and how severe a reader of
// configuration should call it; `so`: the collection made of others in which it is seen too.  `make` changes a tenant and returns the id of what it changed.
import { guid } from './names.mjs';
import { APP_ROLES, GLOBAL_ADMINISTRATOR } from './roles.mjs';

const id = (t, name) => guid(`${t.tenantId} ${name}`);
const found = (t, path, test) => t.state[path].find(test);
const patched = (t, path, which, change) => { t.patch(path, which, change); return which ?? path; };
const grown = (t, path, which, name, value) => { const o = t.find(path, which); return patched(t, path, which, { [name]: [...o[name], value] }); };
const user = (t, n) => t.state.users[n];
const role = (t, template) => found(t, 'directoryRoles', (r) => r.roleTemplateId === template);
const member = (t, n) => ({ '@odata.type': '#microsoft.graph.user', id: user(t, n).id, displayName: user(t, n).displayName, userPrincipalName: user(t, n).userPrincipalName });

export const CHANGES = [
  { name: 'policy-disabled', at: 'identity/conditionalAccess/policies', severity: 'critical', says: 'A conditional access policy is switched off.',
    make: (t) => patched(t, 'identity/conditionalAccess/policies', id(t, 'policy 0'), { state: 'disabled' }) },
  { name: 'policy-excludes', at: 'identity/conditionalAccess/policies', severity: 'high', says: 'Somebody is excluded from a conditional access policy.',
    make: (t) => patched(t, 'identity/conditionalAccess/policies', id(t, 'policy 2'), { conditions: { users: { excludeUsers: [...t.find('identity/conditionalAccess/policies', id(t, 'policy 2')).conditions.users.excludeUsers, user(t, 77).id] } } }) },
  { name: 'policy-without-mfa', at: 'identity/conditionalAccess/policies', severity: 'critical', says: 'A conditional access policy has lost its grant controls.',
    make: (t) => patched(t, 'identity/conditionalAccess/policies', id(t, 'policy 6'), { grantControls: null }) },
  { name: 'any-address-trusted', at: 'identity/conditionalAccess/namedLocations', severity: 'critical', says: 'A named location covers every address.',
    make: (t) => grown(t, 'identity/conditionalAccess/namedLocations', id(t, 'location 3'), 'ipRanges', { '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '0.0.0.0/0' }) },
  { name: 'sms-enabled', at: 'policies/authenticationMethodsPolicy', severity: 'high', says: 'Codes by text message are accepted.',
    make: (t) => { const path = 'policies/authenticationMethodsPolicy', list = structuredClone(t.state[path].authenticationMethodConfigurations); list.find((m) => m.id === 'Sms').state = 'enabled'; return patched(t, path, undefined, { authenticationMethodConfigurations: list }); } },
  { name: 'strength-weaker', at: 'policies/authenticationStrengthPolicies', severity: 'high', says: 'An authentication strength accepts passwords with text messages.',
    make: (t) => grown(t, 'policies/authenticationStrengthPolicies', id(t, 'strength'), 'allowedCombinations', 'password,sms') },
  { name: 'users-make-apps', at: 'policies/authorizationPolicy', severity: 'high', says: 'Every user may register apps.',
    make: (t) => patched(t, 'policies/authorizationPolicy', undefined, { defaultUserRolePermissions: { allowedToCreateApps: true } }) },
  { name: 'security-defaults-off', at: 'policies/identitySecurityDefaultsEnforcementPolicy', severity: 'critical', says: 'Security defaults are switched off.',
    make: (t) => patched(t, 'policies/identitySecurityDefaultsEnforcementPolicy', undefined, { isEnabled: false }) },
  { name: 'partner-mfa-trusted', at: 'policies/crossTenantAccessPolicy/default', severity: 'high', says: 'Multifactor claims of other directories are trusted.',
    make: (t) => patched(t, 'policies/crossTenantAccessPolicy/default', undefined, { inboundTrust: { isMfaAccepted: true } }) },
  { name: 'partner-added', at: 'policies/crossTenantAccessPolicy/partners', severity: 'medium', says: 'A partner directory is added.',
    make: (t) => t.add('policies/crossTenantAccessPolicy/partners', { ...structuredClone(t.state['policies/crossTenantAccessPolicy/partners'][0]), tenantId: id(t, 'partner new') }).tenantId },
  { name: 'administrator-added', at: 'directoryRoles/{id}/members', severity: 'critical', says: 'Somebody is made Global Administrator.',
    make: (t) => { const r = role(t, GLOBAL_ADMINISTRATOR); t.add(`directoryRoles/${r.id}/members`, member(t, 120)); return r.id; } },
  { name: 'administrator-assigned', at: 'roleManagement/directory/roleAssignments', severity: 'critical', says: 'The role Global Administrator is assigned.',
    make: (t) => t.add('roleManagement/directory/roleAssignments', { id: id(t, 'assignment new').replaceAll('-', ''), principalId: user(t, 121).id, directoryScopeId: '/', roleDefinitionId: GLOBAL_ADMINISTRATOR }).id },
  { name: 'custom-role-wider', at: 'roleManagement/directory/roleDefinitions', severity: 'critical', says: 'A custom role may do everything with apps.',
    make: (t) => patched(t, 'roleManagement/directory/roleDefinitions', id(t, 'custom role 0'), { rolePermissions: [{ allowedResourceActions: ['microsoft.directory/applications/basic/read', 'microsoft.directory/applications/owners/read', 'microsoft.directory/applications/allTasks'], condition: null }] }) },
  { name: 'administrator-eligible', at: 'roleManagement/directory/roleEligibilityScheduleInstances', severity: 'critical', says: 'Somebody may become Global Administrator.',
    make: (t) => t.add('roleManagement/directory/roleEligibilityScheduleInstances', { ...t.state['roleManagement/directory/roleEligibilityScheduleInstances'][0], id: id(t, 'eligibility new'), principalId: user(t, 122).id, roleDefinitionId: GLOBAL_ADMINISTRATOR }).id },
  { name: 'activation-unapproved', at: 'policies/roleManagementPolicies', severity: 'high', says: 'Activating Global Administrator needs no approval.',
    make: (t) => { const path = 'policies/roleManagementPolicies', p = t.state[path][0], rules = structuredClone(p.rules); rules.find((r) => r.setting).setting.isApprovalRequired = false; return patched(t, path, p.id, { rules }); } },
  { name: 'app-secret', at: 'applications', severity: 'high', says: 'An app gets a new secret.',
    make: (t) => grown(t, 'applications', id(t, 'app 1'), 'passwordCredentials', { customKeyIdentifier: null, displayName: 'spare', endDateTime: '2027-06-01T00:00:00Z', hint: 'xyz', keyId: id(t, 'secret new'), secretText: null, startDateTime: '2026-06-01T00:00:00Z' }) },
  { name: 'app-owner', at: 'applications/{id}/owners', severity: 'high', says: 'An app gets a new owner.',
    make: (t) => { t.add(`applications/${id(t, 'app 3')}/owners`, member(t, 123)); return id(t, 'app 3'); } },
  { name: 'app-federated', at: 'applications/{id}/federatedIdentityCredentials', severity: 'high', says: 'An app trusts an outside identity.',
    make: (t) => { t.add(`applications/${id(t, 'app 5')}/federatedIdentityCredentials`, { id: id(t, 'federated new'), name: 'elsewhere', issuer: 'https://build.elsewhere.example', subject: 'repo:elsewhere:main', description: null, audiences: ['api://AzureADTokenExchange'] }); return id(t, 'app 5'); } },
  { name: 'app-takes-roles', at: 'servicePrincipals/{id}/appRoleAssignments', severity: 'critical', says: 'An app may assign roles.',
    make: (t) => { const p = found(t, 'servicePrincipals', (o) => o.id === id(t, 'principal 2')); t.add(`servicePrincipals/${p.id}/appRoleAssignments`, { id: id(t, 'role assignment new').replaceAll('-', ''), deletedDateTime: null, appRoleId: APP_ROLES['RoleManagement.ReadWrite.Directory'],
      createdDateTime: '2026-06-01T00:00:00Z', principalDisplayName: p.displayName, principalId: p.id, principalType: 'ServicePrincipal', resourceDisplayName: 'Microsoft Graph', resourceId: id(t, 'principal graph') }); return p.id; } },
  { name: 'principal-disabled', at: 'servicePrincipals', severity: 'medium', says: "An app's account is switched off.",
    make: (t) => patched(t, 'servicePrincipals', id(t, 'principal 4'), { accountEnabled: false }) },
  { name: 'consent-to-mail', at: 'oauth2PermissionGrants', severity: 'high', says: 'A consent covers mail.',
    make: (t) => patched(t, 'oauth2PermissionGrants', id(t, 'grant 0').replaceAll('-', ''), { scope: 'openid profile User.Read Mail.Read' }) },
  { name: 'domain-federated', at: 'domains', severity: 'critical', says: 'Sign-ins of a domain go elsewhere.',
    make: (t) => patched(t, 'domains', t.state.domains[0].id, { authenticationType: 'Federated' }) },
  { name: 'federation-issuer', at: 'domains/{id}/federationConfiguration', severity: 'critical', says: 'Another issuer signs for a federated domain.',
    make: (t) => patched(t, 'domains/yard.example/federationConfiguration', id(t, 'federation'), { issuerUri: 'https://idp.elsewhere.example/trust' }) && 'yard.example' },
  { name: 'banned-passwords-off', at: 'groupSettings', severity: 'medium', says: 'Banned passwords are not checked any more.',
    make: (t) => { const s = t.state.groupSettings[0]; return patched(t, 'groupSettings', s.id, { values: s.values.map((v) => v.name === 'EnableBannedPasswordCheck' ? { ...v, value: 'False' } : v) }); } },
  { name: 'role-group-member', at: 'groups/{id}/members', severity: 'critical', says: 'Somebody joins a group that can hold roles.', so: 'roleManagement/directory/roleAssignmentsThroughGroups',
    make: (t) => { t.add(`groups/${id(t, 'group Role holders 1')}/members`, member(t, 124)); return id(t, 'group Role holders 1'); } },
  { name: 'admin-consent-off', at: 'policies/adminConsentRequestPolicy', severity: 'medium', says: 'Nobody can ask an administrator for consent.',
    make: (t) => patched(t, 'policies/adminConsentRequestPolicy', undefined, { isEnabled: false }) },
  { name: 'app-restrictions-off', at: 'policies/defaultAppManagementPolicy', severity: 'high', says: 'Restrictions of app secrets are switched off.',
    make: (t) => patched(t, 'policies/defaultAppManagementPolicy', undefined, { isEnabled: false }) },
  { name: 'tokens-live-longer', at: 'policies/tokenLifetimePolicies', severity: 'medium', says: 'Tokens live for a day.',
    make: (t) => patched(t, 'policies/tokenLifetimePolicies', id(t, 'token lifetime'), { definition: ['{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"23:59:59"}}'] }) },
  { name: 'security-mail', at: 'organization', severity: 'medium', says: 'Security findings go to somebody else.',
    make: (t) => patched(t, 'organization', t.tenantId, { securityComplianceNotificationMails: ['security@elsewhere.example'] }) },
  { name: 'break-glass-disabled', at: 'users', severity: 'critical', says: 'An emergency account is disabled.',
    make: (t) => patched(t, 'users', user(t, 0).id, { accountEnabled: false }) },
  { name: 'guest-made-member', at: 'users', severity: 'high', says: 'A guest becomes a member.',
    make: (t) => patched(t, 'users', user(t, 24).id, { userType: 'Member' }) },
  { name: 'licence-suspended', at: 'subscribedSkus', severity: 'medium', says: 'The licence with risk-based protection is suspended.',
    make: (t) => { const s = found(t, 'subscribedSkus', (o) => o.skuPartNumber === 'AAD_PREMIUM_P2'); return patched(t, 'subscribedSkus', s.id, { capabilityStatus: 'Suspended' }); } },
  { name: 'unit-opened', at: 'directory/administrativeUnits', severity: 'high', says: 'A restricted unit no longer protects its members.',
    make: (t) => patched(t, 'directory/administrativeUnits', id(t, 'unit 0'), { isMemberManagementRestricted: false }) },
  { name: 'sign-in-extension', at: 'identity/authenticationEventListeners', severity: 'high', says: 'An outside service takes part in sign-ins.',
    make: (t) => t.add('identity/authenticationEventListeners', { '@odata.type': '#microsoft.graph.onTokenIssuanceStartListener', id: id(t, 'listener'), authenticationEventsFlowId: null, displayName: null,
      conditions: { applications: { includeAllApplications: false } }, handler: { '@odata.type': '#microsoft.graph.onTokenIssuanceStartCustomExtensionHandler', configuration: null, customExtension: { id: id(t, 'extension') } } }).id },
];

// What the log says of a deed beside its id: "directoryAudit resource type", "Microsoft Entra audit log categories and activities".
// A conditional access policy is written down whole, before and after; a role by its template; what has no id there by its activity.
const property = (displayName, oldValue, newValue) => ({ displayName, oldValue: oldValue === undefined ? null : JSON.stringify(oldValue), newValue: newValue === undefined ? null : JSON.stringify(newValue) });
const target = (id_, modifiedProperties = [], more = {}) => ({ id: id_, displayName: null, type: 'Other', userPrincipalName: null, groupType: null, modifiedProperties, ...more });
const policyTarget = (which, was, is) => [target(which, [property('ConditionalAccessPolicy', was, is)], { type: 'Policy' })];
const AUDITS = {
  'policy-disabled': policyTarget, 'policy-excludes': policyTarget, 'policy-without-mfa': policyTarget,
  'administrator-added': (which, was, is, t) => [target(user(t, 120).id, [property('Role.TemplateId', undefined, GLOBAL_ADMINISTRATOR)], { type: 'User' }), target(which, [], { type: 'Role' })],
  'administrator-assigned': (which, was, is, t) => [target(user(t, 121).id, [property('Role.TemplateId', undefined, GLOBAL_ADMINISTRATOR)], { type: 'User' })],
  'administrator-eligible': (which, was, is, t) => [target(user(t, 122).id, [property('Role.TemplateId', undefined, GLOBAL_ADMINISTRATOR)], { type: 'User' })],
  'consent-to-mail': (which, was, is) => [target(is.resourceId, [property('DelegatedPermissionGrant.Scope', was.scope, is.scope), property('ServicePrincipal.ObjectID', undefined, is.clientId)], { type: 'ServicePrincipal' })],
  'principal-disabled': (which, was, is) => [target(which, [property('AccountEnabled', [was.accountEnabled], [is.accountEnabled])], { type: 'ServicePrincipal' })],
  'break-glass-disabled': (which, was, is) => [target(which, [property('AccountEnabled', [was.accountEnabled], [is.accountEnabled])], { type: 'User' })],
  'domain-federated': (which) => [target(null, [], { displayName: which })],
  'federation-issuer': (which) => [target(null, [], { displayName: which })],
};
const ACTIVITIES = { 'users-make-apps': 'Update authorization policy', 'sms-enabled': 'Authentication Methods Policy Update', 'partner-mfa-trusted': 'Update the company default cross-tenant access setting',
  'domain-federated': 'Set domain authentication', 'federation-issuer': 'Set federation settings on domain', 'banned-passwords-off': 'Update group settings', 'administrator-added': 'Add member to role', 'administrator-assigned': 'Add member to role',
  'administrator-eligible': 'Add eligible member to role', 'consent-to-mail': 'Add delegated permission grant',
  'policy-disabled': 'Update conditional access policy', 'policy-excludes': 'Update conditional access policy', 'policy-without-mfa': 'Update conditional access policy', 'any-address-trusted': 'Update named location',
  'strength-weaker': 'Authentication Strength Policy Update', 'security-defaults-off': 'Update security defaults', 'partner-added': 'Add a partner to cross-tenant access setting', 'custom-role-wider': 'Update role definition',
  'activation-unapproved': 'Update role setting in PIM', 'app-secret': 'Update application - Certificates and secrets management', 'app-owner': 'Add owner to application', 'app-federated': 'Update application',
  'app-takes-roles': 'Add app role assignment to service principal', 'principal-disabled': 'Update service principal', 'role-group-member': 'Add member to group', 'app-restrictions-off': 'Update policy', 'tokens-live-longer': 'Update policy',
  'security-mail': 'Update company', 'break-glass-disabled': 'Disable account', 'guest-made-member': 'Update user', 'unit-opened': 'Update administrative unit', 'sign-in-extension': 'Create authenticationEventListener' };

// Does a deed and writes it down as the directory would: "directoryAudit resource type". An app has no appId there.
export function deed(tenant, name, { by, delay_s = 0 } = {}) {
  const change = CHANGES.find((c) => c.name === name);
  if (!change)
    throw new RangeError(`there is no change ${name}; there are ${CHANGES.map((c) => c.name).join(', ')}`);
  const before = { [change.at]: structuredClone(tenant.state[change.at]) }, at = (state, which) => Array.isArray(state[change.at]) ? state[change.at].find((o) => o.id === which) : state[change.at];
  const which = change.make(tenant), who = user(tenant, 2), app = by === 'app', targets = AUDITS[name]?.(which, at(before, which), at(tenant.state, which), tenant) ?? [target(which)];
  tenant.state['auditLogs/directoryAudits'].push({ id: `Directory_${guid(`${tenant.tenantId} ${name}`)}_${tenant.version}`, category: 'Policy', correlationId: guid(`${name} ${tenant.now}`), result: 'success', resultReason: '',
    activityDisplayName: ACTIVITIES[name] ?? `Update ${change.at.split('/').at(-1)}`, activityDateTime: tenant.when.toISOString(), loggedByService: 'Core Directory', operationType: 'Update', visibleFrom: tenant.now + delay_s * 1000,
    initiatedBy: app ? { user: null, app: { appId: null, displayName: 'Service 1', servicePrincipalId: id(tenant, 'principal 0'), servicePrincipalName: null } }
      : { user: { id: who.id, displayName: null, userPrincipalName: who.userPrincipalName, ipAddress: '203.0.113.7' }, app: null },
    targetResources: targets, additionalDetails: [] });
  return { name, at: change.at, severity: change.severity, says: change.says, id: which };
}
