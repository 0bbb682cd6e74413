// directory.mjs - the directory that a simulator begins with: people, groups, roles, apps, domains, licences.
//
// A map from a path of Graph to what stands there: a list of objects, or one object of a singleton. Shapes are those of the
// resource types' pages ("user resource type" ...); names are of nobody (harbour.example). The same arguments give the same bytes.
import { DOMAIN, guid, person } from './names.mjs';
import { policiesOf } from './policies.mjs';
import { APP_ROLES, GLOBAL_ADMINISTRATOR, READER, roleTemplates } from './roles.mjs';

export const GRAPH_APP = '00000003-0000-0000-c000-000000000000';
const day = (n) => new Date(Date.UTC(2025, 0, 6, 8) + n * 86400000).toISOString().replace('.000', '');
const range = (n, f) => Array.from({ length: n }, (_, i) => f(i));

export function directoryOf({ tenantId, users = 300, policies = 80, roles = 40, apps = 30 } = {}) {
  const id = (name) => guid(`${tenantId} ${name}`);
  const people = peopleOf(id, users), ids = people.map((u) => u.id), templates = roleTemplates(roles);
  const state = { users: people, ...groupsOf(id, people), ...rolesOf(id, tenantId, ids, templates), ...appsOf(id, ids, apps, tenantId), ...domainsOf(id), ...organizationOf(id, tenantId) };
  return Object.assign(state, policiesOf({ id, tenantId, users: ids, groups: state.groups.map((g) => g.id), templates, policies }), { 'auditLogs/directoryAudits': [] });
}

const memberOf = (u) => ({ '@odata.type': '#microsoft.graph.user', id: u.id, displayName: u.displayName, userPrincipalName: u.userPrincipalName });

function peopleOf(id, n) {
  return range(n, (i) => {
    const guest = i % 25 === 24, glass = i < 2, name = glass ? `Emergency Access ${i + 1}` : person(i);
    const upn = glass ? `breakglass${i + 1}@${DOMAIN}` : guest ? `guest${i}_partner.example#EXT#@${DOMAIN}` : `${name.toLowerCase().replace(' ', '.')}@${DOMAIN}`;
    return { id: id(`user ${i}`), userPrincipalName: upn, displayName: name, givenName: name.split(' ')[0], surname: name.split(' ')[1], accountEnabled: i % 40 !== 39, userType: guest ? 'Guest' : 'Member',
      mail: guest ? `guest${i}@partner.example` : upn, otherMails: guest ? [`guest${i}@partner.example`] : [], businessPhones: [], jobTitle: null, mobilePhone: null, officeLocation: null, preferredLanguage: null,
      createdDateTime: day(i), externalUserState: guest ? 'Accepted' : null, onPremisesSyncEnabled: i % 3 === 0 && !glass && !guest ? true : null, onPremisesImmutableId: null, passwordPolicies: glass ? 'DisablePasswordExpiration' : null,
      lastPasswordChangeDateTime: day(i + 30), refreshTokensValidFromDateTime: day(i + 30), assignedLicenses: guest ? [] : [{ skuId: id('sku E5'), disabledPlans: [] }], assignedPlans: [], provisionedPlans: [], usageLocation: 'AT' };
  });
}

