// The one program of the local cluster that is not real: there is no GPU, so each GPU node has an nvidia-smi of its own, which answers
// as the real one of its driver would. Driver and GPU stand in a file beside it, so that a test can give a node another driver.
// slurmd's task prolog puts it on the PATH of every job of the node (slurm-config.ts); the login node has none.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, runtimeFolder, writeWhole } from './folders.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type Gpu, NODES } from './nodes.ts'

/** What stands in the node's file, one `name=value` a line. */
export type InstalledGpus = Gpu & { count: number }

/** Every node as nodes.ts has it, whatever a test made of it. */
export function writeNvidiaSmi(layout: Layout) {
  for (const { name, gpus } of NODES) {
    if (gpus === undefined) continue
    makeFolder(join(layout.nodePrograms(name), 'bin'), 0o755)
    writeWhole(join(layout.nodePrograms(name), 'bin', 'nvidia-smi'), NVIDIA_SMI, 0o755)
    write(layout, name, gpus)
  }
}

/** As if the node had been given another driver or another GPU: the next nvidia-smi on it says so. */
export function changeGpus(home: string, node: string, change: Partial<InstalledGpus>) {
  const layout = layoutOf(home, runtimeFolder(home))
  const lines = readFileSync(gpusFile(layout, node), 'utf8').trim().split('\n')
  const before = Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  write(layout, node, { ...(before as unknown as InstalledGpus), ...change })
}

const gpusFile = (layout: Layout, node: string) => join(layout.nodePrograms(node), 'gpus')

function write(layout: Layout, node: string, { product, computeCapability, driver, cuda, count }: InstalledGpus) {
  const values = { product, computeCapability, driver, cuda, count }
  const text = Object.entries(values).map(([name, value]) => `${name}=${value}\n`)
  writeWhole(gpusFile(layout, node), text.join(''))
}

// compute_cap came after R470: what is older refuses the whole question (seen with 470.182.03 and 418.87). The head of the table names
// CUDA from R410 on.
const NVIDIA_SMI = `#!/bin/sh
while IFS== read -r name value; do
  case $name in
    product) product=$value ;;
    computeCapability) capability=$value ;;
    driver) driver=$value ;;
    cuda) cuda=$value ;;
    count) count=$value ;;
  esac
done <"\${0%/bin/*}/gpus"
query=''
format=table
for word; do
  case $word in
    --query-gpu=*) query=\${word#*=} ;;
    --format=csv,noheader) format=csv ;;
    *)
      echo "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help."
      exit 1
      ;;
  esac
done
if [ -z "$query" ]; then
  head="| NVIDIA-SMI $driver    Driver Version: $driver"
  [ -z "$cuda" ] || head="$head    CUDA Version: $cuda"
  date
  echo '+-----------------------------------------------------------------------------+'
  echo "$head |"
  echo '|-------------------------------+----------------------+----------------------+'
  i=0
  while [ $i -lt "$count" ]; do
    echo "|   $i  $product | N/A | 0 |"
    i=$((i + 1))
  done
  exit 0
fi
if [ $format != csv ]; then
  echo '"--format=" switch is missing. Please run '"'nvidia-smi -h' for help."
  exit 1
fi
line=''
for field in $(echo "$query" | tr , ' '); do
  case $field in
    name) value=$product ;;
    driver_version) value=$driver ;;
    compute_cap)
      value=$capability
      if [ "\${driver%%.*}" -le 470 ]; then
        echo 'Field "compute_cap" is not a valid field to query.'
        echo
        exit 2
      fi
      ;;
    *)
      echo "Field \\"$field\\" is not a valid field to query."
      echo
      exit 2
      ;;
  esac
  line="$line\${line:+, }$value"
done
i=0
while [ $i -lt "$count" ]; do
  echo "$line"
  i=$((i + 1))
done
`
