// Tables and code blocks of the documents, for tests that hold them against the code.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const readDocument = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8')

/** The text below a heading, up to the next one of the same level or above. */
export function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split('\n')
  const start = lines.findIndex(line => line.replace(/^#+ /, '') === heading && line.startsWith('#'))
  if (start < 0) throw new Error(`there is no heading "${heading}"`)
  const level = lines[start]?.indexOf(' ') ?? 0
  const end = lines.findIndex((line, i) => i > start && /^#+ /.test(line) && line.indexOf(' ') <= level)
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n')
}

/** The rows of the table whose first columns are these, without backticks. */
export function tableOf(section: string, columns: readonly string[]): string[][] {
  const rows = section.split('\n').map(line =>
    line.startsWith('|')
      ? line
          .replace(/^\||\|\s*$/g, '')
          .split('|')
          .map(cell => cell.trim().replaceAll('`', ''))
      : null,
  )
  const head = rows.findIndex(row => row?.join('|') === columns.join('|'))
  if (head < 0) throw new Error(`there is no table of ${columns.join(', ')}`)
  const end = rows.findIndex((row, i) => i > head && row === null)
  return rows.slice(head + 2, end < 0 ? undefined : end).filter(row => row !== null)
}

/** The first fenced block of a language. */
export function codeOf(section: string, language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(section)?.[1]
  if (found === undefined) throw new Error(`there is no block of ${language}`)
  return found
}
