// A caption in the forms in which people take it away.

export const ALT_LIMIT = 125; // characters, after which screen readers may cut or pause

// The value of an alt attribute, in quotation marks.
export function escapeAttribute(text) {
  const signs = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (sign) => signs[sign]).replace(/[\r\n\t]+/g, ' ');
}

// As a sentence, and no longer than the limit: cut between words, with an ellipsis.
export function altText(caption, limit = ALT_LIMIT) {
  const text = caption.trim().replace(/\s+/g, ' ');
  const begun = text.charAt(0).toLocaleUpperCase() + text.slice(1);
  const letters = [...begun]; // code points: none is cut in two
  if (letters.length <= limit) return begun;
  const head = letters.slice(0, limit - 1).join('');
  const space = head.lastIndexOf(' ');
  return `${(space > limit / 2 ? head.slice(0, space) : head).replace(/[\s,;.:]+$/, '')}…`;
}

export function altAttribute(caption) {
  return `alt="${escapeAttribute(altText(caption))}"`;
}
