// Server-sent events from the body of a fetch: EventSource cannot POST.

const LONGEST = 16 * 1024 * 1024; // characters of one event

// The text of `body` (a ReadableStream of bytes) as {event, data}, as the HTML standard parses it.
export async function* serverSentEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data = [];
  let size = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += decoder.decode(value ?? new Uint8Array(), { stream: !done });
      // A carriage return at the end may be half of a line's end.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        if (line === '') {
          if (data.length) yield { event: event || 'message', data: data.join('\n') };
          event = '';
          data = [];
          size = 0;
          continue;
        }
        const colon = line.indexOf(':');
        if (colon === 0) continue; // a comment that keeps the connection alive
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (field === 'event') event = text;
        if (field === 'data') data.push(text);
        size += line.length;
      }
      if (size + rest.length > LONGEST) throw new Error('The answer is too long.');
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
