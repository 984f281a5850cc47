"""Opens reports in headless Chromium: console errors, requests, markup that was interpreted, numbers against the tables,
what axe-core calls serious, horizontal scrolling, light and dark."""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import axe_core_python
from playwright.sync_api import sync_playwright

AXE = (pathlib.Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MOST_SECONDS, MOST_BYTES = 3, 15_000_000


class Visit:
    """A report in a browser page that remembers what went wrong in it."""

    def __init__(self, browser, path, viewport=DESKTOP, scheme="light"):
        # The policy of the page forbids scripts from outside, axe-core among them; a visit checks the policy first.
        self.context = browser.new_context(viewport=viewport, color_scheme=scheme, accept_downloads=True)
        self.page = self.context.new_page()
        self.problems = []
        self.page.on("console", lambda message: self.problems.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))
        self.page.on("request", self.hear)
        started = time.monotonic()
        self.page.goto(path.as_uri(), wait_until="load")
        self.page.wait_for_selector("#layers .plot[data-drawn], #layers p")
        self.seconds = time.monotonic() - started

    def hear(self, request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.problems.append(f"request: {request.url}")

    def draw_all(self):
        """Scrolls through the page, so that every figure is drawn."""
        height = self.page.evaluate("document.documentElement.scrollHeight")
        for place in range(0, height, 600):
            self.page.evaluate(f"scrollTo(0, {place})")
            self.page.wait_for_timeout(80)
        self.page.evaluate("scrollTo(0, 0)")

    def check(self, what):
        expect(not self.problems, f"{what}: {self.problems[:5]}")
        expect(self.page.evaluate("typeof window.pwned") == "undefined", f"{what}: a text was run as a script")
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        expect(wide <= self.page.viewport_size["width"], f"{what}: the page is {wide} wide")


failures = []


def expect(holds, words):
    if not holds:
        failures.append(words)
        print(f"report: {words}", file=sys.stderr)


def make(binary, folder, name, *options):
    """A made run and its report."""
    benchmarks = pathlib.Path(binary).with_name("telltale-bench")
    subprocess.run([benchmarks, "page", "--output", folder / name, *options], check=True, stdout=subprocess.DEVNULL)
    return folder / name / "report.html"


def check_looks(browser, page, screenshots):
    """Both widths in both colours; pictures of them where asked."""
    for scheme in ["light", "dark"]:
        for width, viewport in [("desktop", DESKTOP), ("phone", PHONE)]:
            visit = Visit(browser, page, viewport, scheme)
            visit.draw_all()
            visit.check(f"{scheme}, {width}")
            drawn = visit.page.locator(".plot[data-drawn] .main-svg").count()
            expect(drawn >= 5, f"{scheme}, {width}: only {drawn} figures were drawn")
            if screenshots:
                visit.page.screenshot(path=screenshots / f"report-{scheme}-{width}.png", full_page=True)
            visit.context.close()


def check_theme(browser, page):
    visit = Visit(browser, page)
    colour = lambda: visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = colour()
    visit.page.click("#theme")
    expect(colour() != light, "the toggle does not change the colours")
    visit.check("the toggle")
    visit.context.close()


def check_numbers(browser, page):
    """The table of a figure, opened as a reader opens it, equals predictivity.csv."""
    visit = Visit(browser, page)
    visit.page.locator("#layers details summary").first.click()
    visit.page.locator("#layers details[open] tbody tr").first.wait_for()
    cells = visit.page.locator("#layers details[open] tbody tr").all()
    with open(page.parent / "results/predictivity.csv", newline="") as file:
        stored = [row for row in csv.DictReader(file) if row["position"] == "prompt"]
    expect(len(cells) == len(stored) > 0, f"{len(cells)} rows are shown of {len(stored)}")
    heads = visit.page.locator("#layers details[open] thead th").all_text_contents()
    for shown, row in zip(cells, stored):
        number = float(shown.locator("td").nth(heads.index("auroc")).text_content())
        expect(abs(number - float(row["auroc"])) < 1e-5, f"AUROC {number} is shown for {row['auroc']}")
    with visit.page.expect_download() as download:
        visit.page.locator("#layers details[open] button").first.click()
    with open(download.value.path(), newline="") as file:
        saved = list(csv.DictReader(file))
    expect([float(row["auroc"]) for row in saved] == [float(row["auroc"]) for row in stored], "the CSV has other numbers")
    visit.check("tables and CSV")
    visit.context.close()


def check_hover_and_slider(browser, page):
    visit = Visit(browser, page)
    plot = visit.page.locator("#scores .plot")
    plot.scroll_into_view_if_needed()
    visit.page.wait_for_selector("#scores .plot[data-drawn] .scatterlayer .point")
    before = visit.page.locator("#scores figcaption").text_content()
    visit.page.locator("#layer").focus()
    visit.page.keyboard.press("Home")
    after = visit.page.locator("#scores figcaption").text_content()
    expect(after.startswith("Layer 0:"), f"Home moves the slider to: {after[:40]}")
    point = visit.page.locator("#scores .scatterlayer .point").nth(3).bounding_box()
    visit.page.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2, steps=4)
    visit.page.locator("#scores .reader", has_text="Question").wait_for()
    visit.check(f"hover and slider ({before[:20]})")
    visit.context.close()


