"""Grades 20 answers by keyboard in headless Chromium while the server is killed, and looks for markup that was
interpreted, console errors, and what axe-core calls serious."""

import argparse
import json
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

import axe_core_python
from playwright.sync_api import expect, sync_playwright

import made_run

TOKEN = "browser-test-0123456789-abcdef"
AXE = (pathlib.Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


class Server:
    """`telltale serve` on one port, as often as it is started."""

    def __init__(self, binary, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.command = [binary, "serve", folder, "--port", str(self.port), "--token", TOKEN, "--json"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


class Visit:
    """A browser page that remembers what went wrong in it."""

    def __init__(self, browser, viewport, scheme="light"):
        self.context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        self.page = self.context.new_page()
        self.is_outage = False
        self.errors = []
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(f"a dialog: {dialog.message}"))

    def hear(self, message):
        is_lost = self.is_outage and "Failed to load resource" in message.text
        if message.type == "error" and not is_lost:
            self.errors.append(message.text)

    def check_accessibility(self):
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        for violation in found["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [f"{node['html'][:120]} ({node['failureSummary']})" for node in violation["nodes"][:3]]
                self.errors.append(f"axe: {self.page.url}: {violation['id']}: {violation['help']}: {nodes}")


class Pictures:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder) if folder else None

    def take(self, page, name):
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self.folder / f"{name}.png")


def tab_to(page, text):
    """Moves the focus by Tab to what bears a text."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent + (document.activeElement.labels?.[0]?.textContent ?? '')")
        if text in focused:
            return
    raise AssertionError(f"Tab does not lead to {text}")


def begin(visit, server):
    """From the printed address to the first answer, by keyboard alone."""
    page = visit.page
    page.goto(server.url)
    assert "token" not in page.url, page.url
    tab_to(page, "first")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/first")
    tab_to(page, "Grade by hand")
    page.keyboard.press("Enter")
    page.wait_for_url("**/grade")
    tab_to(page, "Your name")
    page.keyboard.type("ann")
    page.keyboard.press("Enter")
    page.wait_for_url("**rater=ann**")
    expect(page.locator("#item-title")).to_have_text("Answer 1")


def judge(page, key, number):
    """Presses a key and waits until the next answer shows."""
    page.keyboard.press(key)
    expect(page.locator("#item-title")).to_have_text(f"Answer {number + 1}", timeout=15_000)


def current(page):
    return page.locator("#continuation").text_content()


def grade_twenty(visit, server):
    """Returns the labels that were given, in their order."""
    page, given = visit.page, []
    for number in range(1, 21):
        key = "10?"[number % 3]
        if number == 4:
            page.keyboard.press("n")
            page.keyboard.type("not sure, 1 or 0")
            page.keyboard.press("Escape")
        if number == 6:  # back, and a new label for the fifth answer
            page.keyboard.press("u")
            expect(page.locator("#given")).to_be_visible()
            judge(page, "1", 5)
            given.append(1)
        given.append({"1": 1, "0": 0, "?": None}[key])
        if number in (9, 15):
            kill_in_the_middle(visit, server, key, number)
        else:
            judge(page, key, number)
    return given


def kill_in_the_middle(visit, server, key, number):
    """The key is pressed while nobody listens; at the fifteenth answer the page is loaded again before anybody does."""
    page = visit.page
    visit.is_outage = True
    server.kill()
    page.keyboard.press(key)
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    assert page.locator("#item-title").text_content() == f"Answer {number}", "the next answer showed unsaved"
    server.start()
    if number == 15:
        page.reload()
    expect(page.locator("#item-title")).to_have_text(f"Answer {number + 1}", timeout=15_000)
    expect(page.locator("#saved")).to_contain_text("Saved")
    visit.is_outage = False


def check_journal(folder, given):
    labels = [json.loads(line) for line in (folder / "first" / "labels.jsonl").read_text().splitlines()]
    found = [label.get("label") for label in labels]
    assert found == given, f"labels in the journal: {found}, given: {given}"
    assert len({label["key"] for label in labels}) == 21
    assert len({label["answer"] for label in labels}) == 20
    assert labels[3]["note"] == "not sure, 1 or 0"
    assert all(label["rater"] == "ann" for label in labels)


def check_store(folder):
    with sqlite3.connect(folder / "first" / "telltale.sqlite") as store:
        found = store.execute("SELECT source, count(*) FROM labels WHERE rater IS NOT NULL GROUP BY source").fetchall()
    assert found == [("hand:adjudicated", 1), ("hand:ann", 21), ("hand:ben", 20)], found


def check_hostile_text(visit):
    """Walks through all answers: those that are hostile stand there as text."""
    page, seen = visit.page, set()
    page.goto(re.sub(r"rater=ann", "rater=ben", page.url))
    for number in range(1, 41):
        expect(page.locator("#item-title")).to_have_text(f"Answer {number}")
        seen.add(current(page))
        assert page.locator("#item script, #item img, #item svg, #item b, #item i").count() == 0
        page.keyboard.press("s")
    plain = [text for text in made_run.HOSTILE if not re.search(r"[\x00-\x1f\x7f\u2000-\u206f]", text)]
    assert all(text in seen for text in plain), "a hostile text is not shown as it is"
    assert any("\u2400\u2401\u241b[31m" in text for text in seen), "control characters do not show"
    assert any("U+202E" in text for text in seen)
    assert not page.evaluate("'hacked' in window"), "markup was interpreted"


def check_labels_page(visit, server, folder):
    """Adds another rater's labels as a CSV, and settles a disagreement by keyboard."""
    page = visit.page
    labels = [json.loads(line) for line in (folder / "first" / "labels.jsonl").read_text().splitlines()]
    table = folder / "ben.csv"
    table.write_text("answer,label\n" + "".join(f"{answer},1\n" for answer in {label["answer"] for label in labels}))
    page.goto(f"http://127.0.0.1:{server.port}/runs/first/labels")
    page.set_input_files("#file", table)
    page.fill("#csv-rater", "ben")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("20 labels stored")
    page.reload()
    expect(page.locator("table", has_text="Kappa")).to_contain_text("hand:ben")
    assert page.locator(".case script, .case img, .case svg, .case b").count() == 0
    case = page.locator(".case").first
    case.locator("button", has_text="0 Not").focus()
    page.keyboard.press("Enter")
    expect(case.locator(".status")).to_have_text("Saved: 0")
    journal = (folder / "first" / "labels.jsonl").read_text().splitlines()
    assert json.loads(journal[-1])["rater"] == "adjudicated" and len(journal) == 42


def look_at_pages(browser, server, pictures):
    """Every page at two widths, light and dark."""
    errors = []
    paths = {"runs": "/", "run": "/runs/first", "start": "/runs/first/grade", "labels": "/runs/first/labels",
             "grade": "/runs/first/grade?rater=carla&take=24", "compare": "/compare?first=first&second=second"}
    for viewport, scheme, suffix in ((DESKTOP, "light", ""), (PHONE, "light", "-phone"), (DESKTOP, "dark", "-dark")):
        visit = Visit(browser, viewport, scheme)
        visit.page.goto(server.url)
        for name, path in paths.items():
            visit.page.goto(f"http://127.0.0.1:{server.port}{path}")
            if name == "grade":
                expect(visit.page.locator("#item-title")).to_have_text(re.compile("Answer"))
                find_plain_answer(visit.page)
            visit.check_accessibility()
            width = visit.page.evaluate("document.documentElement.scrollWidth")
            if width > viewport["width"]:
                visit.errors.append(f"{path} is {width} wide at {viewport['width']}")
            pictures.take(visit.page, name + suffix)
        errors += visit.errors
    return errors


def find_plain_answer(page):
    """Grades on to an answer that a picture may show."""
    for _ in range(24):
        if "Great Wall" in (current(page) or ""):
            return
        before = page.locator("#item-title").text_content()
        page.keyboard.press("s")
        expect(page.locator("#item-title")).not_to_have_text(before)


def main():
    parser = argparse.ArgumentParser()
    for name in ("binary", "chromium", "screenshots"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = pathlib.Path(folder)
        made_run.write(folder / "first", 40)
        made_run.write(folder / "second", 40, shift=0.08)
        server = Server(options.binary, folder)
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        try:
            visit = Visit(browser, DESKTOP)
            begin(visit, server)
            given = grade_twenty(visit, server)
            check_journal(folder, given)
            check_hostile_text(visit)
            overview = visit.context.new_page()
            overview.goto(f"http://127.0.0.1:{server.port}/runs/first")
            check_labels_page(visit, server, folder)
            expect(overview.locator("[data-fact=hand_labels]")).to_have_text(
                "1 by adjudicated, 20 by ann, 20 by ben", timeout=15_000)
            errors = visit.errors + look_at_pages(browser, server, Pictures(options.screenshots))
        finally:
            code = server.stop()  # while pages are open
            browser.close()
        check_store(folder)
        errors += [f"the server ended with {code}"] if code else []
    for error in errors:
        print(error, file=sys.stderr)
    print(f"grading: {'FAILED' if errors else 'ok'}, {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
