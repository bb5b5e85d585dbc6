// The page in a real browser against a real server and a real Slurm: what a person does there, what they see, and what the browser asks
// of the network meanwhile.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
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
  type Visit,
  type VisitOptions,
  visit as visitOf,
} from '../support/page-visits.ts'
import { request, slowRequest } from '../support/requests.ts'

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser.close())

const visit = (t: TestContext, here: Story, options: VisitOptions = {}): Promise<Visit> =>
  visitOf(browser, t, here, options)

async function story(t: TestContext): Promise<Story> {
  const made = await createStory(t, { cluster: await sharedCluster() })
  await made.start()
  return made
}

const epochsOf = (page: Page): Promise<number> =>
  page
    .locator('.facts dd')
    .first()
    .textContent()
    .then(text => Number(/^([\d\u202f]+) of/.exec(text ?? '')?.[1]?.replace(/\u202f/g, '') ?? 0))

test('a person submits Auto MPG on the page, sees its curve grow, and cancels another job', async t => {
  const here = await story(t)
  const seen = await visit(t, here)
  const { page } = seen
  await signIn(page, here)
  await page.getByText('No jobs yet').waitFor()
  await page.getByRole('link', { name: 'Auto MPG, here on the page' }).click()

  // More than it can train while this page is looked at; it is cancelled below.
  await page.getByRole('textbox', { name: 'Epochs' }).fill('100000')
  await page.getByText('More', { exact: true }).click()
  await page.getByLabel('Backend').selectOption('cpu')
  await page.getByText('Script', { exact: true }).waitFor()
  await page.screenshot({ path: join(PICTURES, 'submit.png'), fullPage: true })
  await page.getByRole('button', { name: 'Submit', exact: true }).click()
  await page.getByRole('heading', { name: 'auto-mpg', exact: true }).waitFor()

  await page.locator('.chart canvas').first().waitFor()
  const first = await epochsOf(page)
  await eventually('the curve grows', async () => (await epochsOf(page)) > first + 5, PATIENCE_MS)
  await page.screenshot({ path: join(PICTURES, 'job-running.png'), fullPage: true })
  await page
    .getByText(/loss fell from/)
    .first()
    .waitFor()

  const other = await here.api.submit({ ...slowRequest(100_000), name: 'unwanted' })
  await page.getByRole('link', { name: 'Jobs', exact: true }).click()
  await page.getByRole('link', { name: 'unwanted' }).waitFor()
  await page.screenshot({ path: join(PICTURES, 'jobs.png'), fullPage: true })
  await page.getByRole('link', { name: 'unwanted' }).click()
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await page.getByRole('heading', { name: 'Cancel unwanted?' }).waitFor()
  await page.getByRole('button', { name: 'Cancel the job' }).click()
  await page.locator('.state', { hasText: 'cancelled' }).first().waitFor()

  assert.equal((await here.api.ended(other.id, 'cancelled')).state, 'cancelled')
  for (const { id } of (await here.api.list('?state=running')).items)
    await here.api.answered('DELETE', `/v1/jobs/${id}`)
  assert.deepEqual(foreign(seen, here), [], 'nothing is asked of a foreign host')
  assert.deepEqual(seen.complaints, [], 'neither faults nor anything that the policy forbids')
})

