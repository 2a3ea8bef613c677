#!/usr/bin/env python3
"""Takes screenshots of the page at URL: empty and full, at three widths, light and dark; of the
photo library too, if the server has one. Some of them are in docs/images/.

    tests/serve/page/screenshots.py --url http://127.0.0.1:8765 --output docs/images
"""

import argparse
import pathlib

from playwright.sync_api import Page, sync_playwright

from browser import launch

WIDTHS = {360: 780, 768: 1024, 1440: 900}


def fill(page: Page) -> None:
    """What a person does with the first example."""
    page.locator(".intro .example").first.click()
    page.locator("#caption-done").wait_for(timeout=120_000)
    if page.locator("#ask").is_visible():
        for question in ["Where is the boy?", "What is he riding?"]:
            page.fill("#ask-question", question)
            page.click("#ask-form button")
            page.locator(".answers li", has_text=question).locator(".answer:not(.writing)").wait_for(timeout=120_000)
    if page.locator("#match").is_visible():
        page.fill("#match-texts", "a skateboarder on a ramp\na boy at the beach\na cat on a sofa")
        page.click("#match-form button")
        page.locator("#match-results .bars").wait_for(timeout=120_000)
    if page.locator("#labels-tag").is_visible():
        page.click("#labels-tag")
        page.locator("#labels-results .bars").wait_for(timeout=120_000)
    if page.locator("#explain").is_visible():
        page.click("#explain-caption")
        page.locator("#explain-words .chip").last.click(timeout=120_000)
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    page.wait_for_timeout(400)


def search_library(page: Page, save) -> None:
    """The contact sheet, and a photo of what is searched for."""
    page.locator("#grid img.seen").first.wait_for(timeout=120_000)
    page.wait_for_timeout(500)
    save("sheet")
    page.fill("#search", "a cat")
    page.wait_for_timeout(1500)
    page.locator("#grid a").first.click()
    page.locator("#similar-list img").first.wait_for(timeout=120_000)
    if page.locator("#photo-ask").is_visible():
        page.fill("#photo-question", "What animal is it?")
        page.keyboard.press("Enter")
        page.locator("#photo-answers .answer:not(.writing)").wait_for(timeout=120_000)
    page.evaluate("document.activeElement.blur(); for (const id of ['photo', 'photo-words']) "
                  "document.getElementById(id).scrollTop = 0")
    page.wait_for_timeout(500)
    save("photo")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8765")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--whole", action="store_true", help="whole pages, not what a window shows")
    parser.add_argument("--type", choices=["jpg", "png"], default="jpg")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for scheme in ["light", "dark"]:
            for width, height in WIDTHS.items():
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme,
                                              device_scale_factor=1, has_touch=width < 500, is_mobile=width < 500)
                page = context.new_page()
                page.goto(arguments.url)
                page.locator(".intro .example img").first.wait_for()
                page.wait_for_timeout(500)

                def save(name: str) -> None:
                    page.screenshot(path=arguments.output / f"{name}-{width}-{scheme}.{arguments.type}",
                                    full_page=arguments.whole, type="jpeg" if arguments.type == "jpg" else "png",
                                    **({"quality": 85} if arguments.type == "jpg" else {}))

                save("page-empty")
                has_library = page.locator("#to-library").is_visible()
                fill(page)
                save("page-full")
                if has_library:
                    page.goto(arguments.url.rstrip("/") + "/library")
                    search_library(page, lambda name: save(f"library-{name}"))
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
