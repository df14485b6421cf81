import { lookup as resolve } from 'node:dns'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** An address a source must not reach: the operator's own network, not the public internet. */
export class ForbiddenAddress extends Error {
  override name = 'ForbiddenAddress'
  readonly code = 'EFORBIDDEN'
}

/** Is this IP address on the public internet? Private, loopback, link-local, metadata and mapped ones are not. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  // `process` unwraps IPv4 addresses written as IPv6 (::ffff:127.0.0.1).
  const address = ipaddr.process(text)
  if (address.range() !== 'unicast') return false
  if (address.kind() === 'ipv6') {
    const v6 = address as ipaddr.IPv6
    // NAT64 and 6to4 carry an IPv4 address that may be private.
    return (
      !v6.match(ipaddr.parseCIDR('64:ff9b::/96') as [ipaddr.IPv6, number]) &&
      !v6.match(ipaddr.parseCIDR('2002::/16') as [ipaddr.IPv6, number])
    )
  }
  return true
}

type LookupCallback = (
  error: Error | null,
  address: string | { address: string; family: number }[],
  family?: number,
) => void

/**
 * A DNS look-up for connections that answers with public addresses only. The address that was checked is the one that
 * is connected to, so a name that changes between check and use gains nothing.
 */
export function publicLookup(
  hostname: string,
  options: { all?: boolean; family?: number | string },
  callback: LookupCallback,
): void {
  resolve(hostname, { all: true, family: options.family as 0 | 4 | 6 | undefined }, (error, addresses) => {
    if (error) return callback(error, [])
    const allowed = addresses.filter(({ address }) => isPublicAddress(address))
    if (allowed.length === 0) {
      return callback(
        new ForbiddenAddress(`"${hostname}" leads to ${addresses[0]?.address}, which is not a public address`),
        [],
      )
    }
    if (options.all) callback(null, allowed)
    else callback(null, allowed[0]!.address, allowed[0]!.family)
  })
}

/** Hosts written as addresses never reach the look-up: check them by themselves. */
export function requirePublicHost(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) && !isPublicAddress(host)) throw new ForbiddenAddress(`${host} is not a public address`)
}
