/* What the rule packs of etc/rules say: for each kind of resource, a change before and after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/diff.h"
#include "drift/engine/rule_pack.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static const uint8_t key[HASH_LEN] = { 1 };

static TALLOC_CTX       *suite;
static struct rule_pack *packs[3];
static const char *const names[] = { "entra", "azure", "generic" };

static int
load(void **state)
{
	(void)state;
	suite = talloc_new(NULL);
	for (size_t i = 0; i < LEN(names); i++) {
		struct err e = { 0 };
		char      *text = talloc_zero_size(suite, 262144);
		FILE      *f = fopen(talloc_asprintf(suite, "etc/rules/%s.json", names[i]), "rb");

		if (f == NULL || text == NULL || fread(text, 1, 262143, f) == 0) {
			fprintf(stderr, "etc/rules: run the tests in the source tree\n");
			return 1;
		}
		fclose(f);
		packs[i] = rule_pack_parse(suite, str_of(text), &e);
		if (packs[i] == NULL)
			return 1;
	}
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	talloc_free(suite);
	return 0;
}

/* Apostrophes stand for quotation marks. */
static const struct json *
parse(TALLOC_CTX *mem, const char *text)
{
	struct err   e = { 0 };
	char        *copy = talloc_strdup(mem, text);
	struct json *v;

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	v = json_parse(mem, str_of(copy), &e);
	if (v == NULL)
		fail_msg("%s: %s", copy, e.pub);
	return v;
}

struct expected {
	const char *category, *old, *new; /* NULL: not there */
	const char *want; /* "critical:rule ..." in the order of the changes; "" : none */
};

static const char *
verdicts(TALLOC_CTX *mem, const struct rule_pack *pack, const struct expected *x)
{
	const struct rule_pack *const list[] = { pack };
	struct err                    e = { 0 };
	struct rules                 *rules = rules_compile(mem, NULL, list, 1, NULL, &e);
	struct compare_spec          *spec = compare_compile(mem, NULL, list, 1, key, NULL, &e);
	struct diff                  *d =
            spec != NULL && rules != NULL ? diff_make(mem, spec, rules, NULL, &e) : NULL;
	struct resource a = { str_of(x->category), STR("k"), NULL }, b = a;
	struct buf      out;

	if (d == NULL)
		fail_msg("%s %s", e.detail, e.faults != NULL ? e.faults->pointer : "");
	a.value = x->old != NULL ? parse(mem, x->old) : NULL;
	b.value = x->new != NULL ? parse(mem, x->new) : NULL;
	assert_true(
	    a.value == NULL || resource_normalise(mem, spec, &a, RESOURCE_SOURCE, NULL, &e));
	assert_true(
	    b.value == NULL || resource_normalise(mem, spec, &b, RESOURCE_SOURCE, NULL, &e));
	assert_true(diff_resource(d, a.value != NULL ? &a : NULL, b.value != NULL ? &b : NULL, &e));
	buf_make(&out, mem);
	for (size_t i = 0; i < d->n; i++)
		buf_printf(&out, "%s%s:%s", i > 0 ? " " : "", severity_name(d->changes[i].severity),
		    strchr(d->changes[i].rule, ':') != NULL ? strchr(d->changes[i].rule, ':') + 1
							    : d->changes[i].rule);
	return out.n > 0 ? out.p : "";
}

static void
check(const struct rule_pack *pack, const struct expected *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		const char *got = verdicts(mem, pack, &list[i]);

		if (strcmp(got, list[i].want) != 0)
			fail_msg("%zu: %s: %s -> %s gave \"%s\", not \"%s\"", i, list[i].category,
			    list[i].old, list[i].new, got, list[i].want);
		talloc_free(mem);
	}
}

#define ROLE_ADMIN "62e90394-69f5-4237-9190-012177145e10"

