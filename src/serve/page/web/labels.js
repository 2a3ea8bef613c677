// Classes and tags, where a model names them.
import { post } from './api.js';
import { Activity } from './activity.js';
import { barList } from './bars.js';
import { announce, byId, element, percent } from './dom.js';
import { session } from './session.js';

export function startLabels(models) {
  const activity = new Activity(byId('labels'));
  const results = byId('labels-results');

  const ask = (kind, doing, path, fields) => {
    const { picture, known } = session;
    results.replaceChildren();
    activity.run(doing, async (signal) => {
      const answer = await post(path, picture, fields, { signal });
      const found = (answer.labels ?? answer.tags ?? []).map(({ label, score }) => ({ label: String(label), score }));
      // Probabilities lie between 0 and 1; margins and cosines are drawn against the best.
      const probabilities = kind === 'labels' && found.every(({ score }) => score >= 0 && score <= 1);
      const best = Math.max(...found.map(({ score }) => score), 1e-6);
      results.replaceChildren(found.length
        ? barList(kind === 'labels' ? 'Classes, the likeliest first' : 'Tags, the best first', found.map(({ label, score }) => ({
          text: label,
          shares: [{
            share: probabilities ? score : score / best,
            number: probabilities ? percent(score) : score.toFixed(3),
          }],
        })))
        : element('p', { class: 'facts' }, 'Nothing fits.'));
      known[kind] = found;
      announce(found.length ? `${found.length} found. First: ${found[0].label}` : 'Nothing fits.');
    });
  };

  byId('labels-tag').addEventListener('click', () => {
    ask('tags', 'Looking for tags', '/blip/v1/tag', { model: models.chosen('tag') });
  });
  byId('labels-classify').addEventListener('click', () => {
    ask('labels', 'Naming the class', '/blip/v1/classify', { model: models.chosen('classes') });
  });
  byId('labels-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const labels = [...new Set(byId('labels-list').value.split(/[,\n]/).map((label) => label.trim()).filter(Boolean))];
    if (labels.length === 0 || !session.picture) return;
    ask('labels', 'Choosing', '/blip/v1/classify', { model: models.chosen('labels'), labels, top: labels.length });
  });
  session.onPicture(() => {
    activity.reset();
    results.replaceChildren();
  });
}
