// Texts with a number and a bar each: what fits how well, classes, tags.
import { element } from './dom.js';

// rows: [{text, shares: [{label, share, number}]}]. The numbers are the content; the bar, of the
// first of them, is for the eye.
export function barList(title, rows) {
  const list = element('ol', { class: 'bars', 'aria-label': title });
  rows.forEach(({ text, shares }, index) => {
    const fill = element('span', { class: 'bar-fill' });
    // By script, because the content security policy forbids style attributes in markup.
    fill.style.inlineSize = `${(100 * Math.min(1, Math.max(0, shares[0]?.share ?? 0))).toFixed(1)}%`;
    const numbers = element('p', { class: 'bar-numbers' }, ...shares.map(({ label, number }) =>
      element('span', {}, label ? element('span', { class: 'bar-label' }, `${label} `) : '', number)));
    list.append(element('li', { class: index === 0 ? 'best' : '' },
      element('p', { class: 'bar-text' }, text), numbers,
      element('span', { class: 'bar', 'aria-hidden': 'true' }, fill)));
  });
  return list;
}
