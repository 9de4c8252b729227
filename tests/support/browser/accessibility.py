"""What axe-core finds wrong on a page for people who cannot see, hear or point well."""

import importlib.resources
from dataclasses import dataclass

from playwright.sync_api import Page

AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"
GRAVE = ("serious", "critical")

# Faults of Streamlit's own elements, which no page can mend: rule -> parts of the element's address or HTML.
STREAMLITS_OWN: dict[str, tuple[str, ...]] = {}

CONTRAST = "color-contrast"  # the one rule that depends on light and dark, and the slowest

_RUN = """async ([only, without]) => {
    const options = {resultTypes: ["violations"]};
    if (only) options.runOnly = {type: "rule", values: [only]};
    if (without) options.rules = {[without]: {enabled: false}};
    return (await axe.run(document, options)).violations;
}"""


@dataclass(frozen=True)
class Fault:
    """A rule that an element of the page breaks."""

    rule: str
    impact: str  # "minor" to "critical"
    about: str
    element: str  # CSS address
    html: str

    @property
    def is_streamlits(self) -> bool:
        """Whether it is in the list of what is not ours."""
        return any(part in self.element or part in self.html for part in STREAMLITS_OWN.get(self.rule, ()))


def find_faults(page: Page, only: str = "", without: str = "") -> list[Fault]:
    """Run axe-core on the page as it stands: all rules, or one alone, or all but one."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return [
        Fault(
            violation["id"],
            violation["impact"] or "minor",
            f"{violation['help']}: {node['failureSummary']}",
            " ".join(str(part) for part in node["target"]),
            node["html"],
        )
        for violation in page.evaluate(_RUN, [only, without])
        for node in violation["nodes"]
    ]


def grave_faults(page: Page, only: str = "", without: str = "") -> list[Fault]:
    """List the serious and critical faults of ours."""
    faults = find_faults(page, only, without)
    return [fault for fault in faults if fault.impact in GRAVE and not fault.is_streamlits]
