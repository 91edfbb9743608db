"""Somebody new at the pharmacy, in Chromium: finds what waits, decides it, and has a second person confirm.

Prints one JSON line for each thing seen. Exit code 0 only if everything was as it should be.

    newcomer.py --console URL --shots DIR --person ROLE=NAME=TOKEN...
"""

import argparse
import json
import os
import re
import shutil
import sys

from playwright.sync_api import Error, TimeoutError, sync_playwright

WAITING = "DEMO-5"
PARKED = "DEMO-3"
HOSTILE_MOST = 200
TIMEOUT = 20_000


class Wrong(Exception):
    """Something is not as it should be."""


def say(saw, **facts):
    print(json.dumps({"saw": saw, **facts}, ensure_ascii=False), flush=True)


def due(condition, what):
    if not condition:
        raise Wrong(what)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--console", required=True, help="the console's first page")
    parser.add_argument("--shots", required=True, help="where screenshots go")
    parser.add_argument("--person", action="append", default=[], help="ROLE=NAME=TOKEN")
    return parser.parse_args()


def chromium_path():
    names = [os.environ.get("DOSETTE_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    path = next((shutil.which(name) for name in names if name and shutil.which(name)), None)
    due(path, "there is no chromium: run Scripts/browser-setup")
    return path


def axe_source():
    """axe-core as its package on PyPI carries it."""
    import axe_playwright_python

    folder = os.path.dirname(axe_playwright_python.__file__)
    with open(os.path.join(folder, "axe.min.js"), encoding="utf-8") as file:
        return file.read()


class Visitor:
    """One person in a browser of their own."""

    def __init__(self, play, role, **manner):
        self.play = play
        self.role = role
        self.name, self.token = play.people[role]
        self.has_script = manner.get("java_script_enabled", True)
        size = manner.pop("viewport", {"width": 1200, "height": 900})
        self.context = play.browser.new_context(
            viewport=size, locale="en-GB", accept_downloads=True, bypass_csp=False, **manner
        )
        self.context.set_default_timeout(TIMEOUT)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: play.complaints.append(f"{role}: {error}"))
        self.page.on("console", self.listen)

    def listen(self, message):
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.play.complaints.append(f"{self.role}: {message.text}")

    def sign_in(self):
        self.page.goto(self.play.console)
        due("sign-in" in self.page.url, f"nobody is asked who {self.name} is")
        self.page.get_by_label("Your token").fill(self.token)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", level=1).wait_for()
        due(self.page.get_by_text(self.name, exact=True).is_visible(), f"{self.name} is not signed in")

    def menu(self, name):
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        self.page.get_by_role("heading", level=1).wait_for()

    def shoot(self, name):
        self.play.count += 1
        path = os.path.join(self.play.shots, f"{self.play.count:02}-{name}.png")
        self.page.screenshot(path=path, full_page=True)
        self.check_page(name)

    def check_page(self, name):
        headings = self.page.locator("h1").count()
        due(headings == 1, f"{name} has {headings} headings of the first level")
        due(self.page.locator("main").count() == 1, f"{name} has no main landmark")
        if self.has_script:
            self.check_access(name)

    def check_access(self, name):
        """axe-core's rules; the page's own policy lets no script in but by the debugger."""
        self.page.evaluate(self.play.axe)
        found = self.page.evaluate(
            "async () => (await axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa',"
            "'best-practice']})).violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' '))"
            ".join(' | '))"
        )
        self.play.access[name] = found
        due(not found, f"{name} is not accessible: {found}")

    def leave(self):
        self.context.close()


class Play:
    """The story, from the first page to the report."""

    def __init__(self, options, browser):
        self.console = options.console
        self.shots = options.shots
        self.browser = browser
        self.people = {}
        for text in options.person:
            role, name, token = text.split("=", 2)
            self.people.setdefault(role, (name, token))
        self.count = 0
        self.complaints = []
        self.access = {}
        self.axe = axe_source()

    def run(self):
        self.wrong_token()
        self.pharmacist()
        proposal = self.operator()
        self.second_person(proposal)
        self.auditor()
        self.every_page()
        self.other_manners()
        due(not self.complaints, f"the browser complains: {self.complaints}")
        say("end", pictures=self.count, accessible=len(self.access))

    # The door

    def wrong_token(self):
        visitor = Visitor(self, "pharmacist")
        visitor.token = "dosette_" + "0" * 64
        visitor.page.goto(self.console)
        visitor.shoot("sign-in")
        visitor.page.get_by_label("Your token").fill(visitor.token)
        visitor.page.get_by_role("button", name="Sign in").click()
        text = visitor.page.get_by_role("alert").inner_text()
        due("not valid" in text, f"a wrong token is told as: {text}")
        visitor.leave()
        say("refused", words=text)

    # The pharmacist finds the order that waits, and accepts it

    def pharmacist(self):
        visitor = Visitor(self, "pharmacist")
        visitor.sign_in()
        visitor.shoot("today")
        visitor.menu("Orders")
        visitor.shoot("orders")
        visitor.page.get_by_role("link", name=re.compile(WAITING)).first.click()
        visitor.page.get_by_role("heading", level=1, name=re.compile(WAITING)).wait_for()
        state = visitor.page.locator("p.state").first.inner_text()
        due("pharmacist" in state, f"{WAITING} does not say that it waits for the pharmacist: {state}")
        visitor.shoot("order-waiting")
        visitor.page.get_by_role("radio", name=re.compile("^Accept( |$)")).first.check()
        # Without a reason nothing is taken, and what was chosen is still there.
        visitor.page.get_by_role("button", name="Do it").click()
        alert = visitor.page.get_by_role("alert")
        due("Say why" in alert.inner_text(), "a missing reason is not told")
        due(visitor.page.get_by_role("radio", name=re.compile("^Accept")).first.is_checked(), "the choice is lost")
        visitor.page.get_by_label(re.compile("^Why")).first.fill("Dose and interactions checked")
        visitor.page.get_by_role("button", name="Show first what would be sent").click()
        visitor.page.get_by_role("heading", name=re.compile("What would be sent")).wait_for()
        due("PATCH" in visitor.page.content(), "the dry run shows no request")
        visitor.shoot("dry-run-accept")
        visitor.page.get_by_role("button", name="Do it").click()
        # The page takes the change up by itself.
        visitor.page.get_by_text("Accepted by the pharmacy").first.wait_for()
        visitor.shoot("order-accepted")
        visitor.leave()
        say("accepted", order=WAITING)

    # An operator finds the parked one, sees why, and proposes

    def operator(self):
        visitor = Visitor(self, "operator")
        visitor.sign_in()
        visitor.menu("Parked")
        due("could be ours" in visitor.page.content(), "the parked orders do not say why")
        visitor.shoot("parked")
        visitor.page.get_by_role("link", name=re.compile(PARKED)).first.click()
        visitor.page.get_by_role("heading", level=1, name=re.compile(PARKED)).wait_for()
        facts = visitor.page.locator("dl").first.inner_text()
        numbers = re.search(r"could be ours: (\d+), (\d+)", facts)
        due(numbers, f"the order does not say which sales could be ours: {facts}")
        due("It is not known whether" in facts, "the order does not say what in doubt means")
        visitor.shoot("order-parked")
        visitor.page.get_by_role("radio", name=re.compile("take over what is there")).check()
        visitor.page.get_by_label(re.compile("^Why")).first.fill("The older sale is ours: its time is that of the call")
        visitor.page.get_by_label(re.compile("Provet's number")).fill(numbers.group(1))
        visitor.page.get_by_role("button", name="Do it").click()
        visitor.page.get_by_role("heading", level=1, name=re.compile("Proposal")).wait_for()
        due("somebody else has to confirm" in visitor.page.content(), "who proposes may confirm it")
        due(visitor.page.get_by_role("button", name="Confirm it").count() == 0, "who proposes may confirm it")
        visitor.shoot("proposal")
        url = visitor.page.url
        visitor.leave()
        say("proposed", order=PARKED, sale=numbers.group(1))
        return url

    def second_person(self, proposal):
        visitor = Visitor(self, "pharmacist")
        visitor.sign_in()
        visitor.menu("Proposals")
        visitor.shoot("proposals")
        visitor.page.get_by_role("link", name=re.compile("take over what is there")).first.click()
        due(visitor.page.url == proposal, "another proposal opens")
        visitor.shoot("proposal-to-confirm")
        visitor.page.get_by_label(re.compile("^Why")).fill("Seen in Provet as well")
        visitor.page.get_by_role("button", name="Confirm it").click()
        visitor.page.get_by_text(": done").wait_for()
        visitor.shoot("proposal-done")
        visitor.page.get_by_role("link", name=re.compile(PARKED)).first.click()
        visitor.page.locator("dd", has_text=re.compile("^charged$")).wait_for()
        visitor.shoot("order-repaired")
        visitor.leave()
        say("repaired", order=PARKED)

    # The auditor reads and takes the report along

    def auditor(self):
        visitor = Visitor(self, "auditor")
        visitor.sign_in()
        visitor.menu("Audit")
        visitor.shoot("audit")
        visitor.page.goto(f"{self.console}/orders/webshop/{PARKED}")
        story = visitor.page.content()
        due("Meloxicam" not in story, "what is personal is shown unasked")
        due(visitor.page.get_by_role("button", name="Do it").count() == 0, "an auditor may decide")
        visitor.page.get_by_role("link", name="Show it").click()
        visitor.page.get_by_role("link", name="Hide it").wait_for()
        story = visitor.page.content()
        due("confirmed by" in story, "the story does not tell the second person")
        due("Meloxicam" in story, "what is personal is not shown when it is asked for")
        visitor.shoot("order-personal")
        for name, least in (("auditor's report", 2_000), ("proof", 200)):
            with visitor.page.expect_download() as download:
                visitor.page.get_by_role("link", name=re.compile(name)).first.click()
            path = os.path.join(self.shots, download.value.suggested_filename)
            download.value.save_as(path)
            size = os.path.getsize(path)
            due(size >= least, f"the {name} has {size} bytes")
            say("downloaded", what=name, file=download.value.suggested_filename, bytes=size)
        visitor.leave()

    # All pages, for everybody who may see them

    def every_page(self):
        visitor = Visitor(self, "administrator")
        visitor.sign_in()
        for name in ("Workflows", "Clinics", "Settings", "Today"):
            visitor.menu(name)
            visitor.shoot(name.lower())
        visitor.menu("Workflows")
        visitor.page.locator("main").get_by_role("link").first.click()
        visitor.shoot("workflow")
        visitor.menu("Settings")
        text = visitor.page.content()
        for secret in ["simulated-secret"] + [token for _, token in self.people.values()]:
            due(secret not in text, "the settings show a secret")
        visitor.leave()
        say("pages")

    def other_manners(self):
        manners = {
            "dark": {"color_scheme": "dark"},
            "narrow": {"viewport": {"width": 360, "height": 800}},
            "no-script": {"java_script_enabled": False},
        }
        for name, manner in manners.items():
            visitor = Visitor(self, "operator", **manner)
            visitor.sign_in()
            visitor.shoot(f"{name}-today")
            visitor.page.goto(f"{self.console}/orders/webshop/{PARKED}")
            visitor.shoot(f"{name}-order")
            if name != "no-script":
                wide = visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
                due(not wide, f"the page is wider than its window ({name})")
            visitor.leave()
        visitor = Visitor(self, "operator")
        visitor.sign_in()
        visitor.page.emulate_media(media="print")
        visitor.page.goto(f"{self.console}/orders/webshop/{PARKED}")
        visitor.page.pdf(path=os.path.join(self.shots, "order.pdf"))
        visitor.page.emulate_media(media="screen")
        visitor.page.get_by_role("button", name="Sign out").click()
        visitor.page.goto(self.console)
        due("sign-in" in visitor.page.url, "who signed out is still in")
        visitor.leave()
        say("manners", names=list(manners))


def main():
    options = arguments()
    os.makedirs(options.shots, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium_path(), args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            Play(options, browser).run()
            browser.close()
    except (Wrong, TimeoutError, Error) as problem:
        say("wrong", what=str(problem)[:2000])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
