// JOB on the command line: an id, a name (its newest job), the unique beginning of an id, or `last`.
// What was not typed in full is said on stderr, so that nobody acts on another job than they meant.
import { JobId, type JobSummary } from '@trotline/contracts'
import type { Context } from './context.ts'
import { CliError } from './errors.ts'

const BEGINNING = /^[a-z][0-9a-hjkmnp-tv-z]{3,10}$/
const PAGE = 100
/** How far back a beginning is looked for. */
const MAX_JOBS_SEARCHED = 1000

/** @throws CliError NO_SUCH_JOB, or USAGE where the beginning fits several. */
export async function findJob(context: Pick<Context, 'client' | 'out'>, wanted: string): Promise<string> {
  const { client, out } = context
  if (wanted === 'last') {
    const [newest] = (await client.list({ limit: 1 })).page.items
    if (newest === undefined) throw noSuch('There is no job yet.', ['trotline submit FILE'])
    out.say(`last: ${newest.id}  ${newest.name} (${newest.state})`)
    return newest.id
  }
  if (JobId.safeParse(wanted).success && (await exists(context, wanted))) return wanted

  const [newest, older] = await newestNamed(context, wanted)
  if (newest !== undefined) {
    out.say(`${wanted}: ${newest.id} (${newest.state})${older === undefined ? '' : ', the newest of that name'}`)
    return newest.id
  }
  if (BEGINNING.test(wanted)) return byBeginning(context, wanted)
  throw noSuch(`There is no job "${wanted}".`, [
    'trotline list',
    ...(wanted.length < 4 ? ['The beginning of an id needs 4 characters or more.'] : []),
  ])
}

async function exists({ client }: Pick<Context, 'client'>, id: string): Promise<boolean> {
  try {
    await client.job(id)
    return true
  } catch (error) {
    if (error instanceof CliError && error.problem?.status === 404) return false
    throw error
  }
}

/** The two newest. A page may be short, where few of many jobs have the name, and goes on at its cursor. */
async function newestNamed({ client }: Pick<Context, 'client'>, name: string): Promise<JobSummary[]> {
  const found: JobSummary[] = []
  let cursor: string | null = null
  do {
    const { page } = await client.list({ name, limit: 2, ...(cursor === null ? {} : { cursor }) })
    found.push(...page.items.filter(job => job.name === name))
    cursor = page.nextCursor
  } while (cursor !== null && found.length === 0)
  return found
}

async function byBeginning({ client }: Pick<Context, 'client'>, beginning: string): Promise<string> {
  const found: JobSummary[] = []
  let cursor: string | null = null
  let searched = 0
  do {
    const { page } = await client.list({ limit: PAGE, ...(cursor === null ? {} : { cursor }) })
    found.push(...page.items.filter(job => job.id.startsWith(beginning)))
    searched += page.items.length
    cursor = page.items.length === 0 ? null : page.nextCursor
  } while (cursor !== null && searched < MAX_JOBS_SEARCHED)
  const [only, second] = found
  if (only === undefined) {
    const where = cursor === null ? '' : ` among the newest ${searched}`
    throw noSuch(`No job has the id, name or beginning "${beginning}"${where}.`, ['trotline list'])
  }
  if (second !== undefined) {
    throw new CliError('USAGE', `"${beginning}" fits ${found.length} jobs.`, {
      facts: found.slice(0, 10).map(job => `${job.id}  ${job.name}  ${job.state}`),
      fix: ['Type one character more, or the whole id.'],
    })
  }
  return only.id
}

const noSuch = (message: string, fix: readonly string[]) => new CliError('NO_SUCH_JOB', message, { fix })
