// Jobs of a list that fit, with their lines, in one call: those that stand in all of some sorted sets. The smallest set is looked through,
// and what the reader does not want is left out here: a name that one job in a hundred has would else send a hundred lines for each shown.
import { LINE_FIELD, type ReadLine } from './job-line.ts'

export interface PageQuestion {
  /** Scores, as Redis has them. */
  most: string
  least: string
  /** So many that fit, and no row looked at behind them. */
  wanted: number
  /** At most so many rows. */
  look: number
  /** What the keys of jobs and of their epochs begin with. */
  job: string
  epochs: string
  sets: string[]
  /** Looked through where there is none of those, and no set of a name either. */
  whole: string
  /** What a kept line must hold, each: "field":"value" as JSON has them, which no value can hold. */
  words: string[]
  /** Of jobs of any owner: what the key of a label's set has before the owner and behind. */
  labels: [before: string, behind: string][]
  /** Where as many jobs are counted there as `all` has, each stands in the set of its name; else its line is asked for the word. */
  name: { set: string; word: string; counted: string; all: string } | null
}

/** Rows looked at together, where not all of them fit; more than a thousand are too many arguments for Lua. */
const AT_ONCE = 100
const MOST_AT_ONCE = 1_000

// ARGV  1 PageQuestion (JSON)
// Answers {rows looked at, 1 where more may follow, the last one's id, its score, how many at the end have that score, and of each that
// fits or has no kept line {'id score live sealed', kept line, newest epoch, ...}}: how many epochs live, which no sealed job's do, and how
// many are sealed, or nothing. A flat list of few pieces, because each takes a reader a third of a microsecond; not one text, because Lua
// hashes every byte of what it makes, which takes Redis longer.
export const READ_PAGE = `
local ask = cjson.decode(ARGV[1])
local sets, words, labels = ask.sets, ask.words, ask.labels
if ask.name ~= cjson.null then
  if redis.call('GET', ask.name.counted) == tostring(redis.call('ZCARD', ask.name.all)) then sets[#sets + 1] = ask.name.set
  else words[#words + 1] = ask.name.word end
end
if #sets == 0 then sets[1] = ask.whole end
local smallest, least = 1, nil
if #sets > 1 then
  for i, set in ipairs(sets) do
    local size = redis.call('ZCARD', set)
    if least == nil or size < least then smallest, least = i, size end
  end
end
local list = table.remove(sets, smallest)

local function fits(id, line, owner)
  for _, word in ipairs(words) do
    if not string.find(line, word, 1, true) then return false end
  end
  for _, label in ipairs(labels) do
    if not redis.call('ZSCORE', label[1] .. (owner or '') .. label[2], id) then return false end
  end
  return true
end

local areLinesAsked = #words + #labels > 0
local atOnce = ask.wanted
if areLinesAsked or #sets > 0 then atOnce = math.max(atOnce, ${AT_ONCE}) end
atOnce = math.min(atOnce, ${MOST_AT_ONCE})
local found, count, looked, same, lastId, lastScore = {}, 0, 0, 0, '', ask.most
local more = 1
while more == 1 and count < ask.wanted and looked < ask.look do
  local most = math.min(atOnce, ask.look - looked)
  -- The first look begins where that score does, and any further one behind those of that score that were looked at.
  local rows = redis.call('ZREVRANGEBYSCORE', list, lastScore, ask.least, 'WITHSCORES', 'LIMIT', same, most)
  if #rows < most * 2 then more = 0 end
  local standsIn = {}
  if #sets > 0 and #rows > 0 then
    local ids = {}
    for i = 1, #rows, 2 do ids[#ids + 1] = rows[i] end
    for i, set in ipairs(sets) do standsIn[i] = redis.call('ZMSCORE', set, unpack(ids)) end
  end
  for i = 1, #rows, 2 do
    local id, score = rows[i], rows[i + 1]
    if count == ask.wanted then
      more = 1
      break
    end
    looked = looked + 1
    if score == lastScore then same = same + 1 else same = 1 end
    lastId, lastScore = id, score
    local isIn = true
    for _, scores in ipairs(standsIn) do isIn = isIn and scores[(i + 1) / 2] end
    if isIn then
      local job = ask.job .. id
      local line, last, sealed, owner
      if areLinesAsked then
        local fields = redis.call('HMGET', job, '${LINE_FIELD}', 'owner')
        line, owner = fields[1], fields[2]
        isIn = not line or fits(id, line, owner)
      end
      if isIn then
        local fields = redis.call('HMGET', job, '${LINE_FIELD}', 'last', 'sealed')
        line, last, sealed = fields[1], fields[2], fields[3]
        local live = sealed and 0 or redis.call('HLEN', ask.epochs .. id)
        found[#found + 1] = id .. ' ' .. score .. ' ' .. live .. ' ' .. (sealed or '')
        found[#found + 1] = line
        found[#found + 1] = last
        count = count + 1
      end
    end
  end
end
return {looked, more, lastId, lastScore, same, found}
`
export type ReadPage = [
  looked: number,
  more: number,
  lastId: string,
  lastScore: string,
  same: number,
  found: (string | null)[],
]

export interface PageRow {
  id: string
  score: number
  line: ReadLine
}

export function pageRows(found: ReadPage[5]): PageRow[] {
  const rows: PageRow[] = []
  for (let i = 0; i + 2 < found.length; i += 3) {
    const [id = '', score, live, sealed] = found[i]?.split(' ') ?? []
    rows.push({
      id,
      score: Number(score),
      line: [found[i + 1] ?? null, found[i + 2] ?? null, sealed || null, Number(live)],
    })
  }
  return rows
}
