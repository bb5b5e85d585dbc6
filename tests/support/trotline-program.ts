// `trotline` as people run it: a process of its own, against a story's server.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import type { Story } from './orchestrator.ts'

const PROGRAM = resolve(import.meta.dirname, '../../apps/cli/bin/trotline.js')

interface Ran {
  code: number
  stdout: string
  stderr: string
}

export function trotline(story: Story, ...argv: string[]): Promise<Ran> {
  return new Promise(done => {
    execFile(
      process.execPath,
      [PROGRAM, ...argv],
      { env: { ...process.env, TROTLINE_URL: story.api.url, TROTLINE_TOKEN: story.token }, timeout: 300_000 },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
  })
}
