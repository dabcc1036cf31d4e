"""Input that generators make: how many examples, and files that are cut or changed."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from imfmap.core.texts import refused_sign

# What is a formula, markup, code or a trap to one reader or another.
ODD_TITLES = (
    "Cost $5 to $6",
    r"Price $\frac$ of $x_{1$ {} floor",
    r"\$ \\ %s {0} {x}",
    "</script><script>document.title=7777</script><img src=x onerror=document.title=8888>",
    "a** `x <javascript:alert(1)>`_ |b|",
    "]]> <!-- &amp; &#1; &copy",
    "🌗 Mond 月 קרטר",
    "|",
    " ",
    "x" * 120,
)


def examples(count):
    """Settings of a test of `count` examples; a profile with more than Hypothesis's own 100 has its way."""
    most = settings.default.max_examples
    return settings(
        max_examples=most if most > 100 else count,
        deadline=None,
        derandomize=most <= 100,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def cuts(draw, content):
    """Bytes without their end: of any length, none included."""
    return content[: draw(st.integers(0, len(content) - 1))]


@st.composite
def changes(draw, content):
    """Bytes of which some are others, near the beginning in half of the cases: headers are there."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        last = draw(st.sampled_from((min(400, len(content)) - 1, len(content) - 1)))
        changed[draw(st.integers(0, last))] = draw(st.integers(0, 255))
    return bytes(changed)


def titles():
    """Titles that a configuration takes."""
    free = st.text(min_size=1, max_size=120).filter(lambda text: refused_sign(text) is None)
    return st.one_of(st.sampled_from(ODD_TITLES), free)
