"""A veterinarian in Chromium: presses the button, writes a prescription, follows the order.

Prints one JSON line for each thing seen, so that whoever plays the pharmacist can go on in step.
Exit code 0 only if everything was as it should be.

    veterinarian.py --press URL --shots DIR [--until TEXT]... [--no-script] [--frame] [--width 1100]
"""

import argparse
import datetime
import json
import os
import shutil
import sys
import time

from playwright.sync_api import Error, TimeoutError, sync_playwright

# A page of another port on this machine may show ours in a frame without being asked first.
FEATURES_OFF = (
    "LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,"
    "PrivateNetworkAccessForNavigations,PrivateNetworkAccessSendPreflights"
)
# What a finger hits: 44 px, less rounding.
TARGET_LEAST = 43.5
HEIGHT = 900


class Wrong(Exception):
    """Something is not as it should be."""


def say(saw, **facts):
    print(json.dumps({"saw": saw, **facts}, ensure_ascii=False), flush=True)


def due(condition, what):
    if not condition:
        raise Wrong(what)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--press", required=True, help="the simulated Provet's page with the button")
    parser.add_argument("--shots", required=True, help="where screenshots go")
    parser.add_argument("--until", action="append", default=[], help="a text of the order's page, in order")
    parser.add_argument("--client", help="the client's name as the page must show it")
    parser.add_argument("--product", default="Meloxicam vet")
    parser.add_argument("--dispenses", default="2")
    parser.add_argument("--no-script", action="store_true", help="JavaScript is off")
    parser.add_argument("--frame", action="store_true", help="the page opens in a side panel")
    parser.add_argument("--foreign", action="store_true", help="a side panel on a page of another origin")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1100)
    parser.add_argument("--seconds", type=float, default=30, help="the longest wait for one text")
    options = parser.parse_args()
    options.frame = options.frame or options.foreign
    return options


