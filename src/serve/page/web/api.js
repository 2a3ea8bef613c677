// The native REST API (/blip/v1/…): requests, streams, errors and the API key.
import { serverSentEvents } from './sse.js';
import { askForKey, storedKey } from './key.js';

export class ApiError extends Error {
  constructor(message, { code = 'internal', status = 0, retryAfter = 0 } = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const UNREACHABLE = 'The server cannot be reached. Is it still running?';
const CUT = 'The connection broke before the answer was complete.';

async function request(path, options) {
  for (;;) {
    const key = storedKey();
    const headers = { ...options.headers };
    if (key) headers.Authorization = `Bearer ${key}`;
    let response;
    try {
      response = await fetch(path, { ...options, headers, cache: 'no-store' });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new ApiError(UNREACHABLE, { code: 'unreachable' });
    }
    if (response.status !== 401) return response;
    // Another request may have been given a key meanwhile.
    if (storedKey() !== key && storedKey()) continue;
    if (!(await askForKey(key !== ''))) {
      throw new ApiError('The server asks for an API key.', { code: 'unauthorized', status: 401 });
    }
    options.signal?.throwIfAborted();
  }
}

function errorOf(body, status, retryAfter = 0) {
  const error = body?.error;
  let message = typeof error === 'string' ? error : error?.message;
  message = typeof message === 'string' && message !== '' ? message : `The server answered ${status}.`;
  if (status === 429) {
    message = retryAfter > 0
      ? `The server is busy. Try again in ${retryAfter} s.`
      : 'The server is busy. Try again in a moment.';
  }
  return new ApiError(message.split('\n')[0].slice(0, 500), { code: error?.code, status, retryAfter });
}

async function refuse(response) {
  let body = null;
  try {
    body = await response.json();
  } catch (error) {
    // Not ours: a proxy's page, for example.
  }
  const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  throw errorOf(body, response.status, Number.isFinite(retryAfter) ? retryAfter : 0);
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    if (value !== null && typeof value === 'object') return value;
  } catch (error) {
    // Falls through: cut off, or not from this server.
  }
  throw new ApiError('The server answered something that is not JSON.');
}

export async function getJson(path, signal) {
  const response = await request(path, { signal });
  if (!response.ok) await refuse(response);
  return parsed(await response.text());
}

export async function putJson(path, value, signal) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await request(path, { method: 'PUT', headers, body: JSON.stringify(value), signal });
  if (!response.ok) await refuse(response);
  return parsed(await response.text());
}

function form(picture, fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null || value === '') continue;
    for (const item of Array.isArray(value) ? value : [value]) data.append(name, String(item));
  }
  data.append('image', picture.blob, picture.name);
  return data;
}

async function send(path, picture, fields, signal) {
  const options = { method: 'POST', body: form(picture, fields), signal };
  const response = await request(path, options);
  if (response.status !== 413 || !(await picture.shrink())) return response;
  // More than the server takes: the picture again, but smaller.
  return request(path, { ...options, body: form(picture, fields) });
}

// Posts the picture and resolves to the answer. With `onToken` the answer is streamed: it is called
// with each piece of text, and never after `signal` was aborted.
export async function post(path, picture, fields, { signal, onToken }) {
  const streamed = onToken ? { ...fields, stream: 'true' } : fields;
  const response = await send(path, picture, streamed, signal);
  if (!response.ok) await refuse(response);
  if (!(response.headers.get('Content-Type') ?? '').startsWith('text/event-stream')) {
    return parsed(await response.text());
  }
  try {
    for await (const { event, data } of serverSentEvents(response.body)) {
      signal.throwIfAborted();
      const value = parsed(data);
      if (event === 'token' && typeof value.text === 'string') onToken?.(value.text);
      if (event === 'done') return value;
      if (event === 'error') throw errorOf(value, response.status);
    }
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error;
    throw new ApiError(CUT, { code: 'cut' });
  }
  throw new ApiError(CUT, { code: 'cut' });
}
