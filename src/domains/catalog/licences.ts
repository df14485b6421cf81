/** Licences of the DCAT-AP.de list that German municipalities use most, by our short identifier. */
export interface Licence {
  id: string
  name: string
  url: string
}

export const LICENCES: readonly Licence[] = [
  {
    id: 'dl-by-de/2.0',
    name: 'Datenlizenz Deutschland – Namensnennung 2.0',
    url: 'https://www.govdata.de/dl-de/by-2-0',
  },
  { id: 'dl-zero-de/2.0', name: 'Datenlizenz Deutschland – Zero 2.0', url: 'https://www.govdata.de/dl-de/zero-2-0' },
  { id: 'cc-zero', name: 'Creative Commons CC0 1.0', url: 'https://creativecommons.org/publicdomain/zero/1.0/' },
  {
    id: 'cc-by/4.0',
    name: 'Creative Commons Namensnennung 4.0 (CC BY 4.0)',
    url: 'https://creativecommons.org/licenses/by/4.0/',
  },
  {
    id: 'cc-by-sa/4.0',
    name: 'Creative Commons Namensnennung – Weitergabe unter gleichen Bedingungen 4.0',
    url: 'https://creativecommons.org/licenses/by-sa/4.0/',
  },
  { id: 'odbl', name: 'Open Database License (ODbL) 1.0', url: 'https://opendatacommons.org/licenses/odbl/1-0/' },
  { id: 'geonutz/20130319', name: 'GeoNutzV', url: 'https://www.gesetze-im-internet.de/geonutzv/' },
  { id: 'other-closed', name: 'Keine freie Lizenz angegeben', url: '' },
]

export function licenceOf(id: string | null): Licence | null {
  return LICENCES.find((licence) => licence.id === id) ?? null
}
