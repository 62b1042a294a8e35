/**
 * A statement with its words set apart: keywords strong, placeholders in the colour of heat. Made of
 * elements, never of markup.
 */
const keyword =
  /^(?:select|insert|update|delete|into|values|set|from|where|and|or|not|in|is|null|as|on|join|left|right|inner|outer|full|cross|natural|lateral|group|order|by|having|limit|offset|union|all|any|distinct|case|when|then|else|end|exists|between|like|ilike|returning|with|using|asc|desc|begin|commit|rollback|explain|create|index|concurrently|unnest|for|conflict|do|nothing)$/i

/** `left outer join` is one clause: no line begins within it, nor within `delete from`. */
const clause =
  /(?<!\b(?:left|right|inner|full|cross|natural|outer|delete|distinct))\s+(?=(?:from|where|(?:(?:natural|left|right|inner|full|cross|outer) )*join|group by|order by|having|limit|offset|union|returning|values|set|on conflict)\b)/gi
/** What is explained begins a line of its own. */
const explained = /^(explain(?: \([^)]*\))?)\s+(?=\w)/i

export function Sql({ text }: { text: string }) {
  const parts = brokenSql(text).split(/([A-Za-z_][\w]*|\$\d+|\?|'(?:[^']|'')*')/)
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

/** Line breaks before the clauses of a long statement that came on one line. */
function brokenSql(text: string): string {
  if (text.includes('\n')) return text
  const lines = text.replace(explained, '$1\n')
  return text.length > 60 ? lines.replaceAll(clause, '\n') : lines
}
