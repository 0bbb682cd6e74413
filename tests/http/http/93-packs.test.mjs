// Each rule pack, named by a config, from two pushed states to the report: one dangerous change of its kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, bearer, newConfig, newKey, push, withKey } from '../lib/people.mjs';

const statement = (more) => ({ Statement: [{ Sid: 'Read', Effect: 'Allow', Action: ['s3:GetObject'], Resource: '*', ...more }] });
const state = (attributes) => ({ terraform_version: '1.6.0', serial: 3, resources: [{ mode: 'managed', type: 'aws_ebs_volume',
  name: 'data', instances: [{ attributes: { id: 'vol-1', size: 10, ...attributes } }] }] });
const role = (verbs) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'ops', resourceVersion: String(verbs.length) },
  rules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs }] });

// pack, before, after, severity, rule, and a change that is harmless
const packs = [
  ['kubernetes', role(['get', 'list']), role(['get', 'list', 'impersonate']), 'critical', 'kubernetes:role-escalates', role(['get'])],
  ['aws', statement(), statement({ Action: ['s3:GetObject', '*'] }), 'critical', 'aws:may-everything', statement({ Action: 's3:GetObject' })],
  ['gcp', { bindings: [{ role: 'roles/viewer', members: ['user:a@corp.example'] }], etag: 'a' },
    { bindings: [{ role: 'roles/viewer', members: ['user:a@corp.example', 'allUsers'] }], etag: 'b' }, 'critical', 'gcp:everybody',
    { bindings: [{ role: 'roles/viewer', members: ['user:a@corp.example'] }], etag: 'c' }],
  ['github', { enforcement: 'active', name: 'main' }, { enforcement: 'disabled', name: 'main' }, 'high', 'github:ruleset-off',
    { enforcement: 'active', name: 'default branch' }],
  ['identity', { realm: 'corp', bruteForceProtected: true }, { realm: 'corp', bruteForceProtected: false }, 'high', 'identity:guessing-free',
    { realm: 'corp', bruteForceProtected: true, displayName: 'Corp' }],
  ['network', { rules: [{ id: 1, action: 'deny', source: 'any' }] }, { rules: [{ id: 1, action: 'accept', source: 'any' }] }, 'critical',
    'network:deny-to-allow', { rules: [{ id: 1, action: 'deny', source: 'any', comment: 'last' }] }],
  ['host', { sshd: { PermitRootLogin: 'no', Banner: 'a' } }, { sshd: { PermitRootLogin: 'yes', Banner: 'a' } }, 'critical', 'host:ssh-root',
    { sshd: { PermitRootLogin: 'no', Banner: 'b' } }],
  ['terraform', state({ encrypted: true }), state({ encrypted: false }), 'high', 'terraform:guard-off', { ...state({ encrypted: true }), serial: 4 }],
  ['azure', { properties: { state: 'Enabled', retentionInDays: 90 } }, { properties: { state: 'Disabled', retentionInDays: 90 } }, 'high',
    'azure:state-off', { properties: { state: 'Enabled', retentionInDays: 90 }, tags: { a: 'b' } }],
  ['generic', { login: { mfa: 'required' } }, { login: { mfa: 'optional' } }, 'critical', 'generic:off-mfa', { login: { mfa: 'required' }, note: 'x' }],
];

async function pushed(name) {
  const admin = await bearer(), config = await newConfig(admin, { rule_packs: [name] });
  const key = withKey((await newKey(admin)).key);
  const send = async (value) => (await push(key, config, [{ category: 'document', key: 'k', value }])).report;
  return { send, changes: (report) => all(admin, `/api/drift/reports/${report.id}/changes`) };
}

for (const [name, before, after, severity, rule, harmless] of packs)
  test(`a config with the pack ${name} tells a dangerous change of its kind, and is quiet about a harmless one`, async () => {
    const { send, changes } = await pushed(name);
    assert.equal((await send(before)).status, 'baseline');
    const report = await send(after);
    assert.equal(report.max_severity, severity);
    assert.deepEqual((await changes(report)).filter((c) => c.severity === severity).map((c) => c.rule), [rule]);
    const quiet = await send(harmless);
    assert.ok(['clean', 'baseline'].includes(quiet.status) || ['info', 'low'].includes(quiet.max_severity), JSON.stringify(quiet));
  });
