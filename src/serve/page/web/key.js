// The API key: asked for when the server answers 401, kept in this tab's session storage.
import { byId } from './dom.js';

const NAME = 'blip-api-key';
let inMemory = '';
let asking = null;

export function storedKey() {
  try {
    return sessionStorage.getItem(NAME) ?? inMemory;
  } catch (error) {
    return inMemory; // storage is forbidden
  }
}

function store(key) {
  inMemory = key;
  try {
    sessionStorage.setItem(NAME, key);
  } catch (error) {
    // Kept in memory alone.
  }
}

// Resolves to whether a key was given. Requests that wait at once share one dialog.
export function askForKey(refused) {
  asking ??= show(refused).finally(() => {
    asking = null;
  });
  return asking;
}

function show(refused) {
  const dialog = byId('key');
  const field = byId('key-value');
  byId('key-why').textContent = refused
    ? 'The server refused this key. Check it and try again.'
    : 'This server asks for an API key. It stays in this tab until you close it.';
  field.value = '';
  return new Promise((resolve) => {
    const controller = new AbortController();
    const { signal } = controller;
    let given = false;
    byId('key-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const key = field.value.trim();
      // A header takes no other characters.
      if (!/^[\x21-\x7e]+$/.test(key)) {
        field.setCustomValidity('A key has letters, digits and signs only, without spaces.');
        field.reportValidity();
        return;
      }
      store(key);
      given = true;
      dialog.close();
    }, { signal });
    field.addEventListener('input', () => field.setCustomValidity(''), { signal });
    byId('key-cancel').addEventListener('click', () => dialog.close(), { signal });
    dialog.addEventListener('close', () => {
      controller.abort();
      resolve(given);
    }, { signal });
    dialog.showModal();
    field.focus();
  });
}
