// ports.mjs - a port of 127.0.0.1 that nobody else gets as long as this process lives (tests/lib/ports.c).
import { spawn } from 'node:child_process';
import path from 'node:path';

export function freePort(build) {
  return new Promise((resolve, reject) => {
    const holder = spawn(path.join(build, 'tests/lib/ports'), ['1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    holder.on('error', reject);
    holder.on('exit', (code) => reject(new Error(`ports ended with ${code} (make tests)`)));
    holder.stdout.once('data', (d) => {
      holder.unref();
      holder.stdout.unref();
      resolve(Number(d));
    });
  });
}
