import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../../test/support/database.ts'
import { type Town, town } from '../../../test/support/stations.ts'
import { Problem } from '../../kernel/problem.ts'
import { Access, type Actor, ANONYMOUS } from '../access/index.ts'
import { Boards } from '../boards/index.ts'
import { tieToThings, upsertFeatures } from '../features/index.ts'
import { type HitGroup, Search } from './index.ts'
import { fit, marksIn, wordsOf } from './text.ts'

const forms = (text: string) => wordsOf(text).map((word) => word.forms.map((form) => form.text))
const quality = (asked: string, there: string) => fit(asked, there).quality

describe('words', () => {
  it('are found however their umlauts and accents are written', () => {
    assert.deepEqual(forms('Münster, Große Straße 12; Café'), [
      ['muenster', 'munster'],
      ['grosse'],
      ['strasse'],
      ['12'],
      ['cafe'],
    ])
    assert.deepEqual(forms('Mu\u0308hle'), [['muehle', 'muhle']])
  })

  it('fit whole, by their beginning, inside another, and with a slip', () => {
    const order = ['hafen', 'hafenstrasse', 'containerhafen', 'haven'].map((there) => quality('hafen', there))
    assert.deepEqual(
      [...order].sort((a, b) => b - a),
      order,
    )
    for (const [asked, there] of [
      ['hafne', 'hafen'],
      ['hafenn', 'hafen'],
      ['promende', 'promenade'],
      ['promnad', 'promenade'],
      ['ahfen', 'hafen'],
      ['hamenstr', 'hafenstrasse'],
    ] as const)
      assert.ok(quality(asked, there) > 0, `${asked} ${there}`)
    for (const [asked, there] of [
      ['in', 'binnen'],
      ['rad', 'rat'],
      ['hafen', 'waffen'],
      ['2024', '2025'],
      ['promenade', 'prominent'],
    ] as const)
      assert.equal(quality(asked, there), 0, `${asked} ${there}`)
  })

  it('are marked where they stand', () => {
    const marked = (text: string, query: string) =>
      marksIn(text, forms(query)).map(([from, to]) => text.slice(from, to))
    assert.deepEqual(marked('Große Straße am Müllerhafen', 'strasse mueller'), ['Straße', 'Müller'])
    assert.deepEqual(marked('Hafenstraße', 'hafens'), ['Hafens'])
    assert.deepEqual(marked('Weißeritz', 'weis'), ['Weiß'])
    assert.deepEqual(marked('Promenade', 'promende'), ['Promenade'])
  })
})

