// What `trotline __complete WORDS…` answers while somebody types: one line for each word that could stand there. A process of its own,
// because the command line proper takes longer to load than anybody waits for a tab. It never says an error: nothing is then completed.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNameCache, type Name, type NameCache, type NameKind } from './completion/name-cache.ts'
import { FILES_MARK } from './completion/scripts.ts'
import { type Wanted, wantedAt } from './completion/wanted.ts'
import type { Words } from './completion/words.ts'
import { readSettings, type Settings } from './settings.ts'

/** Names that are younger are not asked for anew. */
const FRESH_MS = 60_000
/** Where they are asked for. */
const PATHS: Readonly<Record<NameKind, (of: string | null) => string>> = {
  jobs: () => '/v1/jobs?limit=100',
  artifacts: of => `/v1/jobs/${of}/artifacts`,
  clusters: () => '/v1/clusters',
  partitions: () => '/v1/clusters',
  environments: () => '/v1/environments?limit=100',
  webhooks: () => '/v1/webhooks?limit=100',
}

try {
  const words = process.argv.slice(3)
  const typed = words.pop() ?? ''
  const settings = readSettings()
  const wanted = wantedAt(await treeOf(settings), words, typed)
  const found = [...wanted.words, ...(await namesOf(settings, wanted))].filter(
    ([word]) => word.startsWith(typed) && !wanted.without.includes(word),
  )
  const plain = (text: string): string => text.replace(/[\t\r\n]+/g, ' ')
  const lines = found.map(([word, says]) => `${plain(word)}\t${plain(says)}`)
  process.stdout.write([...lines, ...(wanted.files ? [FILES_MARK] : [])].map(line => `${line}\n`).join(''))
} catch {
  // See above.
}

/** Kept from one time to the next, until the program is another one. */
async function treeOf({ cacheHome }: Settings): Promise<Words> {
  const folder = join(cacheHome, 'trotline')
  const file = join(folder, 'words.json')
  const made = statSync(fileURLToPath(import.meta.url)).mtimeMs
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { made: number; words: Words }
    if (kept.made === made) return kept.words
  } catch {
    // There is none yet.
  }
  const [{ createProgram }, { wordsOf }] = await Promise.all([import('./program.ts'), import('./completion/words.ts')])
  const words = wordsOf(
    createProgram(
      () => async () => {},
      () => {},
    ),
  )
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.${process.pid}.new`, JSON.stringify({ made, words }), { mode: 0o600 })
    renameSync(`${file}.${process.pid}.new`, file)
  } catch {
    // Then it is made again the next time.
  }
  return words
}

async function namesOf(settings: Settings, { names: kind, of: word }: Wanted): Promise<readonly Name[]> {
  if (kind === null) return []
  const [{ readConfiguration }, { tokenOf }] = await Promise.all([
    import('./configuration/configuration.ts'),
    import('./configuration/token.ts'),
  ])
  const configuration = readConfiguration(settings, process.cwd(), {})
  const url = new URL(configuration.of('url')?.value ?? '')
  const cache = createNameCache(settings.cacheHome, url)
  const of = kind === 'artifacts' ? jobOf(word, cache.read('jobs')?.names ?? []) : null
  if (kind === 'artifacts' && of === null) return []
  const known = cache.read(kind, of)
  if (settings.tabMs > 0 && (known === null || Date.now() - known.at > FRESH_MS)) {
    const token = tokenOf(settings, configuration, url, () => {})
    if (token !== null) await refresh(settings, url, token.value, { kind, of }, cache).catch(() => {})
  }
  return cache.read(kind, of)?.names ?? known?.names ?? []
}

/** The id that a word stands for, as far as that is known here: to look it up takes more questions than a tab has time for. */
function jobOf(word: string | null, jobs: readonly Name[]): string | null {
  if (word === null) return null
  if (/^[a-z][0-9a-z]{11}$/.test(word)) return word
  const [newest] = jobs
  if (word === 'last') return newest?.[0] ?? null
  const named = jobs.find(([, says]) => says.split('  ')[1] === word)
  const begins = jobs.filter(([id]) => id.startsWith(word))
  return named?.[0] ?? (begins.length === 1 ? (begins[0]?.[0] ?? null) : null)
}

async function refresh(
  settings: Settings,
  url: URL,
  token: string,
  { kind, of }: { kind: NameKind; of: string | null },
  cache: NameCache,
): Promise<void> {
  const { createRoute } = await import('./api/proxies.ts')
  const response = await createRoute(settings).fetch(new URL(`${url.href.replace(/\/$/, '')}${PATHS[kind](of)}`), {
    method: 'GET',
    redirect: 'manual',
    headers: { accept: 'application/json', authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(settings.tabMs),
  })
  if (!response.ok) return
  const { items } = (await response.json()) as { items: never[] }
  if (kind === 'artifacts') cache.artifacts(of ?? '', items)
  else if (kind === 'jobs') cache.jobs(items, true)
  else if (kind === 'clusters' || kind === 'partitions') cache.clusters(items)
  else cache[kind](items)
}
