// Where the model looked for each word: chips of the words, and a map over the picture.
import { post, ApiError } from './api.js';
import { Activity } from './activity.js';
import { byId, element, announce, percent } from './dom.js';
import { drawHeatMap, placeOf } from './heat_map.js';
import { session } from './session.js';

const LARGEST = 256; // rows and columns that are drawn

export function startExplain(models) {
  const activity = new Activity(byId('explain'));
  const field = byId('explain-text');
  const done = byId('explain-done');
  const chips = byId('explain-words');
  const where = byId('explain-where');
  const overlay = byId('overlay');
  const opacity = byId('explain-opacity');
  const forCaption = byId('explain-caption');
  const image = byId('picture');
  let known = { caption: '', model: undefined, usual: true };

  const clear = () => {
    done.hidden = true;
    overlay.hidden = true;
    chips.replaceChildren();
    where.textContent = '';
  };

  const setOpacity = () => {
    overlay.style.opacity = opacity.value / 100;
    byId('explain-opacity-value').textContent = `${opacity.value} %`;
    opacity.setAttribute('aria-valuetext', `${opacity.value} percent`);
  };

  const show = (words) => {
    const all = { word: 'All words', map: meanOf(words) };
    const largest = Math.max(...words.map(({ map }) => peakOf(map)), 1e-12);
    chips.replaceChildren(...[all, ...words].map((entry, index) => {
      const input = element('input', { type: 'radio', name: 'explained-word', value: index });
      const select = () => {
        drawHeatMap(overlay, entry.map, image.naturalWidth || 1, image.naturalHeight || 1);
        overlay.hidden = image.hidden;
        where.textContent = describe(entry, index === 0, peakOf(entry.map) / largest);
      };
      input.addEventListener('change', () => {
        select();
        announce(where.textContent);
      });
      if (index === 0) {
        input.checked = true;
        select();
      }
      return element('label', { class: index === 0 ? 'chip all' : 'chip' }, input, element('span', {}, entry.word));
    }));
    done.hidden = false;
  };

  // What is explained: fields of the request.
  const explain = (fields) => {
    const { picture } = session;
    activity.run('Computing the maps', async (signal) => {
      clear();
      const answer = await post('/blip/v1/explain', picture, fields, { signal });
      const words = (answer.words ?? []).map(({ word, map }) => ({ word: String(word), map }));
      if (words.length === 0 || !words.every(({ map }) => isMap(map))) {
        throw new ApiError('The server sent no map for this text.');
      }
      show(words);
      announce(`Maps of ${words.length} words. ${where.textContent}`);
    });
  };
  const explainText = (text) => explain({ model: models.chosen('explain_text'), text });

  byId('explain-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text !== '' && session.picture) explainText(text);
  });
  forCaption.addEventListener('click', () => {
    // A captioning model explains the caption that it writes itself, which is the one on the page
    // unless another wording was asked for.
    if (models.can('explain_caption') && (known.usual || !models.can('explain_text'))) {
      explain({ model: models.list && known.model ? known.model : undefined });
    } else {
      explainText(known.caption);
    }
  });
  // The layer lies exactly over the picture, whatever the window does.
  new ResizeObserver(() => {
    const { naturalWidth: width, naturalHeight: height } = image;
    const scale = Math.min(image.clientWidth / width, image.clientHeight / height) || 0;
    overlay.style.inlineSize = `${width * scale}px`;
    overlay.style.blockSize = `${height * scale}px`;
  }).observe(image);
  opacity.addEventListener('input', setOpacity);
  setOpacity();

  session.onPicture(() => {
    activity.reset();
    clear();
    field.value = '';
    forCaption.disabled = true;
  });

  return {
    // {caption, model, usual: whether the model writes it again when it is asked again}.
    offerCaption(written) {
      known = written;
      forCaption.disabled = false;
    },
  };
}

function isMap(map) {
  return Array.isArray(map) && map.length > 0 && map.length <= LARGEST
    && map.every((row) => Array.isArray(row) && row.length > 0 && row.length <= LARGEST
      && row.length === map[0].length && row.every(Number.isFinite));
}

function peakOf(map) {
  return Math.max(...map.map((row) => Math.max(...row)));
}

function meanOf(words) {
  return words[0].map.map((row, y) => row.map((_, x) =>
    words.reduce((sum, { map }) => sum + (map[y]?.[x] ?? 0), 0) / words.length));
}

function describe({ word, map }, all, strength) {
  if (peakOf(map) <= 0) return `No place in the picture made “${word}” likelier.`;
  const place = placeOf(map);
  if (all) return `Over all words it looked most ${place}.`;
  return `For “${word}” it looked most ${place}, with ${percent(strength)} of the strength of the strongest word.`;
}
