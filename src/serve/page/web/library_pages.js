// LibraryPages: the list of photos that the server has for a query, read a page at a time as it is
// looked at.
import { getJson } from './api.js';

const SIZE = 100; // photos of a page
const KEPT = 60; // pages that are kept: those that were looked at last
const LIST = '/blip/v1/library/photos';

export class LibraryPages {
  // onList tells of another list, onOther that this one has other photos or another order now,
  // onPage of photos that came, onError of what went wrong.
  constructor({ onList, onOther, onPage, onError }) {
    this.onList = onList;
    this.onOther = onOther;
    this.onPage = onPage;
    this.onError = onError;
    this.parameters = '';
    this.version = '';
    this.total = 0;
    this.pages = new Map(); // number → photos; the one that was looked at last is the last
    this.asked = new Map(); // number → AbortController
    this.opening = null; // the AbortController of another list
  }

  // The list of another query. What there is stays until the new one is there.
  async open(parameters) {
    this.stop();
    this.parameters = parameters;
    const controller = new AbortController();
    this.opening = controller;
    try {
      const page = await this.#get(0, controller.signal);
      if (controller.signal.aborted) return;
      this.opening = null;
      this.#begin(page);
    } catch (error) {
      if (controller.signal.aborted) return;
      this.opening = null;
      this.onError(error);
    }
  }

  stop() {
    this.opening?.abort();
    this.opening = null;
    for (const controller of this.asked.values()) controller.abort();
    this.asked.clear();
  }

  // Nothing if it is not there yet.
  photo(index) {
    return this.pages.get(Math.floor(index / SIZE))?.[index % SIZE];
  }

  // Asks for these photos if they are not there; what is asked for elsewhere is not wanted any more.
  want(first, last) {
    if (this.opening || this.total === 0) return; // places of a list that is about to go
    const from = Math.floor(Math.max(0, first) / SIZE);
    const to = Math.floor(Math.min(this.total - 1, last) / SIZE);
    for (const [number, controller] of this.asked) {
      if (number >= from && number <= to) continue;
      controller.abort();
      this.asked.delete(number);
    }
    for (let number = from; number <= to; number += 1) {
      if (this.pages.has(number)) {
        const photos = this.pages.get(number);
        this.pages.delete(number);
        this.pages.set(number, photos);
      } else if (!this.asked.has(number)) {
        this.#ask(number);
      }
    }
  }

  // A photo whose caption is another one now.
  update(changed) {
    for (const photos of this.pages.values()) {
      const at = photos.findIndex((photo) => photo.id === changed.id);
      if (at >= 0) photos[at] = { ...photos[at], caption: changed.caption };
    }
    this.onPage();
  }

  // Resolves to the photo at a place, wherever it is.
  async at(index, signal) {
    const known = this.photo(index);
    if (known || index < 0 || index >= this.total) return known ?? null;
    const page = await this.#get(Math.floor(index / SIZE), signal);
    return page.photos[index % SIZE] ?? null;
  }

  #get(number, signal) {
    const separator = this.parameters === '' ? '' : '&';
    return getJson(`${LIST}?${this.parameters}${separator}offset=${number * SIZE}&limit=${SIZE}`, signal);
  }

  async #ask(number) {
    const controller = new AbortController();
    this.asked.set(number, controller);
    try {
      const page = await this.#get(number, controller.signal);
      if (controller.signal.aborted) return;
      this.asked.delete(number);
      if (page.version !== this.version) {
        // The index is another one: so may all places be. What is in sight is asked for again.
        this.stop();
        this.version = page.version;
        this.total = page.total;
        this.pages.clear();
        this.pages.set(number, page.photos);
        this.onOther();
        return;
      }
      this.pages.set(number, page.photos);
      for (const old of this.pages.keys()) {
        if (this.pages.size <= KEPT) break;
        this.pages.delete(old);
      }
      this.onPage();
    } catch (error) {
      if (controller.signal.aborted) return;
      this.asked.delete(number);
      this.onError(error);
    }
  }

  #begin(page) {
    this.version = page.version;
    this.total = page.total;
    this.pages.clear();
    this.pages.set(0, page.photos);
    this.onList();
  }
}
