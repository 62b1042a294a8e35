import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { Router } from 'express'
import { pool } from '../db.js'
import { HttpError } from '../errors.js'
import { readText } from '../input.js'
import { passwordCost } from '../password.js'

interface Credential {
  user_id: number
  salt: string
  password_hash: string
}

export const sessions = Router()

/** Signs a member in. */
sessions.post('/', async (req, res) => {
  const { rows } = await pool.query<Credential>(
    `select c.user_id, c.salt, c.password_hash
       from credentials c join users u on u.id = c.user_id
      where u.email = $1`,
    [readText(req.body?.email, 'email')],
  )
  const [credential] = rows
  const password = readText(req.body?.password, 'password')
  // An unknown address costs the same, so that it cannot be told by the time.
  const offered = scryptSync(password, credential?.salt ?? 'nobody', 32, passwordCost)
  const expected = Buffer.from(credential?.password_hash ?? '', 'hex')
  if (
    credential === undefined ||
    expected.length !== offered.length ||
    !timingSafeEqual(offered, expected)
  ) {
    throw new HttpError(401, 'unknown address or wrong password')
  }
  res.status(201).json({ user_id: credential.user_id, ticket: randomBytes(16).toString('hex') })
})