/* The rows of the collector's table, in its order. */
static const struct expected entra[] = {
	/* 1: conditional access policies */
	{ "identity/conditionalAccess/policies", "{'state':'enabled'}", "{'state':'disabled'}",
	    "critical:ca-state-left-enabled" },
	{ "identity/conditionalAccess/policies", "{'state':'enabled'}",
	    "{'state':'enabledForReportingButNotEnforced'}", "critical:ca-state-left-enabled" },
	{ "identity/conditionalAccess/policies",
	    "{'conditions':{'users':{'excludeGroups':['a','a']}}}",
	    "{'conditions':{'users':{'excludeGroups':['b','a']}}}", "high:ca-exclude-grows" },
	{ "identity/conditionalAccess/policies", "{'conditions':{'clientAppTypes':['a','b','a']}}",
	    "{'conditions':{'clientAppTypes':['b','a']}}", "" },
	{ "identity/conditionalAccess/policies",
	    "{'grantControls':{'builtInControls':['mfa','x']}}",
	    "{'grantControls':{'builtInControls':['x']}}", "critical:ca-grant-lost-mfa" },
	{ "identity/conditionalAccess/policies", "{'grantControls':{'builtInControls':['block']}}",
	    "{'grantControls':null}", "critical:ca-grant-controls-removed" },
	{ "identity/conditionalAccess/policies", "{'id':'1'}", NULL, "critical:ca-policy-deleted" },
	{ "identity/conditionalAccess/policies",
	    "{'conditions':{'locations':{'excludeLocations':[]}}}",
	    "{'conditions':{'locations':{'excludeLocations':['AllTrusted']}}}",
	    "high:ca-exclude-location" },
	{ "identity/conditionalAccess/policies",
	    "{'modifiedDateTime':'1','createdDateTime':'1','grantControls':{'x@odata.context':'a',"
	    "'authenticationStrength':{'createdDateTime':'1','modifiedDateTime':'1'}}}",
	    "{'modifiedDateTime':'2','createdDateTime':'2','grantControls':{'x@odata.context':'b',"
	    "'authenticationStrength':{'createdDateTime':'2','modifiedDateTime':'2'}}}",
	    "" },
	/* 2: named locations */
	{ "identity/conditionalAccess/namedLocations", "{'isTrusted':false}", "{'isTrusted':true}",
	    "high:location-trusted" },
	{ "identity/conditionalAccess/namedLocations",
	    "{'ipRanges':[{'@odata.type':'4','cidrAddress':'192.0.2.0/24'}]}",
	    "{'ipRanges':[{'@odata.type':'4','cidrAddress':'0.0.0.0/0'},"
	    "{'@odata.type':'4','cidrAddress':'192.0.2.0/24'}]}",
	    "critical:location-any-address" },
	{ "identity/conditionalAccess/namedLocations", "{'countriesAndRegions':['DE']}",
	    "{'countriesAndRegions':['FR','DE']}", "medium:location-country" },
	{ "identity/conditionalAccess/namedLocations", "{'lastModifiedDateTime':1}",
	    "{'lastModifiedDateTime':2}", "" },
	/* 3: authentication methods */
	{ "policies/authenticationMethodsPolicy",
	    "{'authenticationMethodConfigurations':[{'id':'Fido2','state':'enabled'},{'id':'Sms','"
	    "state':'disabled'}]}",
	    "{'authenticationMethodConfigurations':[{'id':'Sms','state':'enabled'},{'id':'Fido2','"
	    "state':'enabled'}]}",
	    "high:method-sms-voice-on" },
	{ "policies/authenticationMethodsPolicy",
	    "{'authenticationMethodConfigurations':[{'id':'Voice','state':'disabled'}]}",
	    "{'authenticationMethodConfigurations':[{'id':'Voice','state':'enabled'}]}",
	    "high:method-voice-on" },
	{ "policies/authenticationMethodsPolicy",
	    "{'authenticationMethodConfigurations':[{'id':'Fido2','state':'enabled'}]}",
	    "{'authenticationMethodConfigurations':[{'id':'Fido2','state':'disabled'}]}",
	    "high:method-fido2-off" },
	{ "authenticationMethodsPolicy", "{'id':'Voice','state':'disabled'}",
	    "{'id':'Voice','state':'enabled'}", "high:method-weak-on" },
	{ "authenticationMethodsPolicy", "{'id':'Fido2','state':'enabled'}",
	    "{'id':'Fido2','state':'disabled'}", "high:method-strong-off" },
	{ "authenticationMethodsPolicy",
	    "{'registrationEnforcement':{'authenticationMethodsRegistrationCampaign':{'state':'"
	    "default'}}}",
	    "{'registrationEnforcement':{'authenticationMethodsRegistrationCampaign':{'state':'"
	    "disabled'}}}",
	    "medium:method-registration-off" },
	{ "authenticationMethodsPolicy",
	    "{'policyVersion':1,'lastModifiedDateTime':1,'includeTargets':[{'targetType':'group','"
	    "id':'a'},{'targetType':'user','id':'a'}]}",
	    "{'policyVersion':2,'lastModifiedDateTime':2,'includeTargets':[{'targetType':'user','"
	    "id':'a'},{'targetType':'group','id':'a'}]}",
	    "" },
	/* 4: authentication strengths */
	{ "policies/authenticationStrengthPolicies", "{'allowedCombinations':['fido2']}",
	    "{'allowedCombinations':['fido2','password,sms']}", "high:strength-combination" },
	/* 5: authorization policy */
	{ "policies/authorizationPolicy", "{'allowInvitesFrom':'adminsAndGuestInviters'}",
	    "{'allowInvitesFrom':'everyone'}", "high:guest-invites" },
	{ "policies/authorizationPolicy",
	    "{'defaultUserRolePermissions':{'allowedToCreateApps':false}}",
	    "{'defaultUserRolePermissions':{'allowedToCreateApps':true}}",
	    "high:users-create-apps" },
	{ "policies/authorizationPolicy",
	    "{'defaultUserRolePermissions':{'allowedToCreateTenants':false}}",
	    "{'defaultUserRolePermissions':{'allowedToCreateTenants':true}}",
	    "high:users-create-tenants" },
	{ "policies/authorizationPolicy",
	    "{'defaultUserRolePermissions':{'permissionGrantPoliciesAssigned':[]}}",
	    "{'defaultUserRolePermissions':{'permissionGrantPoliciesAssigned':['x']}}",
	    "high:users-consent" },
	{ "policies/authorizationPolicy",
	    "{'guestUserRoleId':'10dae51f-b6af-4016-8d66-8c2a99b929b3'}",
	    "{'guestUserRoleId':'a0b1b346-4d3e-4e8b-98f8-753987be4970'}",
	    "high:guest-role-member" },
	{ "policies/authorizationPolicy", "{'allowUserConsentForRiskyApps':false}",
	    "{'allowUserConsentForRiskyApps':true}", "critical:consent-risky-apps" },
	/* 6: security defaults */
	{ "policies/identitySecurityDefaultsEnforcementPolicy", "{'isEnabled':true}",
	    "{'isEnabled':false}", "critical:security-defaults-off" },
	/* 7: cross-tenant access */
	{ "policies/crossTenantAccessPolicy/default", "{'inboundTrust':{'isMfaAccepted':false}}",
	    "{'inboundTrust':{'isMfaAccepted':true}}", "high:cross-tenant-trust" },
	{ "policies/crossTenantAccessPolicy/partners", NULL, "{'tenantId':'t'}",
	    "medium:cross-tenant-partner" },
	{ "policies/crossTenantAccessPolicy", "{'partners':[]}", "{'partners':[{'tenantId':'t'}]}",
	    "medium:cross-tenant-partner-listed" },
	{ "policies/crossTenantAccessPolicy/default",
	    "{'b2bDirectConnectInbound':{'applications':{'accessType':'blocked'}}}",
	    "{'b2bDirectConnectInbound':{'applications':{'accessType':'allowed'}}}",
	    "high:cross-tenant-direct-connect" },
	/* 8: directory roles */
	{ "directoryRoles", "{'roleTemplateId':'" ROLE_ADMIN "','members':[]}",
	    "{'roleTemplateId':'" ROLE_ADMIN "','members':[{'id':'u'}]}",
	    "critical:admin-role-member" },
	{ "directoryRoles", "{'roleTemplateId':'x','members':[]}",
	    "{'roleTemplateId':'x','members':[{'id':'u'}]}", "high:role-member" },
	{ "directoryRoles", "{'members':[{'id':'u','displayName':'A','userPrincipalName':'a'}]}",
	    "{'members':[{'id':'u','displayName':'B','userPrincipalName':'b'}]}", "" },
	/* 9: role assignments and definitions */
	{ "roleManagement/directory/roleAssignments", NULL,
	    "{'principalId':'p','roleDefinitionId':'" ROLE_ADMIN "','directoryScopeId':'/'}",
	    "critical:admin-assignment" },
	{ "roleManagement/directory/roleEligibilityScheduleInstances", NULL,
	    "{'principalId':'p','roleDefinitionId':'x','directoryScopeId':'/'}",
	    "high:role-assignment" },
	{ "roleManagement/directory/roleAssignments",
	    "{'directoryScopeId':'/administrativeUnits/1'}", "{'directoryScopeId':'/'}",
	    "critical:role-scope-widened" },
	{ "roleManagement/directory/roleDefinitions",
	    "{'rolePermissions':[{'condition':null,'allowedResourceActions':['microsoft.directory/"
	    "users/read']}]}",
	    "{'rolePermissions':[{'condition':null,'allowedResourceActions':['microsoft.directory/"
	    "applications/allTasks','microsoft.directory/users/read']}]}",
	    "critical:role-gains-alltasks" },
	{ "roleManagement/directory/roleEligibilityScheduleInstances",
	    "{'id':'1','startDateTime':'a','endDateTime':'a'}",
	    "{'id':'2','startDateTime':'b','endDateTime':'b'}", "" },
	/* 10: role management policies */
	{ "policies/roleManagementPolicies",
	    "{'rules':[{'id':'Approval_EndUser_Assignment','setting':{'isApprovalRequired':true}}]"
	    "}",
	    "{'rules':[{'id':'Approval_EndUser_Assignment','setting':{'isApprovalRequired':false}}]"
	    "}",
	    "high:activation-approval-off" },
	{ "policies/roleManagementPolicies",
	    "{'rules':[{'id':'E','enabledRules':['MultiFactorAuthentication','Justification']}]}",
	    "{'rules':[{'id':'E','enabledRules':['Justification']}]}", "high:activation-mfa-off" },
	{ "policies/roleManagementPolicies",
	    "{'rules':[{'id':'AuthenticationContext_EndUser_Assignment','isEnabled':true}]}",
	    "{'rules':[{'id':'AuthenticationContext_EndUser_Assignment','isEnabled':false}]}",
	    "high:activation-context-off" },
	{ "policies/roleManagementPolicies",
	    "{'lastModifiedBy':'a','rules':[{'id':'1','lastModifiedBy':1}]}",
	    "{'lastModifiedBy':'b','rules':[{'id':'1','lastModifiedBy':2}]}", "" },
	/* 11: applications */
	{ "applications", "{'passwordCredentials':[{'keyId':'1'}]}",
	    "{'passwordCredentials':[{'keyId':'2'},{'keyId':'1'}]}", "high:app-secret" },
	{ "applications", "{'keyCredentials':[]}", "{'keyCredentials':[{'keyId':'2'}]}",
	    "high:app-certificate" },
	{ "applications", "{'owners':[]}", "{'owners':[{'id':'u'}]}", "high:app-owner" },
	{ "applications", "{'signInAudience':'AzureADMyOrg'}",
	    "{'signInAudience':'AzureADMultipleOrgs'}", "high:app-audience" },
	{ "applications", "{'web':{'redirectUris':['https://a.example']}}",
	    "{'web':{'redirectUris':['https://*.example','https://a.example']}}",
	    "high:app-redirect" },
	{ "applications", "{'spa':{'redirectUris':[]}}",
	    "{'spa':{'redirectUris':['http://a.example']}}", "high:app-redirect" },
	{ "applications", "{'web':{'redirectUris':[]}}",
	    "{'web':{'redirectUris':['https://a.example']}}", "medium:default" },
	{ "applications", "{'federatedIdentityCredentials':[]}",
	    "{'federatedIdentityCredentials':[{'id':'f'}]}", "high:app-federated-credential" },
	{ "applications",
	    "{'info':{'logoUrl':1},'publisherDomain':'a','passwordCredentials':[{'keyId':'1','hint'"
	    ":'a'}],"
	    "'requiredResourceAccess':[{'resourceAppId':'g','resourceAccess':[{'id':'1','type':'"
	    "Role'},{'id':'1','type':'Scope'}]}]}",
	    "{'info':{'logoUrl':2},'publisherDomain':'b','passwordCredentials':[{'keyId':'1','hint'"
	    ":'b'}],"
	    "'requiredResourceAccess':[{'resourceAppId':'g','resourceAccess':[{'id':'1','type':'"
	    "Scope'},{'id':'1','type':'Role'}]}]}",
	    "" },
	/* 12: service principals */
	{ "servicePrincipals", "{'appRoleAssignments':[]}",
	    "{'appRoleAssignments':[{'resourceId':'g','appRoleId':'9e3f62cf-ca93-4989-b6ce-"
	    "bf83c28f9fe8'}]}",
	    "critical:graph-dangerous-role" },
	{ "servicePrincipals/1/appRoleAssignments", NULL,
	    "{'resourceId':'g','appRoleId':'e2a3a72e-5f79-4c64-b1b1-878b674786c9'}",
	    "critical:graph-dangerous-role-made" },
	{ "servicePrincipals", "{'accountEnabled':true}", "{'accountEnabled':false}",
	    "medium:principal-enabled" },
	{ "servicePrincipals", "{'info':1,'createdDateTime':1,'notificationEmailAddresses':['a']}",
	    "{'info':2,'createdDateTime':2,'notificationEmailAddresses':['b']}", "" },
	/* 13: consents */
	{ "oauth2PermissionGrants", "{'consentType':'Principal'}",
	    "{'consentType':'AllPrincipals'}", "high:grant-all-principals" },
	{ "oauth2PermissionGrants", "{'scope':'User.Read openid'}",
	    "{'scope':'openid Mail.Read User.Read'}", "high:grant-scope" },
	{ "oauth2PermissionGrants", "{'scope':'User.Read'}",
	    "{'scope':' offline_access User.Read '}", "high:grant-scope" },
	{ "oauth2PermissionGrants", "{'id':'a','scope':'a b'}", "{'id':'b','scope':'b a'}", "" },
	/* 14: domains */
	{ "domains", "{'authenticationType':'Managed'}", "{'authenticationType':'Federated'}",
	    "critical:domain-federated" },
	{ "domains/example.org/federationConfiguration", "{'signingCertificate':'a'}",
	    "{'signingCertificate':'b'}", "critical:federation-certificate" },
	{ "domains", "{'federationConfiguration':[{'id':'f','issuerUri':'a'}]}",
	    "{'federationConfiguration':[{'id':'f','issuerUri':'b'}]}",
	    "critical:federation-issuer" },
	{ "domains", "{'isVerified':true}", "{'isVerified':false}", "high:domain-verified" },
	{ "domains", "{'isDefault':true}", "{'isDefault':false}", "high:domain-default" },
	{ "domains", "{'passwordValidityPeriodInDays':90}",
	    "{'passwordValidityPeriodInDays':2147483647}", "low:domain-password-validity" },
	{ "domains", "{'availabilityStatus':1,'state':1}", "{'availabilityStatus':2,'state':2}",
	    "" },
	/* 15: group settings, groups that can hold roles */
	{ "groupSettings", "{'values':[{'name':'BannedPasswordList','value':'a'}]}",
	    "{'values':[{'name':'BannedPasswordList','value':''}]}", "medium:group-setting" },
	{ "groups", "{'isAssignableToRole':true,'members':[]}",
	    "{'isAssignableToRole':true,'members':[{'id':'u'}]}", "critical:role-group-member" },
	{ "roleAssignableGroups", "{'members':[]}", "{'members':[{'id':'u'}]}",
	    "critical:role-group-member-listed" },
	{ "groups", "{'renewedDateTime':1,'onPremisesLastSyncDateTime':1}",
	    "{'renewedDateTime':2,'onPremisesLastSyncDateTime':2}", "" },
	/* 16: other policies */
	{ "policies/adminConsentRequestPolicy", "{'isEnabled':true}", "{'isEnabled':false}",
	    "medium:admin-consent-off" },
	{ "policies/defaultAppManagementPolicy", "{'isEnabled':true}", "{'isEnabled':false}",
	    "high:app-restrictions-off" },
	{ "policies/defaultAppManagementPolicy",
	    "{'applicationRestrictions':{'passwordCredentials':[{'restrictionType':'"
	    "passwordAddition','state':'enabled'}]}}",
	    "{'applicationRestrictions':{'passwordCredentials':[{'restrictionType':'"
	    "passwordAddition','state':'disabled'}]}}",
	    "high:app-restriction-off" },
	{ "policies/tokenLifetimePolicies",
	    "{'definition':['{\\'TokenLifetimePolicy\\':{\\'Version\\':1,\\'AccessTokenLifetime\\':"
	    "\\'1:00:00\\'}}']}",
	    "{'definition':['{\\'TokenLifetimePolicy\\':{\\'AccessTokenLifetime\\':\\'1:00:00\\',"
	    "\\'Version\\':1}}']}",
	    "" },
	{ "policies/tokenLifetimePolicies", "{'definition':['{\\'a\\':1}']}",
	    "{'definition':['{\\'a\\':2}']}", "medium:token-lifetime medium:token-lifetime" },
	/* 17: organization */
	{ "organization", "{'technicalNotificationMails':['a']}",
	    "{'technicalNotificationMails':['b','a']}", "medium:technical-contacts" },
	{ "organization", "{'securityComplianceNotificationMails':['a']}",
	    "{'securityComplianceNotificationMails':[]}", "medium:security-contacts" },
	{ "organization", "{'onPremisesSyncEnabled':true}", "{'onPremisesSyncEnabled':null}",
	    "high:directory-sync" },
	{ "organization",
	    "{'assignedPlans':[1],'provisionedPlans':[1],'onPremisesLastSyncDateTime':1,'"
	    "onPremisesLastPasswordSyncDateTime':1}",
	    "{'assignedPlans':[2],'provisionedPlans':[2],'onPremisesLastSyncDateTime':2,'"
	    "onPremisesLastPasswordSyncDateTime':2}",
	    "" },
	/* 18: users */
	{ "users", "{'userPrincipalName':'breakglass1@example.org','accountEnabled':true}",
	    "{'userPrincipalName':'breakglass1@example.org','accountEnabled':false}",
	    "critical:break-glass-off" },
	{ "users", "{'userType':'Guest'}", "{'userType':'Member'}", "high:guest-to-member" },
	{ "users", NULL, "{'id':'u'}", "info:user-created" },
	{ "users",
	    "{'signInActivity':1,'lastPasswordChangeDateTime':1,'refreshTokensValidFromDateTime':1,"
	    "'assignedPlans':[1],'provisionedPlans':[],'assignedLicenses':[{'skuId':'a'},{'skuId':'"
	    "b'}]}",
	    "{'signInActivity':2,'lastPasswordChangeDateTime':2,'refreshTokensValidFromDateTime':2,"
	    "'assignedPlans':[],'provisionedPlans':[1],'assignedLicenses':[{'skuId':'b'},{'skuId':'"
	    "a'}]}",
	    "" },
	/* 20: licences, administrative units, listeners */
	{ "subscribedSkus", "{'skuPartNumber':'AAD_PREMIUM_P2'}", NULL, "medium:licence-p2-lost" },
	{ "directory/administrativeUnits", "{'isMemberManagementRestricted':true}", NULL,
	    "high:restricted-unit-gone" },
	{ "identity/authenticationEventListeners", NULL, "{'id':'l'}", "high:custom-extension" },
	{ "subscribedSkus", "{'consumedUnits':1,'prepaidUnits':{'enabled':1}}",
	    "{'consumedUnits':2,'prepaidUnits':{'enabled':2}}", "" },
	/* what one row ignores is seen in the others */
	{ "users", "{'state':1,'hint':1,'publisherDomain':1}",
	    "{'state':2,'hint':2,'publisherDomain':2}",
	    "medium:default medium:default medium:default" },
	{ "applications", "{'consumedUnits':1,'policyVersion':1,'lastModifiedDateTime':1,'id':1}",
	    "{'consumedUnits':2,'policyVersion':2,'lastModifiedDateTime':2,'id':2}",
	    "medium:default medium:default medium:default medium:default" },
};

