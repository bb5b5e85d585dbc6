// ENV and --cluster, as all the verbs have them.
import type { Command } from 'commander'

export const withEnvironment = (command: Command): Command =>
  command.argument('<ENV>', 'ml@3, ml for its newest version, an id, or eight or more digits of its beginning')

export const withCluster = (command: Command): Command =>
  command.option('--cluster <name>', 'may be left out where there is only one')

export type OnCluster = { cluster?: string }
