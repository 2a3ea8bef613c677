// Questions and answers, the newest first.
import { post } from './api.js';
import { Activity } from './activity.js';
import { announce, byId, element } from './dom.js';
import { session } from './session.js';

const KEPT = 100; // answers in the list

export function startAsk(models) {
  const activity = new Activity(byId('ask'));
  const field = byId('ask-question');
  const list = byId('ask-answers');

  const ask = (question) => {
    const { picture, known } = session;
    activity.run('Looking for the answer', async (signal) => {
      const answer = element('p', { class: 'answer writing' });
      const item = element('li', {}, element('p', { class: 'question' }, question), answer);
      signal.addEventListener('abort', () => item.remove());
      list.prepend(item);
      try {
        const result = await post('/blip/v1/ask', picture, { model: models.chosen('answer'), question }, {
          signal,
          onToken: (piece) => answer.append(piece),
        });
        const text = String(result.answers?.[0]?.answer ?? answer.textContent).trim();
        answer.textContent = text || 'No answer.';
        answer.classList.remove('writing');
        known.answers.unshift({ question, answer: text, model: result.model });
        known.answers.length = Math.min(known.answers.length, KEPT);
        while (list.children.length > KEPT) list.lastElementChild.remove();
        announce(`Answer: ${answer.textContent}`);
      } catch (error) {
        item.remove();
        throw error;
      }
    });
  };

  byId('ask-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (question === '' || !session.picture) return;
    ask(question);
    field.select();
  });
  byId('ask-suggestions').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button) ask(button.textContent);
  });
  session.onPicture(() => {
    activity.reset();
    list.replaceChildren();
  });
}
