/** How a file of GTFS Schedule is described: its columns, their types and what they refer to. */

export type FieldType =
  | 'id'
  | 'text'
  | 'url'
  | 'email'
  | 'phone'
  | 'language'
  | 'timezone'
  | 'color'
  | 'currency'
  | 'amount' // of a currency: decimals as that has them
  | 'date'
  | 'time'
  | 'integer'
  | 'natural' // not negative
  | 'positive'
  | 'other' // not zero
  | 'float'
  | 'distance' // not negative
  | 'above' // zero
  | 'latitude'
  | 'longitude'
  | 'enum'

export interface Field {
  name: string
  type: FieldType
  /** required: the column must be there and no cell empty · recommended: a warning where it is empty. */
  presence: 'required' | 'recommended' | 'optional'
  /** The column must be there, whether or not its cells are empty. */
  hasColumn: boolean
  /** Of an enum: the least and greatest value; further ones for extended route types. */
  values?: readonly [number, number]
  /** People read it: upper and lower case are recommended. */
  mixedCase?: boolean
  /** The file and field it refers to. */
  refers?: readonly [file: string, field: string]
}

export interface FileSpec {
  name: string
  presence: 'required' | 'recommended' | 'optional'
  /** Fields no two rows may share. */
  key: readonly string[]
  /** Looked at, but passed on row by row as it came. */
  isPassedOn: boolean
  fields: ReadonlyMap<string, Field>
}

/**
 * `name type`, `!` after the type: required, `^`: the column alone; `+`: recommended; `Aa`: in mixed case; `0-4`: values of an enum; `>file.field`: refers to.
 * Conditions beyond that are rules of their own.
 */
export function file(
  name: string,
  presence: FileSpec['presence'],
  key: string,
  fields: string,
  isPassedOn = false,
): FileSpec {
  const list = fields
    .trim()
    .split(/\s*\n\s*/)
    .map((line): Field => {
      const [field, type, ...more] = line.split(' ')
      const presence = type!.endsWith('!') ? 'required' : type!.endsWith('+') ? 'recommended' : 'optional'
      const hasColumn = /[!^]$/.test(type!)
      const result: Field = { name: field!, type: type!.replace(/[!+^]$/, '') as FieldType, presence, hasColumn }
      for (const word of more) {
        if (word.startsWith('>'))
          result.refers = word
            .slice(1)
            .split('.txt.')
            .map((part, index) => (index === 0 ? `${part}.txt` : part)) as unknown as [string, string]
        else if (word === 'Aa') result.mixedCase = true
        else result.values = word.split('-').map(Number) as unknown as [number, number]
      }
      return result
    })
  return {
    name,
    presence,
    key: key === '' ? [] : key.split(' '),
    isPassedOn,
    fields: new Map(list.map((field) => [field.name, field])),
  }
}
