// GPU types within Slurm's words: gpu:k80:4, gpu:nvidia_h100_nvl:1(S:2), gres/gpu:a100=2, gpu:tesla_k40m:2,gpu:tesla_k80:1.
// man gres.conf, man sinfo (%G); the type is whatever the administrator wrote.

/** The types named; [null] where GPUs have no type; empty where there are none. A plain product's name is one type. */
export function gpuTypes(text: string): (string | null)[] {
  const types: (string | null)[] = []
  for (const entry of text.replace(/\((?:S|IDX|CPUs?|Cores?):[^)]*\)/gi, '').split(/[,;]/)) {
    const written = entry.trim()
    if (written === '' || /^\(null\)$|^n\/a$|^none$/i.test(written)) continue
    const match = /^(?:gres[/:])?gpu(?=[:=]|$)(.*)$/i.exec(written)
    if (match === null) {
      // Other resources (VramPerGpu:no_consume:94G) have a colon or an equals sign; names of products have none.
      if (!/[:=]/.test(written)) types.push(written)
      continue
    }
    const [first = '', ...rest] = (match[1] ?? '')
      .split(/[:=]/)
      .map(part => part.trim())
      .filter(part => part !== '' && part.toLowerCase() !== 'no_consume')
    const counted = /^\d+$/.test(first) && rest.length === 0
    if (first === '' || counted) types.push(null)
    else types.push(first)
  }
  return types
}
