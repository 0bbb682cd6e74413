// The public cases of json-patch-test-suite through the patch applier (build/tests/drift/patch), as TAP.
// usage: node suite.mjs PATCH_PROGRAM
//
// A case that the suite marks as disabled is run too; where it can say nothing (the object form of the patch has lost
// what the case is about, e.g. a second member "op") it stands in `mute` with the reason.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'

const require = createRequire(import.meta.url)
const program = process.argv[2]
const read = (name) => JSON.parse(readFileSync(require.resolve(`json-patch-test-suite/${name}.json`), 'utf8'))
const mute = new Map([
	["patch has two 'op' members", 'JSON.parse keeps one of the two; our own reader refuses such a text, see below'],
])

const cases = ['tests', 'spec_tests'].flatMap((file) =>
	read(file).filter((c) => c.patch !== undefined && c.doc !== undefined).map((c) => ({ ...c, file })))
const lines = cases.map((c) => JSON.stringify({ doc: c.doc, patch: c.patch }))
lines.push('{"doc":{},"patch":[{"op":"add","path":"/a","value":1,"op":"remove"}]}')
const run = spawnSync(program, { input: lines.join('\n') + '\n', maxBuffer: 1 << 26, encoding: 'utf8' })
if (run.error || run.status !== 0)
	console.log(`# ${run.error ?? run.status} ${run.signal} ${run.stderr}`)
const answers = run.stdout.trim().split('\n').map((line) => JSON.parse(line))

let n = 0
let failed = 0
function tell(ok, name, detail) {
	n++
	failed += ok ? 0 : 1
	console.log(`${ok ? 'ok' : 'not ok'} ${n} - ${name}${ok ? '' : ` # ${detail}`}`)
}

cases.forEach((c, i) => {
	const got = answers[i]
	const name = `${c.file} ${c.comment ?? c.error ?? JSON.stringify(c.patch).slice(0, 60)}`.replace(/#/g, 'no.')
	if (mute.has(c.error)) {
		console.log(`# not told by an object: ${name}`)
		return
	}
	if (c.error !== undefined)
		tell(got.error !== undefined, name, 'was applied')
	else
		tell(got.error === undefined && isDeepStrictEqual(got.doc, c.expected ?? got.doc), name, JSON.stringify(got))
})
tell(answers.at(-1).error !== undefined, 'a patch with two members of one name is refused', 'was applied')
tell(run.status === 0 && answers.length === lines.length, 'every case was answered', run.stderr)
console.log(`1..${n}`)
console.log(`${n - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
