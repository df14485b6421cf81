import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { PMTiles, TileType } from 'pmtiles'
import { type MapServer, startMapServer } from '../../../test/support/map-server.ts'
import { makeArchive, tileAt } from '../../../test/support/pmtiles.ts'
import { Fetcher } from '../../kernel/fetch/index.ts'
import { createLog } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { cleanAttribution, joinAttributions } from './attribution.ts'
import { DiskCache } from './cache.ts'
import { Basemap, type BasemapDeps, type MapArea } from './index.ts'
import { tileAddress } from './style.ts'

const MUENSTER: [number, number, number, number] = [7.47, 51.84, 7.78, 52.06]
const log = createLog('silent')
const code = (wanted: string) => (error: unknown) => error instanceof Problem && error.code === wanted
// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any

describe('the map', () => {
  let dataDir: string
  const opened: Basemap[] = []
  const reaching = new Fetcher({ allowPrivate: true })
  const guarded = new Fetcher({ allowPrivate: false })
  const make = (style: string | null, deps: Partial<BasemapDeps> = {}): Basemap => {
    const profile = () => ({ style, attribution: 'Musterstadt <b>GIS</b>' })
    const basemap = new Basemap({ dataDir, fetcher: reaching, log, profile, ...deps })
    opened.push(basemap)
    return basemap
  }
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'zahnrad-map-'))
    mkdirSync(join(dataDir, 'map'))
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()))
    rmSync(dataDir, { recursive: true, force: true })
  })
  after(() => Promise.all([reaching.close(), guarded.close()]))

  it('is drawn by the pages when there is neither style nor file', async () => {
    const status = await make(null).status()
    assert.deepEqual([status.kind, status.archive, status.problems], ['plain', null, []])
    await assert.rejects(make(null).style(), code('map-part-unknown'))
  })

  describe('from a file', () => {
    const write = (name: string, content: Buffer, seconds: number): void => {
      const path = join(dataDir, 'map', name)
      writeFileSync(path, content)
      utimesSync(path, seconds, seconds)
    }

    it('takes the newest that is complete and can be drawn, and says why not the others', async () => {
      const good = makeArchive({ bounds: MUENSTER, maxZoom: 6 })
      write('old.pmtiles', good, 1000)
      write('city.pmtiles', makeArchive({ bounds: MUENSTER, maxZoom: 8, metadata: { attribution: 'Kataster' } }), 2000)
      write(
        'foreign.pmtiles',
        makeArchive({ bounds: MUENSTER, maxZoom: 1, metadata: { vector_layers: [{ id: 'transportation' }] } }),
        3000,
      )
      write('half.pmtiles', good, 0)
      truncateSync(join(dataDir, 'map', 'half.pmtiles'), good.length - 10)
      utimesSync(join(dataDir, 'map', 'half.pmtiles'), 4000, 4000)
      write('junk.pmtiles', Buffer.from('this is no archive at all, whatever its name says. '.repeat(9)), 5000)
      write('notes.txt', good, 6000)
      const { kind, archive, problems, attribution } = await make(null).status()
      assert.equal(kind, 'archive')
      assert.deepEqual(
        [archive?.name, archive?.tiles, archive?.maxZoom, archive?.bounds],
        ['city.pmtiles', 'vector', 8, MUENSTER],
      )
      assert.equal(attribution, 'Kataster | Musterstadt GIS')
      assert.deepEqual(
        problems
          .map(({ detail }) => /file (\S+) is not used: (.*)/.exec(detail)!.slice(1))
          .map(([name, why]) => [name, why!.slice(0, 28)]),
        [
          ['junk.pmtiles', 'Wrong magic number for PMTil'],
          ['half.pmtiles', `it has ${good.length - 10} of ${good.length} bytes, so it`.slice(0, 28)],
          ['foreign.pmtiles', 'its layers (transportation) '],
        ],
      )
    })

    it('credits OpenStreetMap where the file forgets it, and reads pictures too', async () => {
      write('city.pmtiles', makeArchive({ bounds: MUENSTER, maxZoom: 2 }), 1000)
      assert.match((await make(null).status()).attribution ?? '', /openstreetmap\.org\/copyright/)
      write('city.pmtiles', makeArchive({ bounds: MUENSTER, maxZoom: 2, tileType: TileType.Png, metadata: {} }), 2000)
      const { archive, attribution } = await make(null).status()
      assert.deepEqual([archive?.tiles, attribution], ['raster', 'Musterstadt GIS'])
    })

    it('hands the file out under an address that changes with it', async () => {
      write('city.pmtiles', makeArchive({ bounds: MUENSTER, maxZoom: 8 }), 1000)
      const basemap = make(null)
      const { version } = (await basemap.status()).archive!
      const { file, info } = await basemap.openArchive(version)
      const archive = new PMTiles({
        getKey: () => 'x',
        getBytes: async (offset, length) => {
          const data = new ArrayBuffer(length)
          const { bytesRead } = await file.read(new Uint8Array(data), 0, length, offset)
          return { data: data.slice(0, bytesRead) }
        },
      })
      const tile = await archive.getZxy(8, ...tileAt(7.6, 51.95, 8))
      await file.close()
      assert.ok(info.bytes > 0 && (tile?.data.byteLength ?? 0) > 50)
      appendFileSync(join(dataDir, 'map', 'city.pmtiles'), 'x')
      const changed = (await make(null).status()).archive!.version
      assert.notEqual(changed, version)
      await assert.rejects(make(null).openArchive(version), code('map-part-unknown'))
    })
  })

  describe('from a style', () => {
    let server: MapServer
    beforeEach(async () => {
      server = await startMapServer()
    })
    afterEach(() => server.close())
    const AREA: MapArea = MUENSTER
    const styleOf = async (basemap: Basemap): Promise<Json> => JSON.parse(String((await basemap.style()).body))

    it('turns every address into one of ours, and keeps the key to itself', async () => {
      const basemap = make(server.styleUrl)
      const text = String((await basemap.style()).body)
      assert.doesNotMatch(text, /127\.0\.0\.1|geheim|font-faces|\.mp4|onclick|logo\.example/)
      const style = JSON.parse(text)
      assert.deepEqual(Object.keys(style.sources), ['streets', 'photo', 'page', 'areas'])
      assert.match(style.sources.streets.tiles[0], /^\/api\/v1\/map\/tiles\/0\/\{z\}\/\{x\}\/\{y\}\?v=[0-9a-f]{16}$/)
      assert.deepEqual([style.sources.streets.url, style.sources.streets.maxzoom], [undefined, 14])
      assert.match(style.sprite[0].url, /^\/api\/v1\/map\/sprite\/0\?v=/)
      assert.match(style.glyphs, /^\/api\/v1\/map\/glyphs\/\{fontstack\}\/\{range\}\?v=/)
      assert.ok(!style.layers.some((layer: Json) => layer.id === 'film'))
      const status = await basemap.status()
      assert.equal(status.kind, 'style')
      assert.equal(
        status.attribution,
        '<a href="https://www.openstreetmap.org/copyright" rel="noopener">© OpenStreetMap</a> | © Stadt | Musterstadt GIS',
      )
      assert.deepEqual(status.problems, [
        { code: 'map-left-out', detail: 'Of the map style is left out what cannot be used: source "film".' },
      ])
    })

    it('fetches tiles, sprites, fonts and data once, unpacked, with types of our own', async () => {
      const basemap = make(server.styleUrl)
      const [x, y] = tileAt(7.6, 51.95, 12)
      const tiles = await Promise.all(Array.from({ length: 8 }, () => basemap.tile(0, 12, x, y, AREA)))
      assert.deepEqual([tiles[0]!.type, tiles[0]!.body[0]], ['application/x-protobuf', 0x1a])
      await basemap.tile(0, 12, x, y, AREA)
      assert.equal(server.asked.filter(({ path }) => path.startsWith('/vector/')).length, 1)
      assert.equal((await basemap.tile(1, 12, x, y, AREA)).type, 'image/png')
      assert.equal(
        (await basemap.tile(1, 13, ...tileAt(7.6, 51.95, 13), AREA)).body.length,
        0,
        'nothing there is no error',
      )
      assert.equal((await basemap.sprite(0, '@2x', 'png')).type, 'image/png')
      assert.equal(String((await basemap.sprite(0, '', 'json')).body), '{}')
      assert.equal((await basemap.data(0)).type, 'application/json')
      assert.equal((await basemap.glyphs('Plan Bold,Plan Regular', '0-255')).body.length, 0)
    })

    it('is no way to fetch anything else', async () => {
      const basemap = make(server.styleUrl)
      await basemap.style()
      const asked = server.asked.length
      for (const wrong of [
        () => basemap.tile(9, 1, 0, 0, AREA),
        () => basemap.tile(0, 15, 0, 0, AREA),
        () => basemap.tile(0, 3, 8, 0, AREA),
        () => basemap.sprite(1, '', 'png'),
        () => basemap.glyphs('Comic Sans', '0-255'),
        () => basemap.glyphs('Plan Bold', '1-256'),
        () => basemap.data(7),
      ])
        await assert.rejects(wrong(), code('map-part-unknown'))
      // Elsewhere in the world there is only the overview.
      assert.equal((await basemap.tile(0, 12, ...tileAt(-74, 40.7, 12), AREA)).body.length, 0)
      assert.equal(server.asked.length, asked)
      assert.ok((await basemap.tile(0, 4, ...tileAt(-74, 40.7, 4), AREA)).body.length > 0)
      await assert.rejects(basemap.tile(2, 3, 4, 2, AREA), code('map-server'), 'a page is not a picture')
    })

    it('does not reach into the operator’s network unless it may', async () => {
      const basemap = make(server.styleUrl, { fetcher: guarded })
      const { kind, problems } = await basemap.status()
      assert.equal(kind, 'plain')
      assert.match(problems[0]!.detail, /127\.0\.0\.1 is not a public address.*ZAHNRAD_ALLOW_PRIVATE/)
      assert.doesNotMatch(problems[0]!.detail, /geheim/)
      assert.equal(server.asked.length, 0)
    })

    it('shows stored copies while the server is down, even after a restart, and says so', async () => {
      const [x, y] = tileAt(7.6, 51.95, 12)
      const before = make(server.styleUrl)
      const style = await styleOf(before)
      await before.tile(0, 12, x, y, AREA)
      server.broken = true
      const limits = { freshMs: 0, pauseMs: 60_000, planMs: 0 }
      const after = make(server.styleUrl, { limits })
      assert.deepEqual(await styleOf(after), style)
      assert.ok((await after.tile(0, 12, x, y, AREA)).body.length > 0)
      await eventually(async () =>
        assert.match((await after.status()).problems[0]?.detail ?? '', /fails at the moment.*answered 500/),
      )
      assert.equal((await after.status()).kind, 'style')
      await assert.rejects(after.tile(0, 12, x + 1, y, AREA), code('map-server'))
      const asked = server.asked.length
      await assert.rejects(after.tile(0, 12, x - 1, y, AREA), code('map-server'))
      assert.equal(server.asked.length, asked, 'a server that fails is left alone for a while')
    })

    it('asks again only whether something changed', async () => {
      const basemap = make(server.styleUrl, { limits: { freshMs: 0, planMs: 0 } })
      await basemap.style()
      await basemap.style()
      await eventually(async () =>
        assert.deepEqual(
          server.asked
            .filter(({ path }) => path.startsWith('/style.json'))
            .map(({ unmodified }) => unmodified)
            .slice(0, 2),
          [false, true],
        ),
      )
    })

    it('falls back to the file, and tells why, when the style cannot be had', async () => {
      writeFileSync(join(dataDir, 'map', 'city.pmtiles'), makeArchive({ bounds: MUENSTER, maxZoom: 2 }))
      for (const [address, why] of [
        [`${server.origin}/style.json?key=falsch`, /answered 403/],
        [`${server.origin}/areas.geojson?key=${server.key}`, /not a map style of version 8/],
        [`${server.origin}/sprite.png?key=${server.key}`, /did not answer with a JSON object/],
        ['keine Adresse', /not a web address/],
      ] as const) {
        const { kind, problems } = await make(address).status()
        assert.equal(kind, 'archive')
        assert.match(problems[0]!.detail, why)
        assert.doesNotMatch(problems[0]!.detail, /geheim|falsch/)
      }
      assert.equal((await make(server.styleUrl).status()).kind, 'style')
    })
  })
})

