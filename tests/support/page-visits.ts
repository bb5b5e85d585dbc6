// What stories about the page share: a real browser, somebody who signs in, what the browser asked of whom, and what axe-core finds.
import { mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Story } from './orchestrator.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Two cores that run a browser, a cluster and a server at once. */
export const PATIENCE_MS = 90_000
/** Kept for whoever wants to look at them. */
export const PICTURES = process.env.TROTLINE_PICTURES ?? mkdtempSync(join(tmpdir(), 'trotline-pictures-'))

/**
 * Its own sandbox needs privileges that containers do not give; it sees pages of these tests only. A turn of the wheel is done when it is
 * done: smooth scrolling goes on for as many frames as a loaded machine needs.
 */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    timeout: PATIENCE_MS,
    args: ['--no-sandbox', '--disable-gpu', '--disable-smooth-scrolling'],
  })

export interface Visit {
  context: BrowserContext
  page: Page
  /** What the browser asked of whom. */
  requests: string[]
  /** What it complained about: faults of the page, refusals of its Content-Security-Policy. */
  complaints: string[]
  /** Another tab of the same browser. */
  open(path?: string): Promise<Page>
}

export interface VisitOptions {
  width?: number
  height?: number
  dark?: boolean
  /** Before the first page is opened. */
  prepare?: (context: BrowserContext) => Promise<unknown>
}

export async function visit(
  browser: Browser,
  t: Pick<TestContext, 'after'>,
  { api }: Story,
  options: VisitOptions = {},
): Promise<Visit> {
  const { width = 1280, height = 720, dark = false } = options
  // The page asks again what a store that was slow for once left unanswered; the browser notes it all the same.
  const isComplaint = (text: string): boolean => !/status of 503/.test(text)
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' })
  context.setDefaultTimeout(PATIENCE_MS)
  t.after(() => context.close())
  await options.prepare?.(context)
  const requests: string[] = []
  const complaints: string[] = []
  context.on('request', one => requests.push(one.url()))
  const open = async (path = '/'): Promise<Page> => {
    const page = await context.newPage()
    page.on('pageerror', error => complaints.push(String(error)))
    page.on('console', message => {
      if (message.type() === 'error' && isComplaint(message.text())) complaints.push(message.text())
    })
    await page.goto(`${api.url}${path}`)
    return page
  }
  return { context, page: await open(), requests, complaints, open }
}

export async function signIn(page: Page, { token }: Pick<Story, 'token'>, kept = false): Promise<void> {
  await page.getByLabel('Token').fill(token)
  if (kept) await page.getByLabel('Keep it on this machine').check()
  // On a loaded machine the store misses its time limit now and then, and the door says so: a person presses again.
  for (let tries = 0; tries < 5; tries++) {
    const answered = page.waitForResponse(answer => answer.url().endsWith('/v1/clusters'))
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    if ((await answered).ok()) return page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
  }
  throw new Error(`the door stays closed: ${await page.locator('#token-said').textContent()}`)
}

export const foreign = ({ requests }: Visit, { api }: Story): string[] =>
  requests.filter(url => !url.startsWith(`${api.url}/`) && !/^(?:data|blob):/.test(url))

/** How many px the page is wider than its window; 0 or less: it is not. */
export const sideways = async (page: Page): Promise<number> =>
  Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))

interface Violation {
  id: string
  impact: string
  nodes: { html: string }[]
}

/** What axe-core calls serious or critical, as sentences. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(
    () =>
      (globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }).axe.run() as Promise<{
        violations: Violation[]
      }>,
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join('\n')}`)
}