test('every page is free of serious faults for those who hear or key it, on both grounds and 320 px wide', async t => {
  const here = await story(t)
  const { id } = await here.api.submit(request({ epochs: 30 }))
  await here.api.ended(id, 'completed')
  const failed = await here.api.submit({
    ...request(),
    name: 'breaks',
    training: { kind: 'command', command: ['/bin/sh', '-c', 'echo Error: no such thing >&2; exit 3'] },
  })
  await here.api.ended(failed.id, 'failed')
  const pages: readonly (readonly [string, string, RegExp])[] = [
    ['jobs', '/', /auto-mpg/],
    ['job', `/jobs/${id}`, /loss fell from/],
    ['log', `/jobs/${id}/log`, /backend simd/],
    ['environment-of-job', `/jobs/${id}/environment`, /Compatibility/],
    ['script', `/jobs/${id}/script`, /#SBATCH/],
    ['events', `/jobs/${id}/events`, /completed:/],
    ['files', `/jobs/${id}/files`, /history\.json/],
    ['failed', `/jobs/${failed.id}`, /no such thing/],
    ['compare', `/compare?jobs=${id},${failed.id}`, /difference/],
    ['evaluation', `/jobs/${id}/evaluation`, /True against predicted/],
    ['submit-form', '/submit', /Script/],
    ['clusters', '/clusters', /Partition/],
    ['environments', '/environments', /None yet/],
    ['compatibility', '/compatibility', /pytorch/],
    ['settings', '/settings', /Ground/],
  ]
  for (const look of [
    { name: 'light', width: 1280 },
    { name: 'dark', width: 1280, dark: true },
    { name: 'phone', width: 320 },
  ]) {
    const seen = await visit(t, here, look)
    await seen.page.getByLabel('Token').waitFor()
    assert.deepEqual(await seriousFaults(seen.page), [], `the door, ${look.name}`)
    await seen.page.screenshot({ path: join(PICTURES, `door-${look.name}.png`) })
    await signIn(seen.page, here, true)
    for (const [name, path, told] of pages) {
      await seen.page.goto(`${here.api.url}${path}`)
      await seen.page.getByRole('main').getByText(told).first().waitFor()
      await seen.page.screenshot({ path: join(PICTURES, `${name}-${look.name}.png`), fullPage: true })
      assert.deepEqual(await seriousFaults(seen.page), [], `${path}, ${look.name}`)
      assert.ok((await sideways(seen.page)) <= 0, `${path} is wider than a window of ${look.width} px`)
    }
    await seen.page.keyboard.press('?')
    await seen.page.getByRole('heading', { name: 'Keys' }).last().waitFor()
    assert.deepEqual(await seriousFaults(seen.page), [], `the map of keys, ${look.name}`)
    assert.deepEqual(seen.complaints, [])
    assert.deepEqual(foreign(seen, here), [])
    await seen.context.close()
  }
})

test('a loss that is no number is shown as that, and a later attempt as a band of its own', async t => {
  const here = await story(t)
  // The second attempt begins anew at epoch 2: what the first had from there on no longer counts.
  const program = [
    'start=0; test "$SLURM_RESTART_COUNT" = 1 && start=2',
    'for i in $(seq $start 4); do v=$((9 - i)); test $i = 4 && v=NaN',
    'echo "{\\"epoch\\": $i, \\"loss\\": $v}" >> "$TROTLINE_EPOCHS"; sleep 0.1; done',
    'test "$SLURM_RESTART_COUNT" = 1 || exec sleep 300',
  ].join('\n')
  const training = { kind: 'command', command: ['/bin/sh', '-c', program], epochs: 5 }
  const job = await here.api.submit({ ...request(), name: 'diverges', training })
  const seen = await visit(t, here)
  await signIn(seen.page, here, true)
  await seen.page.goto(`${here.api.url}/jobs/${job.id}`)
  await seen.page.getByText('loss became NaN at epoch 5').first().waitFor()

  const slurmJob = (await here.api.job(job.id)).slurm?.jobId
  await slurm(await sharedCluster(), ['scontrol', 'requeue', `${slurmJob}`])
  await seen.page
    .getByText(/attempt 2 started on/)
    .first()
    .waitFor({ timeout: 180_000 })
  await here.api.ended(job.id, 'completed', 180_000)
  await seen.page.getByText('loss became NaN at epoch 5, attempt 2').first().waitFor()
  await seen.page.getByRole('button', { name: 'superseded' }).waitFor()
  await seen.page.screenshot({ path: join(PICTURES, 'attempts.png'), fullPage: true })

  // Keys move the cursor, and what stands there is said.
  await seen.page.locator('.chart').first().focus()
  await seen.page.keyboard.press('ArrowLeft')
  await seen.page.getByRole('status').filter({ hasText: 'epoch 5: loss NaN' }).waitFor({ state: 'attached' })
  await seen.page.keyboard.press('v')
  await seen.page.getByRole('cell', { name: 'NaN' }).waitFor()
  assert.deepEqual(seen.complaints, [])
})

test('while the server is away what was shown stays, with its age, and goes on when it is back', async t => {
  const here = await createStory(t, { cluster: await sharedCluster() })
  const server = await here.start()
  const { id } = await here.api.submit(request({ epochs: 20 }))
  await here.api.ended(id, 'completed')
  const seen = await visit(t, here)
  await signIn(seen.page, here)
  await seen.page.getByRole('link', { name: 'auto-mpg' }).waitFor()

  await server.stop()
  await seen.page.getByText(/reconnecting, last heard \d+ s ago/).waitFor()
  await seen.page.getByRole('link', { name: 'auto-mpg' }).waitFor()
  await seen.page.screenshot({ path: join(PICTURES, 'away.png') })

  await here.start()
  await seen.page.getByText(/last heard/).waitFor({ state: 'detached' })
  await here.api.submit({ ...request({ epochs: 20 }), name: 'afterwards' })
  await seen.page.getByRole('link', { name: 'afterwards' }).waitFor()
})

test('eight tabs are live at once, on one connection', async t => {
  const here = await story(t)
  const job = await here.api.submit(slowRequest(100_000))
  const seen = await visit(t, here)
  const holders = new Set<Page>()
  seen.context.on('request', one => one.url().includes('/v1/stream?') && holders.add(one.frame().page()))
  await signIn(seen.page, here, true)
  const tabs = [seen.page]
  await seen.page.goto(`${here.api.url}/jobs/${job.id}`)
  while (tabs.length < 8) tabs.push(await seen.open(`/jobs/${job.id}`))
  for (const [at, tab] of tabs.entries()) {
    await tab.bringToFront()
    const before = await epochsOf(tab)
    await eventually(`tab ${at + 1} is live`, async () => (await epochsOf(tab)) > before, PATIENCE_MS)
  }
  assert.equal(holders.size, 1, 'one tab holds the connection for all')
  // That one goes: another takes its seat.
  await tabs.shift()?.close()
  const [next] = tabs
  assert.ok(next)
  await next.bringToFront()
  const before = await epochsOf(next)
  await eventually('the others go on', async () => (await epochsOf(next)) > before + 3, PATIENCE_MS)
  await fetch(`${here.api.url}/v1/jobs/${job.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${here.token}` },
  })
  for (const tab of tabs) await tab.locator('.state', { hasText: 'cancelled' }).first().waitFor()
  assert.deepEqual(foreign(seen, here), [])
})

