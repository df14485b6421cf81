import type { Socket } from 'node:net'

/**
 * Ends a connection that announces a packet larger than `limit` bytes, before it is buffered. Follows only the fixed
 * header of each packet (MQTT 3.1.1 §2.2: one byte of type, then the remaining length in one to four bytes).
 */
export function limitPackets(socket: Socket, limit: number, refused: () => void): void {
  const follow = packetFollower(limit)
  const read = socket.read.bind(socket)
  socket.read = (size?: number) => {
    const chunk = read(size)
    if (chunk === null || follow(chunk)) return chunk
    refused()
    socket.destroy()
    return null
  }
}

/** Returns a function that takes the stream's chunks in order and answers false at the first packet that is too large. */
export function packetFollower(limit: number): (chunk: Buffer) => boolean {
  let body = 0
  let header = -1
  let length = 0
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (body > 0) {
        const step = Math.min(body, chunk.length - at)
        body -= step
        at += step
      } else if (header < 0) {
        header = 0
        length = 0
        at++
      } else {
        const byte = chunk[at++]!
        length += (byte & 127) * 128 ** header
        if (++header > 4 || length > limit) return false
        if (byte < 128) {
          body = length
          header = -1
        }
      }
    }
    return true
  }
}
