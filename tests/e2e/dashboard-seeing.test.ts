// The page where people look rather than read, in a real browser against a real server and a real Slurm: curves, logs, evaluations, and
// jobs side by side.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import {
  foreign,
  launchBrowser,
  PATIENCE_MS,
  PICTURES,
  seriousFaults,
  sideways,
  signIn,
  visit as visitOf,
} from '../support/page-visits.ts'
import { request } from '../support/requests.ts'
import { shapesRequest } from '../support/shapes.ts'

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser.close())

const LOOKS = [
  { name: 'light', width: 1280 },
  { name: 'dark', width: 1280, dark: true },
  { name: 'phone', width: 320 },
] as const

async function story(t: TestContext): Promise<Story> {
  const made = await createStory(t, { cluster: await sharedCluster() })
  await made.start()
  return made
}

async function signedIn(t: TestContext, here: Story, look: { width?: number; dark?: boolean } = {}) {
  const seen = await visitOf(browser, t, here, {
    ...look,
    prepare: context => context.grantPermissions(['clipboard-read', 'clipboard-write']),
  })
  await signIn(seen.page, here, true)
  return seen
}

const command = (name: string, script: string, epochs?: number) => ({
  ...request(),
  name,
  training: { kind: 'command', command: ['/bin/sh', '-c', script], ...(epochs === undefined ? {} : { epochs }) },
})

const copied = (page: Page): Promise<string> => page.evaluate('navigator.clipboard.readText()') as Promise<string>

/** Whole, from its top: the bar stays where the page was scrolled to. */
async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate('scrollTo(0, 0)')
  await page.screenshot({ path: join(PICTURES, name), fullPage: true })
}

/** A line of a log, behind its number where it has one. */
const line = (log: Locator, text: string): Locator =>
  log.locator('.log-row', { hasText: new RegExp(`^[·≈\\d\\s]*${text}`) })

/** The text of the row at the upper edge of a log's box, once the frame is drawn that was under way. */
const topRow = (log: Locator): Promise<string> =>
  log.evaluate(async box => {
    const { requestAnimationFrame: frame } = globalThis as unknown as { requestAnimationFrame(drawn: unknown): number }
    for (let frames = 0; frames < 2; frames++) await new Promise(drawn => frame(drawn))
    const edge = box.getBoundingClientRect().top
    const rows = [...box.querySelectorAll('[data-row]')]
    return rows.find(row => row.getBoundingClientRect().bottom > edge + 2)?.textContent ?? ''
  })

/** A wheel is heard before the view has moved. */
async function restingTopRow(log: Locator): Promise<string> {
  let before = await topRow(log)
  return eventually('the view rests', async () => {
    const now = await topRow(log)
    const rests = now === before
    before = now
    return rests && now
  })
}

