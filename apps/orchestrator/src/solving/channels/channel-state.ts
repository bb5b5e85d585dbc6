// What was last seen of one channel and subdir: which document, and what the channel is asked with the next time. A file that cannot be read is as
// one that is not there: it costs a download.
import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Sha256, Timestamp } from '@trotline/contracts'
import { z } from 'zod'

const Text = z.string().max(1000)

export const ChannelState = z.strictObject({
  v: z.literal(1),
  channel: Text,
  subdir: z.string().max(64),
  /** Where it was taken from: of another mirror nothing that was seen holds. */
  from: Text,
  /** none: the channel has none, and an empty one is kept in its place. */
  document: z.enum(['repodata.json.zst', 'repodata.json', 'none']),
  etag: Text.nullable(),
  lastModified: Text.nullable(),
  sha256: Sha256,
  bytes: z.int().min(0),
  records: z.int().min(0),
  /** Records that no solver could read. */
  malformed: z.int().min(0),
  fetchedAt: Timestamp,
  /** When the channel last said that it is the newest. */
  checkedAt: Timestamp,
})
export type ChannelState = z.infer<typeof ChannelState>

export async function readJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(file, 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Beside and renamed: others may be reading it. */
export async function writeJsonFile(file: string, value: unknown): Promise<void> {
  const beside = join(dirname(file), `.${randomBytes(8).toString('hex')}.part`)
  try {
    await writeFile(beside, `${JSON.stringify(value)}\n`, { mode: 0o644, flag: 'wx' })
    await rename(beside, file)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}
