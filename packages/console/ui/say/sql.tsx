/**
 * A statement with its words set apart: keywords strong, placeholders in the colour of heat. Made of
 * elements, never of markup.
 */
const keyword =
  /^(?:select|insert|update|delete|into|values|set|from|where|and|or|not|in|is|null|as|on|join|left|right|inner|outer|full|cross|lateral|group|order|by|having|limit|offset|union|all|any|distinct|case|when|then|else|end|exists|between|like|ilike|returning|with|using|asc|desc|begin|commit|rollback|explain|create|index|concurrently|unnest|for|conflict|do|nothing)$/i

/** Line breaks before the clauses of a statement that came on one line. */
const clause =
  /\s+(?=(?:from|where|(?:left|right|inner|full|cross) (?:outer )?join|join|group by|order by|having|limit|offset|union|returning|values|set|on conflict)\b)/gi

export function Sql({ text }: { text: string }) {
  const broken = text.length > 60 && !text.includes('\n') ? text.replaceAll(clause, '\n') : text
  const parts = broken.split(/([A-Za-z_][\w]*|\$\d+|\?|'(?:[^']|'')*')/)
  return (
    <pre class="sql">
      {parts.map((part, i) => {
        if (i % 2 === 0) return part
        if (keyword.test(part)) return <b key={i}>{part}</b>
        if (/^[$?]/.test(part)) return <i key={i}>{part}</i>
        return part
      })}
    </pre>
  )
}
