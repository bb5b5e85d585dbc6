// Which families of metrics are drawn, where there are more than a browser draws at once: their names, with a search.
import { useState } from 'preact/hooks'
import { type Family, MOST_CHARTS } from '../chart/families.ts'
import { count } from '../text/figures.ts'

interface PickerProps {
  all: readonly Family[]
  drawn: readonly Family[]
  onPick: (names: string[]) => void
}

export function FamilyPicker({ all, drawn, onPick }: PickerProps) {
  const [words, setWords] = useState('')
  const names = new Set(drawn.map(({ name }) => name))
  const found = all.filter(({ name }) => name.toLowerCase().includes(words.trim().toLowerCase()))
  return (
    <details class="card families">
      <summary>
        {count(drawn.length)} of {count(all.length)} families of metrics are drawn: choose
      </summary>
      <div class="row">
        <input
          type="search"
          aria-label="Search the families"
          placeholder="search"
          value={words}
          onInput={event => setWords(event.currentTarget.value)}
        />
        <span class="small faint" role="status">
          {words === ''
            ? `At most ${MOST_CHARTS} at once; the table has all.`
            : count(found.length, 'family', 'families')}
        </span>
        <button type="button" onClick={() => onPick([])}>
          The first {MOST_CHARTS}
        </button>
      </div>
      <ul class="family-names">
        {found.slice(0, 200).map(({ name }) => (
          <li key={name}>
            <label class="check">
              <input
                type="checkbox"
                checked={names.has(name)}
                disabled={!names.has(name) && names.size >= MOST_CHARTS}
                onChange={event =>
                  onPick(event.currentTarget.checked ? [...names, name] : [...names].filter(one => one !== name))
                }
              />
              {name}
            </label>
          </li>
        ))}
      </ul>
    </details>
  )
}
