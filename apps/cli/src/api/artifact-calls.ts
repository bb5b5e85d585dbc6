// What a training left: which files, and their bytes from any place on.
import { type Artifact, ArtifactPage } from '@trotline/contracts'
import type { NameCache } from '../completion/name-cache.ts'
import { CliError } from '../errors.ts'
import { createReadAnswer } from './answer.ts'
import { type Api, interrupted } from './exchange.ts'

/** Longer than the server takes for a piece that lies on a slow disk: then the line is dead, and nobody closed it. */
const MAX_SILENCE_MS = 45_000

/** `first` is where the parts begin: at what was asked for, or at 0 where somebody on the way knows no ranges. */
export type ArtifactBytes = { first: number; parts: AsyncGenerator<Uint8Array> }

export function artifactCalls(api: Api, host: string, names: Pick<NameCache, 'artifacts'>) {
  const read = createReadAnswer(host)
  const cut = (why: string, cause?: unknown) =>
    new CliError('COULD_NOT_ASK', `Could not ask ${host} (${why}).`, {
      ...(cause === undefined ? {} : { cause }),
      fix: ['Try again; the same command is safe to repeat.'],
    })

  return {
    list: async (id: string): Promise<ArtifactPage> => {
      const page = read(ArtifactPage, await api.get('/v1/jobs/{id}/artifacts', { path: { id } }))
      names.artifacts(id, page.items)
      return page
    },
    /** @throws CliError, also while the parts come: COULD_NOT_ASK where the line is lost or silent */
    bytes: async (
      id: string,
      { path, sha256 }: Pick<Artifact, 'path' | 'sha256'>,
      first: number,
      interrupt: AbortSignal,
    ): Promise<ArtifactBytes> => {
      const silence = new AbortController()
      const watch = () => setTimeout(() => silence.abort(), MAX_SILENCE_MS)
      let timer = watch()
      const response = await api
        .response('get', '/v1/jobs/{id}/artifacts/{path}', {
          path: { id, path },
          headers: {
            // Packed by a proxy, the bytes of a range could not be counted.
            'accept-encoding': 'identity',
            ...(first === 0 ? {} : { range: `bytes=${first}-`, 'if-range': `"${sha256}"` }),
          },
          signal: silence.signal,
        })
        .catch((error: unknown) => {
          throw silence.signal.aborted ? cut('no sign of life for 45 s', error) : error
        })
        .finally(() => clearTimeout(timer))
      if (!isOf(response.headers, sha256)) {
        silence.abort()
        throw cut('what answered is not the file; perhaps a proxy spoke')
      }
      const begins = response.status === 206 ? firstOf(response.headers.get('content-range')) : 0
      if (begins !== 0 && begins !== first) throw cut('it sent another part than the one that was asked for')

      async function* parts(): AsyncGenerator<Uint8Array> {
        timer = watch()
        try {
          for await (const part of response.body ?? []) {
            // Only the wait for the server counts, not what is done with a part.
            clearTimeout(timer)
            yield part
            timer = watch()
          }
        } catch (error) {
          if (interrupt.aborted) throw interrupted(error)
          throw cut(silence.signal.aborted ? 'no sign of life for 45 s' : 'connection closed', error)
        } finally {
          clearTimeout(timer)
        }
      }
      return { first: begins, parts: parts() }
    },
  }
}

/** Who takes the tag away on the way leaves the file's type: no file of a training is a page. */
function isOf(headers: Headers, sha256: string): boolean {
  const tag = headers.get('etag')?.replace(/^W\//, '')
  return tag === undefined ? !/^text\/html\b/.test(headers.get('content-type') ?? '') : tag === `"${sha256}"`
}

/** Of `bytes 100-199/200`; -1 where it is none. */
const firstOf = (range: string | null): number => Number(/^bytes (\d{1,15})-/.exec(range ?? '')?.[1] ?? -1)
