"""The page on the simulator's root, in a real browser."""

import re

import httpx
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.support.browser import emulated, find_barriers, read_console, visit
from vocode_contract.contract.model import Contract
from vocode_contract.http.message import Request
from vocode_contract.simulator import SCENARIOS, ManualClock, Simulation, simulator
from vocode_contract.simulator.server.control import answer

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=\"document.title='broken'\">"
FILES = ("/", "/_simulator/page.css", "/_simulator/page.js")


@pytest.fixture(scope="module")
def server():
    with simulator(contract="2024-08-27", speed=0, clock=ManualClock()) as running:
        yield running


@pytest.fixture
def page(browser, server):
    server.reset()
    visit(browser, f"{server.url}/")
    wait_for(browser, lambda: len(rows(browser)) == 12)
    return browser


def wait_for(browser, claim):
    WebDriverWait(browser, 60).until(lambda _: claim())


def rows(browser) -> list[list[str]]:
    """The texts of all cells, read at one moment."""
    script = (
        "return [...document.querySelectorAll('#calls tr')].map(row => [...row.children].map(cell => cell.innerText))"
    )
    found: list[list[str]] = browser.execute_script(script)
    return found


def click(browser, css: str) -> None:
    browser.find_element(By.CSS_SELECTOR, css).click()


# --- in a browser ---


def test_page_follows_a_call_to_its_end(page, server):
    server.place("hang-up")
    wait_for(page, lambda: rows(page)[0][:2] == ["not started", "hang-up"])
    server.advance(4)
    wait_for(page, lambda: rows(page)[0][0] == "in progress")
    server.advance(6)
    wait_for(page, lambda: rows(page)[0][0] == "ended")
    assert rows(page)[0][4:8] == ["0:06", "person", "human disconnected", "yes"]
    events = page.find_element(By.ID, "events").text
    assert events.splitlines()[-2:] == ["phone call connected", events.splitlines()[-1]]


def test_page_places_calls_and_leads_them(page):
    wait_for(page, lambda: len(page.find_elements(By.TAG_NAME, "option")) == len(SCENARIOS))
    Select(page.find_element(By.ID, "scenario")).select_by_value("nobody")
    click(page, "#place")
    wait_for(page, lambda: rows(page)[0][1] == "nobody")
    click(page, "[data-advance='10']")
    wait_for(page, lambda: page.find_element(By.ID, "now").text == "2024-01-01 00:00:10")
    click(page, "#calls button")
    wait_for(page, lambda: rows(page)[0][0] == "in progress")
    click(page, "#reset")
    wait_for(page, lambda: len(rows(page)) == 12)


def test_page_is_worked_with_the_keyboard(page):
    wait_for(page, lambda: len(page.find_elements(By.TAG_NAME, "option")) == len(SCENARIOS))
    press(page, Keys.TAB)
    skip = page.switch_to.active_element
    assert (skip.accessible_name, skip.location["x"] >= 0) == ("Skip to the calls", True)
    press(page, Keys.TAB)
    press(page, "busy")
    press(page, Keys.TAB)
    assert page.switch_to.active_element.accessible_name == "Place call"
    press(page, Keys.ENTER)
    wait_for(page, lambda: rows(page)[0][1] == "busy")


def press(page, keys: str) -> None:
    ActionChains(page).send_keys(keys).perform()


def test_page_shows_what_webhooks_were_told(page, server):
    webhook = {"subscriptions": ["event_phone_call_connected"], "url": f"http://192.0.2.1/{HOSTILE}"}
    voice = {"type": "voice_azure", "voice_name": "x"}
    agent = {"prompt": {"content": "x"}, "voice": voice, "webhook": webhook}
    request = {"from_number": "12025550199", "to_number": "12025550101", "agent": agent}
    with httpx.Client(headers={"Authorization": f"Bearer {server.token}"}, trust_env=False) as client:
        assert client.post(f"{server.url}/v1/calls/create", json=request).status_code == 200
    server.advance(60)
    wait_for(page, lambda: "phone call connected" in page.find_element(By.ID, "deliveries").text)
    assert "not-allowed" in page.find_element(By.ID, "deliveries").text
    assert "192.0.2.1" not in page.page_source


