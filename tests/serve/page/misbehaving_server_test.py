"""Tests of the page with a server that is slow, fails, lacks something or is hostile: the mock only."""

import json

from playwright.sync_api import expect

from page_case import PHOTOS, PageCase

HOSTILE = """<img src=x onerror="window.hacked=1"> & "quoted" 'single' <script>window.hacked=1</script>"""


class Captions(PageCase):
    needs_mock = True

    def test_tokens_appear_one_by_one(self):
        self.mock(token_delay=0.1)
        self.choose()
        lengths = set()
        while self.page.locator("#caption-done").is_hidden():
            lengths.add(len(self.page.locator("#caption-text").inner_text()))
        self.assertGreaterEqual(len(lengths), 5, lengths)
        self.assertEqual(self.captioned(), "a young man riding a skateboard down the side of a cement ramp")

    def test_of_two_pictures_only_the_second_is_ever_described(self):
        self.mock(caption="a picture of SIZE bytes that was sent to the server", token_delay=0.05)
        self.page.evaluate("""() => {
            window.shown = [];
            const picture = document.getElementById('picture');
            new MutationObserver(() => shown.push([picture.src, document.getElementById('caption-text').textContent]))
              .observe(document.getElementById('caption-text'), {childList: true, characterData: true, subtree: true});
        }""")
        self.choose("skateboarder.jpg")
        self.until("window.shown.some(([, text]) => text.includes('picture'))")
        self.choose("cat.jpg")
        size = (PHOTOS / "cat.jpg").stat().st_size
        self.assertIn(str(size), self.captioned())
        second = self.page.get_attribute("#picture", "src")
        shown = [text for picture, text in self.page.evaluate("window.shown") if picture == second and text.strip()]
        self.assertGreaterEqual(len(shown), 5)
        final = f"a picture of {size} bytes that was sent to the server"
        self.assertTrue(all(final.startswith(text.strip()) for text in shown), shown)

    def test_stale_answers_are_never_shown(self):
        self.choose("skateboarder.jpg")
        self.captioned()
        self.mock(delay=0.8)
        self.page.fill("#match-texts", "a boy")
        self.page.click("#match-form button")
        self.page.fill("#ask-question", "What is it?")
        self.page.click("#ask-form button")
        self.choose("cat.jpg")
        self.captioned()
        self.page.wait_for_timeout(1500)
        expect(self.page.locator("#match-results li")).to_have_count(0)
        expect(self.page.locator("#ask-answers li")).to_have_count(0)

    def test_cancel_and_again(self):
        self.mock(delay=3)
        self.choose()
        cancel = self.page.locator("#caption [data-status] button", has_text="Cancel")
        cancel.focus()
        self.page.keyboard.press("Enter")
        again = self.page.locator("#caption [data-status] button", has_text="Try again")
        expect(again).to_be_focused()
        self.check_axe(self.page, "cancelled")
        self.mock()
        self.page.keyboard.press("Enter")
        self.assertTrue(self.captioned())

    def test_a_probability_is_shown_if_there_is_one(self):
        self.choose()
        self.captioned()
        expect(self.page.locator("#caption-facts")).to_contain_text("64 % sure")
        self.mock(mean_log_probability=0)
        self.choose("cat.jpg")
        self.captioned()
        expect(self.page.locator("#caption-facts")).not_to_contain_text("sure")

    def test_long_caption_makes_a_short_alt_text(self):
        self.mock(caption="word " * 60, token_delay=0)
        self.choose()
        self.captioned()
        expect(self.page.locator("#alt-length")).to_contain_text("shortened")
        self.assertLessEqual(len(self.page.inner_text("#alt-attribute")), len('alt=""') + 125)

    def test_a_picture_that_is_too_large_is_sent_smaller(self):
        self.mock(fail={"status": 413, "code": "too_large", "message": "the body is too large"}, times=1)
        self.page.evaluate("""async () => {
            const canvas = new OffscreenCanvas(1800, 1000);
            const context = canvas.getContext('2d');
            const noise = context.createImageData(1800, 1000);
            noise.data.forEach((_, index) => { noise.data[index] = index % 4 === 3 ? 255 : 256 * Math.random(); });
            context.putImageData(noise, 0, 0);
            const blob = await canvas.convertToBlob({type: 'image/png'});
            const data = new DataTransfer();
            data.items.add(new File([blob], 'large.png', {type: 'image/png'}));
            document.body.dispatchEvent(new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data}));
        }""")
        self.assertTrue(self.captioned())
        first, second = self.requests()
        self.assertLess(second["picture"], first["picture"])

    def test_a_format_that_the_browser_cannot_show(self):
        self.page.set_input_files("#file", {"name": "a.heic", "mimeType": "image/heic", "buffer": b"not for browsers"})
        expect(self.page.locator("#unseen")).to_be_visible()
        self.assertTrue(self.captioned())
        self.page.click("#explain-caption")
        self.page.locator("#explain-words .chip").first.wait_for()
        expect(self.page.locator("#overlay")).to_be_hidden()
        self.check_axe(self.page, "unseen")


