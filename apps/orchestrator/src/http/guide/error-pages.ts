// A page for every word that an answer may carry: the addresses in a problem's `type` lead here.
import {
  EXPLAINED_KINDS,
  type ExplainedKind,
  type Explanation,
  explain,
  explanationsOf,
} from '@trotline/contracts/explained'
import { PROBLEMS } from '../problems.ts'
import type { Page } from './layout.ts'
import { escapeHtml, inline } from './markdown.ts'

const KINDS = Object.keys(EXPLAINED_KINDS) as ExplainedKind[]
const HEADINGS: Readonly<Record<ExplainedKind, string>> = {
  problem: 'Error answers',
  failure: 'Why a job failed',
  code: 'Codes in capitals',
  rule: 'Rules of compatibility',
}

export const errorAddress = (code: string): string => `/guide/errors/${encodeURIComponent(code)}`

/** Of all of them, by kind. */
export function errorIndex(): Page {
  const sections = KINDS.map(kind => {
    const rows = explanationsOf(kind).map(
      ({ code, title }) =>
        `<tr><td><a href="${errorAddress(code)}"><code>${escapeHtml(code)}</code></a></td><td>${escapeHtml(title)}</td></tr>`,
    )
    const head = '<thead><tr><th>code</th><th>what it says</th></tr></thead>'
    return `<h2 id="${kind}">${HEADINGS[kind]}</h2><div class="wide" tabindex="0"><table>${head}<tbody>${rows.join('')}</tbody></table></div>`
  })
  const intro =
    '<p>Every word that an answer of Trotline may carry, with its cause and its cure. On the command line the same text is printed by <code>trotline explain CODE</code>.</p>'
  return { title: 'Errors', path: '/guide/errors', html: `<h1>Errors</h1>${intro}${sections.join('')}` }
}

/** null: there is no such word. */
export function errorPage(code: string): Page | null {
  const found = explain(code)
  const [first] = found
  if (first === undefined) return null
  return { title: first.code, path: '/guide/errors', html: found.map(explanationHtml).join('<hr>') }
}

function explanationHtml({ code, kind, title, cause, cure }: Explanation): string {
  const status =
    kind === 'problem' && code in PROBLEMS ? `, status ${PROBLEMS[code as keyof typeof PROBLEMS].status}` : ''
  return [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p class="quiet"><code>${escapeHtml(code)}</code>, ${EXPLAINED_KINDS[kind]}${status}</p>`,
    `<h2 id="cause">Why</h2><p>${inline(cause)}</p>`,
    `<h2 id="cure">What to do</h2><p>${inline(cure)}</p>`,
  ].join('\n')
}