test('what a classifier takes for what is seen as counts, bars and pictures, each also as a table, and beside that of another', async t => {
  const here = await story(t)
  const first = await here.api.submit(await shapesRequest(here.folder, { name: 'shapes-short', epochs: 2 }))
  const second = await here.api.submit(await shapesRequest(here.folder, { name: 'shapes-long', seed: 2 }))
  await here.api.ended(first.id, 'completed')
  await here.api.ended(second.id, 'completed')
  for (const look of LOOKS) {
    const seen = await signedIn(t, here, look)
    const { page } = seen
    await page.goto(`${here.api.url}/jobs/${second.id}/evaluation`)
    await page.getByText(/% of 270 rows of the test part are right/).waitFor()
    await page.getByText(/is taken for \w+ most often: \d+ of \d+\./).waitFor()
    const figures = page.locator('figure')
    const confusion = figures.filter({ hasText: 'What is taken for what' })
    const cells = await confusion.locator('svg text').allTextContents()
    assert.ok(
      cells.some(text => /^\d+\d+ %$/.test(text)),
      `counts and shares: ${cells.join('|')}`,
    )
    const pictures = await page.locator('.samples canvas').evaluateAll(all => all.map(one => one.ariaLabel ?? ''))
    assert.match(pictures[0] ?? '', /^(row|column|cross), taken for (row|column|cross), \d+ % sure$/)
    const wrong = pictures.map(text => text.includes('taken for'))
    assert.deepEqual(
      wrong,
      wrong.toSorted((a, b) => Number(b) - Number(a)),
      'wrong ones first',
    )

    await confusion.getByText('As a table').click()
    await confusion.getByRole('cell', { name: 'cross' }).first().waitFor()
    await picture(page, `classification-${look.name}.png`)
    assert.deepEqual(await seriousFaults(page), [], `evaluation, ${look.name}`)
    assert.ok((await sideways(page)) <= 0)

    await page.goto(`${here.api.url}/compare?jobs=${first.id},-,${second.id}`)
    await page.getByRole('button', { name: 'Show 2' }).click()
    await page.getByRole('region', { name: 'Evaluation of shapes-short' }).getByText('Right, by class').waitFor()
    await page.getByRole('region', { name: 'Evaluation of shapes-long' }).getByText('Right, by class').waitFor()
    await picture(page, `side-by-side-${look.name}.png`)
    assert.deepEqual(await seriousFaults(page), [], `compare, ${look.name}`)
    assert.ok((await sideways(page)) <= 0)
    assert.deepEqual([seen.complaints, foreign(seen, here)], [[], []])
    await seen.context.close()
  }
})