def chromium_path():
    names = [os.environ.get("DOSETTE_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    path = next((shutil.which(name) for name in names if name and shutil.which(name)), None)
    due(path, "there is no chromium: run Scripts/browser-setup")
    return path


class Visit:
    """One launch, from the button to the order's end."""

    def __init__(self, options, browser):
        self.options = options
        self.context = browser.new_context(
            viewport={"width": options.width, "height": HEIGHT},
            color_scheme="dark" if options.dark else "light",
            java_script_enabled=not options.no_script,
            locale="en-GB",
        )
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self.listen)
        self.count = 0

    def listen(self, message):
        # The form that is sent back with its mistakes is a 422, which the console tells, too; what is wrong
        # with the simulated Provet's own page is not ours.
        url = message.location.get("url", "")
        is_provets = url.startswith(self.options.press.split("/_simulator")[0])
        # In a frame the script brings the focus where the markup may not.
        is_expected = "422" in message.text or "Blocked autofocusing" in message.text
        if message.type in ("error", "warning") and not is_expected and not is_provets:
            self.complaints.append(f"{message.text} {url}")

    @property
    def view(self):
        """What shows Dosette's pages: the side panel, or the whole window."""
        return self.page.frame("panel") if self.options.frame else self.page

    def shoot(self, name):
        self.count += 1
        path = os.path.join(self.options.shots, f"{self.count}-{name}.png")
        self.page.screenshot(path=path, full_page=not self.options.frame)
        return path

    def run(self):
        if self.options.foreign:
            return self.press_on_a_foreign_page()
        self.press()
        self.make_a_mistake()
        self.write()
        for text in self.options.until:
            self.wait_for(text)
        self.end()

    # The button

    def press(self):
        url = self.options.press + ("&frame=1" if self.options.frame else "")
        answer = self.page.goto(url)
        due(answer.ok, f"the page with the button answers {answer.status}")
        self.page.locator("form button, form input[type=submit], a").first.click()
        self.locate("h1").wait_for()
        title = self.locate("h1").inner_text()
        due(title.startswith("Prescription for "), f"the button opened {title!r}")
        client = title.removeprefix("Prescription for ")
        if self.options.client:
            due(client == self.options.client, f"the page is about {client!r}")
        animals = self.locate("input[name=patients]").count()
        due(animals > 0, "no animal is shown")
        due(self.view.get_by_label("Prescriber").count() == 1, "no prescriber can be chosen")
        self.check_layout()
        say("form", client=client, animals=animals, shot=self.shoot("form"))

    def press_on_a_foreign_page(self):
        """The same page under another name is another origin, which may not show ours."""
        url = self.options.press.replace("//127.0.0.1:", "//localhost:") + "&frame=1"
        due(url.startswith("http://localhost:"), f"no other name for {self.options.press}")
        self.page.goto(url)
        with self.page.expect_console_message(
            lambda message: "frame-ancestors" in message.text, timeout=self.options.seconds * 1000
        ):
            self.page.locator("form button, a").first.click()
        due(self.locate("#main").count() == 0, "a foreign page shows the panel")
        say("refused", shot=self.shoot("foreign-page"))
        say("end", live=True, shots=self.count)

    def locate(self, selector):
        if self.options.frame:
            return self.page.frame_locator("iframe[name=panel]").locator(selector)
        return self.page.locator(selector)

    def check_layout(self):
        if self.options.no_script:
            return
        width = self.view.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        due(width[0] <= width[1], f"the page is {width[0]} px wide in a window of {width[1]}")
        if self.options.width > 400:
            return
        small = self.view.evaluate(
            """least => [...document.querySelectorAll(
                'main a, button, input:not([type=hidden]):not([type=checkbox]), select, textarea, label.check'
            )].filter(e => e.getBoundingClientRect().height < least).map(e => e.outerHTML.slice(0, 80))""",
            TARGET_LEAST,
        )
        due(not small, f"too small for a finger: {small}")

    # The form

    def make_a_mistake(self):
        self.view.get_by_label("Name of the product").fill(self.options.product)
        self.view.get_by_label("Packages").fill("two")
        self.send()
        summary = self.locate("#errors")
        summary.wait_for()
        field = self.locate("#item-0-packages")
        beside = self.locate("#item-0-packages-error")
        due(beside.is_visible(), "no error beside the field that is wrong")
        due(field.get_attribute("aria-invalid") == "true", "the wrong field is not marked")
        due(
            "item-0-packages-error" in (field.get_attribute("aria-describedby") or ""),
            "the error does not belong to its field for those who do not see it",
        )
        due(self.locate("#patients").count() == 1, "the animals cannot be jumped to")
        kept = self.view.get_by_label("Name of the product").input_value()
        due(kept == self.options.product, "what was typed is gone")
        if not self.options.no_script:
            focus = self.view.evaluate("document.activeElement.id")
            due(focus == "errors", f"the focus is on {focus!r}, not on what is wrong")
        self.check_layout()
        say(
            "mistakes",
            beside=beside.inner_text(),
            all=summary.locator("li").all_inner_texts(),
            shot=self.shoot("mistakes"),
        )

    def write(self):
        view = self.view
        self.locate("input[name=patients]").first.check()
        prescriber = view.get_by_label("Prescriber")
        if not prescriber.input_value():
            prescriber.select_option(index=1)
        department = view.get_by_label("Department")
        if department.count() and not department.input_value():
            department.select_option(index=1)
        last = datetime.date.today() + datetime.timedelta(days=180)
        view.get_by_label("Strength").fill("1.5 mg/ml")
        view.get_by_label("Instructions").fill("0.1 mg/kg once a day with food")
        view.get_by_label("Packages").fill("1")
        view.get_by_label("Dispenses").fill(self.options.dispenses)
        view.get_by_label("Valid until").fill(last.isoformat())
        view.get_by_label("Remarks").fill('Weigh first: "Musti" <is> small & quick')
        self.shoot("written")
        self.send()
        self.locate("[data-live=state]").wait_for()
        order = self.view.url.split("/orders/")[-1]
        due(order.startswith("provet-button/"), f"the form led to {self.view.url}")
        if not self.options.no_script:
            # Lost when the page is loaded again: what is seen from now on came by itself.
            self.view.evaluate("window.isTheSame = true")
        say("order", order=order)

    def send(self):
        self.view.get_by_role("button", name="Send to the pharmacy").click()

    # The order's page

    def wait_for(self, text):
        end = time.monotonic() + self.options.seconds
        seen = ""
        while time.monotonic() < end:
            try:
                seen = self.locate("main").inner_text(timeout=2000)
            except (TimeoutError, Error):
                continue  # It is being loaded again.
            if text in seen:
                self.check_layout()
                name = "".join(c if c.isalnum() else "-" for c in text.lower())[:32].strip("-")
                say("state", text=text, shot=self.shoot(name))
                return
            self.page.wait_for_timeout(50)
        shot = self.shoot("not-as-said")
        raise Wrong(f"{text!r} was not seen in {self.options.seconds:.0f} s; see {shot}: {seen[:400]!r}")

    def end(self):
        if not self.options.no_script and self.options.until:
            due(self.view.evaluate("window.isTheSame === true"), "the page was loaded again: not live")
        due(not self.complaints, f"the browser complains: {self.complaints}")
        say("end", live=not self.options.no_script, shots=self.count)


def main():
    options = arguments()
    os.makedirs(options.shots, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium_path(),
                args=["--no-sandbox", f"--disable-features={FEATURES_OFF}"],
            )
            try:
                Visit(options, browser).run()
            finally:
                browser.close()
    except (Wrong, Error) as error:
        say("wrong", what=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
