/** A real OpenID provider in a process of its own: prints its issuer. Signing in as NAME is anna, groups `/tiefbau`. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

const server = createServer()
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
const provider = new Provider(issuer, {
  clients: [
    { client_id: 'zahnrad', client_secret: 'a secret of the test', redirect_uris: ['http://localhost/callback'] },
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@id.example`,
      email_verified: id !== 'unchecked',
      name: `Frau ${id}`,
      groups: ['/tiefbau'],
    }),
  }),
  cookies: { keys: ['only for tests'] },
})
// The platform's port is known only after it has started with this issuer.
provider.Client.prototype.redirectUriAllowed = (uri: string) =>
  /^http:\/\/localhost:\d+\/login\/oidc\/callback$/.test(uri)
server.on('request', provider.callback())
process.stdout.write(`${issuer}\n`)
