// policies.mjs - the policies of the directory that a simulator begins with.
import { DOMAIN } from './names.mjs';
import { GLOBAL_ADMINISTRATOR } from './roles.mjs';

const at = (n) => new Date(Date.UTC(2025, 1, 3, 9) + n * 3600000).toISOString().replace('.000Z', '.1234567Z');

export function policiesOf({ id, tenantId, users, groups, templates, policies }) {
  return {
    'identity/conditionalAccess/policies': Array.from({ length: policies }, (_, i) => conditionalAccess(id, i, { users, groups })),
    'identity/conditionalAccess/namedLocations': namedLocations(id),
    'policies/authenticationMethodsPolicy': methods(),
    'policies/authenticationStrengthPolicies': strengths(id),
    'policies/authorizationPolicy': { id: 'authorizationPolicy', allowInvitesFrom: 'adminsAndGuestInviters', allowedToSignUpEmailBasedSubscriptions: false, allowedToUseSSPR: true, allowEmailVerifiedUsersToJoinOrganization: false,
      allowUserConsentForRiskyApps: null, blockMsolPowerShell: true, deletedDateTime: null, description: 'Used to manage authorization related settings across the company.', displayName: 'Authorization Policy',
      guestUserRoleId: '2af84b1e-32c8-42b7-82bc-daa82404023b', defaultUserRolePermissions: { allowedToCreateApps: false, allowedToCreateSecurityGroups: false, allowedToCreateTenants: false, allowedToReadBitlockerKeysForOwnedDevice: true,
        allowedToReadOtherUsers: true, permissionGrantPoliciesAssigned: ['ManagePermissionGrantsForSelf.microsoft-user-default-low'] } },
    'policies/identitySecurityDefaultsEnforcementPolicy': { id: '00000000-0000-0000-0000-000000000005', displayName: 'Security Defaults', description: 'Security defaults is a set of basic identity security mechanisms.', isEnabled: true },
    'policies/crossTenantAccessPolicy/default': crossTenantDefault(),
    'policies/crossTenantAccessPolicy/partners': [1, 2, 3].map((n) => ({ tenantId: id(`partner ${n}`), isServiceProvider: false, isInMultiTenantOrganization: false, inboundTrust: null, b2bCollaborationOutbound: null, b2bCollaborationInbound: null,
      b2bDirectConnectOutbound: null, b2bDirectConnectInbound: null, tenantRestrictions: null, automaticUserConsentSettings: { inboundAllowed: null, outboundAllowed: null } })),
    'policies/roleManagementPolicies': templates.map(([template, name]) => activation(id, tenantId, template, name)),
    'policies/roleManagementPolicyAssignments': templates.map(([template]) => ({ id: `DirectoryRole_${tenantId}_${id(`activation ${template}`)}_${template}`, policyId: `DirectoryRole_${tenantId}_${id(`activation ${template}`)}`,
      scopeId: '/', scopeType: 'DirectoryRole', roleDefinitionId: template })),
    'policies/adminConsentRequestPolicy': { isEnabled: true, notifyReviewers: true, remindersEnabled: true, requestDurationInDays: 30, version: 0, reviewers: [{ query: `/users/${users[2]}`, queryType: 'MicrosoftGraph', queryRoot: null }] },
    'policies/permissionGrantPolicies': [{ id: 'microsoft-user-default-low', displayName: 'Default User Low Risk Policy', description: 'Permissions of low risk, for apps of verified publishers.', deletedDateTime: null, includes: [{ id: id('condition 1'),
      permissionClassification: 'low', permissionType: 'delegated', resourceApplication: 'any', permissions: ['all'], clientApplicationIds: ['all'], clientApplicationTenantIds: ['all'], clientApplicationPublisherIds: ['all'], clientApplicationsFromVerifiedPublisherOnly: true }], excludes: [] }],
    'policies/defaultAppManagementPolicy': { id: '00000000-0000-0000-0000-000000000000', displayName: 'Default app management tenant policy', description: 'How app secrets may be.', isEnabled: true,
      applicationRestrictions: { passwordCredentials: [{ restrictionType: 'passwordAddition', state: 'enabled', maxLifetime: null, restrictForAppsCreatedAfterDateTime: at(0) },
        { restrictionType: 'passwordLifetime', state: 'enabled', maxLifetime: 'P90D', restrictForAppsCreatedAfterDateTime: at(0) }], keyCredentials: [] }, servicePrincipalRestrictions: { passwordCredentials: [], keyCredentials: [] } },
    'policies/deviceRegistrationPolicy': { id: 'deviceRegistrationPolicy', displayName: 'Device Registration Policy', description: 'How devices are joined.', userDeviceQuota: 20, multiFactorAuthConfiguration: 'required',
      azureADRegistration: { isAdminConfigurable: false, allowedToRegister: { '@odata.type': '#microsoft.graph.allDeviceRegistrationMembership' } }, azureADJoin: { isAdminConfigurable: true, allowedToJoin: { '@odata.type': '#microsoft.graph.noDeviceRegistrationMembership' } },
      localAdminPassword: { isEnabled: true } },
    'policies/tokenLifetimePolicies': [{ id: id('token lifetime'), deletedDateTime: null, displayName: 'Short tokens', definition: ['{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"01:00:00"}}'], isOrganizationDefault: true }],
  };
}

