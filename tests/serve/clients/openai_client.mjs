// npm's openai: node openai_client.mjs BASE_URL
import { readFile } from 'node:fs/promises';
import OpenAI from 'openai';

const base = process.argv[2];
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'none', maxRetries: 0 });
const bytes = await readFile(new URL('../../../examples/photos/cat.jpg', import.meta.url));
const url = `data:image/jpeg;base64,${bytes.toString('base64')}`;

function expect(holds, what, found) {
  if (holds) return;
  console.error('FAILED:', what, found);
  process.exit(1);
}

const models = (await (await fetch(`${base}/blip/v1/models`)).json()).models;
const modelFor = (task) => models.find((model) => model.tasks.includes(task))?.name;
const model = modelFor('caption');
const native = await (
  await fetch(`${base}/blip/v1/caption`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ image: url }),
  })
).json();
const caption = native.captions[0].caption;
const messages = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Describe' },
      { type: 'image_url', image_url: { url } },
    ],
  },
];

const ids = [];
for await (const each of client.models.list()) ids.push(each.id);
expect(ids.includes(model), 'models', ids);

const chat = await client.chat.completions.create({ model, messages });
expect(chat.choices[0].message.content === caption, 'a chat', chat.choices[0]);

let text = '';
for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
  text += chunk.choices[0]?.delta?.content ?? '';
}
expect(text === caption, 'a streamed chat', text);

const response = await client.responses.create({
  model,
  input: [{ role: 'user', content: [{ type: 'input_image', image_url: url, detail: 'low' }] }],
});
expect(response.output_text === caption, 'a response', response.output_text);

if (modelFor('embed')) {
  const { data } = await client.embeddings.create({ model: modelFor('embed'), input: ['a cat', 'a dog'] });
  const length = Math.hypot(...data[1].embedding);
  expect(Math.abs(length - 1) < 1e-3, 'an embedding of unit length', length);
}
try {
  await client.models.retrieve('nope');
  expect(false, 'an unknown model was found');
} catch (error) {
  expect(error instanceof OpenAI.NotFoundError, 'an unknown model', error);
}
console.log('openai_client.mjs: ok');
