// The page in a real browser, second part: the list and its keys, settings, compatibility, what operators do, and a server whose one stream
// cannot be had. One server for all of it.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { sharedCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
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
  visit,
} from '../support/page-visits.ts'
import { request, slowRequest } from '../support/requests.ts'

const PIP_LIST = `Package     Version
----------- ------------
torch       2.11.0+cu130
torchvision 0.26.0+cu130`
const NVIDIA_SMI = 'Tesla V100-SXM2-16GB, 550.54.15'

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser.close())

/** Receives what webhooks send; answers 204, or 410 on /gone. */
async function receiver(t: TestContext) {
  const received: { path: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = []
  const server = createServer(async (message, answer) => {
    let body = ''
    for await (const piece of message) body += piece
    received.push({ path: message.url ?? '', headers: message.headers, body })
    answer.writeHead(message.url === '/gone' ? 410 : 204).end()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.after(() => new Promise<void>(done => server.close(() => done())))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { received, host: `127.0.0.1:${address.port}` }
}

/** Notifications as the browser would show them, in a tab that nobody looks at. */
const HIDDEN_TAB = `
  globalThis.shown = []
  globalThis.wished = 0
  globalThis.Notification = class {
    static permission = 'default'
    static async requestPermission() {
      wished += 1
      return (this.permission = 'granted')
    }
    constructor(title, { body }) {
      shown.push(title + ': ' + body)
    }
    close() {}
  }
  Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })`

test('what a person does beside looking at one job', async t => {
  const hooks = await receiver(t)
  const here = await createStory(t, {
    cluster: await sharedCluster(),
    settings: { webhooks: { privateHosts: [hooks.host] } },
  })
  await here.start()
  const program =
    'for i in 0 1 2; do echo "{\\"epoch\\": $i, \\"loss\\": $([ $i = 2 ] && echo NaN || echo 1)}"; done >> "$TROTLINE_EPOCHS"'
  const training = { kind: 'command', command: ['/bin/sh', '-c', program], epochs: 3 }
  const done = await here.api.submit(request({ epochs: 40 }))
  const diverged = await here.api.submit({ ...request(), name: 'diverges', training })
  await here.api.ended(done.id, 'completed')
  await here.api.ended(diverged.id, 'completed')
  const running = await here.api.submit({ ...slowRequest(100_000), name: 'long' })
  const opened = async (st: TestContext, options: VisitOptions = {}): Promise<Visit> => {
    const seen = await visit(browser, st, here, options)
    await signIn(seen.page, here, true)
    // Off the table: while somebody points at it new jobs wait above it.
    await seen.page.mouse.move(0, 0)
    return seen
  }
  const rowOf = (page: Page, id: string) => page.getByRole('row').filter({ hasText: id })

  await t.test('the list shows each loss as a line that grows, NaN as NaN, and what is left of the time', async st => {
    const { page, complaints } = await opened(st)
    await rowOf(page, done.id)
      .getByRole('img', { name: /loss fell from/ })
      .waitFor()
    await rowOf(page, diverged.id).getByText('NaN', { exact: true }).waitFor()
    await rowOf(page, diverged.id).getByRole('img', { name: 'loss became NaN by epoch 3' }).waitFor()
    const line = rowOf(page, running.id).locator('.spark path').first()
    await line.waitFor()
    const drawn = await line.getAttribute('d')
    await eventually('the line grows', async () => (await line.getAttribute('d')) !== drawn, PATIENCE_MS)
    await rowOf(page, running.id).getByText(/^~\d+/).waitFor()
    await page.screenshot({ path: join(PICTURES, 'list.png'), fullPage: true })

    // Whoever points at the table is not disturbed: what is new waits above it.
    await rowOf(page, done.id).hover()
    const late = await here.api.submit({ ...slowRequest(100_000), name: 'late' })
    await page.getByRole('button', { name: '1 new job ↑' }).click()
    await rowOf(page, late.id).getByRole('checkbox').check()
    await rowOf(page, running.id).getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Cancel 2 jobs' }).click()
    await page.getByRole('heading', { name: 'Cancel 2 jobs?' }).waitFor()
    await page.getByRole('button', { name: 'Keep them' }).click()
    await rowOf(page, running.id).getByRole('checkbox').uncheck()
    await page.getByRole('link', { name: 'Edit and submit' }).waitFor()

    await rowOf(page, late.id).getByRole('link').click()
    await page.getByRole('heading', { name: 'late', exact: true }).waitFor()
    await page.keyboard.press(']')
    await page.getByRole('heading', { name: 'long', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Previous job of the list' }).click()
    await page.getByRole('heading', { name: 'late', exact: true }).waitFor()
    for (const { id } of [late, running]) await here.api.answered('DELETE', `/v1/jobs/${id}`)
    assert.deepEqual(complaints, [])
  })

  await t.test(
    'the end of a job is told by the browser where somebody asked for that job, and nowhere else',
    async st => {
      const { page } = await opened(st, { prepare: context => context.addInitScript(HIDDEN_TAB) })
      const told = (): Promise<string[]> => page.evaluate('shown') as Promise<string[]>
      const asked = await here.api.submit({ ...slowRequest(100_000), name: 'asked' })
      const other = await here.api.submit({ ...slowRequest(100_000), name: 'other' })
      await page.getByRole('link', { name: 'asked' }).click()
      assert.equal(await page.evaluate('wished'), 0, 'nobody is asked for a permission before a click')
      await page.getByRole('button', { name: 'Tell me when it ends' }).click()
      await page.getByRole('button', { name: 'Tell me when it ends', pressed: true }).waitFor()
      assert.equal(await page.evaluate('wished'), 1)
      await page.getByRole('link', { name: 'Settings' }).click()
      await page.getByRole('link', { name: asked.id }).waitFor()
      for (const { id } of [other, asked]) await here.api.answered('DELETE', `/v1/jobs/${id}`)
      await eventually('it is told', async () => (await told()).length > 0, PATIENCE_MS)
      await page.getByText('No job is waited for.').waitFor()
      const [notice] = await told()
      assert.match(notice ?? '', /^⊘ asked: Cancelled/)
      assert.equal((await told()).length, 1)
      // Nobody's end is told to the webhooks of the next part.
      for (const { id } of [running, other, asked]) await here.api.ended(id, 'cancelled')
    },
  )

  await t.test(
    'a webhook is made, shows its secret once, is tried, and goes; one that is gone is parked with why',
    async st => {
      const { page, complaints } = await opened(st)
      await page.goto(`${here.api.url}/settings`)
      await page.getByRole('button', { name: 'Add a webhook' }).click()
      await page.getByLabel('Address').fill('ftp://nowhere')
      await page.getByLabel('Name', { exact: true }).fill('lab')
      await page.getByRole('checkbox', { name: 'was cancelled' }).check()
      await page.getByRole('button', { name: 'Add the webhook' }).click()
      await page
        .getByText(/is not an http or https address/)
        .first()
        .waitFor()
      assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'lab', 'a refusal loses nothing')
      await page.getByLabel('Address').fill(`http://${hooks.host}/here`)
      await page.getByRole('button', { name: 'Add the webhook' }).click()
      await page.getByText(/^whsec_/).waitFor()
      await page.screenshot({ path: join(PICTURES, 'webhook-secret.png'), fullPage: true })
      await page.getByRole('button', { name: 'I have it' }).click()
      assert.equal(await page.getByText(/^whsec_/).count(), 0)

      await page.getByRole('button', { name: 'Send a test' }).click()
      await page
        .getByRole('cell', { name: /delivered/ })
        .first()
        .waitFor()
      assert.match(`${hooks.received[0]?.headers['webhook-signature']}`, /^v1,/)
      await page.screenshot({ path: join(PICTURES, 'webhooks.png'), fullPage: true })

      await page.getByRole('button', { name: 'Remove', exact: true }).click()
      await page.getByRole('heading', { name: 'Remove lab?' }).waitFor()
      await page.getByRole('button', { name: 'Remove the webhook' }).click()
      await page.getByText('There is none: nobody is told.').waitFor()

      const gone = { url: `http://${hooks.host}/gone`, name: 'moved', events: ['cancelled'] }
      await here.api.answered('POST', '/v1/webhooks', { body: gone })
      const ends = await here.api.submit({ ...slowRequest(100_000), name: 'ends' })
      await here.api.answered('DELETE', `/v1/jobs/${ends.id}`)
      const moved = page.getByRole('region', { name: 'Webhook moved' })
      await moved.getByText(/^Parked since .*410/).waitFor()
      await moved.getByRole('button', { name: 'Deliveries' }).click()
      await page.screenshot({ path: join(PICTURES, 'webhook-parked.png'), fullPage: true })
      await moved.getByRole('button', { name: 'Resume' }).click()
      await eventually('it is sent again', async () => hooks.received.filter(({ path }) => path === '/gone').length > 1)
      // The refusal that was meant is the browser's to log.
      assert.deepEqual(
        complaints.filter(text => !/status of 4\d\d/.test(text)),
        [],
      )
    },
  )

  await t.test('times are in UTC where somebody wants them so, and signing out forgets the token', async st => {
    const { page } = await opened(st)
    await page.goto(`${here.api.url}/settings`)
    await page.getByLabel('UTC', { exact: true }).check()
    await page.getByText(/^Now: .* UTC$/).waitFor()
    await page.reload()
    assert.equal(await page.getByLabel('UTC', { exact: true }).isChecked(), true)
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
    assert.equal(await page.evaluate("localStorage.getItem('trotline.token')"), null)
  })

  await t.test('a pasted environment is judged, and a cell of the matrix says why', async st => {
    const { page } = await opened(st)
    await page.goto(`${here.api.url}/compatibility?tab=paste`)
    await page.getByLabel('Environment', { exact: true }).fill(`${PIP_LIST}\n${NVIDIA_SMI}`)
    const verdict = page.getByRole('region', { name: 'pytorch 2.11.0 cu130' })
    await verdict.locator('.state', { hasText: 'incompatible' }).first().waitFor()
    await verdict.getByRole('button', { name: 'Copy this set' }).first().waitFor()
    await page.screenshot({ path: join(PICTURES, 'paste.png'), fullPage: true })

    await page.getByRole('tab', { name: 'The whole matrix' }).click()
    await page
      .getByRole('button', { name: /^2\.\d+(\.\d+)? cu\d+ on Tesla K80: no$/ })
      .first()
      .click()
    await page.getByRole('region', { name: 'Why' }).getByText('build-gpu').first().waitFor()
    await page.screenshot({ path: join(PICTURES, 'matrix.png'), fullPage: true })
    await page.reload()
    await page.getByRole('tab', { name: 'The whole matrix', selected: true }).waitFor()
  })

  await t.test(
    'an operator pauses a cluster with a reason, resumes it, has it looked at, and sees what could go',
    async st => {
      const { page, complaints } = await opened(st)
      await page.goto(`${here.api.url}/clusters`)
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      await page.getByLabel(/^Why/).fill('the file system is being repaired')
      await page.getByRole('button', { name: 'Pause local' }).click()
      await page.getByText(/the file system is being repaired/).waitFor()
      await page.getByRole('button', { name: 'Resume' }).click()
      await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
      await page.getByText('Environments that nobody uses').click()
      await page.getByRole('button', { name: 'Show what would go' }).click()
      await page.getByText(/Nothing has been unused for|would be free/).waitFor()
      await page.getByRole('button', { name: 'Look at its nodes' }).click()
      await page.getByText('Short Slurm jobs look at a node of each kind.').waitFor()
      assert.deepEqual(complaints, [])
    },
  )

  await t.test('a refused request marks its field, opens where it is folded, and loses nothing', async st => {
    const { page } = await opened(st)
    await page.goto(`${here.api.url}/submit`)
    await page.getByRole('textbox', { name: 'Name' }).fill('kept')
    await page.getByText('More', { exact: true }).click()
    await page.getByRole('textbox', { name: 'Account' }).fill('no such account!')
    await page.getByText('More', { exact: true }).click()
    const account = page.getByRole('textbox', { name: 'Account' })
    await page.getByRole('button', { name: '/resources/account' }).click()
    await eventually('the field is marked', async () => (await account.getAttribute('aria-invalid')) === 'true')
    assert.equal(await account.inputValue(), 'no such account!')
    assert.equal(await page.getByRole('textbox', { name: 'Name' }).inputValue(), 'kept')
    await page.getByRole('button', { name: 'Copy as command' }).waitFor()
    await page.screenshot({ path: join(PICTURES, 'refused.png'), fullPage: true })

    await page.goto(`${here.api.url}/submit?from=${done.id}`)
    await page.getByRole('textbox', { name: 'Epochs' }).fill('41')
    await page.getByText('changed, was 40').waitFor()
  })

  for (const [status, what] of [
    [404, 'a server without the one stream'],
    [503, 'something on the way that lets no stream through'],
  ] as const)
    await t.test(`with ${what} the page asks instead, and stays right`, async st => {
      const { page, context } = await opened(st, {
        prepare: context => context.route(/\/v1\/stream\?/, route => route.fulfill({ status, body: 'no' })),
      })
      const name = `asked-${status}`
      const job = await here.api.submit({ ...slowRequest(100_000), name })
      await page.getByRole('link', { name }).click()
      const progress = page.locator('.facts dd').first()
      await eventually(
        'epochs come',
        async () => /^[1-9]\d* of/.test((await progress.textContent()) ?? ''),
        PATIENCE_MS,
      )
      await here.api.answered('DELETE', `/v1/jobs/${job.id}`)
      await page.locator('.state', { hasText: 'cancelled' }).first().waitFor()
      if (status === 404) return
      // It comes back by itself where the stream does.
      const stream = page.waitForResponse(one => one.url().includes('/v1/stream?') && one.ok())
      await context.unroute(/\/v1\/stream\?/)
      await stream
    })

  await t.test('the new parts are free of serious faults, on both grounds and 320 px wide', async st => {
    for (const look of [
      { name: 'light', width: 1280 },
      { name: 'dark', width: 1280, dark: true },
      { name: 'phone', width: 320 },
    ]) {
      const seen = await opened(st, look)
      const { page } = seen
      const hold = async (name: string): Promise<void> => {
        await page.screenshot({ path: join(PICTURES, `${name}-${look.name}.png`), fullPage: true })
        assert.deepEqual(await seriousFaults(page), [], `${name}, ${look.name}`)
        assert.ok((await sideways(page)) <= 0, `${name} is wider than ${look.width} px`)
      }
      await rowOf(page, done.id).getByRole('checkbox').check()
      // In a narrow window the table scrolls in its box: what is out of sight there is not asked for.
      await rowOf(page, done.id)
        .locator('.spark')
        .evaluate(place => place.scrollIntoView({ block: 'nearest', inline: 'center' }))
      await rowOf(page, done.id)
        .getByRole('img', { name: /loss fell/ })
        .waitFor()
      await hold('list')
      await page.goto(`${here.api.url}/settings`)
      const moved = page.getByRole('region', { name: 'Webhook moved' })
      await moved.getByRole('button', { name: 'Deliveries' }).click()
      await moved.getByRole('cell', { name: /410/ }).first().waitFor()
      await page.getByRole('button', { name: 'Add a webhook' }).click()
      await hold('settings-whole')
      await page.goto(`${here.api.url}/compatibility?tab=paste`)
      await page.getByLabel('Environment', { exact: true }).fill(`${PIP_LIST}\n${NVIDIA_SMI}`)
      await page.getByText('Nearest sets').first().waitFor()
      await hold('paste')
      await page.getByRole('tab', { name: 'The whole matrix' }).click()
      await page
        .getByRole('button', { name: /on Tesla K80: no$/ })
        .first()
        .click()
      await page.getByRole('region', { name: 'Why' }).waitFor()
      await hold('matrix')
      await page.goto(`${here.api.url}/clusters`)
      await page.getByText('Environments that nobody uses').click()
      await hold('clusters-operated')
      if (look.width < 400) {
        await page.goto(`${here.api.url}/guide`)
        assert.equal(await page.getByRole('navigation', { name: 'Pages' }).getByRole('listitem').count(), 0)
        await hold('guide')
        await page.getByText(/^Pages: /).click()
        await page.getByRole('navigation', { name: 'Pages' }).getByRole('listitem').first().waitFor()
      }
      assert.deepEqual(foreign(seen, here), [])
      await seen.context.close()
    }
  })
})