def test_page_says_what_was_refused(page, server):
    server.place("nobody")
    wait_for(page, lambda: page.find_elements(By.CSS_SELECTOR, "#calls button"))
    button = page.find_element(By.CSS_SELECTOR, "#calls button")
    server.advance(60)
    button.click()
    wait_for(page, lambda: "over" in page.find_element(By.ID, "said").text)


def test_button_keeps_the_focus_while_the_page_goes_on(page, server):
    server.place("endless")
    server.advance(5)
    wait_for(page, lambda: "Hang up" in rows(page)[0][9])
    page.execute_script("document.querySelector('#calls button').focus()")
    server.advance(5)
    wait_for(page, lambda: page.find_element(By.ID, "now").text.endswith("10"))
    assert page.switch_to.active_element.text == "Hang up"


def test_hostile_text_stays_text(page, server):
    headers = {"Authorization": f"Bearer {server.token}"}
    agent = {"prompt": {"content": HOSTILE}, "voice": {"type": "voice_azure", "voice_name": HOSTILE}}
    request = {"from_number": HOSTILE, "to_number": HOSTILE, "agent": agent}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
        assert client.post("/v1/calls/create", json=request).status_code == 200
        client.get(f"/{HOSTILE}", params={HOSTILE: HOSTILE})
    wait_for(page, lambda: len(rows(page)) == 13 and "404" in page.find_element(By.ID, "requests").text)
    assert page.title == "Simulated calls"
    assert not page.find_elements(By.CSS_SELECTOR, "main img")
    assert "onerror" not in page.page_source


def test_page_shows_no_number(page, server):
    server.place()
    wait_for(page, lambda: len(rows(page)) == 13)
    assert "1202555" not in page.page_source


def test_page_breaks_none_of_its_own_rules(page):
    assert read_console(page) == []
    page.execute_script(
        "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)"
    )
    assert page.title == "Simulated calls"
    assert "Content Security Policy" in read_console(page)[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_readable_in_any_light(page, scheme):
    script = """
        const seen = [];
        for (const name of ['--ink', '--soft', '--wait', '--live', '--over', '--bad']) {
            const probe = document.createElement('span');
            probe.style.color = `var(${name})`;
            document.body.append(probe);
            seen.push(getComputedStyle(probe).color);
            probe.remove();
        }
        return [getComputedStyle(document.querySelector('.scroll')).backgroundColor, ...seen];
    """
    with emulated(page, scheme=scheme):
        card, *inks = map(luminance, page.execute_script(script))
    for ink in inks:
        assert (max(card, ink) + 0.05) / (min(card, ink) + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def luminance(color: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(part) / 255 for part in re.findall(r"[0-9]+", color)[:3]]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 400)])
def test_page_has_no_barriers(page, server, scheme, width):
    server.place("endless")
    with emulated(page, scheme=scheme, width=width):
        wait_for(page, lambda: rows(page)[0][1] == "endless")
        assert find_barriers(page) == []


@pytest.mark.parametrize("name", ["button", "select", "#calls", "#events", "#requests", "#deliveries", "#said"])
def test_everything_has_a_name_or_a_role(page, name):
    for element in page.find_elements(By.CSS_SELECTOR, name):
        assert element.accessible_name or element.aria_role not in ("", "generic", "none")


# --- without one ---


@pytest.mark.parametrize("path", FILES)
def test_file_is_served_under_a_strict_policy(path):
    response = answer(Simulation(), Request(method="GET", path=path)).response
    policy = response.header("content-security-policy") or ""
    assert response.status == 200
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", FILES)
def test_file_asks_for_nothing_from_elsewhere(path):
    text = answer(Simulation(), Request(method="GET", path=path)).response.body.decode()
    assert not re.findall(
        r"https?:|//[a-z]|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(| style=| on[a-z]+=", text
    )


def test_every_status_has_a_colour():
    css = answer(Simulation(), Request(method="GET", path="/_simulator/page.css")).response.body.decode()
    assert {f".{status}" for status in Contract.load().schemas["CallStatus"]["enum"]} <= set(re.findall(r"\.\w+", css))
