// What the server's models can do, and which one is asked where several can.
import { byId, element } from './dom.js';

// As /blip/v1/models names tasks; "ask" is the path of "answer".
const NAMES = {
  caption: 'captions',
  answer: 'answers to questions',
  match: 'texts that fit',
  explain: 'where it looked',
  classify: 'classes',
  tag: 'tags',
};

function tasksOf(model) {
  return (Array.isArray(model.tasks) ? model.tasks : []).map((task) => (task === 'ask' ? 'answer' : task));
}

export class Models {
  constructor() {
    this.list = null; // null: not known, then everything is shown
    this.pickers = new Map();
  }

  can(task) {
    return this.list === null || this.list.some((model) => tasksOf(model).includes(task));
  }

  // The model chosen for `task`; nothing: the server's choice.
  chosen(task) {
    return this.pickers.get(task)?.value || undefined;
  }

  set(list) {
    this.list = list;
    const missing = Object.keys(NAMES).filter((task) => !this.can(task));
    for (const section of document.querySelectorAll('[data-task]')) {
      const tasks = section.dataset.task.split(' ');
      section.hidden = !tasks.some((task) => this.can(task));
      for (const task of tasks) this.#offer(section, task);
    }
    const note = byId('missing');
    note.hidden = missing.length === 0;
    note.textContent = `The models of this server do not offer: ${missing.map((task) => NAMES[task]).join(', ')}.`;
    byId('server').textContent = describe(list);
  }

  // A choice of models in the head of the section, if there is one to be made.
  #offer(section, task) {
    this.pickers.delete(task);
    section.querySelector(`[data-picker="${task}"]`)?.remove();
    const able = this.list.filter((model) => tasksOf(model).includes(task));
    if (able.length < 2) return;
    const select = element('select', {});
    for (const model of able) select.append(element('option', { value: model.name }, model.name));
    const kind = section.dataset.task.includes(' ') ? `Model for ${NAMES[task]}` : 'Model';
    section.querySelector('.panel-head').append(
      element('label', { class: 'picker', 'data-picker': task },
        element('span', { class: section.dataset.task.includes(' ') ? '' : 'visually-hidden' }, kind), select));
    this.pickers.set(task, select);
  }
}

function describe(list) {
  if (list.length === 0) return 'No model is installed';
  if (list.length === 1) {
    const [{ name, weight_type: type }] = list;
    return type ? `${name}, ${type}` : name;
  }
  return `${list.length} models`;
}
