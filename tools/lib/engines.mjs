// engines.mjs FOLDER NPM - the packages of FOLDER/package-lock.json that do not run on the Node.js of this machine, or not
// on Debian 12's: whoever has a newer one must not choose a package that a fresh Debian cannot run.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const DEBIAN = '18.20.4';
const [folder, npm] = process.argv.slice(2);
const { satisfies } = createRequire(fs.realpathSync(npm))('semver'); // npm's own reading of a range
const { packages } = JSON.parse(fs.readFileSync(`${folder}/package-lock.json`, 'utf8'));

const nodes = [[process.versions.node, `${process.execPath} is ${process.version}`], [DEBIAN, `Debian 12 has ${DEBIAN}`]];
for (const [where, { version, engines }] of Object.entries(packages)) {
  const name = where === '' ? folder : `${where.replace(/^.*node_modules\//, '')} ${version}`;
  const misfit = nodes.find(([node]) => engines?.node && !satisfies(node, engines.node));
  if (misfit) {
    console.error(`npm-ci: ${name} wants Node.js ${engines.node}; ${misfit[1]}`);
    process.exitCode = 1;
  }
}
