// LibraryQuery: what is looked for, in the form and in the page's address.
import { byId, element } from './dom.js';
import { showPicture, thumbnailOf } from './photo_images.js';

const WAIT = 160; // ms after the last key before it is searched

// Parameters of the API → the fields of the form, and how they are named as chips.
const FIELDS = {
  q: { id: 'search' },
  not: { id: 'filter-not', name: 'Without' },
  after: { id: 'filter-after', name: 'From' },
  before: { id: 'filter-before', name: 'Before' },
  tag: { id: 'filter-tag', name: 'Tag' },
  camera: { id: 'filter-camera', name: 'Camera' },
  path: { id: 'filter-path', name: 'In' },
  near: { id: 'filter-near', name: 'Near' },
};

export class LibraryQuery {
  // onChange() is called when something else is looked for.
  constructor(onChange) {
    this.onChange = onChange;
    this.values = {};
    this.timer = 0;
    this.readAddress();
    for (const { id } of Object.values(FIELDS)) {
      byId(id).addEventListener('input', () => {
        byId('search-clear').hidden = byId('search').value === '';
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.#read(), WAIT);
      });
    }
    byId('search-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#read();
    });
    byId('search-clear').addEventListener('click', () => {
      this.set({ q: '' });
      byId('search').focus();
    });
    byId('search').addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && byId('search').value !== '') this.set({ q: '' });
    });
    byId('filters-button').addEventListener('click', () => this.#toggle());
  }

  // What the API is asked.
  parameters() {
    return new URLSearchParams(Object.entries(this.values)).toString();
  }

  searches() {
    return ['q', 'not', 'like'].some((key) => key in this.values);
  }

  // The page's address, with a photo that is open.
  address(photo = null) {
    const parameters = new URLSearchParams(Object.entries(this.values));
    if (photo !== null) parameters.set('photo', photo);
    const text = parameters.toString();
    return text === '' ? '/library' : `/library?${text}`;
  }

  // In place of the values of the same names; an empty one is none.
  set(changes) {
    clearTimeout(this.timer);
    const values = { ...this.values };
    for (const [key, value] of Object.entries(changes)) {
      const text = String(value).trim();
      if (text === '') delete values[key];
      else values[key] = text;
    }
    const before = this.parameters();
    this.values = values;
    this.#show();
    if (this.parameters() === before) return;
    history.replaceState(null, '', this.address());
    this.onChange();
  }

  clear() {
    this.set(Object.fromEntries(Object.keys(this.values).map((key) => [key, ''])));
  }

  readAddress() {
    const parameters = new URLSearchParams(location.search);
    this.values = {};
    for (const key of [...Object.keys(FIELDS), 'like']) {
      const value = parameters.get(key)?.trim().slice(0, 300);
      if (value) this.values[key] = value;
    }
    this.#show();
  }

  // Tags and cameras that can be chosen.
  offer({ tags, cameras }) {
    this.#offer('tag', tags.map(({ tag, photos }) => [tag, photos]));
    this.#offer('camera', cameras.map(({ camera, photos }) => [camera, photos]));
    document.querySelector('[data-tags]').hidden = tags.length === 0 && !this.values.tag;
    document.querySelector('[data-cameras]').hidden = cameras.length === 0 && !this.values.camera;
    this.#show();
  }

  #read() {
    this.set(Object.fromEntries(Object.entries(FIELDS).map(([key, { id }]) => [key, byId(id).value])));
  }

  #offer(key, names) {
    const select = byId(FIELDS[key].id);
    select.replaceChildren(element('option', { value: '' }, 'Any'));
    const sorted = [...names].sort(([a], [b]) => a.localeCompare(b));
    for (const [name, photos] of sorted) {
      select.append(element('option', { value: name }, `${name} (${photos.toLocaleString('en')})`));
    }
  }

  #toggle() {
    const open = byId('filters').hidden;
    byId('filters').hidden = !open;
    byId('filters-button').setAttribute('aria-expanded', String(open));
    if (open) byId('filter-after').focus();
  }

  #show() {
    for (const [key, { id }] of Object.entries(FIELDS)) {
      const field = byId(id);
      const value = this.values[key] ?? '';
      if (field.matches('select') && value !== '' && ![...field.options].some((option) => option.value === value)) {
        field.append(element('option', { value }, value)); // of an address, or a rare tag
      }
      // What is being typed is not touched: a space at its end would go.
      if (field.value.trim() !== value) field.value = value;
    }
    byId('search-clear').hidden = byId('search').value === '';
    const chips = Object.keys(this.values).filter((key) => key !== 'q').map((key) => this.#chip(key));
    const focused = byId('chosen').contains(document.activeElement);
    byId('chosen').replaceChildren(...chips);
    byId('chosen').hidden = chips.length === 0;
    if (focused) (byId('chosen').querySelector('button') ?? byId('search')).focus();
    byId('filters-button').lastElementChild.textContent = chips.length > 0 ? `Filters (${chips.length})` : 'Filters';
  }

  #chip(key) {
    const value = this.values[key];
    const text = key === 'like' ? 'Similar to this photo' : `${FIELDS[key].name}: ${value}`;
    const button = element('button', { type: 'button', 'aria-label': `Remove: ${text}` });
    if (key === 'like' && /^\d+$/.test(value)) {
      const image = element('img', { alt: '' });
      showPicture(image, thumbnailOf({ id: value }));
      button.append(image);
    }
    const cross = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    for (const [name, of] of Object.entries({ viewBox: '0 0 20 20', width: 16, height: 16, 'aria-hidden': 'true' })) cross.setAttribute(name, of);
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', 'm5 5 10 10M15 5 5 15');
    cross.append(path);
    button.append(element('span', {}, text), cross);
    button.addEventListener('click', () => this.set({ [key]: '' }));
    return element('li', {}, button);
  }
}
