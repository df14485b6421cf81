/** Passkeys in the browser (W3C Web Authentication). Loaded only by the pages that sign people in. */
import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
  WebAuthnError,
} from '@simplewebauthn/browser'
import { Failure, send } from './api.ts'

export { browserSupportsWebAuthn as canPasskey, browserSupportsWebAuthnAutofill as canAutofill }

export interface Passkey {
  id: number
  name: string
  host: string
  createdAt: string
  lastUsedAt: string | null
}

/** Makes a passkey on the person's device and adds it to the own account. */
export async function addPasskey(name: string, password: string): Promise<void> {
  const optionsJSON = await send<PublicKeyCredentialCreationOptionsJSON>('POST', '/api/v1/account/passkeys/challenge', {
    password,
  })
  const response = await startRegistration({ optionsJSON: optionsJSON! })
  await send('POST', '/api/v1/account/passkeys', { name, response })
}

/** Signs in. `autofill`: waits until the person chooses a passkey in the address field; ended by {@link stopWaiting}. */
export async function signInByPasskey(autofill: boolean): Promise<void> {
  const optionsJSON = await send<PublicKeyCredentialRequestOptionsJSON>('POST', '/api/v1/sign-in/passkey/challenge')
  const { id, rawId, type, response, authenticatorAttachment, clientExtensionResults } = await startAuthentication({
    optionsJSON: optionsJSON!,
    useBrowserAutofill: autofill,
  })
  await send('POST', '/api/v1/sign-in/passkey', {
    ...{ id, rawId, type, response, clientExtensionResults },
    ...(authenticatorAttachment && { authenticatorAttachment }),
  })
}

export const stopWaiting = (): void => WebAuthnAbortService.cancelCeremony()

/** The code of what went wrong: the server's, `aborted` when the person or the device gave up, else null. */
export function troubleOf(error: unknown): string | null {
  if (error instanceof Failure) return String(error.problem.code ?? '')
  if (error instanceof WebAuthnError && error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED')
    return 'passkey-known'
  return error instanceof Error && ['NotAllowedError', 'AbortError', 'WebAuthnError'].includes(error.name)
    ? 'aborted'
    : null
}
