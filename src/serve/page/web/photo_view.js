// PhotoView: one photo over the whole window, with what is known of it.
import { getJson } from './api.js';
import { announce, byId, element } from './dom.js';
import { startPhotoAsk } from './photo_ask.js';
import { startPhotoCaption } from './photo_caption.js';
import { hidePicture, pictureOf, showPicture, thumbnailOf } from './photo_images.js';

const SIMILAR = 12;

export class PhotoView {
  // onChanged(photo): its caption is another one; onStep(by): the photo before or after it;
  // onFind(changes): photos that are like it in some way; onOpen(id); onClose()
  constructor({ onChanged, onStep, onFind, onOpen, onClose }) {
    this.dialog = byId('photo');
    this.picture = byId('photo-picture');
    this.larger = element('img');
    this.onFind = onFind;
    this.onOpen = onOpen;
    this.controller = null;
    this.caption = startPhotoCaption(onChanged);
    this.ask = startPhotoAsk();
    byId('photo-close').addEventListener('click', () => this.dialog.close());
    byId('photo-previous').addEventListener('click', () => onStep(-1));
    byId('photo-next').addEventListener('click', () => onStep(1));
    byId('similar-all').addEventListener('click', () => onFind({ like: this.photo.id, q: '', not: '' }));
    this.dialog.addEventListener('keydown', (event) => {
      if (event.target.matches('input, textarea') || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === 'ArrowLeft') onStep(-1);
      if (event.key === 'ArrowRight') onStep(1);
    });
    this.dialog.addEventListener('close', () => {
      if (this.dialog.open) return; // opened again before this was told
      this.controller?.abort();
      this.photo = null;
      hidePicture(this.picture);
      hidePicture(this.larger);
      onClose();
    });
    this.#followSwipes(onStep);
  }

  get isOpen() {
    return this.dialog.open;
  }

  close() {
    if (this.isOpen) this.dialog.close();
  }

  // `known`: what the list has of it, or its id alone. `place`: "3 of 100", or ''.
  async show(known, place, { first, last }) {
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    this.photo = known;
    this.caption.reset();
    if (known.version) {
      this.#showPicture(known);
    } else { // from an address: the version, and perhaps a key, come with the details
      hidePicture(this.picture);
      hidePicture(this.larger);
      byId('photo-unseen').hidden = true;
    }
    byId('photo-place').textContent = place;
    byId('photo-previous').hidden = first;
    byId('photo-next').hidden = last;
    this.#fill({ captions: [], tags: [], name: '', ...known });
    byId('similar-list').replaceChildren();
    byId('photo-similar').hidden = true;
    if (!this.isOpen) {
      this.dialog.showModal();
      byId('photo-title').focus({ preventScroll: true });
    }
    this.dialog.scrollTop = 0;
    byId('photo-words').scrollTop = 0;
    try {
      const details = await getJson(`/blip/v1/library/photos/${known.id}`, signal);
      if (signal.aborted) return;
      this.photo = details;
      if (!known.version) this.#showPicture(details);
      this.picture.alt = details.caption || details.name;
      this.#fill(details);
      announce(`${details.caption || details.name}${place ? `, ${place}` : ''}`);
      const { photos } = await getJson(`/blip/v1/library/photos?like=${known.id}&limit=${SIMILAR}`, signal);
      if (!signal.aborted) this.#showSimilar(photos);
    } catch (error) {
      if (signal.aborted) return;
      byId('photo-title').textContent = error.message;
      announce(error.message);
    }
  }

  // The thumbnail first, which is mostly there already; it stays if the file is gone.
  #showPicture(photo) {
    hidePicture(this.picture);
    hidePicture(this.larger);
    byId('photo-unseen').hidden = true;
    const make = () => element('img', {
      id: 'photo-picture', alt: photo.caption || photo.name || 'Photo', width: photo.width, height: photo.height,
    });
    const small = make();
    const larger = make();
    this.picture.replaceWith(small);
    this.picture = small;
    this.larger = larger;
    small.addEventListener('error', () => { small.hidden = true; });
    larger.addEventListener('load', () => {
      if (this.larger !== larger || !this.photo) return;
      larger.alt = small.alt;
      small.replaceWith(larger);
      hidePicture(small);
      this.picture = larger;
    });
    larger.addEventListener('error', () => {
      if (this.larger === larger && this.photo) byId('photo-unseen').hidden = false;
    });
    showPicture(small, thumbnailOf(photo));
    showPicture(larger, pictureOf(photo));
  }

  #fill(photo) {
    this.caption.show(photo);
    this.ask.show(photo);
    byId('photo-tags').hidden = photo.tags.length === 0;
    byId('tag-list').replaceChildren(...photo.tags.map((tag) => {
      const button = element('button', { type: 'button', class: 'chip-button', 'aria-label': `Photos with the tag ${tag}` }, tag);
      button.addEventListener('click', () => this.onFind({ tag, q: '', not: '', like: '' }));
      return element('li', {}, button);
    }));
    const facts = factsOf(photo).filter(([, value]) => value);
    byId('photo-facts').replaceChildren(...facts.flatMap(([name, value]) =>
      [element('dt', {}, name), element('dd', {}, value)]));
  }

  #showSimilar(photos) {
    byId('photo-similar').hidden = photos.length === 0;
    byId('similar-list').replaceChildren(...photos.filter((photo) => photo.name).map((photo) => {
      const image = element('img', { alt: photo.caption || photo.name });
      const button = element('button', { type: 'button', title: photo.name }, image);
      button.addEventListener('click', () => this.onOpen(photo));
      showPicture(image, thumbnailOf(photo));
      return element('li', {}, button);
    }));
  }

  #followSwipes(onStep) {
    const FAR = 60; // pixels
    let begun = null;
    const stage = byId('photo-stage');
    stage.addEventListener('touchstart', (event) => {
      begun = event.touches.length === 1 ? event.touches[0] : null;
    }, { passive: true });
    stage.addEventListener('touchend', (event) => {
      if (!begun || event.changedTouches.length !== 1) return;
      const x = event.changedTouches[0].clientX - begun.clientX;
      const y = event.changedTouches[0].clientY - begun.clientY;
      if (Math.abs(x) > FAR && Math.abs(x) > 2 * Math.abs(y)) onStep(x < 0 ? 1 : -1);
    }, { passive: true });
  }
}

function factsOf(photo) {
  const { date, camera, width, height, size, latitude, longitude, path } = photo;
  const hasPlace = Number.isFinite(latitude) && Number.isFinite(longitude);
  return [
    ['Taken', date ? dateText(date) : ''],
    ['Camera', camera],
    ['Size', width && height ? `${width} × ${height}${size ? `, ${bytesText(size)}` : ''}` : ''],
    ['Place', hasPlace ? `${latitude.toFixed(5)}, ${longitude.toFixed(5)}` : ''],
    ['File', path ?? ''],
  ];
}

function dateText(date) {
  const parsed = new Date(date);
  if (Number.isNaN(parsed.getTime())) return date;
  return parsed.toLocaleString('en', { dateStyle: 'long', timeStyle: 'short' });
}

function bytesText(bytes) {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
