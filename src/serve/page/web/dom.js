// Elements by id, and new ones. Text goes in as text, never as markup.

export function byId(id) {
  return document.getElementById(id);
}

// element('li', {class: 'answer'}, 'text', otherElement…)
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// What screen readers are told, once for each result rather than for each token.
export function announce(text) {
  // Behind an open dialog nothing is read.
  const announcer = document.querySelector('dialog[open] [role="status"]') ?? byId('announcer');
  announcer.textContent = '';
  // A change in a later frame is read even if the text is the one before.
  requestAnimationFrame(() => {
    announcer.textContent = text;
  });
}

export function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${value.toFixed(value < 10 || value > 99 ? 1 : 0).replace(/\.0$/, '')} %`;
}

export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 10000 ? 1 : 0)} s`;
}