test('a log opens at the line that a link points at, goes back into earlier attempts, and moves no reader', async t => {
  const here = await story(t)
  const wordy = await here.api.submit(
    command(
      'wordy',
      [
        'if test "$SLURM_RESTART_COUNT" = 1; then echo "the second attempt says this"; exit 0; fi',
        'seq -f "line %.0f of many" 1 60000; echo "a needle"; seq -f "line %.0f of many" 60001 120000',
        'head -c 1000000 /dev/zero | tr "\\0" x; echo; echo "first attempt ends"; exec sleep 300',
      ].join('\n'),
    ),
  )
  const chatty = await here.api.submit(
    command('chatty', 'i=0; while test $i -lt 4000; do i=$((i + 1)); echo "word $i"; sleep 0.02; done'),
  )
  const broken = await here.api.submit(
    command('broken', 'seq 1 300; seq 1 300 >&2; echo "ValueError: no such shape" >&2; seq 1 200 >&2; exit 3'),
  )
  const seen = await signedIn(t, here)
  const { page } = seen
  const log = page.getByRole('log')

  // Reading further up, while a job writes.
  await page.goto(`${here.api.url}/jobs/${chatty.id}/log`)
  await log
    .getByText(/word \d{3}/)
    .first()
    .waitFor()
  await eventually(
    'a turn of the wheel ends following',
    async () => {
      // A wheel that turns before the log has more than a view full scrolls the page, and the log away from under the pointer.
      await log.hover()
      await page.mouse.wheel(0, -300)
      return (await page.getByRole('button', { name: 'Follow', pressed: false }).count()) === 1
    },
    PATIENCE_MS,
  )
  const top = await restingTopRow(log)
  await page.getByRole('button', { name: /↓ \d\d+ new lines/ }).waitFor()
  assert.equal(await topRow(log), top)
  await page.keyboard.press('Shift+G')
  await page.getByRole('button', { name: 'Follow', pressed: true }).waitFor()

  // A failed job's log opens at its last words, on the file that has them.
  await here.api.ended(broken.id, 'failed')
  await page.goto(`${here.api.url}/jobs/${broken.id}/log`)
  await log.getByText('ValueError: no such shape').last().waitFor()
  assert.equal(await page.getByLabel('Which log').inputValue(), 'stderr')
  await page.getByRole('button', { name: '2 lines of trouble' }).click()
  await log.locator('.log-row.marked', { hasText: /^301ValueError/ }).waitFor()
  await picture(page, 'log-failed.png')

  // Another attempt, of which the page shows the first one's end above it.
  await page.goto(`${here.api.url}/jobs/${wordy.id}/log`)
  await line(log, 'first attempt ends').waitFor()
  await log
    .getByRole('button', { name: /show [\d\s]+ more characters/ })
    .first()
    .waitFor()
  const slurmJob = (await here.api.job(wordy.id)).slurm?.jobId
  await slurm(await sharedCluster(), ['scontrol', 'requeue', `${slurmJob}`])
  await here.api.ended(wordy.id, 'completed', 240_000)
  await page.reload()
  await log.getByText(/attempt 2 started on .* \(requeue\)/).waitFor()
  await line(log, 'the second attempt says this').waitFor()
  await line(log, 'first attempt ends').waitFor()

  // Found on the cluster, opened in the middle of a file of megabytes.
  await page.getByRole('searchbox', { name: 'Search what is loaded' }).fill('needle')
  await page.getByLabel('Of which attempt').selectOption('1')
  await page.getByRole('button', { name: 'Search the whole file' }).click()
  await page.getByText(/1 match; [\d.]+ MiB searched in/).waitFor()
  await page.getByRole('link', { name: 'a needle' }).click()
  await log.locator('.log-row.marked', { hasText: 'a needle' }).waitFor()
  await picture(page, 'log-linked.png')
  const link = page.url()
  assert.match(link, /[?&]at=1:\d+/)
  const linked = await seen.open(link.slice(here.api.url.length))
  const there = linked.getByRole('log').locator('.log-row.marked', { hasText: 'a needle' })
  await there.waitFor()
  assert.ok(await there.isVisible())

  // Its beginning by key, its lines numbered; what lies between is said, and can be had.
  const first = linked.getByRole('log').locator('.log-row', { hasText: /^\d+line 1 of many/ })
  await eventually('it is at its beginning', async () => {
    // Two keys are one word where the second comes soon enough; on a loaded machine it may not.
    for (const key of ['g', 'g']) await linked.keyboard.press(key)
    return first.waitFor({ timeout: 10_000 }).then(() => true)
  })
  await linked.getByRole('button', { name: 'Wrap' }).click()
  await picture(linked, 'log-start.png')
  await linked.keyboard.press('Shift+G')
  await line(linked.getByRole('log'), 'the second attempt says this').waitFor()

  const download = linked.waitForEvent('download')
  await linked.getByRole('button', { name: 'Download as .gz' }).click()
  const packed = await readFile(await (await download).path())
  assert.deepEqual([...packed.subarray(0, 2)], [0x1f, 0x8b])

  for (const look of LOOKS.slice(1)) {
    const other = await signedIn(t, here, look)
    await other.page.goto(link)
    await other.page.getByRole('log').locator('.log-row.marked').waitFor()
    await picture(other.page, `log-linked-${look.name}.png`)
    assert.deepEqual(await seriousFaults(other.page), [], `log, ${look.name}`)
    assert.ok((await sideways(other.page)) <= 0)
    await other.context.close()
  }
  assert.deepEqual([seen.complaints, foreign(seen, here)], [[], []])
})

