/** The preface of HTTP/2, empty settings, and a HEADERS frame that says 100 bytes and has 4. */
export const SLOW_HEAD = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  Buffer.from([0, 0, 100, 1, 4, 0, 0, 0, 1]),
  Buffer.from([0x82, 0x86, 0x84, 0x41]),
])
