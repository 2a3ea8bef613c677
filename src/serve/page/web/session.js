// Session: the picture that is on the page, and what is known of it.
import { byId } from './dom.js';

class Session {
  constructor() {
    this.picture = null;
    this.known = {};
    this.listeners = [];
  }

  // Called when the picture is another one: everything of the old one must go.
  onPicture(listener) {
    this.listeners.push(listener);
  }

  show(picture) {
    const old = this.picture;
    this.picture = picture;
    this.known = { answers: [] };
    const image = byId('picture');
    const unseen = byId('unseen');
    unseen.hidden = true;
    image.hidden = false;
    image.alt = picture.alt || 'Your picture';
    image.onerror = () => {
      if (this.picture !== picture) return;
      image.hidden = true;
      unseen.hidden = false;
    };
    image.src = picture.url;
    old?.release();
    showCredit(picture.credit);
    for (const listener of this.listeners) listener(picture);
  }
}

function showCredit(credit) {
  const line = byId('credit');
  line.hidden = !credit;
  if (!credit) return;
  const source = document.createElement('a');
  source.href = credit.source;
  source.textContent = credit.text;
  const licence = document.createElement('a');
  licence.href = credit.licence_url;
  licence.textContent = credit.licence;
  for (const link of [source, licence]) {
    link.rel = 'noreferrer noopener';
    link.target = '_blank';
  }
  line.replaceChildren('Photo: ', source, ', ', licence, ', reduced in size');
}

export const session = new Session();
