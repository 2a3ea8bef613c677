// A photo from the device's camera.
import { byId } from './dom.js';

// 'input': the system's own camera, on phones. 'video': a dialog here, on computers; browsers allow
// it on https and on this machine only. 'none'.
export function cameraKind() {
  if (matchMedia('(pointer: coarse)').matches && 'capture' in document.createElement('input')) {
    return 'input';
  }
  return navigator.mediaDevices?.getUserMedia ? 'video' : 'none';
}

const REASONS = {
  NotAllowedError: 'The browser may not use the camera. Allow it in the site settings, or choose a file.',
  NotFoundError: 'No camera was found.',
  NotReadableError: 'The camera is in use by another program.',
};

// Resolves to a JPEG, or to null if none was taken.
export function openCamera() {
  const dialog = byId('camera');
  const video = byId('camera-video');
  const take = byId('camera-take');
  const failure = byId('camera-error');
  const done = new AbortController();
  let stream = null;
  let photo = null;
  failure.textContent = '';
  take.disabled = true;

  return new Promise((resolve) => {
    const { signal } = done;
    dialog.addEventListener('close', () => {
      done.abort();
      stream?.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
      resolve(photo);
    }, { signal });
    byId('camera-cancel').addEventListener('click', () => dialog.close(), { signal });
    take.addEventListener('click', async () => {
      photo = await frameOf(video);
      dialog.close();
    }, { signal });
    dialog.showModal();

    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1920 } }, audio: false })
      .then(async (opened) => {
        stream = opened;
        if (signal.aborted) { // closed while the browser asked
          stream.getTracks().forEach((track) => track.stop());
          return;
        }
        video.srcObject = stream;
        await video.play();
        take.disabled = false;
        take.focus();
      })
      .catch((error) => {
        failure.textContent = REASONS[error.name] ?? 'The camera could not be started.';
      });
  });
}

function frameOf(video) {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d').drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
}
