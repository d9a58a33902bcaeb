"""The page of the control plane in a real browser: a canary is watched, and taken back under load."""

import os
import threading
from collections import Counter

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from rows import as_instances, rows_of
from two_releases import NAME, Steered

PATIENCE_S = 60
CLIENTS = 2


class Load:
    """Clients that ask without a pause, and what they got."""

    def __init__(self, server):
        self.server, self.instances = server, as_instances(rows_of(server, 50)[0])
        self.answered, self.failures, self.is_over = Counter(), [], threading.Event()
        self.clients = [threading.Thread(target=self.ask) for _ in range(CLIENTS)]

    def ask(self):
        while not self.is_over.is_set():
            for instance in self.instances:
                try:
                    answer = self.server.post(f"/v1/models/{NAME}:predict", {"instances": [instance]})
                    self.answered[answer["release"]] += 1
                except OSError as failure:
                    self.failures.append(failure)

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for client in self.clients:
            client.join()


class Page:
    """A browser of its own, signed in by a fresh link."""

    def __init__(self, server, place):
        options = webdriver.ChromeOptions()
        options.binary_location = os.environ["CHROMIUM"]
        options.add_argument("--headless=new")
        options.add_argument(f"--user-data-dir={place}")
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # With the path of a driver Selenium looks for none, and downloads nothing.
        self.driver = webdriver.Chrome(options, Service(os.environ["CHROMEDRIVER"]))
        self.driver.get(server.run("token", "sign-in").strip())

    def text(self):
        return self.js("return document.body?.innerText ?? ''")

    def wait_for(self, text):
        wait = WebDriverWait(self.driver, PATIENCE_S)
        wait.until(lambda _: text in self.text(), f"no {text!r} on the page")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def open_form(self):
        """The field for the reason, which has the focus once the form is open."""
        self.find("details.back summary").click()
        wait = WebDriverWait(self.driver, PATIENCE_S)
        wait.until(lambda _: self.js("return document.activeElement.name === 'reason'"), "no focus")
        return self.driver.switch_to.active_element

    def js(self, script):
        return self.driver.execute_script(script)

    def is_marked(self):
        """Whether this is the document that was marked, and no other came since."""
        return self.js("return window.mark === history.length")

    def mark(self):
        self.js("window.mark = history.length")

    def complaints(self):
        """What the browser's console said: violations of the policy are there too."""
        return self.driver.get_log("browser")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Steered(tmp_path_factory.mktemp("steered"))
    yield server
    server.stop()


@pytest.fixture
def page(server, tmp_path):
    page = Page(server, tmp_path / "chromium")
    yield page
    page.driver.quit()


def test_a_canary_advances_on_the_page_and_is_rolled_back_by_the_button_under_load(server, page):
    page.wait_for("Live: changes show by themselves.")
    page.mark()
    with Load(server) as load:
        server.deploy()
        page.wait_for("Canary: step 1 of 3, 20 %")
        page.wait_for("Canary: step 2 of 3, 50 %; it waits for an approval")
        assert page.is_marked(), "the page was loaded again"

        page.open_form().send_keys("customers complain")
        page.find("details.back button").click()
        page.wait_for("Canary: rolled back")
        assert not page.is_marked(), "the form was sent"
        before = Counter(load.answered)
        while load.answered[server.stable] < before[server.stable] + 100:
            load.is_over.wait(0.01)
    assert load.failures == []
    assert set(load.answered) == {server.stable, server.candidate}
    # A client may have read an answer when the page came, and counted it after.
    assert load.answered[server.candidate] <= before[server.candidate] + CLIENTS

    seen = server.ask(f"GET /v1/endpoints/{NAME}")[1]
    assert seen["rollout"]["state"] == "rolled_back" and seen["saved"]
    assert seen["slots"]["candidate"] is None
    assert seen["slots"]["stable"]["release"] == server.stable
    assert seen["slots"]["stable"]["weight"] == 100
    last = server.ask(f"GET /v1/endpoints/{NAME}/history?limit=1")[1]["events"][0]
    done = [last[field] for field in ("kind", "actor", "reason")]
    assert done == ["rollout.rolled_back", "operator", "customers complain"]
    page.wait_for("rollout rolled back by operator: customers complain")
    assert page.complaints() == []


def test_what_somebody_does_on_the_page_stays_while_it_changes(server, page):
    page.wait_for("Live: changes show by themselves.")
    page.driver.set_window_size(500, 900)
    page.js("window.box = document.querySelector('.scrolled'); box.scrollLeft = 40")
    page.open_form().send_keys("customers ")
    page.js("getSelection().selectAllChildren(box.querySelector('tbody tr td'))")
    page.mark()
    with Load(server):
        server.deploy()
        page.wait_for("Canary: step 2 of 3, 50 %")
    assert page.is_marked(), "the page was loaded again"
    assert page.js("return box.isConnected && box.scrollLeft") == 40
    assert page.js("return String(getSelection())") == server.stable[:19]
    why = page.find("details.back textarea")
    assert why.get_property("value") == "customers "
    # The form knows by now what it would take the traffic from.
    assert page.find("input[name=from]").get_property("value") == server.candidate

    why.send_keys(Keys.ESCAPE)
    assert page.driver.switch_to.active_element.text == "Roll back"
    assert not why.is_displayed()
    server.run("rollback", NAME, "--reason", "from elsewhere")
    page.wait_for("rollout rolled back by operator: from elsewhere")
    assert page.is_marked() and page.complaints() == []
