import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The figures of this process, served at /metrics in Prometheus' text format. */
export const registry = new Registry()
collectDefaultMetrics({ register: registry })

export function counter<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Counter<L> {
  return new Counter({ name, help, labelNames: [...labelNames], registers: [registry] })
}

export function gauge(name: string, help: string, collect: (gauge: Gauge) => void | Promise<void>): Gauge {
  const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => collect(made) })
  return made
}

export function histogram<L extends string = never>(
  name: string,
  help: string,
  buckets: number[],
  labelNames: readonly L[] = [],
): Histogram<L> {
  return new Histogram({ name, help, buckets, labelNames: [...labelNames], registers: [registry] })
}

/** Seconds: from a stored value's look-up to an hour-long import. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The figures of several processes, each as `registry.getMetricsAsJSON()` gives them, in one text. */
export function metricsOfAll(figures: object[]): Promise<string> {
  return AggregatorRegistry.aggregate(figures).metrics()
}
