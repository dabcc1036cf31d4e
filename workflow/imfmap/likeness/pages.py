"""Text of the likeness report as Markdown and as HTML."""

import html
from collections.abc import Mapping
from typing import Any


def markdown(report: Mapping[str, Any]) -> str:
    """Return the report as Markdown. It shows the pictures of its folder."""
    low, high = report["range_percent"]
    lines = ["# Is it like the Moon?", ""]
    for name, group in report["groups"].items():
        lines += [
            f"## {group['title']}",
            "",
            f"{group['real_patches']} real patches, {group['simulated_patches']} simulated. A figure is *covered* "
            f"where at least {100 * report['covered_share']:.0f} % of the real values lie between the {low:g}th and "
            f"{high:g}th percentile of the simulated ones: {_verdicts(group)}.",
            "",
            *_sentences(group),
            "",
            f"![unlabelled]({name}_unlabelled.png)",
            f"![labelled]({name}_labelled.png)",
            f"![curves]({name}_curves.png)",
            f"![verdicts]({name}_verdicts.png)",
            "",
            f"| figure | real: min, median, max | simulated: {low:g} %, median, {high:g} % | inside | P(real larger) "
            "| verdict |",
            "|---|---|---|---|---|---|",
        ]
        for item in group["statistics"]:
            lines.append(f"| {' | '.join(_cells(item))} |")
        lines.append("")
    return "\n".join(lines)


def _cells(item):
    """Return the table cells of one figure: name, real and simulated values, shares, verdict."""
    real, simulated = (", ".join(f"{value:.3g}" for value in item[kind]) for kind in ("real", "simulated"))
    return [
        item["name"],
        real,
        simulated,
        f"{item['share_inside']:.2f}",
        f"{item['real_is_larger']:.2f}",
        item["verdict"],
    ]


def _sentences(group):
    """Return the sentences before the table, as Markdown items."""
    joint, sun, detector = group["together"], group["sun_azimuth_error_deg"], group["detector"]
    items = [
        f"- All figures together: {100 * joint['near_share']:.0f} % of the real patches lie as close to a simulated "
        "patch as 95 % of the simulated patches do."
    ]
    if joint["told_apart"] is not None:
        items.append(
            f"- A linear discriminant tells real from simulated patches with an area under the ROC curve of "
            f"{joint['told_apart']:.2f} (0.5: guessing). Largest weights: {', '.join(joint['telling'])}."
        )
    if sun:
        items.append(
            "- The Sun's direction is estimated from the patch alone. On simulated patches the median error is "
            f"{sun['median']:.0f} degrees, and {100 * sun['share_within_20']:.0f} % lie within 20 degrees."
        )
    if detector:
        scores = "; ".join(
            f"from {score['least_px']:g} px: precision {_percent(score['precision'])}, "
            f"recall {_percent(score['recall'])}"
            for score in detector["scores"]
        )
        items.append(f"- Crater detector on simulated patches, whose craters are known: {scores}.")
    return items


def _verdicts(group):
    return ", ".join(f"{count} {verdict}" for verdict, count in group["verdicts"].items())


def _percent(share):
    return "-" if share is None else f"{100 * share:.0f} %"


_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1200px;margin:2rem auto;padding:0 1rem;color:#222}
img{max-width:100%;display:block;margin:1rem 0}table{border-collapse:collapse;font-size:13px}
td,th{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:left;font-variant-numeric:tabular-nums}
.covered{color:#3a7d44}.partly{color:#a87500}.not{color:#b3261e}h2{margin-top:2.5rem}"""


def as_html(report: Mapping[str, Any]) -> str:
    """Return the report as one HTML page. It shows the pictures of its folder."""
    low, high = report["range_percent"]
    parts = [f"<!doctype html><meta charset=utf-8><title>Is it like the Moon?</title><style>{_STYLE}</style>"]
    parts.append("<h1>Is it like the Moon?</h1>")
    for name, group in report["groups"].items():
        parts.append(f"<h2>{html.escape(group['title'])}</h2>")
        parts.append(
            f"<p>{group['real_patches']} real patches, {group['simulated_patches']} simulated. Which are real?</p>"
            f"<img src={name}_unlabelled.png alt='patches, unlabelled'>"
            f"<details><summary>The answer</summary><img src={name}_labelled.png alt='patches, labelled'></details>"
        )
        parts.append(f"<p>Figures: {_verdicts(group)}.</p><ul>")
        parts += [f"<li>{html.escape(item[2:])}</li>" for item in _sentences(group)]
        parts.append(f"</ul><img src={name}_curves.png alt=curves><img src={name}_verdicts.png alt=verdicts>")
        parts.append(
            f"<table><tr><th>figure<th>real: min, median, max<th>simulated: {low:g} %, median, {high:g} %<th>inside"
            "<th>P(real larger)<th>verdict</tr>"
        )
        for item in group["statistics"]:
            *figures, verdict = _cells(item)
            parts.append(f"<tr><td>{'<td>'.join(figures)}<td class={verdict.split()[0]}>{verdict}</tr>")
        parts.append("</table>")
    return "\n".join(parts) + "\n"
