#!/usr/bin/env python3
"""How smoothly the page of a large photo library scrolls, and how long its requests take.

    blip serve --library library.db
    tests/serve/page/library_scale.py --url http://127.0.0.1:8080

Scrolls, jumps and asks in Chromium, at two widths, and prints what took how long.
"""

import argparse
import json
import time
import urllib.parse
import urllib.request

from playwright.sync_api import Page, sync_playwright

from browser import launch

SIZES = {1440: 900, 360: 780}
JUMPS = [0.5, 0.99, 0.1]
QUERIES = ["", "offset=HALF", "q=a+beach", "q=snow", "q=a+beach&after=2015", "like=ID", "q=dogs&not=people"]

SCROLL = """async () => {
    const frames = [];
    let most = 0;
    let last = performance.now();
    for (let frame = 0; frame < 240; frame += 1) {
        scrollBy(0, frame < 120 ? 97 : 9001);
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
        most = Math.max(most, document.querySelectorAll('#grid li').length);
    }
    frames.sort((a, b) => a - b);
    return {median: frames[120], p95: frames[228], longest: frames[239], photos_in_document: most};
}"""

JUMP = """async (share) => {
    const began = performance.now();
    scrollTo(0, document.documentElement.scrollHeight * share);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    while (performance.now() - began < 30000) {
        const inSight = [...document.querySelectorAll('#grid li')].filter((item) => {
            const box = item.getBoundingClientRect();
            return box.bottom > 0 && box.top < innerHeight;
        });
        if (inSight.length > 0 && inSight.every((item) => item.querySelector('img.seen, .unseen img'))) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return performance.now() - began;
}"""


def measure_scrolling(page: Page, url: str, width: int) -> None:
    page.goto(url + "/library")
    page.locator("#grid li img.seen").first.wait_for()
    print(f"{width} pixels, {page.inner_text('#found')}")
    print("  frames (ms):", {name: round(value, 1) for name, value in page.evaluate(SCROLL).items()})
    jumps = [round(page.evaluate(JUMP, share)) for share in JUMPS]
    print("  from a jump to all thumbnails in sight (ms):", jumps)


def measure_requests(url: str) -> None:
    def ask(query: str) -> dict:
        with urllib.request.urlopen(f"{url}/blip/v1/library/photos?limit=100&{query}") as response:
            return json.load(response)

    first = ask("")
    print("requests for 100 photos (ms): the first time, again")
    for query in QUERIES:
        query = query.replace("HALF", str(first["total"] // 2)).replace("ID", str(first["photos"][0]["id"]))
        times = []
        for _ in range(2):
            began = time.perf_counter()
            ask(query)
            times.append(round(1000 * (time.perf_counter() - began)))
        print(f"  {urllib.parse.unquote_plus(query) or 'all'}: {times[0]}, {times[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    url = parser.parse_args().url.rstrip("/")
    measure_requests(url)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for width, height in SIZES.items():
            measure_scrolling(browser.new_page(viewport={"width": width, "height": height}), url, width)
        browser.close()


if __name__ == "__main__":
    main()
