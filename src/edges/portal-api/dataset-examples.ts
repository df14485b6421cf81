export interface Example {
  id: 'curl' | 'python' | 'r' | 'javascript' | 'qgis'
  code: string
}

/**
 * Programs that fetch this dataset, to be copied and run as they stand: the address is the one the caller reached the
 * platform by, and nothing beside each language's own library is needed.
 */
export function examplesOf(origin: string, id: string, newest: string | null, isPublic: boolean): Example[] {
  const day = newest?.slice(0, 10)
  const from = day ? `from=${new Date(Date.parse(day) - 6 * 86_400_000).toISOString().slice(0, 10)}&` : ''
  const csv = `${origin}/api/v1/datasets/${id}/download?${from}resolution=day`
  const stations = `${origin}/api/v1/datasets/${id}/stations.geojson`
  const things = `${origin}/d/${id}/sta/v1.1/Things?$select=name,description&$top=5`
  const key = isPublic ? null : 'Bearer zk_…'
  return [
    { id: 'curl', code: `curl -fsS${key ? ` -H "Authorization: ${key}"` : ''} -o ${id}.csv "${csv}"` },
    {
      id: 'python',
      code: `import csv, io, urllib.request

request = urllib.request.Request("${csv}"${key ? `, headers={"Authorization": "${key}"}` : ''})
with urllib.request.urlopen(request) as answer:
    rows = list(csv.DictReader(io.TextIOWrapper(answer, encoding="utf-8")))
for row in rows[:5]:
    print(row["time_start"], row["station"], row["value"], row["unit"])`,
    },
    {
      id: 'r',
      code: key
        ? `address <- url("${csv}", headers = c(Authorization = "${key}"))
data <- read.csv(address, encoding = "UTF-8")
print(head(data[, c("time_start", "station", "value", "unit")]))`
        : `data <- read.csv("${csv}", encoding = "UTF-8")
print(head(data[, c("time_start", "station", "value", "unit")]))`,
    },
    {
      id: 'javascript',
      code: `const answer = await fetch("${things}"${
        key
          ? `, {
  headers: { Authorization: "${key}" },
}`
          : ''
      })
const { value } = await answer.json()
for (const station of value) console.log(station.name)`,
    },
    { id: 'qgis', code: stations },
  ]
}
