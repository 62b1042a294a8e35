import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, type AskError } from '../ask/ask.js'
import { keepToken } from '../ask/token.js'

/** Asks for the token of a console that other machines can reach. */
export function TokenForm() {
  const [text, setText] = useState('')
  const [said, setSaid] = useState('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const send = async (event: Event): Promise<void> => {
    event.preventDefault()
    const given = text.trim()
    if (!/^[!-~]{1,}$/.test(given)) {
      setSaid(
        'A token has no blanks. It is what HOTPATH_CONSOLE_TOKEN holds where the console runs.',
      )
      return
    }
    setSaid('')
    try {
      await ask('status', new AbortController().signal, given)
      keepToken(given)
    } catch (error) {
      const { status, message } = error as AskError
      setSaid(status === 401 ? 'The console refused this token.' : message)
    }
  }
  return (
    <main class="token">
      <form class="card" onSubmit={send}>
        <h1>This console needs its token</h1>
        <p class="muted">
          It can be reached from other machines, so it answers only who knows the token: what{' '}
          <code>HOTPATH_CONSOLE_TOKEN</code> holds where it runs. It is kept in this tab alone.
        </p>
        <label for="token">Token</label>
        <input
          ref={input}
          id="token"
          class="field"
          type="password"
          autocomplete="off"
          value={text}
          onInput={event => setText(event.currentTarget.value)}
          aria-describedby="token-said"
        />
        <p id="token-said" class="said" role="alert">
          {said}
        </p>
        <button class="button main" type="submit">
          Open
        </button>
      </form>
    </main>
  )
}
