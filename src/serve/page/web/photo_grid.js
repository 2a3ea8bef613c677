// PhotoGrid: the contact sheet. Only the rows in sight, and some around them, are in the document,
// so a hundred thousand photos cost no more than a screen of them.
import { element } from './dom.js';
import { hidePicture, showPicture, thumbnailOf } from './photo_images.js';

const GAP = 14; // pixels between photos
const WORDS = 52; // pixels of the caption under a photo
const WIDTH = 216; // pixels that a photo has at least, where there is room for more than two
const AROUND = 2; // rows above and below the window
const SETTLED = 70; // ms without scrolling after which photos are asked for
const TALLEST = 15_000_000; // pixels: browsers have no taller elements. More rows share them.

export class PhotoGrid {
  // pages: LibraryPages; addressOf(photo) → where its link leads; onOpen(index)
  constructor(list, pages, { addressOf, onOpen, onScroll }) {
    this.list = list;
    this.pages = pages;
    this.addressOf = addressOf;
    this.onScroll = onScroll;
    this.items = new Map(); // index → <li>
    this.active = 0; // the photo that Tab comes to
    this.timer = 0;
    this.frame = 0;
    this.measure();
    addEventListener('scroll', () => this.#later(), { passive: true });
    new ResizeObserver(() => {
      const kept = this.firstInSight();
      if (this.measure()) {
        this.#stretch();
        this.#scrollToRow(Math.floor(kept / this.columns), 'start');
      }
      this.draw();
    }).observe(list);
    list.addEventListener('keydown', (event) => this.#move(event));
    list.addEventListener('focusin', (event) => {
      const item = event.target.closest('li');
      if (item) this.#activate(Number(item.dataset.index));
    });
    list.addEventListener('click', (event) => {
      const link = event.target.closest('a');
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      const index = Number(link.closest('li').dataset.index);
      if (this.pages.photo(index)) onOpen(index);
    });
  }

  // → whether the columns are others than before
  measure() {
    const before = this.columns;
    this.width = this.list.clientWidth;
    this.columns = Math.max(2, Math.floor((this.width + GAP) / (WIDTH + GAP)));
    this.cell = (this.width - GAP * (this.columns - 1)) / this.columns;
    this.row = Math.round(this.cell * 0.75) + WORDS + GAP;
    return before !== undefined && before !== this.columns;
  }

  // Another list: from its beginning.
  restart() {
    for (const index of [...this.items.keys()]) this.#remove(index);
    this.active = 0;
    const top = this.list.getBoundingClientRect().top;
    if (scrollY > 0 && top < this.#barHeight()) scrollTo(0, Math.max(0, scrollY + top - this.#barHeight() - 44));
    this.draw();
  }

  draw() {
    const { total } = this.pages;
    const window = innerHeight;
    this.#stretch();
    const passed = Math.max(0, -this.list.getBoundingClientRect().top);
    this.top = passed * this.stretch;
    this.shift = passed - this.top;
    this.first = Math.max(0, Math.floor(this.top / this.row) - AROUND) * this.columns;
    this.last = Math.min(total, (Math.ceil((this.top + window) / this.row) + AROUND) * this.columns) - 1;
    for (const [index, item] of this.items) {
      const kept = index >= this.first && index <= this.last;
      if (!kept && !(item.contains(document.activeElement) && index < total)) this.#remove(index);
    }
    let before = null;
    for (let index = this.first; index <= this.last; index += 1) before = this.#show(index, before);
    for (const index of this.items.keys()) this.#place(index);
    this.#offerTabStop();
    this.#settleSoon();
  }

  // Pixels of rows for each pixel that is scrolled: more than one where there are more rows than a
  // browser has pixels for.
  #stretch() {
    const height = Math.max(0, Math.ceil(this.pages.total / this.columns) * this.row - GAP);
    const shown = Math.min(height, TALLEST);
    this.list.style.blockSize = `${shown}px`;
    this.stretch = height > shown ? (height - innerHeight) / (shown - innerHeight) : 1;
  }

  firstInSight() {
    return Math.max(0, Math.round((this.top ?? 0) / this.row)) * this.columns;
  }

  focus(index) {
    if (this.pages.total === 0) return;
    this.#activate(Math.min(index, this.pages.total - 1));
    this.#scrollToRow(Math.floor(this.active / this.columns), 'nearest');
    this.draw();
    this.items.get(this.active)?.firstElementChild.focus({ preventScroll: true });
  }

  #later() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
      this.onScroll?.(this.pages.photo(this.firstInSight()));
    });
  }

  // Photos that fly by are neither asked for nor loaded.
  #settleSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.pages.want(this.first, this.last);
      for (const item of this.items.values()) loadThumbnail(item);
    }, SETTLED);
  }

  // In the order of the list, which is the one that screen readers follow.
  #show(index, before) {
    let item = this.items.get(index);
    if (!item) {
      item = element('li', { 'data-index': index },
        element('a', { class: 'shot', tabindex: '-1' },
          element('span', { class: 'shot-frame' }, element('img', { alt: '', decoding: 'async', draggable: 'false' })),
          element('span', { class: 'shot-caption' })));
      const image = item.querySelector('img');
      image.addEventListener('load', () => image.classList.add('seen'));
      image.addEventListener('error', () => image.parentElement.classList.add('unseen'));
      this.items.set(index, item);
    }
    if (item.parentNode !== this.list || item.previousElementSibling !== before) {
      if (before) before.after(item);
      else this.list.prepend(item);
    }
    this.#fill(item, this.pages.photo(index));
    item.setAttribute('aria-posinset', index + 1);
    item.setAttribute('aria-setsize', this.pages.total);
    return item;
  }

  #fill(item, photo) {
    if (!photo || item.photo === photo) return;
    const link = item.firstElementChild;
    const caption = link.lastElementChild;
    if (item.photo?.id !== photo.id) {
      hidePicture(link.querySelector('img'));
      link.querySelector('img').classList.remove('seen');
      link.firstElementChild.classList.remove('unseen');
    }
    item.photo = photo;
    link.href = this.addressOf(photo);
    caption.textContent = photo.caption || photo.name;
    caption.classList.toggle('name', !photo.caption);
    link.title = photo.name;
  }

  #place(index) {
    const item = this.items.get(index);
    const row = Math.floor(index / this.columns);
    const x = (index % this.columns) * (this.cell + GAP);
    const y = row * this.row + this.shift;
    item.style.inlineSize = `${this.cell}px`;
    item.style.blockSize = `${this.row - GAP}px`;
    item.style.transform = `translate(${x}px, ${y}px)`;
  }

  #remove(index) {
    const item = this.items.get(index);
    hidePicture(item.querySelector('img'));
    item.remove();
    this.items.delete(index);
  }

  // One photo is in the order of Tab: the last one that had the focus, if it is in sight.
  #offerTabStop() {
    const visible = this.active >= this.first && this.active <= this.last;
    const stop = visible ? this.active : this.firstInSight();
    for (const [index, item] of this.items) {
      item.firstElementChild.tabIndex = index === stop ? 0 : -1;
    }
  }

  #activate(index) {
    this.active = index;
    this.#offerTabStop();
  }

  #move(event) {
    const page = Math.max(1, Math.floor((innerHeight - this.#barHeight()) / this.row)) * this.columns;
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns,
      PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(this.pages.total - 1, this.active + step));
    if (Math.abs(step) >= this.columns && Number.isFinite(step) && to !== this.active + step && Math.abs(step) === this.columns) return;
    this.focus(to);
  }

  #barHeight() {
    return document.getElementById('finder').offsetHeight;
  }

  // `where`: "start", or "nearest": no further than needed.
  #scrollToRow(row, where) {
    const bar = this.#barHeight() + 10;
    const top = row * this.row;
    const from = this.top ?? 0;
    let wanted = from;
    if (where === 'start' || top < from + bar) wanted = top - bar;
    else if (top + this.row > from + innerHeight) wanted = top + this.row - innerHeight;
    if (wanted === from) return;
    const start = scrollY + this.list.getBoundingClientRect().top;
    scrollTo(0, start + wanted / this.stretch);
  }
}

function loadThumbnail(item) {
  const image = item.querySelector('img');
  if (!item.photo || image.hasAttribute('src')) return;
  if (item.photo.name === '') return; // it has gone
  showPicture(image, thumbnailOf(item.photo));
}
