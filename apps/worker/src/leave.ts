// Leaving without training is an outcome, not an error: the exit code tells which kind, stderr tells why.

export interface Leave {
  leave: 'unusable' | 'unwritable' | 'fenced' | 'cancelled'
  why: string
}
