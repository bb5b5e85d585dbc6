// A channel as people write it: a name, or an address. What would need a password, or read the server's own disk, is refused.
import { CondaChannel } from '@trotline/contracts'
import { type Complaint, shown } from '../reading.ts'

/** null: it can be asked. */
export function channelComplaint(text: string): Complaint | null {
  if (/^(?:https?:\/\/[^/]*\/|https?:\/\/[^/]*\/.*\/|)t\/[^/]+/i.test(text))
    return {
      // The token is not repeated: what refuses it must not spread it.
      detail: 'The channel holds a token (/t/…/), which would stay in every place that keeps this environment.',
      required: 'a channel without user, password and token',
      hint: 'Take the token out: the operator configures how private channels are asked.',
    }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]*@/i.test(text))
    return {
      detail: 'The channel holds a user or a password, which would stay in every place that keeps this environment.',
      required: 'a channel without user, password and token',
      hint: 'Take both out: the operator configures how private channels are asked.',
    }
  if (/^(?:file:|[./~\\]|[A-Za-z]:[\\/])/i.test(text))
    return {
      detail: `The channel ${shown(text)} is a path, and paths of a server are not read for a spec.`,
      required: 'the name of a channel, or an http or https address',
      found: text,
      hint: 'Name a channel; the operator can give a local mirror a name.',
    }
  if (CondaChannel.safeParse(text).success && !text.split('/').some(part => part === '.' || part === '..')) return null
  return {
    detail: `${shown(text)} is no channel.`,
    required: 'a name such as conda-forge or pytorch/label/nightly, or an http or https address',
    found: text,
  }
}

/** https://host/conda-forge/ and https://host/conda-forge are one channel. */
export const sameChannelText = (text: string): string => text.replace(/\/+$/, '')
