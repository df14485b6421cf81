import type { Connector } from '../../../domains/mobility/index.ts'

type Plug = Pick<Connector, 'standard' | 'format' | 'power_type'>

/** The words of the register (Ladesäulenregister, "Steckertypen") as OCPI's ConnectorType (2.2.1, §8.4.5). */
const PLUGS: Record<string, Plug> = {
  'ac steckdose typ 2': { standard: 'IEC_62196_T2', format: 'SOCKET', power_type: 'AC_3_PHASE' },
  'ac kupplung typ 2': { standard: 'IEC_62196_T2', format: 'CABLE', power_type: 'AC_3_PHASE' },
  'ac typ 2 steckdose': { standard: 'IEC_62196_T2', format: 'SOCKET', power_type: 'AC_3_PHASE' },
  'ac typ 2 fahrzeugkupplung': { standard: 'IEC_62196_T2', format: 'CABLE', power_type: 'AC_3_PHASE' },
  'ac kupplung typ 1': { standard: 'IEC_62196_T1', format: 'CABLE', power_type: 'AC_1_PHASE' },
  'ac schuko': { standard: 'DOMESTIC_F', format: 'SOCKET', power_type: 'AC_1_PHASE' },
  'ac cee 3 polig': { standard: 'IEC_60309_2_single_16', format: 'SOCKET', power_type: 'AC_1_PHASE' },
  'ac cee 5 polig': { standard: 'IEC_60309_2_three_16', format: 'SOCKET', power_type: 'AC_3_PHASE' },
  'dc kupplung combo': { standard: 'IEC_62196_T2_COMBO', format: 'CABLE', power_type: 'DC' },
  'dc fahrzeugkupplung typ combo 2 (ccs)': { standard: 'IEC_62196_T2_COMBO', format: 'CABLE', power_type: 'DC' },
  'dc chademo': { standard: 'CHADEMO', format: 'CABLE', power_type: 'DC' },
  'dc tesla fahrzeugkupplung (typ 2)': { standard: 'TESLA_S', format: 'CABLE', power_type: 'DC' },
}

/** The plugs a cell of the register names; `null` for a word that is not known. */
export function plugs(cell: string): (Plug | null)[] {
  return cell
    .split(/[,;]/)
    .map((word) => word.trim().toLowerCase())
    .filter(Boolean)
    .map((word) => PLUGS[word] ?? null)
}

/**
 * OCPI wants voltage and current of every connector, the register has only the power: volts are the grid's (230 V a
 * phase; 400 V where it is direct current), amperes follow.
 */
export function connector(plug: Plug, id: string, kilowatts: number, updated: string): Connector {
  const phases = plug.power_type === 'AC_3_PHASE' ? 3 : 1
  const max_voltage = plug.power_type === 'DC' ? 400 : 230
  const watts = Math.round(kilowatts * 1000)
  return {
    id,
    ...plug,
    max_voltage,
    max_amperage: Math.round(watts / (max_voltage * phases)),
    max_electric_power: watts,
    last_updated: updated,
  }
}
