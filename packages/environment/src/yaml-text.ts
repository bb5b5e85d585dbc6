// YAML as environment files and locks use it: maps, lists and plain text. Aliases, anchors, tags and merge keys are refused,
// so that a short file cannot stand for a long one, and no value becomes a float (3.10) or a truth (no) on the way.
import {
  CST,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import { type Place, type PlacedFinding, placed, type Reading, refused, refusedFor, shown } from './reading.ts'

export interface YamlText {
  /** Maps are objects without a prototype, scalars are strings. */
  value: unknown
  /** Of a JSON pointer; of the nearest field above it where the text has no such place. */
  placeOf(pointer: string): Place
}

export interface YamlLimits {
  characters: number
  lines: number
  /** Maps and lists within each other. */
  depth: number
}

/** Control characters but tab and line ends, what makes text run backwards, halves of characters, marks of byte order. */
const UNSEEN = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\u2028-\u202e\u2066-\u2069\ufeff]/u

/** Before anything else reads the text: its length, its lines and what cannot be seen in it. null: nothing is wrong. */
export function unreadable(text: string, what: string, limits: Omit<YamlLimits, 'depth'>): PlacedFinding | null {
  if (text.length > limits.characters)
    return placed(
      {
        detail: `${what} has ${text.length} characters; at most ${limits.characters} are read.`,
        required: `at most ${limits.characters} characters`,
        found: String(text.length),
      },
      '',
    )
  let lines = 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1
  if (lines > limits.lines)
    return placed(
      {
        detail: `${what} has ${lines} lines; at most ${limits.lines} are read.`,
        required: `at most ${limits.lines} lines`,
        found: String(lines),
      },
      '',
      { line: limits.lines + 1, column: 1 },
    )
  const unseen = UNSEEN.exec(text)
  if (unseen === null) return null
  const code = (unseen[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return placed(
    {
      detail: `${what} has the character U+${code}, which cannot be seen and has no place in it.`,
      found: `U+${code}`,
      hint: 'Remove it.',
    },
    '',
    placeOfIndex(text, unseen.index),
  )
}

function placeOfIndex(text: string, index: number): Place {
  const before = text.slice(0, index)
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') }
}

export function readYaml(written: string, what: string, limits: YamlLimits): Reading<YamlText> {
  const text = written.replace(/^\ufeff/, '')
  const wrong = unreadable(text, what, limits)
  if (wrong !== null) return refused([wrong])
  const steep = tooDeep(text, limits.depth)
  if (steep !== null)
    return refusedFor(
      { detail: `${what} is nested too deep to be read.`, required: `at most ${limits.depth} levels` },
      '',
      placeOfIndex(text, steep),
    )
  const lines = new LineCounter()
  const at = (offset: number | undefined): Place => {
    const { line, col } = lines.linePos(offset ?? 0)
    return { line, column: col }
  }
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    merge: false,
  })
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0)
    return refused(
      faults
        .slice(0, 5)
        .map(fault =>
          placed(
            { detail: `${what} is not YAML as it is read here: ${sentence(fault.message)}` },
            '',
            at(fault.pos[0]),
          ),
        ),
    )
  const root: Node | null = document.contents
  if (root === null) return refusedFor({ detail: `${what} is empty.` })
  const findings: PlacedFinding[] = []
  const value = plain(root, '', limits.depth, (detail, node, hint) => {
    findings.push(placed({ detail: `${what}: ${detail}`, hint }, '', at(node.range?.[0])))
  })
  if (findings.length > 0) return refused(findings)
  const top = root
  return { ok: true, value: { value, placeOf: pointer => at(nodeAt(top, pointer)?.range?.[0]) }, notes: [] }
}

/** Blocks cannot stand further in than this, which bounds how deep they can be: each level takes a column at least. */
const MOST_INDENTED = 60
/** `- - key: - ` opens so many blocks on one line. */
const MOST_OPENED = 4