describe('addresses of tiles', () => {
  it('fills what templates may ask for', () => {
    const set = {
      templates: ['a/{z}/{x}/{y}', 'b?q={quadkey}&p={prefix}&box={bbox-epsg-3857}{ratio}'],
      kind: 'picture' as const,
      minZoom: 0,
      maxZoom: 20,
    }
    assert.equal(tileAddress(set, 3, 3, 5), 'a/3/3/5')
    assert.match(tileAddress(set, 1, 1, 0), /^b\?q=1&p=10&box=0,0,20037508\.\d+,20037508\.\d+$/)
    // The example of the Bing Maps tile system.
    assert.equal(tileAddress({ ...set, templates: ['{quadkey}'] }, 3, 3, 5), '213')
  })
})

describe('attribution', () => {
  it('keeps text and safe links, and nothing that loads or runs', () => {
    assert.equal(cleanAttribution('<a href="javascript:alert(1)">x</a> & <script>y</script>'), 'x &amp; y')
    assert.equal(
      cleanAttribution("<A HREF='https://a.example/b?k=1#c'>A</a>&copy; B"),
      '<a href="https://a.example/b#c" rel="noopener">A</a>&copy; B',
    )
    assert.equal(
      cleanAttribution('<a href="https://a.example/">offen'),
      '<a href="https://a.example/" rel="noopener">offen</a>',
    )
    assert.equal(joinAttributions(['© A', null, '© A', '© A und B', '']), '© A und B')
    assert.equal(joinAttributions([null, ' ']), null)
  })
})

