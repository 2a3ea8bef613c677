// Copying, also where navigator.clipboard is missing: on http from another machine.
import { announce } from './dom.js';

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const field = document.createElement('textarea');
  field.className = 'visually-hidden';
  field.setAttribute('aria-hidden', 'true');
  field.value = text;
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  let copied = false;
  try {
    copied = document.execCommand('copy');
  } catch (error) {
    copied = false;
  }
  field.remove();
  focused?.focus();
  return copied;
}

// `button` copies text() and says so for a moment.
export function makeCopyButton(button, text) {
  const label = button.textContent;
  let timer = 0;
  // Both labels have their place, so that nothing moves.
  button.addEventListener('click', async () => {
    const copied = await copy(text());
    button.textContent = copied ? 'Copied' : 'Not allowed';
    announce(copied ? 'Copied.' : 'The browser does not allow copying here. Select the text instead.');
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = label;
    }, 1600);
  });
}
