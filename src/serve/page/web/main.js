// The page: puts the sections together and hands them pictures.
import { getJson } from './api.js';
import { startAsk } from './ask.js';
import { startCaption } from './caption.js';
import { announce, byId } from './dom.js';
import { offerExamples } from './examples.js';
import { startExplain } from './explain.js';
import { listenForPictures } from './intake.js';
import { startLabels } from './labels.js';
import { startMatch } from './match.js';
import { Models } from './models.js';
import { session } from './session.js';
import { startTheme } from './theme_button.js';

const models = new Models();
const explain = startExplain(models);
startCaption(models, explain.offerCaption);
startAsk(models);
startMatch(models);
startLabels(models);
startTheme(byId('theme'));

let examples;

function showNotice(message, retry = null) {
  const notice = byId('notice');
  notice.hidden = message === '';
  byId('notice-text').textContent = message;
  const button = byId('notice-retry');
  button.hidden = retry === null;
  button.onclick = retry;
  if (message) announce(message);
}

function show(picture) {
  showNotice('');
  examples?.forget();
  const intro = byId('intro');
  const first = !intro.hidden;
  const focusWouldBeLost = first && (intro.contains(document.activeElement) || document.activeElement === document.body);
  intro.hidden = true;
  byId('work').hidden = false;
  session.show(picture);
  if (first) scrollTo(0, 0);
  if (focusWouldBeLost) {
    const heading = [...document.querySelectorAll('.panel:not([hidden]) h2[tabindex]')][0] ?? byId('main');
    heading.focus({ preventScroll: true });
  }
}

async function readModels() {
  showNotice('');
  try {
    const { models: list, library } = await getJson('/blip/v1/models');
    byId('to-library').hidden = library !== true;
    models.set(Array.isArray(list) ? list : []);
  } catch (error) {
    showNotice(error.message, readModels);
  }
}

listenForPictures({ onPicture: show, onRefused: (message) => showNotice(message) });
byId('privacy').textContent = `It is sent to this server only: ${location.host}`;
examples = await Promise.all([
  readModels(),
  offerExamples(show, (message) => showNotice(message)),
]).then(([, offered]) => offered);
