// What happened, with the lines it was concluded from.
import type { JobEvent } from '@trotline/contracts'
import { TableBox } from '../shell/table-box.tsx'
import { TextBox } from '../shell/text-box.tsx'
import { count } from '../text/figures.ts'
import { clockTime, localTime } from './age.tsx'

export function EventsTab({ events }: { events: readonly JobEvent[] }) {
  const told = events.filter(event => event.type !== 'epochs')
  return (
    <TableBox label="Events, newest first">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">From what</th>
        </tr>
      </thead>
      <tbody>
        {told.toReversed().map((event, at) => (
          // Nothing is put between them.
          <tr key={told.length - at}>
            <td class="nowrap" title={localTime(event.at)}>
              {clockTime(event.at)}
            </td>
            <td>{wordsOf(event)}</td>
            <td>
              {event.type === 'state' && event.evidence.length > 0 && (
                <details>
                  <summary>{count(event.evidence.length, 'line')}</summary>
                  <TextBox>{event.evidence.join('\n')}</TextBox>
                </details>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  )
}

function wordsOf(event: JobEvent): string {
  switch (event.type) {
    case 'state':
      return `${event.to}: ${event.detail}`
    case 'trying':
      return `${event.stage} went wrong (${count(event.tries, 'try', 'tries')}), it is tried again: ${event.detail}`
    case 'held':
      return `held at ${event.stage}: ${event.detail}`
    case 'released':
      return `released by ${event.by}`
    case 'cancel-requested':
      return `cancelling was asked for by ${event.by}`
    case 'run':
      return `attempt ${event.attempt} started${event.node === null ? '' : ` on ${event.node}`}`
    case 'note':
      return event.text
    case 'reset':
      return 'events before this one are no longer kept'
    case 'epochs':
      return `${count(event.count, 'epoch')} reported`
  }
}
