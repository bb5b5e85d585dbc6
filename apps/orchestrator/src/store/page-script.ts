// Some rows of a list of jobs with their lines, in one call. What the reader does not want is left out here: a name that one job in a
// hundred has would else send a hundred lines for each that is shown.
import { LINE_FIELD, type ReadLine } from './job-line.ts'

// KEYS  1 list
// ARGV  1 greatest score   2 least   3 rows to look at   4 what the keys of jobs begin with   5 those of epochs
//       then words that a kept line must hold, each: "field":"value" as JSON has them, which no value can hold
// Answers {rows looked at, the last one's id, its score, how many at the end have that score, {id, score, line, newest epoch, sealed epochs, live ones, id, ...} of those that
// have all the words or no kept line}: a flat list, because to take lists in lists apart takes longer. The live ones of a sealed job are 0.
export const READ_PAGE = `
local rows = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local found = {}
for i = 1, #rows, 2 do
  local job = ARGV[4] .. rows[i]
  local line = redis.call('HGET', job, '${LINE_FIELD}')
  local fits = true
  for word = 6, #ARGV do
    if fits and line then fits = string.find(line, ARGV[word], 1, true) ~= nil end
  end
  if fits then
    local fields = redis.call('HMGET', job, 'last', 'sealed')
    local live = fields[2] and 0 or redis.call('HLEN', ARGV[5] .. rows[i])
    for _, each in ipairs({rows[i], rows[i + 1], line, fields[1], fields[2], live}) do found[#found + 1] = each end
  end
end
local same = 0
while same * 2 < #rows and rows[#rows - same * 2] == rows[#rows] do same = same + 1 end
return {#rows / 2, rows[#rows - 1] or '', rows[#rows] or '', same, found}
`
export type ReadPage = [
  looked: number,
  lastId: string,
  lastScore: string,
  same: number,
  found: (string | number | null)[],
]

export interface PageRow {
  id: string
  score: number
  line: ReadLine
}

export function pageRows(found: ReadPage[4]): PageRow[] {
  const rows: PageRow[] = []
  for (let i = 0; i < found.length; i += 6) {
    const [id, score, ...line] = found.slice(i, i + 6)
    rows.push({ id: String(id), score: Number(score), line: line as ReadLine })
  }
  return rows
}
