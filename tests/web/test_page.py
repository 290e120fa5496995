"""The page in a real browser, against a real server, live."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.waiting import wait_until
from tests.web import seeds
from tests.web.conftest import OpenPage, Site
from tests.web.tools import WEB


@pytest.fixture(autouse=True)
def _patient() -> None:
    expect.set_options(timeout=20_000)


def row_of(page: Page, run_id: str) -> Locator:
    return page.locator(f'tr[data-run="{run_id}"]')


def mark(page: Page) -> None:
    """Leave something in the page that a reload would wipe out."""
    page.evaluate("window.notReloaded = true")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("window.notReloaded === true"))


def test_an_empty_service_says_what_to_do_next(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.get_by_text("No runs yet")).to_be_visible()
    expect(page.get_by_text("realspike study submit presets/digits-ablation.yaml")).to_be_visible()
    expect(page.get_by_text("No studies yet")).to_be_visible()
    expect(page.get_by_text("queued runs wait until one starts")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


def test_a_run_is_followed_from_the_queue_to_its_end(
    open_page: OpenPage, site: Site, tmp_path: Path
) -> None:
    page = open_page()
    expect(page.get_by_text("No runs yet")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    mark(page)

    run_id = seeds.add_run(site, "my first run")
    row = row_of(page, run_id)
    expect(row).to_contain_text("queued")
    seeds.add_worker(site)
    attempt = seeds.start_run(site, run_id)
    expect(row).to_contain_text("running")
    expect(page.get_by_text("1/2 busy")).to_be_visible()

    seeds.finish_epoch(site, run_id, attempt, 3, 0.8123)
    expect(row).to_contain_text("3/8")
    expect(row).to_contain_text("81.23 %")
    expect(row).to_contain_text("≈ 8 s left")
    seeds.finish_epoch(site, run_id, attempt, 4, 0.9)
    expect(row).to_contain_text("90.00 %")

    seeds.finish_run(site, run_id, attempt, tmp_path)
    expect(row).to_contain_text("succeeded")
    expect(row).not_to_contain_text("left")
    assert is_marked(page)


def test_curves_and_log_grow_while_a_run_page_is_open(open_page: OpenPage, site: Site) -> None:
    run_id = seeds.add_run(site, "followed")
    attempt = seeds.start_run(site, run_id)
    seeds.finish_epoch(site, run_id, attempt, 1, 0.5)
    page = open_page(f"/runs/{run_id}")
    accuracy = page.get_by_role("img", name=re.compile("^Accuracy"))
    expect(accuracy).to_have_attribute("aria-label", re.compile(r"test 50\.00 %"))
    expect(accuracy.locator("canvas")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    mark(page)

    seeds.finish_epoch(site, run_id, attempt, 2, 0.75)
    expect(accuracy).to_have_attribute("aria-label", re.compile(r"test 75\.00 %"))
    expect(page.get_by_role("region", name="Log lines")).to_contain_text("epoch 2/8")
    for title in ("Loss", "Firing rate", "Mean amplitude"):
        expect(
            page.get_by_role("img", name=re.compile(f"^{title}")).locator("canvas")
        ).to_have_count(1)
    spread = page.get_by_role("img", name=re.compile("^amplitude.conv1"))
    expect(spread).to_have_attribute("aria-label", re.compile(r"largest 3\.5000, .*median 2\.0000"))
    assert is_marked(page)


def test_a_finished_run_shows_its_certificate_and_hands_over_its_files(
    open_page: OpenPage, site: Site, tmp_path: Path
) -> None:
    run_id = seeds.add_run(site, "done")
    attempt = seeds.start_run(site, run_id)
    seeds.finish_epoch(site, run_id, attempt, 8, 0.97)
    sha256 = seeds.finish_run(site, run_id, attempt, tmp_path)
    page = open_page(f"/runs/{run_id}")

    certificate = page.get_by_role("region", name="Certificate of the fold")
    for text in ("bounded", "255 of 256", "3.6e\u221215", "5,434", "5,386", "onnxruntime"):
        expect(certificate).to_contain_text(text)
    expect(certificate).to_contain_text("≈ 718 nJ")
    expect(certificate).to_contain_text("Energy is an estimate, not measured")

    downloads = page.get_by_role("region", name="Downloads")
    expect(downloads).to_contain_text("2.25 KiB")
    expect(downloads).to_contain_text(sha256[:12])
    with page.expect_download() as expected:
        downloads.get_by_role("link", name="folded.onnx").click()
    assert expected.value.suggested_filename == "folded.onnx"
    assert hashlib.sha256(Path(expected.value.path()).read_bytes()).hexdigest() == sha256


def test_a_failed_run_says_why_and_can_be_retried(open_page: OpenPage, site: Site) -> None:
    run_id = seeds.add_run(site, "broken")
    attempt = seeds.start_run(site, run_id)
    seeds.fail_run(site, run_id, attempt, reason="loss_not_finite", detail="lower lr (now 90)")
    page = open_page(f"/runs/{run_id}")
    expect(page.get_by_role("region", name="Why it failed")).to_contain_text("lower lr (now 90)")
    expect(page.get_by_role("region", name="Attempts")).to_contain_text("loss_not_finite")

    page.get_by_role("button", name="Retry run").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry run").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel run")).to_be_visible()
    expect(page.get_by_text("Place in the queue")).to_be_visible()


def test_a_run_that_lost_its_worker_says_how_and_when_it_goes_on(
    open_page: OpenPage, site: Site
) -> None:
    run_id = seeds.add_run(site, "unlucky")
    attempt = seeds.start_run(site, run_id)
    page = open_page(f"/runs/{run_id}")
    attempts = page.get_by_role("region", name="Attempts")
    expect(attempts).to_contain_text("running")

    seeds.lose_worker(site, run_id, attempt, "signal 9 (SIGKILL)")
    expect(attempts).to_contain_text("signal 9 (SIGKILL)")
    expect(attempts).to_contain_text("late writes refused: 1")
    expect(page.get_by_text("Next attempt")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^in [45] min"))).to_be_visible()
    expect(page.get_by_role("region", name="Log lines")).to_contain_text(
        "died of signal 9 (SIGKILL)"
    )


def test_cancelling_needs_a_second_yes(open_page: OpenPage, site: Site) -> None:
    run_id = seeds.add_run(site, "doomed")
    seeds.start_run(site, run_id)
    page = open_page(f"/runs/{run_id}")

    page.get_by_role("button", name="Cancel run").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert not seeds.cancel_is_asked(site, run_id)

    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    wait_until(lambda: seeds.cancel_is_asked(site, run_id), "the cancel request")
    expect(page.get_by_text("cancelling")).to_be_visible()


def test_a_study_is_compared_live(open_page: OpenPage, site: Site, tmp_path: Path) -> None:
    study_id = seeds.add_study(site, "what shares an amplitude")
    page = open_page(f"/studies/{study_id}")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    table = page.get_by_role("table", name=re.compile("test_acc by granularity"))
    expect(table.get_by_role("row").filter(has_text="channel")).to_contain_text("0/2")

    channel = seeds.runs_of(site, study_id)[2:]
    for run_id, accuracy in zip(channel, (0.96, 0.98), strict=True):
        attempt = seeds.start_run(site, run_id)
        seeds.finish_epoch(site, run_id, attempt, 8, accuracy)
        seeds.finish_run(site, run_id, attempt, tmp_path)
    row = table.get_by_role("row").filter(has_text="channel")
    expect(row).to_contain_text("97.00 %")
    expect(row).to_contain_text("± 1.41")
    expect(row).to_contain_text("2/2")
    expect(row).to_contain_text("2 bounded")

    failed = seeds.runs_of(site, study_id)[0]
    attempt = seeds.start_run(site, failed)
    seeds.fail_run(site, failed, attempt, reason="out_of_memory", detail="smaller batch_size")
    grid = page.get_by_role("table", name="Runs by factors and seed")
    expect(grid.get_by_role("row").filter(has_text="binary")).to_contain_text("out_of_memory")
    expect(table.get_by_role("row").filter(has_text="binary").locator("td").nth(3)).to_have_text(
        "1"
    )


def test_the_list_is_filtered_and_its_address_keeps_the_filter(
    open_page: OpenPage, site: Site
) -> None:
    seeds.add_run(site, "small one", seed=1)
    running = seeds.add_run(site, "other one", seed=2)
    seeds.start_run(site, running)
    page = open_page()
    table = page.get_by_role("table", name="Runs")
    expect(table.get_by_role("row")).to_have_count(3)

    page.get_by_role("button", name="running", exact=True).click()
    expect(table.get_by_role("row")).to_have_count(2)
    assert "status=running" in page.url
    page.get_by_role("button", name="running", exact=True).click()

    page.locator("body").press("/")
    page.keyboard.type("spec.seed = 1")
    page.keyboard.press("Enter")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table).to_contain_text("small one")
    page.reload()
    expect(table.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("textbox", name="Filter")).to_have_value("spec.seed = 1")


def test_a_filter_that_does_not_parse_is_answered_in_the_servers_words(
    open_page: OpenPage, site: Site
) -> None:
    seeds.add_run(site, "a run")
    page = open_page()
    wrong = "spec.sead = 1"
    said = page.request.get("/api/v1/runs", params={"filter": wrong}).json()["detail"]
    field = page.get_by_role("textbox", name="Filter")
    field.fill(wrong)
    field.press("Enter")
    expect(page.get_by_role("alert").locator("pre")).to_have_text(said)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("link", name="a run")).to_be_visible()


def test_a_run_that_is_not_there_is_an_error_with_a_way_out(open_page: OpenPage) -> None:
    page = open_page("/runs/run_nowhere")
    expect(page.get_by_role("alert")).to_contain_text("there is no run 'run_nowhere'")


def test_the_page_comes_back_with_the_server(open_page: OpenPage, site: Site) -> None:
    run_id = seeds.add_run(site, "patient")
    page = open_page()
    status = page.get_by_role("status")
    expect(status.filter(has_text="Live")).to_be_visible()
    row = row_of(page, run_id)
    expect(row).to_contain_text("queued")

    site.stop()
    expect(status.filter(has_text="Reconnecting")).to_be_visible()
    expect(row).to_contain_text("queued")
    seeds.start_run(site, run_id)
    site.start()
    expect(status.filter(has_text="Live")).to_be_visible()
    expect(row).to_contain_text("running")


def test_everything_is_reached_by_key(open_page: OpenPage, site: Site) -> None:
    run_id = seeds.add_run(site, "by key")
    page = open_page()
    expect(page.get_by_role("link", name="by key")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "by key":
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/runs/{run_id}$"))
    expect(page.get_by_role("heading", name="by key")).to_be_visible()


def test_every_page_is_accessible_and_fits(open_page: OpenPage, site: Site, tmp_path: Path) -> None:
    study_id = seeds.add_study(site, "a study with a rather long name, as people give them")
    seeds.add_worker(site)
    done, failed, running, _ = seeds.runs_of(site, study_id)
    attempt = seeds.start_run(site, done)
    seeds.finish_epoch(site, done, attempt, 8, 0.97)
    seeds.finish_run(site, done, attempt, tmp_path)
    seeds.fail_run(site, failed, seeds.start_run(site, failed), reason="poison", detail="why")
    seeds.finish_epoch(site, running, seeds.start_run(site, running), 3, 0.9)

    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        for path, shown in (
            ("/", "binary 1"),
            (f"/runs/{done}", "Every sent value is 0 or 1"),
            (f"/runs/{failed}", "Failed: poison"),
            (f"/studies/{study_id}", "seed 1"),
        ):
            page = open_page(path, width=width, scheme=scheme)
            expect(page.get_by_text(shown).first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert accessibility_faults(page) == [], (path, width, scheme)
            page.close()


def accessibility_faults(page: Page) -> list[list[str]]:
    """What axe finds against WCAG 2.1 A and AA, contrast included: rule and elements."""
    page.add_script_tag(path=str(WEB / "node_modules" / "axe-core" / "axe.min.js"))
    found: list[list[str]] = page.evaluate(
        """async () => (await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa"] }))
        .violations.map((one) => [one.id, ...one.nodes.map((node) => node.html)])"""
    )
    return found


def test_the_first_page_is_small() -> None:
    """Scripts and styles that index.html names, compressed; charts come later."""
    index = (WEB / "dist" / "index.html").read_text()
    names = re.findall(r'(?:src|href)="/(assets/[^"]+)"', index)
    sizes = {name: len(gzip.compress((WEB / "dist" / name).read_bytes())) for name in names}
    assert sum(sizes.values()) <= 250_000, sizes
    assert not any("engine" in name for name in names)
