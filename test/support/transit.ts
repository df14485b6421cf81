import { checkDefinition, type Definition } from '../../src/domains/sources/index.ts'

/** A source that reads a GTFS feed from whatever path a run is given. */
export function gtfsSource(id: string): Definition {
  return checkDefinition(
    `id: ${id}\ntitle: ${id}\ndataset:\n  title: ${id}\n  licence: dl-by-de/2.0\n  attribution: Verkehrsverbund\nfrom:\n  file:\n    path: feed.zip\nformat:\n  type: gtfs\n`,
    id,
  )
}

/** Files of a feed by their names. */
export type FeedText = Record<string, string>

/** A small feed without a fault: one line, three stops, two trips, every Monday of 2026. */
export const FEED = {
  'agency.txt':
    'agency_id,agency_name,agency_url,agency_timezone,agency_lang\nrvv,RVV,https://www.rvv.de,Europe/Berlin,de\n',
  'stops.txt':
    'stop_id,stop_name,stop_lat,stop_lon\na,Arnulfsplatz,49.01,12.1\nb,Bismarckplatz,49.02,12.1\nc,Castra Regina,49.03,12.1\n',
  'routes.txt': 'route_id,agency_id,route_short_name,route_long_name,route_type\n1,rvv,1,Prüfening,3\n',
  'calendar.txt':
    'service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nmo,1,0,0,0,0,0,0,20260101,20261231\n',
  'trips.txt': 'route_id,service_id,trip_id,shape_id\n1,mo,t1,w\n1,mo,t2,w\n',
  'shapes.txt': 'shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nw,49.01,12.1,1\nw,49.03,12.1,2\n',
  'stop_times.txt':
    'trip_id,stop_sequence,stop_id,arrival_time,departure_time\nt1,1,a,08:00:00,08:00:00\nt1,2,b,08:05:00,08:05:00\nt1,3,c,08:10:00,08:10:00\nt2,1,a,09:00:00,09:00:00\nt2,2,b,09:05:00,09:05:00\n',
}
