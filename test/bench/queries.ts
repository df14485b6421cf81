/** The requests people and programs make all day, each beside the SQL somebody would write by hand for the same answer. */

/** What the requests are about, in the database `fill.ts` makes. */
export interface Ground {
  dataset: number
  /** One of the 2,000 datastreams, and its Thing. */
  datastream: number
  thing: number
  /** A MultiDatastream with a year of values. */
  multi: number
}

export interface HotQuery {
  name: string
  /** Below the service root, percent-encoded. */
  path: string
  /** The same answer as one JSON text. */
  plain: string
  /** Milliseconds FROST 2.5 took; requests a second where `load` is set. */
  frost?: number
  /** Measured as requests a second of many callers, not as the time of one. */
  load?: true
  /** Why its plan is right, for docs/contributing/queries.md. */
  why: string
}

const encode = (text: string): string => encodeURI(text)
const OBSERVATION = `json_build_object('@iot.id', o.id, 'phenomenonTime', o.t, 'resultTime', null, 'result', o.v)`
const VISIBLE = (g: Ground) => `d.dataset = any('{${g.dataset}}'::int4[])`

/** Values are (n × 7919) mod 1000, so `gt 900` meets one of ten. */
export function hotQueries(g: Ground): HotQuery[] {
  const own = `Datastreams(${g.datastream})/Observations`
  return [
    {
      name: '$count of all observations',
      path: 'Observations?$count=true&$top=0',
      plain: `select json_build_object('count', sum(s.n))::text as body from datastream_state s join datastream d on d.id = s.datastream where ${VISIBLE(g)}`,
      frost: 2_100,
      why: 'The counters kept with each write are summed, one row a datastream; no observation is touched.',
    },
    {
      name: 'Datastreams(1)',
      path: `Datastreams(${g.datastream})`,
      plain: `select row_to_json(d)::text as body from (select d.id, d.name, d.description, d.observation_type, d.unit, d.properties, s.t_min, s.t_max,
        (select st_asgeojson(st_convexhull(st_collect(f.geom)))::json from datastream_foi df join feature_of_interest f on f.id = df.foi where df.datastream = d.id) as area
        from datastream d left join datastream_state s on s.datastream = d.id where d.id = ${g.datastream} and ${VISIBLE(g)}) d`,
      frost: 3_251,
      load: true,
      why: 'One row by its primary key; extent and area come from the state and the default features by theirs.',
    },
    {
      name: 'latest observation of a datastream',
      path: encode(`${own}?$top=1&$orderby=phenomenonTime desc`),
      plain: `select json_build_object('@iot.id', s.last_id, 'phenomenonTime', s.last_t, 'result', s.last_v)::text as body from datastream_state s join datastream d on d.id = s.datastream where s.datastream = ${g.datastream} and ${VISIBLE(g)}`,
      frost: 2_498,
      load: true,
      why: 'The latest value is stored with its datastream: one row by primary key, whatever the length of the series.',
    },
    {
      name: 'newest 100 of a datastream',
      path: encode(`${own}?$top=100&$orderby=phenomenonTime desc`),
      plain: `select json_agg(${OBSERVATION})::text as body from (select * from observation where datastream = ${g.datastream} order by t desc, id desc limit 101) o`,
      frost: 32,
      why: 'The index (datastream, t) is read backwards, newest partition first, and left after 101 rows; ids only break ties.',
    },
    {
      name: 'one month of a datastream',
      path: encode(
        `${own}?$top=10000&$filter=phenomenonTime ge 2025-12-01T00:00:00Z and phenomenonTime lt 2026-01-01T00:00:00Z`,
      ),
      plain: `select json_agg(${OBSERVATION})::text as body from (select * from observation where datastream = ${g.datastream} and t >= '2025-12-01Z' and t < '2026-01-01Z' order by t, id) o`,
      frost: 44,
      why: 'The bounds pick the partition and a stretch of its index (datastream, t).',
    },
    {
      name: 'result gt 900, all datastreams',
      path: encode('Observations?$filter=result gt 900'),
      plain: `select json_agg(${OBSERVATION})::text as body from (select o.* from observation o join datastream d on d.id = o.datastream where o.v > 900 and ${VISIBLE(g)} limit 101) o`,
      frost: 856,
      why: 'Rows come in the order of the index until a page is full: where one in ten meets the condition that is after a thousand.',
    },
    {
      name: 'result gt 900 in one day, all datastreams',
      path: encode(
        'Observations?$filter=result gt 900 and phenomenonTime ge 2025-12-01T00:00:00Z and phenomenonTime lt 2025-12-02T00:00:00Z&$top=1000',
      ),
      plain: `select json_agg(${OBSERVATION})::text as body from (select o.* from datastream d, lateral (select * from observation o where o.datastream = d.id and o.v > 900 and o.t >= '2025-12-01Z' and o.t < '2025-12-02Z' order by o.t, o.id limit 1001) o where ${VISIBLE(g)} order by d.id, o.t, o.id limit 1001) o`,
      why: 'Each datastream is asked for its stretch of the index in turn, and no more once the page is full.',
    },
    {
      name: 'result gt 900 in one month of a datastream',
      path: encode(
        `${own}?$filter=result gt 900 and phenomenonTime ge 2025-12-01T00:00:00Z and phenomenonTime lt 2026-01-01T00:00:00Z`,
      ),
      plain: `select json_agg(${OBSERVATION})::text as body from (select * from observation where datastream = ${g.datastream} and v > 900 and t >= '2025-12-01Z' and t < '2026-01-01Z' order by t, id limit 101) o`,
      why: 'The stretch of the index is read in order and the value looked at in the row; it ends with the page.',
    },
    {
      name: '1,000 Things with the latest value of each datastream',
      path: encode(
        'Things?$top=1000&$select=id,name&$expand=Datastreams($select=id,name;$expand=Observations($top=1;$orderby=phenomenonTime desc))',
      ),
      plain: `select json_agg(json_build_object('id', t.id, 'name', t.name, 'datastreams', (
        select json_agg(json_build_object('id', d.id, 'name', d.name, 'latest', json_build_object('id', s.last_id, 't', s.last_t, 'v', s.last_v)))
        from datastream d join datastream_state s on s.datastream = d.id where d.thing = t.id and ${VISIBLE(g)})))::text as body
        from (select * from thing d where ${VISIBLE(g)} order by id limit 1001) t`,
      frost: 14_000,
      why: 'Things come by primary key, their datastreams by the index on the Thing, the latest values by the primary key of the state.',
    },
    {
      name: '$skip=1000000',
      path: 'Observations?$skip=1000000',
      plain: `select json_agg(${OBSERVATION})::text as body from (select o.* from observation o join datastream d on d.id = o.datastream where ${VISIBLE(g)} order by o.datastream, o.t, o.id offset 1000000 limit 101) o`,
      frost: 3_600,
      why: 'The counters tell which datastream the page begins in; only within that one rows are passed over.',
    },
    {
      name: '$orderby across a relation',
      path: encode('Observations?$orderby=Datastream/name,phenomenonTime desc'),
      plain: `select json_agg(${OBSERVATION})::text as body from (select o.* from (select * from datastream d where ${VISIBLE(g)} order by d.name collate "C") d, lateral (select * from observation o where o.datastream = d.id order by o.t desc, o.id desc limit 101) o order by d.name collate "C", o.t desc, o.id desc limit 101) o`,
      why: 'The datastreams are sorted, not their observations; each in turn gives its own by the index until the page is full.',
    },
    {
      name: 'Datastreams by the name of their Thing',
      path: encode('Datastreams?$orderby=Thing/name desc'),
      plain: `select json_agg(row_to_json(d))::text as body from (select d.id, d.name, d.description, d.observation_type, d.unit, d.properties from datastream d join thing t on t.id = d.thing where ${VISIBLE(g)} order by t.name collate "C" desc, d.id desc limit 101) d`,
      why: 'Few rows: the name is looked up by primary key for each and the top of them kept.',
    },
    {
      name: '100 of a MultiDatastream',
      path: `MultiDatastreams(${g.multi})/Observations?$top=100`,
      plain: `select json_agg(json_build_object('@iot.id', o.id, 'phenomenonTime', o.t, 'result', o.x->'r'))::text as body from (select * from observation where datastream = ${g.multi} order by t, id limit 101) o`,
      frost: 331_000,
      why: 'The same index as for every datastream, from its beginning, left after 101 rows.',
    },
    {
      name: 'observations of a datastream by result, first page',
      path: encode(`${own}?$orderby=result desc&$top=100`),
      plain: `select json_agg(${OBSERVATION})::text as body from (select * from observation where datastream = ${g.datastream} order by v desc nulls last, id desc limit 101) o`,
      why: 'One series is read by its index and the top of it kept; an index by value would cost every write.',
    },
  ]
}
