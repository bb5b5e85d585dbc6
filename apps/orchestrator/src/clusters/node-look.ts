// Reads what the probe (probe-script.ts) left of a node. Pure. The programs' words are not trusted: each field is held against its
// pattern, and what does not fit is not known.
import { NodeSighting, type ProgramAnswer, readNvidiaSmi } from '@trotline/contracts'
import { LOOK_END, LOOK_HEAD } from './probe-script.ts'

export const MOST_LOOK_BYTES = 262_144

/** null: the text is no whole look at a node. */
export function readLook(text: string): NodeSighting | null {
  const answers = answersIn(text)
  const name = textOf(answers?.get('name'), /^([A-Za-z0-9][A-Za-z0-9._-]{0,254})$/m)
  const at = textOf(answers?.get('time'), /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/m)
  const gpus = answers?.get('gpus')
  if (answers === null || name === null || at === null || gpus === undefined) return null
  const look = {
    v: 1,
    node: name,
    at,
    ...readNvidiaSmi({
      gpus,
      gpusOfOldDriver: answers.get('gpus-of-old-driver') ?? null,
      header: answers.get('header') ?? null,
    }),
    glibc:
      textOf(answers.get('glibc'), /^glibc (\d{1,2}\.\d{1,3})(?:\.\d+)?$/m) ??
      // "ldd (GNU libc) 2.17", "ldd (Ubuntu GLIBC 2.31-0ubuntu9.9) 2.31". musl's ldd says that it is musl's.
      textOf(answers.get('ldd'), /^ldd \([^)]*GLIBC[^)]*\) (\d{1,2}\.\d{1,3})$/im) ??
      textOf(answers.get('ldd'), /^ldd \(GNU libc\) (\d{1,2}\.\d{1,3})$/im),
    cpuArch: textOf(answers.get('arch'), /^([A-Za-z0-9_]{1,32})$/m),
    kernel: textOf(answers.get('kernel'), /^([\x21-\x7e]{1,100})$/m),
    os: textOf(
      answers.get('os'),
      /^PRETTY_NAME=(?:"([\x20-\x7e]{1,200})"|'([\x20-\x7e]{1,200})'|([\x21-\x7e]{1,200}))$/m,
    ),
    ...runtimeIn(answers.get('runtime')),
  }
  return NodeSighting.safeParse(look).data ?? null
}

/** Blocks of "[about code", lines that begin with "|", "]". null: not from head to end. */
function answersIn(text: string): Map<string, ProgramAnswer> | null {
  const lines = text.split('\n')
  if (lines[0] !== LOOK_HEAD || !lines.includes(LOOK_END)) return null
  const answers = new Map<string, ProgramAnswer>()
  let open: { about: string; exitCode: number; lines: string[] } | null = null
  for (const line of lines.slice(1)) {
    const [, about, code] = /^\[([a-z-]+) (\d{1,3})$/.exec(line) ?? []
    if (about !== undefined) open = { about, exitCode: Number(code), lines: [] }
    else if (line === ']' && open !== null) {
      answers.set(open.about, { exitCode: open.exitCode, text: open.lines.join('\n') })
      open = null
    } else if (line.startsWith('|')) open?.lines.push(line.slice(1))
  }
  return answers
}

/** Of a program that ended well: the first group of the pattern that matched. */
function textOf(answer: ProgramAnswer | undefined, pattern: RegExp): string | null {
  if (answer === undefined || answer.exitCode !== 0) return null
  return (
    pattern
      .exec(answer.text)
      ?.slice(1)
      .find(group => group !== undefined) ?? null
  )
}

function runtimeIn(answer: ProgramAnswer | undefined): Pick<NodeSighting, 'nodeVersion' | 'nodeTrouble'> {
  const nodeVersion = textOf(answer, /^(v\d{1,3}\.\d{1,3}\.\d{1,3}[\w.+-]{0,60})$/m)
  // One that did not answer in time (a file system that hangs) may well start the next time.
  const late = answer?.exitCode === 124 || answer?.exitCode === 137
  if (answer === undefined || late || nodeVersion !== null) return { nodeVersion, nodeTrouble: null }
  const lines = answer.text.split('\n').map(line => line.trim().replaceAll(/[^\x20-\x7e]/g, '?'))
  // The loader's own words first: node: /lib64/libm.so.6: version `GLIBC_2.28' not found
  const words = lines.find(line => /GLIBC|not found|No such file/.test(line)) ?? lines.find(line => line !== '')
  return { nodeVersion: null, nodeTrouble: `${(words ?? 'no words').slice(0, 900)} (exit code ${answer.exitCode})` }
}
