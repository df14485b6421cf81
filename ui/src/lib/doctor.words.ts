/**
 * What the check of the installation finds, in German, by its code (`src/cli/doctor.ts`): what was found, and what to do
 * about it. English pages show the sentences of the check itself.
 */
export const FINDINGS: Record<string, [found: string, advice?: string]> = {
  'database-closed': ['Die Datenbank lässt sich nicht öffnen', 'Die übrigen Prüfungen brauchen die Datenbank.'],
  node: ['Node {version}'],
  'node-old': ['Node {version} ist zu alt', 'Der Befehl „npm ci“ bringt Node 24 mit.'],
  'database-embedded': [
    'Datenbank: PostgreSQL {version}, eingebaut, in {folder}',
    'Sie übersteht ein abgebrochenes Programm, aber keinen Stromausfall. Nehmen Sie für den Betrieb ein eigenes PostgreSQL (DATABASE_URL).',
  ],
  'database-server': ['Datenbank: PostgreSQL {version} auf einem eigenen Server'],
  'database-old': ['Datenbank: PostgreSQL {version} ist zu alt', 'Installieren Sie PostgreSQL 15 oder neuer.'],
  postgis: ['Karten in der Datenbank: PostGIS {version}'],
  'postgis-old': ['Karten in der Datenbank: PostGIS {version} ist zu alt', 'Installieren Sie PostGIS 3.3 oder neuer.'],
  migrations: ['Aufbau der Datenbank: auf dem neuesten Stand'],
  'migrations-missing': [
    'Aufbau der Datenbank: Es fehlen {names}',
    'Starten Sie die Plattform einmal neu: Sie holt es nach.',
  ],
  clock: ['Uhr: {seconds} s zwischen diesem Rechner und der Datenbank'],
  'clock-off': [
    'Uhr: {seconds} s zwischen diesem Rechner und der Datenbank',
    'Stellen Sie beide Uhren über NTP: Sonst stimmen die Zeiten der Ankunft nicht.',
  ],
  disk: ['Platte: {gib} GiB frei in {folder}'],
  'disk-full': [
    'Platte: {gib} GiB frei in {folder}',
    'Schaffen Sie Platz: Unter 0,5 GiB kann die Datenbank stehen bleiben.',
  ],
  'disk-tight': [
    'Platte: {gib} GiB frei in {folder}',
    'Planen Sie mehr Platz ein: 10 Millionen Werte brauchen etwa 1,5 GiB.',
  ],
  'disk-closed': [
    'Platte: In {folder} lässt sich nicht schreiben ({cause})',
    'Setzen Sie DATA_DIR auf einen Ordner, in den das Programm schreiben darf.',
  ],
  port: ['{name} {port}: Hier hört diese Plattform'],
  'port-free': ['{name} {port}: frei'],
  'port-taken': [
    '{name} {port}: von einem anderen Programm belegt',
    'Beenden Sie das andere Programm, oder setzen Sie {name} auf einen anderen Anschluss.',
  ],
  'map-style': ['Karte: Stil von {host}', '{advice}'],
  'map-archive': ['Karte: {name}, {mib} MiB, Zoom {minZoom} bis {maxZoom}', '{advice}'],
  'map-drawn': [
    'Karte: aus den Daten gezeichnet; es gibt weder einen Kartenstil noch eine Datei in DATA_DIR/map',
    '{advice}',
  ],
}