test('curves keep how each metric is best seen, are read to every digit, and leave the page as CSV and PNG', async t => {
  const here = await story(t)
  // Fourteen families of metrics, steps, a value that is no number, and one far above all others.
  const values = Array.from({ length: 12 }, (_, at) => `\\"m${at}\\": $((i + ${at}))`).join(', ')
  const script = (from: number) =>
    [
      `for i in $(seq 0 59); do v=$((${from} - i)); test $i = 20 && v=90000; test $i = 40 && v=NaN`,
      `echo "{\\"epoch\\": $i, \\"loss\\": $v, \\"val_loss\\": $((${from} + 9 - i)).125, \\"mae\\": $v, \\"step\\": $((i * 32)), ${values}}" >> "$TROTLINE_EPOCHS"`,
      'sleep 0.03; done',
    ].join('\n')
  const jobs = []
  for (const [at, from] of [100, 120, 90, 150, 200].entries())
    jobs.push(await here.api.submit(command(`many-${at + 1}`, script(from), 60)))
  for (const { id } of jobs) await here.api.ended(id, 'completed')
  const [job, other] = jobs
  assert.ok(job && other)
  const seen = await signedIn(t, here)
  const { page } = seen
  await page.goto(`${here.api.url}/jobs/${job.id}`)
  const loss = page.locator('figure').filter({ has: page.getByRole('heading', { name: 'loss', exact: true }) })
  await loss.getByText('loss became NaN at epoch 41').first().waitFor()

  // More families than are drawn: chosen by name.
  await page.getByText('12 of 14 families of metrics are drawn: choose').click()
  await page.getByLabel('Search the families').fill('m11')
  assert.equal(await page.getByLabel('m11').isDisabled(), true, 'a dozen at most')
  await page.getByLabel('Search the families').fill('m1')
  await page.getByRole('checkbox', { name: 'm1', exact: true }).uncheck()
  await page.getByRole('checkbox', { name: 'm11', exact: true }).check()
  await page.getByRole('heading', { name: 'm11', exact: true }).waitFor()

  // One value is far above all others.
  await loss.getByRole('button', { name: 'fit 1–99 %' }).click()
  await loss.getByRole('button', { name: /beyond the edges: fit all/ }).waitFor()
  await loss.getByRole('button', { name: 'val_loss' }).click()
  await loss.getByRole('button', { name: 'val_loss is not drawn: draw it' }).waitFor()
  await picture(page, 'curves-many.png')
  await loss.getByRole('button', { name: 'val_loss is not drawn: draw it' }).click()

  // The cursor by keys; the value to every digit on the clipboard.
  await loss.locator('.chart').focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await loss.getByText('copied loss 100 of epoch 1').waitFor({ state: 'attached' })
  assert.equal(await copied(page), '100')

  // Zoomed into the past.
  for (let n = 0; n < 2; n++) await page.keyboard.press('+')
  await loss.getByRole('button', { name: /live paused: \d+ newer epochs/ }).click()
  await loss.getByText(/live paused/).waitFor({ state: 'detached' })

  await page.getByLabel('x axis').selectOption('step')
  await page.getByText(/as the job logs them/).waitFor()
  const csv = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV of all' }).click()
  const rows = (await readFile(await (await csv).path(), 'utf8')).trim().split('\n')
  assert.equal(rows.length, 61)
  assert.match(rows[41] ?? '', /^41,1,false,.*nan/)
  const png = page.waitForEvent('download')
  await page.getByRole('button', { name: 'loss as a PNG', exact: true }).click()
  assert.equal((await readFile(await (await png).path())).subarray(1, 4).toString(), 'PNG')
  await (await png).saveAs(join(PICTURES, 'exported-loss.png'))

  // The next job with such a metric is seen as this one was left, and its link says so.
  await page.goto(`${here.api.url}/jobs/${other.id}`)
  await loss.getByRole('button', { name: 'fit 1–99 %', pressed: true }).waitFor()
  await eventually('the link says it', async () => page.url().includes('y=loss.m'), PATIENCE_MS)
  assert.deepEqual(await seriousFaults(page), [])

  // Five on one grid: dashes, names at the ends, one that nobody shows this person.
  const nobodys = 'k3v9m2x7q4wz'
  for (const look of LOOKS) {
    const again = await signedIn(t, here, look)
    await again.page.goto(`${here.api.url}/compare?jobs=${[...jobs.map(({ id }) => id), nobodys].join(',')}&fit=middle`)
    await again.page.getByText(`${nobodys}: not yours, or no longer there`).waitFor()
    await again.page.getByText('many-1: loss became NaN at epoch 41').waitFor()
    await again.page.getByText(/fields are the same in all/).click()
    await again.page.getByRole('cell', { name: 'training.kind' }).waitFor()
    await picture(again.page, `compare-five-${look.name}.png`)
    assert.deepEqual(await seriousFaults(again.page), [], `compare, ${look.name}`)
    assert.ok((await sideways(again.page)) <= 0)
    assert.deepEqual([again.complaints.filter(text => !text.includes('404')), foreign(again, here)], [[], []])
    await again.context.close()
  }
  assert.deepEqual([seen.complaints, foreign(seen, here)], [[], []])
})
