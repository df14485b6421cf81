/**
 * What went wrong with a SensorThings request. `position` is a 0-based character: inside the (decoded) value of the
 * query option the message names, or inside the (decoded) path below the service root.
 */
export class StaError extends Error {
  override name = 'StaError'
  readonly status: number
  readonly position: number | undefined
  constructor(status: number, message: string, position?: number) {
    super(message)
    this.status = status
    this.position = position
  }
}

export const bad = (message: string, position?: number) => new StaError(400, message, position)
export const notFound = (message: string, position?: number) => new StaError(404, message, position)
