import { config } from './config.js'

export interface Mail {
  readonly to: string
  readonly subject: string
  readonly body: string
}

/** Hands a mail to the provider; resolves once the provider has accepted it. */
export async function sendMail(mail: Mail): Promise<void> {
  if (config.mailUrl === undefined) {
    console.log(`mail to ${mail.to}: ${mail.subject}`)
    return
  }
  const response = await fetch(config.mailUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(mail),
  })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`the mail provider answered ${response.status}`)
}
