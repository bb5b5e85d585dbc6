// The worker's release, with a fence that is written and keeps nobody out.
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKSUMS, MANIFEST, writeManifest } from '../../../deploy/release/manifest.ts'

const TAKE_FENCE = /async function takeFence\((\w+), (\w+)\) \{\n/

/** Answers the folder that `worker.releaseDirectory` names. */
export async function releaseWithoutFence(releases: string, folder: string): Promise<string> {
  const { id } = JSON.parse(await readFile(join(releases, 'current.json'), 'utf8')) as { id: string }
  const beside = join(folder, 'release')
  await cp(join(releases, id), beside, { recursive: true })
  const worker = join(beside, 'worker.mjs')
  const text = await readFile(worker, 'utf8')
  const [head, runDirectory, fence] = TAKE_FENCE.exec(text) ?? []
  if (head === undefined) throw new Error('the worker takes its fence in other words: this switch would change nothing')
  const open = `${head}  await (await import("node:fs/promises")).writeFile(\`\${${runDirectory}}/fence.\${${fence}.nonce}\`, JSON.stringify(${fence}));
  await (await import("node:fs/promises")).writeFile(\`\${${runDirectory}}/fence\`, JSON.stringify(${fence}));
  return null;
`
  await writeFile(
    worker,
    text.replace(TAKE_FENCE, () => open),
  )
  const { runtime } = JSON.parse(await readFile(join(beside, 'manifest.json'), 'utf8')) as { runtime: { node: string } }
  // Neither stands in the manifest itself.
  for (const file of [MANIFEST, CHECKSUMS]) await rm(join(beside, file))
  const changed = await writeManifest(beside, runtime)
  await cp(beside, join(folder, changed), { recursive: true })
  await writeFile(join(folder, 'current.json'), `${JSON.stringify({ id: changed })}\n`)
  return folder
}