class Errors(PageCase):
    needs_mock = True

    def fails_and_recovers(self, text: str, **behaviour) -> None:
        self.mock(**behaviour)
        self.choose()
        line = self.page.locator("#caption .error-line")
        expect(line).to_have_text(text)
        self.check_axe(self.page, text)
        self.mock()
        self.page.locator("#caption [data-status] button", has_text="Try again").click()
        self.assertTrue(self.captioned())
        expect(line).to_have_count(0)

    def test_refused_picture(self):
        message = "image: this is no picture that can be read"
        self.fails_and_recovers(message, fail={"status": 422, "code": "bad_image", "message": message})

    def test_busy_server(self):
        self.fails_and_recovers("The server is busy. Try again in 7 s.", fail={
            "status": 429, "code": "queue_full", "message": "the queue is full", "retry_after": 7})

    def test_error_in_a_stream(self):
        self.fails_and_recovers("the deadline has passed", fail={
            "status": 504, "code": "timed_out", "message": "the deadline has passed", "stream": True})

    def test_stream_that_breaks(self):
        self.fails_and_recovers("The connection broke before the answer was complete.", cut=True)

    def test_server_that_is_gone(self):
        self.page.route("**/blip/v1/ask", lambda route: route.abort())
        self.choose()
        self.captioned()
        self.page.fill("#ask-question", "What is it?")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#ask .error-line")).to_contain_text("cannot be reached")
        expect(self.page.locator("#ask-answers li")).to_have_count(0)
        self.page.unroute("**/blip/v1/ask")
        self.page.locator("#ask [data-status] button").click()
        expect(self.page.locator("#ask-answers .answer")).to_have_text("a skateboard")

    def test_an_answer_that_is_not_ours(self):
        self.page.route("**/blip/v1/match", lambda route: route.fulfill(status=200, content_type="text/html", body="<p>"))
        self.page.route("**/blip/v1/tag", lambda route: route.fulfill(status=502, content_type="text/html", body="<p>"))
        self.choose()
        self.captioned()
        self.page.fill("#match-texts", "a boy")
        self.page.click("#match-form button")
        expect(self.page.locator("#match .error-line")).to_contain_text("not JSON")
        self.page.click("#labels-tag")
        expect(self.page.locator("#labels .error-line")).to_contain_text("502")

    def test_maps_that_are_none(self):
        for maps in [[], [{"word": "a", "map": []}], [{"word": "a", "map": [[1, 2], [3]]}], [{"word": "a", "map": [["x"]]}]]:
            self.page.route("**/blip/v1/explain", lambda route: route.fulfill(json={"words": maps}))
            self.choose()
            self.captioned()
            self.page.click("#explain-caption")
            expect(self.page.locator("#explain .error-line")).to_contain_text("no map")
            self.page.unroute("**/blip/v1/explain")

    def test_api_key(self):
        self.mock(key="secret-key")
        page = self.replace(self.open())
        expect(page.locator("#key")).to_be_visible()
        expect(page.locator("#key-value")).to_be_focused()
        self.check_axe(page, "key")
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#key-why")).to_contain_text("refused")
        page.fill("#key-value", "secret-key")
        page.keyboard.press("Enter")
        expect(page.locator("#key")).to_be_hidden()
        self.choose()
        self.assertTrue(self.captioned())
        self.assertEqual(page.evaluate("[sessionStorage.length, Object.keys(localStorage).length]"), [1, 0])

    def test_api_key_refused_by_the_person(self):
        self.mock(key="secret-key")
        page = self.replace(self.open())
        expect(page.locator("#key")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#notice")).to_contain_text("API key")
        page.click("#notice-retry")
        page.fill("#key-value", "secret-key")
        page.keyboard.press("Enter")
        expect(page.locator("#notice")).to_be_hidden()


class Capabilities(PageCase):
    needs_mock = True

    def test_captions_explained_by_the_model_that_wrote_them(self):
        self.mock(models={"nano-captioning": ["caption", "explain"]})
        page = self.replace(self.open())
        self.choose()
        self.captioned()
        expect(page.locator("#explain-text")).to_be_hidden()
        page.click("#explain-caption")
        page.locator("#explain-words .chip").first.wait_for()
        self.assertEqual(self.requests()[-1]["fields"], {"model": ["nano-captioning"]})

    def test_another_wording_is_explained_as_a_text(self):
        self.choose()
        caption = self.captioned()
        self.page.click("#caption-again")
        self.until("document.querySelector('#caption-done').hidden === false")
        self.page.click("#explain-caption")
        self.page.locator("#explain-words .chip").first.wait_for()
        self.assertEqual(self.requests()[-1]["fields"], {"model": ["nano-retrieval"], "text": [caption]})

    def test_missing_ones_are_named(self):
        self.mock(models={"nano-captioning": ["caption"]})
        page = self.replace(self.open())
        self.choose()
        self.captioned()
        for hidden in ["#ask", "#match", "#explain", "#labels"]:
            expect(page.locator(hidden)).to_be_hidden()
        expect(page.locator("#missing")).to_contain_text("answers to questions")
        self.check_axe(page, "caption alone")

    def test_no_caption(self):
        self.mock(models={"nano-retrieval": ["match"], "nano-classifier": ["classify"]})
        page = self.replace(self.open())
        page.locator("#intro .example").first.click()
        expect(page.locator("#caption")).to_be_hidden()
        expect(page.locator("#match-title")).to_be_focused()
        expect(page.locator("#labels-tag")).to_be_hidden()
        page.click("#labels-classify")
        expect(page.locator("#labels-results li")).to_have_count(3)
        self.assertEqual([request["path"] for request in self.requests()], ["/blip/v1/classify"])

    def test_models_without_a_matching_head(self):
        self.mock(itm=False)
        self.choose()
        self.captioned()
        self.page.fill("#match-texts", "a boy\na cat")
        self.page.click("#match-form button")
        expect(self.page.locator("#match-results .bar-numbers").first).to_have_text("Similarity 0.420")

    def test_a_model_can_be_chosen(self):
        self.mock(models={"nano-captioning": ["caption"], "base-coco": ["caption"],
                          "nano-vqa": ["answer"], "base-vqa": ["answer"]})
        page = self.replace(self.open())
        self.choose()
        self.captioned()
        self.assertEqual(self.requests()[-1]["fields"]["model"], ["nano-captioning"])
        page.locator("#caption .picker select").select_option("base-coco")
        self.until("document.querySelector('#caption-done').hidden === false")
        self.assertEqual(self.requests()[-1]["fields"]["model"], ["base-coco"])
        page.locator("#ask .picker select").select_option("base-vqa")
        page.fill("#ask-question", "What is it?")
        page.keyboard.press("Enter")
        expect(page.locator("#ask-answers .answer:not(.writing)")).to_have_count(1)
        self.assertEqual(self.requests()[-1]["fields"]["model"], ["base-vqa"])
        self.check_axe(page, "two models")


class HostileText(PageCase):
    needs_mock = True

    def test_markup_stays_text(self):
        self.mock(caption=HOSTILE, answer=HOSTILE, label=HOSTILE, token_delay=0)
        self.choose()
        self.assertEqual(self.captioned(), HOSTILE)
        attribute = self.page.inner_text("#alt-attribute")
        self.assertRegex(attribute, r'^alt="[^"<>\']*"$')
        self.page.locator("#ask-suggestions button").first.click()
        expect(self.page.locator("#ask-answers .answer:not(.writing)")).to_have_text(HOSTILE)
        self.page.fill("#match-texts", HOSTILE)
        self.page.click("#match-form button")
        expect(self.page.locator("#match-results .bar-text")).to_have_text(HOSTILE)
        self.page.click("#labels-tag")
        expect(self.page.locator("#labels-results .bar-text").first).to_have_text(HOSTILE)
        self.page.click("#explain-caption")
        expect(self.page.locator("#explain-words .chip").nth(1)).to_have_text("<img")
        self.assertIsNone(self.page.evaluate("window.hacked ?? null"))
        self.assertEqual(self.page.locator("main img[src='x'], main script").count(), 0)

    def test_models_names_and_errors_stay_text(self):
        self.mock(models={HOSTILE: ["caption", HOSTILE]}, fail={"status": 400, "code": "bad_request", "message": HOSTILE + "\nsecond"})
        page = self.replace(self.open())
        expect(page.locator("#server")).to_contain_text("<img src=x")
        self.choose()
        expect(page.locator("#caption .error-line")).to_have_text(HOSTILE)
        self.assertIsNone(page.evaluate("window.hacked ?? null"))

    def test_long_words_break(self):
        word = "Donaudampfschifffahrtsgesellschaft" * 8
        self.mock(caption=f"a {word}", answer=word, label=word, token_delay=0)
        for width in [320, 1440]:
            page = self.replace(self.open(width))
            self.choose()
            self.captioned()
            page.locator("#ask-suggestions button").first.click()
            page.locator("#ask-answers .answer:not(.writing)").first.wait_for()
            page.fill("#match-texts", word)
            page.click("#match-form button")
            page.locator("#match-results li").first.wait_for()
            page.click("#labels-tag")
            page.locator("#labels-results li").first.wait_for()
            page.click("#explain-caption")
            page.locator("#explain-words .chip").first.wait_for()
            self.check_no_sideways_scrolling(page, f"{width} px")

    def test_everything_survives_in_json(self):
        self.mock(caption=HOSTILE, token_delay=0)
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.choose()
        self.captioned()
        self.page.click("#copy-json")
        expect(self.page.locator("#copy-json")).to_have_text("Copied")
        copied = json.loads(self.page.evaluate("navigator.clipboard.readText()"))
        self.assertEqual(copied["caption"], HOSTILE)
