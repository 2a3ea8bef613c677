// How well texts fit the picture: by the matching head (a probability) and by the angle between
// the two embeddings.
import { post } from './api.js';
import { Activity } from './activity.js';
import { barList } from './bars.js';
import { announce, byId, element, percent } from './dom.js';
import { session } from './session.js';

const MOST = 50; // texts
// Similarities of contrastive models lie far below 1: the bars are drawn on this scale, or on that
// of the best text if it is above.
const SIMILARITY_SCALE = 0.5;

export function startMatch(models) {
  const activity = new Activity(byId('match'));
  const field = byId('match-texts');
  const results = byId('match-results');

  const compare = (texts) => {
    const { picture, known } = session;
    results.replaceChildren();
    activity.run('Comparing', async (signal) => {
      const answer = await post('/blip/v1/match', picture, { model: models.chosen('match'), texts }, { signal });
      const matches = (answer.matches ?? []).map(({ text, itm, itc }) => ({ text: String(text), itm, itc }));
      const head = matches.some(({ itm }) => Number.isFinite(itm));
      matches.sort((a, b) => (head ? b.itm - a.itm : 0) || b.itc - a.itc);
      const scale = Math.max(SIMILARITY_SCALE, ...matches.map(({ itc }) => itc || 0));
      results.replaceChildren(
        barList('Texts, the best first', matches.map(({ text, itm, itc }) => ({ text, shares: sharesOf(itm, itc, scale) }))),
        element('p', { class: 'facts' }, head
          ? 'Match: the probability that the text belongs to the picture. Similarity: the cosine between both, to compare texts with each other.'
          : 'The cosine between picture and text. Compare the texts with each other; there is no fixed limit for a good one.'),
      );
      known.matches = matches;
      if (matches.length) announce(`Best: ${matches[0].text}, ${sharesOf(matches[0].itm, matches[0].itc, scale)[0].number}`);
    });
  };

  byId('match-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const texts = [...new Set(field.value.split('\n').map((line) => line.trim()).filter(Boolean))];
    field.setCustomValidity(texts.length > MOST ? `At most ${MOST} texts.` : '');
    if (!field.reportValidity() || texts.length === 0 || !session.picture) return;
    compare(texts);
  });
  field.addEventListener('input', () => field.setCustomValidity(''));
  // A line's end is a part of the text, so sending needs another key.
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) byId('match-form').requestSubmit();
  });
  session.onPicture(() => {
    activity.reset();
    results.replaceChildren();
  });
}

function sharesOf(itm, itc, scale) {
  const shares = [];
  if (Number.isFinite(itm)) shares.push({ label: 'Match', share: itm, number: percent(itm) });
  if (Number.isFinite(itc)) shares.push({ label: 'Similarity', share: itc / scale, number: itc.toFixed(3) });
  return shares;
}
