// Whether a document is here as it was kept; its index is made anew where that is all that is missing.
import type { AskDeps } from './ask-channel.ts'
import type { ChannelState } from './channel-state.ts'
import { documentPath } from './kept-paths.ts'

export async function isKept(
  { documents, paths, slots, readDocument }: Pick<AskDeps, 'documents' | 'paths' | 'slots' | 'readDocument'>,
  { sha256, bytes }: Pick<ChannelState, 'sha256' | 'bytes'>,
  signal: AbortSignal,
): Promise<boolean> {
  const standing = await documents.standingOf(sha256, signal)
  if (standing !== 'index-gone') return standing === 'whole'
  const source = documentPath(paths.repodata, sha256)
  const order = { source, packing: 'plain', folder: paths.repodata, keep: 'index', most: bytes } as const
  const answer = await slots.threads.within(signal, () => readDocument(order, { signal, onProgress: () => undefined }))
  if ('fault' in answer) return false
  await documents.trust(sha256)
  return answer.done.sha256 === sha256
}
