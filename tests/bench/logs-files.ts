// Logs to measure with: lines as a training writes them, bytes that are no text, and a file that is too long to be written.
import { open } from 'node:fs/promises'

const MIB = 1_048_576

/** Of what a megabyte of a log is made. */
export type Content = (from: number) => Buffer

/** Keras' lines, every tenth with characters of three bytes. */
export const LINES: Content = from => {
  const lines: string[] = []
  for (let i = 0, bytes = 0; bytes < MIB; i++) {
    const line =
      i % 10 === 9
        ? `\r${'▓'.repeat(i % 30)}${'░'.repeat(30 - (i % 30))} ${from} ${i}/1875\n`
        : `Epoch ${from}/1000 - ${i}/1875 - loss: ${Math.sin(i).toFixed(4)} - val_loss: ${Math.cos(i).toFixed(4)} - "lr": 0.001\n`
    lines.push(line)
    bytes += Buffer.byteLength(line)
  }
  return Buffer.from(lines.join('')).subarray(0, MIB)
}

/** Lines with a byte that is no UTF-8 now and then, so that all of it travels as base64. */
export const NO_TEXT: Content = from => {
  const bytes = Buffer.from(LINES(from))
  for (let at = 10_000; at < MIB; at += 50_000) bytes[at] = 0xff
  return bytes
}

export async function writeLog(file: string, mebibytes: number, content: Content): Promise<void> {
  const out = await open(file, 'w')
  // Some megabytes over and over: a search and a reader see no difference, and writing takes no minute.
  const parts = Array.from({ length: 8 }, (_, i) => content(i))
  for (let i = 0; i < mebibytes; i++) await out.write(parts[i % parts.length] ?? Buffer.alloc(0))
  await out.close()
}

/** Of so many bytes, most of them a hole; lines in the middle and at the end. */
export async function hugeLog(file: string, bytes: number): Promise<void> {
  const out = await open(file, 'w')
  await out.truncate(bytes)
  const lines = Buffer.concat([LINES(0), LINES(1)])
  for (const at of [Math.floor(bytes / 2) - MIB, bytes - lines.length]) await out.write(lines, 0, lines.length, at)
  await out.close()
}
