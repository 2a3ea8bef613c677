// npm's ollama: node ollama_client.mjs BASE_URL
import { readFile } from 'node:fs/promises';
import { Ollama } from 'ollama';

const base = process.argv[2];
const client = new Ollama({ host: base });
const bytes = await readFile(new URL('../../../examples/photos/cat.jpg', import.meta.url));
const image = bytes.toString('base64');

function expect(holds, what, found) {
  if (holds) return;
  console.error('FAILED:', what, found);
  process.exit(1);
}

const models = (await (await fetch(`${base}/blip/v1/models`)).json()).models;
const modelFor = (task) => models.find((model) => model.tasks.includes(task))?.name;
const model = modelFor('caption');

const plain = await client.generate({ model, prompt: 'Describe', images: [image] });
expect(plain.response.length > 0 && plain.done, 'generate', plain);
const caption = plain.response;

const chat = await client.chat({ model, messages: [{ role: 'user', content: 'Describe', images: [image] }] });
expect(chat.message.content === caption, 'chat', chat);

let text = '';
let last;
for await (const part of await client.generate({ model, prompt: 'Describe', images: [bytes], stream: true })) {
  text += part.response;
  last = part;
}
expect(text === caption, 'a streamed generate', text);
expect(last.done && last.eval_count > 0, 'its last part', last);

expect((await client.list()).models.some((each) => each.model === `${model}:latest`), 'list');
expect((await client.show({ model })).model_info !== undefined, 'show');
expect((await client.ps()).models.length > 0, 'ps');
expect((await client.pull({ model })).status === 'success', 'pull');
if (modelFor('embed')) {
  const { embeddings } = await client.embed({ model: modelFor('embed'), input: ['a cat'] });
  expect(embeddings.length === 1, 'embed', embeddings);
}
try {
  await client.generate({ model: 'nope', prompt: 'x' });
  expect(false, 'an unknown model was found');
} catch (error) {
  expect(error.status_code === 404, 'an unknown model', error);
}
console.log('ollama_client.mjs: ok');
