// Questions about a photo of the library: it is sent to the same place as any other picture.
import { post } from './api.js';
import { Activity } from './activity.js';
import { announce, byId, element } from './dom.js';
import { fetchPicture, pictureOf } from './photo_images.js';
import { Picture } from './picture.js';

export function startPhotoAsk() {
  const activity = new Activity(byId('photo-ask'));
  const field = byId('photo-question');
  const list = byId('photo-answers');
  let photo = null;

  byId('photo-ask-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const question = field.value.trim();
    const asked = photo;
    if (question === '' || !asked) return;
    activity.run('Looking for the answer', async (signal) => {
      const answer = element('p', { class: 'answer writing' });
      const item = element('li', {}, element('p', { class: 'question' }, question), answer);
      signal.addEventListener('abort', () => item.remove());
      list.prepend(item);
      let picture = null;
      try {
        picture = new Picture(await fetchPicture(pictureOf(asked), signal), { name: 'photo.jpg' });
        const result = await post('/blip/v1/ask', picture, { question }, {
          signal,
          onToken: (piece) => answer.append(piece),
        });
        const text = String(result.answers?.[0]?.answer ?? answer.textContent).trim();
        answer.textContent = text || 'No answer.';
        answer.classList.remove('writing');
        announce(`Answer: ${answer.textContent}`);
      } catch (error) {
        item.remove();
        throw error;
      } finally {
        picture?.release();
      }
    });
    field.select();
  });

  return {
    show(shown) {
      if (photo?.id === shown.id) return;
      photo = shown;
      activity.reset();
      list.replaceChildren();
      field.value = '';
    },
  };
}
