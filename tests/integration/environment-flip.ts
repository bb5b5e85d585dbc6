// Flips bits of files, where a seed says.
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** mulberry32: the same numbers, at least 0 and below 1, each time. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One bit of one byte of a file, wherever; answers how to undo it, even where the file was removed for it. */
export function flip(path: string, draw: () => number): () => void {
  const { mode } = lstatSync(path)
  const before = readFileSync(path)
  const after = Buffer.from(before)
  const at = Math.floor(draw() * after.length)
  after[at] = (after[at] ?? 0) ^ (1 << Math.floor(draw() * 8))
  const write = (bytes: Buffer): void => {
    if (existsSync(path)) chmodSync(path, mode | 0o200)
    writeFileSync(path, bytes)
    chmodSync(path, mode & 0o7777)
  }
  write(after)
  return () => write(before)
}

export const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path) : entry.isFile() ? [path] : []
  })