function groupsOf(id, people) {
  const group = (name, more) => ({ id: id(`group ${name}`), displayName: name, description: null, groupTypes: [], mailEnabled: false, mailNickname: name.replaceAll(' ', ''), securityEnabled: true, isAssignableToRole: null,
    visibility: null, membershipRule: null, createdDateTime: day(1), renewedDateTime: day(1), onPremisesSyncEnabled: null, onPremisesLastSyncDateTime: null, ...more });
  const holders = range(5, (i) => group(`Role holders ${i + 1}`, { isAssignableToRole: true, visibility: 'Private' })), others = range(20, (i) => group(`Team ${i + 1}`));
  const state = { groups: [...holders, ...others] };
  [...holders, ...others].forEach((g, i) => {
    state[`groups/${g.id}/members`] = people.slice(10 + i, 10 + i + (i < 5 ? 3 : 12)).map(memberOf);
    state[`groups/${g.id}/owners`] = [memberOf(people[2 + (i % 4)])];
  });
  state.groupSettings = [
    { id: id('setting password rules'), displayName: 'Password Rule Settings', templateId: '5cf42378-d67d-4f36-ba46-e8b86229381d', values: [{ name: 'BannedPasswordCheckOnPremisesMode', value: 'Enforced' },
      { name: 'EnableBannedPasswordCheckOnPremises', value: 'True' }, { name: 'EnableBannedPasswordCheck', value: 'True' }, { name: 'LockoutDurationInSeconds', value: '60' }, { name: 'LockoutThreshold', value: '10' }] },
    { id: id('setting groups'), displayName: 'Group.Unified', templateId: '62375ab9-6b52-47ed-826b-58e47e0e304b', values: [{ name: 'AllowGuestsToAccessGroups', value: 'False' }, { name: 'AllowToAddGuests', value: 'False' },
      { name: 'EnableGroupCreation', value: 'False' }, { name: 'AllowGuestsToBeGroupOwner', value: 'False' }] }];
  return state;
}

function rolesOf(id, tenantId, users, templates) {
  const roles = templates.map(([template, name]) => ({ id: id(`role ${template}`), deletedDateTime: null, description: `Members act as ${name}.`, displayName: name, roleTemplateId: template }));
  const state = { directoryRoles: roles }, assignments = [];
  const assign = (principal, template, scope = '/') => assignments.push({ id: id(`assignment ${principal} ${template} ${scope}`).replaceAll('-', ''), principalId: principal, directoryScopeId: scope, roleDefinitionId: template });
  roles.forEach((role, i) => {
    const members = role.roleTemplateId === GLOBAL_ADMINISTRATOR ? users.slice(0, 3) : i % 2 === 0 ? [users[3 + (i % 20)]] : [];
    state[`directoryRoles/${role.id}/members`] = members.map((u) => ({ '@odata.type': '#microsoft.graph.user', id: u, displayName: `Holder of ${role.displayName}`, userPrincipalName: `${u.slice(0, 8)}@${DOMAIN}` }));
    members.forEach((u) => assign(u, role.roleTemplateId));
  });
  // "List directory role members": a group that was given a role is one of them, and who is in it is not.
  const holders = id('group Role holders 1'), given = templates[2] ?? templates[0];
  state[`directoryRoles/${id(`role ${given[0]}`)}/members`].push({ '@odata.type': '#microsoft.graph.group', id: holders, displayName: 'Role holders 1' });
  assign(holders, given[0]);
  range(5, (i) => assign(users[30 + i], templates[4][0], `/administrativeUnits/${id(`unit ${i % 3}`)}`));
  const builtIn = templates.map(([template, name]) => ({ id: template, description: `Members act as ${name}.`, displayName: name, isBuiltIn: true, isEnabled: true, resourceScopes: ['/'], templateId: template, version: '1',
    rolePermissions: [{ allowedResourceActions: ['microsoft.directory/users/standard/read', `microsoft.directory/${name.toLowerCase().replaceAll(' ', '')}/basic/read`], condition: null }] }));
  const custom = range(3, (i) => ({ id: id(`custom role ${i}`), description: null, displayName: `Desk role ${i + 1}`, isBuiltIn: false, isEnabled: true, resourceScopes: ['/'], templateId: id(`custom role ${i}`), version: null,
    rolePermissions: [{ allowedResourceActions: ['microsoft.directory/applications/basic/read', 'microsoft.directory/applications/owners/read'], condition: null }] }));
  state['roleManagement/directory/roleAssignments'] = assignments;
  state['roleManagement/directory/roleDefinitions'] = [...builtIn, ...custom];
  state['roleManagement/directory/roleEligibilityScheduleInstances'] = range(10, (i) => ({ id: id(`eligibility ${i}`), principalId: users[40 + i], roleDefinitionId: templates[4 + (i % 8)]?.[0] ?? templates[0][0], directoryScopeId: '/', appScopeId: null,
    startDateTime: day(20), endDateTime: day(385), memberType: 'Direct', roleEligibilityScheduleId: id(`eligibility schedule ${i}`) }));
  state['roleManagement/directory/roleAssignmentScheduleInstances'] = [];
  state['directory/administrativeUnits'] = range(3, (i) => ({ id: id(`unit ${i}`), deletedDateTime: null, displayName: `Unit ${i + 1}`, description: null, visibility: null, isMemberManagementRestricted: i === 0, membershipType: null, membershipRule: null }));
  return state;
}

