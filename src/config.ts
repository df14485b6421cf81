import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { SetupError } from './kernel/problem.ts'

/** Everything the environment decides, read here and nowhere else. */
export interface Config {
  port: number
  mqttPort: number
  /** A broker of the city, with user and password, instead of the embedded one. */
  brokerUrl: string | undefined
  /** Certificates (PEM) of who vouches for that broker; undefined = those every system knows. */
  brokerCa: string | undefined
  /** Topics published there beside those of every set. */
  brokerTopics: string[]
  /** Where clients reach the broker, when that is not this host and port; named in SensorThings' root document. */
  mqttUrls: string[] | undefined
  /** Address of a PostgreSQL server; undefined = the embedded database in `dataDir`. */
  databaseUrl: string | undefined
  dataDir: string
  /** Base of every link, without a trailing slash; undefined = from the request. */
  publicUrl: string | undefined
  openWrite: boolean
  /** Is the Tasking part of SensorThings switched on? */
  tasking: boolean
  /** The example city: wanted, not wanted, or (undefined) at the first start on the embedded database. */
  example: boolean | undefined
  cityFile: string | undefined
  /** Addresses whose X-Forwarded-* headers are believed. */
  trustProxy: string[]
  /** May sources fetch from private and loopback addresses? */
  allowPrivate: boolean
  logLevel: string
  /** Processes that serve HTTP; 1 = the one that does everything. */
  workers: number
  /** Sign-in by the city's own identity provider (OpenID Connect); undefined = local accounts alone. */
  oidc: OidcConfig | undefined
  /** The mail server alerts are sent by, with its password; undefined = no e-mail. */
  smtpUrl: string | undefined
  /** Sender of alerts. */
  smtpFrom: string | undefined
  /** What the keys that sign web alerts derive from; undefined = none are sent. */
  alertSecret: string | undefined
}

export interface OidcConfig {
  issuer: string
  clientId: string
  clientSecret: string
  /** Claim that lists a person's groups. */
  groupsClaim: string
}

type Environment = Record<string, string | undefined>

function port(env: Environment, name: string, fallback: number): number {
  const text = env[name]
  if (!text) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65535)
    throw new SetupError(`${name} is "${text}" but must be a port number from 0 to 65535.`, 2)
  return value
}

function flag(env: Environment, name: string): boolean {
  const text = env[name]
  if (!text || text === '0' || text === 'false') return false
  if (text === '1' || text === 'true') return true
  throw new SetupError(`${name} is "${text}" but must be 0 or 1.`, 2)
}

function publicUrl(env: Environment): string | undefined {
  const text = env.PUBLIC_URL
  if (!text) return undefined
  if (!URL.canParse(text) || !/^https?:\/\//.test(text)) {
    throw new SetupError(`PUBLIC_URL is "${text}" but must be a web address such as https://daten.example.de.`, 2)
  }
  return text.replace(/\/+$/, '')
}

function brokerUrl(env: Environment): string | undefined {
  const text = env.BROKER_URL || (env.BROKER_URL_FILE ? contentOf('BROKER_URL_FILE', env.BROKER_URL_FILE) : '')
  if (!text) return undefined
  // Never the address itself: it holds the password.
  if (!URL.canParse(text) || !/^mqtts?:\/\/[^/]/.test(text))
    throw new SetupError('BROKER_URL must be an MQTT broker such as mqtt://user:password@broker.example.de:1883.', 2)
  return text
}

function brokerCa(env: Environment): string | undefined {
  const file = env.BROKER_CA_FILE
  if (!file) return undefined
  const text = contentOf('BROKER_CA_FILE', file)
  if (!/^-----BEGIN CERTIFICATE-----$/m.test(text))
    throw new SetupError(`BROKER_CA_FILE names "${file}", which holds no certificate (PEM).`, 2)
  return text
}

