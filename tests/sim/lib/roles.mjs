// roles.mjs - built-in roles of a directory and application permissions of Graph, by the ids that are the same everywhere.
//
// "Microsoft Entra built-in roles": a role's template id is the same in every directory, its id is not.
// "Microsoft Graph permissions reference": ids of application permissions (app roles of the service principal of Graph).
import { guid } from './names.mjs';

const KNOWN = [
  ['62e90394-69f5-4237-9190-012177145e10', 'Global Administrator'],
  ['e8611ab8-c189-46e8-94e1-60213ab1f814', 'Privileged Role Administrator'],
  ['7be44c8a-adaf-4e2a-84d6-ab2649e08a13', 'Privileged Authentication Administrator'],
  ['c4e39bd9-1100-46d3-8c65-fb160da0071f', 'Authentication Administrator'],
  ['fe930be7-5e62-47db-91af-98c3a49a38b1', 'User Administrator'],
  ['88d8e3e3-8f55-4a1e-953a-9b9898b8876b', 'Directory Readers'],
  ['f2ef992c-3afb-46b9-b7cf-a126ee74c451', 'Global Reader'],
  ['194ae4cb-b126-40b2-bd5b-6091b380977d', 'Security Administrator'],
  ['5d6b6bb7-de71-4623-b4af-96380a352509', 'Security Reader'],
  ['9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3', 'Application Administrator'],
  ['158c047a-c907-4556-b7ef-446551a6b5f7', 'Cloud Application Administrator'],
  ['b1be1c3e-b65d-4f19-8427-f6fa0d97feb9', 'Conditional Access Administrator'],
  ['729827e3-9c14-49f7-bb1b-9608f156bbb8', 'Helpdesk Administrator'],
  ['29232cdf-9323-42fd-ade2-1d097af3e4de', 'Exchange Administrator'],
  ['f28a1f50-f6e7-4571-818b-6a12f2af6b6c', 'SharePoint Administrator'],
];

// `n` of them; those whose ids nobody needs to know are made up.
export function roleTemplates(n) {
  const made = Array.from({ length: Math.max(n - KNOWN.length, 0) }, (_, i) => [guid(`role template ${i}`), `Service Operator ${i + 1}`]);
  return [...KNOWN, ...made].slice(0, n);
}

export const GLOBAL_ADMINISTRATOR = KNOWN[0][0];

export const APP_ROLES = {
  'RoleManagement.ReadWrite.Directory': '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8',
  'AppRoleAssignment.ReadWrite.All': '06b708a9-e830-4db3-a914-8e69da51d44f',
  'Application.ReadWrite.All': '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9',
  'Directory.ReadWrite.All': '19dbc75e-c2e2-444c-a770-ec69d8559fc7',
  'Directory.Read.All': '7ab1d382-f21e-4acd-a863-ba3e13f7da61',
  'User.Read.All': 'df021288-bdef-4463-88db-98f22de89214',
  'AuditLog.Read.All': 'b0afded3-3588-46d8-8b3d-9842eff778da',
};

// What one consent of an administrator gives a reader of configuration.
export const READER = ['Policy.Read.All', 'Policy.Read.AuthenticationMethod', 'Policy.Read.PermissionGrant', 'Policy.Read.DeviceConfiguration', 'RoleManagement.Read.Directory',
  'RoleEligibilitySchedule.Read.Directory', 'RoleAssignmentSchedule.Read.Directory', 'Directory.Read.All', 'Application.Read.All', 'AuditLog.Read.All', 'Domain.Read.All',
  'Domain-InternalFederation.Read.All', 'GroupSettings.Read.All', 'Group.Read.All', 'GroupMember.Read.All', 'Organization.Read.All', 'User.Read.All', 'LicenseAssignment.Read.All',
  'AdministrativeUnit.Read.All', 'EventListener.Read.All', 'CrossTenantInformation.ReadBasic.All', 'DelegatedPermissionGrant.Read.All'];