function appsOf(id, users, n, tenantId) {
  const apps = range(n, (i) => ({ id: id(`app ${i}`), appId: id(`client ${i}`), displayName: `Service ${i + 1}`, createdDateTime: day(i), publisherDomain: DOMAIN, signInAudience: 'AzureADMyOrg', identifierUris: [`api://${id(`client ${i}`)}`],
    notes: null, tags: [], isFallbackPublicClient: null, groupMembershipClaims: null, info: { logoUrl: null, marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null },
    web: { redirectUris: [`https://service${i + 1}.${DOMAIN}/signed-in`], homePageUrl: null, logoutUrl: null, implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: i % 5 === 0 } },
    spa: { redirectUris: [] }, publicClient: { redirectUris: i % 7 === 0 ? ['msal://signed-in'] : [] }, appRoles: [],
    passwordCredentials: i % 3 === 0 ? [{ customKeyIdentifier: null, displayName: 'deploy', endDateTime: day(700), hint: 'abc', keyId: id(`secret ${i}`), secretText: null, startDateTime: day(0) }] : [],
    keyCredentials: i % 4 === 0 ? [{ customKeyIdentifier: id(`thumb ${i}`).replaceAll('-', '').toUpperCase(), displayName: `CN=service${i + 1}`, endDateTime: day(700), key: null, keyId: id(`certificate ${i}`), startDateTime: day(0), type: 'AsymmetricX509Cert', usage: 'Verify' }] : [],
    requiredResourceAccess: [{ resourceAppId: GRAPH_APP, resourceAccess: [{ id: APP_ROLES['User.Read.All'], type: 'Role' }, { id: 'e1fe6dd8-ba31-4d61-89e7-88639da4683d', type: 'Scope' }] }] }));
  const principal = (i, more) => ({ id: id(`principal ${i}`), appId: id(`client ${i}`), displayName: `Service ${i + 1}`, accountEnabled: true, appOwnerOrganizationId: tenantId, appRoleAssignmentRequired: false, servicePrincipalType: 'Application',
    signInAudience: 'AzureADMyOrg', servicePrincipalNames: [id(`client ${i}`)], replyUrls: [`https://service${(i % n) + 1}.${DOMAIN}/signed-in`], tags: [], notificationEmailAddresses: [], preferredSingleSignOnMode: null, createdDateTime: day(Number(i) || 0),
    disabledByMicrosoftStatus: null, info: { logoUrl: null }, passwordCredentials: [], keyCredentials: [], ...more });
  const graph = principal('graph', { appId: GRAPH_APP, displayName: 'Microsoft Graph', appOwnerOrganizationId: guid('the vendor'), servicePrincipalNames: [GRAPH_APP], replyUrls: [], signInAudience: 'AzureADMultipleOrgs' });
  const state = { applications: apps, servicePrincipals: [graph, ...range(2 * n - 1, (i) => principal(i))] };
  apps.forEach((app, i) => {
    state[`applications/${app.id}/owners`] = i % 2 === 0 ? [{ '@odata.type': '#microsoft.graph.user', id: users[60 + i], displayName: person(60 + i) }] : [];
    state[`applications/${app.id}/federatedIdentityCredentials`] = i % 10 === 0 ? [{ id: id(`federated ${i}`), name: 'deploy', issuer: `https://build.${DOMAIN}`, subject: `repo:service${i + 1}:main`, description: null, audiences: ['api://AzureADTokenExchange'] }] : [];
  });
  state.servicePrincipals.forEach((p, i) => {
    state[`servicePrincipals/${p.id}/owners`] = [];
    state[`servicePrincipals/${p.id}/appRoleAssignments`] = i > 0 && i <= n ? [{ id: id(`role assignment ${i}`).replaceAll('-', ''), deletedDateTime: null, appRoleId: APP_ROLES['User.Read.All'], createdDateTime: day(i),
      principalDisplayName: p.displayName, principalId: p.id, principalType: 'ServicePrincipal', resourceDisplayName: 'Microsoft Graph', resourceId: graph.id }] : [];
  });
  state.oauth2PermissionGrants = range(40, (i) => ({ id: id(`grant ${i}`).replaceAll('-', ''), clientId: id(`principal ${i}`), consentType: i % 4 === 0 ? 'AllPrincipals' : 'Principal', principalId: i % 4 === 0 ? null : users[80 + i], resourceId: graph.id,
    scope: i % 2 === 0 ? 'openid profile User.Read' : 'User.Read' }));
  return state;
}

