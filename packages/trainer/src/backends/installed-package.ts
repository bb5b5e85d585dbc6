// Packages that a node may have and that no release carries: looked for beside the assets, in the folders above them, and on
// NODE_PATH, because a bundle has no node_modules of its own. Bundlers do not see the name.
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** @throws Error with a sentence: absent, there without its native binding, or the first line of what it said */
export function loadPackage(name: string, { directory }: { directory: string }): unknown {
  try {
    return createRequire(join(directory, 'x.js'))(name)
  } catch (cause) {
    throw new Error(loadFailure(name, cause), { cause })
  }
}

function loadFailure(name: string, cause: unknown): string {
  const { code, message } = cause as { code?: string; message: string }
  const said = message.split('\n', 1)[0] ?? ''
  if (code === 'MODULE_NOT_FOUND' && said.includes(`'${name}'`)) return `${name} is not installed on this node`
  if (said.includes('tfjs_binding.node')) return `${name} is there without its native binding: ${said}`
  return `${name} could not be loaded: ${said}`
}
