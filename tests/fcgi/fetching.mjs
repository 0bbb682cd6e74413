// fetching.mjs - the fetcher, as its parent keeps it.
import fs from 'node:fs';
import path from 'node:path';
import { alive, check, children, fetchers, start, test, until, work } from './lib.mjs';

// What it was started with: its transfers, whether plain http is allowed, and the ranges that are opened.
const told = (pid) => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(2, -1);

export async function fetching({ installation, responder, lines, stop, program }) {
  const it = installation('workers = 2;\noutbound: { allow = [ "10.1.0.0/16" ]; };');
  const r = await responder(it);
  const one = (not = 0) => until('the fetcher', () => fetchers(r.pid).length === 1 && fetchers(r.pid)[0] !== not && fetchers(r.pid)[0]);
  await test('there is one fetcher beside the workers, and it knows the ranges', async () => {
    check(String(told(await one())) === '6,https,10.1.0.0/16', String(told(await one())));
    check(children(r.pid).length === 2, 'workers');
  });
  await test('it holds nothing but its end of the road, has no environment, and cannot be looked into', async () => {
    const pid = await one();
    // Root only may look: the program is not dumpable.
    if (process.getuid() !== 0) {
      await until('it to be closed', () => { try { return !fs.readdirSync(`/proc/${pid}/fd`); } catch (e) { return e.code === 'EACCES'; } });
      return;
    }
    const links = await until('it to be at rest', () => {
      const all = fs.readdirSync(`/proc/${pid}/fd`).map((fd) => `${fd} ${fs.readlinkSync(`/proc/${pid}/fd/${fd}`)}`);
      return all.some((l) => l.includes('signalfd')) && all;
    });
    check(links.length === 5 && links[0] === '0 /dev/null' && links[1] === '1 /dev/null' && links[3].startsWith('3 socket:'), String(links));
    check(fs.readFileSync(`/proc/${pid}/environ`).length === 0, 'environment');
    check(!/segment|keyring|libmariadb/.test(fs.readFileSync(`/proc/${pid}/maps`, 'utf8')), 'a file of ours is mapped');
  });
  await test('workers and parent have no libcurl', () => {
    if (process.getuid() === 0)
      for (const pid of [r.pid, ...children(r.pid)])
        check(!fs.readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libcurl'), `${pid}`);
    const needed = fs.readFileSync(program).includes('libcurl.so');
    check(!needed, 'the program asks for it');
  });
  await test('HUP replaces it with one that has the new ranges', async () => {
    const old = await one();
    it.configure('workers = 3;\noutbound: { allow = [ "10.2.0.0/16", "::1/128" ]; http = true; };');
    r.kill('SIGHUP');
    const pid = await one(old);
    check(String(told(pid)) === '8,http,10.2.0.0/16,::1/128', String(told(pid)));
    check(!alive(old) && lines(r, 'fetcher').length === 0, r.text);
  });
  await test('a configuration that is refused leaves it alone', async () => {
    const old = await one();
    it.configure('outbound: { allow = [ "10.2.0.0/99" ]; };');
    r.kill('SIGHUP');
    await until('the sentence', () => lines(r, 'refused; the old one stays')[0]);
    check(await one() === old, 'it was replaced');
  });
  await test('one that is killed is reported and started again, later and later', async () => {
    const waits = [];
    for (let i = 0; i < 3; i++) {
      const old = await one(), began = Date.now();
      process.kill(old, 'SIGKILL');
      await one(old);
      waits.push(Date.now() - began);
    }
    const died = lines(r, 'fetcher-died');
    check(died.length === 3 && died[0]['process.exit_code'] === 137 && died[0]['error.code'] === 'fetcher_died', JSON.stringify(died[0]));
    check(waits.every((ms, i) => ms >= 90 * 2 ** i), `waits ${waits}`);
  });
  await test('TERM ends it after the workers, and in order', async () => {
    const pid = await one(), { code, ms } = await stop(r);
    check(code === 0 && ms < 5000 && !alive(pid), `exit ${code} after ${ms} ms`);
  });
  await test('one that is stopped is killed and replaced half a minute after HUP, and at the end within 8 s', async () => {
    const s = await responder(installation('workers = 1;'));
    const at = (not) => until('the fetcher', () => fetchers(s.pid)[0] !== not && fetchers(s.pid)[0], 60);
    const old = await at();
    await until('it to listen', () => fs.readFileSync(`/proc/${old}/comm`, 'utf8').startsWith('bsx-fetch'));
    process.kill(old, 'SIGSTOP');
    s.kill('SIGHUP');
    const next = await at(old);
    check(lines(s, 'fetcher-died').length === 1, s.text);
    process.kill(next, 'SIGSTOP');
    const { code, ms } = await stop(s);
    check(code === 1 && ms < 8000 && !alive(next), `exit ${code} after ${ms} ms`);
  });
  await test('it ends when its parent is killed', async () => {
    const s = await responder(installation('workers = 1;'));
    const pid = await until('the fetcher', () => fetchers(s.pid)[0]);
    s.kill('SIGKILL');
    await until('its end', () => !alive(pid));
  });
  await test('a responder without it beside does not start, and says where it belongs', async () => {
    const alone = path.join(work, 'alone');
    fs.mkdirSync(alone);
    fs.copyFileSync(program, path.join(alone, 'blindspotx.fcgi'));
    fs.chmodSync(path.join(alone, 'blindspotx.fcgi'), 0o755);
    const m = installation();
    const s = start(path.join(alone, 'blindspotx.fcgi'), ['-c', m.conf, '-s', m.socket]);
    check((await s.ended).code === 1 && s.text.includes(`${alone}/bsx-fetch`), s.text);
  });
}
