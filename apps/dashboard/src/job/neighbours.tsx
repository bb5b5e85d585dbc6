// To the jobs above and below this one in the list that one came from: two buttons, and the keys [ and ].
import { useState } from 'preact/hooks'
import { inWords } from '../api/client.ts'
import { neighbour } from '../jobs/list-order.ts'
import { go } from '../router/place.ts'
import { useKeys } from '../shell/keyboard.ts'

export function Neighbours({ id, onTrouble }: { id: string; onTrouble: (text: string | null) => void }) {
  const [said, setSaid] = useState('')
  const move = async (step: 1 | -1): Promise<void> => {
    try {
      const to = await neighbour(id, step)
      if (to === null) setSaid(step === 1 ? 'the last of the list' : 'the first of the list')
      else go(`/jobs/${to}`)
    } catch (error) {
      onTrouble(inWords(error))
    }
  }
  useKeys(key => {
    if (key === '[') void move(-1)
    else if (key === ']') void move(1)
    else return undefined
    return true
  })
  return (
    <span class="neighbours">
      <button type="button" class="plain" aria-label="Previous job of the list" title="[" onClick={() => void move(-1)}>
        ‹
      </button>
      <button type="button" class="plain" aria-label="Next job of the list" title="]" onClick={() => void move(1)}>
        ›
      </button>
      <span class="small faint" role="status">
        {said}
      </span>
    </span>
  )
}