// "conditionalAccessPolicy resource type"
function conditionalAccess(id, i, { users, groups }) {
  const blocks = i % 8 === 7, strength = i % 10 === 9;
  return { id: id(`policy ${i}`), templateId: null, displayName: `CA${String(i + 1).padStart(3, '0')} ${blocks ? 'Block' : 'Require'} ${['all apps', 'administration', 'guests', 'legacy clients'][i % 4]}`,
    createdDateTime: at(i), modifiedDateTime: i % 2 ? at(i + 500) : null, state: i % 16 === 15 ? 'enabledForReportingButNotEnforced' : 'enabled',
    conditions: { clientAppTypes: i % 4 === 3 ? ['exchangeActiveSync', 'other'] : ['all'], servicePrincipalRiskLevels: [], signInRiskLevels: i % 9 === 8 ? ['high'] : [], userRiskLevels: [], insiderRiskLevels: null, clients: null, platforms: null,
      devices: null, clientApplications: null, authenticationFlows: null, locations: i % 6 === 5 ? { includeLocations: ['All'], excludeLocations: ['AllTrusted'] } : null,
      applications: { includeApplications: ['All'], excludeApplications: [], includeUserActions: [], includeAuthenticationContextClassReferences: [], applicationFilter: null },
      users: { includeUsers: i % 4 === 1 ? [] : ['All'], excludeUsers: [users[0], users[1]], includeGroups: i % 4 === 1 ? [groups[i % groups.length]] : [], excludeGroups: [groups[(i + 3) % groups.length]],
        includeRoles: i % 4 === 1 ? [GLOBAL_ADMINISTRATOR] : [], excludeRoles: [], includeGuestsOrExternalUsers: null, excludeGuestsOrExternalUsers: null } },
    grantControls: { operator: i % 5 === 4 ? 'AND' : 'OR', builtInControls: blocks ? ['block'] : strength ? [] : i % 5 === 4 ? ['mfa', 'compliantDevice'] : ['mfa'], customAuthenticationFactors: [], termsOfUse: [],
      'authenticationStrength@odata.context': `https://graph.microsoft.com/v1.0/$metadata#identity/conditionalAccess/policies('${id(`policy ${i}`)}')/grantControls/authenticationStrength/$entity`,
      authenticationStrength: strength ? { id: '00000000-0000-0000-0000-000000000004', createdDateTime: '2021-12-01T00:00:00Z', modifiedDateTime: '2021-12-01T00:00:00Z', displayName: 'Phishing-resistant MFA', policyType: 'builtIn',
        requirementsSatisfied: 'mfa', allowedCombinations: ['windowsHelloForBusiness', 'fido2', 'x509CertificateMultiFactor'] } : null },
    sessionControls: i % 7 === 6 ? { disableResilienceDefaults: null, applicationEnforcedRestrictions: null, cloudAppSecurity: null, persistentBrowser: null, signInFrequency: { value: 4, type: 'hours', authenticationType: 'primaryAndSecondaryAuthentication', frequencyInterval: 'timeBased', isEnabled: true } } : null };
}

