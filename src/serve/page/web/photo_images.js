// Pictures of the library's photos: addresses, and images that show them. Where the server asks for
// a key, the browser cannot send it for an <img>, so the page fetches the file itself.
import { ApiError } from './api.js';
import { storedKey } from './key.js';

const urls = new WeakMap(); // image → object URL that it shows
const fetches = new WeakMap(); // image → the fetch it waits for

export function thumbnailOf({ id, version }) {
  return `/blip/v1/library/photos/${id}/thumbnail?v=${encodeURIComponent(version ?? '')}`;
}

export function pictureOf({ id, version }) {
  return `/blip/v1/library/photos/${id}/picture?v=${encodeURIComponent(version ?? '')}`;
}

function withKey() {
  const key = storedKey();
  return key ? { Authorization: `Bearer ${key}` } : {};
}

// The file's bytes.
export async function fetchPicture(address, signal) {
  const response = await fetch(address, { headers: withKey(), signal });
  if (!response.ok) throw new ApiError('The file of this photo cannot be read.', { status: response.status });
  return response.blob();
}

// Lets `image` show what is at the address. Its events "load" and "error" tell what came of it.
export function showPicture(image, address) {
  hidePicture(image);
  if (!storedKey()) {
    image.src = address;
    return;
  }
  const controller = new AbortController();
  fetches.set(image, controller);
  fetchPicture(address, controller.signal).then((blob) => {
    if (controller.signal.aborted) return;
    const url = URL.createObjectURL(blob);
    urls.set(image, url);
    image.src = url;
  }).catch(() => {
    if (!controller.signal.aborted) image.dispatchEvent(new Event('error'));
  });
}

// Stops what is being loaded, and frees it.
export function hidePicture(image) {
  fetches.get(image)?.abort();
  fetches.delete(image);
  image.removeAttribute('src');
  if (urls.has(image)) URL.revokeObjectURL(urls.get(image));
  urls.delete(image);
}
