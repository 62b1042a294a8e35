/** Runs before the first paint: a theme that was chosen holds from the first pixel on. */
try {
  const chosen = localStorage.getItem('hotpath.theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
  // Storage is forbidden: the system's theme it is.
}
