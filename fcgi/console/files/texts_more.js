// texts_more.js - what the pages of routes, configs, the register and the operation say: the catalogue of texts.js goes on here, for who goes there.
import { list, number, plural } from './language.js';

const severityOrWorse = { '': 'any', low: 'low or worse', medium: 'medium or worse', high: 'high or worse', critical: 'critical' };

export const m = {
  fleetAlerts: {
    title: 'Open alerts of the fleet', says: 'The worst ten of each tenant that you look after, without what a silence holds back: by severity, then those that nobody took, then the oldest.',
    heads: ['Severity', 'Tenant', 'Kind', 'Since', 'State'], here: 'your own', taken: 'somebody has taken it', waits: 'nobody has taken it', changed: 'The list has changed.',
    kinds: (kind) => `${kind} alert`, counted: 'as of ', severity: 'Severity',
  },

  answer: {
    mayNot: 'The link that you have opened asks for what you may not do with this alert. You see it all the same.', note: 'What was done?', reason: 'Why are these values right?', until: 'Until',
    acknowledge: { ask: 'Acknowledge this alert?', says: 'The link of the message asks for it. It counts once.', yes: 'Acknowledge it', busy: 'Acknowledging…', done: 'You have acknowledged it.' },
    resolve: { ask: 'Resolve this alert?', says: 'The link of the message asks for it. It counts once.', yes: 'Resolve it', busy: 'Resolving…', done: 'You have resolved it.' },
    accept: { ask: 'Accept these values until a day?', says: 'All changes of this alert that nobody has decided about are no drift until then, while their values stay as they are. The link counts once.', yes: 'Accept them', busy: 'Accepting…', done: 'They are accepted until then.' },
  },

  second: {
    title: 'It waits for a second person', says: 'What is asked for is as severe as this tenant lets nobody accept alone. Nothing of it counts before somebody else has confirmed it.',
    asked: { changes: (status, n) => `${plural(n, 'finding')} to be ${status}`, report: () => 'All of a report to be accepted: its snapshot becomes the baseline', baseline: () => 'A snapshot to become the baseline' },
    by: (who, why) => `Asked for by ${who}: ${why}`, reopens: 'What is accepted reopens ', ends: 'The question ends by itself ',
    confirm: 'Confirm it', confirming: 'Confirming…', confirmed: 'It is confirmed, and counts from now on.', decline: 'Decline it', declining: 'Declining…', declined: 'It is declined: nothing has changed.', why: 'Why not',
    takeBack: 'Take it back', takeBackAsk: 'Take back what you have asked for?', takeBackSays: 'Nothing of it has counted, and nobody is asked any more.', takingBack: 'Taking it back…', takenBack: 'It is taken back.',
    waits: 'It waits for a second person: nothing of it counts before.',
  },

  settings: {
    unseen: 'a channel that is not shown', levels: { '': 'not told', info: 'all', low: 'low or worse', medium: 'medium or worse', high: 'high or worse', critical: 'critical' },
    links: { acknowledge: 'messages have links; the one in a mail acknowledges without signing in', off: 'messages have none, and those that were sent do nothing' },
    rows: {
      trail: { name: 'Audit trail', label: 'Days that audit entries are kept', hint: '0: for ever; else at least 90.', none: 'kept for ever', said: (n) => `kept ${n} days` },
      fromName: { name: 'Mail is sent in the name of', label: 'Name of the sender', hint: 'It stands there as NAME via BlindSpotX. Empty: BlindSpotX alone.', none: 'BlindSpotX alone' },
      from: { name: 'Answers to mail go to', label: 'Address for answers', hint: 'Empty: the sender’s, which is the installation’s.', none: 'the sender’s address' },
      links: { name: 'Links by which alerts are answered', label: 'Links in messages about alerts' },
      security: { name: 'Told of alerts of the tenant itself', label: 'From which severity on each is told', none: 'no channel, unless a route says so', noChannels: 'There is no channel yet.' },
      second: { name: 'A second person', label: 'Who accepts this needs a second person' },
    },
    groups: {
      mail: { title: 'How mail is sent', says: 'Of mail about alerts, invitations and all else that this tenant sends.' },
      links: { title: 'Links in messages', says: 'Whoever opens such a link sees the alert; all but acknowledging is confirmed after signing in.', ask: 'Change what links in messages do?', lost: 'It counts at once, also for messages that were sent.' },
      security: { title: 'Who is told of the tenant itself', says: 'Alerts of kind security and system, where no route takes them. Those of kind security tell what is in the audit trail.', ask: 'Change who is told of the tenant itself?',
        lost: 'A channel that is taken out hears nothing more of these; one that is put in tells whoever reads there.' },
      second: { title: 'What needs a second person', says: 'Accepting a finding as severe as this waits until somebody else has confirmed it.', ask: 'Change what needs a second person?',
        lost: 'More counts at once. Less waits, for seven days at most, until a second administrator has said the same. An alert tells of it.' },
    },
    second: {
      choices: { '': 'nothing: one person is enough', low: 'low or worse', medium: 'medium or worse', high: 'high or worse', critical: 'critical' },
      title: 'Less is to need a second person', asks: (who, was, to) => `${who} has asked that, in place of “${was}”, a second person be needed for “${to}”, on`,
      says: 'It is so once a second administrator has confirmed it; after seven days it is over by itself.', waits: 'It waits until a second administrator has confirmed it.', otherwise: 'Somebody changed this meanwhile: here is what is so now.',
      confirm: 'Confirm this', confirming: 'Confirming…', confirmed: 'It is confirmed, and counts from now on.', decline: 'Decline this', declineAsk: 'Decline what was asked for?', declined: 'It is declined: nothing has changed.',
      takeBack: 'Take this back', takeBackAsk: 'Take back what you have asked for?', takenBack: 'It is taken back.', endSays: 'What needs a second person stays as it is.', ending: 'Ending it…',
    },
  },

  list: {
    come: (n, all, more) => `${number(n)} more ${n === 1 ? 'has' : 'have'} come: ${number(all)} are here${more ? ', and there are others' : ', which is all'}.`,
    changes: 'Changes', keys: 'Keys: j and k go from change to change.',
  },

  news: {
    now: 'What is so now:', nothing: 'nothing', same: 'Nothing that this page shows is otherwise now.', again: 'What you have typed stands here still: send it again.',
    more: (n) => `And ${n} more.`, kept: 'What you have typed stands here still. Send it again, and it takes the place of that.',
  },

  digest: {
    every: 'Digest', everies: { '': 'none', day: 'every day, of the day before', week: 'every week, of the seven days before' }, everySays: 'What drifted, what is open, accepted or blind, in numbers.',
    at: 'When the digest is sent (such as 07:00)', weekday: 'Day of a weekly digest', weekdays: { '': 'Monday (when nothing is said)', mon: 'Monday', tue: 'Tuesday', wed: 'Wednesday', thu: 'Thursday', fri: 'Friday', sat: 'Saturday', sun: 'Sunday' },
    zone: 'By the clocks of (such as Europe/Berlin; empty: UTC)', empty: 'When there is nothing to say', empties: { '': 'none is sent', yes: 'it is sent too' }, name: 'Digest',
    said: ({ every, at, weekday, timezone }) => `${every === 'day' ? 'every day' : `every ${m.digest.weekdays[weekday ?? 'mon']}`} at ${at} (${timezone ?? 'UTC'})`,
  },

  routes: {
    title: 'Routes', says: 'An alert takes the first route that it fits; where that one says so it goes on behind it. Behind the last are the channels that its config names.',
    heads: ['Route', 'What fits', 'Who is told', 'Deed'], every: 'every alert (but of kind security)', nobody: 'nobody', goesOn: 'then it goes on to the next route', up: 'Up', down: 'Down',
    upThis: (name) => `Up: ${name}`, downThis: (name) => `Down: ${name}`, moved: 'The routes stand in another order.', gone: 'a channel that is no more', goneConfig: 'a config that is not shown',
    fits: { min_severity: (v) => `${v} or worse`, max_severity: (v) => `at most ${v}`, kinds: (v) => `of kind ${list(v)}`, configs: (v) => `of ${list(v)}`, categories: (v) => `in ${list(v)}`, controls: (v) => `by a rule for ${list(v)}`,
      actors: (v) => `made by ${list(v)}`, confidence: (v) => (v === 'exact' ? 'who made it was seen setting the value' : 'who made it is known'), hours: (v) => `opened ${list(v)}`, outside: (v) => `not opened ${list(v)}` },
    step: (after, names) => `after ${after} that nobody acknowledges: ${list(names)}`, again: (every, n) => `, again every ${every}, at most ${plural(n, 'time')}`, only: (severity) => `, where it is ${severity} or worse`,
    makeTitle: 'Make a route', make: 'Make the route', saving: 'Saving…', made: 'The route is made: it counts from the next alert on.', changeTitle: 'Change it', save: 'Save', saved: 'It is saved.', same: 'Nothing is different from what it is.',
    name: 'Name', least: 'Severity at least', most: 'Severity at most', severities: severityOrWorse, atMost: { '': 'any', high: 'high', medium: 'medium', low: 'low', info: 'info' }, any: 'any',
    match: 'What fits (all that is said here; of a list one is enough)', kinds: 'Kinds (none: all but security)', configs: 'Configs (none: all)', categories: 'Categories, one on each line', controls: 'Controls of rules, one on each line',
    actors: 'Who made it, by id, one on each line', confidence: 'How surely they are known', confidences: { '': 'does not matter', object: 'seen changing the object', exact: 'seen setting this value' },
    hours: 'Only in these hours, one on each line', hoursSay: 'Such as mon-fri 08:00-18:00 Europe/Berlin.', outside: 'Not in these hours, one on each line',
    channels: 'Who is told', noChannels: 'There is no channel yet.', how: 'How', hows: { continue: 'goes on to the next route too', tell_ends: 'they hear of the end of single findings', tell_makers: 'they hear when it becomes known who made changes' },
    work: 'They hear of the work on it', works: { '': 'as their kinds do', always: 'always', never: 'never' }, repeat: 'Least seconds between messages in which only a number has changed (empty: 300)',
    steps: 'Who is told next, as long as nobody acknowledges it', addStep: 'Add a step', dropStep: 'Take this step out', stepTitle: (n) => `Step ${n}`, after: 'Minutes after the alert has opened', stepChannels: 'Who is told then',
    stepSeverity: 'Only where it is', repeatEvery: 'Again every so many minutes (empty: once)', repeats: 'At most so often', drop: 'Delete', dropping: 'Deleting…', dropAsk: (name) => `Delete the route ${name}?`,
    dropLost: 'Alerts that it took go on to the routes behind it, and to the channels that their configs name. Steps that wait are not told.', dropped: 'The route is deleted.', back: 'All routes',
    limits: 'It is saved for everybody at once.', groupBy: 'Told together, where they have all of this in common (none: each by itself)',
    labels: { all: 'every alert of the route', config: 'the config', category: 'the category', severity: 'the severity', kind: 'the kind', control: 'the control', actor: 'who made it' },
    wait: 'Seconds that the first of a group waits for others (empty: 30)', interval: 'Least seconds between two messages of a group (empty: 300)', again_s: 'Told again when a group was silent for so many seconds (empty: never)',
    quietFrom: 'Quiet hours begin (such as 22:00; empty: there are none)', quietTo: 'Quiet hours end', quietDays: 'Days on which they begin (none: every day)', quietZone: 'By the clocks of (such as Europe/Berlin; empty: UTC)',
    quietBut: 'In quiet hours too is told what is', quietButs: { '': 'critical (when nothing is said)', info: 'anything', low: 'low or worse', medium: 'medium or worse', high: 'high or worse', critical: 'critical' },
    days: { mon: 'Monday', tue: 'Tuesday', wed: 'Wednesday', thu: 'Thursday', fri: 'Friday', sat: 'Saturday', sun: 'Sunday' },
    grouped: (by) => `told together by ${list(by.map((one) => m.routes.labels[one] ?? one))}`, quiet: ({ from, to, days, timezone }) => `quiet from ${from} to ${to} (${timezone ?? 'UTC'})${days?.length > 0 ? `, ${list(days.map((day) => m.routes.days[day]))}` : ''}`,
  },

  trial: {
    title: 'Where would an alert go, and why?', says: 'Nothing is sent by asking. Alerts that there are, as if they opened now with what is known of them; or one that you imagine.',
    which: 'Which alert?', whiches: { 1: 'the newest', 10: 'the newest 10', 50: 'the newest 50', imagined: 'one that I imagine' }, kind: 'Kind', severity: 'Severity', config: 'Config', noConfig: 'none', categories: 'Categories of its findings, one on each line',
    at: 'When (empty: now)', go: 'Look', going: 'Looking…', looked: (n) => `${plural(n, 'alert')} looked at.`, imagined: 'An alert that is imagined', open: 'Where does this go, and why?', none: 'There is no alert yet.',
    misfit: (member) => `does not fit: ${members[member] ?? member}`, stops: 'fits, and ends here', goesOn: 'fits, and goes on', toConfig: 'It comes to the channels that its config names.', noRoute: 'There are no routes.',
    told: 'is told', notTold: (why) => `is not told: ${why}`, by: (route) => `by ${route}`, byConfig: 'named by its config', later: (after) => `after ${after}, where nobody acknowledges it`, nobody: 'Nobody is told.', routes: 'The routes, in their order', channels: 'Who is told',
  },

  configs: {
    says: 'What is watched: where each is read, when, and who is told. The overview has those first that need somebody.', heads: ['Config', 'State', 'Read from', 'When', 'Last read', 'Next'], cut: (n) => `Only the newest ${number(n)} are shown here.`,
    makeTitle: 'Make a config', make: 'Make the config', saving: 'Saving…', made: 'The config is there, and not read on its schedule yet. Its test is under way: see below what it can read, then let it begin.', madePush: 'The config is there: push the first snapshot to it.',
    name: 'Name', kind: 'Where is it read?', push: 'pushed by a collector of your own', self: 'this tenant itself: its users, roles and settings', canary: 'nowhere: a canary, an object that changes at each reading, to know that who is told hears of it', brokenPack: (title) => `${title} (its file cannot be used)`,
    minutes: 'Read it every so many minutes (empty: only when somebody asks)', minutesSay: 'It begins once you say so, after the test.', packReads: (n) => `It reads ${plural(n, 'collection')}:`, needs: (permission) => ` needs ${permission}`,
    written: 'Written by ', collections: 'Collections (JSON)', collectionsSay: 'A list of {"category", "path", "items", "key", "next"}, as blindspotx-source(5) says.', selector: 'How a document is cut (JSON; empty: it is one resource)', selectorSays: 'Such as {"resources": "/items", "key": "/id"}.',
    credential: 'How it proves who asks', forms: { none: 'nothing', bearer: 'a token', basic: 'user and password', header: 'a header field', oauth2_client_credentials: 'a client and its secret (OAuth 2)', certificate: 'a client and its certificate (OAuth 2)' },
    secrets: { token: 'Token', user: 'User', password: 'Password', name: 'Name of the header field', value: 'Value of the header field', token_url: 'Address that gives tokens (https://…)', scope: 'Scope', client_id: 'Client number (client ID)', client_secret: 'Client secret',
      certificate: 'Certificate (PEM)', private_key: 'Its private key (PEM)' }, credentialSays: 'It is kept sealed, and never shown again.', mayBeEmpty: (name) => `${name} (may stay empty)`, noJson: (what) => `This is no JSON: ${what}`,
  },

  tune: {
    title: 'Change it', begin: 'Let it begin', begun: 'It is read on its schedule from now on.', how: 'How it is read, and who is told', name: 'Name', minutes: 'Read it every so many minutes', cron: 'Or when (cron, such as 30 3 * * 1-5)', zone: 'Whose clocks cron means (such as Europe/Berlin)',
    enabled: 'It is read on its schedule', channels: 'Channels that are told', save: 'Save', saving: 'Saving…', saved: 'It is saved.', same: 'Nothing is different from what it is.', on: 'Schedule',
    rules: 'Rules and thresholds, with what they would have done', rulesOwn: 'Its own rules (JSON; the first that fits decides)', packs: 'Rule packs, one on each line', rulesSay: 'First its own rules, then those of the packs. Nothing is changed by looking.',
    thresholds: { min_severity: 'Findings of at least', min_changes: 'At least so many findings at once', min_score: 'A score of at least', for_runs: 'In so many reports in a row', clear_runs: 'Ends after so many complete snapshots without findings', max_removed_percent: 'More than so many percent gone at once waits (50 when empty)',
      blind_after: 'Blind after so many readings that were not complete', review_after_days: 'Told of, when nobody has approved it after so many days (7 when empty)' },
    days: 'Replay so many days', look: 'See what it would have done', looking: 'Replaying…', looked: (n, more) => `${plural(n, 'snapshot')} replayed${more ? ', there were more' : ''}. Nothing is changed yet.`, heads: ['Over these days', 'As it is', 'As typed'],
    rows: { opened: 'Alerts opened', updated: 'Alerts told again', resolved: 'Alerts that ended', suppressed: 'Alerts kept quiet at first', changes: 'Changes counted', findings: 'Findings' }, bySeverity: (s) => `Alerts opened, ${s}`,
    notReplayed: (what) => `No part in it took: ${list(what)}.`, keep: 'Save these rules and thresholds', keepSays: 'They count from the next comparison on.', severities: { '': 'low (when nothing is said)', low: 'low', medium: 'medium', high: 'high', critical: 'critical', info: 'info' },
    drop: 'Delete the config', dropAsk: (name) => `Delete the config ${name}?`, dropLost: 'Its snapshots, reports, baseline and rules are gone for good. Its alerts stay, and tell no more than they do.', dropping: 'Deleting…', dropped: 'The config is deleted.',
  },

  then: {
    title: 'Compare any two instants', says: 'What was in force at the one is held against what was in force at the other. Nothing is stored.', from: 'Before: what was in force at', until: 'After: what was in force at', go: 'Compare', going: 'Comparing…',
    none: 'Nothing was read by then.', same: 'Both times the same snapshot was in force.', noChange: 'There is no difference.', found: (n, more) => `${plural(n, 'difference')}${more ? '; the first are shown' : ''}.`, sides: ['Snapshot of ', ' against that of '],
    incomplete: (what) => `Not read completely on one of the sides, and so left out: ${list(what)}.`, masked: (n) => `${plural(n, 'masked place')} not compared.`,
  },

  history: {
    title: 'Resources and their history', says: 'What it read last, by collection. Of each resource: since when it is as it is, and how it was before.', open: 'Keys of', keys: (n, most) => (n >= most ? `The first ${number(n)}` : plural(n, 'resource')), choose: 'Collection', find: 'Key', look: 'Show its history', looking: 'Looking…',
    heads: ['As it was', 'Since', 'Until', ''], now: 'now', before: 'before what is kept', gone: 'It was gone.', show: 'What changed', showThis: (at) => `What changed: ${at}`, first: 'It was read first, or what was before is not kept any more.', none: 'Nothing of that name was read here.',
    value: 'As it was then', more: 'More', nothing: 'Nothing that is compared.', found: (n) => `${plural(n, 'state')} known.`, cut: 'The comparison was too large to show this resource.',
  },

  runs: { title: 'Runs', heads: ['When', 'What', 'What came of it', 'Read', 'Asked by'], kinds: { scheduled: 'on schedule', manual: 'asked for', notify: 'told by the source', try: 'test', attribution: 'who did it' }, states: { queued: ['○', 'waits', ''], running: ['…', 'goes on', ''], done: ['✓', 'done', ''], failed: ['▲', 'failed', ''],
    dead: ['✕', 'given up', ''], cancelled: ['‖', 'cancelled', ''] }, of: (p) => `${number(p.done)} of ${plural(p.of, 'collection')}, ${plural(p.requests, 'request')}`, missed: (n) => `${plural(n, 'turn')} before it had none`, took: (text) => `took ${text}`, all: 'All runs of it' },

  templates: {
    says: 'One config for many tenants: it is applied where you may act, and where a tenant says otherwise, that stays.', heads: ['Template', 'For', 'Version', 'Changed'], cut: (n) => `Only the newest ${number(n)} are shown here.`,
    make: 'Make a template', making: 'Making it…', made: 'It is made, and nowhere yet: look at what it would do, then apply it.', name: 'Name of the template', description: 'What it is for', config: 'The config (JSON)', configSays: 'As the API takes one, without a credential. %name% in a text is a variable, %% a percent sign.',
    variables: 'Variables (JSON)', variablesSay: 'Each a name and, where a tenant need not say it, a default.', noJson: (why) => `This is no JSON: ${why}.`,
    facts: { description: 'For', version: 'Newest version', by: 'Made by', where: 'Where' }, inTenants: (n) => (n === 0 ? 'in no tenant' : `in ${plural(n, 'tenant')}`), shown: 'Shown', versionOf: (n) => `Version ${number(n)}`, content: 'What it says',
    uses: 'Where it is', useHeads: ['Tenant', 'Version', 'Says otherwise in', 'The last operation', 'When'], nowhere: 'It is in no tenant.', older: 'not the newest',
    outcomes: { waiting: ['○', 'waits', ''], made: ['✓', 'made', ''], changed: ['✓', 'changed', ''], unchanged: ['✓', 'as it was', ''], kept: ['▲', 'kept', 'The tenant says otherwise, and that stays.'], removed: ['✓', 'removed', ''], failed: ['✕', 'failed', ''], cancelled: ['‖', 'cancelled', ''] },
    results: 'What came of it', resultHeads: ['Tenant', 'What', 'Places', 'When'], places: (n) => plural(n, 'place'), how: { changed: 'is changed', kept: 'stays as the tenant has it; the template' }, waits: 'it waits',
    work: 'The last operation', kinds: { 'template.preview': 'Looking at what it would do', 'template.apply': 'Applying it', 'template.undo': 'Taking it back' }, step: (done, of) => `${number(done)} of ${plural(of, 'tenant')}`, done: { 'template.preview': 'Every tenant was looked at, and nothing was done.', 'template.apply': 'Every tenant has had its turn.', 'template.undo': 'It was taken back in every tenant.' }, over: { failed: 'It failed.', cancelled: 'It was cancelled.' },
    rollout: 'Try, apply and take back', rolloutSays: 'Each tenant is your own or one that lets yours act there; what is refused in one is told by its result, and the others go on. You may leave this page: it goes on, and stands here when you come back.', tenants: 'Short names of the tenants', tenantsSay: 'One on each line. Empty: all that have another version (of taking back: all that have it).',
    first: 'Only so many of them', firstSays: 'The first ones; empty: all.', version: 'Version', versionSays: (n) => `Empty: the newest, ${number(n)}.`, allOf: 'All tenants that it is for.', preview: 'See what it would do', asking: 'Asking…', asked: (n) => `It is asked for in ${plural(n, 'tenant')}.`,
    apply: 'Apply it', applyAsk: 'Apply this template?', applySays: 'The config is made where there is none of it, and changed where there is; what a tenant has changed itself stays.', undo: 'Take the last application back', undoAsk: 'Take the last application back?', undoLost: 'Each config is again as it was before. One that was made by it is dropped with its snapshots, unless the tenant has changed it.',
    change: 'Change what it says', changeSays: 'It becomes a new version, which is nowhere before it is applied.', save: 'Save it as a new version', saving: 'Saving…', saved: 'It is saved.', drop: 'Drop the template', dropAsk: (name) => `Drop the template ${name}?`, dropLost: 'The configs that were made of it stay; no version of it comes to them any more.', dropping: 'Dropping…', dropped: 'The template is dropped.', back: 'All templates',
    bound: 'Of a template', boundTo: (name, version, owner) => `It was made of version ${number(version)} of ${name}, which ${owner} keeps; applied by `, noOwner: 'a tenant that is no more', deviations: 'Where it says otherwise', deviationHeads: ['Place', 'The template', 'Here'], noDeviation: 'It says what the template says.',
    letGo: 'Let go of the template', letGoAsk: 'Let go of the template?', letGoLost: 'The config stays as it is, and no application changes it any more; where the template is applied again it makes another one.', lettingGo: 'Letting go…', letGone: 'It is a config of its own now.',
  },

  // some rows of a list
  chosen: {
    selection: 'What is selected', all: 'Select all that are here', select: (name) => `Select: ${name}`, selected: (n) => `${number(n)} selected`,
    some: (n, of) => (n === 0 ? 'Nothing was done.' : `${number(n)} of ${number(of)} are done.`),
  },

  // changes that somebody says will come
  intents: {
    title: 'Announced changes', says: 'What somebody has said will change, before it does. What comes in its window as it was announced is accepted and tells nobody; anything else of that object alerts as usual, and says what was announced. What has not come by the end is told.',
    state: 'State', config: 'Config', heads: ['What', 'What is to come', 'Why, by', 'When', 'How it is'], gone: 'a config that is no more', anybody: 'by anybody', by: (who) => `by ${who}`, changes: (n) => `${plural(n, 'change')} came`,
    states: { scheduled: ['○', 'to come', 'Its window has not begun.'], open: ['…', 'awaited', 'Its window is open, and nothing has come.'], fulfilled: ['✓', 'has come', 'It came as it was announced.'], unfulfilled: ['▲', 'has not come', 'Its window is over, and nothing has come as announced.'], withdrawn: ['✕', 'taken back', ''] },
    expects: { value: 'exactly this value', any: 'any value', gone: 'it is gone' },
    announce: 'Announce a change', announcing: 'Announcing…', announced: 'It is announced.', announceSays: 'Say what will change, where, by whom and until when. What counts is when the change is read: let the end reach past the next reading.',
    category: 'Category', key: 'Key', keySays: 'As a change shows it; * stands for anything.', path: 'Where in it', pathSays: 'As a change shows it, such as /state; empty: the whole object, made or gone.',
    expect: 'What is to come', value: 'The value', valueSays: 'As JSON: a text stands in quotes, such as "disabled".', noJson: 'This is no JSON. A text stands in quotes: "disabled".',
    actor: 'By whom', actorSays: 'The id or address that the watched system will name. It is needed where the source says who makes a change, and refused where it cannot know.', ticket: 'Ticket', reason: 'Why is it changed?', from: 'From (empty: now)', until: 'Until when?', untilSays: 'At most seven days after it begins, unless your operator has set it otherwise.',
    of: (place) => `Announced change: ${place}`, facts: { state: 'State', config: 'Config', place: 'Where', expected: 'What is to come', actor: 'By whom', ticket: 'Ticket', reason: 'Why', owner: 'Announced by', window: 'When', confirmed: 'Confirmed by', withdrawn: 'Taken back by' },
    confirm: 'Confirm', confirming: 'Confirming…', confirmed: 'You have confirmed it.', confirmSays: 'Where accepting such a change needs a second person, it counts only once somebody else than who announced it has confirmed it.',
    withdraw: 'Take it back', withdrawAsk: 'Take this announcement back?', withdrawLost: 'What comes then alerts as if nobody had announced it.', withdrawing: 'Taking it back…', withdrawn: 'It is taken back.',
    withdrawSome: (n) => `Take ${n === 1 ? 'this announcement' : `these ${number(n)} announcements`} back?`, withdrawnSome: (n) => `${plural(n, 'announcement')} ${n === 1 ? 'is' : 'are'} taken back.`,
    whatCame: 'What came of it', nothingYet: 'Nothing has come yet.', nothingCame: 'Nothing came as it was announced.', came: (n) => `${plural(n, 'change')} came as announced, the first`, back: 'All announced changes',
    verdicts: { as_announced: 'It came as it was announced', waiting: 'It is the value that was announced; who made it is not known yet', unconfirmed: 'So it was announced, and nobody has confirmed that yet', lapsed: 'So it was announced, by somebody who may accept nothing any more', unknown_actor: 'It is the value that was announced, and nobody is known to have made it',
      other_actor: 'It is the value that was announced, made by somebody else', other_value: 'Another value was announced', other_place: 'Something else of this object was announced' }, see: 'See the announcement',
  },

  // one template of how configs are to be
  golden: {
    says: 'What many configs are to be like: a config that is bound to one is compared with it, rendered with its own variables, in place of a snapshot of its own. What it has otherwise on purpose is declared, with a reason.',
    heads: ['Name', 'Whose', 'Version', 'Resources', 'Changed'], owners: { tenant: 'this tenant’s', platform: 'the platform’s' }, shared: 'shared with every tenant', facts: { description: 'What it is for', owner: 'Whose', version: 'Version', changed: 'Changed' },
    holds: (n) => `What it holds (${number(n)})`, cut: (n) => `Only the first ${number(n)} are shown here.`, variables: 'Variables', variableHeads: ['Name', 'What it is for', 'When a config gives none'], needed: 'it has to', versions: 'Versions', versionBy: (n, who) => `version ${number(n)}, by ${who}`,
    bound: 'Bound to it', boundHeads: ['Config', 'State', 'Version', 'Variables', 'Otherwise on purpose', 'Bound by'], nobody: 'No config is bound to it.', older: (n) => `takes ${number(n)} with its next reading`, stale: 'cannot take the newest:', differences: (n) => plural(n, 'difference'), none: 'nothing',
    masked: (n) => `${plural(n, 'masked place')} not watched`, ops: { add: 'is added', remove: 'is left out', replace: 'is' }, until: ', until ', notApplied: 'Not applied: ', further: (n) => `Look at ${plural(n, 'more config')}`,
    bind: 'Bind a config', binding: 'Binding…', isBound: 'It is bound: its next reading is compared with this.', bindSays: 'Its next reading is compared with this, rendered for it. The snapshot that was approved before is not its baseline any more.', config: 'Which config?', variable: (name) => `Variable ${name}`, variableSays: 'As JSON, or a text as it stands.',
    others: 'Resources of other categories', othersAre: { report: 'are told as made', ignore: 'are ignored' },
    change: 'Change name and description', changeSays: 'What it holds is changed by the API (PUT), and counts with the next reading of each.', name: 'Name', description: 'What it is for', save: 'Save', saving: 'Saving…', saved: 'It is saved.',
    drop: 'Delete', dropping: 'Deleting…', dropped: 'It is deleted.', dropAsk: (name) => `Delete ${name}?`, dropLost: 'It is gone for good. It is refused as long as a config is bound to it.',
    make: 'Make one', making: 'Making…', made: 'It is made: bind configs to it.', makeSays: 'Of what a config was read as last; its percent signs stand doubled, and masked values are not watched.', from: 'Of which config?', back: 'All golden baselines',
  },

  // links for whoever administers a directory elsewhere
  onboarding: {
    title: 'Onboarding', says: 'One app registration reads many customers: each gets a link, at which an administrator of their directory consents. Then the templates are applied in the tenant, and it is read for the first time.',
    heads: ['Tenant', 'How it is', 'Packs', 'Asked by', 'Link ends, or done'],
    states: { waiting: ['…', 'waiting', 'Nobody has consented yet.'], checking: ['…', 'being checked', 'Whether the directory lets the app in.'], applying: ['…', 'being set up', 'The templates are applied.'], done: ['✓', 'done', 'The directory is watched.'], failed: ['✕', 'failed', ''], expired: ['‖', 'ended', 'The link was not answered in time.'] },
    makeTitle: 'Make a link', make: 'Make the link', making: 'Making it…', made: 'The link is made.', makeSays: 'The app registration is for accounts in any directory, and names this installation’s /api/drift/onboarding/callback as a redirect URI.',
    tenant: 'Tenant', tenantSays: 'Its short name: your own, or one that has granted you to make configs there.', directory: 'Directory', directorySays: 'Its ID, or one of its domains: consent in another one does nothing.', packs: 'Source packs', packsSay: 'Of each the template of that name is applied; where there is none, one is made.',
    clientId: 'Application (client) ID', clientSays: 'Of the app registration, the same for every customer.', kind: 'It proves itself by', kinds: { secret: 'a client secret', certificate: 'a certificate' }, secrets: { client_secret: 'Client secret', certificate: 'Certificate (PEM)', private_key: 'Its private key (PEM)' },
    cloud: 'Cloud (empty: the public one)', cloudSays: 'Such as usgov or china.', days: 'Days that the link counts',
    madeTitle: 'The link', madeSays: (tenant) => `Give it to an administrator of the directory of ${tenant}.`, madeOnce: 'It is shown this once. Whoever has it can do nothing with it but consent, or not.', theLink: 'Link',
    of: (tenant) => `Onboarding of ${tenant}`, facts: { state: 'State', why: 'What is missing', tenant: 'Tenant', directory: 'Directory', packs: 'Packs', by: 'Asked by', ends: 'The link ends', answered: 'Answered last', finished: 'Done or failed', templates: 'Templates' },
    works: { running: 'being applied', done: 'applied', failed: 'failed:', cancelled: 'cancelled', unseen: 'not shown to you' }, now: (state) => `It is ${state} now.`,
    drop: 'Take it back', dropping: 'Taking it back…', dropAsk: (n) => `Take ${n === 1 ? 'this link' : `these ${number(n)} links`} back?`, dropLost: 'It does nothing any more. What was made by it stays.', dropped: (n) => (n === 1 ? 'The link is taken back.' : `${number(n)} links are taken back.`), back: 'All links',
  },

  series: {
    says: 'Maintenance windows that come again, by the clocks of a place. Those of the next eight days stand among the silences, and one of them alone is ended there.', states: { active: 'Going on', over: 'Over' },
    heads: ['What', 'When it comes again', 'Why, by', 'The next', 'The last ends', 'Deed'], each: (n, zone) => `${n} ${n === '1' ? 'hour' : 'hours'} each, by the clocks of ${zone}`, over: 'Over since ',
    make: 'Plan windows that come again', makeSays: 'What changes in the config while one lasts tells nobody; when it ends, all that is still so is told. A series ends within three years: who still wants it then prolongs it.', makeThem: 'Make these windows', making: 'Making them…', made: 'The windows are planned.',
    from: 'The first begins', hours: 'Hours that each lasts', often: 'How often', oftens: { WEEKLY: 'every week, on that day', DAILY: 'every day', MONTHLY: 'every month, on that day', own: 'by a rule of its own' }, count: 'How many', countSays: 'After these there is none any more.',
    rule: 'Rule (RFC 5545)', ruleSays: 'Such as FREQ=WEEKLY;BYDAY=SU;COUNT=52 or FREQ=MONTHLY;BYDAY=2TU;UNTIL=20271231. It must end, by COUNT or UNTIL.', noRule: 'Type the rule, or choose how often it is.', zone: 'By the clocks of', zoneSays: 'A time zone: the windows keep their time of day when its clocks change.',
    look: 'Show the windows', looking: 'Working them out…', next: (n) => (n === 1 ? 'There is one window' : `The first ${number(n)} windows`), seen: (n) => `${plural(n, 'window')} shown.`, ends: 'The last one ends ',
    change: 'Change', changeThis: (place) => `Change: ${place}`, changeSays: 'It is for the windows to come: one that is running goes on as it is, and one that was left out is made again.', of: (place) => `Windows that come again: ${place}`, save: 'Save these windows', saving: 'Saving…', saved: 'It is saved.',
    end: 'End', endThis: (place) => `End: ${place}`, endAsk: 'End this series?', endLost: 'No window of it begins any more. One that is running goes on: it is ended among the silences.', ending: 'Ending…', ended: 'The series is over.', endSome: (n) => `End ${n === 1 ? 'this series' : `these ${number(n)} series`}?`, endedSome: (n) => (n === 1 ? 'The series is over.' : `${number(n)} series are over.`), back: 'All windows that come again',
  },

  register: {
    title: 'Register', says: 'What was decided not to be told of, the oldest first: accepted values and acceptances that ended, silences and maintenance windows. Values stand in none of it.', since: 'From', until: 'Until', kind: 'Kind',
    kinds: { '': 'all', acceptance: 'values accepted', acceptance_end: 'acceptances that ended', silence: 'silences', maintenance: 'maintenance windows' }, one: { acceptance: 'value accepted', acceptance_end: 'acceptance ended', silence: 'silence', maintenance: 'maintenance window' },
    heads: ['When', 'What', 'Where', 'Why', 'By', 'From – until', 'Now'], states: { active: ['✓', 'in force', ''], scheduled: ['○', 'to come', ''], over: ['✕', 'over', ''] }, every: 'every config', gone: 'a config that is no more', lasting: 'for good', became: (status) => `it is ${status} since`,
    endedBy: (who) => `ended by ${who}, `, save: 'Save it as a table', saved: 'The table is saved.', comes: 'The table is put together…', print: 'Print', count: (n) => `${plural(n, 'entry', 'entries')}.`,
    of: (tenant) => `Register of ${tenant}`, at: 'as of ', cut: (n) => `Only the first ${number(n)} are shown: save the table for all of them.`,
  },

  schedule: {
    title: 'Runs', says: 'What is read when, and what came of it: first what is late or fails.', late: (n) => `${plural(n, 'config')} ${n === 1 ? 'is' : 'are'} late: ${n === 1 ? 'its' : 'their'} turn has come and nobody has begun it. See whether a daemon (driftd) runs.`,
    failing: (n) => `The last run of ${plural(n, 'config')} failed.`, allWell: 'Everything is read when it should be.', schedule: 'Schedule', heads: ['Config', 'When', 'Last read', 'Next', 'How it is'], states: { late: ['▲', 'late', ''], failing: ['✕', 'fails', ''], running: ['…', 'being read', ''], off: ['‖', 'off', ''], ok: ['✓', 'as it should be', ''] },
    runs: 'What ran', runHeads: ['Config', 'When', 'What', 'What came of it', 'Read', 'Asked by'], state: 'State', kind: 'Kind', stateChoices: { running: 'under way', queued: 'waiting', done: 'done', failed: 'failed', dead: 'given up', cancelled: 'cancelled' },
    kindChoices: { scheduled: 'on schedule', manual: 'asked for', notify: 'told by the source', try: 'test', attribution: 'who did it' }, changed: 'Something ran.', failures: (n) => `${plural(n, 'run')} in a row`, pushed: (n) => `${plural(n, 'config')} ${n === 1 ? 'is' : 'are'} pushed to, and not listed here.`,
  },

  operation: {
    title: 'Operation', says: 'How this installation is, and what to do where something is wrong. Counters are those of the host that answers.', well: 'Everything runs.',
    parts: { database: 'Database', schemas: 'Schemas', daemons: 'Daemons', outbox: 'Deliveries that wait', key: 'Signing key', errors: 'Internal errors', workers: 'Workers that died', lines: 'Log lines that were lost', series: 'Series that were dropped', version: 'Version' },
    // what is wrong, and what to do about it
    trouble: {
      database: { unavailable: ['The database cannot be reached.', 'See that MariaDB runs and that db in blindspotx.conf says where; bsxctl doctor looks at all of it.'], read_only: ['The database takes no changes: it is read-only.', 'Look at its read_only and at the cluster; nothing is lost, pushes are told to come again.'],
        full: ['The database has no room left.', 'Make room on its disk, or shorten what is kept (settings.retention).'] },
      behind: (n) => [`${plural(n, 'tenant')} ${n === 1 ? 'has' : 'have'} an older schema.`, 'Run bsxctl migrate.'], nobody: ['No daemon runs: nothing is read on schedule, and nothing is delivered.', 'Start driftd (systemctl start driftd).'],
      silent: (text) => [`No daemon has said that it is alive for ${text}.`, 'Look at driftd and its log; systemctl restart driftd.'], waits: (text) => [`A delivery has waited for ${text}.`, 'Look at the channels of the tenants, and at the way out of this host.'],
      feed: (n, text) => [`${plural(n, 'channel')} that ${n === 1 ? 'is' : 'are'} told an audit trail ${n === 1 ? 'has' : 'have'} not had all of it for ${text}.`, 'Look at the channels of the tenants that take their audit trail (Channels), and at their receivers.'],
      errors: (n) => [`${plural(n, 'internal error')} since the segment was made.`, 'Each stands in the log with its place and request; tell who makes this program.'], died: (n) => [`${plural(n, 'worker')} died by a signal.`, 'Look at the log around it; another one was started.'],
      lines: (n) => [`${plural(n, 'log line')} could not be written.`, 'See that the log takes what comes: journald, or the disk.'], key: ['There is no key that signs access tokens.', 'A daemon makes one as soon as it runs.'],
    },
    schemas: (control, tenant, behind, all) => `control ${control}, tenants ${tenant}${behind > 0 ? `; ${number(behind)} of ${number(all)} behind` : `, all ${number(all)}`}`, daemons: (n, age) => (age === null ? 'none was ever seen' : `${number(n)} within a day, the last word ${age} ago`),
    pending: (n, age) => (n === 0 ? 'none' : `${number(n)}, the oldest for ${age}`), age: (text) => `${text} old`, none: 'none', now: 'Now', nowSays: 'Looked at every five seconds while this page is shown.', perSecond: { comparisons: 'Comparisons a second', asked: 'Requests to sources a second', requests: 'Requests a second', errors: 'Answers 5xx a second', statements: 'Statements of the database a second', deliveries: 'Delivery attempts a second' },
    is: (what, value, most) => `${what}: ${value}, at most ${most}`, waiting: 'It is looked at twice before there is a picture.', routes: 'Requests by route', routeHeads: ['Route', 'Answers', 'of these 4xx', 'of these 5xx', 'Mean'], deliveries: 'Deliveries by kind', deliveryHeads: ['Kind', 'What came of it', 'Attempts'], ms: (n) => `${number(Math.round(n * 10) / 10)} ms`,
    takes: { answer: 'Time of one answer', statement: 'Time of one statement', comparison: 'Time of one comparison' }, level: { pending: 'Deliveries that wait', open: 'Connections to the database' }, s: (n) => `${number(Math.round(n * 10) / 10)} s`, percent: (part) => `${number(Math.round(part * 1000) / 10)} %`,
    statements: 'Statements by what they took', statementHeads: ['Statement', 'Times', 'Mean', 'Together'], sources: 'Requests to sources', sourceHeads: ['Source', 'Requests', 'of these not answered well', 'Put off', 'Read'], caches: 'Caches', cacheHeads: ['Cache', 'Answered', 'Not there', 'Answered by it'],
    signIns: 'Sign-ins', signInHeads: ['How', 'What came of it', 'Attempts'], diedHeads: ['Program', 'Signal', 'Workers'], work: 'Long work', workSays: 'What this tenant has asked for, the newest first: tenants made and erased, templates applied, files packed.', workHeads: ['What', 'How it is', 'Asked by', 'Asked for', 'Done'], noWork: 'Nothing was asked for.',
    workStates: { running: ['…', 'under way', ''], done: ['✓', 'done', ''], failed: ['✕', 'failed', ''], cancelled: ['‖', 'cancelled', ''] }, step: (done, total) => `${number(done)} of ${number(total)}`, runs: 'What is read when, and what is late',
    connections: 'Open connections to the database', limited: 'Requests refused by a rate class', classHeads: ['Class', 'Refused'], kindHeads: ['Kind', 'Open'],
  },

  revert: {
    title: 'How to set it back', first: 'It is never sent from here. First see that this is there still, as it was read last:', then: 'Then this request sets it back; it writes that place and nothing else:', copy: 'Copy as a command', copied: 'Copied: put a token of your own into $TOKEN.',
    notCopied: 'The browser did not let this page copy. Select the text and copy it yourself.', after: 'The alert ends by itself once the next reading has seen it.',
  },
};

const members = { min_severity: 'its severity is too low', max_severity: 'its severity is too high', kinds: 'its kind', configs: 'its config', categories: 'its categories', controls: 'the controls of its rules', actors: 'who made it',
  confidence: 'how surely its makers are known', hours: 'the hour', outside: 'the hour' };
