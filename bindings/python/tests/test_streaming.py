"""Tokens and texts as they come, and calls that are stopped."""

import asyncio
import threading
import time

import numpy as np
import pytest

import blip_cpp

from conftest import caption


def test_tokens_as_they_come(captioning, photos):
    processor, model = captioning
    inputs = processor(images=str(photos[0]), return_tensors="np")
    heard = []
    ids = model.generate(**inputs, on_token=lambda image, sequence, token: heard.append((image, sequence, token)))
    assert [token for _, _, token in heard] == ids[0][1:].tolist()

    class Streamer:
        def __init__(self):
            self.begin, self.tokens, self.ended = None, [], False

        def put(self, value):
            if self.begin is None:
                assert value.ndim == 2
                self.begin = value[0].tolist()
            else:
                assert value.shape == (1,)
                self.tokens += value.tolist()

        def end(self):
            self.ended = True

    for text in (None, "a photo of"):
        inputs = processor(images=str(photos[0]), text=text, return_tensors="np")
        ids = model.generate(**inputs)[0].tolist()
        streamer, heard = Streamer(), []
        model.generate(**inputs, streamer=streamer, on_token=lambda image, sequence, token: heard.append(token))
        # As transformers': first what the text begins with, then each token.
        assert streamer.begin + streamer.tokens == ids and streamer.tokens == heard and streamer.ended
        assert len(streamer.begin) == (1 if text is None else 4)
    inputs = processor(images=str(photos[0]), return_tensors="np")

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.generate(**inputs, on_token=interrupt)


def test_texts_as_they_come(captioning, photos, capsys):
    processor, model = captioning
    for text in (None, "a photo of"):
        inputs = processor(images=str(photos[0]), text=text, return_tensors="np")
        expected = caption(captioning, str(photos[0]), text)
        streamer = blip_cpp.TextStreamer(processor.tokenizer)
        for _ in range(2):  # one streamer may serve several calls
            model.generate(**inputs, streamer=streamer)
            assert capsys.readouterr().out == expected + "\n"
        pieces = blip_cpp.TextIteratorStreamer(processor.tokenizer, skip_prompt=True, timeout=60)
        thread = threading.Thread(target=model.generate, kwargs={**inputs, "streamer": pieces})
        thread.start()
        found = list(pieces)
        thread.join()
        assert len(found) > 1 and "".join(found).strip() == expected.removeprefix(text or "").strip()
    # Who waits is told of errors, too.
    for wrong in ({"num_beams": 2}, {"num_beans": 2}, {"num_return_sequences": 2}):
        with pytest.raises(ValueError):
            model.generate(**inputs, streamer=pieces, **wrong)
        assert "".join(pieces).strip() in ("", "a photo of")


def test_stopped_calls(captioning, photos):
    processor, model = captioning
    inputs = processor(images=str(photos[0]), return_tensors="np")
    heard = []

    def listen(*token):
        heard.append(token)
        time.sleep(0.1)

    async def cancel():
        task = asyncio.create_task(model.agenerate(**inputs, min_new_tokens=50, max_new_tokens=50, on_token=listen))
        while len(heard) < 2 and not task.done():
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())  # which waits for the threads
    assert 2 <= len(heard) < 50
    stop = blip_cpp.StopSource()
    heard.clear()
    with pytest.raises(blip_cpp.CancelledError):
        model.generate(**inputs, min_new_tokens=50, max_new_tokens=50, stop=stop,
                       on_token=lambda *token: (heard.append(token), stop.request_stop()))
    assert len(heard) == 1 and stop.stop_requested


def test_readers_of_a_streamer_that_fails(captioning):
    processor, _ = captioning

    class Failing:
        name_or_path = processor.tokenizer.name_or_path

        def decode(self, *_, **__):
            raise RuntimeError("no text")

    pieces = blip_cpp.TextIteratorStreamer(Failing(), timeout=10)
    for _ in range(2):
        pieces.put(np.array([[processor.tokenizer.cls_token_id]]))
        with pytest.raises(RuntimeError, match="no text"):
            pieces.end()
        assert list(pieces) == []