test('the page is small, and ready after less than half a second of work', async t => {
  const here = await story(t)
  const context = await browser.newContext()
  t.after(() => context.close())
  const page = await context.newPage()
  let bytes = 0
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  // The first visit of all starts processes of the browser.
  await page.goto(`${here.api.url}/settings`)
  await page.getByLabel('Token').waitFor()
  bytes = 0
  await session.send('Network.clearBrowserCache')
  // The page's own time on a core: how long that takes by the clock is a matter of who else wants the core.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const workedMs = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
  }
  const [from, before] = [performance.now(), await workedMs()]
  await page.goto(here.api.url)
  await page.getByLabel('Token').fill('typed')
  const worked = (await workedMs()) - before
  t.diagnostic(`${Math.round(worked)} ms of work, ${Math.round(performance.now() - from)} ms until a person could type`)
  assert.ok(bytes > 10_000 && bytes < 300_000, `${bytes} bytes came over the wire`)
  assert.ok(worked > 1 && worked < 500, `it took ${Math.round(worked)} ms of work until a person could type`)

  const index = await fetch(here.api.url)
  assert.equal(index.headers.get('cache-control'), 'no-cache')
  assert.match(index.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.doesNotMatch(index.headers.get('content-security-policy') ?? '', /unsafe/)
  const script = /src="(\/assets\/[^"]+)"/.exec(await index.text())?.[1]
  const asset = await fetch(`${here.api.url}${script}`)
  assert.match(asset.headers.get('cache-control') ?? '', /immutable/)
  assert.equal((await fetch(`${here.api.url}/assets/none.js`)).status, 404)
})