/**
 * Where it gets too deep; null: nowhere. Told before the text is parsed: the parser goes down by calling itself, and where a
 * regular expression is compiled at the very end of the stack V8 ends the process ("RegExpCompiler Allocation failed", seen
 * on Node.js 20 with 60,000 brackets), which nothing catches. Cutting into tokens does not go down.
 */
function tooDeep(text: string, depth: number): number | null {
  let at = 0
  let flow = 0
  let opened = 0
  let lineStart = true
  let isText = false
  for (const token of new Lexer().lex(text)) {
    // The lexer's own marks: they stand for nothing in the text. What follows SCALAR is text, whatever it looks like.
    if (token === CST.SCALAR) isText = true
    if (token === CST.DOCUMENT || token === CST.FLOW_END || token === CST.SCALAR) continue
    const type = isText ? 'text' : CST.tokenType(token)
    isText = false
    if (type === 'newline') {
      opened = 0
      lineStart = true
    } else if (type === 'flow-seq-start' || type === 'flow-map-start') {
      flow += 1
      if (flow > depth) return at
    } else if (type === 'flow-seq-end' || type === 'flow-map-end') flow = Math.max(0, flow - 1)
    else if (flow === 0 && lineStart && type === 'space' && token.length > MOST_INDENTED) return at
    else if (flow === 0 && (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind')) {
      opened += 1
      if (opened > MOST_OPENED) return at
    }
    if (type !== 'newline') lineStart = false
    at += token.length
  }
  return null
}

/** The library's messages are sentences without an end; a piece of the file may stand in them. */
const sentence = (message: string): string =>
  (message.split('\n')[0] ?? '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 200)
    .replace(/[.:]?$/, '.')

type Refuse = (detail: string, node: Node, hint: string) => void

const WRITE_OUT = 'Write it out in full.'

function plain(node: Node, key: string, depth: number, refuse: Refuse): unknown {
  if (isAlias(node)) {
    refuse(`*${node.source} is an alias, which is not read here.`, node, WRITE_OUT)
    return null
  }
  if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
    refuse(`&${node.anchor} is an anchor, which is not read here.`, node, WRITE_OUT)
    return null
  }
  if (node.tag !== undefined && !/^tag:yaml\.org,2002:(?:str|map|seq)$/.test(node.tag)) {
    refuse(`The tag ${shown(node.tag)} is not read here.`, node, WRITE_OUT)
    return null
  }
  if (isScalar(node)) return typeof node.value === 'string' ? node.value : ''
  if (depth === 0) {
    refuse(`${key === '' ? 'It' : shown(key)} is nested too deep.`, node, 'Write it flat.')
    return null
  }
  if (isSeq(node)) return node.items.map(one => (isNode(one) ? plain(one, key, depth - 1, refuse) : ''))
  const object: Record<string, unknown> = Object.create(null)
  if (!isMap(node)) return object
  for (const { key: name, value } of node.items) {
    if (!isScalar(name) || typeof name.value !== 'string') {
      refuse('A key is not plain text.', isNode(name) ? name : node, 'Write a word before the colon.')
      continue
    }
    if (name.anchor !== undefined) refuse(`&${name.anchor} is an anchor, which is not read here.`, name, WRITE_OUT)
    if (name.value === '<<') refuse('<< merges another map, which is not read here.', name, WRITE_OUT)
    object[name.value] = isNode(value) ? plain(value, name.value, depth - 1, refuse) : ''
  }
  return object
}

/** A field is where its key stands, an entry of a list where it begins. */
function nodeAt(root: Node, pointer: string): Node | null {
  let node: Node = root
  let place: Node = root
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (isSeq(node)) {
      const item: unknown = node.items[Number(name)]
      if (!isNode(item)) return place
      node = item
      place = item
    } else if (isMap(node)) {
      const pair = node.items.find(one => isPair(one) && isScalar(one.key) && one.key.value === name)
      if (pair === undefined || !isNode(pair.key)) return place
      place = pair.key
      if (!isNode(pair.value)) return place
      node = pair.value
    } else return place
  }
  return place
}
