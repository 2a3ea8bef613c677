// Activity: the one thing that a section is busy with: its status line with Cancel, its error with
// Try again. What is over or overtaken never shows.
import { ApiError } from './api.js';
import { announce, element, duration } from './dom.js';

const LONG = 6000; // ms after which the line says that waiting is normal

export class Activity {
  // `section` has a [data-status] element and a heading that can be focused.
  constructor(section) {
    this.section = section;
    this.line = section.querySelector('[data-status]');
    this.heading = section.querySelector('h2');
    this.controller = null;
    this.clock = 0;
  }

  // Whether the work that was given this signal is still the one that counts.
  runs(signal) {
    return this.controller?.signal === signal;
  }

  // Runs work(signal) in place of whatever ran. `doing` tells people what is done.
  async run(doing, work) {
    this.reset();
    const controller = new AbortController();
    this.controller = controller;
    this.#showBusy(doing);
    try {
      await work(controller.signal);
      if (this.controller === controller) this.#end();
    } catch (error) {
      if (this.controller !== controller) return; // another picture, another question
      const again = () => this.run(doing, work);
      if (controller.signal.aborted) {
        this.#end(lineWithAgain(element('span', {}, 'Cancelled.'), again));
        announce('Cancelled.');
        return;
      }
      const ours = error instanceof ApiError;
      if (!ours) console.error(error);
      const message = ours ? error.message : 'Something went wrong on this page.';
      this.#end(lineWithAgain(element('span', { class: 'error-line', role: 'alert' }, message), again));
    }
  }

  // Stops what runs and forgets it.
  reset() {
    const { controller } = this;
    this.#end();
    controller?.abort();
  }

  #end(...line) {
    clearInterval(this.clock);
    this.controller = null;
    this.section.removeAttribute('aria-busy');
    this.#replace(...line);
  }

  #replace(...children) {
    const focused = this.line.contains(document.activeElement);
    this.line.replaceChildren(...children);
    // A button that had the focus is gone: stay in the section.
    if (focused) (this.line.querySelector('button') ?? this.heading).focus();
  }

  #showBusy(doing) {
    const text = element('span', {}, `${doing}…`);
    const cancel = element('button', { type: 'button', class: 'small' }, 'Cancel');
    cancel.addEventListener('click', () => this.controller?.abort());
    this.section.setAttribute('aria-busy', 'true');
    this.#replace(element('div', { class: 'status busy' },
      element('span', { class: 'pulse', 'aria-hidden': 'true' }), text, cancel));
    const began = performance.now();
    this.clock = setInterval(() => {
      const passed = performance.now() - began;
      if (passed > LONG) text.textContent = `${doing}… ${duration(passed)}. The server may be busy or loading a model.`;
    }, 1000);
  }
}

function lineWithAgain(text, again) {
  const button = element('button', { type: 'button', class: 'small' }, 'Try again');
  button.addEventListener('click', again);
  return element('div', { class: 'status' }, text, button);
}
