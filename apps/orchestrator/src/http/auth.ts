// Who asks, and what they may: bearer tokens kept as hashes, and the one function that decides.
import { hash } from 'node:crypto'
import type { Job } from '@trotline/contracts'
import type { TokenSettings } from '../config.ts'
import type { Principal } from '../lifecycle/accept.ts'
import { ProblemError } from './problems.ts'

export interface Authenticator {
  /** @throws ProblemError unauthorized */
  principalOf(authorization: string | undefined): Principal
}

export function createAuthenticator(tokens: readonly TokenSettings[]): Authenticator {
  // Looked up by hash, so neither the comparison's time nor a memory dump tells a token.
  const byHash = new Map(tokens.map(token => [token.sha256, token]))
  return {
    principalOf(authorization) {
      const text = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1]
      const token = text === undefined ? undefined : byHash.get(hash('sha256', text))
      if (!token) {
        throw new ProblemError(
          'unauthorized',
          text === undefined ? 'Send the header "Authorization: Bearer <token>".' : 'This token is not known here.',
        )
      }
      return { owner: { id: token.owner, name: token.name }, role: token.role, identity: token.identity }
    },
  }
}

export type Action = 'read' | 'cancel' | 'release'

/** A token's owner sees and touches only their own jobs, operators see all. Another's job does not exist for a user. */
export function authorize(principal: Principal, _action: Action, job: Pick<Job, 'id' | 'owner'>): void {
  if (principal.role === 'operator' || principal.owner.id === job.owner.id) return
  throw new ProblemError('job-not-found', `There is no job ${job.id}`)
}

/** What concerns a whole cluster is for operators. */
export function authorizeOperator(principal: Principal, what: string): void {
  if (principal.role === 'operator') return
  throw new ProblemError('forbidden', `Only operators may ${what}.`)
}
