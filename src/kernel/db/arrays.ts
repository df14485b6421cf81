/**
 * Array parameters as PostgreSQL's array text, made in one go. Both drivers accept the text in place of a JavaScript
 * array and would otherwise build it element by element (measured: half the time of an `unnest` of 5,000 rows).
 * The query still casts: `unnest($1::float8[])`.
 */

/** Numbers, booleans and timestamps: nothing in them needs quoting. */
export function plainArray(values: readonly (number | boolean | string | null | undefined)[]): string {
  let text = '{'
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    text += i === 0 ? (value ?? 'NULL') : `,${value ?? 'NULL'}`
  }
  return `${text}}`
}

/** Any text: quoted, with quotes and backslashes escaped (PostgreSQL §8.15.6). */
export function textArray(values: readonly (string | null | undefined)[]): string {
  return `{${values.map((value) => (value == null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`
}
