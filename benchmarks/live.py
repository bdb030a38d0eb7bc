"""What the live generator costs in Chromium: weight of the page, seconds to the first digits, images a second.

python -m benchmarks.live runs/quick
"""

import statistics
import sys
import tempfile
from pathlib import Path

from tests.browser import running_chromium, watched_pages

from flowleague.bundle.read import read_bundle
from flowleague.live import live_page

TIMES = """() => {
  const data = JSON.parse(document.querySelector(".live-data").textContent);
  const model = document.querySelector(".live").model, normal = () => Math.random() - 0.5;
  const rows = Array.from({ length: 24 }, () => Float32Array.from({ length: data.latent }, normal));
  const took = (f) => Array.from({ length: 20 }, () => {
    const began = performance.now();
    f();
    return performance.now() - began;
  });
  return {
    "one evaluation of the velocity": took(() => model.last(rows, "euler", 1)),
    decoding: took(() => model.decode(rows)),
    "generating, as the recipe says": took(() => model.decode(model.last(rows, data.solver, data.steps))),
  };
}"""


def main(bundle: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "live.html"
        path.write_text(live_page(read_bundle(Path(bundle)), "benchmark"), encoding="utf-8")
        print(f"page: {path.stat().st_size:,} bytes")
        with running_chromium() as chromium, watched_pages(chromium) as open_page:
            page = open_page(path)
            page.wait_for_selector("[data-live=told]:not(:empty)", timeout=120_000)
            first = page.evaluate("performance.getEntriesByName('first digits')[0].startTime")
            print(f"first 24 digits: {first:.0f} ms after the page began to load")
            for what, times in page.evaluate(TIMES).items():
                middle, best = statistics.median(times) / 24, min(times) / 24
                print(
                    f"{what}: median {middle:.2f} ms an image, best {best:.2f}: {1000 / best:.0f} a second; n = 20 x 24"
                )


if __name__ == "__main__":
    main(*sys.argv[1:])
