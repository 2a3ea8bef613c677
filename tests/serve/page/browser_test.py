#!/usr/bin/env python3
"""Tests of the page of `blip serve` in Chromium: every function, by mouse and by keyboard, and axe-core.

    pip install -r tests/serve/page/requirements.txt && npm install --prefix tests/serve/page
    tests/serve/page/browser_test.py                             # against mock_server.py
    tests/serve/page/browser_test.py --url http://127.0.0.1:8080 # against `blip serve`

Against a real server the tests that need one that misbehaves are left out.
"""

import argparse
import json
import pathlib
import sys
import unittest

from playwright.sync_api import expect

from page_case import AXE, PHOTOS, WIDTHS, PageCase
import library_test
import misbehaving_server_test


class Pictures(PageCase):
    """The ways in which a picture comes."""

    def test_example_with_its_credit(self):
        self.page.locator("#intro .example").nth(1).click()
        self.assertTrue(self.captioned())
        expect(self.page.locator("#credit")).to_contain_text("CC BY 2.0")
        self.assertIn("cat", self.page.get_attribute("#picture", "alt").lower())
        self.assertEqual(self.page.evaluate("document.activeElement.id"), "caption-title")

    def test_file(self):
        self.choose()
        self.assertTrue(self.captioned())
        expect(self.page.locator("#intro")).to_be_hidden()
        expect(self.page.locator("#credit")).to_be_hidden()

    def transfer(self, kind: str, event: str) -> None:
        photo = list((PHOTOS / "pizza.jpg").read_bytes())
        self.page.evaluate("""([bytes, kind, event]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], 'pizza.jpg', {type: 'image/jpeg'}));
            const init = {bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data};
            document.body.dispatchEvent(new window[kind](event, init));
        }""", [photo, kind, event])

    def test_drop(self):
        self.transfer("DragEvent", "dragenter")
        expect(self.page.locator("#drop-here")).to_be_visible()
        self.transfer("DragEvent", "drop")
        expect(self.page.locator("#drop-here")).to_be_hidden()
        self.assertTrue(self.captioned())

    def test_paste(self):
        self.transfer("ClipboardEvent", "paste")
        self.assertTrue(self.captioned())

    def test_camera(self):
        self.page.locator("#intro [data-camera]").click()
        expect(self.page.locator("#camera-take")).to_be_enabled()
        self.check_axe(self.page, "camera")
        self.page.click("#camera-take")
        self.assertTrue(self.captioned())
        size = self.page.evaluate("[document.getElementById('picture').naturalWidth > 100, "
                                  "document.getElementById('camera-video').srcObject]")
        self.assertEqual(size, [True, None])

    def test_camera_cancelled(self):
        self.page.locator("#intro [data-camera]").click()
        self.page.keyboard.press("Escape")
        expect(self.page.locator("#camera")).to_be_hidden()
        expect(self.page.locator("#intro")).to_be_visible()

    def test_text_file_is_refused(self):
        self.page.set_input_files("#file", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"text"})
        expect(self.page.locator("#notice")).to_contain_text("no picture")
        self.check_axe(self.page, "refused")


