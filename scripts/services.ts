/** The real programs the tests talk to: installs them where it can (Debian, as root), else says what to install. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { postgresBinaries } from '../test/support/postgres.ts'

interface Service {
  name: string
  packages: string[]
  present(): boolean
}

const onPath = (program: string) =>
  (process.env.PATH ?? '')
    .split(':')
    .concat('/usr/sbin', '/usr/bin')
    .some((folder) => existsSync(`${folder}/${program}`))

const SERVICES: Service[] = [
  { name: 'PostgreSQL ≥ 15 with PostGIS', packages: ['postgresql', 'postgresql-15-postgis-3'], present: hasPostgis },
  {
    name: 'Mosquitto and its clients',
    packages: ['mosquitto', 'mosquitto-clients'],
    present: () => onPath('mosquitto') && onPath('mosquitto_pub'),
  },
  { name: 'xmllint (libxml2)', packages: ['libxml2-utils'], present: () => onPath('xmllint') },
  { name: 'Chromium', packages: ['chromium'], present: () => onPath('chromium') || Boolean(process.env.CHROMIUM) },
]

function hasPostgis(): boolean {
  if (process.env.TEST_DATABASE_URL) return true
  const bin = postgresBinaries()
  if (!bin) return false
  const version = bin.split('/').at(-2)
  return existsSync(`/usr/share/postgresql/${version}/extension/postgis.control`)
}

/** True when all are there (now). Prints what it does. */
export function provideServices(): boolean {
  const missing = SERVICES.filter((service) => !service.present())
  if (missing.length === 0) return true
  const packages = missing.flatMap((service) => service.packages)
  const canInstall = process.getuid?.() === 0 && onPath('apt-get')
  if (canInstall) {
    console.log(`Installing for the tests: ${packages.join(' ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    })
  }
  const still = missing.filter((service) => !service.present())
  for (const { name, packages: wanted } of still)
    console.error(`The tests need ${name}: apt-get install ${wanted.join(' ')} (or your system's equivalent).`)
  return still.length === 0
}