// "namedLocation resource type": what kind it is stands in @odata.type
function namedLocations(id) {
  const ip = (n, trusted) => ({ '@odata.type': '#microsoft.graph.ipNamedLocation', id: id(`location ${n}`), displayName: `Site ${n}`, createdDateTime: at(n), modifiedDateTime: at(n), isTrusted: trusted,
    ipRanges: [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: `192.0.2.${n * 16}/28` }, { '@odata.type': '#microsoft.graph.iPv6CidrRange', cidrAddress: `2001:db8:${n}::/48` }] });
  return [ip(1, true), ip(2, true), ip(3, false), ip(4, false),
    { '@odata.type': '#microsoft.graph.countryNamedLocation', id: id('location countries'), displayName: 'Where we work', createdDateTime: at(5), modifiedDateTime: at(5), countriesAndRegions: ['AT', 'CH', 'DE'], includeUnknownCountriesAndRegions: false, countryLookupMethod: 'clientIpAddress' }];
}

// "authenticationMethodsPolicy resource type"
function methods() {
  const all = [{ targetType: 'group', id: 'all_users', isRegistrationRequired: false }], method = (type, name, state, more = {}) => ({ '@odata.type': `#microsoft.graph.${type}`, id: name, state, excludeTargets: [], ...more, includeTargets: all });
  return { id: 'authenticationMethodsPolicy', displayName: 'Authentication Methods Policy', description: 'Which methods may be used to sign in.', lastModifiedDateTime: at(9), policyVersion: '1.5', policyMigrationState: 'migrationComplete', reconfirmationInDays: null,
    registrationEnforcement: { authenticationMethodsRegistrationCampaign: { snoozeDurationInDays: 1, enforceRegistrationAfterAllowedSnoozes: true, state: 'enabled', excludeTargets: [], includeTargets: [{ id: 'all_users', targetType: 'group', targetedAuthenticationMethod: 'microsoftAuthenticator' }] } },
    authenticationMethodConfigurations: [method('fido2AuthenticationMethodConfiguration', 'Fido2', 'enabled', { isSelfServiceRegistrationAllowed: true, isAttestationEnforced: true, keyRestrictions: { isEnforced: false, enforcementType: 'block', aaGuids: [] } }),
      method('microsoftAuthenticatorAuthenticationMethodConfiguration', 'MicrosoftAuthenticator', 'enabled', { isSoftwareOathEnabled: false }), method('smsAuthenticationMethodConfiguration', 'Sms', 'disabled'),
      method('voiceAuthenticationMethodConfiguration', 'Voice', 'disabled', { isOfficePhoneAllowed: false }), method('temporaryAccessPassAuthenticationMethodConfiguration', 'TemporaryAccessPass', 'enabled', { defaultLength: 8, isUsableOnce: true }),
      method('softwareOathAuthenticationMethodConfiguration', 'SoftwareOath', 'enabled'), method('emailAuthenticationMethodConfiguration', 'Email', 'disabled'), method('x509CertificateAuthenticationMethodConfiguration', 'X509Certificate', 'disabled')] };
}