class Functions(PageCase):
    """What the page does with a picture."""

    def setUp(self):
        super().setUp()
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.choose()
        self.caption = self.captioned()

    def clipboard(self) -> str:
        return self.page.evaluate("navigator.clipboard.readText()")

    def test_copies(self):
        self.page.click("#copy-text")
        expect(self.page.locator("#copy-text")).to_have_text("Copied")
        self.assertEqual(self.clipboard().lower(), self.caption.lower())
        self.page.click("#copy-alt")
        expect(self.page.locator("#copy-alt")).to_have_text("Copied")
        self.assertRegex(self.clipboard(), r'^alt="[^"<>]+"$')
        self.page.click("#copy-json")
        expect(self.page.locator("#copy-json")).to_have_text("Copied")
        copied = json.loads(self.clipboard())
        self.assertEqual(copied["image"], "skateboarder.jpg")
        self.assertLessEqual(len(copied["alt"]), 125)
        self.assertEqual(copied["caption"].lower(), self.caption.lower())

    def test_another_wording(self):
        self.page.click("#caption-again")
        self.assertTrue(self.captioned())

    def test_questions(self):
        self.offered("#ask")
        for question in ["What is he riding?", "Where is he?"]:
            self.page.fill("#ask-question", question)
            self.page.click("#ask-form button")
            answer = self.page.locator("#ask-answers li", has_text=question).locator(".answer:not(.writing)")
            expect(answer).not_to_be_empty()
        self.page.locator("#ask-suggestions button").first.click()
        expect(self.page.locator("#ask-answers li")).to_have_count(3)
        expect(self.page.locator("#ask-answers .question")).to_have_text(
            ["What is in the picture?", "Where is he?", "What is he riding?"])
        expect(self.page.locator("#ask-answers .writing")).to_have_count(0)

    def test_texts_that_fit(self):
        self.offered("#match")
        self.page.fill("#match-texts", "a cat on a sofa\n\n a skateboarder \na cat on a sofa\n")
        self.page.click("#match-form button")
        expect(self.page.locator("#match-results li")).to_have_count(2)
        numbers = self.page.locator("#match-results .bar-numbers > :first-child").all_inner_texts()
        self.assertRegex(numbers[0], r"\d")
        widths = self.page.evaluate(
            "[...document.querySelectorAll('#match-results .bar-fill')].map((bar) => bar.clientWidth)")
        self.assertEqual(widths, sorted(widths, reverse=True))

    def test_where_it_looked(self):
        self.offered("#explain")
        self.page.click("#explain-caption")
        words = len(self.caption.split())
        expect(self.page.locator("#explain-words input").nth(words)).to_be_visible()
        expect(self.page.locator("#explain-words input")).to_have_count(words + 1)
        expect(self.page.locator("#overlay")).to_be_visible()
        self.page.locator("#explain-words input").first.focus()
        drawings = [self.drawing()]
        for _ in range(2):
            self.page.keyboard.press("ArrowRight")
            drawings.append(self.drawing())
        self.assertGreaterEqual(len(set(drawings)), 2, "all words have the same map")
        expect(self.page.locator("#explain-where")).to_contain_text(self.caption.split()[1])
        overlay = self.page.locator("#overlay").bounding_box()
        picture = self.page.locator("#picture").bounding_box()
        self.assertAlmostEqual(overlay["width"], picture["width"], delta=2)
        self.assertAlmostEqual(overlay["y"], picture["y"], delta=2)
        self.page.locator("#explain-opacity").focus()
        self.page.keyboard.press("Home")
        expect(self.page.locator("#explain-opacity-value")).to_have_text("0 %")
        self.assertEqual(self.page.evaluate("getComputedStyle(overlay).opacity"), "0")

    def test_where_it_looked_for_a_text(self):
        self.offered("#explain-text")
        self.page.fill("#explain-text", "a skateboard")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#explain-words input")).to_have_count(3)
        self.page.locator("#explain-words input").first.focus()
        self.page.keyboard.press("ArrowLeft")
        expect(self.page.locator("#explain-where")).to_contain_text("skateboard")

    def drawing(self) -> str:
        return self.page.evaluate("document.getElementById('overlay').toDataURL()")

    def test_classes_and_tags(self):
        self.offered("#labels")
        if self.page.locator("#labels-tag").is_visible():
            self.page.click("#labels-tag")
            expect(self.page.locator("#labels-results > *").first).to_be_visible()
        if self.page.locator("#labels-classify").is_visible():
            self.page.click("#labels-classify")
            expect(self.page.locator("#labels-results > *").first).to_be_visible()
        if self.page.locator("#labels-list").is_visible():
            self.page.fill("#labels-list", "skateboard, pizza,, pizza")
            self.page.click("#labels-own button")
            expect(self.page.locator("#labels-results li, #labels .error-line").first).to_be_visible()

    def test_another_picture_clears_everything(self):
        self.offered("#ask")
        self.page.fill("#ask-question", "What is it?")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#ask-answers .answer:not(.writing)")).to_have_count(1)
        self.choose("cat.jpg")
        expect(self.page.locator("#ask-answers li")).to_have_count(0)
        self.assertTrue(self.captioned())


