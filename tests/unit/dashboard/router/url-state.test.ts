import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Fields,
  number,
  readState,
  span,
  words,
  writeState,
} from '../../../../apps/dashboard/src/router/url-state.ts'
import {
  CHART_FIELDS,
  type ChartState,
  COMPARE_FIELDS,
  JOBS_FIELDS,
  LOG_FIELDS,
  MOST_COMPARED,
  X_AXES,
} from '../../../../apps/dashboard/src/router/view-states.ts'
import { chance } from '../chance.ts'

const JOB = ['k3v9m2x7q4wz', 'b3v9m2x7q4wz', 'c3v9m2x7q4wz'] as const

test('a page as it is at first has no query', () => {
  for (const fields of [CHART_FIELDS, LOG_FIELDS, JOBS_FIELDS, COMPARE_FIELDS] as Fields<object>[])
    assert.equal(writeState(fields, readState(fields, '')), '')
})

test('what is chosen is there by short keys, and reads back', () => {
  const chart = readState(CHART_FIELDS, '?x=trained&y=loss.lz&s=0.6&r=10:200&h=val_loss&a=0')
  assert.deepEqual(chart, {
    ...readState(CHART_FIELDS, ''),
    x: 'trained',
    y: ['loss.lz'],
    smoothing: 0.6,
    zoom: [10, 200],
    hidden: ['val_loss'],
    superseded: false,
  })
  assert.equal(writeState(CHART_FIELDS, chart), '?x=trained&y=loss.lz&s=0.6&a=0&r=10:200&h=val_loss')
  const log = readState(LOG_FIELDS, 'o=stderr&at=2:88213&q=a%26b%3Dc+%C3%A9')
  assert.deepEqual([log.source, log.at, log.search], ['stderr', { attempt: 2, offset: 88_213 }, 'a&b=c é'])
  assert.deepEqual(readState(LOG_FIELDS, writeState(LOG_FIELDS, log)), log)
})

test('whatever cannot be read is as at first, and nothing else suffers', () => {
  const broken = readState(CHART_FIELDS, '?x=sideways&y=loss&s=NaN&r=5:1&m=a+b,loss&fit=&v=1&unknown=1')
  assert.deepEqual(broken, { ...readState(CHART_FIELDS, ''), asTable: true, families: ['loss'] })
  assert.deepEqual(readState(LOG_FIELDS, '?at=0:1&at=x&o=stdin&w=%E0%A4'), readState(LOG_FIELDS, ''))
})

test('numbers stay within their ends', () => {
  assert.equal(readState(CHART_FIELDS, '?s=7').smoothing, 0.99)
  assert.equal(readState(CHART_FIELDS, '?s=-1').smoothing, 0)
  assert.equal(readState(CHART_FIELDS, '?s=0.123').smoothing, 0.12)
})

test('filters and labels of the list come back in their order', () => {
  const jobs = readState(JOBS_FIELDS, '?state=failed,held&label=team=a&label=run=7&label=broken&since=7d&q=mpg')
  assert.deepEqual(
    [jobs.states, jobs.labels, jobs.since, jobs.search],
    [['failed', 'held'], ['team=a', 'run=7'], '7d', 'mpg'],
  )
  assert.deepEqual(readState(JOBS_FIELDS, writeState(JOBS_FIELDS, jobs)), jobs)
})

test('a compared job keeps its slot, and with it its colour, when another is taken away', () => {
  const { jobs } = readState(COMPARE_FIELDS, `?jobs=${JOB.join(',')}`)
  assert.deepEqual(jobs, JOB)
  const fewer = writeState(COMPARE_FIELDS, { ...readState(COMPARE_FIELDS, ''), jobs: [JOB[0], '-', JOB[2]] })
  assert.equal(fewer, `?jobs=${JOB[0]},-,${JOB[2]}`)
  assert.deepEqual(readState(COMPARE_FIELDS, fewer).jobs, [JOB[0], '-', JOB[2]])
  assert.equal(
    writeState(COMPARE_FIELDS, { ...readState(COMPARE_FIELDS, ''), jobs: [JOB[0], '-', '-'] }),
    `?jobs=${JOB[0]}`,
  )
  const many = Array.from({ length: 12 }, (_, at) => `${'abcdefghjkmn'[at]}3v9m2x7q4wz`)
  assert.equal(readState(COMPARE_FIELDS, `?jobs=${many.join(',')},${many[0]},x`).jobs.length, MOST_COMPARED)
})

test('nothing chosen differs from the default where the default is something', () => {
  const fields: Fields<{ list: readonly string[]; from: number }> = {
    list: words('l', { initial: ['a', 'b'] }),
    from: number('n', 3, 0, 9),
  }
  assert.equal(writeState(fields, { list: [], from: 3 }), '?l=')
  assert.deepEqual(readState(fields, '?l=').list, [])
})

test('a span is two numbers that ascend', () => {
  const { read, write } = span('r')
  assert.deepEqual(read(['0.5:2e3']), [0.5, 2000])
  for (const wrong of ['', ':', '1', '1:', ':1', '2:2', '1:Infinity', 'a:b']) assert.equal(read([wrong]), undefined)
  assert.deepEqual(write([1, 2]), ['1:2'])
})

test('3,000 states of a chart come back as they were written', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const { next, pick, whole } = chance(seed)
    const flag = () => next() < 0.5
    const from = whole(-5, 1000) / 4
    const names = () => ['loss', 'val_loss', 'accuracy', 'mae'].filter(flag)
    const state: ChartState = {
      x: pick(X_AXES),
      xLog: flag(),
      y: names().map(name => `${name}.${pick(['', 'l', 'mz', 'lmz'])}`),
      smoothing: whole(0, 99) / 100,
      superseded: flag(),
      zoom: flag() ? null : [from, from + whole(1, 1e6) / 8],
      hidden: names(),
      families: names(),
      asTable: flag(),
    }
    const written = writeState(CHART_FIELDS, state)
    assert.deepEqual(readState(CHART_FIELDS, written), state, written)
    assert.ok(written.length < 250)
  }
})
