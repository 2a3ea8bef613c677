// The example photos that come with the program.
import { getJson } from './api.js';
import { element } from './dom.js';
import { Picture } from './picture.js';

// Shows them if the server has some. Calls onPicture(picture) for one that is chosen, or
// onFailed(error).
export async function offerExamples(onPicture, onFailed) {
  let examples = [];
  try {
    ({ examples } = await getJson('/blip/v1/examples'));
  } catch (error) {
    return; // the page works without them
  }
  if (!Array.isArray(examples) || examples.length === 0) return;
  let newest = 0; // of several that are chosen in a row only the last one counts
  const choose = async (example) => {
    newest += 1;
    const mine = newest;
    try {
      const response = await fetch(example.url);
      if (!response.ok) throw new Error(`The server answered ${response.status}.`);
      const blob = await response.blob();
      if (mine === newest) onPicture(new Picture(blob, { name: `${example.name}.jpg`, alt: example.alt, credit: example.credit }));
    } catch (error) {
      if (mine === newest) onFailed('The example could not be loaded.');
    }
  };
  for (const list of document.querySelectorAll('[data-example-list]')) {
    list.replaceChildren(...examples.map((example) => {
      const image = element('img', { src: example.url, alt: example.alt, loading: 'lazy', decoding: 'async', width: 160, height: 120 });
      const button = element('button', { type: 'button', class: 'example' }, image);
      button.addEventListener('click', () => choose(example));
      return element('li', {}, button);
    }));
    list.closest('[data-examples]').hidden = false;
  }
  return { forget: () => { newest += 1; } };
}
