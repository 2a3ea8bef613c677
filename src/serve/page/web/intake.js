// Intake: the ways in which a picture comes: file dialog, drop, paste, camera, examples.
import { byId } from './dom.js';
import { openCamera, cameraKind } from './camera.js';
import { Picture, pictureAmong } from './picture.js';

// Calls onPicture(picture), or onRefused(message) when something came that is no picture.
export function listenForPictures({ onPicture, onRefused }) {
  const take = (files) => {
    if (!files.length) return;
    const file = pictureAmong(files);
    if (file) onPicture(new Picture(file));
    else onRefused('That is no picture. JPEG, PNG, WebP, HEIC, AVIF and TIFF can be read.');
  };
  listenToFileInputs(take);
  listenToDrops(take);
  listenToPaste(take);
  listenToCamera(onPicture);
}

function listenToFileInputs(take) {
  for (const id of ['file', 'capture']) {
    const input = byId(id);
    input.addEventListener('change', () => {
      take([...input.files]);
      input.value = ''; // the same file may be chosen again
    });
  }
  for (const button of document.querySelectorAll('[data-choose]')) {
    button.addEventListener('click', () => byId('file').click());
  }
  // With a mouse the whole field is the button.
  byId('dropzone').addEventListener('click', (event) => {
    if (!event.target.closest('button') && !getSelection().toString()) byId('file').click();
  });
}

function listenToDrops(take) {
  const sign = byId('drop-here');
  let depth = 0; // dragenter and dragleave come for every element that is crossed
  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  addEventListener('dragenter', (event) => {
    if (!brings(event)) return;
    depth += 1;
    sign.hidden = false;
  });
  addEventListener('dragleave', (event) => {
    if (!brings(event)) return;
    depth = Math.max(0, depth - 1);
    sign.hidden = depth === 0;
  });
  addEventListener('dragover', (event) => {
    if (brings(event)) event.preventDefault();
  });
  addEventListener('drop', (event) => {
    depth = 0;
    sign.hidden = true;
    if (!brings(event)) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

function listenToPaste(take) {
  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return; // text for a field
    event.preventDefault();
    take(files);
  });
}

function listenToCamera(onPicture) {
  const kind = cameraKind();
  if (kind === 'none') return;
  for (const button of document.querySelectorAll('[data-camera]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      if (kind === 'input') {
        byId('capture').click();
        return;
      }
      const photo = await openCamera();
      if (photo) onPicture(new Picture(photo, { name: 'photo.jpg' }));
    });
  }
}