function brokerTopics(env: Environment): string[] {
  const topics = (env.BROKER_TOPICS ?? '')
    .split('|')
    .map((topic) => topic.trim())
    .filter(Boolean)
  for (const topic of topics) {
    if (!/^(d\/[a-z0-9-]+\/)?v1\.1\/[^+#]+$/.test(topic))
      throw new SetupError(
        `BROKER_TOPICS names "${topic}" but must name topics such as v1.1/Observations?$select=result, with | between several and without + or #.`,
        2,
      )
  }
  return topics
}

function contentOf(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new SetupError(`${name} names "${file}", which cannot be read: ${(error as Error).message}`, 2)
  }
}

function mqttUrls(env: Environment): string[] | undefined {
  const text = env.MQTT_PUBLIC_URL
  if (!text) return undefined
  const urls = text.split(',').map((part) => part.trim())
  for (const url of urls) {
    if (!URL.canParse(url) || !/^(mqtts?|wss?):\/\/[^/@]+(\/|$)/.test(url))
      throw new SetupError(
        `MQTT_PUBLIC_URL is "${text}" but must be the broker's address such as mqtts://mqtt.example.de:8883, or several with commas.`,
        2,
      )
  }
  return urls
}

function oidc(env: Environment): OidcConfig | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = env
  if (!issuer && !clientId && !clientSecret) return undefined
  if (!issuer || !clientId || !clientSecret)
    throw new SetupError('OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together: set all or none.', 2)
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname))) {
    throw new SetupError(
      `OIDC_ISSUER is "${issuer}" but must be an https address such as https://id.example.de/realms/stadt.`,
      2,
    )
  }
  return { issuer, clientId, clientSecret, groupsClaim: env.OIDC_GROUPS_CLAIM || 'groups' }
}

function smtp(env: Environment): Pick<Config, 'smtpUrl' | 'smtpFrom'> {
  const { SMTP_URL: url, SMTP_FROM: from } = env
  if (!url) return { smtpUrl: undefined, smtpFrom: undefined }
  // Never the address itself: it holds the password.
  if (!URL.canParse(url) || !/^smtps?:\/\/[^/]/.test(url))
    throw new SetupError('SMTP_URL must be a mail server such as smtp://user:password@mail.example.de:587.', 2)
  if (!from || !/^[^@\r\n]*[^\s@<]@[^\s@]+$/.test(from)) {
    throw new SetupError(
      `SMTP_FROM is "${from ?? ''}" but must be the sender of mails such as "Zahnrad <daten@stadt.example>".`,
      2,
    )
  }
  return { smtpUrl: url, smtpFrom: from }
}

function alertSecret(env: Environment): string | undefined {
  const secret = env.ALERT_SECRET
  if (secret && secret.length < 16)
    throw new SetupError('ALERT_SECRET is too short: use at least 16 characters nobody can guess.', 2)
  return secret || undefined
}

const MOST_WORKERS = 64

function workers(env: Environment): number {
  const text = env.ZAHNRAD_WORKERS
  if (!text) return 1
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > MOST_WORKERS)
    throw new SetupError(`ZAHNRAD_WORKERS is "${text}" but must be a number of processes from 1 to ${MOST_WORKERS}.`, 2)
  if (value > 1 && !env.DATABASE_URL)
    throw new SetupError(
      `ZAHNRAD_WORKERS is ${value}, but the embedded database belongs to one process: set DATABASE_URL to a PostgreSQL server, or leave ZAHNRAD_WORKERS out.`,
      2,
    )
  return value
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** Reads the configuration; a wrong value stops the start with a sentence that says which and why. */
export function readConfig(env: Environment = process.env): Config {
  const logLevel = env.LOG_LEVEL || 'info'
  if (!LEVELS.includes(logLevel))
    throw new SetupError(`LOG_LEVEL is "${logLevel}" but must be one of ${LEVELS.join(', ')}.`, 2)
  return {
    port: port(env, 'PORT', 8080),
    mqttPort: port(env, 'MQTT_PORT', 1883),
    brokerUrl: brokerUrl(env),
    brokerCa: brokerCa(env),
    brokerTopics: brokerTopics(env),
    mqttUrls: mqttUrls(env),
    databaseUrl: env.DATABASE_URL || undefined,
    dataDir: resolve(env.DATA_DIR || 'data'),
    publicUrl: publicUrl(env),
    openWrite: flag(env, 'ZAHNRAD_OPEN_WRITE'),
    tasking: flag(env, 'TASKING'),
    example: env.ZAHNRAD_EXAMPLE ? flag(env, 'ZAHNRAD_EXAMPLE') : undefined,
    cityFile: env.CITY_FILE ? resolve(env.CITY_FILE) : undefined,
    trustProxy: (env.TRUST_PROXY ?? 'loopback')
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
    allowPrivate: flag(env, 'ZAHNRAD_ALLOW_PRIVATE'),
    logLevel,
    workers: workers(env),
    oidc: oidc(env),
    ...smtp(env),
    alertSecret: alertSecret(env),
  }
}