class EverybodysPage(PageCase):
    """Keyboard, screen reader, sizes, colours."""

    def fill(self, page):
        page.locator("#intro .example").first.click()
        self.captioned(page)
        if page.locator("#match").is_visible():
            page.fill("#match-texts", "a skateboarder\na cat")
            page.click("#match-form button")
            page.locator("#match-results li").first.wait_for()
        if page.locator("#ask").is_visible():
            page.locator("#ask-suggestions button").first.click()
            page.locator("#ask-answers .answer:not(.writing)").first.wait_for()
        if page.locator("#labels-tag").is_visible():
            page.click("#labels-tag")
            page.locator("#labels-results > *").first.wait_for()
        if page.locator("#explain").is_visible():
            page.click("#explain-caption")
            page.locator("#explain-words .chip").nth(1).click()

    def test_axe_finds_nothing(self):
        for scheme in ["light", "dark"]:
            for width in WIDTHS:
                with self.subTest(width=width, scheme=scheme):
                    page = self.replace(self.open(width, scheme))
                    self.check_axe(page, "empty")
                    self.check_no_sideways_scrolling(page, "empty")
                    self.fill(page)
                    self.check_axe(page, "full")
                    self.check_no_sideways_scrolling(page, "full")

    def test_400_percent_zoom(self):
        page = self.replace(self.open(320))
        page.set_viewport_size({"width": 320, "height": 256})
        self.fill(page)
        self.check_no_sideways_scrolling(page, "1280 px at 400 %")

    def test_targets_are_large_enough(self):
        page = self.replace(self.open(360))
        self.fill(page)
        small = page.evaluate("""[...document.querySelectorAll('button, a, select, input:not([type=file]), .chip')]
            .filter((each) => each.checkVisibility() && !each.matches('.skip') && each.type !== 'radio')
            .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24).map(([html]) => html)""")
        self.assertEqual(small, [])

    def test_keyboard_alone(self):
        page = self.page
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        self.assertGreaterEqual(page.locator(".skip").bounding_box()["y"], 0)
        page.keyboard.press("Enter")
        self.assertEqual(page.evaluate("document.activeElement.id"), "main")
        self.tab_to("#intro .example")
        self.assertTrue(self.has_visible_focus())
        page.keyboard.press("Enter")
        self.captioned()
        expect(page.locator("#caption-title")).to_be_focused()
        self.tab_to("#copy-text")
        page.keyboard.press("Space")
        if page.locator("#explain").is_visible():
            self.tab_to("#explain-caption")
            page.keyboard.press("Enter")
            page.locator("#explain-words .chip").first.wait_for()
            self.tab_to("#explain-words input")
            self.assertTrue(self.has_visible_focus())
            page.keyboard.press("ArrowRight")
            self.tab_to("#explain-opacity")
            page.keyboard.press("ArrowLeft")
        if page.locator("#ask").is_visible():
            self.tab_to("#ask-question")
            page.keyboard.type("What is it?")
            page.keyboard.press("Enter")
            expect(page.locator("#ask-answers .answer:not(.writing)").first).not_to_be_empty()
        if page.locator("#match").is_visible():
            self.tab_to("#match-texts")
            page.keyboard.type("a skateboarder")
            page.keyboard.press("Enter")
            page.keyboard.type("a cat")
            page.keyboard.press("Control+Enter")
            expect(page.locator("#match-results li")).to_have_count(2)
        # Out at the other end: nothing holds the focus.
        self.tab_to(".bottom a")

    def tab_to(self, selector: str) -> None:
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        self.fail(f"{selector} cannot be reached by Tab")

    def has_visible_focus(self) -> bool:
        return self.page.evaluate("""(() => {
            const focused = document.activeElement;
            const shown = focused.type === 'radio' ? focused.nextElementSibling : focused;
            const style = getComputedStyle(shown);
            return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        })()""")

    def test_focus_is_not_hidden_by_the_picture(self):
        page = self.replace(self.open(360))
        self.fill(page)
        hidden = []
        for _ in range(60):
            page.keyboard.press("Shift+Tab")
            found = page.evaluate("""(() => {
                const focused = document.activeElement;
                if (focused === document.body || focused.closest('figure')) return null;
                const box = focused.getBoundingClientRect();
                const figure = document.querySelector('figure').getBoundingClientRect();
                return box.height > 0 && box.bottom <= figure.bottom && box.top >= figure.top
                  && figure.top <= 0 ? focused.outerHTML.slice(0, 80) : null;
            })()""")
            if found:
                hidden.append(found)
        self.assertEqual(hidden, [])

    def test_headings_and_landmarks(self):
        self.fill(self.page)
        self.assertEqual(self.page.evaluate(
            "['header', 'main', 'footer'].map((name) => document.querySelectorAll(name).length)"), [1, 1, 1])
        unnamed = self.page.evaluate("""[...document.querySelectorAll('section')].filter((section) =>
            !document.getElementById(section.getAttribute('aria-labelledby'))).length""")
        self.assertEqual(unnamed, 0)

    def test_results_are_announced_once(self):
        self.choose()
        caption = self.captioned()
        self.until("window.announced.some((text) => text.startsWith('Caption'))")
        announced = self.page.evaluate("window.announced")
        self.assertLessEqual(len(announced), 2, announced)
        self.assertEqual(announced[-1].lower(), f"caption: {caption}".lower())
        # No other region speaks while the caption is written.
        self.assertEqual(self.page.evaluate(
            "[...document.querySelectorAll('[aria-live], [role=status], [role=log]')].map((each) => each.id)"),
            ["announcer"])

    def test_theme(self):
        page = self.page
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        page.click("#theme")
        expect(page.locator("#theme")).to_have_attribute("aria-pressed", "true")
        dark = page.evaluate(ground)
        self.assertNotEqual(light, dark)
        page.reload()
        expect(page.locator("#theme")).to_have_attribute("aria-pressed", "true")
        self.assertEqual(page.evaluate(ground), dark)
        page.emulate_media(color_scheme="dark")
        page.click("#theme")
        self.assertEqual(page.evaluate(ground), light)

    def test_reduced_motion(self):
        page = self.replace(self.open(reduced_motion="reduce"))
        self.mock(delay=1.0)
        self.choose(page=page)
        page.locator(".status.busy, #caption-done").first.wait_for()
        self.assertEqual(page.evaluate("document.getAnimations().length"), 0)
        self.captioned(page)

    def test_without_scripts(self):
        context = self.browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(self.base)
        self.assertIn("/blip/v1/", page.locator("body noscript").inner_text())
        expect(page.locator("#intro")).to_be_hidden()
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", help="of a running server, instead of a mock of our own")
    parser.add_argument("--axe", type=pathlib.Path, default=AXE, help="axe.min.js of axe-core")
    arguments, rest = parser.parse_known_args()
    PageCase.url = arguments.url and arguments.url.rstrip("/")
    PageCase.axe = arguments.axe
    unittest.main(argv=[sys.argv[0], *rest])


Captions = misbehaving_server_test.Captions
Errors = misbehaving_server_test.Errors
Capabilities = misbehaving_server_test.Capabilities
HostileText = misbehaving_server_test.HostileText
ContactSheet = library_test.ContactSheet
Search = library_test.Search
PhotoInView = library_test.PhotoInView
HostileLibrary = library_test.HostileLibrary
LibraryWithKey = library_test.LibraryWithKey
EverybodysLibrary = library_test.EverybodysLibrary

if __name__ == "__main__":
    main()
