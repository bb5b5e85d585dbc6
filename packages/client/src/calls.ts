// What a call takes and what it answers, read off the generated `paths`: types only.
import type { components, paths } from './schema.ts'

/** A schema of the API's description by its name: Schema<'Job'>. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

type JsonForm = 'application/json'
type EventForm = 'text/event-stream'

type OperationOf<P extends keyof paths, M extends Method> = M extends keyof paths[P] ? paths[P][M] : never
type Answers<Operation> = Operation extends { responses: infer R } ? R : never
type Contents<Operation> = {
  [S in keyof Answers<Operation>]: Answers<Operation>[S] extends { content: infer C } ? C : never
}
type Forms<Operation> = { [S in keyof Contents<Operation>]: keyof Contents<Operation>[S] }[keyof Contents<Operation>]

type Bytes<Operation> = Exclude<Forms<Operation>, JsonForm | EventForm | 'application/problem+json'>

/** Paths that answer JSON to this method, or 204 with nothing. */
export type JsonPath<M extends Method> = {
  [P in keyof paths]: JsonForm extends Forms<OperationOf<P, M>>
    ? P
    : 204 extends keyof Answers<OperationOf<P, M>>
      ? P
      : never
}[keyof paths]
/** Paths that send server-sent events. */
export type EventPath<M extends Method> = {
  [P in keyof paths]: EventForm extends Forms<OperationOf<P, M>> ? P : never
}[keyof paths]
/** Paths whose answer is a text or a file. */
export type FilePath = {
  [P in keyof paths]: [Bytes<OperationOf<P, 'get'>>] extends [never] ? never : P
}[keyof paths]
export type AnyPath<M extends Method> = { [P in keyof paths]: M extends keyof paths[P] ? P : never }[keyof paths]

/** `status` tells which of several answers it is. */
export type Answer<P extends keyof paths, M extends Method> = JsonAnswers<Answers<OperationOf<P, M>>>
type JsonAnswers<R> = {
  [S in keyof R]: R[S] extends { content: { [F in JsonForm]: infer Data } }
    ? { status: S; data: Data; headers: Headers }
    : S extends 204
      ? { status: S; data: null; headers: Headers }
      : never
}[keyof R]

/** The answer's type alone: Data<'/v1/jobs/{id}'>. */
export type Data<P extends JsonPath<M>, M extends Method = 'get'> = Answer<P, M>['data']

/** What may be asked for: Query<'/v1/jobs'>. */
export type Query<P extends keyof paths, M extends Method = 'get'> = Group<OperationOf<P, M>, 'query'>

export type FileAnswer<T> = { status: number; data: T; headers: Headers }

type Parameters<Operation> = Operation extends { parameters: infer P } ? P : object
type Group<Operation, Name extends string> = Name extends keyof Parameters<Operation>
  ? NonNullable<Parameters<Operation>[Name]>
  : never
type Needs<T> = object extends T ? false : true

type PathPart<Operation> = [Group<Operation, 'path'>] extends [never]
  ? { path?: never }
  : { path: Group<Operation, 'path'> }
type QueryPart<Operation> = [Group<Operation, 'query'>] extends [never]
  ? { query?: never }
  : Needs<Group<Operation, 'query'>> extends true
    ? { query: Group<Operation, 'query'> }
    : { query?: Group<Operation, 'query'> }
type BodyPart<Operation> = Operation extends { requestBody: { content: { [F in JsonForm]: infer Body } } }
  ? { body: Body }
  : Operation extends { requestBody?: { content: { [F in JsonForm]: infer Body } } }
    ? { body?: Body | undefined }
    : { body?: never }

/** Headers that have a field of their own here. */
type Spoken = 'accept' | 'idempotency-key' | 'last-event-id'
type HeaderGroup<Operation> = [Group<Operation, 'header'>] extends [never] ? object : Group<Operation, 'header'>
/** A range of bytes can be counted only where nobody on the way packs them. */
type Packing = { 'accept-encoding'?: 'identity' }
type HeaderPart<Operation> = { headers?: (Omit<HeaderGroup<Operation>, Spoken> & Packing) | undefined }
type KeyPart<Operation> = 'idempotency-key' extends keyof HeaderGroup<Operation>
  ? {
      /** The same key again is the same request again, done once; default: a new one. */
      key?: string | undefined
    }
  : { key?: never }

export interface Limits {
  /** Gives the call up. */
  signal?: AbortSignal | undefined
  /** Until the whole answer is there; null: for ever. Default: the client's. */
  timeoutMs?: number | null | undefined
  /** In place of the client's: one that is being tried; null: none. */
  token?: string | null | undefined
}

type Parts<Operation> = PathPart<Operation> &
  QueryPart<Operation> &
  BodyPart<Operation> &
  HeaderPart<Operation> &
  KeyPart<Operation> &
  Limits

export type Ask<P extends keyof paths, M extends Method> = Parts<OperationOf<P, M>> & {
  /** Statuses that are answers, too, such as 503 of /readyz. */
  accepts?: readonly (keyof Answers<OperationOf<P, M>>)[]
}
export type EventAsk<P extends keyof paths, M extends Method> = Parts<OperationOf<P, M>> & {
  /** The id of the last event that was read: what came after it is sent. */
  lastEventId?: string | null | undefined
}

/** What may be left out altogether where nothing in it is needed. */
export type Maybe<A> = Needs<A> extends true ? [ask: A] : [ask?: A]

/** What a call comes down to. */
export interface AnyAsk extends Limits {
  path?: Readonly<Record<string, string>> | undefined
  query?: object | undefined
  body?: unknown
  headers?: object | undefined
  key?: string | undefined
  lastEventId?: string | null | undefined
  accepts?: readonly unknown[]
}
