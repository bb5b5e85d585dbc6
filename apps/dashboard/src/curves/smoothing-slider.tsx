// How much of a line's noise is smoothed away: the same slider over the curves of a job and over those that are compared.

export function SmoothingSlider({ value, onChange }: { value: number; onChange: (smoothing: number) => void }) {
  return (
    <label class="check">
      <span class="label">smoothing</span>
      <input
        type="range"
        min="0"
        max="0.99"
        step="0.01"
        class="slider"
        value={value}
        onInput={event => onChange(Number(event.currentTarget.value))}
      />
      <span class="mono">{value.toFixed(2)}</span>
    </label>
  )
}
