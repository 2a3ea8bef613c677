"""Tests of the page of the photo library: a hundred thousand photos, search, a photo's view, everybody."""

import re

from playwright.sync_api import Page, expect

from page_case import WATCH, WIDTHS, PageCase

MANY = 100_000
SEEN = "#grid img.seen"


class LibraryCase(PageCase):
    needs_mock = True
    photos = MANY

    def setUp(self) -> None:
        self.errors = []
        self.mock(library=self.photos)
        self.page = self.open()

    def open(self, width: int = 1440, scheme: str = "light", path: str = "/library", **options) -> Page:
        context = self.browser.new_context(viewport={"width": width, "height": WIDTHS.get(width, 800)},
                                           color_scheme=scheme, **options)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error"
                and not message.text.startswith("Failed to load resource")
                and self.errors.append(message.text))
        page.goto(self.base + path)
        self.until("document.getElementById('found').textContent !== '' || document.getElementById('key').open "
                   "|| !document.getElementById('nothing').hidden || !document.getElementById('notice').hidden", page)
        return page

    def lists(self) -> list:
        return [request["fields"] for request in self.requests() if request["path"].endswith("/photos")]

    def in_sight(self) -> int:
        """The place of the first photo in the window."""
        return self.page.evaluate("""Math.min(...[...document.querySelectorAll('#grid li')]
            .filter((item) => item.getBoundingClientRect().bottom > 150)
            .map((item) => Number(item.getAttribute('aria-posinset'))))""")

    def open_photo(self, place: int = 0) -> None:
        self.page.locator("#grid a").nth(place).click()
        expect(self.page.locator("#photo")).to_be_visible()
        expect(self.page.locator("#similar-list img").first).to_be_visible()


class ContactSheet(LibraryCase):
    def test_a_hundred_thousand_photos(self):
        page = self.page
        expect(page.locator("#found")).to_have_text("100,000 photos, the newest first")
        page.locator(SEEN).first.wait_for()
        expect(page.locator("#grid li").first).to_have_attribute("aria-setsize", "100000")
        most = page.evaluate("""async () => {
            let most = 0;
            for (let i = 0; i < 60; i += 1) {
                scrollBy(0, i < 30 ? 300 : 70000);
                await new Promise(requestAnimationFrame);
                await new Promise(requestAnimationFrame);
                most = Math.max(most, document.querySelectorAll('#grid li').length);
            }
            return most;
        }""")
        self.assertLess(most, 100, "rows out of sight are not in the document")
        asked = len(self.lists())
        self.assertLess(asked, 30, "pages that fly by are not asked for")
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        last = page.locator("#grid li[aria-posinset='100000']")
        expect(last).to_contain_text("hoto number 99999")
        expect(last.locator("img.seen")).to_be_visible()
        places = page.evaluate("[...document.querySelectorAll('#grid li')].map((item) => Number(item.ariaPosInSet))")
        self.assertEqual(places, sorted(places), "screen readers follow the order of the document")

    def test_another_width_keeps_the_place(self):
        self.page.evaluate("scrollTo(0, 400000)")
        self.page.locator(SEEN).first.wait_for()
        before = self.in_sight()
        self.page.set_viewport_size({"width": 700, "height": 900})
        self.page.wait_for_timeout(300)
        self.assertLess(abs(self.in_sight() - before), 30)

    def test_photos_that_come_meanwhile(self):
        page = self.page
        first = page.locator("#grid li[aria-posinset='1']")
        expect(first).to_contain_text("hoto number 0")
        self.mock(library=MANY, library_new=7)
        page.evaluate("scrollTo(0, 400000)")
        expect(page.locator("#found")).to_have_text("100,007 photos, the newest first")
        page.locator(SEEN).first.wait_for()
        place = self.in_sight()
        expect(page.locator(f"#grid li[aria-posinset='{place}']")).to_contain_text(f"hoto number {place - 1 - 7}")
        expect(page.locator("#grid li").first).to_have_attribute("aria-setsize", "100007")
        page.evaluate("scrollTo(0, 0)")
        expect(first).to_contain_text("hoto number 100006")
        page.locator("#grid a").first.click()
        expect(page.locator("#photo")).to_contain_text("hoto number 100006")

    def test_nothing_fits(self):
        self.page.fill("#search", "nothing")
        expect(self.page.locator("#nothing")).to_be_visible()
        self.check_axe(self.page, "nothing")
        self.page.click("#nothing-clear")
        expect(self.page.locator("#found")).to_contain_text("100,000")
        expect(self.page.locator("#search")).to_be_focused()

    def test_an_empty_library(self):
        self.mock(library=1, library_is_empty=True)
        page = self.replace(self.open())
        expect(page.locator("#nothing")).to_contain_text("There is no photo yet")
        expect(page.locator("#nothing-clear")).to_be_hidden()
        self.check_axe(page, "empty")

    def test_an_error_and_trying_again(self):
        self.mock(library=MANY, times=1,
                  fail={"status": 500, "code": "internal", "message": "the index is damaged"})
        page = self.replace(self.open())
        expect(page.locator("#notice")).to_contain_text("the index is damaged")
        self.check_axe(page, "error")
        page.click("#notice-retry")
        expect(page.locator("#found")).to_contain_text("100,000")

    def test_without_a_library_there_is_no_link(self):
        page = self.replace(PageCase.open(self))
        expect(page.locator("#to-library")).to_be_visible()
        self.check_axe(page, "linked")
        self.mock(library=0)
        page = self.replace(PageCase.open(self))
        expect(page.locator("#to-library")).to_be_hidden()


