import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JOB_TABS, pathOf, type Route, routeOf } from '../../../../apps/dashboard/src/router/routes.ts'

const ID = 'k3v9m2x7q4wz'
const ROUTES: [string, Route][] = [
  ['/', { page: 'jobs' }],
  [`/jobs/${ID}`, { page: 'job', id: ID, tab: 'curves' }],
  ...JOB_TABS.slice(1).map((tab): [string, Route] => [`/jobs/${ID}/${tab}`, { page: 'job', id: ID, tab }]),
  ['/compare', { page: 'compare' }],
  ['/submit', { page: 'submit' }],
  ['/compatibility', { page: 'compatibility' }],
  ['/environments', { page: 'environments' }],
  ['/environments/ml%403', { page: 'environment', id: 'ml@3' }],
  ['/clusters', { page: 'clusters' }],
  ['/clusters/blue.crab', { page: 'cluster', name: 'blue.crab' }],
  ['/settings', { page: 'settings' }],
  ['/login', { page: 'login' }],
]

test('every page has an address, and the address leads to it', () => {
  for (const [path, route] of ROUTES) {
    assert.deepEqual(routeOf(path), route)
    assert.equal(pathOf(route), path)
  }
})

test('a slash at the end means nothing, and /jobs is the list', () => {
  assert.deepEqual(routeOf('/submit/'), { page: 'submit' })
  assert.deepEqual(routeOf('/jobs'), { page: 'jobs' })
  assert.deepEqual(routeOf(`/jobs/${ID}/curves`), { page: 'job', id: ID, tab: 'curves' })
})

test('what no page has is not found and keeps its path', () => {
  for (const path of [
    '/nope',
    `/jobs/${ID}/nope`,
    `/jobs/${ID}/log/more`,
    '/submit/x',
    '/clusters/a/b',
    '/jobs/%E0%A4%A',
  ])
    assert.deepEqual(routeOf(path), { page: 'not-found', path })
})
