// configs.js - every config: what it is, how it is read, when last and next; one is made.
import { el, link, time } from './ui.js';
import { callSigned } from './api.js';
import { table } from './chart.js';
import { configPage, scheduleText } from './config.js';
import { newConfig } from './config_form.js';
import { gather, may, plain, stateTag } from './drift.js';
import { ago } from './language.js';
import { t } from './texts.js';
import { m } from './texts_more.js';

const x = m.configs;
const MOST = 1000;

export const page = (ctx) => (ctx.id ? configPage(ctx) : configList(ctx));

const rowOf = (c) => [link(`#/configs/${c.id}`, plain(c.name)), stateTag(c.state), t.config.sources[c.source.kind] ?? plain(c.source.kind), scheduleText(c), c.last_run ? ago(c.last_run) : t.never, c.next_run_at ? time(c.next_run_at) : ''];

async function configList(ctx) {
  const { me } = ctx, [{ items, more }, make] = await Promise.all([gather(callSigned, 'api/drift/configs', MOST), may(me, 'create:drift') ? newConfig(ctx) : null]);
  const order = Object.keys(t.states), all = [...items].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.name.localeCompare(b.name));
  return { title: t.nav.configs, wide: true, parts: [el('p', {}, x.says), make, all.length > 0 ? table(t.nav.configs, x.heads, all.map(rowOf), 'records') : el('p', {}, t.none), more && el('p', { class: 'small' }, x.cut(all.length))] };
}