function domainsOf(id) {
  const domain = (name, more) => ({ id: name, authenticationType: 'Managed', availabilityStatus: null, isAdminManaged: true, isDefault: false, isInitial: false, isRoot: true, isVerified: true, state: null,
    passwordNotificationWindowInDays: 14, passwordValidityPeriodInDays: 2147483647, supportedServices: ['Email'], ...more });
  return { domains: [domain(DOMAIN, { isDefault: true }), domain('harbour.onmicrosoft.example', { isInitial: true }), domain('yard.example', { authenticationType: 'Federated' })],
    'domains/yard.example/federationConfiguration': [{ id: id('federation'), displayName: 'Yard sign-in', issuerUri: 'https://idp.yard.example/adfs/services/trust', metadataExchangeUri: null, signingCertificate: Buffer.from(id('signing certificate')).toString('base64'),
      passiveSignInUri: 'https://idp.yard.example/adfs/ls', preferredAuthenticationProtocol: 'wsFed', activeSignInUri: null, signOutUri: 'https://idp.yard.example/adfs/ls', promptLoginBehavior: null, isSignedAuthenticationRequestRequired: false,
      nextSigningCertificate: null, signingCertificateUpdateStatus: null, federatedIdpMfaBehavior: 'acceptIfMfaDoneByFederatedIdp' }] };
}

function organizationOf(id, tenantId) {
  const sku = (name, units) => ({ id: `${tenantId}_${id(`sku ${name}`)}`, accountName: 'harbour', accountId: tenantId, appliesTo: 'User', capabilityStatus: 'Enabled', consumedUnits: units - 12, skuId: id(`sku ${name}`),
    skuPartNumber: { E5: 'SPE_E5', P2: 'AAD_PREMIUM_P2', Flow: 'FLOW_FREE' }[name], subscriptionIds: [id(`subscription ${name}`)], prepaidUnits: { enabled: units, suspended: 0, warning: 0, lockedOut: 0 },
    servicePlans: [{ servicePlanId: id(`plan ${name}`), servicePlanName: 'AAD_PREMIUM_P2', provisioningStatus: 'Success', appliesTo: 'User' }] });
  return { organization: [{ id: tenantId, deletedDateTime: null, displayName: 'Harbour', city: 'Harbour', country: null, countryLetterCode: 'AT', createdDateTime: day(0), defaultUsageLocation: 'AT', tenantType: 'AAD',
    marketingNotificationEmails: [], technicalNotificationMails: [`it@${DOMAIN}`], securityComplianceNotificationMails: [`security@${DOMAIN}`], securityComplianceNotificationPhones: [], privacyProfile: null, isMultipleDataLocationsForServicesEnabled: null,
    onPremisesSyncEnabled: true, onPremisesLastSyncDateTime: day(300), onPremisesLastPasswordSyncDateTime: day(300), businessPhones: [], assignedPlans: [], provisionedPlans: [],
    verifiedDomains: [{ capabilities: 'Email', isDefault: true, isInitial: false, name: DOMAIN, type: 'Managed' }] }],
  subscribedSkus: [sku('E5', 320), sku('P2', 50), sku('Flow', 10000)],
  'identity/authenticationEventListeners': [] };
}

// An app registration that reads the directory, with a consent for all that it needs.
export const readerOf = (tenantId) => ({ clientId: guid(`${tenantId} reader`), permissions: [...READER], secrets: [{ secret: `secret-of-${guid(`${tenantId} reader secret`)}`, from: 0, until: Infinity }], certificates: [], enabled: true });
