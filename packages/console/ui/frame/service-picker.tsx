import { change, type Place } from '../place/place.js'

export function ServicePicker({ place, services }: { place: Place; services: readonly string[] }) {
  const chosen = place.params.get('service') ?? ''
  // A service of a link that sent nothing in this window is still what is looked at.
  const all = chosen === '' || services.includes(chosen) ? services : [chosen, ...services]
  // Its place is kept, so that the menu beside it does not jump when it comes.
  if (all.length === 0) return <span class="service" aria-hidden="true" />
  if (all.length === 1 && chosen === '')
    return (
      <span class="service only cut" title={all[0]}>
        {all[0]}
      </span>
    )
  return (
    <select
      class="field service"
      aria-label="Service"
      value={chosen}
      onChange={event => change({ service: event.currentTarget.value }, 'push')}
    >
      <option value="">All services</option>
      {all.map(service => (
        <option key={service} value={service}>
          {service}
        </option>
      ))}
    </select>
  )
}
