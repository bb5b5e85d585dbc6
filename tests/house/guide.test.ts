// The commands that the guide shows are commands: each line of `trotline …` in it is read by the program itself.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createProgram } from '../../apps/cli/src/program.ts'
import { readDocument } from './document-tables.ts'

const pages = readdirSync(fileURLToPath(new URL('../../docs/guide', import.meta.url)))

/** Words as a shell reads them, as far as the guide uses one. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => single ?? double ?? plain ?? '')

function commandsOf(page: string): string[] {
  return [...readDocument(`docs/guide/${page}`).matchAll(/^```\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .flatMap(line => line.split(/&&|;|\$\(|<\(|\)/))
    .map(part => part.trim().replace(/ > .*$/, ''))
    .filter(part => part.startsWith('trotline '))
}

test('every command that the guide shows is one, with these flags and so many words', async () => {
  let read = 0
  for (const page of pages) {
    for (const command of commandsOf(page)) {
      const program = createProgram(
        () => async () => {
          read += 1
        },
        () => {},
      )
      await assert.doesNotReject(program.parseAsync(wordsOf(command).slice(1), { from: 'user' }), `${page}: ${command}`)
    }
  }
  assert.ok(read >= 25, `${read} commands were found`)
})

test('the pages are numbered, and each links only to pages that are there', () => {
  for (const page of pages) {
    assert.match(page, /^\d\d-[a-z-]+\.md$/)
    for (const [, to] of readDocument(`docs/guide/${page}`).matchAll(/\]\(([a-z-]+)\.md/g))
      assert.ok(
        pages.some(one => one.replace(/^\d+-/, '') === `${to}.md`),
        `${page} links to ${to}`,
      )
  }
})
