// The folder as others see it: whole, or not there. It is filled beside and renamed, with the marker as its last file.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { NativeError } from './failures.mjs'

const MARKER = 'trotline-native.json'

/** What the marker says, or null where there is none. */
export function readMarker(prefix) {
  try {
    return JSON.parse(readFileSync(join(prefix, MARKER), 'utf8'))
  } catch {
    return null
  }
}

/**
 * @param fill puts everything into the folder it is given, and answers its value and the marker's contents
 * @throws NativeError where the prefix cannot be written, or holds something that is not ours to replace
 */
export async function fillBeside(prefix, fill) {
  refuseForeign(prefix)
  const above = dirname(prefix)
  const stem = `.${basename(prefix)}.native-${hostname()}-`
  const beside = join(above, `${stem}${process.pid}`)
  try {
    await removeAbandoned(above, stem)
    await mkdir(beside)
  } catch (error) {
    throw new NativeError(`nothing can be made in ${above}: ${error.message}`)
  }
  try {
    const { value, marker } = await fill(beside)
    await writeFile(join(beside, MARKER), `${JSON.stringify(marker, null, 2)}\n`)
    await exchange(beside, prefix)
    return value
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

function refuseForeign(prefix) {
  if (!existsSync(prefix) || readMarker(prefix) !== null || readdirSync(prefix).length === 0) return
  throw new NativeError(`${prefix} holds something that this step has not made: name another folder, or an empty one`)
}

/** A rename cannot replace a folder that has something in it: the old one goes aside first. */
async function exchange(beside, prefix) {
  const old = `${beside}-old`
  if (existsSync(prefix)) await rename(prefix, old)
  await rename(beside, prefix)
  await rm(old, { recursive: true, force: true })
}

/** A run that was killed on this machine could not clean up; its process is gone. */
async function removeAbandoned(above, stem) {
  for (const name of await readdir(above)) {
    const pid = name.startsWith(stem) ? Number.parseInt(name.slice(stem.length), 10) : Number.NaN
    if (Number.isInteger(pid) && !existsSync(`/proc/${pid}`))
      await rm(join(above, name), { recursive: true, force: true })
  }
}
