// What the server's models can do, and which one is asked where several can.
import { byId, element } from './dom.js';

// What the page offers, and which models can do it, by the tasks that /blip/v1/models names.
// Captioning models explain their own captions, models with a matching head any text. Models that
// compare texts choose among given labels, others name classes of their own.
const ABILITIES = {
  caption: { name: 'captions', can: (tasks) => tasks.has('caption') },
  explain_caption: { name: 'where it looked for a caption', can: (tasks) => tasks.has('explain') && tasks.has('caption') },
  explain_text: { name: 'where it looked for a text', can: (tasks) => tasks.has('explain') && tasks.has('match') },
  answer: { name: 'answers to questions', can: (tasks) => tasks.has('answer') || tasks.has('ask') },
  match: { name: 'how well texts fit', can: (tasks) => tasks.has('match') },
  tag: { name: 'tags', can: (tasks) => tasks.has('tag') },
  classes: { name: 'classes', can: (tasks) => tasks.has('classify') && !tasks.has('tag') },
  labels: { name: 'labels of your own', can: (tasks) => tasks.has('classify') && tasks.has('tag') },
};

function able(model, ability) {
  return ABILITIES[ability].can(new Set(Array.isArray(model.tasks) ? model.tasks : []));
}

export class Models {
  constructor() {
    this.list = null; // null: not known, then everything is shown
    this.pickers = new Map();
  }

  // Whether some model can, or nothing is known yet.
  can(ability) {
    return this.list === null || this.list.some((model) => able(model, ability));
  }

  // The model to be asked: the one that was chosen, else the first one that can, because the server
  // does not tell all of these abilities apart. Nothing: the server's choice.
  chosen(ability) {
    return this.pickers.get(ability)?.value || this.list?.find((model) => able(model, ability))?.name;
  }

  set(list) {
    this.list = list;
    for (const part of document.querySelectorAll('[data-needs]')) {
      const needed = part.dataset.needs.split(' ');
      part.hidden = !needed.some((ability) => this.can(ability));
      if (part.matches('section')) for (const ability of needed) this.#offer(part, ability);
    }
    const missing = Object.keys(ABILITIES).filter((ability) => !this.can(ability));
    const note = byId('missing');
    note.hidden = missing.length === 0;
    note.textContent = `The models of this server do not offer: ${missing.map((ability) => ABILITIES[ability].name).join(', ')}.`;
    byId('server').textContent = describe(list);
  }

  // A choice of models in the head of the section, if there is one to be made.
  #offer(section, ability) {
    if (ability === 'explain_caption') return; // the model that wrote it
    this.pickers.delete(ability);
    section.querySelector(`[data-picker="${ability}"]`)?.remove();
    const choices = this.list.filter((model) => able(model, ability));
    if (choices.length < 2) return;
    const select = element('select', {});
    for (const model of choices) select.append(element('option', { value: model.name }, model.name));
    const alone = !section.dataset.needs.includes(' ');
    const label = alone ? 'Model' : `Model for ${ABILITIES[ability].name}`;
    section.querySelector('.panel-head').append(
      element('label', { class: 'picker', 'data-picker': ability },
        element('span', { class: alone ? 'visually-hidden' : '' }, label), select));
    this.pickers.set(ability, select);
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
