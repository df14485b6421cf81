/** The read side of sensing: what pages, charts and downloads ask for. */
export { dayStart, instantOf, iso, localDay, wallClock, zoneOffset } from './buckets.ts'
export {
  type DatasetFigures,
  type DatasetStation,
  datasetFigures,
  datasetStations,
  type Measure,
} from './dataset-figures.ts'
export { type DatasetQuality, type QualityDay, quality } from './quality.ts'
export {
  MAX_POINTS,
  MAX_SERIES,
  type Plan,
  planSeries,
  type Series,
  type SeriesAnswer,
  type SeriesHead,
  type SeriesPoint,
  series,
} from './series.ts'
export { type SeriesPage, seriesPages } from './series-pages.ts'
export * from './station-model.ts'
export { IS_STATION } from './station-rows.ts'
export { groupsKnown, type StationQuery, seriesFigures, station, stationExists, stationOverview } from './stations.ts'
export { MAX_READ, thinnedSeries } from './thinned.ts'
