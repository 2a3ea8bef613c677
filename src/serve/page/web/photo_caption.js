// A photo's caption: shown, edited and kept in the index, or suggested by a model.
import { post, putJson } from './api.js';
import { Activity } from './activity.js';
import { announce, byId } from './dom.js';
import { fetchPicture, pictureOf } from './photo_images.js';
import { Picture } from './picture.js';

export function startPhotoCaption(onChanged) {
  const activity = new Activity(byId('photo-caption'));
  const form = byId('caption-form');
  const field = byId('caption-field');
  let photo = null;

  const show = (shown) => {
    photo = shown;
    byId('photo-title').textContent = shown.caption || shown.name;
    byId('caption-writer').textContent = writerOf(shown);
    byId('caption-edit').textContent = shown.caption ? 'Edit the caption' : 'Write a caption';
    byId('caption-hint').hidden = !shown.by_hand;
  };

  const edit = (open) => {
    form.hidden = !open;
    byId('caption-actions').hidden = open;
    if (!open) activity.reset();
  };

  byId('caption-edit').addEventListener('click', () => {
    field.value = photo.caption ?? '';
    edit(true);
    field.focus();
  });
  byId('caption-cancel').addEventListener('click', () => {
    edit(false);
    byId('caption-edit').focus();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && event.target === field) {
      event.preventDefault(); // a caption is one line
      form.requestSubmit();
    }
    if (event.key === 'Escape') {
      event.preventDefault(); // not the whole photo
      event.stopPropagation();
      edit(false);
      byId('caption-edit').focus();
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const { id } = photo;
    activity.run('Saving the caption', async (signal) => {
      // Not with the signal: it is written, whatever is looked at meanwhile.
      const saved = await putJson(`/blip/v1/library/photos/${id}/caption`, { caption: field.value });
      onChanged(saved);
      if (photo?.id !== id || signal.aborted) return;
      show(saved);
      form.hidden = true;
      byId('caption-actions').hidden = false;
      byId('caption-edit').focus();
      announce(saved.by_hand ? 'The caption is saved.' : 'The caption of the model is back.');
    });
  });
  byId('caption-suggest').addEventListener('click', () => {
    const asked = photo;
    activity.run('Describing the photo', async (signal) => {
      const picture = new Picture(await fetchPicture(pictureOf(asked), signal), { name: 'photo.jpg' });
      try {
        field.value = '';
        const answer = await post('/blip/v1/caption', picture, {}, { signal, onToken: (piece) => { field.value += piece; } });
        field.value = String(answer.captions?.[0]?.caption ?? field.value).trim();
        field.focus();
        announce(`Suggested: ${field.value}`);
      } finally {
        picture.release();
      }
    });
  });

  return {
    show,
    reset() {
      edit(false);
    },
  };
}

function writerOf({ by_hand: byHand, captions, caption, name }) {
  if (!caption) return '';
  return byHand ? `Written by hand · ${name}` : `Written by ${captions[0]?.by ?? 'a model'} · ${name}`;
}
