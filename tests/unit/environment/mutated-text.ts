// Texts that were spoilt in ways that people, editors and attackers spoil them; seeded, so that a failure comes back.
const PIECES = [
  '&a ',
  '*a',
  '<<: *a\n',
  '!!js/function ',
  '- ',
  '  - ',
  ': ',
  '? ',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '#',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\x1b[31m',
  '\u202e',
  '\ud800',
  '|\n',
  '>-\n',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '$(id)',
  '; rm -rf /',
  '../..',
  'file:///etc/passwd',
  '-e ..',
  '--index-url https://x.example.org',
  'https://me:secret@x.example.org/t/secret/',
  '__proto__: {a: b}\n',
  'constructor: x\n',
  '9'.repeat(400),
  '1e999',
  '@EXPLICIT\n',
  '# trotline lock x\n',
  '# trotline virtual __cuda required x >=1\n',
  '::',
  '[version=1',
  '*'.repeat(100),
  '>=1,|<2',
  'пакет',
  '😀',
]

export function mutated(text: string, random: () => number): string {
  let spoilt = text
  const at = () => Math.floor(random() * (spoilt.length + 1))
  for (let changes = 1 + Math.floor(random() * 6); changes > 0; changes--) {
    const from = at()
    const piece = PIECES[Math.floor(random() * PIECES.length)] ?? ''
    const kind = random()
    if (kind < 0.5) spoilt = spoilt.slice(0, from) + piece + spoilt.slice(from)
    else if (kind < 0.65) spoilt = spoilt.slice(0, from) + spoilt.slice(from + Math.floor(random() * 30))
    else if (kind < 0.8) spoilt = spoilt.slice(0, from) + spoilt.slice(at(), from + 200) + spoilt.slice(from)
    else if (kind < 0.9)
      spoilt = spoilt.slice(0, from) + String.fromCharCode(Math.floor(random() * 0x3000)) + spoilt.slice(from + 1)
    else spoilt = spoilt.slice(0, from) + piece.repeat(1 + Math.floor(random() * 40)) + spoilt.slice(from)
  }
  return spoilt
}