static const struct expected azure[] = {
	{ "roleAssignments", NULL,
	    "{'properties':{'roleDefinitionId':'/x/8e3af657-A8ff-443c-a75c-2fe8c4bcb635'}}",
	    "critical:owner-assigned" },
	{ "roleAssignments", NULL, "{'properties':{'roleDefinitionId':'/x/other'}}",
	    "high:role-assigned" },
	{ "locks", "{'id':'l'}", NULL, "high:lock-gone" },
	{ "policyAssignments", "{'properties':{'enforcementMode':'Default'}}",
	    "{'properties':{'enforcementMode':'DoNotEnforce'}}", "high:policy-not-enforced" },
	{ "resources",
	    "{'properties':{'securityRules':[{'name':'r','properties':{'sourceAddressPrefix':'10.0."
	    "0.0/8'}}]}}",
	    "{'properties':{'securityRules':[{'name':'r','properties':{'sourceAddressPrefix':'*'}}]"
	    "}}",
	    "critical:nsg-open" },
	{ "resources", "{'properties':{'allowBlobPublicAccess':false}}",
	    "{'properties':{'allowBlobPublicAccess':true}}", "critical:public-blobs" },
	{ "resources", "{'properties':{'minimumTlsVersion':'TLS1_2'}}",
	    "{'properties':{'minimumTlsVersion':'TLS1_0'}}", "high:tls-old" },
	{ "resources", "{'properties':{'networkAcls':{'defaultAction':'Deny'}}}",
	    "{'properties':{'networkAcls':{'defaultAction':'Allow'}}}",
	    "high:network-default-allow" },
	{ "resources", "{'properties':{'enablePurgeProtection':true}}",
	    "{'properties':{'enablePurgeProtection':null}}", "high:vault-purge-protection-off" },
	{ "resources", "{'tags':{'a':'1'}}", "{'tags':{'a':'2'}}", "low:tags" },
	{ "resources",
	    "{'id':'/SUBSCRIPTIONS/"
	    "A','etag':1,'changedTime':1,'systemData':{'lastModifiedAt':1},'properties':{'"
	    "provisioningState':1,'creationTime':1}}",
	    "{'id':'/subscriptions/"
	    "a','etag':2,'changedTime':2,'systemData':{'lastModifiedAt':2},'properties':{'"
	    "provisioningState':2,'creationTime':2}}",
	    "" },
};

