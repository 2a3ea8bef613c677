// The caption: written as it comes, then copied as text, alt text or JSON.
import { post } from './api.js';
import { Activity } from './activity.js';
import { makeCopyButton } from './clipboard.js';
import { announce, byId, percent, duration } from './dom.js';
import { session } from './session.js';
import { ALT_LIMIT, altAttribute, altText } from './text_forms.js';

export function startCaption(models, onCaption) {
  const activity = new Activity(byId('caption'));
  const text = byId('caption-text');
  const facts = byId('caption-facts');
  const done = byId('caption-done');

  const clear = () => {
    text.textContent = '';
    text.classList.remove('writing');
    facts.textContent = '';
    done.hidden = true;
  };

  // `fields` of another wording than the usual one.
  const write = (fields = null) => {
    const { picture } = session;
    activity.run('Describing the picture', async (signal) => {
      const began = performance.now();
      clear();
      text.classList.add('writing');
      try {
        const answer = await post('/blip/v1/caption', picture, { model: models.chosen('caption'), ...fields }, {
          signal,
          onToken: (piece) => text.append(piece),
        });
        const best = answer.captions?.[0];
        show(answer.model, best, performance.now() - began, fields === null);
      } finally {
        // Overtaken by another one, the line is not ours any more.
        if (activity.runs(signal)) text.classList.remove('writing');
      }
    });
  };

  const show = (model, best, time, usual) => {
    const caption = String(best?.caption ?? text.textContent).trim();
    text.textContent = caption;
    const words = [model, duration(time)];
    if (best?.mean_log_probability < 0) { // 0: not computed
      words.push(`${percent(Math.exp(best.mean_log_probability))} sure of each word`);
    }
    facts.textContent = words.filter(Boolean).join(' · ');
    if (caption === '') {
      facts.textContent = 'The model wrote nothing.';
      return;
    }
    session.known.model = model;
    session.known.caption = caption;
    byId('alt-attribute').textContent = altAttribute(caption);
    byId('alt-length').textContent = lengthOf(caption);
    done.hidden = false;
    announce(`Caption: ${caption}`);
    onCaption({ caption, model, usual });
  };

  makeCopyButton(byId('copy-text'), () => session.known.caption);
  makeCopyButton(byId('copy-alt'), () => altAttribute(session.known.caption));
  makeCopyButton(byId('copy-json'), () => JSON.stringify(asJson(), null, 2));
  byId('caption-again').addEventListener('click', () => {
    byId('caption-title').focus();
    write({ do_sample: true, top_p: 0.9, num_beams: 1, seed: Math.floor(Math.random() * 2 ** 31) });
  });

  byId('caption').addEventListener('change', (event) => {
    if (event.target.matches('.picker select') && session.picture) write();
  });
  session.onPicture(() => {
    activity.reset();
    clear();
    if (models.can('caption')) write();
  });
}

function lengthOf(caption) {
  const length = [...altText(caption)].length;
  const cut = altText(caption).length < caption.length ? ', shortened' : '';
  return `${length} of ${ALT_LIMIT} characters${cut}`;
}

// Everything that is known of the picture.
function asJson() {
  const { picture, known } = session;
  const { caption, model, answers, matches, labels, tags } = known;
  return {
    image: picture.name,
    model,
    caption,
    alt: altText(caption),
    ...(answers.length && { answers: [...answers].reverse() }),
    ...(matches && { matches }),
    ...(labels && { labels }),
    ...(tags && { tags }),
  };
}
