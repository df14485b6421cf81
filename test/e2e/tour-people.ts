/** People, groups, roles, data spaces and requests of the tour, as a small city has them. */
import type { RunningPlatform } from '../support/platform.ts'
import type { Stop } from './tour.ts'

const PASSWORD = 'Zwei Kraniche am Kai'

/** Calls the API as whoever the headers say; answers the JSON. */
function caller(platform: RunningPlatform, headers: Record<string, string>) {
  return async <T = { id: number; url: string }>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(platform.url + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text ? JSON.parse(text) : undefined) as T
  }
}

/** Signs in by the one-time link of an invitation; answers the session's cookie, `name=value`. */
async function sessionOf(platform: RunningPlatform, link: string): Promise<string> {
  const answer = await fetch(`${platform.url}/api/v1/sign-in/password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: new URL(link).searchParams.get('link'), password: PASSWORD }),
  })
  if (!answer.ok) throw new Error(`signing in: ${answer.status} ${await answer.text()}`)
  return answer.headers.get('set-cookie')!.split(';')[0]!
}

/** Makes them and answers the stops that show them; `dataset` is one with values. */
export async function peopleStops(platform: RunningPlatform, dataset: string): Promise<Stop[]> {
  const admin = caller(platform, { authorization: `Bearer ${await platform.key()}` })
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  await admin('PUT', '/api/v1/spaces/verkehr', { title: 'Verkehr', description: 'Zählstellen und Ampeln' })
  await admin('PUT', `/api/v1/datasets/${dataset}/space`, { space: 'verkehr' })
  for (const [id, title] of [
    ['lieferfahrten', 'Lieferfahrten in der Innenstadt'],
    ['baustellen', 'Baustellen, Vorschau'],
    ['ladepunkte', 'Belegung der Ladepunkte'],
  ]) {
    await admin('POST', '/api/v1/datasets', { id, title })
    await admin('POST', `/api/v1/datasets/${id}/state`, { state: 'released', audience: 'restricted' })
  }
  const group = (slug: string, title: string, kind: string) =>
    admin('POST', '/api/v1/groups', { slug, title, kind, claim: slug === 'tiefbau' ? '/tiefbau' : null })
  const works = await group('tiefbau', 'Tiefbauamt', 'department')
  const partner = await group('stadtwerke', 'Stadtwerke', 'organisation')
  const invite = (email: string, name: string) => admin('POST', '/api/v1/people', { email, name })
  const anna = await invite('anna.berg@stadt.example', 'Anna Berg')
  const otto = await invite('otto.lind@partner.example', 'Otto Lind')
  const uwe = await invite('uwe.stein@stadt.example', 'Uwe Stein')
  await sessionOf(platform, anna.url)
  const session = await sessionOf(platform, otto.url)
  await admin('PUT', `/api/v1/people/${uwe.id}/blocked`, { blocked: true })
  await admin('PUT', `/api/v1/groups/${works.id}/members/${anna.id}`)
  await admin('PUT', `/api/v1/groups/${partner.id}/members/${otto.id}`)
  const given = { until: null, note: '' }
  await admin('POST', '/api/v1/grants', { group: works.id, role: 'steward', on: 'space:verkehr', ...given })
  await admin('POST', '/api/v1/grants', {
    ...{ group: partner.id, role: 'consumer', on: 'space:verkehr', until: inDays(120), note: 'Vertrag 2026' },
  })
  await admin('POST', '/api/v1/grants', { account: anna.id, role: 'owner', on: 'dataset:lieferfahrten', ...given })
  await admin('POST', '/api/v1/terms', {
    ...{ dataset: null, body: 'Nur für den genannten Zweck.\nNicht weitergeben.\nNach dem Ende löschen.' },
    odrl: {
      '@context': 'http://www.w3.org/ns/odrl.jsonld',
      '@type': 'Set',
      permission: [{ action: 'use' }],
      prohibition: [{ action: 'distribute' }],
    },
  })
  const { terms } = await admin<{ terms: { id: number } }>('GET', '/api/v1/terms')
  const ask = caller(platform, { cookie: session })
  const purpose = 'Wir planen eine Ladezone und möchten wissen, wann geliefert wird.'
  for (const id of ['lieferfahrten', 'baustellen'])
    await ask('POST', '/api/v1/requests', { dataset: id, purpose, until: inDays(90), terms: terms.id })
  const { toDecide } = await admin<{ toDecide: { id: number; dataset: string }[] }>('GET', '/api/v1/requests')
  const first = toDecide.find((one) => one.dataset === 'lieferfahrten')!
  await admin('POST', `/api/v1/requests/${first.id}/decision`, { grant: true, until: inDays(30) })
  await ask('GET', '/api/v1/datasets/lieferfahrten/stations.geojson')
  const staff = true
  return [
    { name: 'people', path: '/verwaltung/nutzer', staff, wait: 'main li' },
    { name: 'person', path: `/verwaltung/nutzer/${otto.id}`, staff, wait: 'main section' },
    { name: 'groups', path: '/verwaltung/nutzer/gruppen', staff, wait: 'main li' },
    { name: 'group', path: `/verwaltung/nutzer/gruppen/${works.id}`, staff, wait: 'main form' },
    { name: 'roles', path: '/verwaltung/nutzer/rollen', staff, wait: 'main li' },
    { name: 'spaces', path: '/verwaltung/raeume', staff, wait: 'main section' },
    { name: 'rights', path: `/verwaltung/rechte?person=${otto.id}&datensatz=${dataset}`, staff, wait: '.sentence' },
    {
      name: 'rights-not',
      path: `/verwaltung/rechte?person=${otto.id}&datensatz=baustellen&was=update`,
      staff,
      wait: '.sentence',
    },
    { name: 'inbox', path: '/verwaltung/anfragen', staff, wait: 'main h3' },
    { name: 'terms', path: '/verwaltung/bedingungen', staff, wait: 'main details' },
    { name: 'log', path: '/verwaltung/protokoll', staff, wait: 'main li' },
    { name: 'requests', path: '/anfragen', session, wait: 'main li' },
    { name: 'requests-ask', path: '/anfragen?datensatz=ladepunkte', session, wait: 'dialog form' },
    { name: 'requests-nobody', path: '/anfragen' },
    { name: 'dataset-on-request', path: '/datensaetze/ladepunkte', session, wait: 'main section a' },
    { name: 'datasets-on-request', path: '/datensaetze', session, wait: 'h3' },
  ]
}
