"""What the tests of the page share: a browser, a server, axe-core, and what must hold after each."""

import json
import pathlib
import threading
import time
import unittest
import urllib.request

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

import mock_server
from browser import launch

HERE = pathlib.Path(__file__).resolve().parent
PHOTOS = HERE.parents[2] / "src" / "serve" / "page" / "examples"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {360: 780, 768: 1024, 1440: 900}
WAIT = 30_000  # ms; a real server may have to load a model

# Violations of the content security policy and uncaught errors, and every text that was announced.
WATCH = """
window.violations = [];
window.announced = [];
addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));
addEventListener('DOMContentLoaded', () => {
  const announcer = document.getElementById('announcer');
  new MutationObserver(() => { if (announcer.textContent) announced.push(announcer.textContent); })
    .observe(announcer, {childList: true, characterData: true, subtree: true});
});
"""


class PageCase(unittest.TestCase):
    url: str | None = None  # of the server under test; none: a mock server of our own
    axe: pathlib.Path = AXE
    playwright: Playwright
    browser: Browser
    needs_mock = False

    @classmethod
    def setUpClass(cls) -> None:
        if cls.needs_mock and PageCase.url is not None:
            raise unittest.SkipTest("the server must misbehave for this")
        cls.server = None
        cls.base = PageCase.url
        if cls.base is None:
            cls.server = mock_server.make_server()
            threading.Thread(target=cls.server.serve_forever, daemon=True).start()
            cls.base = f"http://127.0.0.1:{cls.server.server_port}"
        cls.playwright = sync_playwright().start()
        cls.browser = launch(cls.playwright)
        expect.set_options(timeout=WAIT)

    @classmethod
    def tearDownClass(cls) -> None:
        if not hasattr(cls, "browser"):
            return
        cls.browser.close()
        cls.playwright.stop()
        if cls.server:
            cls.server.shutdown()
            cls.server.server_close()

    def setUp(self) -> None:
        self.errors: list = []
        if self.server:
            self.mock()
        self.page = self.open()

    def tearDown(self) -> None:
        violations = self.page.evaluate("window.violations")
        self.page.context.close()
        self.assertEqual(violations, [], "the content security policy was violated")
        self.assertEqual(self.errors, [], "errors of scripts")

    def mock(self, **behaviour) -> None:
        """How the mock server answers from now on."""
        if not self.server:
            return
        request = urllib.request.Request(f"{self.base}/mock", json.dumps(behaviour).encode(), method="POST")
        urllib.request.urlopen(request).close()

    def requests(self) -> list:
        with urllib.request.urlopen(f"{self.base}/mock") as response:
            return json.load(response)

    def open(self, width: int = 1440, scheme: str = "light", **options) -> Page:
        context = self.browser.new_context(viewport={"width": width, "height": WIDTHS.get(width, 800)},
                                           color_scheme=scheme, **options)
        context.set_default_timeout(WAIT)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error"
                and not message.text.startswith("Failed to load resource")
                and self.errors.append(message.text))
        page.goto(self.base)
        self.until("document.getElementById('server').textContent !== '' "
                   "|| !document.getElementById('notice').hidden "
                   "|| document.getElementById('key').open", page)
        if not page.locator("#key").is_visible():
            page.locator("#intro .example img").first.wait_for()
        return page

    def until(self, condition: str, page: Page | None = None) -> None:
        """wait_for_function uses eval, which the content security policy forbids."""
        end = time.monotonic() + WAIT / 1000
        while not (page or self.page).evaluate(condition):
            if time.monotonic() > end:
                self.fail(f"never true: {condition}")
            time.sleep(0.02)

    def replace(self, page: Page) -> Page:
        self.page.context.close()
        self.page = page
        return page

    def choose(self, name: str = "skateboarder.jpg", page: Page | None = None) -> None:
        (page or self.page).set_input_files("#file", PHOTOS / name)

    def captioned(self, page: Page | None = None) -> str:
        page = page or self.page
        page.locator("#caption-done").wait_for()
        return page.text_content("#caption-text")

    def offered(self, selector: str) -> None:
        """Skips where a real server has no model for it."""
        if not self.page.locator(selector).is_visible():
            if self.server:
                self.fail(f"{selector} is not visible")
            self.skipTest(f"this server's models do not offer {selector}")

    def check_axe(self, page: Page, state: str) -> None:
        if not self.axe.is_file():
            self.fail(f"{self.axe} is missing: run npm install in {HERE}, or give --axe")
        page.evaluate(self.axe.read_text())
        result = page.evaluate("""axe.run(document, {runOnly: {type: 'tag', values:
            ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}})""")
        findings = [f"{found['id']}: {found['help']}: {node['html'][:160]} {node['failureSummary']}"
                    for found in result["violations"] for node in found["nodes"]]
        self.assertEqual(findings, [], state)
        self.assertGreater(len(result["passes"]), 15, "axe-core looked at nothing")

    def check_no_sideways_scrolling(self, page: Page, state: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.assertLessEqual(wide, 0, state)
