// A Unix user of this file's own. Gone when everything in the file is over: userdel takes nobody away whose processes still run, and
// those of a story (sshd's for its connections, a last step of Slurm's) end after its own hooks.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'

const run = promisify(execFile)

const GONE_LIMIT_MS = 20_000
/** userdel's exit code where there is no such user. */
const NO_SUCH_USER = 6

const made: string[] = []
after(async () => {
  for (const user of made) {
    await eventually(`user ${user} is taken away`, () => isTakenAway(user), GONE_LIMIT_MS).catch(error =>
      console.error(String(error)),
    )
  }
})

/** Needs root. */
export async function createUnixUser(): Promise<string> {
  // Not by the pid, which comes again: a run that was killed leaves its user behind.
  const user = `tl${randomBytes(5).toString('hex')}`
  made.push(user)
  // "*" is no password; without one the account counts as locked, and sshd without PAM refuses locked accounts.
  await run('useradd', ['--create-home', '--shell', '/bin/bash', '--password', '*', user])
  return user
}

const isTakenAway = (user: string): Promise<boolean> =>
  run('userdel', ['--remove', user]).then(
    () => true,
    error => error.code === NO_SUCH_USER,
  )
