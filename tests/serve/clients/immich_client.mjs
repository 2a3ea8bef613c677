// Immich's requests, by the same fetch and FormData as its server's (node 20 or newer).
// node immich_client.mjs BASE_URL [MODEL]: MODEL is an Immich name that the server knows.
import { readFile } from 'node:fs/promises';
import { Blob } from 'node:buffer';

const base = process.argv[2];
const modelName = process.argv[3] ?? 'ViT-B-32__openai';
if (!base) {
  console.error('usage: immich_client.mjs BASE_URL [MODEL]');
  process.exit(2);
}

function expect(holds, what, found) {
  if (!holds) {
    console.error('FAILED:', what, found);
    process.exit(1);
  }
}

async function predict(entries, fields) {
  const form = new FormData();
  form.append('entries', JSON.stringify(entries));
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return fetch(new URL('/predict', base), { method: 'POST', body: form });
}

async function photo(name) {
  const bytes = await readFile(new URL(`../../../examples/photos/${name}`, import.meta.url));
  return new Blob([new Uint8Array(bytes)]);
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

const ping = await fetch(new URL('/ping', base), { signal: AbortSignal.timeout(2000) });
expect(ping.ok && (await ping.text()) === 'pong', 'ping', ping.status);

const visual = { clip: { visual: { modelName } } };
let response = await predict(visual, { image: await photo('cat.jpg') });
expect(response.ok, 'visual', await response.clone().text());
const cat = await response.json();
expect(typeof cat.clip === 'string' && cat.clip.startsWith('['), 'a list in a string', cat.clip);
expect(Number.isInteger(cat.imageHeight) && Number.isInteger(cat.imageWidth), 'sizes', cat);
const catVector = JSON.parse(cat.clip);
expect(Math.abs(dot(catVector, catVector) - 1) < 1e-3, 'unit length', dot(catVector, catVector));
for (const value of catVector) {
  // float32's shortest form: reading it as float32 and back loses nothing, and it is short.
  expect(String(value).length <= 16, 'the shortest form', value);
}

async function textual(text, options) {
  const entries = { clip: { textual: { modelName, options } } };
  const answer = await predict(entries, { text });
  expect(answer.ok, 'textual', await answer.clone().text());
  const body = await answer.json();
  expect(Object.keys(body).length === 1, 'a text has no sizes', body);
  return JSON.parse(body.clip);
}

const [aCat, aMotorcycle] = [
  await textual('a cat', { language: undefined }),
  await textual('a motorcycle', { language: 'en' }),
];
expect(aCat.length === catVector.length, 'one space', aCat.length);
expect(dot(aCat, catVector) > dot(aMotorcycle, catVector), 'the cat is found', dot(aCat, catVector));
expect(dot(aCat, await textual('  a \n cat ', {})) > 0.9999, 'white space does not matter');

// Two at once, as its queue does.
const both = await Promise.all(
  ['cat.jpg', 'motorcycle.jpg'].map(async (name) =>
    (await predict(visual, { image: await photo(name) })).json(),
  ),
);
expect(both[0].clip === cat.clip, 'the same photo has the same vector beside another', both[0].clip);

const refused = [
  [422, 'Invalid request format.', await predict('x', { image: await photo('cat.jpg') })],
  [400, 'Either image or text must be provided', await predict(visual, {})],
  [400, null, await predict({ ocr: { detection: { modelName } } }, { image: await photo('cat.jpg') })],
  [404, null, await predict({ clip: { visual: { modelName: 'no-such__model' } } }, { image: await photo('cat.jpg') })],
  [422, null, await predict(visual, { image: new Blob(['no image']) })],
];
for (const [status, detail, answer] of refused) {
  const body = await answer.json();
  expect(answer.status === status, `status ${status}`, [answer.status, body]);
  expect(typeof body.detail === 'string' && (detail === null || body.detail === detail), 'detail', body);
}
console.log('immich_client.mjs: ok');
