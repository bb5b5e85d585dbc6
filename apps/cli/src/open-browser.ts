// Opens an address with what the desktop has for it. Only the address itself is handed over, as one word, and no shell sees it.
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['/usr/bin/open'],
  linux: ['/usr/bin/xdg-open', '/usr/local/bin/xdg-open', '/usr/bin/wslview'],
}

/** false: there is no opener that is known. It is not waited for, and what it says is not shown. */
export function openBrowser(url: URL, platform: NodeJS.Platform = process.platform): boolean {
  const opener = (OPENERS[platform] ?? []).find(isProgram)
  if (opener === undefined) return false
  const child = spawn(opener, [url.href], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
  return true
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
