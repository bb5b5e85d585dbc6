// Looks into long logs: their end, their middle, and a search.
import type { LogSearch } from '@trotline/contracts'
import type { Story } from '../support/orchestrator.ts'
import type { StoredLog } from './logs.ts'
import { median, shown } from './rounds.ts'
import { table } from './table.ts'

const LOOKS = 20

interface Looking {
  story: Story
  huge: StoredLog
  hugeBytes: number
  searched: StoredLog
  rounds: number
}

export async function measureLooks({ story, huge, hugeBytes, searched, rounds }: Looking): Promise<string> {
  const middle = Math.floor(hugeBytes / 2)
  const looks: [name: string, query: string, bytes: number][] = [
    ['the last 64 KiB of 10 GB', '?tail=65536', 65_536],
    ['the last 1 MiB of 10 GB', '?tail=1048576', 1_048_576],
    ['64 KiB in the middle of 10 GB', `?offset=${middle}&limit=65536`, 65_536],
  ]
  const rows: string[][] = []
  for (const [name, query, bytes] of looks) {
    const figures: number[] = []
    for (let i = 0; i < rounds * LOOKS; i++) {
      const began = performance.now()
      const text = await story.api.log(huge.id, query)
      figures.push(performance.now() - began)
      if (Buffer.byteLength(text) !== bytes) throw new Error(`${name}: ${Buffer.byteLength(text)} bytes came`)
    }
    rows.push([name, `${shown(median(figures))} ms`, `${shown(Math.max(...figures))} ms`])
  }
  const searches: [name: string, query: string][] = [
    ['a text that is nowhere', 'grep=no%20such%20words'],
    ['a text on one line of ten', 'grep=%E2%96%93%E2%96%93%E2%96%93&limit=10'],
    ['an expression', 'grep=lr.%3A%200%5C.01%24&regex=true'],
  ]
  const found: string[][] = []
  for (const [name, query] of searches) {
    const { status, body } = await story.api.call<LogSearch>('GET', `/v1/jobs/${searched.id}/logs?${query}`)
    if (status !== 200) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`)
    const { seconds, bytes, count, complete, stopped } = body
    const rate = complete ? `${shown(bytes / 1e9 / seconds)} GB/s` : '-'
    found.push([name, `${shown(seconds)} s`, rate, String(count), complete ? 'to the end' : `stopped: ${stopped}`])
  }
  const hole = await story.api.call<LogSearch>('GET', `/v1/jobs/${huge.id}/logs?grep=x`)
  const { seconds, complete, stopped } = hole.body
  found.push([
    '10 GB, most of them one line of NULs',
    `${shown(seconds)} s`,
    '-',
    '-',
    complete ? 'to the end' : `stopped: ${stopped}`,
  ])
  return [
    table([`${rounds * LOOKS} looks each`, 'median', 'most'], rows),
    table(['a search through 2 GiB of lines', 'took', '', 'lines', 'went'], found),
  ].join('\n\n')
}
