// How a series is drawn, beside its name: with its dash, because colour never stands alone.
export const LegendLine = ({ colour, dash }: { colour: string; dash: readonly number[] }) => (
  <svg width="26" height="10" aria-hidden="true">
    <line x1="1" x2="25" y1="5" y2="5" stroke={colour} stroke-width="2.5" stroke-dasharray={dash.join(' ')} />
  </svg>
)
