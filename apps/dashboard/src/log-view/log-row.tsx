// One row of a log as the page shows it: text only, whatever bytes it was; colours that can be read on this ground. What is not the job's
// own text (line numbers, seams) is not copied with it.
import type { Ground } from '../colour/palette.ts'
import { coloursOf } from '../log/ansi-colours.ts'
import { type LineNumber, lineText, numberText } from '../log/line-numbers.ts'
import { type Row, shownOf, type TextRow } from '../log/row.ts'
import { loadable, seamText } from '../log/seams.ts'
import { PLAIN, type StyleCode, styleOf } from '../log/style-code.ts'
import { count } from '../text/figures.ts'

interface RowProps {
  row: Row
  ground: Ground
  fault: boolean
  match: boolean
  marked: boolean
  expanded: boolean
  onMore: () => void
  onLoad: () => void
  /** null: lines have no links here. */
  line: { href: string; number: LineNumber | null; onMark: () => void } | null
}

export function LogRow({ row, ground, fault, match, marked, expanded, onMore, onLoad, line }: RowProps) {
  if (row.kind === 'seam')
    return (
      <div class="log-row seam">
        — {seamText(row.seam)}
        {loadable(row.seam) && (
          <>
            {'; '}
            <button type="button" class="plain" onClick={onLoad}>
              load
            </button>
          </>
        )}{' '}
        —
      </div>
    )
  const { pieces, more } = shownOf(row, expanded)
  const looks = `log-row${fault ? ' error' : ''}${match ? ' match' : ''}${marked ? ' marked' : ''}`
  return (
    <div class={looks}>
      {line !== null && <LineLink row={row} {...line} />}
      {pieces.map((piece, at) =>
        piece.style === PLAIN ? (
          piece.text
        ) : (
          // Pieces have no name but their place.
          <span
            key={at}
            class={styleOf(piece.style).marked ? 'log-bad' : undefined}
            style={lookOf(piece.style, ground)}
          >
            {piece.text}
          </span>
        ),
      )}
      {more > 0 && (
        <button type="button" class="plain log-more" onClick={onMore}>
          show {count(more, 'more character')}
        </button>
      )}
      {more === 0 && row.hidden > 0 && (
        <span class="log-more faint">{count(row.hidden, 'more character')}: the download has them</span>
      )}
    </div>
  )
}

interface LineProps {
  row: TextRow
  href: string
  number: LineNumber | null
  onMark: () => void
}
/** Out of the order of keys: there are as many as lines. `n`, `e` and the pointer mark a line, and `u` copies its link. */
const LineLink = ({ row, href, number, onMark }: LineProps) => (
  <a
    class="log-number"
    href={href}
    tabIndex={-1}
    title={`${lineText(number)}, byte ${count(row.offset)} of attempt ${row.attempt}`}
    aria-label={`Link to ${lineText(number)}`}
    onClick={event => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return
      event.preventDefault()
      onMark()
    }}
  >
    {number === null ? '·' : numberText(number)}
  </a>
)

function lookOf(code: StyleCode, ground: Ground): Record<string, string> {
  const style = styleOf(code)
  const { text, behind } = coloursOf(style, ground)
  return {
    ...(text === null ? {} : { color: text }),
    ...(behind === null ? {} : { backgroundColor: behind }),
    ...(style.bold ? { fontWeight: '700' } : {}),
    ...(style.underline ? { textDecoration: 'underline' } : {}),
  }
}
