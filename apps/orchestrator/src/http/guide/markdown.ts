// The little of Markdown that the guide is written in: headings, paragraphs, lists, tables, fenced code, code, bold and links. Everything
// is text first and escaped; raw HTML is text, too. A page that needs more should say it in words.

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** For an anchor: "Doing it again" is `doing-it-again`. */
export const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

/** The title is the page's only `# ` heading. @throws Error where there is none */
export function renderMarkdown(markdown: string): { title: string; html: string } {
  const lines = markdown.replaceAll('\r\n', '\n').split('\n')
  const title = lines
    .find(line => line.startsWith('# '))
    ?.slice(2)
    .trim()
  if (title === undefined) throw new Error('a page of the guide has no heading of the first level')
  const html: string[] = []
  let at = 0
  const take = (fits: (line: string) => boolean): string[] => {
    const taken: string[] = []
    for (let line = lines[at]; line !== undefined && fits(line); line = lines[++at]) taken.push(line)
    return taken
  }
  while (at < lines.length) {
    const line = lines[at] ?? ''
    if (line.trim() === '') at += 1
    else if (line.startsWith('```')) {
      at += 1
      html.push(codeBlock(take(one => !one.startsWith('```'))))
      at += 1
    } else if (/^#{1,4} /.test(line)) {
      html.push(heading(line))
      at += 1
    } else if (line.startsWith('|')) html.push(table(take(one => one.startsWith('|'))))
    else if (/^- |^\d+\. /.test(line)) html.push(list(take(one => /^- |^\d+\. |^ {2,}\S/.test(one))))
    else
      html.push(
        `<p>${inline(take(one => one.trim() !== '' && !/^(?:```|#{1,4} |\||- |\d+\. )/.test(one)).join(' '))}</p>`,
      )
  }
  return { title, html: html.join('\n') }
}

/** For readers with a keyboard: a box that scrolls has to be reachable. */
const codeBlock = (lines: readonly string[]): string =>
  `<pre tabindex="0"><code>${escapeHtml(lines.join('\n'))}</code></pre>`

function heading(line: string): string {
  const level = line.indexOf(' ')
  const text = line.slice(level + 1).trim()
  return `<h${level} id="${slugOf(text)}">${inline(text)}</h${level}>`
}

function list(lines: readonly string[]): string {
  const items: string[] = []
  for (const line of lines) {
    const begun = /^(?:- |\d+\. )(.*)$/.exec(line)?.[1]
    if (begun !== undefined) items.push(begun)
    else items.push(`${items.pop() ?? ''} ${line.trim()}`)
  }
  const tag = lines[0]?.startsWith('- ') ? 'ul' : 'ol'
  return `<${tag}>${items.map(item => `<li>${inline(item)}</li>`).join('')}</${tag}>`
}

function table(lines: readonly string[]): string {
  const rows = lines.map(line =>
    line
      .replace(/^\||\|\s*$/g, '')
      .split(/(?<!\\)\|/)
      .map(cell => cell.trim().replaceAll('\\|', '|')),
  )
  const [head = [], , ...body] = rows
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map(cell => `<${tag}>${inline(cell)}</${tag}>`).join('')}</tr>`
  return `<div class="wide" tabindex="0"><table><thead>${row(head, 'th')}</thead><tbody>${body.map(cells => row(cells, 'td')).join('')}</tbody></table></div>`
}

/** Links lead within this server: to a page of the guide by its file, to an address that begins with `/`, or to a heading. */
export function inline(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map(part =>
      part.startsWith('`') && part.length > 2
        ? `<code>${escapeHtml(part.slice(1, -1))}</code>`
        : escapeHtml(part)
            .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
            .replace(
              /\[([^\]]+)\]\(([^)\s]+)\)/g,
              (_, label: string, to: string) => `<a href="${addressOf(to)}">${label}</a>`,
            ),
    )
    .join('')
}

/** @throws Error for an address elsewhere: the guide asks no other host for anything */
function addressOf(to: string): string {
  const page = /^([a-z0-9-]+)\.md(#[a-z0-9-]+)?$/.exec(to)
  if (page) return `/guide/${page[1]}${page[2] ?? ''}`
  if (/^(?:\/(?!\/)|#)/.test(to)) return to
  throw new Error(`the guide links to ${to}: only pages of this server are linked`)
}
