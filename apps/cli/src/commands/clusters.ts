// trotline clusters: what there is to run on. show tells what the nodes are, as far as anybody knows; probe has them looked at.
import type { Cluster, ClusterSummary } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { findCluster } from '../find-cluster.ts'
import { withExamples } from '../help.ts'
import { ago } from '../text/durations.ts'
import { nextText } from '../text/ending-text.ts'
import { localTime, secondsBetween } from '../text/local-time.ts'
import { KIND_COLUMNS, kindRows, kindText, partitionText } from '../text/node-text.ts'
import type { Style } from '../text/style.ts'
import { type Column, tabbed, table } from '../text/table.ts'
import { wrap } from '../text/wrap.ts'

export function declareClusters(program: Command, act: Act): void {
  const clusters = program.command('clusters').description('shows clusters, their partitions and what their nodes are')
  withExamples(clusters, [
    ['trotline clusters', 'which there are'],
    ['trotline clusters show', 'partitions, GPUs and drivers of the only one'],
    ['trotline clusters probe local --partition gpuk80', 'have nodes looked at (operators)'],
  ])
  const list = clusters.command('list', { isDefault: true }).description('shows the clusters').action(act(listClusters))
  withExamples(list, [['trotline clusters list', '']])
  const show = clusters
    .command('show')
    .description('shows one cluster: partitions, GPUs, drivers, and how it feels')
    .argument('[CLUSTER]', 'its name; may be left out where there is only one')
    .action(act(showCluster))
  withExamples(show, [
    ['trotline clusters show', ''],
    ['trotline clusters show local --json', 'all that is known'],
  ])
  const probe = clusters
    .command('probe')
    .description('has a node of each kind looked at, by a short Slurm job (operators)')
    .argument('[CLUSTER]', 'its name; may be left out where there is only one')
    .option('--partition <partition>', 'only kinds of node in this partition')
    .action(act(probeCluster))
  withExamples(probe, [
    ['trotline clusters probe', ''],
    ['trotline clusters probe local --partition gpuk80', ''],
  ])
}

const LIST_COLUMNS: readonly Column[] = [
  { title: 'CLUSTER' },
  { title: 'STATE' },
  { title: 'SLURM' },
  { title: 'JOBS', align: 'right' },
  { title: 'PARTITIONS', flexible: true },
]

async function listClusters(context: Context) {
  const { client, out } = context
  const page = await client.clusters()
  if (out.json) await out.answerLine(page)
  else if (out.quiet) await out.answer(page.items.map(({ name }) => `${name}\n`).join(''))
  else {
    const rows = page.items.map(one => {
      const { live, state } = lineOf(one)
      return [one.name, state, one.slurmVersion ?? '', String(live), one.partitions.join(', ')]
    })
    await out.answer(
      out.answerIsTerminal ? table(LIST_COLUMNS, rows, out.width(), out.answerStyle) : tabbed(LIST_COLUMNS, rows),
    )
  }
  return EXIT.done
}

const lineOf = ({ ok, code, paused, jobs }: ClusterSummary) => ({
  state: paused ? 'paused' : ok ? 'ok' : code,
  live: Object.values(jobs).reduce((sum, each) => sum + each, 0),
})

async function showCluster(context: Context, wanted: string | undefined) {
  const { client, out } = context
  const { cluster, now } = await client.cluster(await findCluster(context, wanted))
  if (out.json) await out.answerLine(cluster)
  else if (out.answerIsTerminal) await out.answer(clusterText(cluster, now, out.width(), out.answerStyle))
  else if (!out.quiet) {
    const columns = KIND_COLUMNS.map(title => ({ title }))
    await out.answer(tabbed(columns, kindRows(cluster)))
  }
  return EXIT.done
}

async function probeCluster(context: Context, wanted: string | undefined, options: { partition?: string }) {
  const { client, out } = context
  const cluster = await client.probe(await findCluster(context, wanted), options)
  const underWay = cluster.probes.filter(({ state }) => state !== 'done' && state !== 'failed')
  if (out.json) await out.answerLine(cluster)
  else if (out.answerIsTerminal)
    await out.answer(`${underWay.length} ${underWay.length === 1 ? 'kind' : 'kinds'} of node will be looked at.\n`)
  out.say(nextText([`trotline clusters show ${cluster.name}`], out.sayStyle))
  return EXIT.done
}

/** @param now the server's time, in milliseconds */
export function clusterText(cluster: Cluster, now: number, width: number, style: Style): string {
  const { name, health, paused, facts, probes } = cluster
  const feels = paused !== null ? style.warn('paused') : health.ok ? style.good('ok') : style.bad(health.code)
  const why = paused !== null ? pauseText(paused) : health.ok ? '' : health.detail
  const lines = [`${style.bold(name)}  ${feels}${why === '' ? '' : `  ${why}`}`]
  if (facts === null) return `${lines[0]}\n  Nobody has asked its Slurm yet.\n`
  lines.push(style.dim(`  Slurm ${facts.slurmVersion}, seen ${ago(secondsBetween(facts.seenAt, now))}`))
  for (const partition of facts.partitions) {
    lines.push('', `  ${style.bold(partition.name)}  ${style.dim(partitionText(partition))}`)
    for (const kind of partition.nodeKinds) {
      const { what, facts: known, source, differs, look } = kindText(kind, probes, now)
      lines.push(...wrap(`${what}: ${known}${source === '' ? '' : ` (${source})`}`, width, '    '))
      for (const text of differs) lines.push(...wrap(text, width, '      ').map(style.warn))
      if (look !== null) lines.push(...wrap(look, width, '      ').map(style.dim))
    }
  }
  return `${lines.join('\n')}\n`
}

const pauseText = ({ by, since, why }: NonNullable<Cluster['paused']>): string =>
  `by ${by} since ${localTime(since)}${why === '' ? '' : `: ${why}`}`
