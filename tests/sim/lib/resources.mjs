// resources.mjs - what can be read of a directory: one row for each path of Graph v1.0.
//
// A row says which application permissions are enough ("Permissions" of the page that is named, the least one first), in whose
// words it is refused (a key of DENIALS), which limit it counts against and what it costs there, whether it has pages, and what
// of its objects is shown: `usual` without $select, `expand` only with $expand.

const POLICY = ['Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Policy.ReadWrite.ApplicationConfiguration'];
const ROLE = ['RoleManagement.Read.Directory', 'RoleManagement.Read.All', 'Directory.Read.All', 'RoleManagement.ReadWrite.Directory'];
const directory = (page, path, more) => ({ page, path, family: 'directory', bucket: 'identity', cost: 1, pages: true, advanced: true, ...more });
const policy = (page, path, more) => ({ page, path, permissions: POLICY, family: 'policies', bucket: 'identity', cost: 1, pages: true, ...more });
const one = { pages: false, single: true };

export const RESOURCES = [
  // "Identity protection and conditional access service limits": policies and named locations share one request a second
  policy('List policies (conditionalAccessPolicy)', 'identity/conditionalAccess/policies', { bucket: 'conditionalAccess' }),
  policy('List namedLocations', 'identity/conditionalAccess/namedLocations', { bucket: 'conditionalAccess' }),
  policy('Get authenticationMethodsPolicy', 'policies/authenticationMethodsPolicy', { ...one, permissions: ['Policy.Read.AuthenticationMethod', 'Policy.Read.All'] }),
  policy('List authenticationStrengthPolicies', 'policies/authenticationStrengthPolicies', { permissions: ['Policy.Read.AuthenticationMethod', 'Policy.Read.All'] }),
  policy('Get authorizationPolicy', 'policies/authorizationPolicy', one),
  policy('Get identitySecurityDefaultsEnforcementPolicy', 'policies/identitySecurityDefaultsEnforcementPolicy', one),
  policy('Get crossTenantAccessPolicyConfigurationDefault', 'policies/crossTenantAccessPolicy/default', one),
  policy('List partners (crossTenantAccessPolicyConfigurationPartner)', 'policies/crossTenantAccessPolicy/partners'),
  // "Paging Microsoft Graph data in your app": neither roles nor their members have pages
  directory('List directoryRoles', 'directoryRoles', { permissions: ROLE, pages: false, delta: true }),
  directory('List members of a directory role', 'directoryRoles/{id}/members', { permissions: ROLE, pages: false }),
  directory('List unifiedRoleAssignments', 'roleManagement/directory/roleAssignments', { permissions: ROLE, expand: ['principal'] }),
  directory('List roleDefinitions', 'roleManagement/directory/roleDefinitions', { permissions: ROLE }),
  directory('List roleEligibilityScheduleInstances', 'roleManagement/directory/roleEligibilityScheduleInstances',
    { permissions: ['RoleEligibilitySchedule.Read.Directory', 'RoleManagement.Read.All', ...ROLE], licence: 'P2' }),
  directory('List roleAssignmentScheduleInstances', 'roleManagement/directory/roleAssignmentScheduleInstances',
    { permissions: ['RoleAssignmentSchedule.Read.Directory', 'RoleManagement.Read.All', ...ROLE], licence: 'P2' }),
  // "List roleManagementPolicies", Optional query parameters: $filter on scopeId and scopeType is required
  directory('List roleManagementPolicies', 'policies/roleManagementPolicies',
    { permissions: ['RoleManagementPolicy.Read.Directory', ...ROLE], expand: ['rules', 'effectiveRules'], filtered: ['scopeId', 'scopeType'], licence: 'P2' }),
  directory('List roleManagementPolicyAssignments', 'policies/roleManagementPolicyAssignments',
    { permissions: ['RoleManagementPolicy.Read.Directory', ...ROLE], expand: ['policy'], filtered: ['scopeId', 'scopeType'], licence: 'P2' }),
  directory('List applications', 'applications', { permissions: ['Application.Read.All', 'Directory.Read.All'], cost: 2, delta: true, expand: ['owners'] }),
  directory('List owners (application)', 'applications/{id}/owners', { permissions: ['Application.Read.All', 'Directory.Read.All'] }),
  directory('List federatedIdentityCredentials', 'applications/{id}/federatedIdentityCredentials', { permissions: ['Application.Read.All'] }),
  directory('List servicePrincipals', 'servicePrincipals', { permissions: ['Application.Read.All', 'Directory.Read.All'], delta: true }),
  directory('List owners (servicePrincipal)', 'servicePrincipals/{id}/owners', { permissions: ['Application.Read.All', 'Directory.Read.All'] }),
  directory('List appRoleAssignments granted to a service principal', 'servicePrincipals/{id}/appRoleAssignments', { permissions: ['Application.Read.All', 'Directory.Read.All'], cost: 2 }),
  directory('List oauth2PermissionGrants', 'oauth2PermissionGrants', { permissions: ['DelegatedPermissionGrant.Read.All', 'Directory.Read.All'], cost: 2, delta: true }),
  directory('List domains', 'domains', { permissions: ['Domain.Read.All', 'Directory.Read.All'], pages: false }),
  // "internalDomainFederation resource type": there is none for a domain that is not federated
  directory('List internalDomainFederations', 'domains/{id}/federationConfiguration', { permissions: ['Domain-InternalFederation.Read.All', 'Domain.Read.All'], pages: false, gone: 'federationConfiguration' }),
  directory('List groupSettings', 'groupSettings', { permissions: ['GroupSettings.Read.All', 'Directory.Read.All'], pages: false }),
  directory('List groups', 'groups', { permissions: ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All'], delta: true, expand: ['members'] }),
  directory('List group members', 'groups/{id}/members', { permissions: ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All'], cost: 3 }),
  directory('List owners (group)', 'groups/{id}/owners', { permissions: ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All'] }),
  policy('Get adminConsentRequestPolicy', 'policies/adminConsentRequestPolicy', one),
  policy('List permissionGrantPolicies', 'policies/permissionGrantPolicies', { permissions: ['Policy.Read.PermissionGrant', 'Policy.Read.All'] }),
  policy('Get tenantAppManagementPolicy', 'policies/defaultAppManagementPolicy', one),
  policy('Get deviceRegistrationPolicy', 'policies/deviceRegistrationPolicy', { ...one, permissions: ['Policy.Read.DeviceConfiguration', 'Policy.Read.All'] }),
  policy('List tokenLifetimePolicies', 'policies/tokenLifetimePolicies'),
  directory('List organization', 'organization', { permissions: ['Organization.Read.All', 'Directory.Read.All'], pages: false }),
  // "List users", Optional query parameters: these alone come without $select
  directory('List users', 'users', { permissions: ['User.Read.All', 'Directory.Read.All'], cost: 2, delta: true,
    usual: ['businessPhones', 'displayName', 'givenName', 'id', 'jobTitle', 'mail', 'mobilePhone', 'officeLocation', 'preferredLanguage', 'surname', 'userPrincipalName'] }),
  // "Identity and access reports service limits": 5 requests per 10 seconds
  { page: 'List directoryAudits', path: 'auditLogs/directoryAudits', permissions: ['AuditLog.Read.All'], family: 'roles', bucket: 'reports', cost: 1, pages: true },
  directory('List subscribedSkus', 'subscribedSkus', { permissions: ['LicenseAssignment.Read.All', 'Organization.Read.All', 'Directory.Read.All'], cost: 3, pages: false, advanced: false }),
  directory('List administrativeUnits', 'directory/administrativeUnits', { permissions: ['AdministrativeUnit.Read.All', 'Directory.Read.All'], delta: true }),
  policy('List authenticationEventListeners', 'identity/authenticationEventListeners', { permissions: ['EventListener.Read.All', 'Application.Read.All'] }),
];

// The row of a path, with what stands for {id}: { row, id, parent, item }; parent is the collection that {id} is in, item: one of a
// collection is asked for. null: there is no such segment.
export function resourceOf(path) {
  for (const row of RESOURCES) {
    const m = match(row.path, path);
    if (m)
      return { row, id: m[0], parent: m[0] === undefined ? null : row.path.slice(0, row.path.indexOf('/{id}')) };
  }
  const cut = path.lastIndexOf('/'), row = RESOURCES.find((r) => !r.single && r.path === path.slice(0, cut));
  return row ? { row, id: decodeURIComponent(path.slice(cut + 1)), parent: row.path, item: true } : null;
}

function match(pattern, path) {
  const a = pattern.split('/'), b = path.split('/');
  if (a.length !== b.length || !a.every((part, i) => part === '{id}' || part === b[i]))
    return null;
  return b.filter((_, i) => a[i] === '{id}').map(decodeURIComponent);
}
