// How a stream is painted: colours where it is a terminal, icons as far as the locale carries them.
// A state is never colour alone: icon, word and colour say the same.
import { styleText } from 'node:util'
import type { JobState } from '@trotline/contracts'

type Paint = (text: string) => string
export type Style = Readonly<{
  utf8: boolean
  dim: Paint
  bold: Paint
  good: Paint
  bad: Paint
  warn: Paint
  info: Paint
  held: Paint
  dash: string
  dots: string
}>

const COLOURS = {
  dim: 'dim',
  bold: 'bold',
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  info: 'cyan',
  held: 'magenta',
} as const

export function createStyle({ colour, utf8 }: { colour: boolean; utf8: boolean }): Style {
  const paint = (name: keyof typeof COLOURS): Paint =>
    colour ? text => (text === '' ? '' : styleText(COLOURS[name], text)) : text => text
  return {
    utf8,
    dim: paint('dim'),
    bold: paint('bold'),
    good: paint('good'),
    bad: paint('bad'),
    warn: paint('warn'),
    info: paint('info'),
    held: paint('held'),
    dash: utf8 ? '–' : '-',
    dots: utf8 ? '…' : '...',
  }
}

type Look = { icon: string; ascii: string; paint: 'dim' | 'info' | 'good' | 'bad' | 'warn' | 'held' }
const LOOKS: Record<JobState | 'held', Look> = {
  accepted: { icon: '○', ascii: 'o', paint: 'dim' },
  prepared: { icon: '○', ascii: 'o', paint: 'dim' },
  pending: { icon: '○', ascii: 'o', paint: 'dim' },
  running: { icon: '◐', ascii: '>', paint: 'info' },
  finishing: { icon: '◐', ascii: '>', paint: 'info' },
  completed: { icon: '✓', ascii: '+', paint: 'good' },
  failed: { icon: '✕', ascii: 'x', paint: 'bad' },
  cancelled: { icon: '⊘', ascii: '/', paint: 'warn' },
  held: { icon: '‖', ascii: '=', paint: 'held' },
}

/** `✓ completed`, painted. A held job reads "held" whatever state it waits in. */
export function stateText(state: JobState | 'held', style: Style): { plain: string; painted: string } {
  const look = LOOKS[state]
  const plain = `${style.utf8 ? look.icon : look.ascii} ${state}`
  return { plain, painted: style[look.paint](plain) }
}

export const shownState = (job: { state: JobState; hold: unknown }): JobState | 'held' =>
  job.hold !== null && !['completed', 'failed', 'cancelled'].includes(job.state) ? 'held' : job.state
