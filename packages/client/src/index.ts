// The REST API from TypeScript, in Node.js 20 and in browsers: calls that are typed by path and method, from the description that the server
// itself gives; and what goes with it: server-sent events over fetch, faults, idempotency keys, characters on the border of two pieces of bytes.
export type {
  Answer,
  Ask,
  Data,
  EventAsk,
  EventPath,
  FileAnswer,
  FilePath,
  JsonPath,
  Method,
  Query,
  Schema,
} from './calls.ts'
export { type Client, type ClientOptions, createClient, type Fetch, type Sent } from './client.ts'
export { createEventParser, type EventParser, type ServerEvent } from './event-parser.ts'
export { CouldNotAsk, type Fault, mayPass, Refused, type Silence } from './faults.ts'
export { newKey } from './keys.ts'
export { waitBeforeMs } from './repeat.ts'
export type { components, paths } from './schema.ts'
export { characterLength, eachRun, openBytes } from './utf8.ts'
