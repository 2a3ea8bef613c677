// The photo library: puts the search, the contact sheet and a photo's view together.
import { getJson } from './api.js';
import { announce, byId } from './dom.js';
import { LibraryPages } from './library_pages.js';
import { LibraryQuery } from './library_query.js';
import { PhotoGrid } from './photo_grid.js';
import { PhotoView } from './photo_view.js';
import { startTheme } from './theme_button.js';

startTheme(byId('theme'));

let opened = -1; // the place of the photo in view; -1: it is in no list
let finds = false; // whether the view closes because something else is looked for
let momentTimer = 0;

const query = new LibraryQuery(() => search());
const pages = new LibraryPages({
  onList: () => {
    showList();
    grid.restart();
  },
  onOther: () => {
    showList();
    grid.draw();
  },
  onPage: () => grid.draw(),
  onError: (error) => showNotice(error.message, search),
});
const grid = new PhotoGrid(byId('grid'), pages, {
  addressOf: ({ id }) => query.address(id),
  onOpen: (index) => open(index),
  onScroll: showMoment,
});
const view = new PhotoView({
  onChanged: (photo) => pages.update(photo),
  onStep: step,
  onFind: (changes) => {
    finds = view.isOpen;
    view.close();
    query.set(changes);
    byId('search').focus({ preventScroll: true });
    scrollTo(0, 0);
  },
  onOpen: (photo) => {
    opened = -1;
    history.replaceState(null, '', query.address(photo.id));
    view.show(photo, '', { first: true, last: true });
  },
  onClose: () => {
    if (new URLSearchParams(location.search).has('photo')) history.replaceState(null, '', query.address());
    if (finds) { // the search field has the focus
      finds = false;
      return;
    }
    grid.focus(opened >= 0 ? opened : grid.active);
  },
});

function showNotice(message, retry = null) {
  byId('notice').hidden = message === '';
  byId('notice-text').textContent = message;
  byId('notice-retry').hidden = retry === null;
  byId('notice-retry').onclick = retry;
}

function search() {
  showNotice('');
  byId('found').classList.add('busy');
  return pages.open(query.parameters());
}

function showList() {
  const { total } = pages;
  showNotice('');
  byId('found').classList.remove('busy');
  byId('nothing').hidden = total > 0;
  if (total === 0) showNothing();
  const count = `${total.toLocaleString('en')} photo${total === 1 ? '' : 's'}`;
  const text = total === 0 ? '' : `${count}, ${query.searches() ? 'the best first' : 'the newest first'}`;
  byId('found').textContent = text;
  announce(text || byId('nothing-title').textContent);
}

function showNothing() {
  const isEmpty = query.parameters() === '';
  byId('nothing-title').textContent = isEmpty ? 'There is no photo yet' : 'No photo fits';
  byId('nothing-text').textContent = isEmpty
    ? 'The index of this library is empty: blip index fills it.'
    : 'Try other words, or fewer filters.';
  byId('nothing-clear').hidden = isEmpty;
}

async function open(index) {
  const photo = await pages.at(index).catch((error) => showNotice(error.message));
  if (!photo) return;
  opened = index;
  const address = query.address(photo.id);
  if (view.isOpen) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  const place = `${(index + 1).toLocaleString('en')} of ${pages.total.toLocaleString('en')}`;
  view.show(photo, place, { first: index === 0, last: index === pages.total - 1 });
}

function step(by) {
  if (opened < 0) return;
  const to = opened + by;
  if (to >= 0 && to < pages.total) open(to);
}

// The month that one scrolls through, of a list by time.
function showMoment(photo) {
  const date = photo?.date ? new Date(photo.date) : null;
  if (query.searches() || !date || Number.isNaN(date.getTime()) || scrollY < 200) return;
  byId('moment').textContent = date.toLocaleDateString('en', { month: 'long', year: 'numeric' });
  byId('moment').classList.add('shown');
  clearTimeout(momentTimer);
  momentTimer = setTimeout(() => byId('moment').classList.remove('shown'), 900);
}

function openFromAddress() {
  const id = new URLSearchParams(location.search).get('photo');
  if (!/^\d{1,18}$/.test(id ?? '')) return;
  opened = -1;
  view.show({ id: Number(id) }, '', { first: true, last: true });
}

// What the server can do besides.
async function offer() {
  const [library, { models }] = await Promise.all([getJson('/blip/v1/library'), getJson('/blip/v1/models')]);
  query.offer(library);
  for (const part of document.querySelectorAll('[data-needs]')) {
    part.hidden = !models.some((model) => model.tasks?.includes(part.dataset.needs));
  }
}

byId('nothing-clear').addEventListener('click', () => {
  query.clear();
  byId('search').focus();
});
addEventListener('popstate', () => {
  const before = query.parameters();
  query.readAddress();
  if (query.parameters() !== before) search();
  if (new URLSearchParams(location.search).has('photo')) openFromAddress();
  else view.close();
});
addEventListener('keydown', (event) => {
  if (event.key !== '/' || view.isOpen || event.target.matches('input, textarea, select')) return;
  event.preventDefault();
  byId('search').select();
});

search();
openFromAddress();
offer().catch((error) => showNotice(error.message, () => location.reload()));
