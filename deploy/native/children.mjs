// Runs other programs: argv without a shell, each the head of a process group of its own, so that a download or a compiler
// that one of them has started ends with it.
import { spawn } from 'node:child_process'

/** What is kept of the output: its end, where compilers and npm say what went wrong. */
const KEPT = 64 * 1024
/** Between the polite signal and the other. */
const GRACE_MS = 2000

/**
 * @param kept characters of the output's end that are kept
 * @param until ends the whole group when it aborts; then this rejects with its reason
 * @returns exit code (null where a signal ended it), signal, and the end of stdout and stderr together
 * @throws the spawn error (ENOENT where the program is not there)
 */
export async function runChild([program, ...words], { cwd, env = process.env, until, kept = KEPT }) {
  until.throwIfAborted()
  const child = spawn(program, words, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', text => {
      output = (output + text).slice(-kept)
    })
  }
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, output }))
  })
  const end = () => void endGroup(child)
  until.addEventListener('abort', end, { once: true })
  try {
    const result = await ended
    until.throwIfAborted()
    return result
  } finally {
    until.removeEventListener('abort', end)
    signalGroup(child.pid, 'SIGKILL')
  }
}

async function endGroup(child) {
  signalGroup(child.pid, 'SIGTERM')
  await new Promise(resolve => setTimeout(resolve, GRACE_MS).unref())
  signalGroup(child.pid, 'SIGKILL')
}

function signalGroup(pid, signal) {
  // Without an id it never started, and -undefined would be no group of ours.
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
