// Starts a thread whose entry lies beside the file that asks for it. From sources its entry is TypeScript, which a thread of Node.js 20 does
// not read even where the process has been started with tsx; such a thread registers tsx itself.
import { extname } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * `entry`: without its ending, which is that of `from` (import.meta.url).
 *
 * @throws Error where the system grants no thread
 */
export function openThread(entry: string, from: string, options: WorkerOptions): Worker {
  const ending = extname(new URL(from).pathname)
  const url = new URL(`${entry}${ending}`, from)
  if (ending !== '.ts' || readsTypeScript()) return new Worker(url, options)
  const tsx = import.meta.resolve(TSX)
  const code = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(url.href)}) })`
  return new Worker(code, { ...options, eval: true })
}

/** Only where sources run: no library of the server. */
const TSX = 'tsx/esm/api'

const readsTypeScript = (): boolean =>
  'typescript' in process.features && (process.features as { typescript?: unknown }).typescript !== false
