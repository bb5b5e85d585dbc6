// The worker's releases, with a fence that is written and keeps nobody out.
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKSUMS, MANIFEST, writeManifest } from '../../../deploy/release/manifest.ts'

const TAKE_FENCE = /async function takeFence\((\w+), (\w+)\) \{\n/

/** Answers the folder that `worker.releaseDirectory` names. */
export async function releaseWithoutFence(releases: string, folder: string): Promise<string> {
  const current = JSON.parse(await readFile(join(releases, 'current.json'), 'utf8')) as Record<string, string>
  const changed: Record<string, string> = {}
  for (const [which, id] of Object.entries(current)) changed[which] = await withoutFence(join(releases, id), folder)
  await writeFile(join(folder, 'current.json'), `${JSON.stringify(changed)}\n`)
  return folder
}

/** Answers the id of the changed copy in `folder`. */
async function withoutFence(release: string, folder: string): Promise<string> {
  const beside = join(folder, 'release')
  await cp(release, beside, { recursive: true })
  const chunks = (await readdir(beside)).filter(name => name.endsWith('.mjs'))
  const texts = await Promise.all(chunks.map(async name => [name, await readFile(join(beside, name), 'utf8')] as const))
  const found = texts.filter(([, text]) => TAKE_FENCE.test(text))
  const [[chunk, text] = ['', ''], ...more] = found
  const [head, runDirectory, fence] = TAKE_FENCE.exec(text) ?? []
  if (head === undefined || more.length > 0)
    throw new Error('the worker takes its fence in other words: this switch would change nothing')
  const open = `${head}  await (await import("node:fs/promises")).writeFile(\`\${${runDirectory}}/fence.\${${fence}.nonce}\`, JSON.stringify(${fence}));
  await (await import("node:fs/promises")).writeFile(\`\${${runDirectory}}/fence\`, JSON.stringify(${fence}));
  return null;
`
  await writeFile(
    join(beside, chunk),
    text.replace(TAKE_FENCE, () => open),
  )
  const { runtime } = JSON.parse(await readFile(join(beside, MANIFEST), 'utf8')) as { runtime: { node: string } }
  // Neither stands in the manifest itself.
  for (const file of [MANIFEST, CHECKSUMS]) await rm(join(beside, file))
  const changed = await writeManifest(beside, runtime)
  await rename(beside, join(folder, changed))
  return changed
}