class Search(LibraryCase):
    def test_as_one_types(self):
        before = len(self.lists())
        self.page.locator("#search").press_sequentially("two dogs", delay=20)
        expect(self.page).to_have_url(re.compile(r"\?q=two\+dogs$"))
        expect(self.page.locator("#found:not(.busy)")).to_have_text("1,000 photos, the best first")
        searched = [fields["q"] for fields in self.lists()[before:] if "q" in fields]
        self.assertEqual(searched[-1], "two dogs")
        self.assertLessEqual(len(searched), 3, searched)
        self.assertRegex(self.page.url, r"\?q=two\+dogs$")
        self.until("window.announced.includes('1,000 photos, the best first')")

    def test_a_late_answer_is_dropped(self):
        self.mock(library=MANY, library_delays={"nothing": 1.2})
        self.page.fill("#search", "nothing")
        self.page.wait_for_timeout(400)
        self.page.fill("#search", "dogs")
        expect(self.page.locator("#found")).to_contain_text("1,000")
        self.page.wait_for_timeout(1300)
        expect(self.page.locator("#found")).to_contain_text("1,000")
        expect(self.page.locator("#nothing")).to_be_hidden()

    def test_filters_are_in_the_address(self):
        page = self.page
        page.click("#filters-button")
        expect(page.locator("#filter-after")).to_be_focused()
        page.fill("#filter-after", "2024-01-01")
        page.select_option("#filter-tag", "dog")
        page.fill("#filter-not", "people")
        expect(page.locator("#chosen button")).to_have_count(3)
        self.until("document.getElementById('found').textContent.startsWith('1,000')")
        self.assertEqual({**self.lists()[-1], "offset": "", "limit": ""},
                         {"after": "2024-01-01", "tag": "dog", "not": "people", "offset": "", "limit": ""})
        page.reload()
        expect(page.locator("#chosen button")).to_have_count(3)
        expect(page.locator("#filter-tag")).to_have_value("dog")
        page.get_by_role("button", name="Remove: Tag: dog").click()
        expect(page.locator("#chosen button")).to_have_count(2)
        self.assertNotIn("tag", page.url)

    def test_hostile_addresses(self):
        for query in ["q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "like=x", "photo=%3Cscript%3E", "tag=%22%3E%3Cb%3E",
                      "photo=4711000"]:
            page = self.replace(self.open(path="/library?" + query))
            page.wait_for_timeout(150)
            self.assertEqual(page.evaluate("document.querySelectorAll('[onerror], main b, main script, .finder b').length"), 0)