function strengths(id) {
  const strength = (key, displayName, policyType, allowedCombinations) => ({ id: key, createdDateTime: '2021-12-01T00:00:00Z', modifiedDateTime: '2021-12-01T00:00:00Z', displayName, description: displayName, policyType, requirementsSatisfied: 'mfa', allowedCombinations });
  return [strength('00000000-0000-0000-0000-000000000002', 'Multifactor authentication', 'builtIn', ['windowsHelloForBusiness', 'fido2', 'x509CertificateMultiFactor', 'password,microsoftAuthenticatorPush', 'password,sms']),
    strength('00000000-0000-0000-0000-000000000004', 'Phishing-resistant MFA', 'builtIn', ['windowsHelloForBusiness', 'fido2', 'x509CertificateMultiFactor']), strength(id('strength'), `Keys only at ${DOMAIN}`, 'custom', ['fido2'])];
}

// "crossTenantAccessPolicyConfigurationDefault resource type"
function crossTenantDefault() {
  const side = (access, users, apps) => ({ usersAndGroups: { accessType: access, targets: [{ target: users, targetType: 'user' }] }, applications: { accessType: access, targets: [{ target: apps, targetType: 'application' }] } });
  return { isServiceDefault: false, inboundTrust: { isMfaAccepted: false, isCompliantDeviceAccepted: false, isHybridAzureADJoinedDeviceAccepted: false }, b2bCollaborationOutbound: side('allowed', 'AllUsers', 'AllApplications'), b2bCollaborationInbound: side('allowed', 'AllUsers', 'AllApplications'),
    b2bDirectConnectOutbound: side('blocked', 'AllUsers', 'AllApplications'), b2bDirectConnectInbound: side('blocked', 'AllUsers', 'AllApplications'), automaticUserConsentSettings: { inboundAllowed: false, outboundAllowed: false },
    invitationRedemptionIdentityProviderConfiguration: { primaryIdentityProviderPrecedenceOrder: ['externalFederation', 'azureActiveDirectory', 'socialIdentityProviders'], fallbackIdentityProvider: 'defaultConfiguredIdp' }, tenantRestrictions: null };
}

// "unifiedRoleManagementPolicy resource type", and its rules
function activation(id, tenantId, template, name) {
  const target = (caller, level) => ({ caller, operations: ['All'], level, inheritableSettings: [], enforcedSettings: [] });
  return { id: `DirectoryRole_${tenantId}_${id(`activation ${template}`)}`, displayName: 'DirectoryRole', description: `Activation of ${name}`, isOrganizationDefault: false, scopeId: '/', scopeType: 'DirectoryRole', lastModifiedDateTime: at(3), lastModifiedBy: { displayName: null, id: null },
    rules: [{ '@odata.type': '#microsoft.graph.unifiedRoleManagementPolicyExpirationRule', id: 'Expiration_EndUser_Assignment', isExpirationRequired: true, maximumDuration: 'PT8H', target: target('EndUser', 'Assignment') },
      { '@odata.type': '#microsoft.graph.unifiedRoleManagementPolicyEnablementRule', id: 'Enablement_EndUser_Assignment', enabledRules: ['MultiFactorAuthentication', 'Justification'], target: target('EndUser', 'Assignment') },
      { '@odata.type': '#microsoft.graph.unifiedRoleManagementPolicyApprovalRule', id: 'Approval_EndUser_Assignment', target: target('EndUser', 'Assignment'), setting: { isApprovalRequired: true, isApprovalRequiredForExtension: false, isRequestorJustificationRequired: true,
        approvalMode: 'SingleStage', approvalStages: [{ approvalStageTimeOutInDays: 1, isApproverJustificationRequired: true, escalationTimeInMinutes: 0, isEscalationEnabled: false, primaryApprovers: [], escalationApprovers: [] }] } },
      { '@odata.type': '#microsoft.graph.unifiedRoleManagementPolicyAuthenticationContextRule', id: 'AuthenticationContext_EndUser_Assignment', isEnabled: false, claimValue: '', target: target('EndUser', 'Assignment') }] };
}
