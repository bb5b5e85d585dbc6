// The licences of the packages inside the bundle: most of them ask that their text goes wherever the code goes.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** Folders of the packages that left bytes in the bundle, relative to the workspace's root, sorted. */
function packagesIn({ outputs }: Metafile): string[] {
  const folders = new Set<string>()
  for (const { inputs } of Object.values(outputs))
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
      if (folder && bytesInOutput > 0) folders.add(folder)
    }
  return [...folders].sort()
}

export async function licenceTexts(root: string, metafile: Metafile): Promise<string> {
  const parts: string[] = []
  for (const folder of packagesIn(metafile)) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'))
    const file = (await readdir(join(root, folder))).sort().find(name => /^(licen[cs]e|copying)/i.test(name))
    const text = file ? (await readFile(join(root, folder, file), 'utf8')).trim() : '(the package has no licence file)'
    parts.push(`${name} ${version}, ${license}\n\n${text}\n`)
  }
  return parts.join(`\n${'-'.repeat(80)}\n\n`)
}