class PhotoInView(LibraryCase):
    def test_what_is_known_of_it(self):
        self.open_photo(2)
        page = self.page
        expect(page.locator("#photo-title")).to_have_text("photo number 2")
        expect(page.locator("#photo-place")).to_have_text("3 of 100,000")
        expect(page.locator("#tag-list button")).to_have_text(["beach", "dog"])
        expect(page.locator("#photo-facts")).to_contain_text("Canon EOS 80D")
        expect(page.locator("#similar-list img")).to_have_count(12)
        self.until("document.getElementById('photo-picture').src.includes('/picture')")
        self.assertRegex(page.url, r"photo=3$")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#photo-title")).to_have_text("photo number 3")
        page.click("#photo-previous")
        expect(page.locator("#photo-title")).to_have_text("photo number 2")
        page.keyboard.press("Escape")
        expect(page.locator("#photo")).to_be_hidden()
        expect(page).not_to_have_url(re.compile(r"photo="))
        self.assertEqual(page.evaluate("document.activeElement.closest('li').ariaPosInSet"), "3")

    def test_back_closes_it(self):
        self.open_photo()
        self.page.go_back()
        expect(self.page.locator("#photo")).to_be_hidden()
        self.page.go_forward()
        expect(self.page.locator("#photo-title")).to_have_text("photo number 0")

    def test_its_address_can_be_shared(self):
        page = self.replace(self.open(path="/library?q=dogs&photo=11"))
        expect(page.locator("#photo-title")).to_have_text("photo number 10")
        expect(page.locator("#search")).to_have_value("dogs")

    def test_an_edited_caption_is_kept(self):
        self.open_photo()
        page = self.page
        page.click("#caption-edit")
        expect(page.locator("#caption-field")).to_have_value("photo number 0")
        page.keyboard.press("Escape")
        expect(page.locator("#caption-form")).to_be_hidden()
        expect(page.locator("#photo")).to_be_visible()
        page.click("#caption-edit")
        page.fill("#caption-field", "Minka <b>asleep</b>")
        page.keyboard.press("Enter")
        expect(page.locator("#photo-title")).to_have_text("Minka <b>asleep</b>")
        expect(page.locator("#caption-writer")).to_contain_text("by hand")
        expect(page.locator("#caption-edit")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#grid li").first).to_contain_text("Minka <b>asleep</b>")
        page.reload()
        expect(page.locator("#grid li").first).to_contain_text("Minka <b>asleep</b>")

    def test_a_suggested_caption(self):
        self.open_photo()
        self.page.click("#caption-edit")
        self.page.click("#caption-suggest")
        expect(self.page.locator("#caption-field")).to_have_value(re.compile("cement ramp$"))

    def test_questions(self):
        self.open_photo()
        self.page.fill("#photo-question", "What is it?")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#photo-answers .answer:not(.writing)")).to_have_text("a skateboard")
        asked = [request for request in self.requests() if request["path"] == "/blip/v1/ask"]
        self.assertGreater(asked[0]["picture"], 10_000)

    def test_similar_photos(self):
        self.open_photo()
        self.page.locator("#similar-list button").nth(1).click()
        expect(self.page.locator("#photo-title")).to_have_text("photo number 3")
        self.page.click("#similar-all")
        expect(self.page.locator("#photo")).to_be_hidden()
        expect(self.page.locator("#chosen button")).to_have_text("Similar to this photo")
        self.assertEqual(self.lists()[-1]["like"], "4")

    def test_photos_of_a_tag(self):
        self.open_photo()
        self.page.locator("#tag-list button").first.click()
        expect(self.page.locator("#chosen button")).to_have_text("Tag: beach")


class HostileLibrary(LibraryCase):
    TEXT = "\"><img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>'; DROP TABLE pictures;--"

    def test_names_captions_and_tags_stay_text(self):
        self.mock(library=50, library_text=self.TEXT)
        page = self.replace(self.open())
        expect(page.locator("#grid li .shot-caption").first).to_have_text(self.TEXT)
        self.open_photo()
        expect(page.locator("#photo-title")).to_have_text(self.TEXT)
        expect(page.locator("#tag-list button")).to_have_text(self.TEXT)
        expect(page.locator("#photo-facts")).to_contain_text(self.TEXT)
        page.locator("#tag-list button").click()
        expect(page.locator("#chosen button")).to_contain_text(self.TEXT)
        self.assertEqual(page.evaluate("window.hacked"), None)
        self.assertEqual(page.evaluate("document.querySelectorAll('[onerror], body script').length"), 0)


class LibraryWithKey(LibraryCase):
    def test_the_key_is_asked_for_and_pictures_come_with_it(self):
        self.mock(library=MANY, key="secret")
        page = self.replace(self.open())
        page.fill("#key-value", "secret")
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_contain_text("100,000")
        page.locator(SEEN).first.wait_for()
        self.assertTrue(page.locator(SEEN).first.get_attribute("src").startswith("blob:"))
        self.open_photo()
        self.until("document.getElementById('photo-picture').src.startsWith('blob:')")


class EverybodysLibrary(LibraryCase):
    def test_axe_finds_nothing(self):
        for scheme in ["light", "dark"]:
            for width in WIDTHS:
                with self.subTest(width=width, scheme=scheme):
                    page = self.replace(self.open(width, scheme))
                    page.locator(SEEN).first.wait_for()
                    self.check(page, "sheet")
                    page.click("#filters-button")
                    page.fill("#filter-not", "people")
                    expect(page.locator("#chosen button")).to_have_count(1)
                    self.check(page, "filters")
                    page.click("#filters-button")
                    self.open_photo()
                    self.check(page, "photo")
                    page.click("#caption-edit")
                    self.check(page, "editing")

    def check(self, page: Page, state: str) -> None:
        page.wait_for_timeout(250)  # transitions
        self.check_axe(page, state)
        self.check_no_sideways_scrolling(page, state)
        small = page.evaluate("""[...document.querySelectorAll('button, a, select, input')]
            .filter((each) => each.checkVisibility() && !each.matches('.skip'))
            .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24).map(([html]) => html)""")
        self.assertEqual(small, [], state)

    def test_400_percent_zoom(self):
        page = self.replace(self.open(320))
        page.set_viewport_size({"width": 320, "height": 256})
        self.check_no_sideways_scrolling(page, "sheet")
        page.locator("#grid a").first.click()
        self.check_no_sideways_scrolling(page, "photo")

    def test_keyboard_alone(self):
        page = self.page
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('#grid a')"):
                break
        place = "document.activeElement.closest('li')?.ariaPosInSet"
        self.assertEqual(page.evaluate(place), "1")
        columns = page.evaluate("new Set([...document.querySelectorAll('#grid li')].map((item) => item.offsetWidth "
                                "&& item.getBoundingClientRect().left)).size")
        for key, expected in [("ArrowRight", 2), ("ArrowDown", 2 + columns), ("ArrowLeft", 1 + columns),
                              ("ArrowUp", 1), ("End", MANY), ("ArrowUp", MANY - columns), ("Home", 1)]:
            page.keyboard.press(key)
            self.assertEqual(page.evaluate(place), str(expected), key)
        for _ in range(3):
            page.keyboard.press("PageDown")
        self.assertGreater(int(page.evaluate(place)), 3 * columns)
        box = page.evaluate("(() => { const box = document.activeElement.getBoundingClientRect();"
                            "return [box.top - document.getElementById('finder').offsetHeight, innerHeight - box.bottom]; })()")
        self.assertGreaterEqual(min(box), -2, "the photo with the focus is in sight")
        page.keyboard.press("Enter")
        expect(page.locator("#photo-title")).to_be_focused()
        page.keyboard.press("Escape")
        self.assertTrue(page.evaluate("document.activeElement.matches('#grid a')"))
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()

    def test_screen_readers_hear_what_was_found(self):
        self.open_photo(1)
        self.assertEqual(self.page.evaluate("document.activeElement.id"), "photo-title")
        self.until("document.getElementById('photo-announcer').textContent.includes('2 of 100,000')")
        links = self.page.get_by_role("link", name="photo number 1", include_hidden=True)
        self.assertGreaterEqual(links.count(), 1)

    def test_without_scripts(self):
        context = self.browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(self.base + "/library")
        self.assertIn("/blip/v1/library", page.locator("body noscript").inner_text())
        context.close()