static const struct expected generic[] = {
	{ "document", "{'login':{'mfa':{'enabled':true}}}", "{'login':{'mfa':{'enabled':false}}}",
	    "critical:off-mfa-enabled" },
	{ "document", "{'requireMfa':true}", "{'requireMfa':false}", "critical:off-mfa" },
	{ "document", "{'firewall':'on'}", "{'firewall':'off'}", "critical:off-firewall" },
	{ "document", "{'firewall':'off'}", "{'firewall':'on'}", "low:on-named" },
	{ "document", "{'net':{'allow':['10.0.0.0/8']}}",
	    "{'net':{'allow':['10.0.0.0/8','0.0.0.0/0']}}", "critical:open-to-all-addresses" },
	{ "document", "{'cors':{'allowedOrigins':['https://a.example']}}",
	    "{'cors':{'allowedOrigins':['https://a.example','*']}}", "high:allow-every-origin" },
	{ "document", "{'admins':['ann']}", "{'admins':['ann','mallory']}",
	    "critical:admin-added-admins" },
	{ "document", "{'policy':{'minLength':14}}", "{'policy':{'minLength':6}}",
	    "high:password-shorter" },
	{ "document", "{'policy':{'minLength':6}}", "{'policy':{'minLength':14}}",
	    "low:passwords-longer" },
	{ "sshd", "{'PermitRootLogin':'no'}", "{'PermitRootLogin':'yes'}", "critical:root-login" },
	{ "document", "{'isAdmin':false}", "{'isAdmin':true}", "critical:admin-flag-isadmin" },
};

static void
the_pack_entra_knows_every_row(void **state)
{
	(void)state;
	check(packs[0], entra, LEN(entra));
}

static void
the_pack_azure_knows_what_opens_a_subscription(void **state)
{
	(void)state;
	check(packs[1], azure, LEN(azure));
}

static void
the_pack_generic_goes_by_usual_names(void **state)
{
	(void)state;
	check(packs[2], generic, LEN(generic));
}

/* Every one of them, and all together with the config's own. */
static void
packs_go_together(void **state)
{
	const struct rule_pack *const list[] = { packs[0], packs[1], packs[2] };
	TALLOC_CTX                   *mem = talloc_new(NULL);
	struct err                    e = { 0 };

	(void)state;
	assert_non_null(rules_compile(mem, NULL, list, 3, NULL, &e));
	assert_non_null(compare_compile(mem, NULL, list, 3, key, NULL, &e));
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pack_entra_knows_every_row),
		cmocka_unit_test(the_pack_azure_knows_what_opens_a_subscription),
		cmocka_unit_test(the_pack_generic_goes_by_usual_names),
		cmocka_unit_test(packs_go_together),
	};

	return cmocka_run_group_tests(tests, load, drop);
}