describe('the cache', () => {
  let dir: string
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'zahnrad-cache-'))
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  it('stays below its limit by dropping what was used longest ago, and forgets what is too old', async () => {
    const options = { dir, maxBytes: 10_000, maxAgeMs: 3_600_000 }
    const cache = new DiskCache(options)
    const body = Buffer.alloc(2_000, 'x')
    const put = (name: string) =>
      cache.put(`https://map.example/${name}`, { type: 'a/b', etag: null, lastModified: null, body })
    for (const name of ['1', '2', '3', '4']) await put(name)
    assert.ok(await cache.get('https://map.example/1'))
    await put('5')
    assert.ok((await cache.size()) <= 10_000)
    assert.equal(await cache.get('https://map.example/2'), null)
    assert.deepEqual((await cache.get('https://map.example/1'))?.body, body)
    const again = new DiskCache(options)
    assert.ok((await again.size()) > 6_000)
    assert.ok(await again.get('https://map.example/5'))
    const old = new DiskCache({ ...options, maxAgeMs: -1_000 })
    assert.deepEqual([await old.size(), await old.get('https://map.example/5')], [0, null])
  })
})

/** Waits until an assertion holds; it may take a moment what happens behind an answer. */
async function eventually(check: () => Promise<void>, limitMs = 5_000): Promise<void> {
  for (const start = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() - start > limitMs) throw error
    }
  }
}