for (const engine of databases()) {
  describe(`the search on the ${engine.name} database`, () => {
    const STAFF: Actor = { kind: 'staff', name: 'staff' }
    let place: Town
    let search: Search
    let boards: Boards

    before(async () => {
      place = await town(await engine.fresh())
      const access = new Access({ db: place.db, catalog: place.catalog, openWrite: false })
      boards = new Boards({ db: place.db, access, catalog: place.catalog })
      const sources = { list: async () => [{ id: 'zaehler', title: 'Zähler der Stadt', dataset: 'rad' }] as never }
      search = new Search({ db: place.db, access, catalog: place.catalog, boards, sources, checkMs: 0 })
      const open = await place.dataset('rad', 'released')
      const draft = await place.dataset('geheim', 'draft')
      await place.station(open, {
        name: 'Hafenstraße',
        at: [7.6, 51.9],
        properties: { hersteller: 'Eco-Counter' },
        series: [{ key: 'Nord' }],
      })
      await place.station(open, {
        name: 'Promenade am Hafen',
        at: [7.6, 51.9],
        series: [{ key: 'Süd', property: 'car_count' }],
      })
      await place.station(open, { name: 'Neutor', series: [{ key: 'gesamt' }] })
      await place.station(draft, { name: 'Hafen geheim', series: [{ key: 'x', property: 'secret_count' }] })
      await boards.create(
        STAFF,
        { title: 'Häfen im Blick', description: 'Für den Rat', items: [], visibility: 'published' },
        'haefen',
      )
      await boards.create(STAFF, { title: 'Hafen Entwurf', description: '', items: [], visibility: 'draft' }, 'entwurf')
    })
    after(() => place.db.close())

    it('finds a place of mobility once, by its page, and only where it is released', async () => {
      const { db, catalog } = place
      const park = (key: string, name: string) => ({
        ...{ concept: 'parking', key, name, properties: {} },
        geometry: { type: 'Point', coordinates: [7.6, 51.9] },
      })
      const [rad, geheim] = ['rad', 'geheim'].map((id) => catalog.byId(id)!.key)
      const station = await place.station(rad!, { name: 'Tiefgarage Theater', series: [{ key: 'frei' }] })
      await upsertFeatures(db, { dataset: rad!, source: 's', run: null }, [park('p/1', 'Tiefgarage Theater')])
      await upsertFeatures(db, { dataset: geheim!, source: 's', run: null }, [park('p2', 'Tiefgarage Archiv')])
      await tieToThings(db, rad!, [{ concept: 'parking', key: 'p/1', thing: station.thing }])
      const groups = await search.find(ANONYMOUS, 'tiefgarage', 20)
      assert.deepEqual(
        groups.map(({ kind, hits }) => [kind, hits.map(({ title, note, path }) => [title, note, path])]),
        [['place', [['Tiefgarage Theater', 'Datensatz rad', '/parken/rad:p%2F1']]]],
      )
      assert.deepEqual((await find('tiefgarage', STAFF)).place, ['Tiefgarage Archiv', 'Tiefgarage Theater'])
    })

    const find = async (query: string, actor: Actor = ANONYMOUS, limit = 20): Promise<Record<string, string[]>> => {
      const groups: HitGroup[] = await search.find(actor, query, limit, [
        { path: '/impressum', title: 'Impressum', words: 'Kontakt', staff: false },
        { path: '/verwaltung/quellen', title: 'Quellen', words: '', staff: true },
      ])
      return Object.fromEntries(groups.map(({ kind, hits }) => [kind, hits.map(({ title }) => title)]))
    }

    it('finds by name, place, series, property and dataset, the best first', async () => {
      assert.deepEqual((await find('hafen')).station, ['Promenade am Hafen', 'Hafenstraße'])
      assert.deepEqual((await find('Hafenstrasse')).station, ['Hafenstraße'])
      assert.deepEqual((await find('hafnestr')).station, ['Hafenstraße'])
      assert.deepEqual((await find('promenade sud')).station, ['Promenade am Hafen'])
      assert.deepEqual((await find('eco counter')).station, ['Hafenstraße'])
      assert.deepEqual((await find('fahrrad')).property, ['Größe bicycle_count'])
      assert.deepEqual((await find('fahrrad hafen')).station, ['Hafenstraße'])
      assert.deepEqual((await find('Mobilität')).dataset, ['Datensatz rad'])
      assert.deepEqual((await find('impres')).page, ['Impressum'])
      assert.deepEqual((await find('haefen')).board, ['Häfen im Blick'])
      assert.deepEqual(await find('Erfundener Weg'), {})
      assert.deepEqual(await find(' ?! '), {})
    })

    it('shows nobody what they may not see', async () => {
      for (const query of ['hafen', 'geheim', 'secret', 'entwurf', 'quellen', 'zaehler']) {
        const text = JSON.stringify(await find(query))
        assert.doesNotMatch(text, /geheim|secret|Entwurf|Quellen|Zähler/, query)
      }
      assert.deepEqual((await find('geheim', STAFF)).station, ['Hafen geheim'])
      assert.deepEqual((await find('entwurf', STAFF)).board, ['Hafen Entwurf'])
      assert.deepEqual((await find('zaehler', STAFF)).source, ['Zähler der Stadt'])
      assert.deepEqual((await find('quellen', STAFF)).page, ['Quellen'])
    })

    it('follows what is released, withdrawn, added, renamed and removed', async () => {
      await place.catalog.setState('geheim', 'released')
      assert.ok((await find('geheim')).station?.includes('Hafen geheim'))
      await place.catalog.setState('geheim', 'withdrawn')
      assert.equal((await find('geheim')).station, undefined)
      const { thing } = await place.station(place.catalog.byId('rad')!.key, { name: 'Domplatz', series: [] })
      assert.deepEqual((await find('dom')).station, ['Domplatz'])
      await place.db.query(`update thing set name = 'Dómplein', changed_at = clock_timestamp() where id = $1`, [thing])
      assert.deepEqual((await find('domplein')).station, ['Dómplein'])
      await place.db.query('delete from thing where id = $1', [thing])
      assert.equal((await find('domplein')).station, undefined)
    })

    it('lets no kind hide another, and counts what it does not show', async () => {
      const groups = await search.find(STAFF, 'hafen', 3)
      assert.deepEqual(
        groups.map(({ kind, total, hits }) => [kind, total, hits.length]),
        [
          ['station', 3, 2],
          ['board', 2, 1],
        ],
      )
    })

    it('refuses what is too long', async () => {
      const bad = (error: unknown) => error instanceof Problem && error.code === 'bad-query' && error.status === 400
      await assert.rejects(find('x'.repeat(201)), bad)
      await assert.rejects(find('a b c d e f g h i'), bad)
    })
  })
}
