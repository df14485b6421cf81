/**
 * What EU law asks of mobility data, as data: by the kind of feature (`concept`), what has to be offered, in which
 * formats, through which point of access and since when.
 */
export interface Duty {
  /** `parking`, `charging`, `roadworks`, `sharing`, or `transit` for timetables. */
  concept: string
  law: { name: string; url: string }
  static: { de: string; en: string }
  dynamic: { de: string; en: string }
  /** Formats the law names. */
  formats: string
  /** From this day on (ISO date). */
  from: string
  /** Formats of our addresses the law names; others may be agreed with the access point. */
  met: readonly string[]
}

/** The German national access point. */
export const ACCESS_POINT = { name: 'Mobilithek', url: 'https://mobilithek.info' }

const MMTIS = {
  name: 'Delegierte Verordnung (EU) 2017/1926, geändert durch (EU) 2024/490',
  url: 'https://eur-lex.europa.eu/eli/reg_del/2024/490/oj',
}

export const DUTIES: readonly Duty[] = [
  {
    concept: 'parking',
    law: MMTIS,
    static: { de: 'Lage, Art und Zahl der Stellplätze', en: 'place, kind and number of spaces' },
    dynamic: { de: 'freie Stellplätze, Zustand', en: 'free spaces, state' },
    formats: 'DATEX II',
    from: '2026-12-01',
    met: ['DATEX II'],
  },
  {
    concept: 'sharing',
    law: MMTIS,
    static: { de: 'Stationen und Fahrzeugarten', en: 'stations and kinds of vehicle' },
    dynamic: { de: 'verfügbare Fahrzeuge und Plätze', en: 'available vehicles and docks' },
    formats: 'NeTEx, SIRI oder damit vereinbare Formate',
    from: '2026-12-01',
    met: [],
  },
  {
    concept: 'transit',
    law: MMTIS,
    static: { de: 'Haltestellen, Linien, Fahrplan', en: 'stops, lines, timetable' },
    dynamic: { de: 'Verspätungen, Ausfälle, Störungen', en: 'delays, cancellations, disruptions' },
    formats: 'NeTEx, SIRI oder damit vereinbare Formate',
    from: '2026-12-01',
    met: [],
  },
  {
    concept: 'charging',
    law: {
      name: 'Verordnung (EU) 2023/1804 (AFIR), Artikel 20',
      url: 'https://eur-lex.europa.eu/eli/reg/2023/1804/oj',
    },
    static: { de: 'Lage, Betreiber, Zahl und Art der Ladepunkte', en: 'place, operator, number and kind of points' },
    dynamic: { de: 'frei, belegt oder gestört', en: 'free, taken or out of order' },
    formats: 'DATEX II',
    from: '2025-04-14',
    met: [],
  },
  {
    concept: 'roadworks',
    law: {
      name: 'Delegierte Verordnung (EU) 2022/670 (Echtzeit-Verkehrsinformation)',
      url: 'https://eur-lex.europa.eu/eli/reg_del/2022/670/oj',
    },
    static: { de: 'Ort und Art der Einschränkung', en: 'place and kind of restriction' },
    dynamic: { de: 'Beginn, Ende, Änderungen', en: 'begin, end, changes' },
    formats: 'DATEX II',
    from: '2025-01-01',
    met: ['DATEX II'],
  },
]
