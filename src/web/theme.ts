/** Loaded before anything is drawn, so that a chosen theme does not flash. Without imports of weight. */
const chosen = localStorage.getItem('bgpwarden-theme')
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen
