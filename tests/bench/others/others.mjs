// What jsondiffpatch and microdiff need for the pairs of a corpus: parse both documents and compare them.
// usage: node others.mjs FOLDER MAX_BYTES ; a line per tool: name, pairs, changes, milliseconds
import fs from 'node:fs'
import path from 'node:path'
import * as jsondiffpatch from 'jsondiffpatch'
import microdiff from 'microdiff'

const [folder, max] = [process.argv[2], Number(process.argv[3])]
const repeats = 5
const decode = (bytes) => {
	const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe
	return (utf16 ? bytes.toString('utf16le') : bytes.toString('utf8')).replace(/^\uFEFF/, '')
}
const pairs = fs.readFileSync(path.join(folder, 'MANIFEST.tsv'), 'utf8').trim().split('\n').slice(1).map((l) => l.split('\t'))
	.map(([set, n]) => ['a', 'b'].map((side) => fs.readFileSync(path.join(folder, set, `${n}.${side}.json`))))
	.filter(([a, b]) => a.length + b.length <= max).map((p) => p.map(decode))

const hash = (o, i) => o.id ?? o.appId ?? o.name ?? o.displayName ?? `#${i}`
const differ = jsondiffpatch.create({ objectHash: hash, textDiff: { minLength: Infinity } })
const leaves = (d) => {
	if (d === undefined || d === null || typeof d !== 'object')
		return 0
	if (Array.isArray(d))
		return 1
	return Object.entries(d).reduce((n, [k, v]) => n + (k === '_t' ? 0 : leaves(v)), 0)
}
const tools = {
	jsondiffpatch: (a, b) => leaves(differ.diff(a, b)),
	microdiff: (a, b) => microdiff(a, b).length,
}

for (const [name, tool] of Object.entries(tools)) {
	let ms = 0
	let changes = 0
	for (const [a, b] of pairs) {
		const took = []
		let n = 0
		for (let i = 0; i < repeats; i++) {
			const from = performance.now()
			n = tool(JSON.parse(a), JSON.parse(b))
			took.push(performance.now() - from)
		}
		ms += took.sort((x, y) => x - y)[repeats >> 1]
		changes += n
	}
	console.log([name, pairs.length, changes, ms.toFixed(2)].join('\t'))
}
