// The trends of the list's jobs. What a line of the list tells is added as it comes; what was before is asked for once, for rows that
// somebody can see, two at a time.
import { type Signal, signal } from '@preact/signals'
import type { JobSummary } from '@trotline/contracts'
import { client, Refused } from '../api/client.ts'
import { serverTimeMs } from '../clock.ts'
import { lossOfLine, MOST_POINTS, NO_TREND, pointOfEpoch, type Trend, withAsked, withPoint } from './loss-trend.ts'

const AT_ONCE = 2
const AGAIN_MS = 5_000
/** The least lately wanted goes first. */
const MOST_KEPT = 400

const trends = new Map<string, Signal<Trend>>()
const asked = new Set<string>()
const waiting: string[] = []
let asking = 0

export function trendOf(id: string): Signal<Trend> {
  const trend = trends.get(id) ?? signal(NO_TREND)
  trends.delete(id)
  trends.set(id, trend)
  for (const oldest of trends.keys()) {
    if (trends.size <= MOST_KEPT) break
    trends.delete(oldest)
    asked.delete(oldest)
  }
  return trend
}

export function tellTrend(row: JobSummary): void {
  const loss = lossOfLine(row)
  if (loss === null || row.epochs === 0) return
  const trend = trendOf(row.id)
  const epoch = row.epochs - 1
  if (trend.value.points.at(-1)?.epoch === epoch) return
  trend.value = withPoint(trend.value, { epoch, loss, atMs: row.endedAt === null ? serverTimeMs() : 0 })
}

/** What was before. Asked once; again where the server says so, and where no answer comes, with the next sight of it. */
export function wantTrend(id: string): void {
  if (asked.has(id)) return
  asked.add(id)
  waiting.push(id)
  void next()
}

async function next(): Promise<void> {
  if (asking >= AT_ONCE) return
  const id = waiting.shift()
  if (id === undefined) return
  asking += 1
  try {
    const { data } = await client.get('/v1/jobs/{id}/epochs', { path: { id }, query: { spread: MOST_POINTS } })
    const trend = trendOf(id)
    trend.value = withAsked(
      trend.value,
      data.items.map(pointOfEpoch).filter(point => point !== null),
    )
  } catch (error) {
    asked.delete(id)
    // A row that stays in view is not seen anew.
    if (error instanceof Refused && error.status === 503) setTimeout(() => wantTrend(id), AGAIN_MS)
  } finally {
    asking -= 1
    void next()
  }
}
