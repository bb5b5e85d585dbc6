// One row of a log as the page shows it: text only, whatever bytes it was; colours that can be read on this ground.
import type { Ground } from '../colour/palette.ts'
import { coloursOf } from '../log/ansi-colours.ts'
import { type Row, shownOf } from '../log/row.ts'
import { seamText } from '../log/seams.ts'
import { PLAIN, type StyleCode, styleOf } from '../log/style-code.ts'
import { count } from '../text/figures.ts'

interface RowProps {
  row: Row
  ground: Ground
  fault: boolean
  match: boolean
  expanded: boolean
  onMore: () => void
}

export function LogRow({ row, ground, fault, match, expanded, onMore }: RowProps) {
  if (row.kind === 'seam') return <div class="log-row seam">— {seamText(row.seam)} —</div>
  const { pieces, more } = shownOf(row, expanded)
  return (
    <div class={`log-row${fault ? ' error' : ''}${match ? ' match' : ''}`}>
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
        <button type="button" class="plain" onClick={onMore}>
          show {count(more, 'more character')}
        </button>
      )}
    </div>
  )
}

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