def check_hostile(browser, page):
    """Texts that try to be markup are shown, letter by letter, wherever texts are shown."""
    visit = Visit(browser, page)
    visit.draw_all()
    visit.page.locator("#scores details summary").first.click()
    shown = visit.page.locator("#scores details[open] table").inner_text() + visit.page.locator("#rows").inner_text()
    for text in ["<script>window.pwned = 1</script>", "<img src=x onerror=\"window.pwned = 3\">", "<!-- never closed",
                 "{{title}} {{{policy}}} &lt;b&gt;", "\u2401\u2407\u241b[31mred\u2421"]:
        expect(text in shown, f"not shown as it is: {text}")
    expect(visit.page.locator("img, iframe, main a[href^='javascript']").count() == 0, "a text became an element")
    for choice in ["question", "letter"]:
        visit.page.select_option("#colour", choice)
    visit.check("hostile texts")
    visit.context.close()


def check_policy(browser, page):
    """A script that found its way into the page would not run, and nothing is fetched."""
    visit = Visit(browser, page)
    visit.page.evaluate("""() => {
      const script = document.createElement('script');
      script.textContent = 'window.pwned = 8';
      document.body.append(script);
    }""")
    fetched = visit.page.evaluate("fetch('https://example.invalid/').then(() => true, () => false)")
    expect(visit.page.evaluate("typeof window.pwned") == "undefined", "the policy lets a foreign script run")
    expect(not fetched and len(visit.problems) >= 1, "the policy lets the page fetch")
    visit.context.close()


def check_accessibility(browser, page):
    for scheme in ["light", "dark"]:
        visit = Visit(browser, page, scheme=scheme)
        visit.draw_all()
        for details in visit.page.locator("#answer details").all():
            details.evaluate("details => { details.open = true; }")
        # Through the debugger, which the policy does not bind.
        visit.page.evaluate(AXE + "; undefined")
        found = visit.page.evaluate("axe.run().then((result) => result.violations.map((v) => "
                                    "({id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120))})))")
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        expect(not serious, f"axe, {scheme}: {json.dumps(serious)}")
        visit.context.close()


def measure(browser, page):
    """How long a report takes until its first figures stand, the best of three, and its size."""
    seconds = []
    for _ in range(3):
        visit = Visit(browser, page)
        seconds.append(visit.seconds)
        visit.check("a large report")
        visit.context.close()
    size = page.stat().st_size
    print(f"report: {page}: {size / 1e6:.1f} MB, first figures after {', '.join(f'{s:.2f}' for s in seconds)} s")
    expect(size < MOST_BYTES, f"{page} has {size} bytes")
    return min(seconds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--chromium", required=True)
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("--measure", type=pathlib.Path, help="only measure this report")
    arguments = parser.parse_args()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=arguments.chromium, args=["--no-sandbox"])
        if arguments.measure:
            expect(measure(browser, arguments.measure.resolve()) < MOST_SECONDS, "it opens too slowly")
        else:
            folder = pathlib.Path(scratch)
            page = make(arguments.binary, folder, "plain", "--rows", "240", "--layers", "4")
            hostile = make(arguments.binary, folder, "hostile", "--rows", "160", "--layers", "2", "--hostile")
            check_looks(browser, page, arguments.screenshots)
            for check in [check_theme, check_numbers, check_hover_and_slider, check_policy, check_accessibility]:
                check(browser, page)
            check_hostile(browser, hostile)
        browser.close()
    print(f"report: {'FAILED' if failures else 'all expectations hold'}")
    sys.exit(1 if failures else 0)


main()
